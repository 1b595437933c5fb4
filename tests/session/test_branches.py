"""Futures that edits replace stay as they were, to the last bit; races; what comes too late is dropped."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtTest import QTest

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.steps.branch import fork_of
from backprop_gui.steps.race import Lane
from tests.networks import layers, preset

FORK, END = 7, 23
LANES = (Lane("gradient_descent", 0.1), Lane("gradient_descent", 0.4), Lane("adam", 0.01))
DEEDS = {
    "w3 = 0.5 from 7": lambda editor: editor.edit("w3", "0.5"),
    "α = 0.25 from 7": lambda editor: editor.edit("learning_rate", "1/4"),
    "Adam with α = 0.1 from 7": lambda editor: editor.set_optimizer("adam"),
    "seed 11 from 7": lambda editor: editor.set_seed(11),
}


def shuffled(seed=3):
    """Batches of two out of seven rows, in an order that the seed decides; some noise in the updates."""
    return layers([2, 3, 1], rows=7, batch_size=2, shuffle=True, seed=seed)


def started(experiment=None):
    session = Session(experiment or shuffled())
    session._idle.setInterval(10**8)
    return session


def numbers(timeline, newest=END):
    """Everything a run holds: parameters and memory of each state, every loss."""
    states = [timeline.state(iteration) for iteration in range(newest + 1)]
    kept = [np.concatenate([s.parameters, *(a.ravel() for a in s.optimizer.values())]) for s in states]
    return kept, timeline.losses()[1][:newest]


def same(one, other):
    return all(np.array_equal(*pair) for pair in zip(one[0], other[0], strict=True)) and np.array_equal(
        one[1], other[1]
    )


def fresh_run(experiment):
    """What a session opened anew makes of a document."""
    session = started(decode(encode(experiment)))
    session.reach(END)
    return numbers(session.timeline)


@pytest.mark.parametrize("name", DEEDS)
def test_a_fork_and_the_way_back_equal_fresh_runs_to_the_bit(qapp, name):
    """Change something on the way, run on, go back to either: each is what a fresh run of it gives."""
    session = started()
    session.reach(END)
    session.seek(FORK)
    DEEDS[name](Editor(session))
    session.reach(END)
    branches = session.branches
    fork, original = branches.current, branches.find("original")
    assert fork.name.replace("₃", "3") == name
    assert fork_of(fork.experiment, original.experiment) == FORK
    assert same(numbers(session.timeline), fresh_run(fork.experiment))
    branches.go_to("original")
    assert same(numbers(session.timeline), fresh_run(shuffled()))
    assert not same(numbers(session.timeline), numbers(fork.timeline))
    branches.go_to(fork.name)
    assert same(numbers(session.timeline), fresh_run(fork.experiment))
    Editor(session).undo()
    assert session.timeline is original.timeline
    assert [branch.name for branch in branches.others] == [fork.name]


def test_another_seed_from_here_changes_the_batches_alone(qapp):
    """What was learned stays; the rows come as a run with that seed has them."""
    session = started()
    session.reach(FORK)
    before = session.timeline.state(FORK).parameters
    session.seek(FORK)
    Editor(session).set_seed(11)
    assert np.array_equal(session.timeline.state(FORK).parameters, before)
    rows = started(shuffled(seed=11)).model.batches.rows_of
    assert all(np.array_equal(session.model.batches.rows_of(i), rows(i)) for i in range(30))
    with pytest.raises(InvalidEdit, match="whole number"):
        Editor(session).set_seed(-1)


def test_a_change_at_the_newest_moment_replaces_nothing(qapp):
    """There was no future yet, so there is no branch; a run that is kept on purpose is one."""
    session = started()
    session.reach(FORK)
    session.seek(FORK)
    Editor(session).edit("learning_rate", "1")
    assert session.branches.others == []
    kept = session.branches.keep()
    session.reach(END)
    assert (kept.timeline.newest, session.timeline.newest) == (FORK, END)
    assert same(numbers(kept.timeline, FORK), numbers(session.timeline, FORK))


def test_a_run_is_called_by_all_that_was_changed_since_the_future_it_left(qapp):
    """Two edits at one moment are told together; undo gives the older names back."""
    session = started()
    session.reach(END)
    session.seek(FORK)
    editor, branches = Editor(session), session.branches
    editor.edit("w1", "2")
    editor.edit("learning_rate", "1")
    assert branches.current.name == "w₁ = 2, α = 1 from 7"
    assert [branch.name for branch in branches.others] == ["original"]
    editor.undo()
    assert branches.current.name == "w₁ = 2 from 7"
    editor.undo()
    assert branches.current.name == "original"
    assert branches.others == []


def test_a_forgotten_branch_comes_back_by_undo_and_names_are_guarded(qapp):
    """Undo, redo and undo again; the run on screen can't be forgotten, no name is used twice."""
    session = started()
    session.reach(END)
    session.seek(FORK)
    editor, branches = Editor(session), session.branches
    editor.edit("learning_rate", "1")
    branches.rename("original", "  the   slow one ")
    branches.forget("the slow one")
    assert branches.others == []
    assert session.history.undo_name == "forget “the slow one”"
    moment = session.iteration
    for undo, left in ((True, ["the slow one"]), (False, []), (True, ["the slow one"])):
        (editor.undo if undo else editor.redo)()
        assert [branch.name for branch in branches.others] == left
        assert session.iteration == moment
    for wrong, name in (("", "the slow one"), ("α = 1 from 7", "the slow one"), ("x" * 61, "α = 1 from 7")):
        with pytest.raises(InvalidEdit):
            branches.rename(name, wrong)
    with pytest.raises(InvalidEdit, match="on screen"):
        branches.forget(branches.current.name)
    with pytest.raises(InvalidEdit, match="no branch"):
        branches.go_to("nowhere")
    editor.undo()
    assert branches.current.name == "the slow one"


def test_of_many_branches_the_oldest_goes_and_each_has_a_line_of_its_own(qapp):
    """Twelve are kept, those with a name of one's own longest; who goes is told."""
    session, told = started(), []
    session.told.connect(lambda text, _: told.append(text))
    for number in range(15):
        session.reach(2)
        session.seek(1)
        Editor(session).edit("w1", f"{number + 2}")
        if number == 0:
            session.branches.rename("original", "mine")
    others = session.branches.others
    assert len(others) == 12
    assert others[0].name == "mine"
    assert len({branch.line for branch in others}) == 12
    assert len(told) == 3
    assert "at most 12" in told[0]


def raced(session, lanes=LANES, count=END - FORK):
    session.branches.race.start(lanes, count)
    while session.branches.race.is_running:
        QTest.qWait(5)
    return session.branches.race


def under_way(session):
    """A race without a near end that has come some way."""
    race = session.branches.race
    race.start(LANES, 10**8)
    while race.lanes[1].timeline.newest == 0:
        QTest.qWait(5)
    return race


def test_every_lane_of_a_race_is_what_it_would_be_alone(qapp):
    """Same moment, same batches; bit for bit the run of the same edits, and ranked by the last loss."""
    session = started()
    session.reach(FORK)
    session.seek(FORK)
    race = raced(session)
    assert [branch.name for branch in session.branches.others] == [lane.name for lane in race.lanes]
    for lane in race.lanes:
        assert lane.timeline.newest == END
        assert same(numbers(lane.timeline), fresh_run(lane.experiment))
    ends = [lane.timeline.segment_of(END).stepper.loss_of(lane.timeline.record(END)) for lane in race.lanes]
    assert [one.lane for one in race.standings()] == np.argsort(ends).tolist()
    assert [one.loss for one in race.standings()] == sorted(ends)
    session.branches.go_to(race.lanes[2].name)
    assert session.model.optimizer.kind == "adam"


def test_a_race_that_cannot_be_is_refused(qapp):
    """Too few, too many, twice the same, no iterations, no rate."""
    session = started()
    race, one, other = session.branches.race, *LANES[:2]
    many = [Lane("adam", rate) for rate in (1.0, 2.0, 3.0, 4.0, 5.0)]
    for lanes, count in (
        ([one], 5),
        (many, 5),
        ([one, one], 5),
        ([one, other], 0),
        ([one, Lane("adam", -1.0)], 5),
    ):
        with pytest.raises(InvalidEdit):
            race.start(lanes, count)
    assert session.branches.others == []
    assert not race.is_running


@pytest.mark.parametrize("way", ["another experiment", "another network"])
def test_what_arrives_for_something_else_is_thrown_away(qapp, way):
    """Race and training end with what they belong to; nothing of them reaches what is there now."""
    session = started()
    under_way(session)
    if way == "another experiment":
        session.open(preset("worked-example"), None, "worked-example")
    else:
        Editor(session).replace(layers([2, 2, 1], rows=7, batch_size=2), "another network")
    QTest.qWait(80)
    assert session.branches.race.lanes == []
    assert not session.branches.race.is_running
    assert session.branches.others == []
    assert session.timeline.newest == 0
    assert "race" not in [thread.name for thread in threading.enumerate()]


def test_going_to_a_lane_ends_the_race_so_that_it_can_be_stepped(qapp):
    """What is on screen grows by the session's own steps alone."""
    session = started()
    race = under_way(session)
    session.branches.go_to(race.lanes[1].name)
    assert not race.is_running
    newest = session.timeline.newest
    session.reach(newest + 3)
    QTest.qWait(80)
    assert session.timeline.newest == newest + 3
