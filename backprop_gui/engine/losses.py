"""The losses, one row each: they compare a prediction with its target and give one number a sample.

Slots: 0 the prediction a, 1 the target y, both samples × outputs. A loss sums over the outputs;
the average over samples is taken once, for the parameters' gradients. The target is given, so it
has no derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_gui.engine.expressions import (
    Constant,
    Element,
    Expression,
    Operand,
    Power,
    Product,
    Ref,
    Sum,
    difference,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape


@dataclass(frozen=True, slots=True)
class OutputwiseLoss:
    """A loss that is a sum over the outputs of one term each.

    `value(a, y)` and `slope(a, y)` act on arrays, `term(a, y)` and `rule(a, y)` are the same as
    expressions.
    """

    name: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    term: Callable[[Expression, Expression], Expression]
    rule: Callable[[Expression, Expression], Expression]
    why: str
    why_value: str
    in_words: str


HALF = Constant(0.5, "½")
TWO = Constant(2.0)

ROWS = (
    OutputwiseLoss(
        name="half_squared_error",
        value=lambda a, y: 0.5 * np.square(a - y),
        slope=lambda a, y: a - y,
        term=lambda a, y: Product((HALF, Power(difference(a, y), TWO))),
        rule=difference,
        why="The ½ cancels the 2 of the square, so the slope is how far the output is from its target.",
        why_value="Half the squared distance between output and target.",
        in_words="half squared error",
    ),
    OutputwiseLoss(
        name="squared_error",
        value=lambda a, y: np.square(a - y),
        slope=lambda a, y: 2.0 * (a - y),
        term=lambda a, y: Power(difference(a, y), TWO),
        rule=lambda a, y: Product((TWO, difference(a, y))),
        why="The slope of a square is twice its root: twice how far the output is from its target.",
        why_value="The squared distance between output and target.",
        in_words="squared error",
    ),
)


def _operation(row: OutputwiseLoss) -> Operation:
    """The row as an operation with one number a sample."""

    def shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
        if shapes[0] != shapes[1]:
            raise ValueError(f"there are {shapes[1]} targets for outputs of shape {shapes[0]}")
        return ()

    def forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
        each = row.value(operands[0], operands[1])
        total: Array = each.reshape(len(each), -1).sum(axis=1)
        return total

    def pullback(
        upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> tuple[Array | None, ...]:
        slopes = row.slope(operands[0], operands[1])
        return (upstream.reshape(-1, *(1,) * (slopes.ndim - 1)) * slopes, None)

    def pair(element: Element) -> tuple[Expression, Expression]:
        return Ref(Operand(0, element)), Ref(Operand(1, element))

    def partials(
        element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> list[Partial]:
        return [Partial(0, each, row.rule(*pair(each))) for each in np.ndindex(operands[0].shape)]

    def uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
        return [()] if slot == 0 else []

    def formula(
        element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> Expression:
        terms = tuple(row.term(*pair(each)) for each in np.ndindex(operands[0].shape))
        return terms[0] if len(terms) == 1 else Sum(terms)

    return Operation(
        name=row.name,
        shape=shape,
        forward=forward,
        pullback=pullback,
        partials=partials,
        uses=uses,
        formula=formula,
        why={0: row.why},
        why_value=row.why_value,
        name_in_words=row.in_words,
        loss=True,
    )


LOSSES = {row.name: _operation(row) for row in ROWS}
