"""Going through an iteration and back: what is uncovered is covered again, exactly."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.app.program import CTRL, KEY, SHIFT

ENDS = {  # of the worked example: where each step size stops
    "operation": list(range(52)),
    "neuron": [0, 2, 4, 6, 8, 10, 11, 16, 21, 26, 31, 36, 38, 40, 42, 44, 46, 47, 48, 49, 50, 51],
    "layer": [0, 4, 8, 10, 11, 16, 26, 36, 40, 44, 46, 48, 50, 51],
    "phase": [0, 10, 11, 36, 51],
    "iteration": [0, 51],
    "epoch": [0, 51],
}


def test_the_program_opens_with_the_worked_example_at_its_beginning(program):
    """Iteration 0, position 0; the panel says what is given and what → does."""
    assert program.at == (0, 0)
    assert program.where == "iteration 0, sample 1 of 1, step 0 of 51, start"
    assert program.window.windowTitle().startswith("Worked example")
    assert "press → to compute z of h₁⁽¹⁾" in program.explanation
    for given in ("x₁ = 0.4", "x₂ = 0.1", "y = 0", "w₅ = 0.9", "b₅ = 0.6"):
        assert given in program.explanation
    assert all(row[4] == "–" for row in program.table("gradientTable"))
    assert not any("derivative" in text for text in program.canvas_texts() if text.startswith("w "))


def test_every_step_forth_is_taken_back_exactly(program):
    """All 51 steps by →, back by ←: at the same position the window shows the same, to the pixel."""

    def pictures():
        parts = ("canvas", "explain", "timeline") if program.at[1] % 6 == 0 else ()
        return [program.widget(part).grab().toImage() for part in parts]

    program.do("checkGradients")
    way = []
    for _ in range(51):
        way.append((program.seen(), pictures()))
        program.press(KEY.Key_Right)
    assert program.at == (0, 51)
    for seen, painted in reversed(way):
        program.press(KEY.Key_Left)
        assert program.seen() == seen
        assert pictures() == painted
    assert program.at == (0, 0)
    program.press(KEY.Key_Left)
    assert program.at == (0, 0)
    assert len({repr(seen["canvas"]) for seen, _ in way}) == 51


def test_each_step_uncovers_one_number(program):
    """Forward and backward steps uncover a cell or a gradient; what follows stays covered."""
    for position in range(1, 37):
        program.press(KEY.Key_Right)
        known = sum(text.count("not yet known") for text in program.canvas_texts())
        gradients = sum(row[4] != "–" for row in program.table("gradientTable"))
        # 5 neurons with z, a, ∂z, ∂a; the loss; 15 parameters
        assert 21 - known + gradients == position
    assert sum(row[7] != "–" for row in program.table("gradientTable")) == 0
    program.press(KEY.Key_Right, times=15)
    assert all(row[7] != "–" for row in program.table("gradientTable"))


def test_the_order_of_the_worked_example(program):
    """The loss is step 11; out 12–16, h₁⁽²⁾ 17–21, … ; updates 37–51."""
    told = {
        11: "L ≈ 0.3617",
        12: "∂L/∂a_out",
        13: "∂L/∂z_out",
        14: "∂L/∂w₉",
        16: "∂L/∂b₅",
        17: "∂L/∂a₁⁽²⁾",
        19: "∂L/∂w₅",
        22: "∂L/∂a₂⁽²⁾",
        27: "∂L/∂a₁⁽¹⁾",
        32: "∂L/∂a₂⁽¹⁾",
        36: "∂L/∂b₂",
        37: "w₁ ≈",
        46: "w₁₀ ≈",
        47: "b₁ ≈",
        51: "b₅ ≈",
    }
    for position in range(1, 52):
        program.press(KEY.Key_Right)
        if position in told:
            assert f"Result: {told[position]}" in program.explanation


def test_an_iteration_ends_where_the_next_begins(program):
    """→ at 51 goes to position 1 of iteration 1; ← from there to 51 of iteration 0."""
    program.go(51)
    program.press(KEY.Key_Right)
    assert program.at == (1, 1)
    program.press(KEY.Key_Left)
    assert program.at == (0, 51)
    program.press(KEY.Key_Right, times=2)
    assert program.at == (1, 2)


def test_a_larger_step_goes_to_the_ends_of_its_groups_and_back(program):
    """The digit chooses the size; → stops at each end, ← at each end again."""
    for number, (size, ends) in enumerate(ENDS.items(), start=1):
        program.press(KEY(KEY.Key_0 + number))
        assert program.action(f"stepSize.{size}").isChecked()
        program.press(KEY.Key_Home)
        for end in ends[1:]:
            program.press(KEY.Key_Right)
            assert program.at == (0, end)
        program.press(KEY.Key_Right)
        assert program.at == (1, ends[1])
        program.press(KEY.Key_Left)
        for end in reversed(ends[:-1]):
            program.press(KEY.Key_Left)
            assert program.at == (0, end)


def test_from_within_a_group_a_step_goes_to_its_nearest_ends(program):
    """→ to the nearest end beyond, ← to the nearest before."""
    for size, ends in ENDS.items():
        program.do(f"stepSize.{size}")
        for position in (1, 11, 12, 19, 36, 45, 50):
            program.session.seek(0, position)
            program.press(KEY.Key_Right)
            assert program.at == (0, min(end for end in ends if end > position))
            program.session.seek(0, position)
            program.press(KEY.Key_Left)
            assert program.at == (0, max(end for end in ends if end < position))


def test_phases_and_iterations_by_shift_and_ctrl(program):
    """Shift+→/← go by phases, Ctrl+→/← by iterations, whatever the step size is."""
    for end in (10, 11, 36, 51):
        program.press(KEY.Key_Right, SHIFT)
        assert program.at == (0, end)
    for end in (36, 11, 10, 0):
        program.press(KEY.Key_Left, SHIFT)
        assert program.at == (0, end)
    program.press(KEY.Key_Right, CTRL, times=3)
    assert program.at == (2, 51)
    program.press(KEY.Key_Left, CTRL)
    assert program.at == (1, 51)


def test_home_end_and_go_to_land_on_beginnings(program):
    """Home: iteration 0; End: the newest; Ctrl+G: the one that is typed; always position 0."""
    program.press(KEY.Key_Right, CTRL, times=12)
    program.press(KEY.Key_Home)
    assert program.at == (0, 0)
    program.press(KEY.Key_End)
    assert program.at == (11, 0)
    program.press(KEY.Key_G, CTRL)
    editor = program.widget("timeline").findChild(QLineEdit, "iterationEditor")
    assert editor.hasFocus()
    QTest.keyClicks(editor, "7")
    program.press(KEY.Key_Return)
    assert program.at == (7, 0)
    assert "Iteration 7 begins" in program.explanation


def test_presenter_remotes_step(program):
    """Page Down and Page Up are → and ←."""
    program.press(KEY.Key_PageDown, times=3)
    assert program.at == (0, 3)
    program.press(KEY.Key_PageUp)
    assert program.at == (0, 2)


def test_a_click_on_the_timeline_scrubs(program):
    """The row of ticks leads to any position; numbers are those one gets by stepping there."""
    program.go(19)
    stepped = program.seen()
    bar = program.widget("timeline")
    row = bar._row()
    for share in (0.9, 0.05):
        where = row.center().toPoint()
        where.setX(round(row.left() + share * row.width()))
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=where)
        assert abs(program.at[1] - share * 51) < 2
    bar.position_requested.emit(19)
    assert program.seen() == stepped


@pytest.mark.parametrize("name", ["chain-of-neurons", "two-layer-chain"])
def test_the_other_presets_go_forth_and_back_too(start, name):
    """Three iterations by →, each position the same on the way back; the sample is named."""
    program = start(name)
    seen = {}
    total = program.session.plan.total
    for _ in range(2 * total + 3):
        seen[program.at] = program.seen()["canvas"], program.explanation, program.where
        program.press(KEY.Key_Right)
    program.press(KEY.Key_Left)
    for place in reversed(seen):
        if place[1]:
            assert (program.seen()["canvas"], program.explanation, program.where) == seen[place]
            program.press(KEY.Key_Left)
    if name == "two-layer-chain":
        assert "sample 2 of 3" in next(w for (i, _), (_, _, w) in seen.items() if i == 1)


def test_an_epoch_is_all_samples_once(start):
    """With three samples and one per update, epochs end at iterations 2, 5, 8."""
    program = start("two-layer-chain")
    program.press(KEY.Key_6)
    total = program.session.plan.total
    for last in (2, 5, 8):
        program.press(KEY.Key_Right)
        assert program.at == (last, total)
    for last in (5, 2):
        program.press(KEY.Key_Left)
        assert program.at == (last, total)
    program.press(KEY.Key_Left)
    assert program.at == (0, 0)


def test_holding_the_key_down_goes_on_without_losing_a_step(program):
    """Two hundred → in a row: four iterations, minus nothing."""
    for _ in range(200):
        QTest.keyEvent(QTest.KeyAction.Press, QApplication.focusWidget(), KEY.Key_Right)
    QTest.keyEvent(QTest.KeyAction.Release, QApplication.focusWidget(), KEY.Key_Right)
    assert program.at == (3, 200 - 3 * 51)
