"""Back really goes back: any iteration, in any order, has the very bits a straight run gave it."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from backprop_gui.engine.stepper import State
from backprop_gui.experiment.build import build, saved_state
from backprop_gui.experiment.document import Edit, Experiment
from backprop_gui.experiment.edits import edited_model, edited_state, with_edit
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.steps import segment as segment_module
from backprop_gui.steps.timeline import Timeline
from backprop_gui.steps.training import Chunk, train
from tests.networks import experiments, layers, preset


def never() -> bool:
    return False


def trained(timeline: Timeline, until: int, seconds: float = 0.001) -> Timeline:
    """The timeline, trained as a run does it: in chunks, up to each waiting edit."""
    while timeline.newest < until:
        room, segment = timeline.room(), timeline.segment_of(timeline.newest)
        start, end = timeline.state(timeline.newest), until if room is None else min(until, room)
        for chunk in train(segment.stepper, start, end, segment.stride, seconds, never):
            timeline.take(chunk)
            assert not chunk.diverged
    return timeline


def straight(document: Experiment, updates: int) -> tuple[list[np.ndarray], list[float]]:
    """Parameters at the beginning of each iteration, and each loss, by a plain loop without a timeline."""
    model = build(document)
    state = model.stepper().start(model.initial)
    parameters, losses = [], []
    for iteration in range(updates + 1):
        for edit in document.edits:
            if edit.iteration == iteration:
                model = edited_model(model, edit.set)
                state = edited_state(model, state, edit.set)
        stepper = model.stepper()
        record = stepper.record(state)
        parameters.append(state.parameters)
        losses.append(stepper.loss_of(record))
        if not stepper.is_finite(record):
            reject()  # divergence has a test of its own
        state = record.after
    return parameters, losses


def same_bits(timeline: Timeline, parameters: list[np.ndarray], order: list[int]) -> None:
    for iteration in order:
        assert np.array_equal(timeline.state(iteration).parameters, parameters[iteration])
        record = timeline.record(iteration)
        assert record.iteration == iteration
        assert np.array_equal(record.before.parameters, parameters[iteration])


@st.composite
def edits(draw: st.DrawFn, document: Experiment, last: int) -> list[Edit]:
    """Some changes of weights, data and rate at iterations up to `last`, two of them perhaps at one."""
    names = [*build(document).graph.parameters.names, "learning_rate", "targets[1,1]"]
    number = st.floats(0.01, 2.0)
    change = st.dictionaries(st.sampled_from(names), number, min_size=1, max_size=2)
    return draw(st.lists(st.builds(Edit, st.integers(0, last), change), max_size=4))


@settings(max_examples=60)
@given(experiments(), st.data())
def test_any_iteration_in_any_order(document, data):
    """Over updates, epochs, shuffles and edits: what is looked at later has the bits of a straight run."""
    document = msgspec.structs.replace(document, edits=data.draw(edits(document, 50)))
    parameters, losses = straight(document, 60)
    timeline = trained(Timeline.of(document), 60)
    order = data.draw(st.lists(st.integers(0, 60), min_size=1, max_size=12))
    same_bits(timeline, parameters, order)
    iterations, known = timeline.losses()
    assert iterations.tolist() == list(range(60))
    assert known.tolist() == losses[:60]


@settings(max_examples=40)
@given(experiments(), st.data())
def test_a_saved_file_goes_on_where_it_was(document, data):
    """Save at N, read, and train M more: as N + M at once, bit for bit; the past is there too."""
    document = msgspec.structs.replace(document, edits=data.draw(edits(document, 50)))
    parameters, losses = straight(document, 50)
    first = trained(Timeline.of(document), data.draw(st.integers(1, 40)))
    state = saved_state(first.segment_of(first.newest).model, first.state(first.newest))
    again = decode(encode(msgspec.structs.replace(document, state=state)))
    timeline = Timeline.of(again)
    assert timeline.newest == first.newest
    visits = data.draw(st.lists(st.integers(0, timeline.newest), max_size=4))
    same_bits(timeline, parameters, visits)
    trained(timeline, 50)
    same_bits(timeline, parameters, data.draw(st.lists(st.integers(0, 50), min_size=1, max_size=8)))
    iterations, known = timeline.losses()
    assert iterations.tolist() == list(range(first.newest, 50))
    assert known.tolist() == losses[first.newest : 50]


@settings(max_examples=40)
@given(experiments(), st.data())
def test_a_branch_shares_its_past_and_has_its_own_future(document, data):
    """An edit gives another future; undo, the timeline before it, is as it was and can go on."""
    parameters, _ = straight(document, 50)
    timeline = trained(Timeline.of(document), 40)
    here = data.draw(st.integers(0, 40))
    changes = data.draw(edits(document, here).filter(bool))[0].set
    branch = timeline.branch(here, changes)
    assert branch.newest == here
    edited = document
    for name, value in changes.items():
        edited = with_edit(edited, here, name, value)
    others, losses = straight(edited, 60)
    trained(branch, 55)
    same_bits(branch, others, data.draw(st.lists(st.integers(0, 55), min_size=1, max_size=8)))
    assert branch.losses()[0].tolist() == list(range(55))
    assert branch.losses()[1].tolist() == losses[:55]
    trained(timeline, 50)
    same_bits(timeline, parameters, [*data.draw(st.lists(st.integers(0, 50), max_size=6)), 50])
    assert len(timeline.losses()[1]) == 50


def test_edits_on_edits():
    """A second edit at the same iteration keeps the first; an earlier one takes the later away."""
    document = layers([2, 2, 1], rows=3)
    timeline = trained(Timeline.of(document), 30)
    one = timeline.branch(20, {"w1": 0.5, "w2": 0.25})
    two = trained(one.branch(20, {"w2": 0.75, "learning_rate": 0.3}), 30)
    place = two.segments[0].model.graph.parameters.place_of
    assert [two.state(20).parameters[place(name)] for name in ("w1", "w2")] == [0.5, 0.75]
    assert one.state(20).parameters[place("w2")] == 0.25
    assert two.segment_of(25).model.settings["learning_rate"] == 0.3
    assert two.segment_of(19).model.settings["learning_rate"] == 0.1
    three = trained(two.branch(10, {"w1": 0.0}), 30)
    assert [segment.start for segment in three.segments] == [0, 10]
    expected, _ = straight(with_edit(document, 10, "w1", 0.0), 30)
    same_bits(three, expected, [30, 9, 10, 11])


def test_waiting_edits_come_into_force_in_passing():
    """A file saved at 10 with edits at 12 and 15: training stops there, takes them over, and goes on."""
    document = layers([2, 2, 1], rows=2)
    later = [Edit(15, {"learning_rate": 0.5}), Edit(12, {"w1": 1.0, "x[1,1]": 0.25})]
    parameters, _ = straight(msgspec.structs.replace(document, edits=later), 20)
    early = trained(Timeline.of(document), 10)
    state = saved_state(early.segment_of(10).model, early.state(10))
    timeline = Timeline.of(msgspec.structs.replace(document, edits=later, state=state))
    assert timeline.room() == 12
    while timeline.newest < 12:
        assert timeline.advance()
    assert timeline.room() == 15
    assert timeline.state(12).parameters[0] == 1.0
    trained(timeline, 20)
    assert timeline.room() is None
    same_bits(timeline, parameters, [20, 14, 3, 12, 11, 15])


def test_keyframes_are_thinned(monkeypatch):
    """However long the run, no more keyframes than allowed; replay from what is left is bit-equal."""
    monkeypatch.setattr(segment_module, "MOST_KEYFRAMES", 16)
    document = layers([2, 2, 1], rows=3, batch_size=2, shuffle=True)
    parameters, _ = straight(document, 1500)
    timeline = Timeline.of(document)
    for until in range(100, 1501, 100):
        trained(timeline, until)
        (segment,) = timeline.segments
        assert len(segment.keyframes) <= 16
        kept = [state.iteration for state in segment.keyframes]
        assert kept[0] == 0
        assert {after - before for before, after in itertools.pairwise(kept)} <= {segment.stride}
        assert until - kept[-1] <= segment.stride
    same_bits(timeline, parameters, [1500, 777, 3, 1499, 0, 512])


def test_large_states_keep_fewer_keyframes(monkeypatch):
    """The limit is memory: keyframes of a large network are fewer, never below a handful."""
    monkeypatch.setattr(segment_module, "KEYFRAME_BYTES", 4000)
    monkeypatch.setattr(segment_module, "OBJECT_BYTES", 0)
    timeline = Timeline.of(layers([5, 5, 1]))  # 36 parameters, 288 bytes
    trained(timeline, 600)
    assert 6 <= len(timeline.segments[0].keyframes) <= 4000 // 288


def test_stepping_and_training_are_one():
    """advance() one by one, and chunks of any length, give the same bits and losses."""
    document = layers([2, 3, 1], rows=5, batch_size=2, shuffle=True)
    one, other = Timeline.of(document), trained(Timeline.of(document), 45, seconds=0)
    for _ in range(45):
        assert one.advance()
    for iteration in (45, 17, 44, 2):
        assert np.array_equal(one.state(iteration).parameters, other.state(iteration).parameters)
    assert [a.tolist() for a in one.losses()] == [a.tolist() for a in other.losses()]


def test_take_refuses_a_gap_and_what_passes_an_edit():
    """A chunk begins where the timeline ends, and stops where an edit is waiting."""
    document = msgspec.structs.replace(layers([1, 1]), edits=[Edit(5, {"w1": 1.0})])
    timeline = Timeline.of(document)
    state = timeline.state(0)
    chunks = {n: next(train(timeline.segments[0].stepper, state, n, 16, 60, never)) for n in (3, 6)}
    with pytest.raises(ValueError, match="beyond the edit at 5"):
        timeline.take(chunks[6])
    timeline.take(chunks[3])
    for chunk in (chunks[3], Chunk(4, np.zeros(0), (), State(4, state.parameters))):
        with pytest.raises(ValueError, match="where the timeline ends at 3"):
            timeline.take(chunk)
    assert timeline.newest == 3
    assert len(timeline.losses()[0]) == 3


def test_chunks_end_exactly_where_they_should():
    """Never an update too many: at `until`, at a stop, and none when there is nothing to do."""
    timeline = Timeline.of(layers([1, 1]))
    stepper, state = timeline.segments[0].stepper, timeline.state(0)
    for until in (1, 7, 16, 33):
        chunks = list(train(stepper, state, until, 16, 0.0005, never))
        assert chunks[-1].last.iteration == until
        assert [c.first for c in chunks[1:]] == [c.last.iteration for c in chunks[:-1]]
        assert sum(len(chunk.losses) for chunk in chunks) == until
        kept = [state.iteration for chunk in chunks for state in chunk.keyframes]
        assert kept == list(range(0, until, 16))
    assert list(train(stepper, state, 0, 16, 1, never)) == []
    assert list(train(stepper, state, 5, 16, 1, lambda: True)) == []
    answers = iter([False, False, False, True, True])
    (chunk,) = train(stepper, state, 10**9, 16, 60, lambda: next(answers))
    assert len(chunk.losses) == chunk.last.iteration <= 3 * 16  # asked thrice, between two states


def runaway() -> Experiment:
    """The two-layer chain without anything that saturates, and a rate far too large."""
    document = preset("two-layer-chain")
    nodes = [msgspec.structs.replace(node, activation="identity") for node in document.network.nodes]
    network = msgspec.structs.replace(document.network, nodes=nodes)
    optimizer = msgspec.structs.replace(document.training.optimizer, learning_rate=1e3)
    training = msgspec.structs.replace(document.training, optimizer=optimizer)
    return msgspec.structs.replace(document, network=network, training=training)


def test_divergence_stops_at_the_first_number_that_is_not_finite():
    """Everything before it is finite and kept; the iteration itself can be looked at, not finished."""
    timeline = Timeline.of(runaway())
    *_, last = chunks = list(train(timeline.segments[0].stepper, timeline.state(0), 1000, 16, 60, never))
    assert last.diverged
    assert not any(chunk.diverged for chunk in chunks[:-1])
    for chunk in chunks:
        timeline.take(chunk)
    end = timeline.newest
    assert 0 < end < 1000
    assert np.isfinite(timeline.losses()[1]).all()
    assert len(timeline.losses()[1]) == end
    for iteration in range(end):
        record = timeline.record(iteration)
        assert np.isfinite(record.after.parameters).all()
        assert all(
            np.isfinite(array).all() for array in (*record.values, *filter(_is_array, record.gradients))
        )
    culprit = timeline.record(end)
    assert np.isfinite(culprit.before.parameters).all()
    assert not (
        np.isfinite(culprit.after.parameters).all()
        and np.isfinite(culprit.values[timeline_loss(timeline)]).all()
    )
    assert timeline.advance() is False
    assert timeline.newest == end
    again = list(train(timeline.segments[0].stepper, timeline.state(end), 1000, 16, 60, never))
    assert [(c.first, len(c.losses), c.last.iteration, c.diverged) for c in again] == [(end, 0, end, True)]


def _is_array(gradient: object) -> bool:
    return gradient is not None


def timeline_loss(timeline: Timeline) -> int:
    return timeline.segments[0].model.graph.loss


def test_restart_keeps_the_initial_values_and_edits_made_there():
    """Back at iteration 0 with nothing done; what was edited later is another future."""
    timeline = trained(Timeline.of(layers([2, 1])).branch(0, {"w1": 0.5}), 40)
    timeline = trained(timeline.branch(20, {"w2": 9.0}), 40)
    fresh = timeline.back_to_start()
    assert fresh.newest == 0
    assert fresh.state(0).parameters[0] == 0.5
    assert fresh.losses()[0].tolist() == []
    trained(fresh, 40)
    expected, _ = straight(with_edit(layers([2, 1]), 0, "w1", 0.5), 40)
    same_bits(fresh, expected, [40, 20])


def test_a_long_history_is_small():
    """The memory of 100,000 iterations of the worked example is far below 64 MB, by what is kept."""
    timeline = Timeline.of(preset("worked-example"))
    segment = timeline.segments[0]
    state = timeline.state(0)
    for first in range(0, 100_000, 1000):
        states = tuple(
            State(i, state.parameters.copy())
            for i in range(first, first + 1000, segment.stride)
            if i % segment.stride == 0
        )
        last = State(first + 1000, state.parameters.copy())
        timeline.take(Chunk(first, np.zeros(1000), states, last))
    kept = sum(s.parameters.nbytes + 500 for s in segment.keyframes)
    assert len(segment.keyframes) <= segment_module.MOST_KEYFRAMES
    assert kept + 2 * timeline.losses()[1].nbytes < 8e6


def test_landmarks_are_states_of_the_run_in_order_thinned_evenly() -> None:
    """What is at hand without replay lies on the run itself, and never beyond an edit."""
    timeline = trained(Timeline.of(preset("worked-example")), 300).branch(100, {"w5": 2.0})
    trained(timeline, 200)
    marks = timeline.landmarks(1000)
    places = [state.iteration for state in marks]
    assert places == sorted(set(places))
    assert places[0] == 0
    assert places[-1] == 200
    for state in marks:
        np.testing.assert_array_equal(state.parameters, timeline.record(state.iteration).before.parameters)
    few = timeline.landmarks(5)
    assert len(few) == 5
    assert (few[0].iteration, few[-1].iteration) == (0, 200)
