"""Edits by hand: on the canvas, in the table, in the field; taken back to the bit; nothing stale."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAccessible

from tests.app.program import CTRL, KEY, SHIFT, assert_same


def test_a_weight_is_edited_on_the_canvas(program, fresh):
    """Double-click, type, Enter: every part shows the new number at once, the position stays."""
    program.go(19)
    program.edit_on_canvas("w5", "0.25")
    assert program.at == (0, 19)
    assert program.cell("gradientTable", "w5", "value") == "0.25"
    assert program.cell("parameterTable", "w5", "value") == "0.25"
    assert program.window.isWindowModified()
    assert_same(program.seen(), fresh(program))


@pytest.mark.parametrize(
    ("identity", "name", "shown"),
    [("w10", "w10", "w₁₀"), ("b3", "b3", "b₃"), ("x[1]", "x[1,1]", ""), ("loss", "targets[1,1]", "")],
)
def test_what_can_be_edited_on_the_canvas(program, fresh, identity, name, shown):
    """Weights, biases, inputs; the target by the caption of the loss, which is tried by F2."""
    program.go(30)
    if identity == "loss":
        program.canvas.setFocus()
        program.press(KEY.Key_Down, times=len(program.canvas.stops()))
        program.press(KEY.Key_F2)
        program.type_into(program.canvas._editor, "0.125")
    else:
        program.edit_on_canvas(identity, "0.125")
    edits = program.session.experiment.edits
    assert [(edit.iteration, edit.set) for edit in edits] == [(0, {name: 0.125})]
    if shown:
        assert program.action("undo").text().replace("&", "") == f"Undo set {shown} to 0.125"
    assert_same(program.seen(), fresh(program))


def test_a_parameter_is_edited_in_its_table(program, fresh):
    """The cell opens with all digits; Enter takes the number."""
    program.go(12)
    program.edit_in_table(8, "-0.75")
    assert program.cell("parameterTable", "w9", "value") == "−0.75"
    assert "w₉" in program.action("undo").text()
    assert_same(program.seen(), fresh(program))


def test_the_rate_is_edited_in_its_field(program, fresh):
    """The updates change, what comes before them does not."""
    program.go(37)
    before = program.cell("gradientTable", "w1", "gradient")
    program.edit_rate("2")
    assert program.widget("learningRate").text() == "2"
    assert program.cell("gradientTable", "w1", "gradient") == before
    assert "≈ 0.5 − 2 · 0.001457" in program.explanation
    assert program.action("undo").text().replace("&", "") == "Undo set learning rate α to 2"
    assert_same(program.seen(), fresh(program))


def test_numbers_as_people_type_them(program):
    """A decimal comma, a fraction, a true minus."""
    numbers = {"0,5": 0.5, "1/3": 1 / 3, "−2e-3": -0.002, " 7 ": 7.0, "1/4": 0.25, "-1,5": -1.5}
    for typed, value in numbers.items():
        program.edit_on_canvas("w7", typed)
        assert program.session.experiment.edits[0].set == {"w7": value}
        assert program.message == ""


@pytest.mark.parametrize("place", ["canvas", "table", "rate"])
def test_nonsense_is_refused_in_one_sentence(program, place):
    """Where it was typed does not matter: the experiment stays as it was, and so does the screen."""
    program.go(5)
    before = program.seen()
    for typed in ("", "abc", "nan", "inf", "1/0", "1e999", "0.5.5", "1,000.5.1", "0x10", "½", "1" * 400):
        if place == "canvas":
            program.edit_on_canvas("w5", typed)
        elif place == "table":
            program.edit_in_table(4, typed)
        else:
            program.edit_rate(typed)
        note = program.canvas.editing.note
        sentence = note.text() if place == "canvas" and note.isVisible() else program.message
        assert "would be right" in sentence
        assert "\n" not in sentence
        assert len(sentence) < 200
        assert program.seen() == before
        assert not program.action("undo").isEnabled()
        assert not program.window.isWindowModified()
        program.press(KEY.Key_Escape)
        assert program.message == ""
        assert not note.isVisible()


def test_a_rate_that_is_not_above_zero_is_refused(program):
    """It would not learn, or climb."""
    for typed in ("0", "-1", "−0.5", "0/3"):
        program.edit_rate(typed)
        assert "above 0" in program.message
        assert program.widget("learningRate").text() == "0.5"


def test_a_sentence_goes_with_the_next_good_edit(program):
    """What no longer holds is not left standing."""
    program.edit_rate("x")
    assert program.message
    program.edit_rate("0.1")
    assert program.message == ""


def test_undo_and_redo_bring_everything_back_to_the_bit(program):
    """Five edits of all kinds, back and forth; each moment looks as it did."""
    program.go(20)
    seen = [program.seen()]
    for edit in (
        lambda: program.edit_on_canvas("w5", "1/3"),
        lambda: program.edit_in_table(0, "0.9"),
        lambda: program.edit_rate("0.05"),
        lambda: program.edit_on_canvas("x[2]", "0.7"),
        lambda: program.edit_on_canvas("w5", "-0.2"),
    ):
        edit()
        seen.append(program.seen())
    for before in reversed(seen[:-1]):
        program.press(KEY.Key_Z, CTRL)
        assert_same(program.seen(), before)
    assert not program.action("undo").isEnabled()
    assert not program.window.isWindowModified()
    for after in seen[1:]:
        program.press(KEY.Key_Z, CTRL | SHIFT)
        assert_same(program.seen(), after)
    assert not program.action("redo").isEnabled()


def test_an_edit_at_a_later_iteration_keeps_the_earlier_ones(program, fresh):
    """At iteration 3 of 6: before it all stays, what comes after is gone, undo has it again."""
    program.press(KEY.Key_Right, CTRL, times=7)
    losses = program.seen()["losses"]
    last = program.seen()
    program.session.seek(3, 19)
    program.edit_on_canvas("w5", "0.1")
    assert program.session.timeline.newest == 3
    assert program.seen()["losses"][1][:3] == losses[1][:3]
    assert program.seen()["losses"][1][3] != losses[1][3]
    assert [edit.iteration for edit in program.session.experiment.edits] == [3]
    assert_same(program.seen(), fresh(program))
    program.press(KEY.Key_Right, CTRL, times=2)
    assert_same(program.seen(), fresh(program))
    program.press(KEY.Key_Z, CTRL)
    assert program.at == (3, 19)
    assert program.session.timeline.newest == 6
    program.session.seek(6, 51)
    assert_same(program.seen(), last)
    program.press(KEY.Key_Z, CTRL | SHIFT)
    assert program.at == (4, 51)


def test_an_updated_value_that_is_edited_belongs_to_the_next_iteration(program, fresh):
    """After the update of w₅ its new value is on screen: setting it is setting w₅ of iteration 1."""
    program.go(45)
    before = program.seen()
    program.edit_on_canvas("w5", "0.5")
    assert program.at == (1, 0)
    assert [(e.iteration, e.set) for e in program.session.experiment.edits] == [(1, {"w5": 0.5})]
    assert program.cell("gradientTable", "w5", "value") == "0.5"
    assert_same(program.seen(), fresh(program))
    program.press(KEY.Key_Z, CTRL)
    assert program.at == (0, 45)
    assert program.seen()["canvas"] == before["canvas"]


def test_two_edits_at_one_iteration_are_one_entry_of_the_document(program, fresh):
    """The later wins; the document says what holds."""
    program.edit_on_canvas("w1", "0.3")
    program.edit_on_canvas("w1", "0.4")
    program.edit_on_canvas("w2", "0.6")
    assert [(e.iteration, e.set) for e in program.session.experiment.edits] == [(0, {"w1": 0.4, "w2": 0.6})]
    assert_same(program.seen(), fresh(program))


def test_the_same_number_again_is_no_edit(program):
    """Enter on what stood there changes nothing and can't be undone."""
    program.edit_on_canvas("w5", "0.9")
    program.edit_on_canvas("w5", "0,90")
    assert not program.action("undo").isEnabled()


def test_restart_returns_to_the_beginning_and_can_be_taken_back(program):
    """Iteration 0, initial values; later edits go; undo has it all again."""
    first = program.seen()
    program.press(KEY.Key_Right, CTRL, times=4)
    program.edit_on_canvas("w5", "0.2")
    later = program.seen()
    program.do("restart")
    assert program.at == (0, 0)
    assert program.session.timeline.newest == 0
    assert_same(program.seen(), first)
    program.press(KEY.Key_Z, CTRL)
    assert_same(program.seen(), later)


def test_an_edit_with_unfolded_page_focus_and_check_is_as_fresh(program, fresh):
    """What is asked about stays asked about, with the new numbers."""
    program.go(30)
    program.press(KEY.Key_U)
    program.click("w5")
    program.do("checkGradients")
    program.edit_on_canvas("w9", "-0.4")
    assert program.session.focus == "w5"
    assert "stale" in program.seen()["status"]
    program.do("checkGradients")
    assert_same(program.seen(), fresh(program))


def test_undo_while_an_editor_is_open_belongs_to_the_editor(program):
    """Ctrl+Z in a field takes back what was typed, not the experiment."""
    program.edit_on_canvas("w5", "0.1")
    editor = program.open_editor("w5")
    program.type_into(editor, "77", None)
    program.press(KEY.Key_Z, CTRL)
    assert program.session.experiment.edits[0].set == {"w5": 0.1}
    program.press(KEY.Key_Escape)
    assert not editor.isVisible()
    assert program.cell("gradientTable", "w5", "value") == "0.1"


def test_the_canvas_tells_screen_readers_the_new_number(program):
    """A child per neuron and weight says its number as it is now."""
    program.edit_on_canvas("w5", "-0.125")
    interface = QAccessible.queryAccessibleInterface(program.canvas)
    assert interface.childCount() == 2 + 5 + 1 + 15
    assert any("w 5" in text and "minus 0.125" in text for text in program.canvas_texts())
