"""How a row of the activations becomes an operation on arrays of any shape.

Every activation acts on each element by itself: a = f(z), ∂a/∂z = f′(z).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from backprop_gui.engine.expressions import Element, Expression, Operand, Output, Ref, Slope
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape

FLAT = 1e-3  # below it a slope lets next to nothing through


class Activation(Struct, frozen=True):
    """One activation: `value(z)`, `slope(z, a)`, and the same as expressions of z and a.

    `formula(z, at)` and `rule(z, a, at)` also get the number z is `at`: where a function has
    branches they give the one in force. `remark(z, slope)` says what is special about a place.
    """

    name: str
    symbol: str
    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    formula: Callable[[Expression, float], Expression]
    rule: Callable[[Expression, Expression, float], Expression]
    why: str
    why_value: str
    spoken: str = ""
    remark: Callable[[float, float], str] | None = None

    def remark_at(self, z: float, slope: float) -> str:
        """The row's own remark, or that the function is flat here."""
        if self.remark is not None:
            return self.remark(z, slope)
        if abs(slope) < FLAT:
            return f"{self.symbol} is nearly flat here, so next to nothing flows back: it is saturated."
        return ""


def elementwise(row: Activation) -> Operation:
    """The row as an operation."""

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
        return row.formula(Ref(Operand(0, element)), float(operands[0][element]))

    def remark(element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes) -> str:
        slope = row.slope(operands[0], output)[element]
        return row.remark_at(float(operands[0][element]), float(slope))

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
        remark=remark,
    )
