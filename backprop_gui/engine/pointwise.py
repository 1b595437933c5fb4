"""The sum and the product of several nodes, element by element.

Slots: two or more operands of one shape; a node may stand in several of them (a·a), and each is a
use of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from backprop_gui.engine.expressions import (
    ONE,
    Element,
    Expression,
    Operand,
    Product,
    Ref,
    Sum,
)
from backprop_gui.engine.operation import (
    MOST_OPERANDS,
    Array,
    Attributes,
    Operation,
    Partial,
    Shape,
    as_many_as_given,
)


def _shape_of(name: str) -> Callable[[tuple[Shape, ...], Attributes], Shape]:
    """The common shape of the operands."""

    def shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
        if not 2 <= len(shapes) <= MOST_OPERANDS:
            raise ValueError(f"{name} takes 2 to {MOST_OPERANDS} nodes, not {len(shapes)}")
        for other in shapes[1:]:
            if other != shapes[0]:
                raise ValueError(
                    f"{name} takes nodes of one size, not one of {_size(shapes[0])} and one of {_size(other)}"
                )
        return shapes[0]

    return shape


def _size(shape: Shape) -> str:
    """`3`, or `2 × 6` for channels."""
    return " × ".join(map(str, shape)) or "1"


def _refs(element: Element, operands: tuple[Array, ...], without: int = -1) -> tuple[Expression, ...]:
    """The element of every operand, without the one in a slot."""
    return tuple(Ref(Operand(slot, element)) for slot in range(len(operands)) if slot != without)


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    return [element]


def _add_forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    result: Array = np.add.reduce(operands)
    return result


def _add_pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    return (upstream,) * len(operands)


def _add_partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> list[Partial]:
    return [Partial(slot, element, ONE) for slot in range(len(operands))]


def _add_formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    return Sum(_refs(element, operands))


def _multiply_forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    return math.prod(operands[1:], start=operands[0])


def _multiply_pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    # Not output/operand: that would divide by zero.
    return tuple(
        upstream * math.prod(operands[:slot] + operands[slot + 1 :]) for slot in range(len(operands))
    )


def _multiply_partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> list[Partial]:
    found: list[Partial] = []
    for slot in range(len(operands)):
        others = _refs(element, operands, without=slot)
        found.append(Partial(slot, element, others[0] if len(others) == 1 else Product(others)))
    return found


def _multiply_formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    return Product(_refs(element, operands))


ADD = Operation(
    name="add",
    shape=_shape_of("add"),
    forward=_add_forward,
    pullback=_add_pullback,
    partials=_add_partials,
    uses=_uses,
    formula=_add_formula,
    why=as_many_as_given("Each part of a sum counts as it is, so its slope is 1."),
    why_value="The parts, added up.",
    symbol="+",
    name_in_words="sum",
)

MULTIPLY = Operation(
    name="multiply",
    shape=_shape_of("multiply"),
    forward=_multiply_forward,
    pullback=_multiply_pullback,
    partials=_multiply_partials,
    uses=_uses,
    formula=_multiply_formula,
    why=as_many_as_given("The slope of a product by one factor is all the other factors."),
    why_value="The factors, multiplied.",
    symbol="·",
    name_in_words="product",
)
