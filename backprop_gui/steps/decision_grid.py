"""What a network makes of inputs that are no data: over a grid of two inputs, along a single one.

Every point is a forward pass by the operation table; how many there are is bounded by how many
numbers a pass takes, and they are worked through in pieces, so that nobody has to wait for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import forward
from backprop_gui.experiment.build import Model
from backprop_gui.steps.plottable import output_count

SIDE, SIDE_MOVING = 120, 40  # points along each side of a grid: at rest, and while things move
CURVE_POINTS, CURVE_POINTS_MOVING = 401, 101
MOST_NUMBERS, MOST_NUMBERS_MOVING = 4_000_000, 150_000  # of all nodes and points
NUMBERS_AT_ONCE = 50_000  # in one piece: about a millisecond
FEWEST = 12  # points along a side, however large the network
MARGIN = 0.15  # of the data's range, on both sides


class Grid(Struct, frozen=True, eq=False):
    """`outputs[row, column]`, one number for each output, at every `ys[row]` and `xs[column]`."""

    xs: Array
    ys: Array
    outputs: Array


class Curve(Struct, frozen=True, eq=False):
    """`outputs[place]`, one number for each output, at every `xs[place]`."""

    xs: Array
    outputs: Array


def input_numbers(model: Model) -> tuple[tuple[int, Element], ...]:
    """All numbers that go into the network: node and element."""
    graph = model.graph
    return tuple(
        (node, tuple(map(int, element)))
        for node in graph.inputs
        for element in np.ndindex(graph.nodes[node].shape)
    )


def points_of(model: Model, leaves: Mapping[int, Array]) -> Array:
    """The rows of some data as points: (rows, inputs)."""
    numbers = input_numbers(model)
    if not leaves:
        return np.empty((0, len(numbers)))
    return np.stack([_column(leaves[node], element) for node, element in numbers], axis=1)


def targets_of(model: Model, leaves: Mapping[int, Array]) -> Array:
    """The targets of some data: (rows, outputs)."""
    if not leaves:
        return np.empty((0, output_count(model)))
    rows = leaves[model.graph.nodes[model.graph.loss].operands[1]]
    return rows.reshape(len(rows), -1)


def ranges_of(model: Model) -> tuple[tuple[float, float], ...]:
    """For each input what is shown of it: the range of all data and a margin; around a single value ±1."""
    points = np.concatenate([points_of(model, leaves) for leaves in (model.leaves, model.test_leaves)])
    found = []
    for low, high in zip(points.min(axis=0).tolist(), points.max(axis=0).tolist(), strict=True):
        span = high - low
        # A range that is lost beside the numbers themselves is none.
        margin = MARGIN * span if span > 1e-9 * max(abs(low), abs(high)) else max(1.0, abs(low))
        found.append((low - margin, high + margin))
    return tuple(found)


def outputs_at(model: Model, parameters: Array, points: Array) -> Array:
    """What the loss is given at points (rows, inputs): (rows, outputs)."""
    graph = model.graph
    if not len(points):
        return np.empty((0, output_count(model)))
    # The targets are of no consequence for the outputs; they only let the pass go through.
    leaves = {node: np.zeros((len(points), *graph.nodes[node].shape)) for node in model.leaves}
    for column, (node, element) in enumerate(input_numbers(model)):
        _column(leaves[node], element)[...] = points[:, column]
    with np.errstate(all="ignore"):
        outputs = forward(graph, parameters, leaves)[graph.nodes[graph.loss].operands[0]]
    return outputs.reshape(len(points), -1)


def side_of(model: Model, moving: bool) -> int:
    """Points along each side of a grid: fewer while things move, and for large networks."""
    most = MOST_NUMBERS_MOVING if moving else MOST_NUMBERS
    side = SIDE_MOVING if moving else SIDE
    return min(side, max(FEWEST, math.isqrt(most // _numbers_of_point(model))))


def grid_in_pieces(model: Model, parameters: Array, moving: bool = False) -> Iterator[Grid | None]:
    """The network over both its inputs: None after each piece of the work, at last the grid."""
    side = side_of(model, moving)
    (left, right), (low, high) = ranges_of(model)
    xs, ys = np.linspace(left, right, side), np.linspace(low, high, side)
    across, upwards = np.meshgrid(xs, ys)
    points = np.stack([across.ravel(), upwards.ravel()], axis=1)
    outputs = np.empty((len(points), output_count(model)))
    for _ in _fill(model, parameters, points, outputs):
        yield None
    yield Grid(xs, ys, outputs.reshape(side, side, -1))


def curve_in_pieces(model: Model, parameters: Array, moving: bool = False) -> Iterator[Curve | None]:
    """The network along its single input, likewise."""
    ((low, high),) = ranges_of(model)
    xs = np.linspace(low, high, CURVE_POINTS_MOVING if moving else CURVE_POINTS)
    outputs = np.empty((len(xs), output_count(model)))
    for _ in _fill(model, parameters, xs[:, None], outputs):
        yield None
    yield Curve(xs, outputs)


def _fill(model: Model, parameters: Array, points: Array, outputs: Array) -> Iterator[None]:
    """Work out all points, a bounded number of them at once."""
    at_once = max(1, NUMBERS_AT_ONCE // _numbers_of_point(model))
    for start in range(0, len(points), at_once):
        part = slice(start, start + at_once)
        outputs[part] = outputs_at(model, parameters, points[part])
        yield


def _column(array: Array, element: Element) -> Array:
    """One element of every row, as a view."""
    place: tuple[int | slice, ...] = (slice(None), *element)
    view: Array = array[place]
    return view


def _numbers_of_point(model: Model) -> int:
    return sum(math.prod(node.shape) for node in model.graph.nodes if node.kind != "parameter")
