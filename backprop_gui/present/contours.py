"""Lines of equal height on a grid: plain geometry, by cutting every cell into two triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def contour(xs: Floats, ys: Floats, heights: Floats, level: float) -> Floats:
    """The pieces of the line at `level`: an array of (pieces, 2 ends, x and y).

    `heights` has a row for every y. Heights between the grid's points are taken as linear; cells
    with a corner that is not finite are left out.
    """
    grid = np.dstack([*np.meshgrid(xs, ys), heights])  # x, y and height of every point
    low_left, low_right = grid[:-1, :-1], grid[:-1, 1:]
    high_left, high_right = grid[1:, :-1], grid[1:, 1:]
    upper = np.stack([low_left, high_left, high_right], axis=2).reshape(-1, 3, 3)
    lower = np.stack([low_left, low_right, high_right], axis=2).reshape(-1, 3, 3)
    triangles = np.concatenate([upper, lower])
    triangles = triangles[np.isfinite(triangles[:, :, 2]).all(axis=1)]
    above = triangles[:, :, 2] > level
    cut = triangles[above.any(axis=1) & ~above.all(axis=1)]
    if not len(cut):
        return np.empty((0, 2, 2))
    ends = np.roll(cut, -1, axis=1)  # edge k goes from corner k to the next
    crossed = (cut[:, :, 2] > level) != (ends[:, :, 2] > level)
    rise = np.where(crossed, ends[:, :, 2] - cut[:, :, 2], 1.0)
    share = (level - cut[:, :, 2]) / rise
    points = cut[:, :, :2] + share[:, :, None] * (ends[:, :, :2] - cut[:, :, :2])
    pieces: Floats = points[crossed].reshape(-1, 2, 2)  # of every cut triangle exactly two edges are crossed
    return pieces


def levels(heights: Floats, most: int = 9) -> list[float]:
    """Heights at which lines tell most: closer together near the lowest point, as rings of a bowl are."""
    finite = heights[np.isfinite(heights)]
    if not len(finite):
        return []
    low, high = float(finite.min()), float(np.quantile(finite, 0.98))
    if not high > low:
        return []
    return [low + (high - low) * (place / (most + 1)) ** 2 for place in range(1, most + 1)]
