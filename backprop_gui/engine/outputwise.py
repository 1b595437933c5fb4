"""How a row of the losses, one term per output, becomes an operation with one number a sample."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import (
    Constant,
    Element,
    Expression,
    Operand,
    Quotient,
    Ref,
    Sum,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape

MOST_REMARKS = 3  # on one loss; more would say the same again


class Place(Struct, frozen=True):
    """The numbers of one output and its target."""

    a: float
    y: float


ANY_PAIR = Place(0.5, 0.5)  # where no row has a special case


class OutputwiseLoss(Struct, frozen=True):
    """A loss that is a sum, or with `mean` an average, over the outputs of one term each.

    `value(a, y)` and `slope(a, y)` act on arrays; `term(a, y, at)` and `rule(a, y, at)` are the same
    as expressions, where a function has branches the one in force `at` the numbers of a place.
    `each_output(a, y)` is the term in general, where that differs from `term`;
    `with_attributes(attributes)` makes the row anew, where it depends on them.
    """

    name: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    term: Callable[[Expression, Expression, Place], Expression]
    rule: Callable[[Expression, Expression, Place], Expression]
    why: str
    why_value: str
    in_words: str
    mean: bool = False
    remark: Callable[[Place], str] | None = None
    each_output: Callable[[Expression, Expression], Expression] | None = None
    with_attributes: Callable[[Attributes], OutputwiseLoss] | None = None


def outputwise(row: OutputwiseLoss) -> Operation:
    """The row as an operation."""

    def given(attributes: Attributes) -> OutputwiseLoss:
        return row if row.with_attributes is None else row.with_attributes(attributes)

    def shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
        check_targets(shapes)
        given(attributes)  # refuses what does not fit
        return ()

    def forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
        each = given(attributes).value(operands[0], operands[1])
        rows = each.reshape(len(each), -1)
        total: Array = rows.mean(axis=1) if row.mean else rows.sum(axis=1)
        return total

    def pullback(
        upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> tuple[Array | None, ...]:
        slopes = given(attributes).slope(operands[0], operands[1])
        if row.mean:
            slopes = slopes / math.prod(slopes.shape[1:])
        return (upstream.reshape(-1, *(1,) * (slopes.ndim - 1)) * slopes, None)

    def partials(
        element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> list[Partial]:
        rule = given(attributes).rule
        found = [(each, rule(*_pair(each), _place(each, operands))) for each in _elements(operands)]
        return [
            Partial(0, each, _averaged(local, len(found)) if row.mean else local) for each, local in found
        ]

    def formula(
        element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> Expression:
        term = given(attributes).term
        terms = [term(*_pair(each), _place(each, operands)) for each in _elements(operands)]
        total = terms[0] if len(terms) == 1 else Sum(tuple(part for each in terms for part in _parts(each)))
        return _averaged(total, len(terms)) if row.mean else total

    def remark(element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes) -> str:
        return _remarks(given(attributes), operands)

    return Operation(
        name=row.name,
        shape=shape,
        forward=forward,
        pullback=pullback,
        partials=partials,
        uses=_uses,
        formula=formula,
        why={0: row.why},
        why_value=row.why_value,
        name_in_words=row.in_words,
        loss=True,
        remark=remark,
        each_output=_each_output(row),
    )


def check_targets(shapes: tuple[Shape, ...]) -> None:
    """Raises ValueError unless there is a target for each output."""
    if shapes[0] != shapes[1]:
        raise ValueError(f"there are {shapes[1]} targets for outputs of shape {shapes[0]}")


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    return [()] if slot == 0 else []


def _remarks(row: OutputwiseLoss, operands: tuple[Array, ...]) -> str:
    """What is to be said on the first few outputs with something special."""
    if row.remark is None:
        return ""
    several = operands[0].size > 1
    found: list[str] = []
    for number, each in enumerate(_elements(operands), start=1):
        if sentence := row.remark(_place(each, operands)):
            found.append(f"Output {number}: {sentence[0].lower()}{sentence[1:]}" if several else sentence)
    return " ".join(found[:MOST_REMARKS])


def _pair(element: Element) -> tuple[Expression, Expression]:
    return Ref(Operand(0, element)), Ref(Operand(1, element))


def _place(element: Element, operands: tuple[Array, ...]) -> Place:
    return Place(float(operands[0][element]), float(operands[1][element]))


def _elements(operands: tuple[Array, ...]) -> list[Element]:
    return list(np.ndindex(operands[0].shape))


def _parts(term: Expression) -> tuple[Expression, ...]:
    """The terms of a sum, which need no brackets in a longer one."""
    return term.terms if isinstance(term, Sum) else (term,)


def _averaged(expression: Expression, outputs: int) -> Expression:
    return expression if outputs == 1 else Quotient(expression, Constant(float(outputs)))


def _each_output(row: OutputwiseLoss) -> Expression:
    """What one output adds to the loss, over operands without an element."""
    pair = _pair(())
    term = row.term(*pair, ANY_PAIR) if row.each_output is None else row.each_output(*pair)
    return Quotient(term, Constant(math.nan, "n")) if row.mean else term
