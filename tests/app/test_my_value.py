"""The result of a hand calculation in the window: beside the number, before it is shown, and after edits."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from tests.app.program import KEY


def line(program):
    """The field."""
    return program.widget("myValue")


def said(program):
    """What is said of the number; empty when nothing is."""
    label = program.window.findChild(QLabel, "myValueVerdict")
    return line(program).accessibleDescription() if label.isVisible() else ""


def check(program, text):
    """M, the number, Enter."""
    program.canvas.setFocus()
    program.press(KEY.Key_M)
    assert QApplication.focusWidget() is line(program)
    program.type_into(line(program), text)
    return said(program)


def test_a_right_number_gives_the_keyboard_back(program):
    """So that → goes on; the next number has an empty field."""
    program.go(19)
    assert check(program, "0,009189") == "Yes: 0,009189 agrees to all 4 digits you gave."
    assert program.canvas.hasFocus()
    program.press(KEY.Key_Right)
    assert program.at == (0, 20)
    assert line(program).text() == ""
    assert said(program) == ""


def test_a_slip_is_named_and_its_factor_lit(program):
    """In the formula written out and on the canvas, until one types on."""
    program.go(19)
    program.press(KEY.Key_U)
    page = program.window.explain._page
    told = check(program, "0.052")
    assert "the factor σ′(z₁⁽²⁾) ≈ 0.1767 is left out" in told
    assert line(program).hasFocus()
    assert program.window.explain._page != page
    assert program.session.lit
    program.type_into(line(program), "0.05", None)
    assert said(program) == ""
    assert program.window.explain._page.blocks == page.blocks
    assert not program.session.lit
    program.press(KEY.Key_Escape)
    assert program.canvas.hasFocus()
    assert line(program).text() == ""


def test_a_number_is_compared_before_it_is_shown(program):
    """Ask first: the question alone, then the student's number, then the right one; nothing given away."""
    program.do("askFirst")
    program.go(1)
    assert program.session.asking
    told = check(program, "0.21")
    assert "the bias b₁ = 0.2 is left out" in told
    assert "0.41" not in told
    assert check(program, "0.41") == "Yes: 0.41 agrees to all 2 digits you gave."
    assert program.session.asking
    program.press(KEY.Key_Right)
    assert not program.session.asking
    assert said(program) == "Yes: 0.41 agrees to all 2 digits you gave."
    program.do("askFirst")


def test_what_is_said_follows_an_edit(program):
    """The same number beside another right one: compared anew, never stale."""
    program.go(1)
    assert check(program, "0.41").startswith("Yes")
    program.edit_on_canvas("b1", "0")
    assert "Yes" not in said(program)
    program.do("undo")
    assert said(program).startswith("Yes")


def test_the_field_is_there_for_one_number_only(program):
    """Not before the first step, not for a layer; in focus, for the number in focus."""
    program.session.seek(0, 0)
    assert not line(program).isVisible()
    program.press(KEY.Key_M)
    assert not line(program).isVisible()
    program.do("stepSize.layer")
    program.press(KEY.Key_Right)
    assert not line(program).isVisible()
    program.do("stepSize.operation")
    program.session.seek(0, 30)
    program.click("w9")
    assert line(program).isVisible()
    assert check(program, "0.08335").startswith("Yes")


def test_no_number_is_refused_as_everywhere(program):
    """In a sentence; the text stays to be corrected."""
    program.go(19)
    assert "a single one would be right" in check(program, "1 2")
    assert line(program).text() == "1 2"
    assert line(program).hasFocus()
    program.press(KEY.Key_Escape)


def test_the_field_has_a_name_and_grows_with_the_text(program):
    """For screen readers, and at 250 %."""
    program.go(19)
    assert line(program).accessibleName().startswith("My value of derivative")
    before = line(program).height()
    program.scale_texts(2.5)
    assert line(program).height() > before
    program.do("textReset")


def test_single_letters_are_named_only_where_they_act(program):
    """Switched off, neither the button nor the tip speaks of U and M."""
    program.go(19)
    unfold = next(b for b in program.window.explain.findChildren(QPushButton) if "Unfold" in b.text())
    line = program.widget("myValue")
    assert "(U)" in unfold.text()
    assert "(M)" in line.toolTip()
    program.do("singleKeys")
    assert unfold.text() == "Unfold to the loss"
    assert "(M)" not in line.toolTip()
    program.do("singleKeys")
