"""Gradients on networks of every shape that ever broke one: sharing, diamonds, gaps, dead ends, length."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from backprop_gui.engine.finite_differences import agrees, numeric_gradients, relative_error
from backprop_gui.engine.graph import Graph, Node, Use
from backprop_gui.engine.operations import ACTIVATIONS, AFFINE, LOSSES
from backprop_gui.engine.parameters import ParameterArray, ParameterLayout
from backprop_gui.engine.passes import backward, forward, parameter_gradient
from backprop_gui.experiment.build import Model, build
from backprop_gui.experiment.document import Dense, Experiment
from tests.engine.operation_samples import by_torch
from tests.networks import experiment, layers

SQUARE = [[0.3, -0.7], [0.9, 0.4]]
WIDE = [[0.5, -1.2]]


def twice() -> Experiment:
    """Two layers in a row with one weight matrix and one bias vector."""
    nodes = [Dense("h1", "x", 2, "theta", "sigmoid", "beta"), Dense("h2", "h1", 2, "theta", "tanh", "beta")]
    return experiment(nodes, {"x": 2}, parameters={"theta": SQUARE, "beta": [0.1, -0.2]}, rows=2)


def four_times() -> Experiment:
    """One number that is every weight and, in one layer, stands beside a bias of the same name's shape."""
    nodes = [Dense(f"h{i}", f"h{i - 1}" if i > 1 else "x", 1, "theta", "tanh") for i in range(1, 5)]
    return experiment(nodes, {"x": 1}, parameters={"theta": [[0.8]]}, rows=3)


def square_of_itself() -> Experiment:
    """The loss of w·(w·x): the second layer is linear in a value the same weight has made."""
    nodes = [Dense("h1", "x", 1, "w"), Dense("h2", "h1", 1, "w")]
    return experiment(nodes, {"x": 1}, parameters={"w": [[1.3]]})


def gaps() -> Experiment:
    """Missing connections, a neuron with none of them, and a column nobody uses."""
    nodes = [
        Dense("h1", "x", 3, [[0.4, None], [None, None], [-0.3, None]], "sigmoid", [0.1, 0.2, 0.3]),
        Dense("out", "h1", 2, [[0.5, None, 1.0], [None, 0.7, None]]),
    ]
    return experiment(nodes, {"x": 2}, rows=2)


def no_connection_at_all() -> Experiment:
    """A layer that hears nothing and has only its bias."""
    nodes = [
        Dense("h1", "x", 2, SQUARE, "tanh"),
        Dense("out", "h1", 2, [[None, None], [None, None]], "sigmoid", [0.3, 0.4]),
    ]
    return experiment(nodes, {"x": 2})


def several_inputs() -> Experiment:
    """Two inputs, of which one feeds a node beside the way to the loss."""
    nodes = [
        Dense("h1", "u", 2, [[0.2], [0.8]], "tanh"),
        Dense("side", "x", 1, WIDE),
        Dense("o", "h1", 1, WIDE),
    ]
    return experiment(nodes, {"x": 2, "u": 1}, rows=2)


def dead_end() -> Experiment:
    """A node with a weight shared with the living part, and consumers that go nowhere."""
    nodes = [
        Dense("h1", "x", 2, "theta", "sigmoid", [0.1, 0.1]),
        Dense("dead", "h1", 2, "theta", "tanh"),
        Dense("deader", "dead", 1, WIDE),
        Dense("out", "h1", 1, WIDE, "sigmoid"),
    ]
    return experiment(nodes, {"x": 2}, of="out", parameters={"theta": SQUARE})


NAMED = [
    twice,
    four_times,
    square_of_itself,
    gaps,
    no_connection_at_all,
    several_inputs,
    dead_end,
    lambda: layers([2, 2, 2, 1], activation="sigmoid"),
    lambda: layers([3, 5, 4, 2], rows=4, loss="squared_error"),
]


def gradients_of(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """The loss of each sample, and the parameter gradient summed over the samples."""
    values = forward(model.graph, model.initial, dict(model.leaves))
    return values[model.graph.loss], parameter_gradient(model.graph, backward(model.graph, values))


def agrees_with_pytorch(graph: Graph, parameters: np.ndarray, leaves: dict[int, np.ndarray]) -> None:
    """Carry the same graph out with tensors, and compare every gradient."""
    torch = pytest.importorskip("torch")
    layout = graph.parameters
    mine = backward(graph, forward(graph, parameters, leaves))
    tensors: list = []
    for index, node in enumerate(graph.nodes):
        if node.operation is not None:
            of = [tensors[operand] for operand in node.operands]
            tensors.append(by_torch(node.operation.name, of, node.attributes))
            tensors[-1].retain_grad()
        else:
            numbers = layout.view(parameters, node.parameter) if node.kind == "parameter" else leaves[index]
            tensors.append(torch.tensor(numbers, requires_grad=True))
    tensors[graph.loss].sum().backward()
    for index, node in enumerate(graph.nodes):
        theirs, gradient = tensors[index].grad, mine[index]
        if node.kind == "target":
            continue
        if gradient is None:
            assert theirs is None
            continue
        present = layout.arrays[node.parameter].present if node.kind == "parameter" else None
        wanted = theirs.numpy() if present is None else np.where(present, theirs.numpy(), 0)
        np.testing.assert_allclose(gradient, wanted, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("make", NAMED)
def test_gradients_of_named_shapes(make):
    """Finite differences confirm every parameter, for every sample by itself and for the sum."""
    model = build(make())
    losses, gradient = gradients_of(model)
    scalars = model.graph.parameters.scalars
    numeric = numeric_gradients(model.graph, model.initial, model.leaves, scalars)
    for place, found in zip(scalars, numeric, strict=True):
        assert found.shape == losses.shape
        assert agrees(float(found.sum()), float(gradient[place]), float(losses.sum()))
    missing = np.setdiff1d(np.arange(model.graph.parameters.size), scalars)
    assert not gradient[missing].any()


@pytest.mark.parametrize("make", NAMED)
def test_named_shapes_agree_with_pytorch(make):
    """PyTorch gives the same gradient for every node, input and parameter."""
    model = build(make())
    agrees_with_pytorch(model.graph, model.initial, dict(model.leaves))


def test_dead_ends_have_no_gradient():
    """A node that cannot reach the loss is named, and its own weights are never moved."""
    model = build(dead_end())
    graph = model.graph
    assert model.unreached() == ["dead", "deader"]
    gradients = backward(graph, forward(graph, model.initial, dict(model.leaves)))
    assert [gradients[graph.by_name[name]] for name in ("dead.z", "deader.a", "deader.W")] == [None] * 3
    assert gradients[graph.by_name["theta"]] is not None
    record = model.stepper().record(model.stepper().start(model.initial))
    place = graph.parameters.place_of("w1")
    assert record.parameter_gradient[place] == 0
    assert record.after.parameters[place] == model.initial[place]


def hand_made(activations: list[tuple[str, str]], size: int = 2) -> tuple[Graph, np.ndarray, dict]:
    """A graph of activations only, (name, the node it is of); the loss is of the last."""
    nodes = [Node("x", "input", (size,))]
    places = {"x": 0}
    for place, (name, of) in enumerate(activations, start=1):
        kind = name.rstrip("0123456789")
        nodes.append(Node(name, "operation", (size,), name, ACTIVATIONS[kind], (places[of],)))
        places[name] = place
    nodes.append(Node("targets", "target", (size,)))
    nodes.append(Node("loss", "operation", (), "", LOSSES["squared_error"], (len(nodes) - 2, len(nodes) - 1)))
    graph = Graph(tuple(nodes), len(nodes) - 1, ParameterLayout(()))
    data = np.random.default_rng(1).uniform(-1, 1, (2, 2, size))
    return graph, np.zeros(0), {0: data[0], len(nodes) - 2: data[1]}


def test_a_node_used_twice_by_one_consumer():
    """In z = Wx + b with W also the bias's source, both uses count: a set of operands would lose one."""
    layout = ParameterLayout((ParameterArray("theta", (1,)), ParameterArray("W", (1, 1))))
    nodes = (
        Node("x", "input", (1,)),
        Node("W", "parameter", (1, 1), parameter=1),
        Node("theta", "parameter", (1,), parameter=0),
        Node("z1", "operation", (1,), "", AFFINE, (0, 1, 2)),
        Node("z2", "operation", (1,), "", AFFINE, (3, 1, 2)),
        Node("y", "target", (1,)),
        Node("loss", "operation", (), "", LOSSES["half_squared_error"], (4, 5)),
    )
    graph = Graph(nodes, 6, layout)
    assert graph.uses[1] == (Use(3, 1), Use(4, 1))
    assert graph.parameter_nodes == (2, 1)
    leaves = {0: np.array([[0.7]]), 5: np.array([[0.2]])}
    parameters = np.array([0.4, -0.9])
    # z2 = W(Wx + θ) + θ, so ∂z2/∂W = 2Wx + θ and ∂z2/∂θ = W + 1.
    gradient = parameter_gradient(graph, backward(graph, forward(graph, parameters, leaves)))
    error = -0.9 * (-0.9 * 0.7 + 0.4) + 0.4 - 0.2
    np.testing.assert_allclose(gradient, [error * (-0.9 + 1), error * (2 * -0.9 * 0.7 + 0.4)], rtol=1e-14)
    agrees_with_pytorch(graph, parameters, leaves)


def test_a_neuron_with_several_consumers():
    """Sigmoids of one node: what arrives from each is added up, whether or not they reach the loss."""
    graph, parameters, leaves = hand_made(
        [("sigmoid1", "x"), ("tanh1", "sigmoid1"), ("sigmoid2", "sigmoid1"), ("tanh2", "sigmoid2")]
    )
    gradients = backward(graph, forward(graph, parameters, leaves))
    assert gradients[graph.by_name["tanh1"]] is None
    agrees_with_pytorch(graph, parameters, leaves)


def test_five_thousand_nodes_in_a_row():
    """No pass recurses: depth is bounded by memory alone."""
    depth = 5000
    assert depth > 4 * sys.getrecursionlimit()
    graph, parameters, leaves = hand_made(
        [(f"identity{i}", f"identity{i - 1}" if i else "x") for i in range(depth)]
    )
    assert len(graph.completion_order) == depth + 1
    gradients = backward(graph, forward(graph, parameters, leaves))
    np.testing.assert_array_equal(gradients[0], 2 * (leaves[0] - leaves[depth + 1]))


def test_operands_come_first():
    """A graph in another order is refused: forward would read what is not there yet."""
    node = Node("a", "operation", (1,), "", ACTIVATIONS["sigmoid"], (1,))
    with pytest.raises(ValueError, match="a stands before one of its operands"):
        Graph((node, Node("x", "input", (1,))), 0, ParameterLayout(()))


def test_the_sweep_waits_for_all_downstream_nodes():
    """Completion order: the loss first, and no node before all that use it."""
    for make in NAMED:
        graph = build(make()).graph
        order = graph.completion_order
        rank = {index: place for place, index in enumerate(order)}
        assert order[0] == graph.loss
        assert set(order) == {i for i in graph.operations if i in graph.reaches_loss}
        for index in order:
            users = [use.consumer for use in graph.uses[index] if use.consumer in graph.reaches_loss]
            assert all(rank[user] < rank[index] for user in users)


def test_running_twice_gives_the_same():
    """Gradients live in the pass, not on the nodes: nothing adds up behind one's back."""
    model = build(twice())
    first, second = gradients_of(model)[1], gradients_of(model)[1]
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("numeric", "gradient", "error"), [(0.0, 0.0, 0.0), (1.0, 1.5, 1 / 3), (-1.0, 1.0, 2.0), (0.0, 1e-9, 1.0)]
)
def test_relative_error(numeric, gradient, error):
    """|n − g| / max(|n|, |g|), and 0 when both are 0."""
    assert relative_error(numeric, gradient) == pytest.approx(error)
    assert relative_error(gradient, numeric) == pytest.approx(error)
