"""Whole networks of the other operations, held against formulas worked out by hand and PyTorch."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from backprop_gui.engine.expressions import evaluate
from backprop_gui.engine.finite_differences import agrees, numeric_gradients
from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.engine.parameters import ParameterArray, ParameterLayout
from backprop_gui.engine.passes import backward, forward, parameter_gradient
from backprop_gui.engine.stepper import Record, State
from backprop_gui.steps.quantities import GRADIENT, Numbers, Quantity
from backprop_gui.steps.terms import Terms, number_of
from tests.engine.operation_samples import by_torch

X = np.array([[0.9, -0.4, 0.3, 1.2, -0.7, 0.5], [0.1, 0.8, -1.1, 0.4, 0.6, -0.2]])
Y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
KERNEL = np.array([0.7, -1.3, 0.4])


def operation(name: str, kind: str, shape: tuple[int, ...], *operands: int, **attributes: int) -> Node:
    return Node(
        name, "operation", shape, name, OPERATIONS[kind], operands, MappingProxyType(dict(attributes))
    )


def classifier(fused: bool) -> Graph:
    """Six inputs, one shared kernel of three taps, three pairs averaged, three classes."""
    nodes = [
        Node("x", "input", (6,), "x"),
        Node("theta", "parameter", (3,), parameter=0),
        operation("c", "conv1d", (6,), 0, 1, padding=1),
        operation("p", "average_pool", (3,), 2, size=2),
        Node("y", "target", (3,)),
    ]
    if fused:
        nodes.append(operation("loss", "softmax_cross_entropy", (), 3, 4))
    else:
        nodes += [operation("s", "softmax", (3,), 3), operation("loss", "cross_entropy", (), 5, 4)]
    return Graph(tuple(nodes), len(nodes) - 1, ParameterLayout((ParameterArray("theta", (3,)),)))


def record_of(graph: Graph, parameters: Array, leaves: dict[int, Array]) -> Record:
    """One iteration's arrays, without an update."""
    values = forward(graph, parameters, leaves)
    gradients = backward(graph, values)
    mean = parameter_gradient(graph, gradients) / len(values[graph.loss])
    state = State(0, parameters)
    return Record(state, state, np.arange(len(values[graph.loss])), values, gradients, mean, {})


def every_term_adds_up(graph: Graph, record: Record, nodes: list[str]) -> None:
    """Values are their formulas, gradients the sums of their terms, for every element of some nodes."""
    terms = Terms(graph, record, OPTIMIZERS["gradient_descent"].with_settings({}))
    numbers = Numbers(graph, record, {})
    for name in nodes:
        node = graph.by_name[name]
        for sample in range(record.samples):
            for element in np.ndindex(graph.nodes[node].shape):
                if graph.nodes[node].operation is not None:
                    value = Quantity(node, element, sample=sample)
                    shown = number_of(terms.expression(value), numbers)
                    assert shown == pytest.approx(numbers(value), rel=1e-12, abs=1e-14)
                if node != graph.loss:
                    slope = Quantity(node, element, GRADIENT, sample)
                    parts = [number_of(term.product, numbers) for term in terms.gradient(slope)]
                    assert sum(parts) == pytest.approx(numbers(slope), rel=1e-12, abs=1e-14)


def by_hand(x: Array, y: Array) -> dict[str, Array]:
    """The article's formulas for one sample, loop by loop."""
    padded = np.concatenate([[0.0], x, [0.0]])
    c = np.array([sum(KERNEL[k] * padded[i + k] for k in range(3)) for i in range(6)])
    p = np.array([(c[2 * i] + c[2 * i + 1]) / 2 for i in range(3)])
    s = np.exp(p) / np.exp(p).sum()
    by_p = s - y
    by_c = np.array([0.5 * by_p[i // 2] for i in range(6)])
    by_theta = np.array([sum(by_c[i] * padded[i + k] for i in range(6)) for k in range(3)])
    reach = [[(j - k, k + 1) for k in (-1, 0, 1) if 0 <= j - k < 6] for j in range(6)]
    by_x = np.array([sum(by_c[i] * KERNEL[k] for i, k in pairs) for pairs in reach])
    return {"c": by_c, "p": by_p, "theta": by_theta, "x": by_x, "loss": np.array(-(y * np.log(s)).sum())}


@pytest.mark.parametrize("fused", [True, False])
def test_the_convolution_classifier_by_hand(fused):
    """∂L/∂p = s − y, ∂L/∂c half of its pair's, ∂L/∂θ a sum over places, ∂L/∂x a sum over taps."""
    graph = classifier(fused)
    values = forward(graph, KERNEL, {0: X, 4: Y})
    gradients = backward(graph, values)
    expected = [by_hand(x, y) for x, y in zip(X, Y, strict=True)]
    for name in ("c", "p", "x"):
        found = gradients[graph.by_name[name]]
        np.testing.assert_allclose(found, [each[name] for each in expected], rtol=1e-12)
    np.testing.assert_allclose(values[graph.loss], [each["loss"] for each in expected], rtol=1e-12)
    summed = sum(each["theta"] for each in expected)
    np.testing.assert_allclose(parameter_gradient(graph, gradients), summed, rtol=1e-12)


def test_finite_differences_confirm_the_classifier():
    """Every tap of the shared kernel, for every sample."""
    graph = classifier(fused=True)
    numeric = numeric_gradients(graph, KERNEL, {0: X, 4: Y}, range(3))
    for place, slopes in enumerate(numeric):
        for slope, x, y in zip(slopes, X, Y, strict=True):
            one = by_hand(x, y)
            assert agrees(float(slope), float(one["theta"][place]), float(one["loss"]))


def test_fused_and_unfused_tell_the_same():
    """Softmax and cross-entropy in one step or in two: the same loss, the same gradients."""
    leaves = {0: X, 4: Y}
    one, two = (record_of(classifier(fused), KERNEL, leaves) for fused in (True, False))
    np.testing.assert_allclose(one.values[-1], two.values[-1], rtol=1e-13)
    np.testing.assert_allclose(one.parameter_gradient, two.parameter_gradient, rtol=1e-12)
    for index in (0, 2, 3):
        np.testing.assert_allclose(one.gradients[index], two.gradients[index], rtol=1e-12)


@pytest.mark.parametrize("fused", [True, False])
def test_each_use_of_the_shared_kernel_is_a_term(fused):
    """The middle tap stands on six places, the outer ones on five: zeros beyond the edge are no use."""
    graph = classifier(fused)
    record = record_of(graph, KERNEL, {0: X, 4: Y})
    terms = Terms(graph, record, OPTIMIZERS["gradient_descent"].with_settings({}))
    counts = [len(terms.gradient(Quantity(1, (k,), GRADIENT, 0))) for k in range(3)]
    assert counts == [5, 6, 5]
    every_term_adds_up(graph, record, [node.name for node in graph.nodes if node.kind != "target"])


def test_large_logits_through_the_whole_network():
    """A kernel a thousand times as large: the fused loss stays finite, and its terms with it."""
    graph = classifier(fused=True)
    record = record_of(graph, 1000 * KERNEL, {0: X, 4: Y})
    assert np.isfinite(record.values[graph.loss]).all()
    assert record.values[graph.loss].max() > 100
    every_term_adds_up(graph, record, ["loss", "p", "c", "theta", "x"])


def diamond() -> tuple[Graph, dict[int, Array]]:
    """L = Σ |[x·x·tanh x, x + tanh x, ReLU x] − y|: a node used twice, skips, and a row of nodes."""
    nodes = (
        Node("x", "input", (2,), "x"),
        operation("t", "tanh", (2,), 0),
        operation("m", "multiply", (2,), 0, 0, 1),
        operation("a", "add", (2,), 0, 1),
        operation("r", "relu", (2,), 0),
        operation("row", "concatenate", (6,), 2, 3, 4),
        Node("y", "target", (6,)),
        operation("loss", "absolute_error", (), 5, 6),
    )
    generator = np.random.default_rng(4)
    leaves = {0: generator.uniform(-1, 1, (3, 2)), 6: generator.uniform(-1, 1, (3, 6))}
    return Graph(nodes, 7, ParameterLayout(())), leaves


def test_a_node_used_in_every_way_at_once():
    """PyTorch gives the same gradient for x, which takes part six times."""
    torch = pytest.importorskip("torch")
    graph, leaves = diamond()
    record = record_of(graph, np.zeros(0), leaves)
    tensors: list = []
    for index, node in enumerate(graph.nodes):
        if node.operation is None:
            tensors.append(torch.tensor(leaves[index], requires_grad=node.kind == "input"))
        else:
            tensors.append(by_torch(node.operation.name, [tensors[o] for o in node.operands], {}))
    tensors[-1].sum().backward()
    np.testing.assert_allclose(record.gradients[0], tensors[0].grad.numpy(), rtol=1e-12)


def test_a_factor_that_stands_twice_gives_two_terms():
    """x·x·t by x: each x is a use, with x·t as its slope, and they are added up."""
    graph, leaves = diamond()
    record = record_of(graph, np.zeros(0), leaves)
    terms = Terms(graph, record, OPTIMIZERS["gradient_descent"].with_settings({}))
    found = terms.gradient(Quantity(0, (1,), GRADIENT, 0))
    assert [(term.consumer, term.slot) for term in found] == [(1, 0), (2, 0), (2, 1), (3, 0), (4, 0)]
    numbers = Numbers(graph, record, {})
    x, t = (numbers(Quantity(node, (1,), sample=0)) for node in (0, 1))
    assert [evaluate(term.local, numbers) for term in found[1:3]] == [x * t, x * t]
    every_term_adds_up(graph, record, ["x", "t", "m", "a", "r", "row", "loss"])
