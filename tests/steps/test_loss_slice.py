"""Slices through the loss: every point is the loss of a model with that value, the slope is the gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from backprop_gui.engine.finite_differences import STEP
from backprop_gui.experiment.edits import edited_state
from backprop_gui.experiment.presets import preset_names
from backprop_gui.steps.loss_slice import (
    BatchLoss,
    Window,
    after_update,
    loss_plane,
    loss_slice,
    travelled,
    window_for,
    window_over,
)
from backprop_gui.steps.timeline import Timeline
from tests.networks import layers, preset
from tests.random_graphs import documents


def batch_loss(timeline: Timeline, iteration: int = 0) -> BatchLoss:
    while timeline.newest < iteration:
        assert timeline.advance()
    return BatchLoss(timeline.segment_of(iteration).model, timeline.record(iteration))


@pytest.mark.parametrize("name", preset_names())
def test_points_are_the_losses_of_edited_models(name):
    """Set by the editor's own means and computed by the stepper, in every preset."""
    timeline = Timeline.of(preset(name))
    loss = batch_loss(timeline)
    model, record = loss.model, loss.record
    stepper = model.stepper()
    for parameter in model.graph.parameters.names[:: max(1, len(model.graph.parameters.names) // 3)]:
        place = model.graph.parameters.place_of(parameter)
        value = float(record.before.parameters[place])
        cut = loss_slice(loss, place, Window(value, 1.0), 5, value)
        assert all(True for _ in cut.measure())
        assert value in cut.xs
        for x, measured in zip(cut.xs, cut.losses, strict=True):
            state = edited_state(model, record.before, {parameter: float(x)})
            own = stepper.loss_of(stepper.record(state))
            assert measured == pytest.approx(own, rel=1e-12, abs=1e-300)


@settings(max_examples=40)
@given(documents())
def test_the_tangent_is_the_slope_of_the_curve(document):
    """The gradient of the batch is the central difference of the slice, whatever the network."""
    loss = batch_loss(Timeline.of(document))
    record = loss.record
    for place in loss.model.graph.parameters.scalars[:6]:
        value = float(record.before.parameters[place])
        left, right = (loss.moved([place], [value + step]) for step in (-STEP, STEP))
        middle = loss(record.before.parameters)
        bent = abs((right - middle) - (middle - left)) > 1e-2 * abs(right - left)
        if not bent:
            slope = (right - left) / (2 * STEP)
            assert record.parameter_gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_another_rate_lands_elsewhere():
    """As if the rate had been edited before this update; the one in force gives the update itself."""
    for kind in ("gradient_descent", "adam", "momentum"):
        timeline = Timeline.of(layers([2, 3, 1], kind=kind, learning_rate=0.1))
        loss = batch_loss(timeline, 3)
        model, record = loss.model, loss.record
        assert after_update(model, record) is record.after.parameters
        assert np.array_equal(after_update(model, record, 0.1), record.after.parameters)
        branch = timeline.branch(3, {"learning_rate": 0.7})
        assert np.array_equal(after_update(model, record, 0.7), branch.record(3).after.parameters)


def test_a_plane_meets_its_slices():
    """A row of the plane is a slice with the second parameter set."""
    loss = batch_loss(Timeline.of(preset("worked-example")))
    before = loss.record.before.parameters
    plane = loss_plane(loss, (4, 8), (Window(float(before[4]), 1.0), Window(float(before[8]), 2.0)))
    assert all(True for _ in plane.measure())
    middle = len(plane.ys) // 2
    assert plane.ys[middle] == pytest.approx(before[8])
    assert plane.losses[middle, 0] == pytest.approx(loss.moved([4], [plane.xs[0]]), rel=1e-12)
    assert plane.losses[0, -1] == pytest.approx(loss.moved([4, 8], [plane.xs[-1], plane.ys[0]]), rel=1e-12)
    assert np.isfinite(plane.losses).all()


def test_points_that_are_not_finite_stay_that_way():
    """An overflow is no point of the curve, and no error."""
    loss = batch_loss(Timeline.of(preset("two-layer-chain")))
    cut = loss_slice(loss, 0, Window(0.0, 1e300), 3)
    assert len(list(cut.measure())) == 3


def test_the_window_shows_curve_and_landing_and_stays_put():
    """Wide enough for both; the same as before while it serves; elsewhere when it does not."""
    first = window_for(0.9, 0.8954)
    assert first.shows(0.9, 0.8954)
    assert first.half >= 0.9
    assert window_for(0.95, 0.94, first) is first
    far = window_for(0.9, 40.0, first)
    assert far.shows(0.9, 40.0)
    assert far is not first
    assert window_for(0.9, 0.89, far) is not far
    assert window_for(1.0, float("inf")).half == 1.0
    assert first.zoomed(0.5).half == first.half / 2
    assert first.zoomed(0).half > 0


def test_the_path_travelled_is_where_training_was():
    """Kept states and recent ones, each as the timeline gives it; at most so many."""
    timeline = Timeline.of(layers([2, 3, 1]))
    while timeline.newest < 200:
        assert timeline.advance()
    iterations, points = travelled(timeline, 150, [0, 3])
    assert {0, 16, 149, 150, 192} <= set(iterations)
    for iteration, point in zip(iterations, points, strict=True):
        assert np.array_equal(point, timeline.state(iteration).parameters[[0, 3]])
    edited = timeline.branch(100, {"w1": 5.0})
    iterations, points = travelled(edited, 100, [0])
    assert points[iterations.index(100)] == 5.0
    assert max(iterations) == 100


def test_a_long_path_is_thinned():
    """Never more points than a screen can tell apart."""
    timeline = Timeline.of(layers([1, 1]))
    while timeline.newest < 9000:
        assert timeline.advance()
    iterations, points = travelled(timeline, 9000, [0, 1])
    assert len(iterations) == len(points) <= 501
    assert iterations[0] == 0
    assert iterations[-1] == 9000


@pytest.mark.parametrize("value", [0.0, 1e-300, 1e12, -1e308, 1.7e308, np.inf, np.nan])
def test_a_window_always_has_room(value):
    """Whatever the value, and however far it is zoomed: its ends are finite and not the same."""
    for window in (window_for(value, 0.5), window_over(np.array([value, value]))):
        for zoomed in (window, window.zoomed(1e-300), window.zoomed(1e300)):
            assert np.isfinite([zoomed.low, zoomed.high]).all()
            assert zoomed.low < zoomed.centre < zoomed.high
