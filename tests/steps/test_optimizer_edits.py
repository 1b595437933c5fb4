"""Another optimiser on the way: it begins afresh, is undone, saved and replayed to the last bit."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.experiment.build import build, saved_state
from backprop_gui.experiment.document import Edit, Experiment, OptimizerSettings
from backprop_gui.experiment.edits import with_edit
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.steps.timeline import Timeline
from tests.networks import layers


def document_of(kind: str, *edits: Edit, **settings: float) -> Experiment:
    """A small network with batches, trained by this optimiser."""
    document = layers([2, 3, 1], rows=4, batch_size=3, shuffle=True)
    training = msgspec.structs.replace(document.training, optimizer=OptimizerSettings(kind, 0.05, **settings))
    return msgspec.structs.replace(document, training=training, edits=list(edits))


def advanced(timeline: Timeline, until: int) -> Timeline:
    while timeline.newest < until:
        assert timeline.advance()
    return timeline


def same_state(one, other) -> None:
    """Parameters, what the optimiser keeps and its count, bit for bit."""
    assert (one.iteration, one.updates) == (other.iteration, other.updates)
    assert np.array_equal(one.parameters, other.parameters)
    assert list(one.optimizer) == list(other.optimizer)
    assert all(np.array_equal(array, other.optimizer[name]) for name, array in one.optimizer.items())


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_back_really_goes_back(kind):
    """Any iteration in any order has the state of the straight run, which nothing has written to."""
    timeline = Timeline.of(document_of(kind, weight_decay=0.01))
    model = timeline.segments[0].model
    states = [model.stepper().start(model.initial)]
    copies = []
    for _ in range(60):
        copies.append({name: array.copy() for name, array in states[-1].optimizer.items()})
        states.append(model.stepper().record(states[-1]).after)
    for state, kept in zip(states, copies, strict=False):
        assert all(np.array_equal(array, state.optimizer[name]) for name, array in kept.items())
    advanced(timeline, 60)
    for iteration in (60, 3, 41, 0, 59, 17):
        same_state(timeline.state(iteration), states[iteration])


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_another_optimizer_begins_afresh(kind):
    """From the edit on it is as a run of that optimiser that begins with these parameters."""
    timeline = advanced(Timeline.of(document_of("adam")), 25)
    branch = timeline.branch(20, {"optimizer": {"kind": kind, "learning_rate": 0.01}})
    state = branch.state(20)
    assert state.updates == 0
    assert not any(array.any() for array in state.optimizer.values())
    assert set(state.optimizer) == set(OPTIMIZERS[kind].with_settings({}).state)
    assert np.array_equal(state.parameters, timeline.state(20).parameters)
    model = build(document_of(kind))
    assert branch.segment_of(20).model.settings == {**model.settings, "learning_rate": 0.01}
    assert branch.segment_of(19).model.optimizer.kind == "adam"
    advanced(branch, 30)
    expected, stepper = state, branch.segment_of(25).model.stepper()
    for _ in range(10):
        expected = stepper.record(expected).after
    assert expected.updates == 10
    same_state(branch.state(30), expected)
    advanced(timeline, 30)  # what was before the edit goes on as if it had not been
    assert timeline.state(30).updates == 30


@pytest.mark.parametrize("stop", [10, 20, 33])
def test_a_saved_run_goes_on_bit_for_bit(stop):
    """With an optimiser that was changed on the way: what it keeps and its count are in the file."""
    document = document_of("momentum", Edit(20, {"optimizer": {"kind": "adam", "beta1": 0.8}, "w1": 0.5}))
    whole = advanced(Timeline.of(document), 45)
    part = advanced(Timeline.of(document), stop)
    state = saved_state(part.segment_of(stop).model, part.state(stop))
    again = Timeline.of(decode(encode(msgspec.structs.replace(document, state=state))))
    same_state(again.state(stop), whole.state(stop))
    same_state(advanced(again, 45).state(45), whole.state(45))
    same_state(again.state(5), whole.state(5))


def test_what_is_set_last_counts():
    """Rate and optimiser at one iteration: as they came, in a branch and in the file alike."""
    document, timeline = (
        document_of("gradient_descent"),
        advanced(Timeline.of(document_of("gradient_descent")), 6),
    )
    for name, value, rate in (
        ("learning_rate", 0.5, 0.5),
        ("optimizer", "adam", 0.5),
        ("learning_rate", 0.25, 0.25),
        ("optimizer", {"kind": "adagrad", "learning_rate": 0.125}, 0.125),
    ):
        timeline = timeline.branch(4, {name: value})
        document = with_edit(document, 4, name, value)
        for each in (timeline, Timeline.of(decode(encode(document)))):
            assert each.segment_of(4).model.settings["learning_rate"] == rate
    assert timeline.segment_of(4).model.optimizer.kind == "adagrad"
    same_state(advanced(timeline, 9).state(9), advanced(Timeline.of(document), 9).state(9))


def test_a_new_rate_changes_nothing_else():
    """AdamW without decay stays without; the optimiser's memory and its count go on."""
    timeline = advanced(Timeline.of(document_of("adamw", weight_decay=0.0, beta2=0.9)), 8)
    settings = timeline.segments[0].model.settings
    branch = timeline.branch(5, {"learning_rate": 0.5})
    assert branch.segment_of(5).model.settings == {**settings, "learning_rate": 0.5}
    same_state(branch.state(5), timeline.state(5))


def test_penalties_and_clipping_outlast_the_optimizer():
    """They belong to the training, and stand before whatever optimiser there is."""
    document = document_of("adam")
    training = msgspec.structs.replace(document.training, l2=0.1, clip_norm=0.5)
    timeline = Timeline.of(msgspec.structs.replace(document, training=training))
    branch = timeline.branch(0, {"optimizer": "momentum"})
    expected = ("penalized", "scaled", "velocity", "updated")
    assert branch.segments[0].model.optimizer.quantities == expected
