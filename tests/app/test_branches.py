"""Branches and races in the window: the curves, the tables, the keys, what is said."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.app.program import CTRL, KEY, Program

TAB = "Branches"


def tabs(program: Program) -> list[str]:
    held = program.window.table_tabs
    return [held.tabText(tab) for tab in range(held.count())]


def names(program: Program) -> list[str]:
    """What stands at the ends of the curves in the loss plot."""
    return [line.name for line in program.window.loss_plot.picture.lines]


@pytest.fixture
def forked(program: Program) -> Iterator[Program]:
    """Fifty updates, another rate from 20 on, and thirty updates with it; the tab is open."""
    program.train(50)
    program.session.seek(20)
    program.edit_rate("0,1")
    program.train(30)
    program.window.table_tabs.setCurrentIndex(tabs(program).index(TAB))
    program.widget("branchTable").setFocus()
    yield program
    program.session.branches.race.stop()
    for dialog in ("raceDialog", "seedDialog"):
        if program.window.findChild(object, dialog) is not None:
            program.widget(dialog).hide()


def test_there_is_a_tab_once_there_is_a_branch(program: Program) -> None:
    """Neither tab nor curve before anything has parted."""
    program.train(5)
    assert TAB not in tabs(program)
    assert names(program) == [""]
    program.session.seek(2)
    program.edit_on_canvas("w5", "2")
    assert TAB in tabs(program)
    program.do("undo")
    assert TAB not in tabs(program)  # nothing came of the edit


def test_both_curves_and_what_differs_are_shown(forked: Program) -> None:
    """From the fork on the old future; losses, rate and parameters of both in the table of differences."""
    session, plot = forked.session, forked.window.loss_plot
    old = session.branches.others[0].timeline
    assert names(forked) == ["on screen", "original"]
    iterations, values = plot.picture.lines[1].iterations, plot.picture.lines[1].values
    assert (iterations[0], iterations[-1]) == (20, 50)
    assert np.array_equal(values[:30], old.losses()[1][20:50])
    assert plot.picture.marks[0][0] == 20
    runs = forked.table("branchTable")
    assert [row[1] for row in runs] == ["α = 0.1 from 20", "original"]
    assert runs[1][2] == "20"
    found = {row[0]: row[1:] for row in forked.table("differenceTable")}
    assert found["α"] == ["0.1", "0.5", "+0.4"]
    here, there = (run.state(50).parameters[8] for run in (session.timeline, old))
    form = session.format
    assert found["w₉"] == [form.text(here), form.text(there), form.signed(there - here)]
    assert set(found) == {"L at 50", "α", *(f"w{n}" for n in "₁₂₃₄₅₆₇₈₉"), "w₁₀", *(f"b{n}" for n in "₁₂₃₄₅")}


def test_the_keyboard_goes_there_renames_and_forgets(forked: Program) -> None:
    """Enter, F2, Delete; Ctrl+Z has it again."""
    forked.press(KEY.Key_Home, CTRL)
    forked.press(KEY.Key_Down)
    forked.press(KEY.Key_Return)
    assert forked.session.branches.current.name == "original"
    assert forked.widget("learningRate").text() == "0.5"
    assert forked.at == (50, 0)
    forked.press(KEY.Key_F2)
    editor = QApplication.focusWidget()
    forked.type_into(editor, "slow")
    QApplication.processEvents()
    assert [row[1] for row in forked.table("branchTable")] == ["original", "slow"]
    assert names(forked) == ["on screen", "slow"]
    forked.press(KEY.Key_Delete)
    assert TAB not in tabs(forked)
    assert names(forked) == [""]
    forked.do("undo")
    assert TAB in tabs(forked)
    assert [branch.name for branch in forked.session.branches.others] == ["slow"]


def test_a_name_that_is_taken_stays_in_its_field_with_a_sentence(forked: Program) -> None:
    """Esc leaves the old one."""
    forked.press(KEY.Key_Down)
    forked.press(KEY.Key_F2)
    editor = QApplication.focusWidget()
    forked.type_into(editor, "α = 0.1 from 20")
    QApplication.processEvents()
    assert "the name of another branch" in forked.message
    QTest.keyClick(editor, KEY.Key_Escape)
    assert [row[1] for row in forked.table("branchTable")] == ["α = 0.1 from 20", "original"]


def start_race(program: Program, count: int) -> None:
    program.do("race")
    program.widget("raceCount").setValue(count)
    program.widget("raceDialog")._start.click()


def test_a_race_is_shown_live_and_said_who_is_ahead(forked: Program) -> None:
    """Four lanes from the moment on screen; each a curve, a row in the ranking, a branch to go to."""
    start_race(forked, 40)
    race = forked.session.branches.race
    forked.wait_until(lambda: not race.is_running)
    best = race.lanes[race.standings()[0].lane]
    assert f"{best.name} is ahead after 40 iterations" in forked.widget("raceSentence").text()
    assert forked.table("raceTable")[0][1] == best.name
    assert len(names(forked)) == 6
    forked.widget("raceDialog")._show_lane.click()
    assert forked.session.branches.current is best
    assert forked.at == (90, 0)


def test_t_and_esc_stop_a_race(forked: Program) -> None:
    """In the window as in the dialog; the lanes stay as far as they have come."""
    race = forked.session.branches.race
    for key, where in ((KEY.Key_T, "raceDialog"), (KEY.Key_Escape, "canvas")):
        start_race(forked, 10**8)
        forked.wait_until(lambda: min(lane.timeline.newest for lane in race.lanes) > 60)
        forked.widget(where).activateWindow()
        forked.wait_until(forked.widget(where).isActiveWindow)
        QTest.keyClick(forked.widget(where), key)
        assert not race.is_running
        assert "when the race was stopped" in forked.widget("raceSentence").text()
        assert forked.action("train").text().replace("&", "") == "Train"


def test_lanes_that_are_wrong_are_told_in_the_dialog(forked: Program) -> None:
    """A rate that is no number; the race does not start."""
    forked.do("race")
    forked.widget("raceRate2").setText("x")
    forked.widget("raceDialog")._start.click()
    assert "no number" in forked.widget("raceSentence").text()
    assert not forked.session.branches.race.is_running


def test_opening_another_experiment_ends_everything(forked: Program) -> None:
    """No race, no branch, no tab; nothing of them arrives."""
    start_race(forked, 10**8)
    QTest.qWait(30)
    forked.window.controller.files.open("xor")
    QTest.qWait(80)
    assert TAB not in tabs(forked)
    assert names(forked) == [""]
    assert forked.session.timeline.newest == 0
    assert not forked.widget("raceDialog").isVisible()


def test_a_seed_is_asked_for_and_forks(start) -> None:
    """From here on, and from the beginning; what is no seed is told."""
    program = start("spiral")
    program.session.reach(4)
    program.session.seek(2)
    program.do("seed")
    program.type_into(program.widget("seed"), "1,5")
    assert "whole number" in program.widget("seedFault").text()
    program.type_into(program.widget("seed"), "15")
    assert not program.widget("seedDialog").isVisible()
    assert program.session.branches.current.name == "seed 15 from 2"
    program.do("seed")
    program.widget("seedAnew").click()
    program.type_into(program.widget("seed"), "15")
    assert program.session.experiment.training.seed == 15
    assert program.at == (0, 0)
    assert "original" in [branch.name for branch in program.session.branches.others]


def test_smoothed_curves_part_where_the_runs_do(forked: Program) -> None:
    """A branch is smoothed with the past it shares: up to the fork both means are one curve."""
    plot = forked.window.loss_plot
    plot.set_smoothing(10)
    lines = {line.name: line for line in plot.picture.lines}
    whole = np.concatenate([plot._losses[:20], forked.session.branches.others[0].timeline.losses()[1][20:50]])
    weights = 0.9 ** np.arange(50)[::-1]
    assert np.isclose(lines["original"].values[29], (weights * whole).sum() / weights.sum())
    assert np.isclose(plot.picture.marks[0][1], lines["on screen"].values[20])
    plot.set_smoothing(1)


def test_curves_of_branches_wait_while_the_loss_plot_is_hidden(forked):
    """Nothing is calculated for a plot behind another; it is up to date once it is in front again."""
    plots = forked.window.plot_tabs
    plots.setCurrentIndex(1)
    before = forked.window.loss_plot._branches
    forked.do("fork")
    forked.session.branches.rename(forked.session.branches.others[0].name, "another name")
    assert forked.window.loss_plot._branches is before
    plots.setCurrentIndex(0)
    assert "another name" in names(forked)
