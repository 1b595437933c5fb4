"""From the document's nodes, wired by name, to a graph of operations."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import LOSSES
from backprop_gui.engine.parameters import ParameterLayout
from backprop_gui.experiment.document import Network, senders
from backprop_gui.experiment.layers import add_layer
from backprop_gui.experiment.sentences import listed, shown
from backprop_gui.experiment.workbench import LARGEST_LAYER, Wiring

RESERVED = ("loss", "targets")


class Wired(NamedTuple):
    """A graph with its initial parameters, or its faults; and the constants that wait for the data."""

    graph: Graph | None
    initial: Array
    faults: list[str]
    from_data: list[tuple[dict[str, Any], str, str]]


def wire(network: Network, seed: int) -> Wired:
    """The graph and the flat vector of initial parameters, or all faults (the graph is None then)."""
    wiring = Wiring(network, seed)
    order = _ordered(wiring)
    for name, size in network.inputs.items():
        if not 1 <= size <= LARGEST_LAYER:
            wiring.fault(
                f"$.network.inputs.{name}",
                f"has {shown(size)} values; 1 to {LARGEST_LAYER:,} would be right",
            )
        else:
            wiring.outputs[name] = wiring.add(Node(name, "input", (size,), group=name))
    for place in order:
        add_layer(wiring, place, network.nodes[place])
    for name in network.parameters:
        if name not in wiring.shared and not wiring.faults:
            wiring.fault(f"$.network.parameters.{name}", "is used by no node; use it or remove it")
    for place, name in enumerate(network.differentiate):
        if name not in network.inputs:
            known = listed(network.inputs)
            wiring.fault(
                f"$.network.differentiate[{place}]",
                f"there is no input {shown(name)}; one of {known} would be right",
            )
    _add_loss(wiring)
    if wiring.faults:
        return Wired(None, np.zeros(0), wiring.faults, [])
    graph, initial = _assembled(wiring)
    return Wired(graph, initial, [], wiring.from_data)


def _check_names(wiring: Wiring) -> None:
    """Whether inputs, parameters and nodes have names of their own that can be told from all others."""
    network = wiring.network
    places = [
        *((f"$.network.inputs.{name}", name) for name in network.inputs),
        *((f"$.network.parameters.{name}", name) for name in network.parameters),
        *((f"$.network.nodes[{place}].name", node.name) for place, node in enumerate(network.nodes)),
    ]
    taken = set(RESERVED)
    for where, name in places:
        if name in taken:
            wiring.fault(where, f"{shown(name)} is taken; every name stands for one thing")
        elif not re.fullmatch(r"[^\W\d]\w*", name):
            what = "is no name; letters and digits, a letter first, would be right"
            wiring.fault(where, f"{shown(name)} {what}")
        taken.add(name)
    for name in network.parameters:
        if re.fullmatch(r"[wb]\d+", name):
            wiring.fault(
                f"$.network.parameters.{name}",
                f"'{name}' is how a numbered weight or bias is called; a word such as theta would be right",
            )


def _ordered(wiring: Wiring) -> list[int]:
    """The places of the document's nodes, operands first; names and loops are checked."""
    network = wiring.network
    _check_names(wiring)
    if wiring.faults:
        return []  # where two nodes have one name, nobody knows which is meant
    places = {node.name: place for place, node in enumerate(network.nodes)}
    known = {**network.inputs, **places}
    for place, node in enumerate(network.nodes):
        for name in senders(node):
            if name not in known:
                wiring.fault(
                    f"$.network.nodes[{place}].of",
                    f"there is no node or input {shown(name)}; one of {listed(known)} would be right",
                )
    # The first in the document of those that are ready: its order is kept wherever the wiring allows it.
    wiring_by_name = {node.name: [n for n in senders(node) if n in places] for node in network.nodes}
    sorter = TopologicalSorter(wiring_by_name)
    try:
        sorter.prepare()
    except CycleError as error:
        loop = [*reversed(error.args[1])]
        way = " → ".join(loop if len(loop) <= 9 else [*loop[:4], "…", *loop[-4:]])
        remedy = "a node that takes its values from outside would be right"
        wiring.fault("$.network.nodes", f"{way} is a loop; {remedy}")
        return []
    order: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(ready, places[name])
        order.append(heappop(ready))
        sorter.done(network.nodes[order[-1]].name)
    return order


def _add_loss(wiring: Wiring) -> None:
    loss = wiring.network.loss
    if loss.op not in LOSSES:
        wiring.fault(
            "$.network.loss.op", f"{shown(loss.op)} is unknown; one of {listed(LOSSES)} would be right"
        )
    elif loss.of not in wiring.outputs:
        known = [*wiring.network.inputs, *(node.name for node in wiring.network.nodes)]
        if loss.of not in known:  # else the node has a fault of its own
            wiring.fault(
                "$.network.loss.of",
                f"there is no node {shown(loss.of)}; one of {listed(known)} would be right",
            )
    else:
        output = wiring.outputs[loss.of]
        targets = wiring.add(Node("targets", "target", wiring.nodes[output].shape, "targets"))
        attributes = MappingProxyType({"delta": loss.delta} if loss.op == "huber" else {})
        shape = wiring.nodes[output].shape
        try:
            LOSSES[loss.op].shape((shape, shape), attributes)
        except ValueError as error:
            wiring.fault("$.network.loss", f"{error}; another value or node would be right")
            return
        wiring.add(Node("loss", "operation", (), "loss", LOSSES[loss.op], (output, targets), attributes))


def _assembled(wiring: Wiring) -> tuple[Graph, Array]:
    """The graph, with the parameter arrays put in their order: weights and named ones, then biases."""
    order = sorted(range(len(wiring.arrays)), key=lambda index: wiring.arrays[index].prefix == "b")
    rank = {index: place for place, index in enumerate(order)}
    layout = ParameterLayout(tuple(wiring.arrays[index] for index in order))
    nodes = tuple(
        node
        if node.kind != "parameter"
        else Node(node.name, node.kind, node.shape, node.group, parameter=rank[node.parameter])
        for node in wiring.nodes
    )
    initial = layout.pack([wiring.values[index] for index in order])
    told = tuple(wiring.outputs[name] for name in wiring.network.differentiate)
    return Graph(nodes, len(nodes) - 1, layout, told), initial
