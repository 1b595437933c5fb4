"""Decision regions: what the network makes of every pair of inputs, with the data it learns from."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.present.contours import contour
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
from backprop_gui.steps.decision_grid import Grid
from backprop_gui.steps.evaluation import Classes, classes_of

LINES = 5  # of equal value, about


class RegionsPicture(Struct, frozen=True, eq=False):
    """The plane of both inputs.

    `kind`: "two" classes told by one output, whose `heights` are coloured from the one to the other;
    more "classes", by the `winner` and by its `heights`, how sure it is, from 0 to 1; or "values" of
    an output. `lines` are `(what is written at it, pieces)`: the boundaries, or lines of equal value.
    `low` and `high` end the colour bar, which `bar` names. `current` is the sample on screen.
    """

    kind: Literal["two", "classes", "values"]
    xs: Array
    ys: Array
    heights: Array
    winner: NDArray[np.intp]
    lines: tuple[tuple[str, Array], ...]
    low: float
    high: float
    bar: str
    axes: tuple[str, str]
    classes: Classes | None
    training: PlottedPoints
    test: PlottedPoints
    title: str
    format: NumberFormat
    broken: bool = False  # somewhere there is no finite number
    current: tuple[float, float] | None = None

    @property
    def measured(self) -> Array:
        """What the network gives."""
        return self.heights

    @property
    def points(self) -> tuple[PlottedPoints, PlottedPoints]:
        return self.training, self.test

    def words(self, test: bool, place: int) -> str:
        """A point of the data in words."""
        return point_words(self.points[test], place, self.axes, self.classes, self.format)

    def words_at(self, x: float, y: float) -> str:
        """Any point of the plane in words."""
        form = self.format
        column, row = (int(np.abs(axis - at).argmin()) for axis, at in ((self.xs, x), (self.ys, y)))
        where = form.listed(f"{name} {_short(at, form)}" for name, at in zip(self.axes, (x, y), strict=True))
        value = float(self.heights[row, column])
        if self.kind != "classes":
            return f"{where} · {self.bar} {_short(value, form)}"
        assert self.classes is not None
        if math.isnan(value):
            return f"{where} · not a finite number"
        return f"{where} · {self.classes.names[int(self.winner[row, column])]}"

    def summary(self) -> str:
        """What a screen reader is told."""
        what = {
            "two": "coloured by the predicted class",
            "classes": "coloured by the predicted class",
            "values": "coloured by the output",
        }
        broken = " Somewhere the output is not a finite number." if self.broken else ""
        return f"The plane of {self.axes[0]} and {self.axes[1]}, {what[self.kind]}. {self.title}.{broken}"


def regions_picture(
    model: Model,
    naming: Naming,
    form: NumberFormat,
    iteration: int,
    grid: Grid,
    training: tuple[DataPoints, Array],
    test: tuple[DataPoints, Array],
) -> RegionsPicture:
    """The picture of an iteration; each kind of data comes with the network's raw outputs for it."""
    classes = classes_of(model)
    shown, aside = (plotted(data, raw, classes) for data, raw in (training, test))
    rows, columns, count = grid.outputs.shape
    raw = grid.outputs.reshape(rows * columns, count)
    values = classes.probabilities(raw) if classes is not None else raw
    axes = input_names(model, naming)
    assert len(axes) == 2, "only asked for with two inputs"
    finite = np.isfinite(raw)
    winner = np.zeros((rows, columns), dtype=np.intp)
    bar = output_names(model, classes)[0]
    low, high = 0.0, 1.0
    kind: Literal["two", "classes", "values"]
    if classes is None:
        kind = "values"
        heights = np.where(finite, raw, np.nan).reshape(rows, columns)
        low, high = _ends(heights, shown.data.targets, aside.data.targets)
        levels = round_levels(*_ends(heights)) if finite.any() else []
        lines = tuple((_short(level, form), contour(grid.xs, grid.ys, heights, level)) for level in levels)
    elif count == 1:
        kind = "two"
        heights = np.where(np.isnan(values), np.nan, values).reshape(rows, columns)
        lines = ((_boundary(form), contour(grid.xs, grid.ys, heights, 0.5)),)
    else:
        kind, bar = "classes", ""
        winner = classes.predicted(raw).reshape(rows, columns)
        heights, lines = _contest(grid, values.reshape(rows, columns, count))
        heights = np.where(np.isnan(raw).any(axis=1).reshape(rows, columns), np.nan, heights)
    return RegionsPicture(
        kind,
        grid.xs,
        grid.ys,
        heights,
        winner,
        lines,
        low,
        high,
        bar,
        (axes[0], axes[1]),
        classes,
        shown,
        aside,
        _title(iteration, shown, aside, classes, form, bool(finite.all())),
        form,
        not finite.all(),
    )


def round_levels(low: float, high: float) -> list[float]:
    """A few round numbers between two: 1, 2 or 5 times a power of ten apart."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    power = 10.0 ** math.floor(math.log10(span / LINES))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * LINES >= span * 0.999)
    first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
    return [round(multiple * step, 12 - math.floor(math.log10(step))) for multiple in range(first, last + 1)]


def regions_csv(picture: RegionsPicture) -> str:
    """A row for each point of the grid, then one for each row of data drawn; all digits."""
    first, second = ("x1", "x2") if picture.axes[0] != picture.axes[1] else picture.axes
    predicted = picture.classes is not None
    head = ["kind", "row", first, second, "output", "target", "predicted"]
    rows = []
    for row, y in enumerate(picture.ys.tolist()):
        for column, x in enumerate(picture.xs.tolist()):
            value = float(picture.heights[row, column])
            name = _predicted_at(picture, row, column) if predicted else ""
            rows.append(["grid", "", repr(x), repr(y), all_digits(value), "", name])
    for points in picture.points:
        rows += _point_rows(points, picture.classes)
    return csv_text(head, rows)


def _predicted_at(picture: RegionsPicture, row: int, column: int) -> str:
    assert picture.classes is not None
    value = float(picture.heights[row, column])
    if math.isnan(value):
        return ""
    place = int(picture.winner[row, column]) if picture.kind == "classes" else int(value > 0.5)
    return picture.classes.names[place]


def _point_rows(points: PlottedPoints, classes: Classes | None) -> list[list[str]]:
    found = []
    data = points.data
    for place, row in enumerate(data.rows.tolist()):
        x, y = data.inputs[place].tolist()
        outputs, targets = points.outputs[place].tolist(), data.targets[place].tolist()
        one = len(outputs) == 1
        own, taken = int(data.classes[place]), int(points.predicted[place])
        output = all_digits(outputs[0] if one else max(outputs))
        target = repr(targets[0]) if classes is None or one else classes.names[own]
        name = classes.names[taken] if classes is not None and taken >= 0 else ""
        found.append([data.kind, str(row + 1), repr(x), repr(y), output, target, name])
    return found


def _contest(grid: Grid, values: Array) -> tuple[Array, tuple[tuple[str, Array], ...]]:
    """How sure the winner is, from 0 to 1, and the borders between the regions."""
    count = values.shape[2]
    with np.errstate(all="ignore"):
        lines = []
        for place in range(count - 1):  # the borders of the last are those of the others
            lead = values[:, :, place] - np.delete(values, place, axis=2).max(axis=2)
            lines.append(("", contour(grid.xs, grid.ys, lead, 0.0)))
        ordered = np.sort(values, axis=2)
        lead = np.clip(ordered[:, :, -1] - ordered[:, :, -2], 0.0, 1.0)
    return lead, tuple(lines)


def _ends(heights: Array, *others: Array) -> tuple[float, float]:
    """The ends of the colour bar: all finite numbers that are shown."""
    numbers = np.concatenate([heights.ravel(), *(each.ravel() for each in others)])
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return 0.0, 1.0
    low, high = float(numbers.min()), float(numbers.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _boundary(form: NumberFormat) -> str:
    return form.localised("0.5")


def _title(
    iteration: int,
    shown: PlottedPoints,
    aside: PlottedPoints,
    classes: Classes | None,
    form: NumberFormat,
    finite: bool,
) -> str:
    parts = [f"Iteration {form.count(iteration)}"]
    for points in (shown, aside):
        if len(points.data.rows) and classes is not None:
            right = len(points.wrong) - int(points.wrong.sum())
            head = "test " if points.data.is_test else ""
            parts.append(f"{head}{form.count(right)} of {form.count(len(points.wrong))} right")
    parts += [remark for points in (shown, aside) if (remark := left_out(points.data, form))]
    if not finite:
        parts.append("grey: not a finite number")
    if len(parts) == 1:
        parts.append("the output over both inputs")
    return " · ".join(parts)


def _short(value: float, form: NumberFormat) -> str:
    """A pointer is not that exact: three digits at most."""
    return NumberFormat(min(3, form.digits), False, form.comma).text(value)
