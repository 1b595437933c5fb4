"""Many numbers in one edit, and many edits: named, taken back to the bit, small in memory."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
from PySide6.QtCore import QTimer

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session


@pytest.fixture
def session(qapp):
    """The worked example in the middle of its second iteration."""
    session = Session(open_experiment("worked-example")[0], None, "worked-example")
    assert session.reach(3)
    session.seek(1, 19)
    yield session
    for timer in session.findChildren(QTimer):
        timer.stop()
    session.deleteLater()


def test_many_numbers_are_one_edit(session):
    """One entry of the document, one of the history; the place and what came before stay."""
    heard = []
    session.changed.connect(lambda: heard.append(session.experiment))
    losses = session.timeline.losses()[1][:1].copy()
    assert Editor(session).edit_many({"w1": 1.0, "b2": 2.0, "x[1,1]": 3.0}, "paste three")
    assert len(heard) == 1
    assert session.history.undo_name == "paste three"
    assert [(e.iteration, e.set) for e in session.experiment.edits] == [
        (1, {"w1": 1.0, "b2": 2.0, "x[1,1]": 3.0})
    ]
    assert (session.iteration, session.position) == (1, 19)
    assert np.array_equal(session.timeline.losses()[1][:1], losses)
    state = session.timeline.state(1)
    assert state.parameters[session.model.graph.parameters.place_of("b2")] == 2.0
    Editor(session).undo()
    assert session.experiment.edits == []
    assert session.timeline.newest == 3


def test_what_is_already_so_is_no_edit(session):
    """Only what differs is set; nothing differs, nothing happens."""
    w1 = float(session.timeline.state(1).parameters[0])
    assert not Editor(session).edit_many({"w1": w1}, "paste")
    assert session.history.undo_name == ""
    assert Editor(session).edit_many({"w1": w1, "w2": 0.75}, "paste")
    assert session.experiment.edits[0].set == {"w2": 0.75}


def test_one_bad_number_refuses_all(session):
    """Nothing is half done."""
    before = session.timeline
    for changes in ({"w1": 1.0, "w99": 2.0}, {"w1": float("nan")}, {"x[1,9]": 1.0}):
        with pytest.raises(InvalidEdit, match="would be right"):
            Editor(session).edit_many(changes, "paste")
    assert session.timeline is before
    assert session.experiment.edits == []


def test_one_prime_takes_all_to_the_next_iteration(session):
    """What is on screen after the update is what the next iteration begins with."""
    assert Editor(session).edit_many({"w1′": 1.0, "w2′": 2.0}, "paste")
    assert (session.iteration, session.position) == (2, 0)
    assert session.experiment.edits[0].iteration == 2
    Editor(session).undo()
    assert (session.iteration, session.position) == (1, 19)


def test_a_prime_without_a_change_stays_where_it_is(session):
    """Enter on an unchanged updated value is no step in time."""
    value = float(session.timeline.state(2).parameters[0])
    assert not Editor(session).edit_many({"w1′": value}, "paste")
    assert (session.iteration, session.position) == (1, 19)


def test_edits_are_called_as_the_screen_calls_them(session):
    """w₅, x₁, y, the learning rate; a row where there are several."""
    editor = Editor(session)
    for name, told in (
        ("w5", "set w₅ to 0.25"),
        ("x[1,2]", "set x₂ to 0.25"),
        ("targets[1,1]", "set y to 0.25"),
        ("learning_rate", "set learning rate α to 0.25"),
    ):
        editor.edit(name, "1/4")
        assert session.history.undo_name == told


def test_undo_has_no_limit_and_little_weight(session):
    """Two hundred edits stay within a few megabytes, and each comes back to the bit."""
    editor, names = Editor(session), ("w1", "w5", "b3", "x[1,1]", "learning_rate")
    editor.edit("w2", "0.5")
    seen = []
    tracemalloc.start()
    for number in range(200):
        seen.append((session.experiment, session.timeline.record(1).gradients[0]))
        editor.edit(names[number % 5], str(0.1 + number / 1000))
        session.scene()
    gc.collect()  # what is garbage already does not count
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 7_000_000
    for experiment, gradient in reversed(seen):
        editor.undo()
        assert session.experiment == experiment
        again = session.timeline.record(1).gradients[0]
        assert (gradient is None and again is None) or np.array_equal(gradient, again)
    for _ in seen:
        editor.redo()
    assert session.history.redo_name == ""
