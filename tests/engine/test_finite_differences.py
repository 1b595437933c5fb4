"""Slopes to both sides of a value: what tells a kink from a wrong derivative."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.engine.finite_differences import is_kink, one_sided_slopes
from backprop_gui.experiment.build import build
from tests.networks import layers


@pytest.mark.parametrize(
    ("left", "right", "gradient", "kink"),
    [
        (0.0, 1.0, 0.0, True),  # ReLU at 0
        (-1.0, 1.0, 0.0, True),  # |a − y| at 0
        (1.0, 1.0001, 1.0, False),  # a curve
        (1.0, 1.0001, 3.0, False),  # a derivative that is simply wrong
        (0.0, 1.0, -2.0, False),  # a wrong one at a kink
        (0.0, 0.0, 0.0, False),  # flat
    ],
)
def test_a_kink_has_two_slopes_and_its_gradient_between_them(left, right, gradient, kink):
    """A wrong derivative is not excused by a bend of the loss elsewhere."""
    assert is_kink(left, right, gradient) is kink


def test_the_slopes_of_a_smooth_loss_are_alike_on_both_sides():
    """And they enclose the derivative, one for each sample."""
    model = build(layers([2, 1], activation="sigmoid", rows=3))
    left, right = one_sided_slopes(model.graph, model.initial, model.leaves, 0)
    assert left.shape == (3,)
    assert left == pytest.approx(right, rel=1e-3)
    assert np.all(left != right)
