"""Connecting and cutting: single edges between neurons, and whole layers.

A layer of neurons takes its values from one node. Where another one is to send to it as well, a
concatenate node puts both behind each other; it goes again when it has but one sender left.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.building_draft import Draft, Label, Weights
from backprop_gui.experiment.document import Add, Concatenate, Dense, Experiment, Multiply, Network, senders

LOOP = "would close a loop"


class Neuron(NamedTuple):
    """A neuron or a value of an input: its layer, and its place from 0."""

    layer: str
    place: int

    @property
    def text(self) -> str:
        """As it is written: h1[2]."""
        return f"{self.layer}[{self.place + 1}]"


def would_loop(network: Network, source: str, target: str) -> bool:
    """Whether values would run in a circle if `source` sent to `target`."""
    by_name = {node.name: node for node in network.nodes}
    waiting, seen = [source], set()
    while waiting:
        name = waiting.pop()
        if name == target:
            return True
        if name in by_name and name not in seen:
            seen.add(name)
            waiting += senders(by_name[name])
    return False


def connection_fault(network: Network, source: Neuron, target: Neuron, whole: bool) -> str:
    """Why two neurons, or their layers, can't be connected, in a few words; empty when they can."""
    by_name = {node.name: node for node in network.nodes}
    if target.layer == "loss":
        return "the loss looks at one layer"
    if target.layer in (*network.inputs, "targets") or source.layer in ("loss", "targets"):
        return (
            "data is given, it receives nothing" if target.layer in network.inputs else "no way leads there"
        )
    if would_loop(network, source.layer, target.layer):
        return LOOP
    node = by_name.get(target.layer)
    if isinstance(node, Add | Multiply):
        return "" if whole else "only whole layers go there: hold Shift"
    if not isinstance(node, Dense):
        return f"{target.layer} takes its values from one node"
    if _is_connected(network, node, source, target, whole):
        return "are connected already"
    return ""


def connection_words(network: Network, source: Neuron, target: Neuron, whole: bool) -> str:
    """What connecting would bring, in a few words."""
    node = next((node for node in network.nodes if node.name == target.layer), None)
    if isinstance(node, Dense) and source.layer not in _senders_of(network, node):
        return f"a skip connection: a node joins {node.of} and {source.layer}"
    return "all weights between the layers" if whole else "a new weight"


def connect(
    experiment: Experiment, source: Neuron, target: Neuron, whole: bool = False, file: str = ""
) -> Experiment:
    """Give two neurons a weight, or every neuron of one layer to every neuron of the other. InvalidEdit."""
    network = experiment.network
    if fault := connection_fault(network, source, target, whole):
        ends = f"{source.layer} and {target.layer}" if whole else f"{source.text} and {target.text}"
        words = f"{ends} {fault}" if fault.startswith("are") else f"{ends} can't be connected: {fault}"
        if fault == LOOP:
            words = f"{ends} {fault}; a connection that leads onward, to the loss, would be right"
        raise InvalidEdit(words)
    draft = Draft(experiment, file)
    node, source = draft.node(target.layer), _behind_a_join(draft, source, target)
    if isinstance(node, Add | Multiply):
        draft.put(replace(node, of=[*node.of, source.layer]))
        return draft.finished()
    node = draft.dense(target.layer)
    before = _columns(draft, node, source.layer)
    if not before:
        _join(draft, node, source.layer)
    weights = draft.weights[node.name]
    columns = _columns(draft, draft.dense(node.name), source.layer)
    for row in weights.rows:
        for place, column in enumerate(columns):
            key, asked = (row, column), whole or (row == weights.rows[target.place] and place == source.place)
            if asked and weights.cells.get(key) is None:
                weights.cells.pop(key, None)  # drawn when the draft is read off
            elif not asked and not before:
                weights.cells[key] = None
    return draft.finished()


def cut(
    experiment: Experiment, source: Neuron, target: Neuron, whole: bool = False, file: str = ""
) -> Experiment:
    """Take a weight away, or all weights between two layers. Raises InvalidEdit."""
    draft = Draft(experiment, file)
    node = next((node for node in draft.nodes if node.name == target.layer), None)
    if isinstance(node, Add | Multiply | Concatenate):
        if whole and source.layer in node.of and len(node.of) > 1:
            draft.put(replace(node, of=[name for name in node.of if name != source.layer]))
            return draft.finished()
        raise InvalidEdit(
            f"{node.name} takes {source.layer} as a whole; "
            f"to cut the layers (Shift), or to remove {node.name}, would be right"
        )
    if not isinstance(node, Dense):
        raise InvalidEdit(f"nothing with a weight leads from {source.layer} to {target.layer}")
    weights, source = draft.weights[node.name], _behind_a_join(draft, source, target)
    columns = _columns(draft, node, source.layer)
    rows = weights.rows if whole else weights.rows[target.place : target.place + 1]
    keys = [(row, column) for row in rows for column in (columns if whole else columns[source.place :][:1])]
    if not any(weights.cells.get(key) is not None for key in keys):
        raise InvalidEdit(f"there is no connection from {source.text} to {target.text} to cut")
    for key in keys:
        weights.cells[key] = None
    _leave(draft, node, source.layer)
    return draft.finished()


def _is_connected(network: Network, node: Dense, source: Neuron, target: Neuron, whole: bool) -> bool:
    """Whether nothing would be new."""
    if source.layer not in _senders_of(network, node):
        return False
    draft = Draft(Experiment(format=1, title="", network=network, data={}))
    weights = draft.weights[node.name]
    columns = _columns(draft, node, source.layer)
    if whole:
        return all(weights.cells[row, column] is not None for row in weights.rows for column in columns)
    return weights.cells[weights.rows[target.place], columns[source.place]] is not None


def _behind_a_join(draft: Draft, source: Neuron, target: Neuron) -> Neuron:
    """The neuron that is meant by an element of the node that joins the senders of `target`."""
    node = next((each for each in draft.nodes if each.name == target.layer), None)
    joined = next((each for each in draft.nodes if each.name == source.layer), None)
    if not isinstance(node, Dense) or not isinstance(joined, Concatenate) or node.of != joined.name:
        return source
    place = source.place
    for sender in joined.of:
        if place < draft.width(sender):
            return Neuron(sender, place)
        place -= draft.width(sender)
    return source


def _senders_of(network: Network, node: Dense) -> list[str]:
    """The layers whose values reach a layer by its own weights: its sender, or those joined in it."""
    by_name = {each.name: each for each in network.nodes}
    sender = by_name.get(node.of)
    return [node.of, *sender.of] if isinstance(sender, Concatenate) else [node.of]


def _columns(draft: Draft, node: Dense, sender: str) -> list[Label]:
    """The labels of a layer's weights from one sender, which may be joined with others."""
    if node.of == sender:
        return draft.weights[node.name].columns
    joined = next((each for each in draft.nodes if each.name == node.of), None)
    if not isinstance(joined, Concatenate) or sender not in joined.of:
        return []
    slot = joined.of.index(sender)
    start = sum(draft.width(name) for name in joined.of[:slot])
    return draft.weights[node.name].columns[start : start + draft.width(sender)]


def _join(draft: Draft, node: Dense, sender: str) -> None:
    """Let another sender come in beside the present one: its columns stand behind the others."""
    joined = next((each for each in draft.nodes if each.name == node.of), None)
    if (
        isinstance(joined, Concatenate)
        and len(draft.receivers(joined.name)) == 1
        and draft.loss.of != joined.name
    ):
        draft.put(replace(joined, of=[*joined.of, sender]))
    else:
        taken = {*draft.inputs, *draft.network.parameters, *(each.name for each in draft.nodes)}
        name = next(n for n in ("both", *(f"both{i}" for i in range(2, len(taken) + 3))) if n not in taken)
        place = [each.name for each in draft.nodes].index(node.name)
        draft.nodes.insert(place, Concatenate(name, [node.of, sender]))
        draft.put(replace(node, of=name))
    weights: Weights = draft.weights[node.name]
    count = len(weights.columns)
    weights.columns += [(*label, count + place) for place, label in enumerate(draft.labels(sender))]


def _leave(draft: Draft, node: Dense, sender: str) -> None:
    """A sender that is joined with others, and has no weight left, is joined no more."""
    joined = next((each for each in draft.nodes if each.name == node.of), None)
    columns = _columns(draft, node, sender)
    weights = draft.weights[node.name]
    if any(weights.cells[row, column] is not None for row in weights.rows for column in columns):
        return
    if (
        not isinstance(joined, Concatenate)
        or len(draft.receivers(joined.name)) > 1
        or draft.loss.of == joined.name
    ):
        return
    weights.columns = [column for column in weights.columns if column not in columns]
    rest = list(joined.of)
    rest.remove(sender)
    if len(rest) == 1:
        draft.nodes.remove(joined)
        draft.put(replace(node, of=rest[0]))
    else:
        draft.put(replace(joined, of=rest))
