"""Asking the program: focus, links that lead back, rules, unfolding, questions first, checks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton, QToolButton, QWidget

from backprop_gui.views.formula import FormulaView
from tests.app.program import KEY, NO


def formulas(program):
    """The formulas on the explain panel, in reading order."""
    shown = [view for view in program.widget("explain").findChildren(FormulaView) if view.isVisible()]
    return sorted(shown, key=lambda view: view.mapTo(program.window, view.rect().topLeft()).y())


def click_link(program, formula, number):
    """Click a part of a formula."""
    view = formulas(program)[formula]
    where = view.link_rects()[number].center().toPoint()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, NO, where)


def quiet(program):
    """The cards and weights that are not dimmed."""
    picture = program.canvas._picture
    return {each.identity for each in (*picture.cards, *picture.chips) if each.emphasis != "dim"}


def test_a_click_on_a_weight_keeps_its_paths_and_esc_shows_all(program):
    """The number answers for itself; Esc, the background or a second click let go of it."""
    program.go(36)
    plain = program.seen()
    paths = {"x[1]", "h1[1]", "h2[1]", "h2[2]", "out[1]", "loss", "w1", "w5", "w7", "w9", "w10"}
    for leave in ("Esc", "again", "background"):
        program.click("w1")
        assert program.session.focus == "w1"
        assert quiet(program) == paths
        assert "∂L/∂w₁" in program.explanation
        assert program.at == (0, 36)
        if leave == "Esc":
            program.press(KEY.Key_Escape)
        elif leave == "again":
            program.click("w1")
        else:
            viewport = program.canvas.viewport()
            QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, NO, viewport.rect().topLeft())
        assert program.seen() == plain, leave


def test_a_row_of_a_table_and_a_neuron_focus_too(program):
    """The same question, wherever it is asked."""
    program.go(36)
    table = program.widget("gradientTable")
    where = table.visualRect(table.model().index(2, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, NO, where)
    assert program.session.focus == "w3"
    program.press(KEY.Key_Escape)
    program.canvas.setFocus()
    number = [stop.identity for stop in program.canvas.stops()].index("h2[1]")
    program.press(KEY.Key_Up, times=40)
    program.press(KEY.Key_Down, times=number)
    program.press(KEY.Key_Return)
    assert program.session.focus == "h2[1]"
    assert "h1[1]" not in quiet(program)
    program.press(KEY.Key_Right)
    assert program.session.focus == ""
    assert program.at == (0, 37)


def test_a_focus_waits_for_its_number(program):
    """Before step 19 the gradient of w₅ is not given away."""
    program.go(5)
    program.click("w5")
    assert "uncovered in step 19; you are at step 5" in program.explanation
    assert "0.009189" not in program.explanation


def test_a_factor_leads_to_the_step_that_made_it(program):
    """In ∂L/∂w₅ = ∂L/∂z₁⁽²⁾ · a₁⁽¹⁾: the first to step 18, the second to step 2."""
    for number, step in ((0, 18), (1, 2)):
        program.session.seek(0, 19)
        click_link(program, 0, number)
        assert program.at == (0, step)


def test_a_given_factor_is_told_about_where_one_is(program):
    """A weight and an input have no step: they are asked about on the spot."""
    program.session.seek(0, 17)
    click_link(program, 0, 1)
    assert program.at == (0, 17)
    assert "What is w₉?" in program.explanation
    program.session.seek(0, 1)
    click_link(program, 0, 1)
    assert "What is x₁?" in program.explanation
    assert "sample 1 of 1" in program.explanation


def test_a_slope_opens_its_rule_and_closes_it(program):
    """σ′ = a(1 − a), with numbers, on the same page."""
    program.session.seek(0, 18)
    page = program.explanation
    click_link(program, 0, 1)
    assert "σ′(z₁⁽²⁾) = a₁⁽²⁾" in program.explanation
    assert program.at == (0, 18)
    click_link(program, 0, 1)
    assert program.explanation == page


def test_unfolding_by_key_and_by_button(program):
    """U writes the gradient out to the loss, and folds it again; it stays so from step to step."""
    program.session.seek(0, 19)
    folded = program.explanation
    program.press(KEY.Key_U)
    assert "(a_out − y) · σ′(z_out) · w₉ · σ′(z₁⁽²⁾) · a₁⁽¹⁾" in program.explanation
    program.press(KEY.Key_Right)
    assert "path to the loss" in program.explanation
    program.press(KEY.Key_Left)
    button = next(
        each
        for each in program.widget("explain").findChildren(QPushButton)
        if each.isVisibleTo(program.window) and "old" in each.text()
    )
    button.click()
    assert program.explanation == folded


def test_ask_first_asks_then_tells(program):
    """→ shows the question, → the number; ← takes back the one, then the other; so over iterations."""
    program.go(50)
    program.do("askFirst")
    box = program.widget("explain").findChild(QCheckBox)
    assert box.isChecked()
    program.press(KEY.Key_Right)
    assert program.at == (0, 50)
    assert "b₅ after the update?" in program.explanation
    assert "0.5459" not in program.explanation
    program.press(KEY.Key_Left)
    assert program.at == (0, 50)
    assert "b₄" in program.explanation
    program.press(KEY.Key_Right, times=2)
    assert program.at == (0, 51)
    assert "0.5459" in program.explanation
    program.press(KEY.Key_Right)
    assert program.at == (1, 0)
    assert "What arrives at h₁⁽¹⁾?" in program.explanation
    program.press(KEY.Key_Right)
    assert program.at == (1, 1)
    assert "Result: z₁⁽¹⁾" in program.explanation
    box.click()
    assert not program.action("askFirst").isChecked()
    program.press(KEY.Key_Right)
    assert program.at == (1, 2)


def test_a_check_confirms_the_table_and_goes_stale_with_an_edit(program):
    """✓ means verified, for these very numbers."""
    program.go(36)
    program.do("checkGradients")
    assert all(row[6] == "✓" for row in program.table("gradientTable"))
    assert "gradients checked, largest error" in program.seen()["status"]
    program.session.seek(0, 19)
    assert "Verified: finite difference" in program.explanation
    program.edit_on_canvas("w9", "0.3")
    assert "✓" not in str(program.table("gradientTable"))
    assert "Verified" not in program.explanation
    for dialog in program.window.findChildren(QWidget, "checkDialog"):
        dialog.close()


def test_gradients_are_checked_when_nothing_else_is_to_do(program):
    """Small networks, by themselves, off the path of a step."""
    program.session._idle.setInterval(1)
    program.go(36)
    program.wait_until(lambda: "gradients checked" in program.seen()["status"])
    program.session._idle.setInterval(10**8)


def test_digits_change_what_is_shown_and_nothing_else(program):
    """2 to 17 significant digits; the values stay."""
    program.session.seek(0, 19)
    before = program.session.scene().frame.record.after.parameters
    program.do("digits.9")
    assert "∂L/∂w₅ ≈ 0.00918855649" in program.explanation
    assert "9 significant digits" in program.seen()["status"]
    program.do("digits.17")
    gradient = program.cell("gradientTable", "w5", "gradient")
    assert f"∂L/∂w₅ = {gradient}" in program.explanation or f"∂L/∂w₅ ≈ {gradient}" in program.explanation
    program.do("digits.4")
    assert (program.session.scene().frame.record.after.parameters == before).all()


@pytest.mark.parametrize("name", ["averaging-over-examples", "conv-classifier", "reused-value"])
def test_every_step_size_can_be_shown_in_other_networks(start, name):
    """Batches, large layers, other operations, shared parameters: forth and back without a stumble."""
    program = start(name)
    for size in ("neuron", "layer", "phase", "iteration", "epoch", "operation"):
        program.do(f"stepSize.{size}", "first")
        program.press(KEY.Key_Right, times=5)
        text = program.explanation
        assert text
        program.press(KEY.Key_Right)
        program.press(KEY.Key_Left)
        if size != "epoch":
            assert program.explanation == text
    total = program.session.plan.total
    for position in {total, total - 1, total // 2, total // 3, total // 4}:
        program.session.seek(0, position)
        program.do("unfold")
        assert program.explanation
    assert program.window.findChild(QToolButton, "nextButton").isEnabled()


def test_u_says_where_there_is_nothing_to_unfold(program):
    """A forward step has no way to the loss to write out; pressing U there changes nothing later."""
    program.go(5)
    program.press(KEY.Key_U)
    assert not program.session.unfolded
    assert program.window.status._remark == "Nothing to unfold here"
    program.session.seek(0, 19)
    assert "path to the loss" not in program.explanation


def test_an_opened_rule_comes_into_view(program):
    """On a long unfolded page a slope's rule stands far below what was clicked."""
    program.window.side.setCurrentIndex(0)
    program.session.seek(0, 29)
    program.press(KEY.Key_U)
    panel = program.window.explain
    bar = panel._scroll.verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == 0
    term = program.session.scene().terms.gradient(program.session.subject())[0]
    slope = program.session.scene().terms.gradient(term.upstream)[0].local
    panel.target_activated.emit(slope)
    opened = next(view for view in panel._blocks if view._block is not None and view._block.opened)
    shown = panel._scroll.viewport().height()
    assert opened.isVisibleTo(program.window)
    assert bar.value() <= opened.y()
    assert opened.geometry().bottom() <= bar.value() + shown or bar.value() >= opened.y() - 20
    assert bar.value() > 0


def test_a_hidden_page_is_laid_out_when_it_is_looked_at(program):
    """Behind another tab only its words are kept up to date; in front it is the page of this moment."""
    program.go(18)
    before = program.window.explain._title.text()
    program.do("why")
    program.press(KEY.Key_PageDown)
    assert program.at == (0, 19)
    assert "w₅" in program.explanation
    assert program.window.explain._title.text() == before
    program.window.side.setCurrentIndex(0)
    assert "w₅" in program.window.explain._title.text()


def test_a_remark_does_not_move_the_window(start):
    """It stands in place of stamp and digits, where there is no room for all, and gives it back."""
    program = start(size=(1280, 720))
    status = program.window.status
    program.session.check_gradients()
    program.session.refresh()
    high = status.height()
    program.window.show_message("A remark, as long as they get: with the published numbers and so on and on.")
    QApplication.processEvents()
    assert status.height() == high
    assert not status._stamp.isVisible()
    status._forget_remark()
    QApplication.processEvents()
    assert status.height() == high
    assert status._stamp.isVisible()
    assert status._digits.isVisible()
