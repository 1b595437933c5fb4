"""The computational graph: every intermediate value and gradient against PyTorch and the record."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from backprop_gui.engine.operations import ACTIVATIONS, LOSSES
from backprop_gui.experiment.document import Dense
from backprop_gui.steps.computation import MOST_OPERATIONS, Computation
from backprop_gui.steps.computation_ways import computation_of
from tests.engine.operation_samples import TORCH
from tests.networks import Story, experiment, layers
from tests.present.scenes import Stage

SINGLY = ("worked-example", "two-layer-chain", "chain-of-neurons", "mlp-three-theta", "skip-connection-dag")
MORE = ("softmax-classifier", "conv-classifier", "reused-value", "averaging-over-examples", "iris", "xor")


def drawn(story: Story, sample: int = 0) -> Computation:
    return computation_of(story.terms, story.numbers, sample)


def by_torch(story: Story, node: Any, inputs: list[Any]) -> list[Any]:
    """What PyTorch makes of a node's inputs, told by the sign that is drawn in it."""
    torch = pytest.importorskip("torch")
    one = inputs[0]
    if node.number is not None:
        return [one * node.number if node.symbol == "×" else one / node.number]
    match node.symbol:
        case "+":
            return [sum(inputs[1:], start=one)]
        case "−":
            return [one - inputs[1]]
        case "×":
            return [math.prod(inputs[1:], start=one)]
        case "÷":
            return [one / inputs[1]]
        case "=":
            return [one * 1.0]
        case "(·)²":
            return [one**2]
        case "exp" | "|·|" | "ln":
            return [{"exp": torch.exp, "ln": torch.log, "|·|": torch.abs}[node.symbol](one)]
        case "×½":
            return [one * 0.5]
        case "×−1":
            return [-one]
    operation = story.graph.nodes[node.serves.node].operation
    assert operation is not None
    stacked = torch.stack(inputs)
    if operation.name == "max_pool":
        return [stacked.max()]
    if operation.loss:
        half = len(inputs) // 2
        return [TORCH[operation.name](stacked[None, :half], stacked[None, half:])[0]]
    return list(TORCH[operation.name](stacked[None])[0]) if len(inputs) > 1 else [TORCH[operation.name](one)]


def assert_agrees_with_torch(story: Story, sample: int = 0) -> Computation:
    """Runs the drawn graph in PyTorch, node by node, and compares what stands on every wire."""
    torch = pytest.importorskip("torch")
    found = drawn(story, sample)
    tensors: dict[int, Any] = {}
    for node in found.nodes:
        if node.kind in ("leaf", "constant"):
            value = found.wires[node.outputs[0]].value
            made = [torch.tensor(value, dtype=torch.float64, requires_grad=True)]
        else:
            made = by_torch(story, node, [tensors[wire] for wire in node.inputs])
        for wire, tensor in zip(node.outputs, made, strict=True):
            tensor.retain_grad()
            tensors[wire] = tensor
    loss = next(
        wire
        for wire, each in enumerate(found.wires)
        if each.quantity is not None and each.quantity.node == story.graph.loss
    )
    tensors[loss].backward()
    for place, each in enumerate(found.wires):
        np.testing.assert_allclose(each.value, tensors[place].item(), rtol=1e-12, atol=1e-15)
        if each.gradient is not None:
            arrived = 0.0 if tensors[place].grad is None else tensors[place].grad.item()
            np.testing.assert_allclose(each.gradient, arrived, rtol=1e-9, atol=1e-13)
    return found


def assert_shares_add_up(found: Computation, story: Story) -> None:
    """What flows back through the uses of a number is, together, the record's gradient of it."""
    for place, wire in enumerate(found.wires):
        if wire.quantity is None or not wire.told_back or wire.quantity.node == story.graph.loss:
            continue
        assert wire.gradient == story.numbers(wire.told_back[0])
        shares = [found.nodes[node].shares[port] for node, port in found.uses[place]]
        total = sum(share for share in shares if share is not None)
        assert math.isclose(total, wire.gradient, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("name", [*SINGLY, *MORE])
def test_presets_agree_with_pytorch(name):
    """Values, gradients and shares of every intermediate result."""
    story = Stage(name).story()
    found = assert_agrees_with_torch(story)
    assert found.grouping == "operations"
    assert_shares_add_up(found, story)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_activation_and_loss_agrees_with_pytorch(activation, loss):
    """Two outputs, so that sums over paths and means over outputs occur."""
    entropy = loss in ("binary_cross_entropy", "cross_entropy")
    nodes = [
        Dense("h", "x", 2, [[0.5, -0.4], [0.3, 0.8]], activation, [0.1, -0.2]),
        Dense("out", "h", 2, [[0.7, -0.6], [-0.2, 0.9]], "sigmoid" if entropy else "identity", None),
    ]
    document = experiment(nodes, {"x": 2}, loss)
    assert isinstance(document.data, dict)
    document.data["targets"] = [[1.0, 0.0]] if "entropy" in loss else [[0.9, -1.4]]
    story = Stage(document).story()
    assert_shares_add_up(assert_agrees_with_torch(story), story)


def test_worked_example_is_drawn_as_in_the_textbooks():
    """Ten products, five sums, five σ, and −, square, ½ for the loss; each leaf once."""
    story = Stage().story()
    found = drawn(story)
    signs = [node.symbol for node in found.nodes if node.kind == "operation"]
    assert {sign: signs.count(sign) for sign in set(signs)} == {
        **{"×": 10, "+": 5, "σ": 5},
        **{"−": 1, "(·)²": 1, "×½": 1},
    }
    leaves = [node.serves for node in found.nodes if node.kind == "leaf"]
    assert len(leaves) == len(set(leaves)) == 15 + 2 + 1


def test_leaf_used_twice_has_two_edges():
    """x₁ goes to both neurons of the first layer."""
    story = Stage().story()
    found = drawn(story)
    first = next(place for place, wire in enumerate(found.wires) if wire.quantity == found.nodes[1].serves)
    assert len(found.uses[first]) == 2


def test_inner_results_come_with_the_steps_they_serve():
    """w₅·a₁ is told with z₁⁽²⁾, its gradient with ∂z₁⁽²⁾; the loss's inside with ∂a_out."""
    story = Stage().story()
    found = drawn(story)
    names = {}
    for wire in found.wires:
        if wire.quantity is None:
            node = found.nodes[wire.node]
            told, back = wire.told[0], wire.told_back[0]
            names[node.symbol, story.graph.nodes[told.node].name] = story.graph.nodes[back.node].name
            assert told.element == back.element or node.symbol != "×"
            assert back.aspect == "gradient"
    assert names == {
        ("×", "h1.z"): "h1.z",
        ("×", "h2.z"): "h2.z",
        ("×", "out.z"): "out.z",
        ("−", "loss"): "out.a",
        ("(·)²", "loss"): "out.a",
    }


def test_each_output_of_a_loss_tells_its_own_part_back():
    """With two outputs the inside of the loss is told output by output."""
    story = Stage("averaging-over-examples").story()
    found = drawn(story)
    told = {
        wire.told_back[0].element
        for wire in found.wires
        if wire.quantity is None and wire.told_back and found.nodes[wire.node].symbol == "−"
    }
    assert told == {(0,), (1,)}


@pytest.mark.parametrize(
    ("sizes", "grouping"),
    [([2, 3, 1], "operations"), ([3, 6, 6, 1], "neurons"), ([3, 40, 40, 1], "layers")],
)
def test_many_operations_are_grouped(sizes, grouping):
    """Up to sixty singly, then by neuron, then by layer; the numbers stay the record's."""
    story = Stage(layers(sizes)).story()
    found = drawn(story)
    assert found.grouping == grouping
    assert found.operations <= MOST_OPERATIONS
    assert_shares_add_up(found, story) if grouping != "layers" else None


def test_weights_inside_a_neuron_are_known():
    """A box Σ knows which parameters stand in it."""
    story = Stage("two-moons").story()
    boxes = [node for node in drawn(story).nodes if node.symbol == "Σ"]
    inside = {quantity for node in boxes for quantity in node.inside}
    assert len(inside) == len(story.graph.parameters.scalars)


def test_second_sample_of_a_batch_has_its_own_numbers():
    """The graph is of one sample; its gradients are that sample's."""
    story = Stage("averaging-over-examples").story()
    if story.record.samples > 1:
        assert_shares_add_up(assert_agrees_with_torch(story, 1), story)


def test_what_does_not_reach_the_loss_has_no_gradient():
    """A dead end is drawn, with values only."""
    nodes = [
        Dense("h", "x", 1, [[0.5]], "tanh", None),
        Dense("dead", "x", 1, [[0.7]], "tanh", None),
        Dense("out", "h", 1, [[0.3]], "identity", None),
    ]
    story = Stage(experiment(nodes, {"x": 1})).story()
    found = drawn(story)
    dead = story.graph.by_name["dead.z"]
    wires = [wire for wire in found.wires if wire.told and wire.told[0].node == dead]
    assert wires
    assert all(wire.gradient is None for wire in wires)
