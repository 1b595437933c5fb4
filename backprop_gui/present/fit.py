"""The fitted curve: the network's outputs along its single input, through the data it learns from."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.present.data_points import (
    DataPoints,
    PlottedPoints,
    input_names,
    left_out,
    output_names,
    plotted,
    point_words,
)
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.plot_csv import all_digits, csv_text
from backprop_gui.steps.decision_grid import Curve
from backprop_gui.steps.evaluation import Classes, classes_of


class FitPicture(Struct, frozen=True, eq=False):
    """`values[place, output]` along `xs`; the points of the data stand at their targets.

    `names` are those of the outputs, `current` is the sample on screen: the place of its point.
    """

    xs: Array
    values: Array
    names: tuple[str, ...]
    axis: str
    low: float
    high: float
    classes: Classes | None
    training: PlottedPoints
    test: PlottedPoints
    title: str
    format: NumberFormat
    broken: bool = False
    current: int | None = None

    @property
    def measured(self) -> Array:
        """What the network gives."""
        return self.values

    @property
    def points(self) -> tuple[PlottedPoints, PlottedPoints]:
        return self.training, self.test

    def words(self, test: bool, place: int) -> str:
        """A point of the data in words."""
        return point_words(self.points[test], place, (self.axis,), self.classes, self.format)

    def words_at(self, x: float, _y: float) -> str:
        """What the network gives at an input."""
        place, form = int(np.abs(self.xs - x).argmin()), self.format
        values = self.values[place].tolist()
        outputs = form.listed(
            f"{name} {form.text(value)}" for name, value in zip(self.names, values, strict=True)
        )
        return f"{self.axis} {form.text(float(self.xs[place]))} · {outputs}"

    def summary(self) -> str:
        """What a screen reader is told."""
        ends = (0, len(self.xs) - 1)
        told = [self.words_at(float(self.xs[place]), 0.0) for place in ends]
        broken = " Somewhere the output is not a finite number." if self.broken else ""
        return f"{self.title}. From {told[0]} to {told[1]}.{broken}"


def fit_picture(
    model: Model,
    naming: Naming,
    form: NumberFormat,
    iteration: int,
    curve: Curve,
    training: tuple[DataPoints, Array],
    test: tuple[DataPoints, Array],
) -> FitPicture:
    """The picture of an iteration; each kind of data comes with the network's raw outputs for it."""
    classes = classes_of(model)
    shown, aside = (plotted(data, raw, classes) for data, raw in (training, test))
    values = classes.probabilities(curve.outputs) if classes is not None else curve.outputs
    parts = [f"Iteration {form.count(iteration)}", _distance(shown, form)]
    parts += [remark for points in (shown, aside) if (remark := left_out(points.data, form))]
    low, high = _ends(values, np.concatenate([shown.data.targets, aside.data.targets]))
    (axis,) = input_names(model, naming)
    return FitPicture(
        curve.xs,
        values,
        output_names(model, classes),
        axis,
        low,
        high,
        classes,
        shown,
        aside,
        " · ".join(parts),
        form,
        not np.isfinite(curve.outputs).all(),
    )


def fit_csv(picture: FitPicture) -> str:
    """A row for each point of the curve, then one for each row of data drawn; all digits."""
    count = len(picture.names)
    outputs = [f"output{place + 1}" for place in range(count)] if count > 1 else ["output"]
    targets = [f"target{place + 1}" for place in range(count)] if count > 1 else ["target"]
    rows = [
        ["curve", "", repr(x), *map(all_digits, values), *[""] * count]
        for x, values in zip(picture.xs.tolist(), picture.values.tolist(), strict=True)
    ]
    for points in picture.points:
        data = points.data
        for place, row in enumerate(data.rows.tolist()):
            numbers = [
                *map(all_digits, points.outputs[place].tolist()),
                *map(repr, data.targets[place].tolist()),
            ]
            rows.append([data.kind, str(row + 1), repr(float(data.inputs[place, 0])), *numbers])
    return csv_text(["kind", "row", "x", *outputs, *targets], rows)


def _distance(points: PlottedPoints, form: NumberFormat) -> str:
    """How far the curve is from the points: the largest distance of the training rows."""
    with np.errstate(all="ignore"):
        apart = np.abs(points.outputs - points.data.targets)
    if not np.isfinite(apart).all():
        return "not a finite number everywhere"
    return f"largest error at a training point {form.text(float(apart.max()))}"


def _ends(values: Array, targets: Array) -> tuple[float, float]:
    """What is shown of the outputs: the targets, and the curve unless it is far away from them."""
    low, high = float(targets.min()), float(targets.max())
    span = (high - low) or max(1.0, abs(high))
    finite = values[np.isfinite(values)]
    if len(finite):
        low = min(low, max(float(finite.min()), low - span))
        high = max(high, min(float(finite.max()), high + span))
    span = (high - low) or 1.0
    return low - 0.08 * span, high + 0.1 * span
