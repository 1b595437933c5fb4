"""The document's nodes as operations: what each kind of layer adds to the graph."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from backprop_gui.engine.graph import Node as GraphNode
from backprop_gui.engine.operations import ACTIVATIONS, AFFINE, OPERATIONS
from backprop_gui.experiment.document import (
    Activation,
    AveragePool,
    Conv1d,
    Dense,
    MaxPool,
    Node,
    Standardize,
    senders,
)
from backprop_gui.experiment.sentences import listed, shown
from backprop_gui.experiment.workbench import LARGEST_LAYER, Wiring, parameter_node


def add_layer(wiring: Wiring, place: int, node: Node) -> None:
    """The operations of one node of the document; its faults are collected."""
    where = f"$.network.nodes[{place}]"
    match node:
        case Dense():
            _add_dense(wiring, where, node)
        case Conv1d():
            _add_convolution(wiring, where, node)
        case AveragePool() | MaxPool():
            if _positive(wiring, where, node, "size") and _positive(wiring, where, node, "stride"):
                _add(
                    wiring, where, node, _kind(node), {"size": node.size, "stride": node.stride or node.size}
                )
        case Activation():
            if _known_activation(wiring, where, node.activation):
                _add(wiring, where, node, node.activation, {})
        case Standardize():
            _add_standardize(wiring, where, node)
        case _:
            _add(wiring, where, node, _kind(node), {})


def _waits(wiring: Wiring, node: Node) -> bool:
    """Whether a node before it is missing, which has a fault of its own."""
    return any(name not in wiring.outputs for name in senders(node))


def _kind(node: Node) -> str:
    """The `op` of a node, which is the name of its row in the operation table."""
    return str(node.__struct_config__.tag)


def _add(
    wiring: Wiring, where: str, node: Node, operation: str, attributes: dict[str, Any], *parameters: int
) -> None:
    """One operation on the nodes named in `of`, with parameters behind them."""
    if _waits(wiring, node):
        return
    row = OPERATIONS[operation]
    operands = (*(wiring.outputs[name] for name in senders(node)), *parameters)
    if not operands:
        wiring.fault(f"{where}.of", "is empty; the names of one or more nodes would be right")
        return
    try:
        shape = row.shape(tuple(wiring.nodes[operand].shape for operand in operands), attributes)
    except ValueError as error:
        wiring.fault(where, f"{error}; other sizes would be right")
        return
    wiring.outputs[node.name] = wiring.add(
        GraphNode(
            f"{node.name}.a", "operation", shape, node.name, row, operands, MappingProxyType(attributes)
        )
    )


def _known_activation(wiring: Wiring, where: str, activation: str) -> bool:
    if activation in ACTIVATIONS:
        return True
    wiring.fault(
        f"{where}.activation",
        f"{shown(activation)} is unknown; one of {listed(ACTIVATIONS)} would be right",
    )
    return False


def _positive(wiring: Wiring, where: str, node: Node, field: str, least: int = 1) -> bool:
    """Whether a size of a node lies within bounds."""
    value = getattr(node, field)
    if value is None or least <= value <= LARGEST_LAYER:
        return True
    wiring.fault(f"{where}.{field}", f"is {shown(value)}; {least} to {LARGEST_LAYER:,} would be right")
    return False


def _add_dense(wiring: Wiring, where: str, node: Dense) -> None:
    """The affine node and the activation of one dense layer, with their parameters."""
    if not _known_activation(wiring, where, node.activation) or not _positive(wiring, where, node, "units"):
        return
    if _waits(wiring, node):
        return
    sender = wiring.outputs[node.of]
    if len(wiring.nodes[sender].shape) != 1:
        wiring.fault(f"{where}.of", f"'{node.of}' has channels; a concatenate node makes one row of them")
        return
    shape = (node.units, *wiring.nodes[sender].shape)
    operands = [
        sender,
        parameter_node(wiring, f"{where}.weights", node.weights, shape, f"{node.name}.W", "w"),
    ]
    if node.biases is not None:
        operands.append(
            parameter_node(wiring, f"{where}.biases", node.biases, shape[:1], f"{node.name}.b", "b")
        )
    if -1 in operands:
        return
    present = wiring.arrays[wiring.nodes[operands[1]].parameter].present
    attributes: dict[str, Any] = {} if present is None else {"mask": present}
    affine = wiring.add(
        GraphNode(
            f"{node.name}.z",
            "operation",
            (node.units,),
            node.name,
            AFFINE,
            tuple(operands),
            MappingProxyType(attributes),
        )
    )
    activation = ACTIVATIONS[node.activation]
    wiring.outputs[node.name] = wiring.add(
        GraphNode(f"{node.name}.a", "operation", (node.units,), node.name, activation, (affine,))
    )


def _add_convolution(wiring: Wiring, where: str, node: Conv1d) -> None:
    """A convolution with its kernel and biases."""
    fields = ("kernel", "channels", "stride")
    if not all(_positive(wiring, where, node, field) for field in fields):
        return
    if not _positive(wiring, where, node, "padding", least=0) or _waits(wiring, node):
        return
    sender = wiring.nodes[wiring.outputs[node.of]].shape
    plain = len(sender) == 1 and node.channels == 1
    inputs = 1 if len(sender) == 1 else sender[0]
    shape = (node.kernel,) if plain else (node.channels, inputs, node.kernel)
    taps = parameter_node(wiring, f"{where}.weights", node.weights, shape, f"{node.name}.W", "w")
    parameters = [taps]
    if node.biases is not None:
        biases = parameter_node(
            wiring, f"{where}.biases", node.biases, (node.channels,), f"{node.name}.b", "b"
        )
        parameters.append(biases)
    if -1 not in parameters:
        attributes = {"stride": node.stride, "padding": node.padding}
        _add(wiring, where, node, "conv1d", attributes, *parameters)


def _add_standardize(wiring: Wiring, where: str, node: Standardize) -> None:
    """Given constants, or places that are filled when the training rows are known."""
    if _waits(wiring, node):
        return
    attributes: dict[str, Any] = {}
    for field, given, neutral in (("mean", node.mean, 0.0), ("deviation", node.deviation, 1.0)):
        if given != "data":
            attributes[field] = np.array(given, dtype=np.float64)
        elif node.of not in wiring.network.inputs:
            what = "is not an input: its mean is not known beforehand; give the numbers"
            wiring.fault(f"{where}.{field}", f"'{node.of}' {what}")
            return
        else:
            shape = wiring.nodes[wiring.outputs[node.of]].shape
            attributes[field] = np.full(shape, neutral)
            wiring.from_data.append((attributes, field, node.of))
    _add(wiring, where, node, "standardize", attributes)
