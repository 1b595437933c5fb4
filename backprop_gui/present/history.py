"""The history of weights, biases and their gradients as lines: of a large network those that are picked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.present.focus import element_of, nodes_of_card
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.plain_names import quantity_name
from backprop_gui.present.run_lines import Line, LinesPicture, Role
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity
from backprop_gui.steps.run_samples import Spread

MOST_LINES = 32  # of a network with more parameters only those that are picked have lines
MOST_READ = 3  # numbers in the headline


class Wanted(Struct, frozen=True):
    """What is to be seen: of which parameters (places in the flat vector), values or gradients.

    `focused` are those that are looked at in the network, `pinned` those that stay.
    """

    gradients: bool = False
    magnitudes: bool = False  # by powers of ten, whatever the sign
    focused: tuple[int, ...] = ()
    pinned: tuple[int, ...] = ()

    @property
    def picked(self) -> tuple[int, ...]:
        """Pinned ones first, each once."""
        return tuple(dict.fromkeys((*self.pinned, *self.focused)))


class HistoryPicture(Struct, frozen=True, eq=False):
    """The lines, and for each the parameter's place; -1 for the rim of all."""

    lines: LinesPicture
    places: tuple[int, ...]


def places_of(graph: Graph, focus: str) -> tuple[int, ...]:
    """The parameters a focus means: one by its own name, or the weights and the bias of a neuron."""
    place = graph.parameters.place_of(focus)
    if place is not None:
        return (place,)
    layout, element, found = graph.parameters, element_of(focus), []
    for index in nodes_of_card(graph, focus) if focus else ():
        node = graph.nodes[index]
        for operand in node.operands:
            if graph.nodes[operand].kind != "parameter":
                continue
            array = graph.nodes[operand].parameter
            shape, first = layout.arrays[array].shape, int(layout.offsets[array])
            inside = np.arange(int(np.prod(shape))).reshape(shape)
            dense = node.operation is not None and node.operation.name == "affine" and bool(element)
            found.append(first + (inside[element[0]] if dense else inside).ravel())
    if not found:
        return ()
    return tuple(map(int, np.intersect1d(np.concatenate(found), layout.scalars)))


def quantity_at(graph: Graph, place: int, gradients: bool) -> Quantity:
    """The value of the parameter at a place, or its gradient of the batch."""
    array, element = graph.parameters.locate(place)
    return Quantity(graph.parameter_nodes[array], element, GRADIENT if gradients else VALUE)


def history_picture(
    measured: Sequence[tuple[int, Spread]],
    here: tuple[int, Array] | None,
    wanted: Wanted,
    naming: Naming,
    form: NumberFormat,
) -> HistoryPicture:
    """The lines of what is wanted; `here` are the numbers of the iteration on screen: its dots are exact."""
    graph = naming.graph
    every = graph.parameters.scalars
    few = len(every) <= MOST_LINES
    shown = tuple(map(int, every)) if few else wanted.picked[:MOST_LINES]
    iterations = np.array([float(at) for at, _ in measured])
    numbers = _table(measured, shown)
    if here is not None:
        iterations, numbers = _with_row(iterations, numbers, float(here[0]), here[1][list(shown)])
    lines = tuple(
        _line(naming, place, rank, wanted, iterations, numbers[:, rank]) for rank, place in enumerate(shown)
    )
    rims = () if few else _rims(measured, wanted)
    words = _title(len(every), shown, lines, here, wanted, form) + _spacing(measured, form)
    close = bool(wanted.picked)
    picture = LinesPicture((*rims, *lines), words, magnitudes=wanted.magnitudes, close=close)
    return HistoryPicture(picture, (*(-1 for _ in rims), *shown))


def _table(measured: Sequence[tuple[int, Spread]], shown: tuple[int, ...]) -> Array:
    """A row for each iteration, a column for each of the parameters shown."""
    places = np.array(shown, dtype=np.intp)
    rows = [spread.numbers[places] for _, spread in measured]
    return np.stack(rows) if rows else np.empty((0, len(shown)))


def _with_row(iterations: Array, numbers: Array, at: float, row: Array) -> tuple[Array, Array]:
    """With the numbers of one more iteration, unless they are there."""
    rank = int(np.searchsorted(iterations, at))
    if rank < len(iterations) and iterations[rank] == at:
        return iterations, numbers
    return np.insert(iterations, rank, at), np.insert(numbers, rank, row, axis=0)


def _line(naming: Naming, place: int, rank: int, wanted: Wanted, iterations: Array, numbers: Array) -> Line:
    graph = naming.graph
    quantity = quantity_at(graph, place, wanted.gradients)
    role: Role = "main"
    if wanted.picked:
        role = "lit" if place in wanted.focused else "main" if place in wanted.pinned else "dim"
    name = naming.plain(quantity_at(graph, place, False))
    own = quantity_name(graph, quantity)
    return Line(name, own, iterations, numbers, rank, role, said=naming.plain(quantity))


def _rims(measured: Sequence[tuple[int, Spread]], wanted: Wanted) -> tuple[Line, ...]:
    """Between which numbers those of all parameters lie."""
    iterations = np.array([float(at) for at, _ in measured])
    least = np.array([spread.least for _, spread in measured])
    greatest = np.array([spread.greatest for _, spread in measured])
    what = "gradient" if wanted.gradients else "parameter"
    if wanted.magnitudes:
        largest = np.maximum(np.abs(least), np.abs(greatest))
        return (Line("largest", "largest", iterations, largest, role="bound", said=f"largest {what}"),)
    return (
        Line("largest", "largest", iterations, greatest, role="bound", said=f"largest {what}"),
        Line("smallest", "smallest", iterations, least, role="bound", said=f"smallest {what}"),
    )


def _title(
    count: int,
    shown: tuple[int, ...],
    lines: tuple[Line, ...],
    here: tuple[int, Array] | None,
    wanted: Wanted,
    form: NumberFormat,
) -> str:
    """The picked ones with their numbers here; without any, what all the lines are."""
    if wanted.picked and here is not None:
        of = dict(zip(shown, lines, strict=True))
        first = dict.fromkeys((*wanted.focused, *wanted.pinned))
        read = [(of[place], place) for place in first if place in of]
        told = [f"{line.said} = {form.text(float(here[1][place]))}" for line, place in read[:MOST_READ]]
        more = f" and {form.count(len(read) - MOST_READ)} more" if len(read) > MOST_READ else ""
        return form.listed(told) + more
    what = "gradients of " if wanted.gradients else ""
    if wanted.magnitudes:
        what = f"size of the {what}"
    if lines:
        return f"{what}weights and biases"
    return f"click a weight · {what}{form.count(count)} parameters"


def _spacing(measured: Sequence[tuple[int, Spread]], form: NumberFormat) -> str:
    """How far apart the measured iterations are, where not each one is measured."""
    if len(measured) < 3:
        return ""
    apart = measured[2][0] - measured[1][0]
    return f" · every {form.count(apart)} iterations" if apart > 1 else ""
