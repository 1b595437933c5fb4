"""Where a parameter sits: the neuron it comes from and the neuron it feeds."""

from __future__ import annotations

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph

Neuron = tuple[str, Element]


def receiver(graph: Graph, place: int) -> Neuron | None:
    """The neuron a parameter feeds; None for one that is used more than once or inside another operation."""
    index, element = graph.parameters.locate(place)
    uses = graph.uses[graph.parameter_nodes[index]]
    if len(uses) != 1:
        return None
    node = graph.nodes[uses[0].consumer]
    if node.operation is None or node.operation.name != "affine":
        return None
    return node.group, element[:1]


def sender(graph: Graph, place: int) -> Neuron | None:
    """The neuron a weight comes from; None for a bias and for a shared parameter."""
    index, element = graph.parameters.locate(place)
    if receiver(graph, place) is None or len(element) < 2:
        return None
    use = graph.uses[graph.parameter_nodes[index]][0]
    source = graph.nodes[graph.nodes[use.consumer].operands[0]]
    return source.group, element[1:]
