"""Average and max pooling over windows along the last axis, each channel by itself.

Slot 0 is the input, (samples × length) or (samples × channels × length). `attributes`: `size`, and
`stride`, which is the size unless given.
"""

from __future__ import annotations

import numpy as np

from backprop_gui.engine.expressions import (
    HALF,
    ONE,
    ZERO,
    Apply,
    Constant,
    Element,
    Expression,
    Operand,
    Quotient,
    Ref,
    Sum,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape
from backprop_gui.engine.windows import Windows


def _windows(length: int, attributes: Attributes) -> Windows:
    size = attributes["size"]
    return Windows(length, size, attributes.get("stride", size))


def _shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    (given,) = shapes
    if len(given) not in (1, 2):
        raise ValueError("pooling takes a row of values, or channels of them")
    return (*given[:-1], _windows(given[-1], attributes).count)


def _members(element: Element, given: Array, attributes: Attributes) -> list[Element]:
    """The input elements of one window of one sample."""
    places = _windows(given.shape[-1], attributes).places(element[-1])
    return [(*element[:-1], place) for _, place in places]


def _refs(element: Element, given: Array, attributes: Attributes) -> tuple[Expression, ...]:
    return tuple(Ref(Operand(0, member)) for member in _members(element, given, attributes))


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    windows = _windows(shapes[0][-1], attributes)
    return [(*element[:-1], window) for window in windows.holding(element[-1])]


def _average_forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    result: Array = _windows(operands[0].shape[-1], attributes).of(operands[0]).mean(axis=-1)
    return result


def _average_pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    windows = _windows(operands[0].shape[-1], attributes)
    shares = np.broadcast_to(upstream[..., None] / windows.size, (*upstream.shape, windows.size))
    return (windows.gather(shares),)


def _average_partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> list[Partial]:
    size = attributes["size"]
    share = HALF if size == 2 else Quotient(ONE, Constant(float(size)))
    return [Partial(0, member, share) for member in _members(element, operands[0], attributes)]


def _average_formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    return Quotient(Sum(_refs(element, operands[0], attributes)), Constant(float(attributes["size"])))


def _max_forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    result: Array = _windows(operands[0].shape[-1], attributes).of(operands[0]).max(axis=-1)
    return result


def _max_pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    windows = _windows(operands[0].shape[-1], attributes)
    winners = windows.of(operands[0]).argmax(axis=-1)  # of several equal ones the first, as in PyTorch
    shares = np.where(winners[..., None] == np.arange(windows.size), upstream[..., None], 0.0)
    return (windows.gather(shares),)


def _max_partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> list[Partial]:
    members = _members(element, operands[0], attributes)
    winner = int(np.argmax([operands[0][member] for member in members]))
    return [Partial(0, member, ONE if place == winner else ZERO) for place, member in enumerate(members)]


def _max_formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    members = _refs(element, operands[0], attributes)
    return members[0] if len(members) == 1 else Apply("max", members)


def _max_remark(element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes) -> str:
    largest = sum(
        operands[0][member] == output[element] for member in _members(element, operands[0], attributes)
    )
    if largest < 2:
        return ""
    return f"{largest} values are equally large here; by convention the first of them counts as the largest."


AVERAGE_POOL = Operation(
    name="average_pool",
    shape=_shape,
    forward=_average_forward,
    pullback=_average_pullback,
    partials=_average_partials,
    uses=_uses,
    formula=_average_formula,
    why={0: "Each value has an equal share in the average, so its slope is 1 over their number."},
    why_value="The average of the neighbours in the window.",
    symbol="avg",
    name_in_words="average pooling",
)

MAX_POOL = Operation(
    name="max_pool",
    shape=_shape,
    forward=_max_forward,
    pullback=_max_pullback,
    partials=_max_partials,
    uses=_uses,
    formula=_max_formula,
    why={0: "Only the largest value is passed on: its slope is 1, that of the others 0."},
    why_value="The largest of the neighbours in the window.",
    symbol="max",
    name_in_words="max pooling",
    remark=_max_remark,
)
