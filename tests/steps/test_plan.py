"""The order of an iteration's steps: the worked example by heart, every other network by its rules."""

from __future__ import annotations

import gc
import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.operations import ACTIVATIONS, AFFINE, LOSSES
from backprop_gui.engine.parameters import ParameterArray, ParameterLayout
from backprop_gui.experiment.document import Dense
from backprop_gui.steps.groups import group, next_end, previous_end
from backprop_gui.steps.plan import STEP_SIZES, Plan
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, experiment, experiments, layers, name_of, plan_of, preset, references

WORKED_EXAMPLE = """
    h1.z[1] h1.a[1] h1.z[2] h1.a[2] h2.z[1] h2.a[1] h2.z[2] h2.a[2] out.z[1] out.a[1]
    loss
    d(out.a[1]) d(out.z[1]) d(w9) d(w10) d(b5)
    d(h2.a[1]) d(h2.z[1]) d(w5) d(w6) d(b3)
    d(h2.a[2]) d(h2.z[2]) d(w7) d(w8) d(b4)
    d(h1.a[1]) d(h1.z[1]) d(w1) d(w2) d(b1)
    d(h1.a[2]) d(h1.z[2]) d(w3) d(w4) d(b2)
    new|w1 new|w2 new|w3 new|w4 new|w5 new|w6 new|w7 new|w8 new|w9 new|w10
    new|b1 new|b2 new|b3 new|b4 new|b5
"""


def names(plan: Plan) -> list[str]:
    return [name_of(plan, step) for step in range(1, plan.total + 1)]


def test_the_worked_example():
    """10 forward steps, 1 loss, 25 backward and 15 updates, in the order the product page gives."""
    plan = plan_of(Timeline.of(preset("worked-example")))
    assert plan.total == 51
    assert names(plan) == [name.replace("|", " ") for name in WORKED_EXAMPLE.split()]
    assert [(s.phase, s.start, s.end) for s in plan.stretches()] == [
        ("forward", 0, 10),
        ("loss", 10, 11),
        ("backward", 11, 36),
        ("update", 36, 51),
    ]


ENDS = {
    "operation": list(range(1, 52)),
    "neuron": [2, 4, 6, 8, 10, 11, 16, 21, 26, 31, 36, 38, 40, 42, 44, 46, 47, 48, 49, 50, 51],
    "layer": [4, 8, 10, 11, 16, 26, 36, 40, 44, 46, 48, 50, 51],
    "phase": [10, 11, 36, 51],
    "iteration": [51],
    "epoch": [51],
}


@pytest.mark.parametrize("size", STEP_SIZES)
def test_ends_of_the_worked_examples_groups(size):
    """Next goes to the nearest end beyond a position, previous to the nearest before."""
    plan = plan_of(Timeline.of(preset("worked-example")))
    for position in range(52):
        beyond = [end for end in ENDS[size] if end > position]
        before = [end for end in ENDS[size] if end < position]
        assert next_end(plan, position, size) == (beyond[0] if beyond else None)
        assert previous_end(plan, position, size) == (before[-1] if before else None)


def test_samples_then_means_then_updates():
    """With two samples: each one forward, loss and backward, then an average step per parameter."""
    document = experiment([Dense("o", "x", 1, [[0.5]], "sigmoid", [0.1])], {"x": 1}, rows=2, batch_size=2)
    one = ["o.z[1]@{}", "o.a[1]@{}", "loss@{}", "d(o.a[1])@{}", "d(o.z[1])@{}", "d(w1)@{}", "d(b1)@{}"]
    expected = [name.format(sample) for sample in (1, 2) for name in one]
    expected += ["d(w1)@mean", "d(b1)@mean", "new w1", "new b1"]
    plan = plan_of(Timeline.of(document))
    assert names(plan) == expected
    mean = plan.stretch(15)
    assert (mean.phase, mean.sample, mean.start, mean.end) == ("backward", None, 14, 16)


def test_a_shared_parameter_comes_with_its_last_use():
    """Weights and bias of two layers: told where the way back meets them last, weights before the bias."""
    nodes = [
        Dense("h1", "x", 1, [[0.3]], "tanh", "beta"),
        Dense("h2", "h1", 1, "theta", "tanh", "beta"),
        Dense("h3", "h2", 1, "theta", "tanh", "beta"),
    ]
    document = experiment(nodes, {"x": 1}, parameters={"theta": [[0.5]], "beta": [0.1]})
    assert names(plan_of(Timeline.of(document)))[7:] == [
        *("d(h3.a[1])", "d(h3.z[1])", "d(h2.a[1])", "d(h2.z[1])", "d(theta[1,1])"),
        *("d(h1.a[1])", "d(h1.z[1])", "d(w1)", "d(beta[1])"),
        *("new w1", "new beta[1]", "new theta[1,1]"),
    ]


def test_weights_come_before_the_bias_whatever_was_met_first():
    """A bias that another layer named first still stands behind the weights of the neuron it is told with."""
    dead = Dense("dead", "x", 1, [[0.3]], "tanh", "beta")
    document = experiment(
        [dead, Dense("out", "x", 1, "theta", "tanh", "beta")],
        {"x": 1},
        parameters={"theta": [[0.5]], "beta": [0.1]},
    )
    told = names(plan_of(Timeline.of(document)))
    assert told[5:] == [
        *("d(out.a[1])", "d(out.z[1])", "d(theta[1,1])", "d(beta[1])"),
        *("new beta[1]", "new theta[1,1]"),
    ]


def test_dead_ends_frozen_and_missing_ones_are_left_out():
    """No step tells of a gradient that is not there, nor of an update that is not made."""
    nodes = [
        Dense("h1", "x", 2, [[0.5, None], [None, 0.2]], "tanh", [0.1, 0.2]),
        Dense("dead", "h1", 1, [[1.0, 1.0]], "tanh", [0.3]),
        Dense("out", "h1", 1, [[1.0, None]], "tanh", None),
    ]
    plan = plan_of(Timeline.of(experiment(nodes, {"x": 2}, frozen=["w1", "b2"])))
    assert names(plan) == [
        *(
            "h1.z[1]",
            "h1.a[1]",
            "h1.z[2]",
            "h1.a[2]",
            "dead.z[1]",
            "dead.a[1]",
            "out.z[1]",
            "out.a[1]",
            "loss",
        ),
        *("d(out.a[1])", "d(out.z[1])", "d(w5)"),
        *("d(h1.a[1])", "d(h1.z[1])", "d(w1)", "d(b1)", "d(h1.a[2])", "d(h1.z[2])", "d(w2)", "d(b2)"),
        *("new w2", "new w5", "new b1"),
    ]
    graph = plan.graph
    nowhere = [
        Quantity(graph.by_name["dead.z"], (0,), GRADIENT, 0),
        Quantity(graph.by_name["dead.W"], (0, 0), GRADIENT, 0),
        Quantity(graph.by_name["h1.W"], (0, 1), GRADIENT, 0),  # a missing connection
        Quantity(graph.by_name["h1.W"], (0, 0), "updated"),  # frozen
        Quantity(graph.by_name["x"], (0,), GRADIENT, 0),
        Quantity(graph.loss, (), GRADIENT, 0),
        Quantity(graph.by_name["out.z"], (0,), "value", 1),  # there is one sample
    ]
    assert [plan.step_of(quantity) for quantity in nowhere] == [None] * len(nowhere)
    assert plan.step_of(Quantity(graph.by_name["x"], (0,), "value", 0)) == 0
    assert plan.step_of(Quantity(graph.by_name["h1.W"], (0, 0))) == 0


def test_a_layer_without_any_connection():
    """Its bias is all it has, and every step has its place."""
    document = experiment([Dense("out", "x", 2, [[None, None]] * 2, "tanh", [0.1, 0.2])], {"x": 2})
    plan = plan_of(Timeline.of(document))
    assert names(plan)[5:] == [
        *("d(out.a[1])", "d(out.z[1])", "d(b1)", "d(out.a[2])", "d(out.z[2])", "d(b2)"),
        *("new b1", "new b2"),
    ]
    inverse(plan)


def test_a_loss_of_the_input_itself():
    """A network without neurons has one step a sample."""
    document = experiment([], {"x": 2}, of="x", rows=2, batch_size=2)
    assert names(plan_of(Timeline.of(document))) == ["loss@1", "loss@2"]


def inverse(plan: Plan) -> None:
    """Every step has a quantity of its own, and is found from it."""
    quantities = [plan.quantity(step) for step in range(1, plan.total + 1)]
    assert len(set(quantities)) == plan.total
    assert [plan.step_of(quantity) for quantity in quantities] == list(range(1, plan.total + 1))


@settings(max_examples=150)
@given(experiments())
def test_steps_and_quantities_are_inverse(document):
    """For any network, batch and frozen set."""
    timeline = Timeline.of(document)
    for iteration in range(timeline.segments[0].model.batches.per_epoch):
        inverse(plan_of(timeline, iteration))


@settings(max_examples=100)
@given(experiments(), st.data())
def test_groups_cover_all_steps_without_overlap(document, data):
    """Groups of a size follow each other without a gap; a larger one begins and ends with smaller ones."""
    plan = plan_of(Timeline.of(document))
    ends: dict[str, list[int]] = {}
    for size in STEP_SIZES:
        position, ends[size] = 0, [0]
        while position < plan.total:
            _, end = span = group(plan, position + 1, size)
            assert {group(plan, step, size) for step in range(position + 1, end + 1)} == {span}
            assert next_end(plan, position, size) == end
            position = end
            assert previous_end(plan, position, size) == (ends[size][-1] or None)
            ends[size].append(position)
        assert position == plan.total
    for smaller, larger in itertools.pairwise(STEP_SIZES):
        assert set(ends[larger]) <= set(ends[smaller])
    step = data.draw(st.integers(1, plan.total))
    start, end = group(plan, step, "layer")
    assert len({plan.part(inside) for inside in range(start + 1, end + 1)}) == 1


@settings(max_examples=100)
@given(experiments())
def test_nothing_is_told_before_what_it_is_made_of(document):
    """The parts of every number are uncovered before it: values and gradients, in all phases."""
    story = Story(Timeline.of(document))
    for step in range(1, story.plan.total + 1):
        expression = story.terms.expression(story.plan.quantity(step))
        for quantity in references(expression):
            known = story.plan.step_of(quantity)
            assert known is not None
            assert known < step


def large(sizes: list[int]) -> Graph:
    """A dense network as a bare graph, without documents or numbers."""
    arrays, nodes = [], [Node("x", "input", (sizes[0],))]
    for place, (before, units) in enumerate(itertools.pairwise(sizes)):
        sender = len(nodes) - 1
        arrays += [
            ParameterArray(f"W{place}", (units, before), "w"),
            ParameterArray(f"b{place}", (units,), "b"),
        ]
        nodes += [
            Node(f"W{place}", "parameter", (units, before), parameter=place),
            Node(f"b{place}", "parameter", (units,), parameter=len(sizes) - 1 + place),
            Node(f"z{place}", "operation", (units,), f"h{place}", AFFINE, (sender, sender + 1, sender + 2)),
            Node(f"a{place}", "operation", (units,), f"h{place}", ACTIVATIONS["tanh"], (sender + 3,)),
        ]
    nodes.append(Node("y", "target", (sizes[-1],)))
    nodes.append(Node("loss", "operation", (), "", LOSSES["squared_error"], (len(nodes) - 2, len(nodes) - 1)))
    layout = ParameterLayout((*arrays[0::2], *arrays[1::2]))
    return Graph(tuple(nodes), len(nodes) - 1, layout)


def test_a_large_network_costs_nothing_until_it_is_looked_at():
    """784-128-64-10 has over 200,000 steps; no object is made for a step, only a few for each neuron."""
    graph = large([784, 128, 64, 10])
    frozen = np.zeros(graph.parameters.size, dtype=bool)
    gc.collect()
    before = sys.getallocatedblocks()
    plan = Plan(graph, 1, ("updated",), frozen)
    looked_at = {step: plan.quantity(step) for step in (1, 405, 406, 1000, 109_000, 200_000, plan.total)}
    made = sys.getallocatedblocks() - before
    parameters = 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    assert plan.total == 2 * (128 + 64 + 10) * 2 + 1 + 2 * parameters
    assert all(plan.step_of(quantity) == step for step, quantity in looked_at.items())
    assert made < 5000
    assert group(plan, 150_000, "phase") == (plan.update_start, plan.total)


@pytest.mark.parametrize("samples", [1, 4])
def test_a_last_batch_that_is_smaller_has_a_plan_of_its_own(samples):
    """The plan follows the number of samples that are there."""
    document = layers([1, 1], rows=5, batch_size=4)
    timeline = Timeline.of(document)
    plan = plan_of(timeline, 0 if samples == 4 else 1)
    assert plan.samples == samples
    inverse(plan)
