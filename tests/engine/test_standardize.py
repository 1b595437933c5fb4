"""Standardising: the constants of the training rows, and an operation that says what it does."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.engine.expressions import evaluate
from backprop_gui.engine.finite_differences import STEP
from backprop_gui.engine.standardize import STANDARDIZE, training_constants

ROWS = np.random.default_rng(2).normal(5, 3, (40, 3))


def test_training_rows_come_out_with_mean_0_and_deviation_1():
    """A value that never changes is only shifted."""
    rows = np.column_stack([ROWS, np.full(40, 0.1)])
    mean, deviation = training_constants(rows)
    result = STANDARDIZE.forward((rows,), {"mean": mean, "deviation": deviation})
    assert result.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert result.std(axis=0) == pytest.approx([1, 1, 1, 0], abs=1e-12)
    assert deviation[3] == 1


def test_formula_and_slopes_are_the_operation():
    """The formula comes to the value, the slopes to finite differences, the pullback to the slopes."""
    mean, deviation = training_constants(ROWS)
    attributes = {"mean": mean, "deviation": deviation}
    x = ROWS[:1]
    output = STANDARDIZE.forward((x,), attributes)
    upstream = np.array([[1.0, -2.0, 0.5]])
    (gradient,) = STANDARDIZE.pullback(upstream, (x,), output, attributes)
    for place in range(3):
        number = lambda key: float(x[0][key.element])  # noqa: E731
        formula = STANDARDIZE.formula((place,), (x[0],), output[0], attributes)
        assert evaluate(formula, number) == pytest.approx(output[0, place], rel=1e-14)
        (partial,) = STANDARDIZE.partials((place,), (x[0],), output[0], attributes)
        slope = evaluate(partial.local, number)
        assert gradient is not None
        assert gradient[0, place] == pytest.approx(upstream[0, place] * slope, rel=1e-14)
        nudged = [STANDARDIZE.forward((x + sign * STEP,), attributes)[0, place] for sign in (1, -1)]
        assert (nudged[0] - nudged[1]) / (2 * STEP) == pytest.approx(slope, rel=1e-6)
        assert list(STANDARDIZE.uses(0, (place,), ((3,),), attributes)) == [(place,)] == [partial.element]


@pytest.mark.parametrize(
    ("mean", "deviation", "what"),
    [
        ([0.0, 0.0], [1.0, 1.0, 1.0], "mean has shape"),
        ([0.0] * 3, [1.0, 0.0, 1.0], "a deviation is not above 0"),
    ],
)
def test_constants_that_do_not_fit_are_refused(mean, deviation, what):
    """One for each value, and no division by 0."""
    with pytest.raises(ValueError, match=what):
        STANDARDIZE.shape(((3,),), {"mean": np.array(mean), "deviation": np.array(deviation)})
