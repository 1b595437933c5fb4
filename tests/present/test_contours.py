"""Lines of equal height lie where the height is that."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.present.contours import contour, levels


def bowl() -> tuple:
    xs, ys = np.linspace(-2, 2, 41), np.linspace(-1, 3, 31)
    return xs, ys, xs[None, :] ** 2 + (ys[:, None] - 1) ** 2


def test_the_lines_of_a_bowl_are_circles():
    """Every end of every piece is as far from the middle as the level says, and the rings close."""
    xs, ys, heights = bowl()
    pieces = contour(xs, ys, heights, 1.03**2)  # through no point of the grid
    radius = np.hypot(pieces[:, :, 0], pieces[:, :, 1] - 1)
    assert radius == pytest.approx(np.full_like(radius, 1.03), abs=0.01)
    length = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T).sum()
    assert length == pytest.approx(2 * np.pi * 1.03, rel=0.01)
    ends, counts = np.unique(pieces.reshape(-1, 2).round(9), axis=0, return_counts=True)
    assert len(ends)
    assert set(counts) == {2}


def test_what_is_not_finite_is_left_out():
    """No piece touches a point that has no height; a flat or empty ground has no lines."""
    xs, ys, heights = bowl()
    heights[:, :20] = np.inf
    heights[3, 30] = np.nan
    pieces = contour(xs, ys, heights, 1.0)
    assert np.isfinite(pieces).all()
    assert pieces[:, :, 0].min() >= xs[20]
    assert levels(np.full((3, 3), 2.0)) == []
    assert levels(np.full((3, 3), np.nan)) == []


def test_levels_are_between_the_extremes_and_rise():
    """Denser near the lowest point."""
    found = levels(bowl()[2])
    assert found == sorted(found)
    assert 0 < found[0] < found[-1] < 8
    assert found[1] - found[0] < found[-1] - found[-2]
