"""Initial values of parameters: given as numbers, or drawn with the experiment's seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array, Shape
from backprop_gui.experiment.document import Draw
from backprop_gui.experiment.sentences import counted, is_finite_number, shown


def given_values(values: list[Any], depth: int) -> tuple[Array, NDArray[np.bool_] | None]:
    """A nested list `depth` levels deep as an array, and where a number stands (None: everywhere).

    Raises ValueError with a sentence: uneven rows, something that is no number, wrong depth.
    """
    shape: list[int] = []
    level: Any = values
    for below in range(depth):
        if not isinstance(level, list) or not level:
            found = "an empty list" if level == [] else shown(level)
            where = f"place {'[0]' * below} " if below else ""
            rows = "a list of rows, each a list of numbers," if depth - below == 2 else "a list of numbers"
            raise ValueError(f"{where}holds {found}; {rows} would be right")
        shape.append(len(level))
        level = level[0]
    flat = _flattened(values, tuple(shape), "")
    present = np.array([value is not None for value in flat]).reshape(shape)
    array = np.array([0.0 if value is None else float(value) for value in flat]).reshape(shape)
    return array, None if present.all() else present


def _flattened(values: list[Any], shape: Shape, where: str) -> list[float | None]:
    """All numbers of a nested list of the given shape, in order; `where` is as in `[2][1]`, from 0."""
    if len(values) != shape[0]:
        have = counted(len(values), "number", "numbers")
        raise ValueError(f"row {where} has {have} where the first has {shape[0]}; {shape[0]} would be right")
    result: list[float | None] = []
    for place, value in enumerate(values):
        at = f"{where}[{place}]"
        if len(shape) > 1:
            if not isinstance(value, list):
                wanted = counted(shape[1], "number", "numbers")
                raise ValueError(f"place {at} holds {shown(value)}; a list of {wanted} would be right")
            result.extend(_flattened(value, shape[1:], at))
        elif value is None or is_finite_number(value):
            result.append(value)
        else:
            wanted = "a finite number, or null for no connection," if where else "a finite number"
            raise ValueError(f"place {at} holds {shown(value)}; {wanted} would be right")
    return result


def drawn_values(draw: Draw, shape: Shape, generator: np.random.Generator) -> Array:
    """Values of `shape`: fan-in is the last axis, fan-out the first (Glorot and Bengio 2010; He et al. 2015).

    Raises ValueError with a sentence when nothing can be drawn as it is asked for.
    """
    if draw.low > draw.high or not np.isfinite(draw.high - draw.low):
        raise ValueError(
            f"can't draw from {draw.low:g} to {draw.high:g}; a smaller range, low below high, would be right"
        )
    if draw.deviation < 0:
        raise ValueError(f"has a deviation of {draw.deviation:g}; 0 or more would be right")
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
