"""Softmax, and softmax with cross-entropy in one step, along the last axis.

sᵢ = e^zᵢ / Σ e^zⱼ. Everything is calculated with exponents zⱼ − max z, which changes nothing (top and
bottom are divided by the same number) and never overflows; it is written the familiar way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.activations import exp_of
from backprop_gui.engine.elementwise import FLAT
from backprop_gui.engine.expressions import (
    ONE,
    Apply,
    Element,
    Expression,
    Negative,
    Operand,
    Output,
    Product,
    Quotient,
    Ref,
    Shorthand,
    Sum,
    difference,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape
from backprop_gui.engine.outputwise import check_targets


def softmax(z: Array) -> Array:
    """The probabilities along the last axis."""
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    result: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result


def _row(slot: int, element: Element, operand: Array) -> list[Expression]:
    """References to the values along the last axis that an element stands in."""
    return [Ref(Operand(slot, (*element[:-1], place))) for place in range(operand.shape[-1])]


def _largest(element: Element, z: Array) -> Expression:
    """A reference to the largest of these values, by which the exponents are shifted."""
    return Ref(Operand(0, (*element[:-1], int(z[element[:-1]].argmax()))))


def _share(element: Element, z: Array) -> Expression:
    """e^zᵢ / Σ e^zⱼ."""
    logits, largest, own = _row(0, element, z), _largest(element, z), Ref(Operand(0, element))
    written = Quotient(exp_of(own), Sum(tuple(map(exp_of, logits))))
    shifted = [exp_of(difference(logit, largest)) for logit in logits]
    return Shorthand(written, Quotient(exp_of(difference(own, largest)), Sum(tuple(shifted))))


def _shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    (given,) = shapes
    if not given:
        raise ValueError("softmax takes a row of values")
    return given


def _forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    return softmax(operands[0])


def _pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    return (output * (upstream - (upstream * output).sum(axis=-1, keepdims=True)),)


def _partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Iterator[Partial]:
    own = Ref(Output(element))
    for other in _along(element, output.shape):
        if other == element:
            yield Partial(0, other, Product((own, difference(ONE, own))))
        else:
            yield Partial(0, other, Negative(Product((own, Ref(Output(other))))))


def _along(element: Element, shape: Shape) -> list[Element]:
    return [(*element[:-1], place) for place in range(shape[-1])]


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    return _along(element, shapes[0])


def _formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    return _share(element, operands[0])


def _remark(element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes) -> str:
    share = output[element]
    if share * (1 - share) >= FLAT or output.shape[-1] == 1:
        return ""
    end = "1" if share > 0.5 else "0"
    return f"The share is nearly {end}, where softmax is flat: next to nothing flows back through it."


SOFTMAX = Operation(
    name="softmax",
    shape=_shape,
    forward=_forward,
    pullback=_pullback,
    partials=_partials,
    uses=_uses,
    formula=_formula,
    why={0: "All shares add up to 1: what one class gains, the others lose in proportion to their shares."},
    why_value="Each exponential, divided by the sum of all: shares between 0 and 1 that add up to 1.",
    symbol="softmax",
    name_in_words="softmax",
    remark=_remark,
)


def _loss_shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    check_targets(shapes)
    if len(shapes[0]) != 1:
        raise ValueError("softmax_cross_entropy takes one row of values, a value per class")
    return ()


def _loss_forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    z, y = operands
    shifted = z - z.max(axis=-1, keepdims=True)
    logarithm = np.log(np.exp(shifted).sum(axis=-1))
    result: Array = y.sum(axis=-1) * logarithm - (y * shifted).sum(axis=-1)
    return result


def _loss_pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    z, y = operands
    return (upstream[:, None] * (softmax(z) * y.sum(axis=-1, keepdims=True) - y), None)


def _times_total(expression: Expression, y: Array) -> Expression:
    """The expression times Σ y, which is 1 for one-hot targets and probabilities and then not written."""
    targets = Sum(tuple(_row(1, (0,), y)))
    product = Product((targets, expression))
    return Shorthand(expression, product) if math.isclose(y.sum(), 1.0, rel_tol=1e-12) else product


def _loss_partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Iterator[Partial]:
    z, y = operands
    for each in np.ndindex(z.shape):
        share = _times_total(_share(each, z), y)
        yield Partial(0, each, difference(share, Ref(Operand(1, each))))


def _loss_uses(
    slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes
) -> list[Element]:
    return [()] if slot == 0 else []


def _loss_formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    """ln Σ e^zⱼ − Σ yᵢ zᵢ, which is −Σ yᵢ ln sᵢ."""
    z, y = operands
    logits, largest = _row(0, (0,), z), _largest((0,), z)
    shifted = [difference(logit, largest) for logit in logits]
    return Shorthand(_log_sum_less(logits, z, y), _log_sum_less(shifted, z, y))


def _log_sum_less(logits: list[Expression], z: Array, y: Array) -> Expression:
    logarithm = _times_total(Apply("ln", (Sum(tuple(map(exp_of, logits))),)), y)
    pairs = zip(_row(1, (0,), y), logits, strict=True)
    return Sum((logarithm, *(Negative(Product(pair)) for pair in pairs)))


_LOGIT, _TARGET = Ref(Operand(0, ())), Ref(Operand(1, ()))

SOFTMAX_CROSS_ENTROPY = Operation(
    name="softmax_cross_entropy",
    shape=_loss_shape,
    forward=_loss_forward,
    pullback=_loss_pullback,
    partials=_loss_partials,
    uses=_loss_uses,
    formula=_loss_formula,
    why={0: "Softmax and logarithm undo each other: what is left is the share minus the target."},
    why_value="Minus the logarithm of the true class’s softmax share, in one step.",
    name_in_words="cross-entropy of the softmax",
    loss=True,
    each_output=Negative(Product((_TARGET, Apply("ln", (Apply("softmax", (_LOGIT,)),))))),
)
