"""The activations, one row each: the function on the left, its slope on the right.

Every activation acts on each element by itself: a = f(z), ∂a/∂z = f′(z). A row gives both for
arrays (`value`, `slope`, where the slope may use a as well) and as expressions (`formula`, `rule`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_gui.engine.expressions import (
    ONE,
    Apply,
    Constant,
    Element,
    Expression,
    Negative,
    Operand,
    Output,
    Power,
    Product,
    Quotient,
    Ref,
    Slope,
    Sum,
    difference,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation: `value(z)`, `slope(z, a)`, and the same as expressions of z and a."""

    name: str
    symbol: str
    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    formula: Callable[[Expression], Expression]
    rule: Callable[[Expression, Expression, float], Expression]
    why: str
    why_value: str
    spoken: str = ""


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^−z) without overflow: the exponent is never positive."""
    decay = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, decay) / (1.0 + decay)


ROWS = (
    Activation(
        name="identity",
        symbol="id",
        value=lambda z: z.copy(),
        slope=lambda z, a: np.ones_like(z),
        formula=lambda z: z,
        rule=lambda z, a, at: ONE,
        why="The output is the weighted sum itself, so the slope is 1.",
        why_value="The identity passes the weighted sum on as it is.",
    ),
    Activation(
        name="sigmoid",
        symbol="σ",
        value=sigmoid,
        slope=lambda z, a: a * (1.0 - a),
        formula=lambda z: Quotient(ONE, Sum((ONE, Power(Constant(np.e, "e"), Negative(z))))),
        rule=lambda z, a, at: Product((a, difference(ONE, a))),
        why="The slope of σ is a(1 − a): steepest at a = ½, flat where the neuron is sure.",
        why_value="σ squeezes any number into the range 0 to 1.",
        spoken="sigma",
    ),
    Activation(
        name="tanh",
        symbol="tanh",
        value=np.tanh,
        slope=lambda z, a: 1.0 - a * a,
        formula=lambda z: Apply("tanh", (z,)),
        rule=lambda z, a, at: difference(ONE, Power(a, Constant(2.0))),
        why="The slope of tanh is 1 − a²: steepest at 0, flat where the neuron is sure.",
        why_value="tanh squeezes any number into the range −1 to 1.",
    ),
)


def _operation(row: Activation) -> Operation:
    """The row as an operation on arrays of any shape."""

    def shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
        return shapes[0]

    def forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
        return row.value(operands[0])

    def pullback(
        upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> tuple[Array | None, ...]:
        return (upstream * row.slope(operands[0], output),)

    def partials(
        element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> list[Partial]:
        before = Ref(Operand(0, element))
        rule = row.rule(before, Ref(Output(element)), float(operands[0][element]))
        return [Partial(0, element, rule if row.name == "identity" else Slope(row.name, before, rule))]

    def uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
        return [element]

    def formula(
        element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> Expression:
        return row.formula(Ref(Operand(0, element)))

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
        symbol=row.symbol,
        name_in_words=row.spoken or row.name,
        elementwise=True,
    )


ACTIVATIONS = {row.name: _operation(row) for row in ROWS}
