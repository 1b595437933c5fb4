"""Regions, fits, confusion and the ladder of gradients, against calculations of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backprop_gui.engine.passes import forward
from backprop_gui.experiment.build import Model
from backprop_gui.steps import decision_grid as grids
from backprop_gui.steps.blocks import blocks_of
from backprop_gui.steps.confusion import confusion, count_classes, rows_in
from backprop_gui.steps.gradient_ladder import ladder
from backprop_gui.steps.plottable import has_confusion, has_fit, has_regions
from backprop_gui.steps.timeline import Timeline
from tests.networks import preset


def run(name: str, iterations: int = 0) -> tuple[Timeline, Model]:
    """A preset after some updates, and its model."""
    timeline = Timeline.of(preset(name))
    while timeline.newest < iterations:
        assert timeline.advance()
    return timeline, timeline.segment_of(iterations).model


def last_of(pieces):
    *_, found = pieces
    return found


def tanh_layers(model, parameters, points, units):
    """A network of tanh layers and a linear output, by plain numpy: w row by row, then b, layer by layer."""
    layout = model.graph.parameters
    named = dict(zip(layout.names, parameters[layout.scalars].tolist(), strict=True))
    weights = bias = 0
    a = points
    for place, count in enumerate(units):
        w = np.array([named[f"w{weights + i + 1}"] for i in range(count * a.shape[1])])
        b = np.array([named[f"b{bias + i + 1}"] for i in range(count)])
        weights, bias = weights + len(w), bias + len(b)
        z = a @ w.reshape(count, -1).T + b
        a = z if place == len(units) - 1 else np.tanh(z)
    return a


def test_the_grid_is_the_network_at_each_of_its_points():
    """All of them, against plain numpy; pieces do not change a bit, and the moving one is coarser."""
    timeline, model = run("two-moons", 5)
    parameters = timeline.state(5).parameters
    grid = last_of(grids.grid_in_pieces(model, parameters))
    points = np.array([(x, y) for y in grid.ys for x in grid.xs])
    expected = tanh_layers(model, parameters, points, (6, 4, 1))
    assert grid.outputs.reshape(-1, 1) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert len(last_of(grids.grid_in_pieces(model, parameters, moving=True)).xs) < len(grid.xs)
    data = model.leaves[model.graph.inputs[0]]
    assert grid.xs[0] < data[:, 0].min()
    assert grid.ys[-1] > data[:, 1].max()


def test_the_curve_is_the_network_along_its_input():
    """Likewise, and at the data it is what the record holds."""
    timeline, model = run("sine", 3)
    parameters = timeline.state(3).parameters
    curve = last_of(grids.curve_in_pieces(model, parameters))
    expected = tanh_layers(model, parameters, curve.xs[:, None], (6, 1))
    assert curve.outputs == pytest.approx(expected, rel=1e-12, abs=1e-12)
    record = timeline.record(3)
    output = model.graph.nodes[model.graph.loss].operands[0]
    points = grids.points_of(model, model.leaves)[record.rows]
    assert (grids.outputs_at(model, parameters, points) == record.values[output]).all()


@pytest.mark.parametrize(
    ("name", "regions", "fit", "classes"),
    [
        ("worked-example", True, False, False),
        ("xor", True, False, True),
        ("two-moons", True, False, True),
        ("spiral", True, False, True),
        ("iris", False, False, True),
        ("digits", False, False, True),
        ("sine", False, True, False),
        ("vanishing-gradient", False, True, False),
    ],
)
def test_what_there_is_to_plot(name, regions, fit, classes):
    """Two scalar inputs, one, or targets that are classes."""
    _, model = run(name)
    assert (has_regions(model), has_fit(model), has_confusion(model)) == (regions, fit, classes)


@pytest.mark.parametrize(("name", "iterations"), [("iris", 20), ("spiral", 30)])
def test_confusion_counts_every_row(name, iterations):
    """Row by row, by hand; in pieces as at once."""
    timeline, model = run(name, iterations)
    parameters = timeline.state(iterations).parameters
    output, target = model.graph.nodes[model.graph.loss].operands[:2]
    for leaves in filter(None, (model.leaves, model.test_leaves)):
        found = confusion(model, parameters, leaves)
        counts = np.zeros_like(found.counts)
        cells = []
        for row in range(len(leaves[target])):
            one = {node: array[row : row + 1] for node, array in leaves.items()}
            predicted = forward(model.graph, parameters, one)[output].ravel().tolist()
            given = one[target].ravel().tolist()
            if len(given) == 1:
                cell = (int(given[0] == 1.0), int(predicted[0] > 0.0))  # logits
            else:
                cell = (given.index(1.0), predicted.index(max(predicted)))
            counts[cell] += 1
            cells.append(cell)
        assert (found.counts == counts).all()
        assert found.rows == len(cells)
        assert (last_of(count_classes(model, parameters, leaves, 7)).counts == counts).all()
        for cell in set(cells):
            expected = [row for row, each in enumerate(cells) if each == cell]
            assert rows_in(model, parameters, leaves, cell).tolist() == expected


def test_rows_without_a_number_are_in_no_class():
    """Nothing is predicted for them, and nothing warns."""
    _, model = run("iris")
    found = confusion(model, np.full_like(model.initial, np.nan), model.leaves)
    assert found.counts.sum() == 0
    assert found.lost == found.rows > 0


# --- the ladder -----------------------------------------------------------------------------------


def rungs_of(timeline: Timeline, iteration: int = 0):
    model = timeline.segment_of(iteration).model
    blocks = [block for block in blocks_of(model.graph) if block.nodes[-1] in model.graph.reaches_loss]
    return model, ladder(model.graph, timeline.record(iteration), blocks[::-1])


@pytest.mark.parametrize("name", ["worked-example", "two-moons", "spiral", "vanishing-gradient"])
def test_rungs_are_finite_differences(name):
    """∂L/∂z of a neuron is the slope of that sample's loss by the neuron's bias."""
    timeline = Timeline.of(preset(name))
    model, rungs = rungs_of(timeline)
    record, stepper, layout = timeline.record(0), model.stepper(), model.graph.parameters
    leaves = {node: array[record.rows] for node, array in model.leaves.items()}
    checked = 0
    for rung in rungs:
        node = model.graph.nodes[rung.node]
        biases = [i for i in node.operands if layout_prefix(model, i) == "b"]
        if node.operation.name != "affine" or not biases:
            continue
        offset = int(layout.offsets[model.graph.nodes[biases[0]].parameter])
        slopes = []
        for k in range(math.prod(node.shape)):
            moved = [model.initial.copy() for _ in range(2)]
            moved[0][offset + k] += 1e-5
            moved[1][offset + k] -= 1e-5
            high, low = (stepper.losses(each, leaves) for each in moved)
            slopes.append((high - low) / 2e-5)
        assert rung.size == pytest.approx(math.sqrt(np.square(slopes).mean()), rel=1e-6)
        checked += 1
    assert checked >= 3


def layout_prefix(model, node: int) -> str:
    given = model.graph.nodes[node]
    return model.graph.parameters.arrays[given.parameter].prefix if given.kind == "parameter" else ""


@pytest.mark.parametrize("name", ["spiral", "skip-connection-dag", "reused-value", "conv-classifier", "iris"])
def test_factors_make_the_sizes(name):
    """size = meeting · √Σ (factor · size of the use)², also where a value is used twice."""
    timeline = Timeline.of(preset(name))
    model, rungs = rungs_of(timeline)
    sizes = {rung.node: rung.size for rung in rungs} | {model.graph.loss: 1.0}
    told = [rung for rung in rungs if all(each.via in sizes for each in rung.arrivals)]
    assert len(told) >= 2
    for rung in told:
        shares = [each.factor * sizes[each.via] for each in rung.arrivals]
        assert rung.size == pytest.approx(rung.meeting * math.hypot(*shares), rel=1e-12)


def test_idle_neurons_are_named():
    """A ReLU that is 0 for all samples is dead; a σ or tanh far out is saturated, one at rest is not."""
    _, rungs = rungs_of(Timeline.of(preset("dead-relu")))
    assert [(each.kind, each.element) for rung in rungs for each in rung.idle] == [("dead", (1,))]
    timeline = Timeline.of(preset("worked-example"))
    model, rungs = rungs_of(timeline)
    assert not any(rung.idle for rung in rungs)
    _, rungs = rungs_of(timeline.branch(0, {"b1": 9.0}))
    (idle,) = [each for rung in rungs for each in rung.idle]
    assert (idle.kind, model.graph.nodes[idle.node].group, idle.element) == ("saturated", "h1", (0,))
