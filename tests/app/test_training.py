"""Training beside the window: it stops where it should, and what it did is what stepping does."""

from __future__ import annotations

import threading
import time

import numpy as np
from PySide6.QtTest import QTest

from backprop_gui.experiment.presets import open_experiment
from backprop_gui.steps.timeline import Timeline
from tests.app.program import CTRL, KEY, assert_same, document_of, written


def plain_run(name="worked-example", iterations=1000):
    """The experiment, trained without a window."""
    timeline = Timeline.of(open_experiment(name)[0])
    while timeline.newest < iterations:
        assert timeline.advance()
    return timeline


def same_state(one, other):
    """Two states are equal to the bit."""
    return one.iteration == other.iteration and np.array_equal(one.parameters, other.parameters)


def test_a_thousand_updates_equal_a_plain_run(program):
    """T trains what the number says; parameters and every loss are those of a run without a window."""
    program.train(1000)
    assert program.at == (1000, 0)
    plain = plain_run()
    assert same_state(program.session.timeline.state(1000), plain.state(1000))
    assert program.seen()["losses"][1][:1000] == plain.losses()[1].tolist()
    assert "Iteration 1,000 begins" in program.explanation
    assert program.cell("parameterTable", "w5", "value") == str(plain.state(1000).parameters[4]).replace(
        "-", "−"
    )


def test_what_was_trained_is_stepped_back_through(program):
    """Seek 500, step on and back: the numbers of the run, not others."""
    program.train(1000)
    plain = plain_run()
    program.widget("timeline").iteration_requested.emit(500)
    assert program.at == (500, 0)
    assert same_state(program.session.timeline.state(500), plain.state(500))
    program.press(KEY.Key_Left)
    assert program.at == (499, 51)
    assert same_state(program.session.timeline.record(499).after, plain.state(500))
    program.press(KEY.Key_Left, CTRL, times=3)
    assert program.at == (496, 51)
    assert same_state(program.session.timeline.record(496).after, plain.state(497))
    program.press(KEY.Key_Home)
    program.go(19)
    assert "∂L/∂w₅ ≈ 0.009189" in program.explanation


def test_until_stopped_stops_on_an_iteration_boundary(program):
    """T starts, T stops; meanwhile the window answers, and Esc stops as well."""
    program.widget("trainCount").setValue(0)
    for stop in (KEY.Key_T, KEY.Key_Escape):
        before = program.session.timeline.newest
        program.press(KEY.Key_T)
        assert program.action("train").text().replace("&", "") == "Stop training"
        program.wait_until(lambda before=before: program.session.timeline.newest > before + 50)
        program.press(stop)
        assert not program.session.running.is_training
        newest = program.session.timeline.newest
        assert program.at == (newest, 0)
        assert program.session.timeline.segments[-1].losses.end == newest
        QTest.qWait(40)
        assert program.session.timeline.newest == newest
    program.wait_until(lambda: "training" not in [thread.name for thread in threading.enumerate()])


def test_the_window_answers_while_training(program):
    """Events are handled within a few frames, and what is on screen moves on."""
    program.widget("trainCount").setValue(0)
    program.press(KEY.Key_T)
    seen: set[str] = set()
    longest = 0.0
    end = time.perf_counter() + 20  # a busy machine may give the thread little time
    while len(seen) <= 5 and time.perf_counter() < end:
        begin = time.perf_counter()
        QTest.qWait(10)
        longest = max(longest, time.perf_counter() - begin)
        seen.add(program.where)
    program.press(KEY.Key_T)
    assert len(seen) > 5
    assert longest < 2  # no figure of speed: only that nothing blocks


def test_nothing_of_an_earlier_moment_stays_while_training(program):
    """The panel does not go on explaining a step that is long gone."""
    program.go(19)
    program.widget("trainCount").setValue(0)
    program.press(KEY.Key_T)
    program.wait_until(lambda: program.session.timeline.newest > 50)
    assert "w₅" not in program.explanation
    assert "raining" in program.explanation
    program.press(KEY.Key_T)
    assert "begins: what is given?" in program.explanation


def test_training_goes_on_from_an_edited_branch(program, fresh):
    """An edit at iteration 20 of 40, then 30 more: as a fresh replay of the document."""
    program.train(40)
    program.session.seek(20)
    program.edit_on_canvas("w5", "-1")
    assert program.session.timeline.newest == 20
    program.train(30)
    assert program.at == (50, 0)
    assert_same(program.seen(), fresh(program))


def test_an_edit_while_training_stops_it_and_belongs_to_where_it_stopped(program, fresh):
    """The run ends on a boundary, and the edit is made there."""
    program.widget("trainCount").setValue(0)
    program.do("train")
    program.wait_until(lambda: program.session.timeline.newest > 30)
    program.window.controller.edit("w5", "0.5")
    assert not program.session.running.is_training
    newest = program.session.timeline.newest
    assert program.at == (newest, 0)
    assert [(e.iteration, e.set) for e in program.session.experiment.edits] == [(newest, {"w5": 0.5})]
    assert_same(program.seen(), fresh(program))


def test_what_interrupts_training_ends_it_cleanly(program):
    """→, ←, Home, undo, restart, another preset: each ends the thread and shows where one is."""
    program.widget("trainCount").setValue(0)
    for name in ("next", "previous", "first", "restart", "nextPhase", "play", "clearFocus"):
        program.do("train")
        program.wait_until(lambda: program.session.timeline.newest > 20)
        program.do(name)
        program.session.running.pause()
        assert not program.session.running.is_training, name
        scene = program.session.scene()
        assert program.at == (scene.frame.iteration, scene.frame.position)
        program.do("restart")


def test_another_preset_while_training(program, start, fresh):
    """The run of the old experiment never publishes into the new one."""
    program.widget("trainCount").setValue(0)
    program.do("train")
    program.wait_until(lambda: program.session.timeline.newest > 20)
    program.window.preset_requested.emit("two-layer-chain")
    assert program.window.windowTitle().startswith("Two-layer chain")
    QTest.qWait(40)
    assert program.at == (0, 0)
    assert program.session.timeline.newest == 0
    other = start("two-layer-chain").seen()
    assert_same(program.seen(), other)


def test_closing_while_training_leaves_no_thread(start):
    """The window goes, and with it the run."""
    program = start()
    program.widget("trainCount").setValue(0)
    program.do("train")
    program.wait_until(lambda: program.session.timeline.newest > 20)
    program.window.close()
    assert not program.window.isVisible()
    program.wait_until(lambda: "training" not in [thread.name for thread in threading.enumerate()])


def test_an_edit_that_waits_comes_into_force_on_its_iteration(start, tmp_path):
    """A document with edits at 10 and 25, trained in one go, equals it stepped through."""
    document = document_of("worked-example")
    later = {"learning_rate": 2.0, "x[1,1]": 0.9}
    document["edits"] = [{"iteration": 10, "set": {"w5": -1.0}}, {"iteration": 25, "set": later}]
    path = written(document, tmp_path / "edited.json")
    program = start(path)
    program.train(40)
    plain = Timeline.of(open_experiment(path)[0])
    while plain.newest < 40:
        plain.advance()
    assert same_state(program.session.timeline.state(40), plain.state(40))
    assert program.widget("learningRate").text() == "2"


def test_play_steps_by_itself_at_its_speed_and_is_paused(program):
    """Space plays and pauses; the speed is that of the picker."""
    speed = program.widget("speed")
    speed.setCurrentIndex(speed.findText("30/s"))
    speed.activated.emit(speed.currentIndex())
    program.press(KEY.Key_Space)
    assert program.action("play").text().replace("&", "") == "Pause"
    program.wait_until(lambda: program.at[1] >= 5)
    program.press(KEY.Key_Space)
    at = program.at
    QTest.qWait(80)
    assert program.at == at
    assert program.action("play").text().replace("&", "") == "Play"


def test_play_at_full_speed_runs_over_iterations_and_stops_by_hand(program):
    """Fastest: into the next iteration; a step by hand pauses; an edit pauses too."""
    speed = program.widget("speed")
    speed.setCurrentIndex(speed.findText("fastest"))
    speed.activated.emit(speed.currentIndex())
    program.do("stepSize.phase")
    program.press(KEY.Key_Space)
    program.wait_until(lambda: program.at[0] >= 2)
    program.press(KEY.Key_Left)
    assert not program.session.running.is_playing
    program.press(KEY.Key_Space)
    program.window.controller.edit("w1", "0.3")
    assert not program.session.running.is_playing
