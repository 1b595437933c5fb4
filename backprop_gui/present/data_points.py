"""The rows of data as points of a plot: where they stand, what they are, what the network makes of them."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.decision_grid import input_numbers, points_of, targets_of
from backprop_gui.steps.evaluation import Classes, classes_of
from backprop_gui.steps.quantities import Quantity

MOST_POINTS, MOST_TEST_POINTS = 600, 300  # more of them hide each other; they are thinned evenly


class DataPoints(Struct, frozen=True, eq=False):
    """Some rows of data: `inputs[point, input]`, `targets[point, output]`; `rows` are their places, from 0.

    `classes` are those of the targets, −1 where there are none. `whole` rows there are altogether.
    """

    inputs: Array
    targets: Array
    rows: NDArray[np.intp]
    classes: NDArray[np.intp]
    whole: int
    is_test: bool

    @property
    def kind(self) -> str:
        """What the rows are for: "test" or "training"."""
        return "test" if self.is_test else "training"


class PlottedPoints(Struct, frozen=True, eq=False):
    """Points with what the network makes of them.

    `outputs[point, output]` are probabilities where the loss takes them so.
    `wrong` are those that are put into another class than their own.
    """

    data: DataPoints
    outputs: Array
    predicted: NDArray[np.intp]
    wrong: NDArray[np.bool_]


def data_points(model: Model, test: bool) -> DataPoints:
    """The rows for training, or those kept aside for testing."""
    leaves = model.test_leaves if test else model.leaves
    inputs, targets, classes = points_of(model, leaves), targets_of(model, leaves), classes_of(model)
    most = MOST_TEST_POINTS if test else MOST_POINTS
    rows = np.arange(len(inputs), dtype=np.intp)
    if len(rows) > most:
        rows = np.unique(np.linspace(0, len(rows) - 1, most).round().astype(np.intp))
    given = np.full(len(rows), -1, dtype=np.intp)
    if classes is not None and len(rows):
        given = classes.given(targets[rows])
    return DataPoints(inputs[rows], targets[rows], rows, given, len(inputs), test)


def plotted(data: DataPoints, raw: Array, classes: Classes | None) -> PlottedPoints:
    """The points with the network's outputs for them, as the loss is given them (`raw`)."""
    if classes is None or not len(raw):
        nothing = np.full(len(raw), -1, dtype=np.intp)
        return PlottedPoints(data, raw, nothing, np.zeros(len(raw), dtype=bool))
    predicted = np.where(np.isnan(raw).any(axis=1), -1, classes.predicted(raw))
    return PlottedPoints(data, classes.probabilities(raw), predicted, predicted != data.classes)


def input_names(model: Model, naming: Naming) -> tuple[str, ...]:
    """What the inputs are called: x₁, x₂."""
    return tuple(naming.plain(Quantity(node, element)) for node, element in input_numbers(model))


def output_names(model: Model, classes: Classes | None) -> tuple[str, ...]:
    """What the outputs of a plot are called: "output", "output 2", "probability of setosa"."""
    graph = model.graph
    node = graph.nodes[graph.nodes[graph.loss].operands[0]]
    count = int(np.prod(node.shape))
    if classes is not None and classes.probable:
        if count == 1:
            return (f"probability of {classes.names[-1]}",)
        return tuple(f"probability of {name}" for name in classes.names)
    return ("output",) if count == 1 else tuple(f"output {place + 1}" for place in range(count))


def left_out(points: DataPoints, form: NumberFormat) -> str:
    """A remark where not all rows are drawn."""
    if points.whole <= len(points.rows):
        return ""
    return f"{form.count(len(points.rows))} of {form.count(points.whole)} {points.kind} rows drawn"


def point_words(
    points: PlottedPoints, place: int, names: tuple[str, ...], classes: Classes | None, form: NumberFormat
) -> str:
    """One point: `row 3 · x₁ 0.2, x₂ 0.5 · is 1 · output 0.83, taken for 1`."""
    data = points.data
    inputs = form.listed(
        f"{name} {form.text(value)}" for name, value in zip(names, data.inputs[place].tolist(), strict=True)
    )
    outputs = form.listed(form.text(value) for value in points.outputs[place].tolist())
    head = f"{data.kind} row {form.count(int(data.rows[place]) + 1)} · {inputs}"
    if classes is None:
        targets = form.listed(form.text(value) for value in data.targets[place].tolist())
        return f"{head} · target {targets} · output {outputs}"
    own, taken = int(data.classes[place]), int(points.predicted[place])
    if taken < 0:
        verdict = "the output is not a number"
    else:
        verdict = "predicted right" if own == taken else f"taken for {classes.names[taken]}"
    return f"{head} · is {classes.names[own]}, {verdict} · output {outputs}"
