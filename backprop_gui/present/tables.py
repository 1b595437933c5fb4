"""The tables at a moment: gradients with their terms, and parameters to edit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import overload

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.finite_differences import relative_error
from backprop_gui.engine.operation import Array
from backprop_gui.present.math_text import plain
from backprop_gui.present.numbers import UNKNOWN
from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity

GRADIENT_COLUMNS = (
    Column("parameter", "parameter"),
    Column("edge", "edge"),
    Column("value", "value", True, True, "The value this iteration works with; Enter changes it"),
    Column("terms", "terms", numeric=True, tip="Upstream gradient · local derivative, one term for each use"),
    Column("gradient", "gradient", numeric=True),
    Column("numeric", "finite diff.", numeric=True, tip="The derivative measured by nudging the parameter"),
    Column("check", "", tip="✓ finite differences confirm the gradient"),
    Column("updated", "after update", numeric=True),
)
PARAMETER_COLUMNS = (
    Column("parameter", "parameter"),
    Column("edge", "edge"),
    Column("value", "value", numeric=True, editable=True, tip="Enter or a double-click changes it"),
    Column("updated", "after update", numeric=True),
    Column("state", "", tip="Whether training changes it"),
)


MOST_KEPT = 4_000  # rows


class Rows(Sequence[TableRow]):
    """Rows that are made when they are looked at: a table may have a hundred thousand."""

    def __init__(
        self,
        places: NDArray[np.intp],
        make: Callable[[int], TableRow],
        numbers: Mapping[str, Callable[[], Array]] | None = None,
    ) -> None:
        """`numbers` gives, for some columns, the numbers of the whole flat vector to sort by."""
        self._places = places
        self._make = make
        self._numbers = numbers or {}
        self._made: dict[int, TableRow] = {}

    def __len__(self) -> int:
        return len(self._places)

    def column(self, key: str) -> Array | None:
        """What the rows are sorted by in a column of numbers, not a number where nothing is uncovered."""
        return self._numbers[key]()[self._places] if key in self._numbers else None

    @overload
    def __getitem__(self, index: int) -> TableRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TableRow]: ...
    def __getitem__(self, index: int | slice) -> TableRow | list[TableRow]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = int(self._places[index])
        if place not in self._made:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            self._made[place] = self._make(place)
        return self._made[place]


def gradient_table(scene: Scene) -> TablePicture:
    """All parameters in their order; – until a number is uncovered."""
    rows = Rows(scene.graph.parameters.scalars, partial(_gradient_row, scene), _numbers_of(scene))
    return TablePicture(GRADIENT_COLUMNS, rows, *_lit_row(scene))


def parameter_table(scene: Scene) -> TablePicture:
    """The parameters' values, editable, and what becomes of them."""
    rows = Rows(scene.graph.parameters.scalars, partial(_parameter_row, scene), _numbers_of(scene))
    return TablePicture(PARAMETER_COLUMNS, rows, *_lit_row(scene))


def _numbers_of(scene: Scene) -> dict[str, Callable[[], Array]]:
    """The columns of numbers, each as the whole flat vector; what is not uncovered is not a number."""
    frame = scene.frame
    record, plan = frame.record, frame.plan

    def values() -> Array:
        return record.before.parameters

    def gradients() -> Array:
        sample = 0 if record.samples == 1 else frame.sample
        flat = record.parameter_gradient if sample is None else frame.numbers.sample_gradient(sample)
        return np.where(plan.known_gradients(frame.position, sample), flat, np.nan)

    def updated() -> Array:
        flat = np.full(scene.graph.parameters.size, np.nan)
        places = plan.known_updates(frame.position)
        flat[places] = record.lines[UPDATED][places]
        return flat

    def places() -> Array:
        return np.arange(scene.graph.parameters.size, dtype=np.float64)

    return {
        "parameter": places,
        "value": values,
        "terms": gradients,
        "gradient": gradients,
        "updated": updated,
    }


def _lit_row(scene: Scene) -> tuple[str, int]:
    """The lit parameter and its place among the rows."""
    layout, lit = scene.graph.parameters, lit_parameter(scene)
    place = layout.place_of(lit)
    return lit, -1 if place is None else layout.ranks[place]


def lit_parameter(scene: Scene) -> str:
    """The parameter of the focus, or of the newest step."""
    layout = scene.graph.parameters
    if scene.focus:
        return scene.focus if layout.place_of(scene.focus) is not None else ""
    if scene.frame.position == 0 or scene.frame.size not in ("operation", "neuron", "layer"):
        return ""
    newest = scene.frame.plan.quantity(scene.frame.position)
    return layout.name_at(scene.place(newest)) if scene.is_parameter(newest) else ""


def _gradient_row(scene: Scene, place: int) -> TableRow:
    name = scene.graph.parameters.name_at(place)
    before, gradient, updated = (
        scene.parameter(place, VALUE),
        scene.gradient_of(place),
        scene.updated_of(place),
    )
    known = scene.frame.knows(gradient)
    value = scene.frame.numbers(gradient)
    measured = known and (gradient.sample is None or scene.frame.record.samples == 1)  # one sample's is not
    numeric = scene.numeric.get(place) if measured else None
    check = ""
    if numeric is not None:
        check = "✓" if scene.is_checked(place) else "kink" if place in scene.kinks else "✗"
    error = "" if numeric is None else f"relative error {scene.format.text(relative_error(numeric, value))}"
    texts = (
        scene.naming.plain(before),
        scene.naming.arrow(place),
        scene.text(before),
        terms_text(scene, gradient) if known else UNKNOWN,
        scene.text(gradient),
        UNKNOWN if numeric is None else scene.format.text(numeric),
        check,
        scene.text(updated),
    )
    full_texts = (
        name,
        texts[1],
        scene.full(before),
        texts[3],
        scene.full(gradient),
        "" if numeric is None else scene.format.full(numeric),
        error,
        scene.full(updated),
    )
    return TableRow(name, texts, _sort_keys(scene, place, texts, before, gradient, updated), full_texts)


def _sort_keys(
    scene: Scene, place: int, texts: tuple[str, ...], *quantities: Quantity
) -> tuple[float | str, ...]:
    """Numbers sort by value, with what is not uncovered at the end."""
    before, gradient, updated = (_key(scene, quantity) for quantity in quantities)
    numeric = scene.numeric.get(place, math.nan) if texts[5] != UNKNOWN else math.nan
    rank = float(scene.graph.parameters.ranks[place])
    return (rank, texts[1], before, gradient, gradient, numeric, texts[6], updated)


def _key(scene: Scene, quantity: Quantity) -> float:
    value = scene.frame.number(quantity)
    return math.nan if value is None else value


def _parameter_row(scene: Scene, place: int) -> TableRow:
    name = scene.graph.parameters.name_at(place)
    before, updated = scene.parameter(place, VALUE), scene.updated_of(place)
    state = "frozen" if scene.model.frozen[place] else ""
    texts = (
        scene.naming.plain(before),
        scene.naming.arrow(place),
        scene.text(before),
        scene.text(updated),
        state,
    )
    keys = (
        float(scene.graph.parameters.ranks[place]),
        texts[1],
        _key(scene, before),
        _key(scene, updated),
        state,
    )
    return TableRow(name, texts, keys, (name, texts[1], scene.full(before), scene.full(updated), state))


def terms_text(scene: Scene, gradient: Quantity) -> str:
    """`0.01529 · 0.6011`, one product for each use; (g₁ + g₂)/n for a mean."""
    expression = scene.expression(gradient)
    if gradient.aspect == GRADIENT and gradient.sample is None and scene.frame.record.samples > 4:
        return f"{scene.batch_word} of {scene.frame.record.samples} samples"
    return plain(scene.formulas.values(expression))


def table_rows(picture: TablePicture) -> Iterator[list[str]]:
    """The rows of a table for CSV, with all digits and own names; what is not uncovered stays empty."""
    for place in range(len(picture.rows)):
        yield [text.replace("−", "-") for text in picture.rows[place].full]
