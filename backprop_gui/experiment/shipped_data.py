"""Real data that comes with the program: `resources/data` says from where and under which licence."""

from __future__ import annotations

import csv
import gzip

import numpy as np

from backprop_gui.engine.operation import Array
from backprop_gui.experiment.csv_data import class_targets
from backprop_gui.experiment.data_sources import ShippedData
from backprop_gui.paths import resources_folder


def shipped(source: ShippedData) -> tuple[Array, Array, tuple[str, ...]]:
    """Inputs, targets (one output for each class) and the names of the classes."""
    if source.shipped == "iris":
        return _iris()
    return _digits() if source.shipped == "digits" else _digits_28()


def _iris() -> tuple[Array, Array, tuple[str, ...]]:
    """150 flowers: four lengths in cm, three species."""
    with (resources_folder() / "data" / "iris.csv").open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    names = sorted({row[-1] for row in rows})
    of = np.array([names.index(row[-1]) for row in rows])
    return np.array([row[:-1] for row in rows], dtype=np.float64), class_targets(of, 3, True), tuple(names)


def _digits() -> tuple[Array, Array, tuple[str, ...]]:
    """1,797 written digits: 8 × 8 pixels from 0 to 16 row by row, ten classes."""
    with gzip.open(resources_folder() / "data" / "digits.csv.gz", "rt", encoding="ascii") as stream:
        rows = np.loadtxt(stream, delimiter=",", dtype=np.float64)
    of = rows[:, -1].astype(np.intp)
    return np.ascontiguousarray(rows[:, :-1]), class_targets(of, 10, True), tuple("0123456789")


def _digits_28() -> tuple[Array, Array, tuple[str, ...]]:
    """The same digits with 28 × 28 pixels from 0 to 1, drawn larger by straight lines between pixels."""
    pixels, targets, names = _digits()
    small = pixels.reshape(-1, 8, 8) / 16
    larger = _enlarging(8, 28)
    large = larger @ small @ larger.T
    return np.ascontiguousarray(large.reshape(-1, 784)), targets, names


def _enlarging(small: int, large: int) -> Array:
    """The matrix (large × small) that draws a row of pixels larger, linear between their centres."""
    centres = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    left = np.minimum(centres.astype(np.intp), small - 2)
    share = centres - left
    matrix = np.zeros((large, small))
    matrix[np.arange(large), left] = 1 - share
    matrix[np.arange(large), left + 1] = share
    return matrix
