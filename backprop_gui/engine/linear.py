"""The affine operation z = W x + b, the heart of a dense layer.

Slots: 0 the input x (samples × inputs), 1 the weights W (units × inputs), 2 the biases b (units;
left out for a layer without biases). `attributes["mask"]` (units × inputs, True where a connection
exists) is absent when nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.expressions import ONE, Element, Expression, Operand, Product, Ref, Sum
from backprop_gui.engine.operation import Array, Attributes, Operation, Partial, Shape


def _shape(shapes: tuple[Shape, ...], attributes: Attributes) -> Shape:
    (inputs,), (units, columns) = shapes[0], shapes[1]
    if columns != inputs:
        raise ValueError(f"the weights have {columns} columns for {inputs} sending neurons")
    if len(shapes) > 2 and shapes[2] != (units,):
        raise ValueError(f"there are {shapes[2][0]} biases for {units} neurons")
    return (units,)


def _forward(operands: tuple[Array, ...], attributes: Attributes) -> Array:
    product = operands[0] @ operands[1].T
    return product + operands[2] if len(operands) > 2 else product


def _pullback(
    upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> tuple[Array | None, ...]:
    weights_gradient = upstream.T @ operands[0]
    if "mask" in attributes:
        weights_gradient = np.where(attributes["mask"], weights_gradient, 0.0)
    gradients: tuple[Array | None, ...] = (upstream @ operands[1], weights_gradient)
    return (*gradients, upstream.sum(axis=0)) if len(operands) > 2 else gradients


def _senders(unit: int, inputs: int, attributes: Attributes) -> list[int]:
    """The inputs that are connected to `unit`."""
    mask = attributes.get("mask")
    return list(range(inputs)) if mask is None else [int(j) for j in np.flatnonzero(mask[unit])]


def _partials(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Iterator[Partial]:
    (unit,) = element
    for sender in _senders(unit, operands[1].shape[1], attributes):
        yield Partial(0, (sender,), Ref(Operand(1, (unit, sender))))
        yield Partial(1, (unit, sender), Ref(Operand(0, (sender,))))
    if len(operands) > 2:
        yield Partial(2, (unit,), ONE)


def _local(slot: int, operand: Element, element: Element) -> Expression:
    (unit,) = element
    if slot == 2:
        return ONE
    return Ref(Operand(1, (unit, operand[0])) if slot == 0 else Operand(0, operand[1:]))


def _uses(slot: int, element: Element, shapes: tuple[Shape, ...], attributes: Attributes) -> list[Element]:
    if slot == 0:
        mask = attributes.get("mask")
        units = range(shapes[1][0]) if mask is None else np.flatnonzero(mask[:, element[0]])
        return [(int(unit),) for unit in units]
    if slot == 1 and "mask" in attributes and not attributes["mask"][element]:
        return []
    return [(element[0],)]


def _formula(
    element: Element, operands: tuple[Array, ...], output: Array, attributes: Attributes
) -> Expression:
    (unit,) = element
    terms: list[Expression] = [
        Product((Ref(Operand(1, (unit, sender))), Ref(Operand(0, (sender,)))))
        for sender in _senders(unit, operands[1].shape[1], attributes)
    ]
    if len(operands) > 2:
        terms.append(Ref(Operand(2, (unit,))))
    return Sum(tuple(terms))


AFFINE = Operation(
    name="affine",
    shape=_shape,
    forward=_forward,
    pullback=_pullback,
    partials=_partials,
    uses=_uses,
    formula=_formula,
    parameters=frozenset({1, 2}),
    why={
        0: "What the neuron sends on passes through each outgoing weight, so the weight is the slope.",
        1: "The slope by a weight is the strength of the sending neuron, "
        "times what already arrived at the receiving one.",
        2: "The bias is added as it is, so its slope is 1: it takes on what arrived at the neuron.",
    },
    why_value="Each incoming strength times its weight, all added up, plus the bias.",
    symbol="Σ",
    name_in_words="weighted sum",
    local=_local,
)
