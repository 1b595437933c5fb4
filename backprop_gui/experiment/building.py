"""Building a network by hand: layers, neurons, activations, biases, inputs, outputs, rows of data.

Every function takes a document and gives another; what can't be done is refused by InvalidEdit, with a
sentence that says what would be right. What is learned stays wherever it fits (see `building_draft`).
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from backprop_gui.engine.operations import ACTIVATIONS
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.building_data import all_rows, with_rows, without_row
from backprop_gui.experiment.building_draft import Draft, Weights
from backprop_gui.experiment.building_loss import loss_fault, output_layer
from backprop_gui.experiment.data_sources import CsvData, GivenData
from backprop_gui.experiment.document import (
    Activation,
    Add,
    Concatenate,
    Dense,
    Experiment,
    Multiply,
    Network,
    Node,
    senders,
)
from backprop_gui.experiment.sentences import listed, shown
from backprop_gui.experiment.wiring import RESERVED

MOST_UNITS = 1000  # of a layer that is built by hand
MOST_ROWS = 100_000
USUAL_UNITS = 4  # of a new layer behind inputs, at most


# --- layers -----------------------------------------------------------------------------------------------


def add_layer(
    experiment: Experiment,
    after: str,
    before: str = "",
    units: int | None = None,
    activation: str = "",
    source: str = "",
) -> Experiment:
    """A new layer behind an input or node, for all that receives from it, or only on the way to `before`.

    Behind the output it becomes the output. It is as wide as its sender, unless `units` says otherwise.
    """
    draft = Draft(experiment, source)
    if after not in draft.inputs:
        draft.node(after)
    receivers = [node for node in draft.receivers(after) if before in ("", node.name)]
    to_loss = draft.loss.of == after and before in ("", "loss")
    if before not in ("", "loss") and not receivers:
        raise InvalidEdit(
            f"{before} takes nothing from {after}; {listed(_names(draft, after))} would be right"
        )
    width = draft.width(after)
    only_dense = all(isinstance(node, Dense) for node in receivers) and not to_loss
    if units is None:
        units = min(width, USUAL_UNITS) if only_dense and after in draft.inputs else width
    _check_units(units)
    name = _free_name(draft)
    columns = [(*label, place) for place, label in enumerate(draft.labels(after))]
    rows = [draft.fresh_label(name) for _ in range(units)]
    draft.weights[name] = Weights(rows, columns, {}, dict.fromkeys(rows, 0.0))
    node = Dense(name, after, units, [], activation or _usual_activation(draft, after), [])
    for receiver in receivers:
        draft.put(_with_sender(receiver, after, name))
    if to_loss:
        draft.loss = replace(draft.loss, of=name)
    places = [place for place, each in enumerate(draft.nodes) if each.name == after]
    draft.nodes.insert(places[0] + 1 if places else _first_place(draft, name), node)
    return _numbered(draft.finished())


def add_layer_before(experiment: Experiment, before: str, source: str = "") -> Experiment:
    """A new layer on the way to a node with one sender, or to the loss."""
    network = experiment.network
    if before == "loss":
        return add_layer(experiment, network.loss.of, "loss", source=source)
    given = senders(Draft(experiment, source).node(before))
    if len(given) != 1:
        raise InvalidEdit(
            f"{before} has several senders; a layer behind one of {listed(given)} would be right"
        )
    return add_layer(experiment, given[0], before, source=source)


def added_layer(network: Network, beside: str, before: bool, rebuilt: Network) -> str:
    """What the layer is called that has come in before or after `beside`."""
    names = [node.name for node in network.nodes]
    sender = beside
    if before:
        sender = network.loss.of if beside == "loss" else senders(node_of(network, beside))[0]
    if sender in names:
        place = names.index(sender) + 1
    else:
        receivers = [beside] if before else [n.name for n in network.nodes if beside in senders(n)]
        place = min(map(names.index, receivers), default=0)
    return rebuilt.nodes[place].name


def remove_layer(experiment: Experiment, name: str, source: str = "") -> Experiment:
    """Take a layer out; what received from it receives from its (first) sender."""
    draft = Draft(experiment, source)
    node = draft.node(name)
    sender = senders(node)[0]
    if sum(isinstance(each, Dense) for each in draft.nodes) == 1 and isinstance(node, Dense):
        raise InvalidEdit(f"{name} is the only layer of neurons; another one beside it would be right")
    if draft.loss.of == name:
        if sender in draft.inputs:
            raise InvalidEdit(f"{name} is all there is before the loss; a layer before it would be right")
        draft.loss = replace(draft.loss, of=sender)
    for receiver in draft.receivers(name):
        draft.put(_with_sender(receiver, name, sender))
    draft.nodes.remove(node)
    draft.weights.pop(name, None)
    return _numbered(draft.finished())


def move_layer(experiment: Experiment, name: str, by: int, source: str = "") -> Experiment:
    """Let a layer change places with the one before it (−1) or behind it (+1) in its chain."""
    draft = Draft(experiment, source)
    first, second = _neighbours(draft, draft.node(name), by)
    if draft.loss.of in (first.name, second.name):
        what = f"{draft.loss.of} gives the outputs to the loss; only layers before it can change places"
        raise InvalidEdit(what)
    places = {node.name: place for place, node in enumerate(draft.nodes)}
    for receiver in draft.receivers(first.name) + draft.receivers(second.name):
        if receiver.name not in (first.name, second.name):
            exchanged = {first.name: second.name, second.name: first.name}
            draft.put(_with_senders(receiver, [exchanged.get(each, each) for each in senders(receiver)]))
    draft.nodes[places[first.name]] = _with_senders(second, senders(first))
    draft.nodes[places[second.name]] = _with_senders(first, [second.name])
    return _numbered(draft.finished())


def _neighbours(draft: Draft, node: Node, by: int) -> tuple[Node, Node]:
    """Two nodes of a chain, the sender first."""
    if by > 0:
        receivers = [each for each in draft.receivers(node.name) if senders(each) == [node.name]]
        if not receivers:
            raise InvalidEdit(f"there is no layer behind {node.name} to change places with")
        return node, receivers[0]
    given = senders(node)
    if len(given) != 1 or given[0] in draft.inputs or len(senders(draft.node(given[0]))) != 1:
        raise InvalidEdit(f"there is no layer before {node.name} to change places with")
    return draft.node(given[0]), node


# --- what a layer is like ---------------------------------------------------------------------------------


def set_units(experiment: Experiment, name: str, units: int, source: str = "") -> Experiment:
    """As many neurons in a layer, or values of an input; the last ones go first."""
    _check_units(units)
    draft = Draft(experiment, source)
    if name in draft.inputs:
        draft.inputs[name] = units
        return draft.finished()
    draft.dense(name)
    weights = draft.weights[name]
    del weights.rows[units:]
    while len(weights.rows) < units:
        label = draft.fresh_label(name)
        weights.rows.append(label)
    return draft.finished()


def remove_neuron(experiment: Experiment, name: str, place: int, source: str = "") -> Experiment:
    """Take one neuron out of a layer, or one value out of an input; `place` counts from 0."""
    draft = Draft(experiment, source)
    if name in draft.inputs:
        if place == draft.inputs[name] - 1:
            return set_units(experiment, name, place, source)
        raise InvalidEdit(f"only the last value of {name} can be removed; fewer inputs would be right")
    draft.dense(name)
    if len(draft.weights[name].rows) == 1:
        raise InvalidEdit(f"{name} has one neuron only; to remove the layer would be right")
    del draft.weights[name].rows[place]
    return draft.finished()


def set_outputs(experiment: Experiment, units: int, source: str = "") -> Experiment:
    """As many outputs, and targets with them: new columns of targets are 0, those too many are cut."""
    layer = output_layer(experiment.network)
    if layer is None:
        of = experiment.network.loss.of
        raise InvalidEdit(
            f"the outputs come from {of}, which has no neurons of its own; change what it is made of"
        )
    return set_units(experiment, layer.name, units, source)


def set_activation(experiment: Experiment, name: str, activation: str) -> Experiment:
    """Another activation of a layer."""
    if activation not in ACTIVATIONS:
        raise InvalidEdit(f"{activation} is no activation; one of {listed(ACTIVATIONS)} would be right")
    draft = Draft(experiment)
    node = draft.node(name)
    if not isinstance(node, Dense | Activation):
        raise InvalidEdit(f"{name} has no activation; a layer of neurons would be right")
    changed = _with_node(experiment, name, replace(node_of(experiment.network, name), activation=activation))
    if (fault := loss_fault(changed.network)) and not loss_fault(experiment.network):
        raise InvalidEdit(fault)
    return changed


def set_biases(experiment: Experiment, name: str, on: bool) -> Experiment:
    """Biases of 0 for a layer, or none at all."""
    node = Draft(experiment).dense(name)
    biases: Any = [0.0] * node.units if on else None
    if (node.biases is not None) == on:
        return experiment
    changed = _with_node(experiment, name, replace(node, biases=biases))
    return Draft(changed).finished()


def rename_layer(experiment: Experiment, old: str, new: str) -> Experiment:
    """Another name for a node or an input, wherever it is spoken of."""
    network = experiment.network
    taken = {*RESERVED, *network.inputs, *network.parameters, *(node.name for node in network.nodes)}
    if new == old:
        return experiment
    if not re.fullmatch(r"[^\W\d]\w*", new):
        raise InvalidEdit(f"{shown(new)} is no name; letters and digits, a letter first, would be right")
    if new in taken:
        raise InvalidEdit(f"{shown(new)} is taken; every name stands for one thing")
    if old not in {*network.inputs, *(node.name for node in network.nodes)}:
        raise InvalidEdit(f"there is no layer {old}")
    return _renamed(experiment, {old: new})


def rename_experiment(experiment: Experiment, title: str) -> Experiment:
    """Another title."""
    words = " ".join(title.split())
    if not words:
        raise InvalidEdit("the title is empty; a few words would be right")
    return replace(experiment, title=words)


# --- rows of data -----------------------------------------------------------------------------------------


def set_rows(experiment: Experiment, count: int, source: str = "") -> Experiment:
    """As many rows of data; new ones hold zeros, the last ones go first."""
    if not 1 <= count <= MOST_ROWS:
        raise InvalidEdit(f"{count:,} rows of data are not possible; 1 to {MOST_ROWS:,} would be right")
    table = all_rows(experiment, source)
    for name, rows in table.items():
        width = len(rows[0])
        table[name] = rows[:count] + [[0.0] * width for _ in range(count - len(rows))]
    return with_rows(experiment, table)


def remove_row(experiment: Experiment, place: int, source: str = "") -> Experiment:
    """Take one row out of those that are trained with; `place` counts from 0."""
    return without_row(experiment, place, source)


# --- helpers ----------------------------------------------------------------------------------------------


def node_of(network: Network, name: str) -> Node:
    """A node of a network by its name."""
    return next(node for node in network.nodes if node.name == name)


def _check_units(units: int) -> None:
    if not 1 <= units <= MOST_UNITS:
        raise InvalidEdit(f"{units:,} is no size for a layer; 1 to {MOST_UNITS:,} would be right")


def _with_node(experiment: Experiment, name: str, node: Node) -> Experiment:
    nodes = [node if each.name == name else each for each in experiment.network.nodes]
    return replace(experiment, network=replace(experiment.network, nodes=nodes))


def _with_sender(node: Node, old: str, new: str) -> Node:
    return _with_senders(node, [new if each == old else each for each in senders(node)])


def _with_senders(node: Node, names: list[str]) -> Node:
    return replace(node, of=names if isinstance(node, Add | Multiply | Concatenate) else names[0])


def _names(draft: Draft, sender: str) -> list[str]:
    return [node.name for node in draft.receivers(sender)] + ["loss"] * (draft.loss.of == sender)


def _first_place(draft: Draft, name: str) -> int:
    """Where a node behind an input stands in the document: before the first that receives from it."""
    places = [place for place, node in enumerate(draft.nodes) if name in senders(node)]
    return min(places, default=0)


def _free_name(draft: Draft) -> str:
    taken = {*draft.inputs, *draft.network.parameters, *(node.name for node in draft.nodes)}
    return next(name for number in range(1, len(taken) + 2) if (name := f"h{number}") not in taken)


def _usual_activation(draft: Draft, after: str) -> str:
    """That of its sender, or else of the first layer; an output layer's identity is no activation to copy."""
    dense = [node for node in draft.nodes if isinstance(node, Dense)]
    same = [node.activation for node in dense if node.name == after]
    hidden = [node.activation for node in dense if node.name != draft.loss.of]
    return [*same, *hidden, "sigmoid"][0]


def _numbered(experiment: Experiment) -> Experiment:
    """Hidden layers called h and a number are counted in network order: h1, h2, h3."""
    network = experiment.network
    by_name = {node.name: node for node in network.nodes}
    names = [n for n in Draft(experiment).ordered() if isinstance(by_name[n], Dense)]
    numbered = [name for name in names if re.fullmatch(r"h\d+", name)]
    others = {*network.inputs, *network.parameters, *by_name} - set(numbered)
    wanted = {name: f"h{names.index(name) + 1}" for name in numbered}
    if all(old == new for old, new in wanted.items()) or others & set(wanted.values()):
        return experiment
    return _renamed(experiment, wanted)


def _renamed(experiment: Experiment, names: dict[str, str]) -> Experiment:
    """The document with other names of nodes and inputs, all at once."""

    def new(name: str) -> str:
        return names.get(name, name)

    network = experiment.network
    nodes = [
        replace(_with_senders(n, [new(each) for each in senders(n)]), name=new(n.name)) for n in network.nodes
    ]
    changed = replace(
        network,
        inputs={new(name): size for name, size in network.inputs.items()},
        nodes=nodes,
        loss=replace(network.loss, of=new(network.loss.of)),
        differentiate=[new(name) for name in network.differentiate],
    )
    data: Any = experiment.data
    if isinstance(data, dict):
        data = {new(name): rows for name, rows in data.items()}
    elif isinstance(data, GivenData):
        data = replace(data, values={new(name): rows for name, rows in data.values.items()})
    elif isinstance(data, CsvData):
        data = replace(data, inputs={new(name): columns for name, columns in data.inputs.items()})
    return replace(experiment, network=changed, data=data)
