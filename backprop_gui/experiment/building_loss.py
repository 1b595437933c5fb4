"""Which loss fits which outputs, and the two forms of those that join the last activation."""

from __future__ import annotations

from msgspec.structs import replace

from backprop_gui.engine.operations import LOSSES
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.document import Activation, Dense, Experiment, Network, Node, Softmax, senders
from backprop_gui.experiment.sentences import listed
from backprop_gui.experiment.variants import can_be_fused, fused, is_fused, separated

SOFTMAX_LOSSES = ("cross_entropy", "softmax_cross_entropy")
SIGMOID_LOSSES = ("binary_cross_entropy", "binary_cross_entropy_with_logits")


def loss_fault(network: Network) -> str:
    """Why the loss does not fit the outputs, with what would be right; empty when it fits."""
    node, loss = output_node(network), network.loss
    if loss.op in SOFTMAX_LOSSES:
        width = output_width(network)
        if width == 1:
            return (
                "softmax compares classes, and one output has nothing to be compared with; "
                "2 or more outputs, or the loss binary cross-entropy, would be right"
            )
        if loss.op == "cross_entropy" and not isinstance(node, Softmax):
            return f"cross-entropy takes probabilities; a softmax behind {loss.of} would be right"
    if loss.op == "binary_cross_entropy" and not isinstance(node, Softmax) and _ending(node) != "sigmoid":
        ending = _ending(node) or "other values"
        return (
            f"binary cross-entropy takes probabilities, and {loss.of} ends in {ending}; "
            f"sigmoid for {loss.of}, or binary cross-entropy with logits behind identity, would be right"
        )
    return ""


def set_loss(experiment: Experiment, op: str) -> Experiment:
    """Another loss; softmax or σ comes with the losses that need it. Raises InvalidEdit.

    cross_entropy puts a softmax before itself, softmax_cross_entropy takes it in; likewise the two forms
    of binary cross-entropy, for outputs that end in sigmoid or are left as they are.
    """
    if op not in LOSSES:
        raise InvalidEdit(f"{op} is no loss; one of {listed(LOSSES)} would be right")
    network = experiment.network
    if op == network.loss.op:
        return experiment
    if is_fused(network) and op == "cross_entropy":
        return separated(experiment)
    if op == "softmax_cross_entropy" and isinstance(output_node(network), Softmax):
        ready = _with_loss(experiment, "cross_entropy")
        if not can_be_fused(ready.network):
            raise InvalidEdit(
                f"{network.loss.of} has other receivers beside the loss, so it can't be taken into the loss; "
                "cross-entropy would be right"
            )
        return fused(ready)
    if op == "cross_entropy" and not isinstance(output_node(network), Softmax):
        return _fitting(separated(_with_loss(experiment, "softmax_cross_entropy")))
    if op == SIGMOID_LOSSES[1] and _ending(output_node(network)) == "sigmoid":
        experiment = _with_ending(experiment, "identity")
    elif op == SIGMOID_LOSSES[0] and _ending(output_node(network)) == "identity":
        experiment = _with_ending(experiment, "sigmoid")
    return _fitting(_with_loss(experiment, op))


def output_node(network: Network) -> Node | None:
    """The node the loss looks at; None where that is an input."""
    return next((node for node in network.nodes if node.name == network.loss.of), None)


def output_layer(network: Network) -> Dense | None:
    """The layer of neurons whose number is that of the outputs, where there is one such layer."""
    by_name = {node.name: node for node in network.nodes}
    node = by_name.get(network.loss.of)
    while isinstance(node, Softmax | Activation):
        node = by_name.get(node.of)
    return node if isinstance(node, Dense) else None


def output_width(network: Network) -> int:
    """How many values the loss compares; 0 where that is not easily told."""
    layer = output_layer(network)
    return layer.units if layer else 0


def _ending(node: Node | None) -> str:
    return node.activation if isinstance(node, Dense | Activation) else ""


def _with_loss(experiment: Experiment, op: str) -> Experiment:
    loss = replace(experiment.network.loss, op=op)
    return replace(experiment, network=replace(experiment.network, loss=loss))


def _with_ending(experiment: Experiment, activation: str) -> Experiment:
    network = experiment.network
    node = output_node(network)
    assert isinstance(node, Dense | Activation)
    if any(node.name in senders(other) for other in network.nodes):
        raise InvalidEdit(
            f"{node.name} is used by another layer too, so its {node.activation} stays; "
            "another loss would be right"
        )
    nodes = [replace(n, activation=activation) if n is node else n for n in network.nodes]
    return replace(experiment, network=replace(network, nodes=nodes))


def _fitting(experiment: Experiment) -> Experiment:
    if fault := loss_fault(experiment.network):
        raise InvalidEdit(fault)
    return experiment
