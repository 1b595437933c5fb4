"""Initial values of parameters: given as numbers, or drawn with the experiment's seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array, Shape
from backprop_gui.experiment.document import Draw


def given_values(values: list[Any], depth: int) -> tuple[Array, NDArray[np.bool_] | None]:
    """A nested list `depth` levels deep as an array, and where a number stands (None: everywhere).

    Raises ValueError with a sentence: uneven rows, something that is no number, wrong depth.
    """
    shape: list[int] = []
    level: Any = values
    for _ in range(depth):
        if not isinstance(level, list) or not level:
            kind = {1: "a list of numbers", 2: "a list of rows of numbers"}.get(
                depth, "nested lists of numbers"
            )
            raise ValueError(f"should be {kind}")
        shape.append(len(level))
        level = level[0]
    flat = _flattened(values, tuple(shape), "")
    present = np.array([value is not None for value in flat]).reshape(shape)
    array = np.array([0.0 if value is None else float(value) for value in flat]).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError("holds a number that is not finite; every number in an experiment is finite")
    return array, None if present.all() else present


def _flattened(values: list[Any], shape: Shape, where: str) -> list[float | None]:
    """All numbers of a nested list of the given shape, in order."""
    if len(values) != shape[0]:
        raise ValueError(f"row {where or '1'} has {len(values)} numbers where the first has {shape[0]}")
    result: list[float | None] = []
    for place, value in enumerate(values, start=1):
        at = f"{where}.{place}" if where else str(place)
        if len(shape) > 1:
            if not isinstance(value, list):
                raise ValueError(f"place {at} holds {value!r} where a list of {shape[1]} numbers should be")
            result.extend(_flattened(value, shape[1:], at))
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            result.append(value)
        else:
            raise ValueError(f"place {at} holds {value!r}; it should be a number or null")
    return result


def drawn_values(draw: Draw, shape: Shape, generator: np.random.Generator) -> Array:
    """Values of `shape`: fan-in is the last axis, fan-out the first (Glorot and Bengio 2010; He et al. 2015)."""
    fan_out, fan_in = shape[0], shape[-1]
    match draw.init:
        case "zeros":
            return np.zeros(shape)
        case "constant":
            return np.full(shape, draw.value)
        case "uniform":
            return generator.uniform(draw.low, draw.high, shape)
        case "normal":
            return generator.normal(draw.mean, draw.deviation, shape)
        case "xavier":
            bound = np.sqrt(6.0 / (fan_in + fan_out))
            return generator.uniform(-bound, bound, shape)
        case "he":
            return generator.normal(0.0, np.sqrt(2.0 / fan_in), shape)
