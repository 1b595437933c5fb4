"""Convolution in one dimension, as a correlation: one kernel slides along the input.

Slots: 0 the input x (samples × channels × length), 1 the kernel θ (out_channels × channels × taps),
2 the biases b (out_channels; left out for none): c[o, i] = Σ θ[o, c, k] · x[c, i·stride + k − padding].
An input without channels (samples × length) counts as one channel; if the kernel is plain as well
(taps), so is the output. `attributes`: `stride` (1) and `padding` (0), the number of zeros that stand
at both ends; what they would add is left out of the formulas.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.expressions import (
    ONE,
    ZERO,
    Element,
    Expression,
    Operand,
    Product,
    Ref,
    Sum,
)
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape
from backprop_gui.engine.windows import Windows


def _windows(length: int, taps: int, attributes: Attributes) -> Windows:
    return Windows(length, taps, attributes.get("stride", 1), attributes.get("padding", 0))


def _shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    given, kernel = shapes[0], shapes[1]
    if len(given) not in (1, 2):
        raise ValueError("a convolution takes a row of values, or channels of them")
    if len(kernel) != 3 and not len(kernel) == len(given) == 1:
        raise ValueError("the kernel of a convolution over channels is out_channels × channels × taps")
    channels = given[0] if len(given) == 2 else 1
    if len(kernel) == 3 and kernel[1] != channels:
        raise ValueError(f"the kernel is made for {kernel[1]} channels, the input has {channels}")
    outputs = kernel[0] if len(kernel) == 3 else 1
    if len(shapes) > 2 and shapes[2] != (outputs,):
        raise ValueError(f"there are {shapes[2][0]} biases for {outputs} output channels")
    count = _windows(given[-1], kernel[-1], attributes).count
    return (count,) if len(kernel) == 1 else (outputs, count)


def _with_channels(operands: tuple[Array, ...], attributes: Attributes) -> tuple[Windows, Array, Array]:
    """The windows, x cut into them (samples × channels × windows × taps), θ with all its axes."""
    x, kernel = operands[0], operands[1]
    windows = _windows(x.shape[-1], kernel.shape[-1], attributes)
    cut = windows.of(x if x.ndim == 3 else x[:, None])
    return windows, cut, kernel if kernel.ndim == 3 else kernel[None, None]


def _forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    _, cut, kernel = _with_channels(operands, attributes)
    result = np.moveaxis(np.tensordot(cut, kernel, axes=([1, 3], [1, 2])), 2, 1)
    if len(operands) > 2:
        result = result + operands[2][:, None]
    return result if operands[1].ndim == 3 else result[:, 0]


def _pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    windows, cut, kernel = _with_channels(operands, attributes)
    arriving = upstream if upstream.ndim == 3 else upstream[:, None]
    shares = np.moveaxis(np.tensordot(arriving, kernel, axes=([1], [0])), 1, 2)
    by_input = windows.gather(shares).reshape(operands[0].shape)
    by_kernel = np.tensordot(arriving, cut, axes=([0, 2], [0, 2])).reshape(operands[1].shape)
    gradients: tuple[Array | None, ...] = (by_input, by_kernel)
    return (*gradients, arriving.sum(axis=(0, 2))) if len(operands) > 2 else gradients


def _pairs(
    element: Element, operands: tuple[Array, ...], attributes: Attributes
) -> Iterator[tuple[Element, Element]]:
    """The elements of input and kernel that meet in one output element."""
    x, kernel = operands[0], operands[1]
    windows = _windows(x.shape[-1], kernel.shape[-1], attributes)
    for channel in range(x.shape[0] if x.ndim == 2 else 1):
        for tap, place in windows.places(element[-1]):
            source = (channel, place) if x.ndim == 2 else (place,)
            yield source, ((element[0], channel, tap) if kernel.ndim == 3 else (tap,))


def _bias_of(element: Element) -> Element:
    return (element[0],) if len(element) == 2 else (0,)


def _partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Iterator[Partial]:
    for source, tap in _pairs(element, operands, attributes):
        yield Partial(0, source, Ref(Operand(1, tap)))
        yield Partial(1, tap, Ref(Operand(0, source)))
    if len(operands) > 2:
        yield Partial(2, _bias_of(element), ONE)


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    given, kernel = shapes[0], shapes[1]
    windows = _windows(given[-1], kernel[-1], attributes)
    if slot == 0:
        reached: list[int] = list(windows.holding(element[-1]))
    elif slot == 1:
        reached = [i for i in range(windows.count) if any(k == element[-1] for k, _ in windows.places(i))]
    else:
        reached = list(range(windows.count))
    if len(kernel) == 1:
        return [(window,) for window in reached]
    outputs = range(kernel[0]) if slot == 0 else [element[0]]
    return [(channel, window) for channel in outputs for window in reached]


def _formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    terms: list[Expression] = [
        Product((Ref(Operand(1, tap)), Ref(Operand(0, source))))
        for source, tap in _pairs(element, operands, attributes)
    ]
    if len(operands) > 2:
        terms.append(Ref(Operand(2, _bias_of(element))))
    return Sum(tuple(terms)) if terms else ZERO


def _remark(element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes) -> str:
    x, kernel = operands[0], operands[1]
    windows = _windows(x.shape[-1], kernel.shape[-1], attributes)
    if len(list(windows.places(element[-1]))) == windows.size:
        return ""
    return "The kernel reaches beyond the edge here, where zeros stand: they add nothing."


CONV1D = Operation(
    name="conv1d",
    shape=_shape,
    forward=_forward,
    pullback=_pullback,
    partials=_partials,
    uses=_uses,
    formula=_formula,
    parameters=frozenset({1, 2}),
    why={
        0: "A value reaches each output through one tap of the kernel, so that tap is the slope.",
        1: "The slope by a tap is the value it stands on; every place where it stands adds its own term.",
        2: "The bias is added as it is, so its slope is 1: it takes on what arrived at every place.",
    },
    why_value="The kernel slides along the input: each tap times the value it stands on, all added up.",
    symbol="∗",
    name_in_words="convolution",
    remark=_remark,
)
