"""From the document's nodes, wired by name, to a graph of operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.operations import ACTIVATIONS, AFFINE, LOSSES
from backprop_gui.engine.parameters import ParameterArray, ParameterLayout
from backprop_gui.experiment.document import Dense, Draw, Network, Values
from backprop_gui.experiment.initial_values import drawn_values, given_values

LARGEST_LAYER = 20_000
MOST_PARAMETERS = 20_000_000


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
                f"$.network.inputs.{name}", f"has {size} values; 1 to {LARGEST_LAYER:,} would be right"
            )
        wiring.outputs[name] = wiring.add(Node(name, "input", (size,), group=name))
    if wiring.faults:
        return None, np.zeros(0), wiring.faults
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


def _ordered(wiring: Wiring) -> list[int]:
    """The places of the document's nodes, operands first; names and loops are checked."""
    network = wiring.network
    places: dict[str, int] = {}
    for place, node in enumerate(network.nodes):
        if node.name in places or node.name in network.inputs or node.name in ("loss", "targets"):
            wiring.fault(f"$.network.nodes[{place}].name", f"'{node.name}' is taken; every name stands once")
        if not node.name.isidentifier():
            wiring.fault(
                f"$.network.nodes[{place}].name",
                f"'{node.name}' is no name; letters and digits would be right",
            )
        places[node.name] = place
    known = {*places, *network.inputs}
    for place, node in enumerate(network.nodes):
        if node.of not in known:
            wiring.fault(
                f"$.network.nodes[{place}].of",
                f"there is no node '{node.of}'; one of {', '.join(sorted(known))} would be right",
            )
    if wiring.faults:
        return []
    # Kahn's order keeps the order of the document wherever the wiring allows it.
    sorter = TopologicalSorter({node.name: [node.of] if node.of in places else [] for node in network.nodes})
    try:
        sorter.prepare()
    except CycleError as error:
        wiring.fault(
            "$.network.nodes", f"{' → '.join(reversed(error.args[1]))} is a loop; cut one of its connections"
        )
        return []
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=places.__getitem__)
        order.extend(places[name] for name in ready)
        sorter.done(*ready)
    return order


def _add_dense(wiring: Wiring, place: int, node: Dense) -> None:
    """The affine node and the activation of one dense layer, with their parameters."""
    where = f"$.network.nodes[{place}]"
    if node.activation not in ACTIVATIONS:
        wiring.fault(
            f"{where}.activation",
            f"'{node.activation}' is unknown; one of {', '.join(ACTIVATIONS)} would be right",
        )
        return
    if not 1 <= node.units <= LARGEST_LAYER:
        wiring.fault(f"{where}.units", f"is {node.units}; 1 to {LARGEST_LAYER:,} would be right")
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
            known = ", ".join(wiring.network.parameters) or "none"
            wiring.fault(where, f"there is no parameter '{values}'; named in $.network.parameters: {known}")
            return -1
        where, values = f"$.network.parameters.{name}", wiring.network.parameters[values]
    if not prefix and name in wiring.shared:
        node = wiring.shared[name]
        if wiring.nodes[node].shape != shape:
            wiring.fault(
                where, f"is {_times(wiring.nodes[node].shape)} where a use of it needs {_times(shape)}"
            )
            return -1
        return node
    if sum(array.size for array in wiring.arrays) + int(np.prod(shape)) > MOST_PARAMETERS:
        wiring.fault(where, f"the network has over {MOST_PARAMETERS:,} parameters; make a layer smaller")
        return -1
    try:
        array, present = _initial(wiring, values, shape)
    except ValueError as error:
        wiring.fault(where, str(error))
        return -1
    wiring.arrays.append(ParameterArray(name, shape, prefix, present))
    wiring.values.append(array)
    node = wiring.add(Node(name, "parameter", shape, name, parameter=len(wiring.arrays) - 1))
    if not prefix:
        wiring.shared[name] = node
    return node


def _initial(wiring: Wiring, values: list[Any] | Draw, shape: Shape) -> tuple[Array, Any]:
    """Initial values and the mask of what is present. Raises ValueError with a sentence."""
    if isinstance(values, Draw):
        return drawn_values(values, shape, wiring.generator), None
    array, present = given_values(values, len(shape))
    if array.shape != shape:
        kind = "a row per receiving neuron" if len(shape) == 2 else "one for each neuron"
        raise ValueError(f"is {_times(array.shape)}; {_times(shape)} would be right ({kind})")
    if present is not None and len(shape) == 1:
        raise ValueError("holds null; a bias is a number (null in place of the list means no biases at all)")
    return array, present


def _times(shape: Shape) -> str:
    return " × ".join(str(length) for length in shape) if len(shape) > 1 else f"{shape[0]} long"


def _add_loss(wiring: Wiring) -> None:
    loss = wiring.network.loss
    if loss.op not in LOSSES:
        wiring.fault(
            "$.network.loss.op", f"'{loss.op}' is unknown; one of {', '.join(LOSSES)} would be right"
        )
    elif loss.of not in wiring.outputs:
        if not wiring.faults:
            known = ", ".join(wiring.outputs)
            wiring.fault("$.network.loss.of", f"there is no node '{loss.of}'; one of {known} would be right")
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
