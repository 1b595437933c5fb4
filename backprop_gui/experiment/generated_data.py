"""Data made with a seed: truth tables, clouds and curves on which networks are tried out.

Rows go round the classes, so that a batch in the order of the data has some of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.csv_data import class_targets
from backprop_gui.experiment.data_sources import GeneratedData
from backprop_gui.experiment.sentences import counted, shown

MOST_ROWS = 100_000
MOST_CLASSES = 10
LARGEST_SEED = 2**63
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TURNS = 1.25  # of a spiral's arm

Indices = NDArray[np.intp]


class Classes(Struct, frozen=True):
    """Points in the plane: `points(of, share, classes)` gives, for the class of each row and a share
    from 0 to 1 that says where within its class it stands, the two values.
    """

    points: Callable[[Indices, Array, int], Array]
    most: int = 2
    noise: float = 0.1


def _two_moons(of: Indices, share: Array, classes: int) -> Array:
    angle = math.pi * share
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return np.where(of[:, np.newaxis] == 0, upper, lower)


def _circles(of: Indices, share: Array, classes: int) -> Array:
    return _on_circle(2 * math.pi * share, (of + 1) / classes)


def _spiral(of: Indices, share: Array, classes: int) -> Array:
    return _on_circle(2 * math.pi * (TURNS * share + of / classes), share)


def _gaussians(of: Indices, share: Array, classes: int) -> Array:
    return _on_circle(2 * math.pi * of / classes, np.ones(len(of)))


def _on_circle(angle: Array, radius: Array) -> Array:
    direction: Array = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return radius[:, np.newaxis] * direction


TRUTH_TABLES: dict[str, Callable[[Array, Array], Array]] = {
    "xor": lambda a, b: (a + b) % 2,
    "and": lambda a, b: a * b,
    "or": np.maximum,
}
CLASSES = {
    "two_moons": Classes(_two_moons),
    "circles": Classes(_circles, MOST_CLASSES, 0.05),
    "spiral": Classes(_spiral, MOST_CLASSES, 0.03),
    "gaussians": Classes(_gaussians, MOST_CLASSES, 0.3),
}
CURVES: dict[str, Callable[[Array], Array]] = {
    "line": lambda x: 2 * x + 1,
    "sine": lambda x: np.sin(math.pi * x),
}


def generated(source: GeneratedData) -> tuple[Array, Array, tuple[str, ...]]:
    """Inputs, targets and the names of the classes. Raises InvalidExperiment."""
    if faults := _faults(source):
        raise InvalidExperiment(faults)
    kind = source.generate
    generator = np.random.default_rng(source.seed)
    rows = source.rows or (4 if kind in TRUTH_TABLES else 200)
    if kind in CURVES:
        x = np.linspace(-1.0, 1.0, rows).reshape(-1, 1)
        noise = 0.1 if source.noise is None else source.noise
        return x, CURVES[kind](x) + noise * generator.standard_normal(x.shape), ()
    order = np.arange(rows)
    if kind in TRUTH_TABLES:
        points = CORNERS[order % 4]
        of = TRUTH_TABLES[kind](points[:, 0], points[:, 1]).astype(np.intp)
        count, usual = 2, 0.0
    else:
        row = CLASSES[kind]
        count, usual = source.classes or 2, row.noise
        of = order % count
        share = order // count / max(1, (rows - 1) // count)
        points = row.points(of, share, count)
    points = points + (usual if source.noise is None else source.noise) * generator.standard_normal(
        points.shape
    )
    one_hot = count > 2 if source.one_hot is None else source.one_hot
    return points, class_targets(of, count, one_hot), tuple(map(str, range(count)))


def _faults(source: GeneratedData) -> list[str]:
    """What is wrong with the settings, a line each."""
    kind, faults = source.generate, []
    if source.rows is not None and not 1 <= source.rows <= MOST_ROWS:
        faults.append(f"$.data.rows: is {shown(source.rows)}; 1 to {MOST_ROWS:,} would be right")
    if source.noise is not None and not 0 <= source.noise <= 1e6:
        faults.append(f"$.data.noise: is {shown(source.noise)}; 0 to 1,000,000 would be right")
    if not 0 <= source.seed < LARGEST_SEED:
        faults.append(f"$.data.seed: is {shown(source.seed)}; 0 to {LARGEST_SEED - 1} would be right")
    if kind in CURVES:
        faults += [
            f"$.data.{name}: {kind} has no classes; remove it"
            for name in ("classes", "one_hot")
            if getattr(source, name) is not None
        ]
        return faults
    most = CLASSES[kind].most if kind in CLASSES else 2
    if source.classes is not None and not 2 <= source.classes <= most:
        right = "2" if most == 2 else f"2 to {most}"
        faults.append(f"$.data.classes: is {shown(source.classes)}; {right} would be right for {kind}")
    elif source.one_hot is False and (source.classes or 2) > 2:
        what = counted(source.classes or 2, "class", "classes")
        faults.append(f"$.data.one_hot: {what} can't be one output; true would be right")
    return faults
