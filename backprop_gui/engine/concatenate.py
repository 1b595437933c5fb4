"""Several nodes one behind the other in one row; channels are laid out one after the other.

Slots: one or more operands of any shape. With a single operand of several channels it makes one row
of them, as a dense layer needs it.
"""

from __future__ import annotations

import math

import numpy as np

from backprop_gui.engine.expressions import ONE, Element, Expression, Operand, Ref
from backprop_gui.engine.operation import (
    MOST_OPERANDS,
    Array,
    Attributes,
    Operation,
    Partial,
    Shape,
    as_many_as_given,
)


def _shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    if not 1 <= len(shapes) <= MOST_OPERANDS:
        raise ValueError(f"concatenate takes 1 to {MOST_OPERANDS} nodes, not {len(shapes)}")
    return (sum(map(math.prod, shapes)),)


def _forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    return np.concatenate([operand.reshape(len(operand), -1) for operand in operands], axis=1)


def _pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    ends = np.cumsum([math.prod(operand.shape[1:]) for operand in operands])
    parts = np.split(upstream, ends[:-1], axis=1)
    return tuple(part.reshape(operand.shape) for part, operand in zip(parts, operands, strict=True))


def _source(element: Element, operands: tuple[Array, ...]) -> Operand:
    """Where an element of the row comes from."""
    (place,) = element
    for slot, operand in enumerate(operands):
        if place < operand.size:
            return Operand(slot, tuple(int(i) for i in np.unravel_index(place, operand.shape)))
        place -= operand.size
    raise IndexError(element)


def _partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> list[Partial]:
    source = _source(element, operands)
    return [Partial(source.slot, source.element, ONE)]


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    before = sum(map(math.prod, shapes[:slot]))
    inside = int(np.ravel_multi_index(element, shapes[slot])) if element else 0
    return [(before + inside,)]


def _formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    return Ref(_source(element, operands))


CONCATENATE = Operation(
    name="concatenate",
    shape=_shape,
    forward=_forward,
    pullback=_pullback,
    partials=_partials,
    uses=_uses,
    formula=_formula,
    why=as_many_as_given("It is passed on as it is, so its slope is 1."),
    why_value="The numbers, one behind the other, as they are.",
    name_in_words="concatenation",
)
