"""The gradient check in its own window: what it says, that it goes stale, that a long one can be left."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QPushButton

from backprop_gui.app import gradient_check
from tests.app.program import KEY
from tests.batch_experiment import document, written


def escape(program):
    """Esc, when the dialog has the keyboard."""
    dialog = program.widget("checkDialog")
    program.wait_until(dialog.isActiveWindow)
    QTest.keyClick(QApplication.focusWidget() or dialog, KEY.Key_Escape)


@pytest.fixture
def batch(start, tmp_path):
    """The program with a batch of three."""
    return start(written(document(), tmp_path))


def sentence(program):
    return program.widget("checkDialog").findChild(QLabel, "checkSentence").text()


def button(program, text):
    """A button of the dialog that can be seen, or None."""
    found = program.widget("checkDialog").findChildren(QPushButton)
    return next((each for each in found if each.text() == text and each.isVisible()), None)


def test_the_dialog_tells_every_parameter(batch):
    """All rows, the worst first and named above; the status bar has its stamp."""
    batch.do("checkGradients")
    rows = batch.table("checkTable")
    assert len(rows) == 12
    assert sentence(batch).startswith("✓ 12 of 12 gradients confirmed")
    assert sentence(batch).endswith(f"at {rows[0][0]}.")
    assert {row[-1] for row in rows} == {"✓"}
    assert batch.window.status._picture.stamp_state == "good"
    assert not batch.widget("checkDialog").isModal()


def test_it_goes_stale_with_every_edit_and_can_be_made_anew(batch):
    """No number of before stands beside the new gradients; stamp and dialog agree on that."""
    batch.do("checkGradients")
    before = batch.table("checkTable", Qt.ItemDataRole.EditRole)
    for change in ("edit", "undo", "redo"):
        if change == "edit":
            batch.edit_on_canvas("w1", "0.9")
        else:
            batch.do(change)
        assert batch.table("checkTable") == []
        assert sentence(batch) == "The gradients on screen are not checked."
        assert batch.window.status._picture.stamp_state == "stale"
        button(batch, "Check gradients").click()
        assert len(batch.table("checkTable")) == 12
        assert batch.window.status._picture.stamp_state == "good"
    assert batch.table("checkTable", Qt.ItemDataRole.EditRole) != before


def test_another_iteration_has_other_gradients(batch):
    """Steps within the iteration leave the check in force, the next iteration does not."""
    batch.do("checkGradients", "next", "nextPhase")
    assert len(batch.table("checkTable")) == 12
    batch.do("nextIteration", "nextIteration")
    assert batch.table("checkTable") == []
    batch.do("checkGradients")
    assert "Iteration 1" in batch.widget("checkDialog").findChild(QLabel, "checkRemarks").text()


def test_more_digits_are_shown_at_once(batch):
    """The dialog follows the digits that are chosen."""
    batch.do("checkGradients")
    short = batch.table("checkTable")[0][1]
    batch.do("digits.9")
    assert len(batch.table("checkTable")[0][1]) > len(short)


def test_it_is_copied_and_closed_by_keys(batch):
    """All rows with heads and digits; Esc closes and stops nothing else."""
    batch.do("checkGradients")
    button(batch, "Copy table").click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["parameter", "gradient", "finite diff.", "relative error", "check"]
    assert len(lines) == 13
    escape(batch)
    assert not batch.widget("checkDialog").isVisible()
    batch.do("checkGradients")
    assert batch.widget("checkDialog").isVisible()


def test_a_row_asks_about_its_parameter(batch):
    """From the worst gradient to where it stands in the network."""
    batch.do("checkGradients")
    table = batch.widget("checkTable")
    table.setCurrentIndex(table.model().index(0, 0))
    QTest.keyClick(table, KEY.Key_Return)
    assert batch.session.focus == table.model().row(0).identity != ""


def test_theme_and_text_size_reach_the_dialog(batch):
    """It looks as the window does, also while it is open."""
    batch.do("checkGradients")
    batch.do("theme.dark", "textLarger")
    dialog = batch.widget("checkDialog")
    assert dialog._theme is batch.window.theme()
    assert dialog._scale == batch.window.look.scale > 1


def test_the_dialog_closes_with_its_window(batch):
    """Nothing stays on the screen of a program that was closed."""
    batch.do("checkGradients")
    dialog = batch.widget("checkDialog")
    batch.window.close()
    assert not dialog.isVisible()


@pytest.fixture
def long(start, tmp_path, monkeypatch):
    """A check of 802 parameters, which takes longer than a slice, cut into small ones."""
    monkeypatch.setattr("backprop_gui.views.sliced.SLICE_SECONDS", 0.001)
    monkeypatch.setattr(gradient_check, "TELL_SECONDS", 0.0)
    content = document()
    content["network"]["nodes"][0].update(units=160, weights={"init": "he"}, biases={"init": "zeros"})
    content["network"]["nodes"][1].update(weights={"init": "he"})
    return start(written(content, tmp_path))


def test_a_long_check_tells_how_far_it_is(long):
    """The window stays awake; at the end everything is there."""
    long.do("checkGradients")
    bar = long.widget("checkDialog").findChild(QProgressBar)
    assert bar.isVisible()
    assert 0 <= bar.value() < bar.maximum() == 802
    assert sentence(long).startswith("Nudging parameter")
    assert long.window.status._picture.stamp_state == "none"
    long.wait_until(lambda: long.window.status._picture.stamp_state == "good", timeout=20_000)
    assert len(long.table("checkTable")) == 802
    assert not bar.isVisible()


@pytest.mark.parametrize("how", ["cancel", "close", "edit", "iteration"])
def test_a_long_check_can_be_left(long, how):
    """By its button, by closing it, by an edit, by another iteration: half a check is none."""
    long.do("checkGradients")
    if how == "cancel":
        button(long, "Cancel").click()
    elif how == "close":
        escape(long)
    elif how == "edit":
        long.edit_rate("0.25")
    else:
        long.session.reach(1)
        long.session.seek(1)
    assert not long.window.controller.checker._work.busy
    assert long.session.check is None
    assert long.window.status._picture.stamp_state == "none"
    assert long.table("checkTable") == []


def test_a_step_does_not_disturb_a_long_check(long):
    """It measures the iteration, wherever one stands in it."""
    long.do("checkGradients", "next", "next")
    assert long.window.controller.checker._work.busy
    long.wait_until(lambda: long.session.check is not None, timeout=20_000)
