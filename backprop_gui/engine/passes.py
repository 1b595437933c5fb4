"""Forward and backward over a graph: values and gradients of every node, for a batch at once.

∂L/∂q = Σ over the uses u of q: ∂L/∂u · ∂u/∂q. Gradients of nodes are per sample and undivided
(the derivative of that sample's own loss); gradients of parameters are summed over the samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array

Values = list[Array]
Gradients = list[Array | None]


def forward(graph: Graph, parameters: Array, leaves: dict[int, Array]) -> Values:
    """The value of every node.

    `parameters` is the flat vector; `leaves` gives the array (samples first) of every input and
    target node by index.
    """
    values: Values = []
    layout = graph.parameters
    for index, node in enumerate(graph.nodes):
        if node.operation is not None:
            operands = tuple([values[operand] for operand in node.operands])
            values.append(node.operation.forward(operands, node.attributes))
        elif node.kind == "parameter":
            values.append(layout.view(parameters, node.parameter))
        else:
            values.append(leaves[index])
    return values


def backward(graph: Graph, values: Values) -> Gradients:
    """The gradient of every node that reaches the loss, None for the others and for targets."""
    gradients: Gradients = [None] * len(graph.nodes)
    gradients[graph.loss] = np.ones_like(values[graph.loss])
    pull_back(graph, values, gradients, graph.completion_order)
    return gradients


def pull_back(graph: Graph, values: Values, gradients: Gradients, order: Sequence[int]) -> None:
    """Carry the gradients that are there back through the operations in `order`, in place.

    Every operation has to come before its operands; one without a gradient is passed over.
    """
    for index in order:
        node, upstream = graph.nodes[index], gradients[index]
        if upstream is None:
            continue
        assert node.operation is not None
        operands = tuple([values[operand] for operand in node.operands])
        parts = node.operation.pullback(upstream, operands, values[index], node.attributes)
        for operand, part in zip(node.operands, parts, strict=True):
            if part is not None:
                present = gradients[operand]
                # A new array each time: a pullback may hand on its upstream as it is.
                gradients[operand] = part if present is None else present + part


def parameter_gradient(graph: Graph, gradients: Gradients) -> Array:
    """The flat vector of parameter gradients, zero for parameters that do not reach the loss."""
    layout = graph.parameters
    flat = np.zeros(layout.size)
    for index, node in enumerate(graph.parameter_nodes):
        gradient = gradients[node]
        if gradient is not None:
            layout.view(flat, index)[...] = gradient
    return flat


def sample_values(graph: Graph, values: Values, sample: int) -> Values:
    """The values of one sample, still with a sample axis (of length 1); parameters as they are."""
    return [
        value if node.kind == "parameter" else value[sample : sample + 1]
        for node, value in zip(graph.nodes, values, strict=True)
    ]
