"""What is measured along a run: the true numbers, few enough, once each."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.experiment.presets import open_experiment
from backprop_gui.steps import run_samples
from backprop_gui.steps.evaluation import Evaluation
from backprop_gui.steps.run_samples import (
    MOST_SAMPLES,
    evaluations,
    parameter_gradients,
    parameter_values,
)
from backprop_gui.steps.timeline import Timeline
from backprop_gui.steps.training import train


def run(name: str, iterations: int) -> Timeline:
    """A preset, trained as the window trains."""
    timeline = Timeline.of(open_experiment(name)[0])
    segment = timeline.segments[0]
    for chunk in train(segment.stepper, timeline.state(0), iterations, segment.stride, 10.0, lambda: False):
        timeline.take(chunk)
    return timeline


def finish(samples, timeline):
    """Measure all that is chosen."""
    samples.follow(timeline)
    while not samples.is_complete:
        samples.work(1.0)
    return samples.samples()


def test_a_short_run_is_measured_at_each_iteration():
    """Values and gradients are those of the record there."""
    timeline = run("worked-example", 40)
    values = finish(parameter_values(timeline.segments[0].model.graph), timeline)
    gradients = finish(parameter_gradients(timeline.segments[0].model.graph), timeline)
    assert [at for at, _ in values] == [at for at, _ in gradients] == list(range(41))
    for at in (0, 7, 40):
        record = timeline.record(at)
        np.testing.assert_array_equal(values[at][1].numbers, record.before.parameters)
        np.testing.assert_array_equal(gradients[at][1].numbers, record.parameter_gradient)
        assert gradients[at][1].least == record.parameter_gradient.min()
        assert gradients[at][1].greatest == record.parameter_gradient.max()


def test_a_long_run_is_measured_at_few_iterations_and_each_of_them_once():
    """What was measured stays of use as the run grows; replay gives the very numbers of training."""
    timeline = run("worked-example", 5_000)
    samples = parameter_values(timeline.segments[0].model.graph)
    found = finish(samples, timeline)
    assert MOST_SAMPLES / 2 <= len(found) <= MOST_SAMPLES + 2
    assert (found[0][0], found[-1][0]) == (0, 5_000)
    for at, spread in found[1::70]:
        np.testing.assert_array_equal(spread.numbers, timeline.state(at).parameters)
    samples.follow(timeline)
    assert samples.is_complete
    assert not samples.work(1.0)


def test_evaluations_are_those_of_the_rows_kept_aside_or_trained():
    """Measured in pieces they are what the whole gives at once."""
    timeline = run("iris", 30)
    model = timeline.segments[0].model
    for test in (True, False):
        found = dict(finish(evaluations(test), timeline))
        for at in (0, 17, 30):
            loss, accuracy = Evaluation(model, test).of(timeline.state(at).parameters)
            assert found[at] == pytest.approx((loss, accuracy)) if test else found[at] == (None, accuracy)


def test_large_results_are_fewer(monkeypatch):
    """Memory is bounded however many parameters there are."""
    monkeypatch.setattr(run_samples, "SAMPLE_BYTES", 8 * 15 * 20)
    timeline = run("worked-example", 400)
    assert len(finish(parameter_values(timeline.segments[0].model.graph), timeline)) <= 22


def test_an_edit_measures_only_what_it_changed():
    """The past stays measured; from the edit on it is measured anew, with the edited numbers."""
    timeline = run("worked-example", 60)
    samples = parameter_values(timeline.segments[0].model.graph)
    finish(samples, timeline)
    branch = timeline.branch(30, {"w5": 2.0})
    while branch.newest < 40:
        branch.advance()
    measured = []
    plain = samples._measure

    def counted(segment, state):
        measured.append(state.iteration)
        return plain(segment, state)

    samples._measure = counted
    found = dict(finish(samples, branch))
    assert sorted(measured) == list(range(30, 41))
    place = branch.segments[0].model.graph.parameters.place_of("w5")
    assert found[30].numbers[place] == 2.0
    np.testing.assert_array_equal(found[29].numbers, timeline.state(29).parameters)
