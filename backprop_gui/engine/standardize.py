"""Standardising as a visible operation: each value less its mean, divided by its deviation.

Slot 0 is the input x. The attributes `mean` and `deviation` are arrays of the shape of one sample;
they are given numbers, so they have no derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_gui.engine.expressions import (
    ONE,
    Constant,
    Element,
    Expression,
    Operand,
    Quotient,
    Ref,
    difference,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape


def training_constants(rows: Array) -> tuple[Array, Array]:
    """Mean and deviation of each value over the rows; a value that never changes has deviation 1."""
    deviation = rows.std(axis=0)
    # Rounding leaves a deviation of about 1e-17 where all rows are alike.
    constant = (rows == rows[:1]).all(axis=0)
    return rows.mean(axis=0), np.where(constant | (deviation == 0), 1.0, deviation)


def _shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    for name in ("mean", "deviation"):
        given = np.shape(attributes[name])
        if given != shapes[0]:
            raise ValueError(f"{name} has shape {given} for values of shape {shapes[0]}")
    deviations = np.asarray(attributes["deviation"])
    if not (np.isfinite(deviations).all() and (deviations > 0).all()):
        raise ValueError("a deviation is not above 0; finite numbers above 0 would be right")
    return shapes[0]


def _forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    result: Array = (operands[0] - attributes["mean"]) / attributes["deviation"]
    return result


def _pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    return (upstream / attributes["deviation"],)


def _constant(attributes: Attributes, name: str, element: Element) -> Constant:
    value: Any = attributes[name][element]
    return Constant(float(value))


def _partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> list[Partial]:
    return [Partial(0, element, Quotient(ONE, _constant(attributes, "deviation", element)))]


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    return [element]


def _formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    above = difference(Ref(Operand(0, element)), _constant(attributes, "mean", element))
    return Quotient(above, _constant(attributes, "deviation", element))


STANDARDIZE = Operation(
    name="standardize",
    shape=_shape,
    forward=_forward,
    pullback=_pullback,
    partials=_partials,
    uses=_uses,
    formula=_formula,
    why={0: "Standardising divides by the deviation, so the slope is 1 over the deviation."},
    why_value="How many deviations the value lies above the mean of the training data.",
    name_in_words="standardised",
)
