"""Other forms of a document: initial values drawn anew, the last softmax inside the loss or before it."""

from __future__ import annotations

import re

from msgspec.structs import replace

from backprop_gui.experiment.build import LARGEST_SEED
from backprop_gui.experiment.document import Draw, Experiment, Loss, Network, Softmax, senders
from backprop_gui.experiment.edits import SEED

CHANCE = ("uniform", "normal", "xavier", "he")  # draws that come out otherwise with another seed


def draws(network: Network) -> bool:
    """Whether any initial value depends on the seed."""
    fields = ("weights", "biases")
    values = [getattr(node, name, None) for node in network.nodes for name in fields]
    return any(isinstance(v, Draw) and v.init in CHANCE for v in (*values, *network.parameters.values()))


def drawn_anew(experiment: Experiment) -> Experiment:
    """The document with the next seed, which also shuffles the data: one seed makes a run repeatable."""
    return with_seed(experiment, (experiment.training.seed + 1) % LARGEST_SEED)


def with_seed(experiment: Experiment, seed: int) -> Experiment:
    """The document with this seed, from its beginning on.

    What was published of the run with the other one goes where chance has a part in it.
    """
    by_chance = draws(experiment.network) or experiment.training.shuffle
    expected = [] if by_chance and seed != experiment.training.seed else experiment.expected
    edits = [replace(one, set={k: v for k, v in one.set.items() if k != SEED}) for one in experiment.edits]
    edits = [one for one in edits if one.set]
    return replace(
        experiment, training=replace(experiment.training, seed=seed), edits=edits, expected=expected
    )


def is_fused(network: Network) -> bool:
    """Whether softmax and cross-entropy are one operation, the loss."""
    return network.loss.op == "softmax_cross_entropy"


def can_be_fused(network: Network) -> bool:
    """Whether the cross-entropy looks at a softmax that nothing else looks at."""
    return network.loss.op == "cross_entropy" and _last_softmax(network) is not None


def fused(experiment: Experiment) -> Experiment:
    """Softmax and cross-entropy in one step. What the file expects of the softmax goes with it."""
    network = experiment.network
    softmax = _last_softmax(network)
    if softmax is None:
        raise ValueError("there is no softmax before the loss")
    nodes = [node for node in network.nodes if node is not softmax]
    loss = Loss("softmax_cross_entropy", softmax.of)
    of_softmax = re.compile(rf"(d\()?{re.escape(softmax.name)}\.")
    expected = [one for one in experiment.expected if not of_softmax.match(one.quantity)]
    return replace(experiment, network=replace(network, nodes=nodes, loss=loss), expected=expected)


def separated(experiment: Experiment) -> Experiment:
    """Softmax as a node of its own, and the cross-entropy of what it gives."""
    network = experiment.network
    name = _free_name(network)
    nodes = [*network.nodes, Softmax(name, network.loss.of)]
    return replace(experiment, network=replace(network, nodes=nodes, loss=Loss("cross_entropy", name)))


def _last_softmax(network: Network) -> Softmax | None:
    """The softmax the loss looks at, where it is the only one to do so."""
    if any(network.loss.of in senders(node) for node in network.nodes):
        return None
    found = [node for node in network.nodes if node.name == network.loss.of]
    return found[0] if found and isinstance(found[0], Softmax) else None


def _free_name(network: Network) -> str:
    """`s`, or s2, s3, … where that is taken."""
    taken = {*network.inputs, *network.parameters, *(node.name for node in network.nodes)}
    return next(n for n in ("s", *(f"s{i}" for i in range(2, len(taken) + 3))) if n not in taken)
