"""What a click on a parameter or a neuron asks about, and which paths stay lit for it."""

from __future__ import annotations

import numpy as np

from backprop_gui.engine.graph import Graph
from backprop_gui.present.naming import neuron_identity
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity


def focused_quantity(frame: Frame, focus: str) -> Quantity | None:
    """The quantity that answers for a focus: a parameter's gradient; of a neuron what is newest."""
    graph = frame.graph
    place = graph.parameters.place_of(focus)
    if place is not None:
        array, element = graph.parameters.locate(place)
        one = frame.record.samples == 1
        return Quantity(graph.parameter_nodes[array], element, GRADIENT, 0 if one else frame.sample)
    nodes = nodes_of_card(graph, focus)
    if not nodes:
        return None
    element = element_of(focus)
    sample = frame.shown_sample
    candidates = [Quantity(node, element, GRADIENT, sample) for node in nodes]
    candidates += [Quantity(node, element, VALUE, sample) for node in reversed(nodes)]
    return next((q for q in candidates if frame.knows(q)), candidates[-1])


def element_of(identity: str) -> tuple[int, ...]:
    """The element in a card's name: h1[2] is element (1,)."""
    inside = identity.partition("[")[2].rstrip("]")
    return tuple(int(number) - 1 for number in inside.split(",")) if inside else ()


def nodes_of_card(graph: Graph, identity: str) -> list[int]:
    """The nodes shown on a card, in forward order."""
    group = identity.partition("[")[0]
    return [i for i, node in enumerate(graph.nodes) if node.group == group and node.kind != "parameter"]


def is_card(graph: Graph, identity: str) -> bool:
    """Whether an input, a neuron or the loss has this name."""
    nodes = nodes_of_card(graph, identity)
    if not nodes:
        return False
    last = graph.nodes[nodes[-1]]
    return any(neuron_identity(last.group, element) == identity for element in np.ndindex(last.shape))


def cards_on_paths(graph: Graph, quantity: Quantity) -> set[str]:
    """The cards on all paths from a quantity to the loss."""
    seen: set[tuple[int, tuple[int, ...]]] = set()
    stack = [(quantity.node, quantity.element)]
    while stack:
        node, element = stack.pop()
        if (node, element) in seen or node not in graph.reaches_loss:
            continue
        seen.add((node, element))
        for use in graph.uses[node]:
            consumer = graph.nodes[use.consumer]
            assert consumer.operation is not None
            shapes = tuple(graph.nodes[operand].shape for operand in consumer.operands)
            for result in consumer.operation.uses(use.slot, element, shapes, consumer.attributes):
                stack.append((use.consumer, result))
    return {
        neuron_identity(graph.nodes[node].group, element)
        for node, element in seen
        if graph.nodes[node].kind != "parameter"
    }
