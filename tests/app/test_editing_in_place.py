"""Editing by the keyboard: a whole sheet typed with Tab, texts that are refused, tables, focus and place."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from backprop_gui.steps.quantities import Quantity
from backprop_gui.steps.references import resolve
from tests.app.program import CTRL, KEY, NO, SHIFT, assert_same, written
from tests.batch_experiment import document

SHEET = {  # a 2-3-2 network, in network order
    "x[1,1]": "0,4",
    "x[1,2]": "1/3",
    **{f"w{k}": f"{k}/10" for k in range(1, 3)},
    "b1": "−2e-3",
    **{f"w{k}": f"{k}/10" for k in range(3, 5)},
    "b2": "0.25",
    **{f"w{k}": f"{k}/10" for k in range(5, 7)},
    "b3": "-1",
    **{f"w{k}": f"-0,{k}" for k in range(7, 10)},
    "b4": "7",
    **{f"w{k}": f".{k}" for k in range(10, 13)},
    "b5": "1e-3",
    "targets[1,1]": "1",
    "targets[1,2]": "0.5",
}


def two_three_two():
    """All zeros, as an empty exercise sheet."""
    dense = {"op": "dense", "activation": "sigmoid"}
    nodes = [
        {**dense, "name": "h1", "of": "x", "units": 3, "weights": [[0, 0]] * 3, "biases": [0] * 3},
        {**dense, "name": "out", "of": "h1", "units": 2, "weights": [[0] * 3] * 2, "biases": [0] * 2},
    ]
    return {
        "format": 1,
        "title": "Sheet",
        "network": {
            "inputs": {"x": 2},
            "nodes": nodes,
            "loss": {"op": "half_squared_error", "of": "out"},
        },
        "data": {"x": [[0, 0]], "targets": [[0, 0]]},
        "training": {"optimizer": {"kind": "gradient_descent", "learning_rate": 0.5}},
    }


def field(program):
    """The field on the canvas."""
    return program.canvas.findChild(QLineEdit, "canvasEditor")


def note(program):
    """What the canvas says of a text it does not take; empty when it says nothing."""
    label = program.canvas.editing.note
    return label.text() if label.isVisible() else ""


def type_here(program, text, end):
    """Type over what is selected, where the keyboard is."""
    program.type_into(QApplication.focusWidget(), text, end)


def test_a_whole_sheet_is_typed_with_tab_alone(start, tmp_path, fresh):
    """Number, Tab, number, Tab …: inputs, weights, biases and targets, each with the form it has on paper."""
    program = start(written(two_three_two(), tmp_path / "sheet.json"))
    program.go(9)
    program.canvas.setFocus()
    program.press(KEY.Key_Return, times=2)  # the first item, then its field
    opened = []
    for text in SHEET.values():
        opened.append(program.canvas.editing.place.edits)
        type_here(program, text, KEY.Key_Tab)
        assert note(program) == ""
    assert opened == list(SHEET)
    assert not field(program).isVisible()
    assert program.widget("learningRate").hasFocus()
    type_here(program, "0.25", KEY.Key_Return)
    assert program.canvas.hasFocus()
    assert program.at == (0, 9)
    (edit,) = program.session.experiment.edits
    assert edit.set["x[1,2]"] == 1 / 3
    assert edit.set["w7"] == -0.7
    assert edit.set["b1"] == -0.002
    assert edit.set["learning_rate"] == 0.25
    assert len(edit.set) == len(SHEET) + 1
    assert_same(program.seen(), fresh(program))
    for _ in [*SHEET, "learning_rate"]:
        program.do("undo")
    assert program.session.experiment.edits == []
    assert not program.action("undo").isEnabled()


def test_shift_tab_goes_back_and_leaves_what_was_not_typed_alone(program):
    """From b₁ back to w₂; passing through changes nothing."""
    program.open_editor("b1")
    program.press(KEY.Key_Backtab, SHIFT)
    assert program.canvas.editing.place.edits == "w2"
    program.press(KEY.Key_Tab, times=5)
    assert program.canvas.editing.place.edits == "w5"
    assert program.session.experiment.edits == []
    program.press(KEY.Key_Escape)
    assert program.canvas.hasFocus()
    assert program.canvas._ring.identity == "w5"


def test_enter_returns_to_the_item_and_opens_it_again(program):
    """The keyboard never has to be looked for."""
    program.canvas.setFocus()
    program.press(KEY.Key_Up, times=40)
    program.press(KEY.Key_Down, times=3)
    program.press(KEY.Key_Return)
    assert field(program).isVisible()
    type_here(program, "0.75", KEY.Key_Return)
    assert program.canvas.hasFocus()
    assert program.cell("gradientTable", "w1", "value") == "0.75"
    program.press(KEY.Key_Return)
    assert field(program).text() == "0.75"
    program.press(KEY.Key_Escape)


def test_the_first_enter_shows_where_the_keyboard_is(program):
    """With nothing in focus, the first item, and the hint says what Enter does there."""
    program.canvas._ring.put("")
    program.canvas._ring.seen = False
    program.press(KEY.Key_Return)
    assert not field(program).isVisible()
    assert program.canvas._ring.identity == "x[1]"
    assert "Enter edits it" in program.canvas._hint.accessibleName()
    program.press(KEY.Key_Return)
    assert program.canvas.editing.place.edits == "x[1,1]"
    program.press(KEY.Key_Escape)


def test_what_was_clicked_is_what_enter_edits(program):
    """The focus set by the mouse is the keyboard's too."""
    program.click("w9")
    program.press(KEY.Key_Return)
    assert program.canvas.editing.place.edits == "w9"
    program.press(KEY.Key_Escape)
    assert program.session.focus == "w9"


def test_tab_walks_through_the_items_and_out(program):
    """Item by item in network order; behind the last one the next panel has the keyboard."""
    program.canvas.setFocus()
    seen = []
    for _ in range(30):
        program.press(KEY.Key_Tab)
        if not program.canvas.hasFocus():
            break
        seen.append(program.canvas._ring.identity)
    assert seen == [stop.identity for stop in program.canvas.stops()][-len(seen) :]
    assert not program.canvas.hasFocus()


@pytest.mark.parametrize("end", [KEY.Key_Return, KEY.Key_Tab])
def test_a_wrong_text_keeps_its_field(program, end):
    """With one sentence beside it; it goes as soon as one types on, and Esc gives everything up."""
    program.open_editor("w5")
    for typed, why in (("1 2", "several"), ("0,5/1.5", "either a comma or a point"), ("x", "is no number")):
        type_here(program, typed, end)
        assert field(program).hasFocus()
        assert field(program).text() == typed
        assert why in note(program)
        assert field(program).accessibleDescription() == note(program)
    type_here(program, "0.5", None)
    assert note(program) == ""
    program.press(end)
    assert program.cell("gradientTable", "w5", "value") == "0.5"
    program.press(KEY.Key_Escape)


def test_a_click_elsewhere_takes_the_number(program):
    """On another number, on the ground, in a table: what was typed counts."""
    type_into = program.type_into
    type_into(program.open_editor("w5"), "0.6", None)
    program.click("w9")
    assert program.cell("gradientTable", "w5", "value") == "0.6"
    type_into(program.open_editor("w6"), "0.7", None)
    program.widget("gradientTable").setFocus(Qt.FocusReason.MouseFocusReason)
    assert program.cell("gradientTable", "w6", "value") == "0.7"
    type_into(program.open_editor("w7"), "0.8", None)
    program.open_editor("w8")
    assert program.cell("gradientTable", "w7", "value") == "0.8"
    assert program.canvas.editing.place.edits == "w8"
    program.press(KEY.Key_Escape)


def test_a_click_elsewhere_with_a_wrong_text_loses_nothing(program):
    """The field has the keyboard again, with its text and the sentence."""
    program.type_into(program.open_editor("w5"), "0.5x", None)
    QTest.mouseClick(program.canvas.viewport(), Qt.MouseButton.LeftButton, NO, QPoint(5, 5))
    QApplication.processEvents()
    assert field(program).hasFocus()
    assert field(program).text() == "0.5x"
    assert "is no number" in note(program)
    program.press(KEY.Key_Escape)


def test_the_field_follows_its_number(program):
    """Zooming and another size of the text neither close it nor lose the text."""
    program.type_into(program.open_editor("w5"), "0.123", None)
    before = field(program).geometry().center()
    program.do("zoomIn", "zoomIn")
    assert field(program).isVisible()
    assert field(program).text() == "0.123"
    assert field(program).geometry().center() != before
    program.do("fit", "textLarger")
    assert field(program).text() == "0.123"
    program.press(KEY.Key_Return)
    program.do("textReset")
    assert program.cell("gradientTable", "w5", "value") == "0.123"


def test_a_weight_without_room_for_a_chip_is_edited_on_its_edge(program):
    """Layers with too many weights for chips: Tab reaches each of them all the same."""
    program.window.controller.files.open("digits")
    crowded = next(
        stop.identity
        for stop in program.canvas.stops()
        if not stop.card and program.canvas._scene.item_of(stop.identity) is None
    )
    place = program.canvas._place_of(crowded)
    assert place is not None
    program.canvas.editing.open(place, program.canvas._look)
    type_here(program, "0,125", KEY.Key_Return)
    assert program.session.experiment.edits[0].set == {crowded: 0.125}


def test_a_table_is_typed_with_enter_and_tab(program, fresh):
    """Enter opens the value, Tab goes to the next row's, the place in the iteration stays."""
    program.go(12)
    table = program.widget("gradientTable")
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 2))
    program.press(KEY.Key_Return)
    for text in ("0.1", "0,2", "1/4"):
        type_here(program, text, KEY.Key_Tab)
    program.press(KEY.Key_Escape)
    assert [program.cell("gradientTable", f"w{k}", "value") for k in (1, 2, 3)] == ["0.1", "0.2", "0.25"]
    assert program.at == (0, 12)
    assert_same(program.seen(), fresh(program))


def test_a_wrong_text_in_a_table_keeps_its_field(program):
    """The bar says why; a right one goes on from there."""
    program.edit_in_table(4, "1 2")
    assert "several" in program.message
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    assert editor.text() == "1 2"
    type_here(program, "12", KEY.Key_Return)
    QApplication.processEvents()
    assert program.message == ""
    assert program.cell("parameterTable", "w5", "value") == "12"


def test_inputs_and_targets_are_edited_in_the_table_of_samples(start, tmp_path, fresh):
    """They are data of a row: `x[2,1]`; undo names them as the screen does."""
    program = start(written(document(), tmp_path / "batch.json"))
    program.session.seek(0, 20)
    table = program.widget("samplesTable")
    program.window.table_tabs.setCurrentWidget(table)
    table.setFocus()
    table.setCurrentIndex(table.model().index(1, 2))
    program.press(KEY.Key_Return)
    for text in ("0,5", "0", "1"):
        type_here(program, text, KEY.Key_Tab)
    program.press(KEY.Key_Escape)
    (edit,) = program.session.experiment.edits
    assert edit.set == {"x[2,2]": 0.5, "targets[2,1]": 0.0, "targets[2,2]": 1.0}
    assert program.action("undo").text().replace("&", "") == "Undo set y₂ of row 2 to 1"
    assert program.at == (0, 20)
    assert_same(program.seen(), fresh(program))


def test_the_question_and_the_number_that_was_asked_about_stay(program):
    """An edit is no step: ask first still hides the number, a clicked number is still the page's."""
    program.do("askFirst")
    program.go(1)
    assert program.session.asking
    program.edit_on_canvas("w1", "0.3")
    assert program.session.asking
    program.do("askFirst")
    program.session.seek(0, 20)
    asked = program.session.plan.quantity(6)
    program.session.ask(asked)
    program.edit_on_canvas("w5", "0.3")
    assert program.session.subject() == asked
    program.press(KEY.Key_Z, CTRL)
    assert program.session.subject() == asked


@pytest.mark.parametrize(
    ("name", "iteration", "place"),
    [("x", 0, "x[2,1]"), ("targets", 1, "targets[2,1]"), ("w5", 1, "w5")],
)
def test_a_number_is_opened_where_it_stands(program, name, iteration, place):
    """From elsewhere: of the sample that is meant, in its iteration, and before its update."""
    program.window.controller.files.open("averaging-over-examples")
    assert program.session.reach(1)
    program.session.seek(iteration, program.session.plan.total)
    graph = program.session.model.graph
    node = graph.by_name.get(name, -1)
    key = Quantity(node, (0,), sample=1) if node >= 0 else resolve(graph, name)
    assert program.window.controller.features["Editing"].open(iteration, key)
    assert program.canvas.editing.place.edits == place
    assert program.at[0] == iteration
    program.canvas.editing.leave()
