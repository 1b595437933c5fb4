"""Why this number? Asked everywhere in the window, and answered as a tree under the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from backprop_gui.steps.provenance import Traced
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity, Setting
from backprop_gui.steps.references import resolve
from backprop_gui.views.formula import FormulaView
from tests.app.program import CTRL, KEY, Program


def feature(program: Program):
    return program.window.controller.features["WhyTree"]


def root(program: Program) -> Traced | None:
    return feature(program).state.root


def texts(program: Program) -> list[str]:
    """The rows, up to their formulas."""
    return [row.text.split(" (")[0] for row in program.widget("whyTree").rows]


def named(program: Program, name: str, iteration: int | None = None) -> Traced:
    iteration = program.session.iteration if iteration is None else iteration
    return Traced(iteration, resolve(program.session.model.graph, name))


def ask_by_menu(view: QWidget, point: QPoint) -> None:
    """The right button, then the entry."""
    port = view.viewport() if hasattr(view, "viewport") else view
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(port, QContextMenuEvent(reason, point, port.mapToGlobal(point)))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    (entry,) = [action for action in menu.actions() if action.text() == "Why this number?"]
    entry.trigger()
    menu.close()


@pytest.fixture(autouse=True)
def asked_nothing(program):
    """Each test begins with the explanation in front and nothing asked."""
    program.window.side.setCurrentIndex(0)
    yield
    program.window.side.setCurrentIndex(0)


def test_w_asks_about_the_newest_step_and_the_keys_walk_the_tree(program):
    """→ opens, ← closes, and time stands still; Enter starts from a row, Backspace comes back."""
    program.go(19)
    program.press(KEY.Key_W)
    assert root(program) == named(program, "d(w5)")
    assert program.widget("whyTree").hasFocus()
    assert len(texts(program)) == 3
    program.press(KEY.Key_Down)
    program.press(KEY.Key_Right)
    assert texts(program)[2].startswith("∂L/∂a₁⁽²⁾")
    program.press(KEY.Key_Right)
    assert program.widget("whyTree").current().text == texts(program)[2]
    program.press(KEY.Key_Left, times=2)
    assert len(texts(program)) == 3
    program.press(KEY.Key_End)
    program.press(KEY.Key_Return)
    assert root(program) == named(program, "h1.a[1]")
    program.press(KEY.Key_Backspace)
    assert root(program) == named(program, "d(w5)")
    program.press(KEY.Key_Home)
    assert program.widget("whyTree").current().path == ()
    assert program.at == (0, 19)


def test_a_second_enter_goes_where_the_number_was_uncovered(program):
    """To another iteration too; the tree stays where it is and says of which iteration it speaks."""
    assert program.session.reach(3)
    program.go(0, 3)
    feature(program).ask_here(named(program, "w5").key)
    program.press(KEY.Key_Right)
    program.press(KEY.Key_Return)
    updated = root(program)
    assert updated is not None
    assert updated.iteration == 2
    program.press(KEY.Key_Return)
    assert program.at == (2, 41)
    assert root(program) == updated
    program.go(0, 3)
    assert program.widget("whyPanel")._picture.kicker == "Iteration 2 · you are at 3"


def test_the_canvas_lights_the_way_to_the_root(program):
    """With the row that is current; with the panel left, the step's own again."""
    program.go(19)
    program.do("why")
    lit = program.session.lit
    assert lit == {named(program, "d(w5)").key}
    program.press(KEY.Key_Down)
    assert program.session.lit == lit | {named(program, "d(h2.z[1])").key}
    program.canvas.setFocus()
    assert program.session.lit == frozenset()


def test_any_number_of_the_canvas_can_be_asked(program):
    """By the right button and by Ctrl and a click: a chip's two lines, a card, an edge."""
    program.go(19)
    where = program.place_on_canvas("w5")
    high, low = where - QPoint(0, 8), where + QPoint(0, 8)
    ask_by_menu(program.canvas, high)
    assert root(program) == named(program, "w5")
    ask_by_menu(program.canvas, low)
    assert root(program) == named(program, "d(w5)")
    QTest.mouseClick(
        program.canvas.viewport(), Qt.MouseButton.LeftButton, CTRL, program.place_on_canvas("x[2]")
    )
    assert root(program) == named(program, "x[2]")
    assert program.session.focus == ""
    assert program.canvas.quantity_at(QPoint(2, 2)) is None


def test_the_cells_of_the_tables_can_be_asked(program):
    """Value, gradient and updated value: the very cell."""
    program.go(51)
    table = program.widget("gradientTable")
    keys = [column.key for column in table.model().columns]
    graph = program.session.model.graph
    w1 = resolve(graph, "w1")
    assert isinstance(w1, Quantity)
    for key, aspect, sample in (
        ("value", VALUE, None),
        ("gradient", GRADIENT, 0),
        ("updated", UPDATED, None),
    ):
        place = table.visualRect(table.model().index(0, keys.index(key))).center()
        ask_by_menu(table, place)
        assert root(program) == Traced(0, Quantity(w1.node, w1.element, aspect, sample))
    program.window.table_tabs.setCurrentWidget(program.widget("parameterTable"))
    table = program.widget("parameterTable")
    ask_by_menu(table, table.visualRect(table.model().index(0, 2)).center())
    assert root(program) == Traced(0, w1)


def test_factors_of_formulas_can_be_asked(program):
    """In the explain panel, with Ctrl and a click."""
    program.go(19)
    views = [view for view in program.widget("explain").findChildren(FormulaView) if view.isVisible()]
    view = next(view for view in views if len(view.link_rects()) == 2)
    where = view.link_rects()[-1].center().toPoint()
    asked = view.target_at(where)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, CTRL, where)
    assert root(program) == Traced(0, asked)
    assert program.at == (0, 19)


def test_a_point_of_the_loss_curve_asks_for_its_iteration(program):
    """Without going there."""
    assert program.session.reach(3)
    program.window.loss_plot.prepare()
    program.window.loss_plot.iteration_asked.emit(2)
    assert root(program) == Traced(2, Quantity(program.session.model.graph.loss, sample=0))
    assert program.at[0] == 0
    assert texts(program)[0].startswith("L ≈")


def test_a_number_that_is_covered_says_what_it_waits_for(program):
    """And is told as soon as it is uncovered; back in time it is covered again."""
    feature(program).ask_here(named(program, "h1.z[1]").key)
    panel = program.widget("whyPanel")
    assert "not uncovered yet" in panel.accessibleDescription()
    program.do("next")
    assert texts(program)[0].startswith("z₁⁽¹⁾ = 0.41")
    program.do("previous")
    assert "not uncovered yet" in panel.accessibleDescription()


def test_after_an_edit_the_tree_is_made_anew(program):
    """The same question with other numbers, told by whom it was set; a number that is gone closes."""
    program.go(51)
    feature(program).ask_here(named(program, "h1.z[1]").key)
    program.window.controller.edit("w1", "0.7")
    assert texts(program)[0].startswith("z₁⁽¹⁾ = 0.49")
    assert "set by you in iteration 0" in program.widget("whyPanel").accessibleDescription()
    assert program.session.reach(2)
    feature(program).ask(2, named(program, "w5").key)
    program.do("undo")
    assert root(program) is None
    assert "press W" in program.widget("whyPanel").accessibleDescription()


def test_another_experiment_closes_the_tree(program):
    """Nothing stale stays."""
    program.go(19)
    program.do("why")
    program.window.controller.files.open("softmax-classifier")
    assert root(program) is None


def test_with_nothing_looked_at_the_panel_says_how_to_ask(program):
    """At the very beginning there is no newest step."""
    program.do("why")
    assert root(program) is None
    assert "right button" in program.widget("whyPanel").accessibleDescription()


def test_copy_takes_the_opened_tree(program):
    """As plain text, a line for each row."""
    program.go(19)
    program.do("why")
    QTest.keyClick(program.widget("whyTree"), KEY.Key_C, CTRL)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Iteration 0"
    assert lines[1].startswith("∂L/∂w₅ ≈ 0.009189 = ")
    assert lines[2].startswith("  ∂L/∂z₁⁽²⁾")


def test_digits_and_themes_reach_the_tree(program):
    """Rows are made again with other digits."""
    program.go(19)
    program.do("why", "digits.3")
    assert texts(program)[0].startswith("∂L/∂w₅ ≈ 0.00919")


def test_tips_say_how_to_ask(program, monkeypatch):
    """Where there is a number, and nowhere else."""
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _where, text, *_more: shown.append(text))
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QHelpEvent

    port = program.canvas.viewport()
    for point in (program.place_on_canvas("w5"), QPoint(2, 2)):
        QApplication.sendEvent(port, QHelpEvent(QEvent.Type.ToolTip, point, port.mapToGlobal(point)))
    assert shown[0].endswith("W: why")
    assert shown[1] == ""


def test_w_asks_about_the_number_whose_tip_is_on_screen(program, monkeypatch):
    """The tip says so; without one the newest step's number is meant."""
    program.go(19)
    where = program.canvas.viewport().mapToGlobal(program.place_on_canvas("x[1]"))
    monkeypatch.setattr("backprop_gui.app.why.QCursor", FakePointer(where))
    monkeypatch.setattr("backprop_gui.views.asking.QCursor", FakePointer(where))
    monkeypatch.setattr("backprop_gui.app.why.QToolTip", FakeTip)
    program.do("why")
    assert root(program) == named(program, "x[1]")


class FakePointer:
    def __init__(self, where: QPoint) -> None:
        self.where = where

    def pos(self) -> QPoint:
        return self.where


class FakeTip:
    @staticmethod
    def isVisible() -> bool:
        return True


def test_crumbs_can_be_clicked(program):
    """They lead back, and give the tree the keyboard."""
    program.go(19)
    program.do("why")
    program.press(KEY.Key_Down)
    program.press(KEY.Key_Return)
    crumbs = [button for button in program.widget("whyPanel")._crumbs if button.isVisible()]
    assert [crumb.text() for crumb in crumbs] == ["∂L/∂w₅", "∂L/∂z₁⁽²⁾"]
    crumbs[0].click()
    assert root(program) == named(program, "d(w5)")
    assert program.widget("whyTree").hasFocus()


def test_the_check_dialog_can_be_asked(program):
    """A gradient there leads to its tree here."""
    program.go(51)
    program.do("checkGradients")
    dialog = program.window.controller.checker.dialog
    try:
        dialog.cell_asked.emit(("w5", "numeric"))
        assert root(program) == named(program, "d(w5)")
    finally:
        dialog.close()


def test_while_a_number_is_covered_the_arrows_step_in_time(program):
    """The keyboard stays in the panel; → uncovers what is waited for, then it opens rows again."""
    feature(program).ask_here(named(program, "h1.z[1]").key)
    assert program.widget("whyTree").hasFocus()
    program.press(KEY.Key_Right)
    assert program.at == (0, 1)
    assert program.widget("whyTree").hasFocus()
    program.press(KEY.Key_Right)
    assert program.at == (0, 1)
    program.do("previous")
    assert program.widget("whyTree").hasFocus()


def ctrl_click(view: QWidget, where: QPoint) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, CTRL, where)


def test_rate_nudge_and_slice_can_be_asked(program):
    """Numbers beside the network too: the rate in its field, a nudged line, point and slope of the slice."""
    program.train(3)
    program.go(51, iteration=2)
    program.session.set_focus("w5")
    rate = program.widget("learningRate")
    ask_by_menu(rate, QPoint(6, 6))
    assert root(program) == Traced(2, Setting("learning_rate"))
    program.do("nudge")
    lines = program.window.controller.features["NudgeBench"].panel.lines
    ctrl_click(lines, lines._row(1).center().toPoint())
    assert root(program) == named(program, "h2.z[1]")
    cut = program.window.controller.features["SlicePanel"]
    cut.open()
    program.wait_until(lambda: not cut._work.busy and cut.widget.canvas._picture is not None)
    canvas = cut.widget.canvas
    canvas.repaint()
    picture, axes = canvas._picture, canvas._axes
    ctrl_click(canvas, axes.at(picture.value, picture.here).toPoint())
    assert root(program) == named(program, "loss")
    ctrl_click(canvas, axes.rect.topLeft().toPoint() + QPoint(3, 3))
    assert root(program) == named(program, "d(w5)")
