"""Building in the window: by list, by hand on the canvas, by keyboard; new and duplicated experiments."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu

from backprop_gui.views.build_paint import handle_of
from tests.app.program import KEY, NO, SHIFT, Program

LEFT = Qt.MouseButton.LeftButton


def network(program: Program) -> str:
    """The network in short: `h1:2 of x`."""
    nodes = program.session.experiment.network.nodes
    return ", ".join(
        f"{n.name}:{getattr(n, 'units', '')} of {n.of if isinstance(n.of, str) else '+'.join(n.of)}"
        for n in nodes
    )


def node(program: Program, name: str) -> Any:
    """A node of the network on screen."""
    return next(node for node in program.session.experiment.network.nodes if node.name == name)


def undo_name(program: Program) -> str:
    """What the Edit menu would take back."""
    return program.action("undo").text().removeprefix("&Undo ")


@pytest.fixture
def panel(program):
    """The list of layers, in front; afterwards the explanation is again."""
    program.do("networkPanel")
    yield program.widget("networkPanel")
    program.window.side.setCurrentIndex(0)


@pytest.fixture
def hand(program):
    """Building on the canvas is on."""
    program.do("build")
    yield program.window.controller.features["Building"]._hand
    if program.action("build").isChecked():
        program.do("build")
    program.window.side.setCurrentIndex(0)


# --- the list ---------------------------------------------------------------------------------------------


def line(panel: Any, name: str) -> Any:
    """The line of a layer."""
    return next(line for line in panel._shown() if line.row.name == name)


def test_numbers_of_neurons_are_changed_and_undone(program, panel):
    """A change is one entry for undo, named; what is learned by then is where the new network begins."""
    program.go(0)
    program.train(5)
    learned = program.session.timeline.state(5).parameters[:4].tolist()
    line(panel, "h2").units.setValue(4)
    assert undo_name(program) == "4 neurons in h2"
    assert program.at == (0, 0)
    assert program.session.model.initial[:4].tolist() == learned
    program.do("undo")
    assert network(program) == "h1:2 of x, h2:2 of h1, out:1 of h2"
    assert program.at == (5, 0)


def test_layers_come_go_and_move(program, panel):
    """The buttons are about the line with the keyboard."""
    line(panel, "h1").name.setFocus()
    panel.add_after.click()
    assert undo_name(program) == "add layer h2"
    assert network(program) == "h1:2 of x, h2:2 of h1, h3:2 of h2, out:1 of h3"
    assert panel.chosen == "h2"
    line(panel, "h2").activation.chosen.emit("relu")
    panel.earlier.click()
    assert node(program, "h1").activation == "relu"
    assert panel.chosen == "h1"
    panel.remove.click()
    assert network(program) == "h1:2 of x, h2:2 of h1, out:1 of h2"
    line(panel, "h1").biases.click()
    assert node(program, "h1").biases is None
    program.type_into(line(panel, "h2").name, "middle")
    assert network(program) == "h1:2 of x, middle:2 of h1, out:1 of middle"


def test_refusals_stand_in_the_list(program, panel):
    """One sentence; the fields show what is in force, and a change that works takes it away."""
    panel.loss.chosen.emit("cross_entropy")
    assert "2 or more outputs" in panel.refusal.text()
    assert panel.loss.currentData() == "half_squared_error"
    panel.outputs.setValue(2)
    assert not panel.refusal.text()
    panel.loss.chosen.emit("cross_entropy")
    assert network(program).endswith("s: of out")
    panel.joined.click()
    assert program.session.experiment.network.loss.op == "softmax_cross_entropy"
    assert panel.joined.isChecked()


def test_data_is_typed_by_keyboard(program, panel):
    """A digit begins a number, also where it would be a step size; Tab goes on, behind the last one away."""
    panel.rows.setValue(2)
    table = panel.table
    table.setFocus()
    table.setCurrentIndex(table.model().index(1, 0))
    for text in ("3", "0,5", "1/4"):
        program.press(KEY(ord(text[0])))
        editor = QApplication.focusWidget()
        program.type_into(editor, text, end=None)
        program.press(KEY.Key_Tab)
    assert [c[1].tolist() for c in program.session.model.leaves.values()] == [[3, 0.5], [0.25]]
    assert not table.isAncestorOf(QApplication.focusWidget())
    assert program.session.step_size == "operation"
    panel.remove_row.click()
    assert program.session.model.batches.rows == 1


def test_large_texts_take_two_rows(start):
    """Nothing of a layer is cut off, however large the texts are."""
    program = start("iris", (1280, 800))
    program.do("networkPanel")
    program.scale_texts(2.25)
    QApplication.processEvents()
    panel = program.widget("networkPanel")
    for each in panel._shown():
        for part in each.parts():
            if part.isVisible():
                assert part.mapTo(panel, part.rect().topRight()).x() <= panel.viewport().width()
    program.do("textReset")


def test_wrong_number_in_the_data_is_refused(program, panel):
    """In a sentence, and the old number stays."""
    panel.cell_requested.emit("x[1,1]", "a lot")
    assert "is no number" in panel.refusal.text()


def test_every_field_can_be_reached_by_tab(program, panel):
    """From the title to the data; each has a name."""
    panel.title.setFocus()
    seen = []
    for _ in range(40):
        widget = QApplication.focusWidget()
        seen.append(widget.accessibleName() or getattr(widget, "text", str)())
        if widget is panel.table:
            break
        program.press(KEY.Key_Tab)
    assert all(seen)
    assert seen[:4] == [
        "title of the experiment",
        "name of input x",
        "number of inputs x",
        "name of layer h1",
    ]
    assert seen[-1] == "Data: inputs and targets"


# --- the hand on the canvas -------------------------------------------------------------------------------


def middle(program: Program, identity: str) -> QPoint:
    """The middle of a card on the viewport."""
    card = program.canvas.scene().cards[identity]
    return program.canvas.mapFromScene(card.mapToScene(card.box.center()))


def grip(program: Program, identity: str) -> QPoint:
    """Where the handle of a card is."""
    return program.canvas.mapFromScene(handle_of(program.canvas.scene().cards[identity]))


def mouse(program: Program, kind: QEvent.Type, at: QPoint, held: Qt.KeyboardModifier = NO) -> None:
    """One event of the mouse."""
    view = program.canvas.viewport()
    where = QPointF(at)
    QApplication.sendEvent(view, QMouseEvent(kind, where, QPointF(view.mapToGlobal(at)), LEFT, LEFT, held))


def hold(program: Program, start: QPoint, end: QPoint, held: Qt.KeyboardModifier = NO) -> None:
    """Press and carry, without letting go."""
    mouse(program, QEvent.Type.MouseButtonPress, start, held)
    mouse(program, QEvent.Type.MouseMove, end, held)


def drag(program: Program, start: QPoint, end: QPoint, held: Qt.KeyboardModifier = NO) -> None:
    """Press, carry, let go."""
    hold(program, start, end, held)
    mouse(program, QEvent.Type.MouseButtonRelease, end, held)


def test_skip_connection_is_dragged(program, hand):
    """The hand says what letting go would do; then it is done."""
    hold(program, grip(program, "h1[1]"), middle(program, "out[1]"))
    assert hand.held.allowed
    assert "skip connection" in hand.held.words
    mouse(program, QEvent.Type.MouseButtonRelease, middle(program, "out[1]"))
    assert network(program) == "h1:2 of x, h2:2 of h1, both: of h2+h1, out:1 of both"
    assert sum(w is not None for w in node(program, "out").weights[0]) == 3
    assert undo_name(program) == "connect h₁⁽¹⁾ to out"


def test_whole_layers_are_dragged_with_shift(program, hand):
    """Every neuron of the one to every neuron of the other."""
    drag(program, grip(program, "x[1]"), middle(program, "out[1]"), SHIFT)
    assert None not in node(program, "out").weights[0]
    assert len(node(program, "out").weights[0]) == 4


def test_loop_is_refused_in_the_hand(program, hand):
    """While the edge is held; letting go changes nothing and says what would be right."""
    before = program.session.experiment
    hold(program, grip(program, "h2[1]"), middle(program, "h1[2]"))
    assert hand.held.allowed is False
    assert "would close a loop" in hand.held.words
    mouse(program, QEvent.Type.MouseButtonRelease, middle(program, "h1[2]"))
    assert program.session.experiment == before
    assert "towards the loss" in program.message


def test_end_of_an_edge_is_taken_away(program, hand):
    """Over nothing it is cut; let go over its neuron it stays."""
    scene = program.canvas.scene()
    edge = next(e for e in hand._shape.edges if e.weight == "w9")
    (x0, y0), (x1, y1) = scene.layout.routes[edge.identity][-2:]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    near = program.canvas.mapFromScene(QPointF(x1 - (x1 - x0) / length * 14, y1 - (y1 - y0) / length * 14))
    drag(program, near, middle(program, "out[1]"))
    assert node(program, "out").weights == [[0.8, 0.7]]
    drag(program, near, near + QPoint(0, 90))
    assert node(program, "out").weights == [[None, 0.7]]


def test_building_by_keys(program, hand):
    """C, arrows, Enter connect; Delete cuts and removes; + and − change the number of neurons."""
    program.canvas._go_to("w9", seen=True)
    program.press(KEY.Key_Delete)
    assert node(program, "out").weights == [[None, 0.7]]
    program.canvas._go_to("h2[1]", seen=True)
    program.press(KEY.Key_C)
    assert hand.held.over == "out[1]"
    program.press(KEY.Key_Left)
    assert hand.held.over == "h2[2]"
    assert hand.held.allowed is False
    program.press(KEY.Key_Return)
    assert hand.held is not None
    program.press(KEY.Key_Tab)
    program.press(KEY.Key_Return)
    assert node(program, "out").weights[0][0] is not None
    program.canvas._go_to("h1[1]", seen=True)
    program.press(KEY.Key_Plus)
    assert node(program, "h1").units == 3
    program.press(KEY.Key_Minus)
    assert node(program, "h1").units == 2
    program.press(KEY.Key_C)
    program.press(KEY.Key_Escape)
    assert hand.held is None
    program.press(KEY.Key_Delete)
    assert node(program, "h1").units == 1
    assert program.at == (0, 0)


def test_context_menu_cuts(program, hand):
    """A right click on a weight offers to cut it."""
    at = program.place_on_canvas("w9")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, program.canvas.viewport().mapToGlobal(at))
    QApplication.sendEvent(program.canvas.viewport(), event)
    menu = next(m for m in program.canvas.findChildren(QMenu) if m.isVisible())
    menu.actions()[0].trigger()
    menu.close()
    assert node(program, "out").weights == [[None, 0.7]]


def test_canvas_is_its_own_again_when_building_is_off(program, hand):
    """Keys and drags go where they went before."""
    program.do("build")
    program.canvas._go_to("w9", seen=True)
    program.press(KEY.Key_Delete)
    drag(program, grip(program, "h1[1]"), middle(program, "out[1]"))
    assert network(program) == "h1:2 of x, h2:2 of h1, out:1 of h2"
    assert program.canvas._overlay is None


# --- new, duplicate, rename -------------------------------------------------------------------------------


def test_dialog_says_what_is_wrong(program):
    """What cannot be understood is said while it is typed, and nothing can be made of it."""
    program.do("new")
    dialog = program.widget("newDialog")
    dialog.words.setText("2-3-1 tanh softmax")
    assert "2 or more outputs" in dialog.said.text()
    assert not dialog._create.isEnabled()
    dialog._group.button(2).click()
    assert dialog.words.text() == "2-2-1 tanh sigmoid"
    assert "Its data comes with it" in dialog.said.text()
    dialog.reject()


def test_new_asks_about_unsaved_changes(program, monkeypatch):
    """And leaves everything as it is when the answer is to stay."""
    program.edit_on_canvas("w1", "0.7")
    asked = []

    def ask(*_):
        asked.append(1)
        return "cancel"

    monkeypatch.setattr("backprop_gui.app.files.ask_about_unsaved", ask)
    before = program.session.experiment
    program.do("new")
    program.widget("newDialog").accept_words()
    assert asked
    assert program.session.experiment == before


def test_duplicate_and_rename(program, monkeypatch):
    """A copy is in no file; a new title keeps iterations and moment, and can be undone."""
    program.train(3)
    program.do("duplicate")
    assert program.session.experiment.title == "Worked example copy"
    assert program.session.path is None
    assert program.session.modified
    assert program.at == (3, 0)
    monkeypatch.setattr("PySide6.QtWidgets.QInputDialog.getText", lambda *_, **__: ("My sheet", True))
    program.do("rename")
    assert program.session.experiment.title == "My sheet"
    assert program.at == (3, 0)
    program.do("undo")
    assert program.session.experiment.title == "Worked example copy"


def test_a_cell_keeps_a_text_that_is_no_number(program, panel):
    """It can be mended where it was typed; Ctrl+L begins with the number selected, to be typed over."""
    assert panel.first_field().lineEdit().selectedText() == "2"
    table = panel.table
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 0))
    program.press(KEY.Key_5)
    program.type_into(QApplication.focusWidget(), "0.5x", end=KEY.Key_Return)
    QApplication.processEvents()
    editor = QApplication.focusWidget()
    assert editor.text() == "0.5x"
    assert "is no number" in panel.refusal.text()
    program.type_into(editor, "0.5", end=KEY.Key_Return)
    QApplication.processEvents()
    assert program.session.experiment.edits[0].set == {"x[1,1]": 0.5}
    assert not panel.refusal.text()


def test_the_count_of_updates_follows_the_decimal_comma(program):
    """1,000 would be one where a comma is decimal."""
    program.do("decimalComma")
    assert program.widget("trainCount").text() == "1\u202f000"
    program.do("decimalComma")
    assert program.widget("trainCount").text() == "1,000"


def test_layers_are_removed_and_moved_by_keyboard(program, panel):
    """Alt and a letter act on the line with the keyboard, which Tab would leave on the way to the buttons."""
    line(panel, "h1").units.setFocus()
    program.press(KEY.Key_A, Qt.KeyboardModifier.AltModifier)
    program.wait_until(lambda: undo_name(program) == "add layer h2")
    assert QApplication.focusWidget() is line(panel, "h2").units
    line(panel, "h1").units.setFocus()
    program.press(KEY.Key_M, Qt.KeyboardModifier.AltModifier)
    program.wait_until(lambda: undo_name(program) == "remove layer h1")
    assert network(program) == "h1:2 of x, h2:2 of h1, out:1 of h2"


def test_the_sample_of_the_conventions_holds_no_keyboard(program):
    """Tab goes from choice to choice."""
    program.do("conventions")
    dialog = program.widget("conventionsDialog")
    program.wait_until(lambda: QApplication.focusWidget() is program.widget("notationStyle"))
    program.press(KEY.Key_Tab, times=5)
    assert QApplication.focusWidget() is program.widget("conventionHalf")
    dialog.reject()
