"""Recognises networks that are plain chains of dense layers: what the fast ways of training can take on.

The data may be standardized first: that is done once, here. Layers whose weights are shared, branches,
and nodes that do not reach the loss are for the operation table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array

SUSPECT = 1e100  # larger numbers are left to the operation table, which judges what is finite


class Layer(Struct, frozen=True, eq=False):
    """One dense layer: where its arrays stand in the flat vector (biases −1: none), and its activation."""

    inputs: int
    units: int
    weights: int
    biases: int
    activation: str


class Chain(Struct, frozen=True, eq=False):
    """Dense layers one behind the other, the last perhaps with a softmax, and a loss on the last.

    `inputs` and `targets` are rows × values, C-contiguous and finite.
    """

    layers: tuple[Layer, ...]
    softmax: bool
    loss: str
    attributes: Mapping[str, Any]
    inputs: Array
    targets: Array

    @property
    def widths(self) -> list[int]:
        """The values that come in, then the units of each layer."""
        return [self.layers[0].inputs, *(layer.units for layer in self.layers)]


def chain_of(graph: Graph, leaves: Mapping[int, Array]) -> Chain | None:
    """The graph and its data as a chain, None when it is none."""
    nodes = graph.nodes
    loss = nodes[graph.loss]
    if loss.operation is None or not loss.operation.loss or nodes[loss.operands[1]].kind != "target":
        return None
    layers: list[Layer] = []
    softmax = False
    used = {graph.loss, *loss.operands}
    at = loss.operands[0]
    while True:
        activation, at, walked = _behind_activation(graph, at)
        used |= walked
        node = nodes[at]
        if node.operation is None:
            break
        if node.operation.name == "softmax" and not layers and not softmax and activation == "identity":
            softmax = True
        elif node.operation.name == "affine":
            layers.insert(0, _layer(graph, at, activation))
        elif node.operation.name == "standardize" and activation == "identity" and layers:
            break
        else:
            return None
        used |= {at, *node.operands}
        at = node.operands[0]
    if not layers or activation != "identity" or (softmax and layers[-1].activation != "identity"):
        return None
    inputs = _given(graph, at, leaves, used)
    whole = used >= {index for index, node in enumerate(nodes) if node.kind != "input"}
    offsets = [place for layer in layers for place in (layer.weights, layer.biases) if place >= 0]
    if inputs is None or not whole or len(set(offsets)) < len(offsets):
        return None
    targets = np.ascontiguousarray(leaves[loss.operands[1]], dtype=np.float64)
    if inputs.ndim != 2 or targets.ndim != 2 or not (_moderate(inputs) and _moderate(targets)):
        return None
    return Chain(tuple(layers), softmax, loss.operation.name, loss.attributes, inputs, targets)


def _behind_activation(graph: Graph, at: int) -> tuple[str, int, set[int]]:
    """The one activation that is no identity, the node it acts on, and the nodes passed on the way."""
    name = "identity"
    walked: set[int] = set()
    node = graph.nodes[at]
    while node.operation is not None and node.operation.elementwise:
        if node.operation.name != "identity":
            if name != "identity":
                return name, at, walked  # a second one: no chain, as the caller will find
            name = node.operation.name
        walked.add(at)
        at = node.operands[0]
        node = graph.nodes[at]
    return name, at, walked


def _layer(graph: Graph, at: int, activation: str) -> Layer:
    node, offsets = graph.nodes[at], graph.parameters.offsets
    arrays = [graph.nodes[operand].parameter for operand in node.operands[1:]]
    units, inputs = graph.nodes[node.operands[1]].shape
    biases = int(offsets[arrays[1]]) if len(arrays) > 1 else -1
    return Layer(inputs, units, int(offsets[arrays[0]]), biases, activation)


def _given(graph: Graph, at: int, leaves: Mapping[int, Array], used: set[int]) -> Array | None:
    """What comes into the first layer, for every row; None when it is not given."""
    node = graph.nodes[at]
    if node.operation is not None:
        used.add(at)
        source = graph.nodes[node.operands[0]]
        if source.kind != "input":
            return None
        with np.errstate(all="ignore"):
            found = node.operation.forward((leaves[node.operands[0]],), node.attributes)
        return np.ascontiguousarray(found)
    return np.ascontiguousarray(leaves[at], dtype=np.float64) if node.kind == "input" else None


def _moderate(array: Array) -> bool:
    """Whether all numbers are finite and none so large that sums might overflow."""
    with np.errstate(all="ignore"):
        return bool((np.abs(array) < SUSPECT).all())
