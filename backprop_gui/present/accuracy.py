"""Accuracy along a run, in words and as lines in percent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.run_lines import Line, LinesPicture, as_arrays

Measured: TypeAlias = Sequence[tuple[int, tuple[float | None, float | None]]]  # loss and accuracy of each


def accuracy_picture(
    train: Measured, test: Measured | None, model: Model, form: NumberFormat
) -> LinesPicture:
    """The shares of rows in the right class; `test` is None where no rows are kept aside."""
    rows = form.count(_rows(model.leaves))
    lines = [Line("train", "train_accuracy_percent", *_percent(train), 0, said="train accuracy")]
    title = f"accuracy of the {rows} training rows, none are kept aside"
    if test is not None:
        lines.append(Line("test", "test_accuracy_percent", *_percent(test), 1, said="test accuracy"))
        title = f"accuracy of {rows} training and {form.count(_rows(model.test_leaves))} test rows"
    return LinesPicture(tuple(lines), title, "percent")


def _percent(measured: Measured) -> tuple[Array, Array]:
    iterations, shares = as_arrays((at, share) for at, (_, share) in measured if share is not None)
    return iterations, 100.0 * shares


def _rows(leaves: Mapping[int, Array]) -> int:
    return len(next(iter(leaves.values())))
