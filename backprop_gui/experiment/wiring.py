"""From the document's nodes, wired by name, to a graph of operations."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.operations import ACTIVATIONS, AFFINE, LOSSES
from backprop_gui.engine.parameters import ParameterArray, ParameterLayout
from backprop_gui.experiment.document import Dense, Draw, Network, Values
from backprop_gui.experiment.initial_values import drawn_values, given_values
from backprop_gui.experiment.sentences import counted, listed, shown

LARGEST_LAYER = 20_000
MOST_PARAMETERS = 20_000_000
RESERVED = ("loss", "targets")


@dataclass
class Wiring:
    """A graph while it is being made; faults are collected, not raised."""

    network: Network
    generator: np.random.Generator
    faults: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)  # initial value of each parameter array
    arrays: list[ParameterArray] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)  # name in the document → node it stands for
    shared: dict[str, int] = field(default_factory=dict)  # named parameter → node
    size: int = 0  # of all parameter arrays so far

    def fault(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}")

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1


def wire(network: Network, seed: int) -> tuple[Graph | None, Array, list[str]]:
    """The graph, the flat vector of initial parameters, and all faults (the graph is None then)."""
    wiring = Wiring(network, np.random.default_rng(seed))
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
        _add_dense(wiring, place, network.nodes[place])
    for name in network.parameters:
        if name not in wiring.shared and not wiring.faults:
            wiring.fault(f"$.network.parameters.{name}", "is used by no node; use it or remove it")
    _add_loss(wiring)
    if wiring.faults:
        return None, np.zeros(0), wiring.faults
    graph, initial = _assembled(wiring)
    return graph, initial, []


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
        if node.of not in known:
            wiring.fault(
                f"$.network.nodes[{place}].of",
                f"there is no node or input {shown(node.of)}; one of {listed(known)} would be right",
            )
    # The first in the document of those that are ready: its order is kept wherever the wiring allows it.
    sorter = TopologicalSorter({node.name: [node.of] if node.of in places else [] for node in network.nodes})
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


def _add_dense(wiring: Wiring, place: int, node: Dense) -> None:
    """The affine node and the activation of one dense layer, with their parameters."""
    where = f"$.network.nodes[{place}]"
    if node.activation not in ACTIVATIONS:
        wiring.fault(
            f"{where}.activation",
            f"{shown(node.activation)} is unknown; one of {listed(ACTIVATIONS)} would be right",
        )
        return
    if not 1 <= node.units <= LARGEST_LAYER:
        wiring.fault(f"{where}.units", f"is {shown(node.units)}; 1 to {LARGEST_LAYER:,} would be right")
        return
    if node.of not in wiring.outputs:
        return  # the node before it has a fault of its own
    sender = wiring.outputs[node.of]
    shape = (node.units, *wiring.nodes[sender].shape)
    operands = [sender, _parameter(wiring, f"{where}.weights", node.weights, shape, f"{node.name}.W", "w")]
    if node.biases is not None:
        operands.append(_parameter(wiring, f"{where}.biases", node.biases, shape[:1], f"{node.name}.b", "b"))
    if -1 in operands:
        return
    present = wiring.arrays[wiring.nodes[operands[1]].parameter].present
    attributes: dict[str, Any] = {} if present is None else {"mask": present}
    affine = wiring.add(
        Node(
            f"{node.name}.z",
            "operation",
            (node.units,),
            node.name,
            AFFINE,
            tuple(operands),
            MappingProxyType(attributes),
        )
    )
    wiring.outputs[node.name] = wiring.add(
        Node(f"{node.name}.a", "operation", (node.units,), node.name, ACTIVATIONS[node.activation], (affine,))
    )


def _parameter(wiring: Wiring, where: str, values: Values, shape: Shape, name: str, prefix: str) -> int:
    """The node of a parameter array, made at its first use; −1 after a fault."""
    if isinstance(values, str):
        name, prefix = values, ""
        if values not in wiring.network.parameters:
            known = listed(wiring.network.parameters)
            remedy = f"one of {known}" if known else "a list of numbers, or an entry in $.network.parameters,"
            wiring.fault(where, f"there is no parameter {shown(values)}; {remedy} would be right")
            return -1
        where, values = f"$.network.parameters.{name}", wiring.network.parameters[values]
    if not prefix and name in wiring.shared:
        node = wiring.shared[name]
        if wiring.nodes[node].shape != shape:
            wiring.fault(
                where,
                f"has {_times(wiring.nodes[node].shape)} where another use of it needs {_times(shape)}; "
                "uses of one parameter need one shape",
            )
            return -1
        return node
    if wiring.size + math.prod(shape) > MOST_PARAMETERS:
        wiring.fault(where, f"the network has over {MOST_PARAMETERS:,} parameters; make a layer smaller")
        return -1
    try:
        array, present = _initial(wiring, values, shape)
    except ValueError as error:
        wiring.fault(where, str(error))
        return -1
    wiring.size += array.size
    wiring.arrays.append(ParameterArray(name, shape, prefix, present))
    wiring.values.append(array)
    node = wiring.add(Node(name, "parameter", shape, name, parameter=len(wiring.arrays) - 1))
    if not prefix:
        wiring.shared[name] = node
    return node


def _initial(wiring: Wiring, values: list[Any] | Draw, shape: Shape) -> tuple[Array, Any]:
    """Initial values and the mask of what is present. Raises ValueError with a sentence."""
    if isinstance(values, Draw):
        drawn = drawn_values(values, shape, wiring.generator)
        if not np.isfinite(drawn).all():
            raise ValueError("draws a number that is not finite; smaller settings would be right")
        return drawn, None
    array, present = given_values(values, len(shape))
    if array.shape != shape:
        kind = "a row per receiving neuron" if len(shape) == 2 else "one for each neuron"
        raise ValueError(f"has {_times(array.shape)}; {_times(shape)} would be right ({kind})")
    if present is not None and len(shape) == 1:
        raise ValueError("holds null; a bias is a number (null in place of the list means no biases at all)")
    return array, present


def _times(shape: Shape) -> str:
    if len(shape) == 1:
        return counted(shape[0], "number", "numbers")
    return f"{' × '.join(map(str, shape))} numbers"


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
        wiring.add(Node("loss", "operation", (), "loss", LOSSES[loss.op], (output, targets)))


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
    return Graph(nodes, len(nodes) - 1, layout), initial
