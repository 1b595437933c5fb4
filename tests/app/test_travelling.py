"""A jump that takes a while shows how far it is, can be called off, and arrives at the very same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.session import travelling
from backprop_gui.steps import timeline
from tests.app.program import KEY, Program


@pytest.fixture
def slow(monkeypatch):
    """Every jump takes slices, a few iterations each."""
    monkeypatch.setattr(travelling, "AT_ONCE_SECONDS", 0.0)
    monkeypatch.setattr(travelling, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(timeline, "SLICE_SECONDS", 0.0)


def thin(program: Program) -> None:
    """Forget all keyframes but the first, so that a jump is a long replay."""
    del program.session.timeline.segments[0].keyframes[1:]
    program.session.timeline.state(0)


def test_a_long_jump_shows_progress_and_arrives(program: Program, slow: None) -> None:
    """The moment on screen stays until the new one is there."""
    program.train(200)
    wanted = program.session.timeline.record(150)
    program.session.timeline._records.clear()
    thin(program)
    seen: list[tuple[int, int]] = []
    program.session.travelling.progressed.connect(lambda done, whole: seen.append((done, whole)))
    program.widget("timeline").iteration_requested.emit(150)
    assert program.session.travelling.is_under_way
    assert program.at == (200, 0)
    program.wait_until(lambda: not program.session.travelling.is_under_way)
    assert program.at == (150, 0)
    assert seen[0][1] == 150
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    reached = program.session.timeline.record(150)
    np.testing.assert_array_equal(reached.before.parameters, wanted.before.parameters)


def test_esc_and_any_other_move_call_a_jump_off(program: Program, slow: None) -> None:
    """One stays where one was, or goes where the move leads."""
    program.train(200)
    thin(program)
    program.widget("timeline").iteration_requested.emit(150)
    program.press(KEY.Key_Escape)
    assert not program.session.travelling.is_under_way
    assert program.at == (200, 0)
    program.widget("timeline").iteration_requested.emit(150)
    program.press(KEY.Key_Right)
    assert not program.session.travelling.is_under_way
    assert program.at == (200, 1)


def test_an_edit_on_the_way_wins(program: Program, slow: None) -> None:
    """A jump never arrives in a timeline that is gone."""
    program.train(200)
    thin(program)
    program.widget("timeline").iteration_requested.emit(150)
    program.edit_rate("0.25")
    assert not program.session.travelling.is_under_way
    assert program.at[0] == 200
