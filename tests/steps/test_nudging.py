"""Nudges: what is predicted, what comes true, and where difference quotients are best."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings

from backprop_gui.engine.passes import forward
from backprop_gui.steps.nudging import MOST_LINES, SIZES, Nudging, moved, valley
from backprop_gui.steps.quantities import Quantity
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, layers, preset
from tests.random_graphs import documents

SIDE = 1e-5


def parameter(story: Story, name: str) -> Quantity:
    """A parameter by its own name."""
    place = story.graph.parameters.place_of(name)
    assert place is not None
    array, element = story.graph.parameters.locate(place)
    return Quantity(story.graph.parameter_nodes[array], element)


def leaves_of(story: Story, most: int) -> Iterator[Quantity]:
    """Parameters and inputs, `most` of them, spread over all."""
    names = list(story.graph.parameters.names)
    found = [parameter(story, name) for name in names]
    for node in story.graph.inputs:
        found += [Quantity(node, element, sample=0) for element in np.ndindex(story.graph.nodes[node].shape)]
    yield from found[:: max(1, len(found) // most)]


def values_by_hand(story: Story, leaf: Quantity, change: float) -> list[np.ndarray]:
    """A forward pass with one number changed, from the data and the parameters alone."""
    graph = story.graph
    leaves = {index: data[story.record.rows].copy() for index, data in story.model.leaves.items()}
    parameters = story.record.before.parameters.copy()
    if graph.nodes[leaf.node].kind == "parameter":
        parameters[story.plan.place(leaf)] += change
    else:
        leaves[leaf.node][(0, *leaf.element)] += change
    return forward(graph, parameters, leaves)


def is_bent(story: Story, nudging: Nudging) -> bool:
    """Whether any quantity bends within the reach of the finite difference: its slopes differ."""
    low, here, high = (values_by_hand(story, nudging.leaf, change) for change in (-SIDE, 0.0, SIDE))
    for node in nudging._downstream:
        left, right = (here[node] - low[node]) / SIDE, (high[node] - here[node]) / SIDE
        if not np.allclose(left, right, rtol=1e-2, atol=1e-3):
            return True
    return False


def assert_slopes_are_finite_differences(story: Story, leaf: Quantity) -> None:
    nudging = Nudging(story.graph, story.record, leaf, 0)
    if is_bent(story, nudging):
        return
    above, below = values_by_hand(story, leaf, SIDE), values_by_hand(story, leaf, -SIDE)
    moves = nudging.by(1e-6).moves
    assert len(moves) == min(nudging.count, MOST_LINES)
    for move in moves:
        node, place = move.quantity.node, (0, *move.quantity.element)
        numeric = (above[node][place] - below[node][place]) / (2 * SIDE)
        assert move.slope == pytest.approx(numeric, rel=1e-5, abs=1e-7)
        assert move.predicted == pytest.approx(move.slope * 1e-6, rel=1e-6)
        assert move.true == pytest.approx(move.predicted, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize(
    "name", ["worked-example", "softmax-classifier", "conv-classifier", "skip-connection-dag"]
)
def test_every_quantity_downstream_moves_as_finite_differences_say(name):
    """Weights, biases and inputs of presets of every kind."""
    story = Story(Timeline.of(preset(name)))
    for leaf in leaves_of(story, 12):
        assert_slopes_are_finite_differences(story, leaf)


@settings(max_examples=60, deadline=None)
@given(documents())
def test_in_random_graphs_too(document):
    """Whatever the nodes: shared weights, repeated operands, missing connections."""
    story = Story(Timeline.of(document))
    for leaf in leaves_of(story, 5):
        assert_slopes_are_finite_differences(story, leaf)


@settings(max_examples=40, deadline=None)
@given(documents())
def test_the_prediction_for_the_loss_is_gradient_times_nudge(document):
    """And what the backward pass from the quantities finds for it is the gradient of training."""
    story = Story(Timeline.of(document))
    for leaf in leaves_of(story, 5):
        for sample in range(story.record.samples):
            nudging = Nudging(
                story.graph,
                story.record,
                Quantity(leaf.node, leaf.element, sample=None if leaf.sample is None else sample),
                sample,
            )
            nudge = nudging.by(0.01)
            assert nudge.cost.predicted == nudge.cost.gradient * nudge.step
            own = [move for move in nudge.moves if move.quantity.node == story.graph.loss]
            if nudging.is_parameter:
                place = story.plan.place(leaf)
                expected = float(story.numbers.sample_gradient(sample)[place])
                assert nudge.cost.gradient == story.record.parameter_gradient[place]
            else:
                expected = nudge.cost.gradient
            if own:
                assert own[0].slope == pytest.approx(expected, rel=1e-9, abs=1e-12)
            else:
                assert expected == 0


def test_the_worked_example_as_drawn():
    """w5 from 0.9 to 0.91: z moves by 0.006011, the loss by 0.009171 for each unit."""
    story = Story(Timeline.of(preset("worked-example")))
    nudge = Nudging(story.graph, story.record, parameter(story, "w5"), 0).by(0.01)
    assert (nudge.before, nudge.after) == (0.9, 0.91)
    assert nudge.moves[0].true == pytest.approx(0.006011, abs=5e-7)
    assert nudge.moves[0].predicted == pytest.approx(nudge.moves[0].true)
    assert [story.graph.nodes[move.quantity.node].name for move in nudge.moves][-1] == "loss"
    assert nudge.cost.forward == pytest.approx(0.009171, abs=5e-7)
    assert nudge.cost.gradient == pytest.approx(0.009189, abs=5e-7)
    assert nudge.cost.central is not None
    assert nudge.cost.forward is not None
    assert abs(nudge.cost.central - nudge.cost.gradient) < abs(nudge.cost.forward - nudge.cost.gradient) / 10


def test_a_parameter_moves_the_mean_of_a_batch_and_an_input_its_own_sample():
    """The loss as a whole is that of the batch for what all samples share."""
    story = Story(Timeline.of(preset("averaging-over-examples")))
    assert story.record.samples > 1
    losses = story.record.values[story.graph.loss]
    name = story.graph.parameters.names[0]
    shared = Nudging(story.graph, story.record, parameter(story, name), 1).by(0.5).cost
    assert shared.before == losses.mean()
    assert shared.after == values_by_hand(story, parameter(story, name), 0.5)[story.graph.loss].mean()
    own = Nudging(story.graph, story.record, Quantity(story.graph.inputs[0], (0,), sample=1), 1)
    assert own.by(0.5).cost.before == losses[1]
    assert own.over_batch is False


def test_of_very_many_quantities_the_strongest_are_listed():
    """An input moves some hundred numbers: the listed ones move most, and the loss is among them."""
    story = Story(Timeline.of(layers([4, 40, 30, 3])))
    leaf = Quantity(story.graph.inputs[0], (0,), sample=0)
    nudging = Nudging(story.graph, story.record, leaf, 0)
    above, here = values_by_hand(story, leaf, 1e-4), values_by_hand(story, leaf, 0.0)
    moves = nudging.by(1e-4).moves
    assert moves[-1].quantity.node == story.graph.loss
    listed = {(move.quantity.node, move.quantity.element) for move in moves}
    changes = {
        (index, element): abs(above[index][0][element] - here[index][0][element])
        for index in story.graph.operations
        for element in np.ndindex(story.graph.nodes[index].shape)
    }
    left = [change for key, change in changes.items() if key not in listed]
    least = min(changes[key] for key in listed if key[0] != story.graph.loss)
    assert len(moves) == MOST_LINES < nudging.count
    assert max(left) <= least


def test_the_valley_lies_where_brute_force_finds_it():
    """Every point of the sweep, computed again from the quotients themselves."""
    story = Story(Timeline.of(preset("worked-example")))
    nudging = Nudging(story.graph, story.record, parameter(story, "w5"), 0)
    points = list(nudging.sweep())
    assert [point.size for point in points] == list(SIZES)
    assert (SIZES[0], SIZES[-1]) == (1.0, pytest.approx(1e-12))
    loss, gradient = story.graph.loss, nudging.gradient
    here = float(values_by_hand(story, nudging.leaf, 0.0)[loss][0])
    errors = []
    for size in SIZES:
        up, down = (float(values_by_hand(story, nudging.leaf, side * size)[loss][0]) for side in (1, -1))
        run = (0.9 + size) - 0.9, (0.9 + size) - (0.9 - size)
        slopes = (up - here) / run[0], (up - down) / run[1]
        errors.append([abs(s - gradient) / max(abs(s), abs(gradient)) for s in slopes])
    np.testing.assert_allclose([[p.forward, p.central] for p in points], errors, rtol=1e-6, atol=1e-15)
    for curve, place in (("forward", 0), ("central", 1)):
        best = SIZES[int(np.argmin([error[place] for error in errors]))]
        found = valley([getattr(point, curve) for point in points])
        assert found is not None
        assert found / best == pytest.approx(1, abs=9)
        assert best / found == pytest.approx(1, abs=9)
    assert errors[0][1] > 1e-4
    assert errors[-1][1] > 1e-6


def test_decimals_are_added_as_people_do():
    """0.1 moved by 0.2 is 0.3."""
    assert moved(0.1, 0.2) == 0.3
    assert moved(0.9, 0.01) == 0.91
    assert moved(float("inf"), 1.0) == float("inf")


def test_a_nudge_too_small_to_move_anything_has_no_quotient():
    """1e-30 does not change 0.9."""
    story = Story(Timeline.of(preset("worked-example")))
    nudge = Nudging(story.graph, story.record, parameter(story, "w5"), 0).by(1e-30)
    assert nudge.step == 0
    assert nudge.cost.forward is None
    assert nudge.cost.central is None


def test_a_lucky_hit_is_no_valley():
    """Two roundings may cancel far from where it is best; what counts is the neighbourhood."""
    errors: list[float | None] = [10.0 ** -min(place / 4, 6 - (place / 4 - 6)) for place in range(49)]
    assert valley(errors) == SIZES[24]
    errors[45] = 0.0
    assert valley(errors) == SIZES[24]
    assert valley([None] * 49) is None
    assert valley([None] * 48 + [1e-3]) == SIZES[48]
