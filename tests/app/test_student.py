"""An exercise sheet from nothing, by keys alone: typed, stepped, compared, a wrong weight undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.app.program import CTRL, KEY, NO, SHIFT, Program

# In the order in which the network is read: x, then each neuron's weights and bias, y, the rate. One slip:
# w₃ has lost its minus.
SHEET = """0.5 -1
    0.1 0.2 0.05   0.3 0.4 0   1/4 1/3 -0.1
    0.6 -0.2 1e-1 0   .3 0.5 -0,4 0.2
    1 0   0.1"""
NUMBERS = SHEET.split()
W1, B1 = np.array([[0.1, 0.2], [-0.3, 0.4], [0.25, 1 / 3]]), np.array([0.05, 0, -0.1])
W2, B2 = np.array([[0.6, -0.2, 0.1], [0.3, 0.5, -0.4]]), np.array([0, 0.2])
X, Y, RATE = np.array([0.5, -1.0]), np.array([1.0, 0.0]), 0.1
KEYS_A_SECOND = 1.5  # of somebody who looks for the keys


class Student:
    """Has a keyboard and nothing else, and counts the keys."""

    def __init__(self, program: Program) -> None:
        self.program, self.keys = program, 0

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NO, times: int = 1) -> None:
        for _ in range(times):
            QTest.keyClick(QApplication.focusWidget(), key, held)
            self.keys += 1

    def type(self, text: str, *ends: Qt.Key) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)
        self.keys += len(text)
        for end in ends:
            self.press(end)

    def waits_for(self, name: str) -> None:
        """Until the keyboard is in the part of this name: another window takes a moment to come and go."""
        self.program.wait_until(lambda: QApplication.focusWidget() is self.program.widget(name))

    def asks(self) -> Any:
        """Esc out of the field, then W: the tree of the number."""
        self.press(KEY.Key_Escape)
        self.press(KEY.Key_W)
        return self.program.widget("whyTree")

    def compares(self, value: float, digits: int = 4) -> str:
        """M, the own result, Enter: what is said of it."""
        self.press(KEY.Key_M)
        self.type(f"{value:.{digits}g}", KEY.Key_Return)
        return str(self.program.widget("myValueVerdict").text())


def by_hand(w1: Any, iterations: int = 1) -> dict[str, Any]:
    """The sheet's solution: forward, backward and update in the matrix form of any lecture."""
    w1, b1, w2, b2 = w1.copy(), B1.copy(), W2.copy(), B2.copy()
    for _ in range(iterations):
        z1 = w1 @ X + b1
        a1 = np.tanh(z1)
        e = np.exp(w2 @ a1 + b2)
        s = e / e.sum()
        d2 = s - Y
        d1 = (w2.T @ d2) * (1 - a1**2)
        found = {"z1": z1, "s": s, "loss": -np.log(s[0]), "dw1": np.outer(d1, X), "dw2": np.outer(d2, a1)}
        w1, b1 = w1 - RATE * found["dw1"], b1 - RATE * d1
        w2, b2 = w2 - RATE * found["dw2"], b2 - RATE * d2
    return {**found, "after": np.concatenate([w1.ravel(), w2.ravel(), b1, b2])}


@pytest.fixture
def student(program):
    yield Student(program)
    program.window.side.setCurrentIndex(0)


def test_a_sheet_is_entered_stepped_compared_and_mended_by_keys(student):
    """In under three minutes of typing; every number is that of an independent calculation."""
    program, session = student.program, student.program.session
    student.press(KEY.Key_N, CTRL)
    student.waits_for("newWords")
    student.type("2-3-2 tanh softmax", KEY.Key_Return)
    student.waits_for("canvasEditor")
    for text in NUMBERS[:-1]:
        student.type(text, KEY.Key_Tab)
    assert program.widget("learningRate").hasFocus()
    student.type(NUMBERS[-1], KEY.Key_Return)
    assert program.canvas.hasFocus()
    right = by_hand(W1)
    student.press(KEY.Key_Right)
    assert "Yes" in student.compares(right["z1"][0])
    student.press(KEY.Key_Right, times=2)
    assert "w₃ · x₁" in student.compares(right["z1"][1])  # w₃ was typed without its minus

    tree = student.asks()
    student.press(KEY.Key_Down)
    assert tree.current().text.startswith("w₃ = 0.3 (set by you")
    student.press(KEY.Key_Down, times=2)
    student.press(KEY.Key_F2)
    student.type("-0.3", KEY.Key_Return)  # into w₄, the wrong one
    assert "No" in student.compares(right["z1"][1])
    assert student.asks().rows[3].text.startswith("w₄ = −0.3 (set by you")
    assert program.action("undo").text() == "&Undo set w₄ to −0.3"
    student.press(KEY.Key_Z, CTRL)
    assert tree.rows[3].text.startswith("w₄ = 0.4")
    student.press(KEY.Key_Down)
    student.press(KEY.Key_F2)
    student.type("-0.3", KEY.Key_Return)
    assert program.at == (0, 3)
    assert "Yes" in student.compares(right["z1"][1])

    student.press(KEY.Key_Right, SHIFT, times=2)  # to the end of forward, and the loss
    assert "Yes" in student.compares(right["loss"])
    student.press(KEY.Key_Right, SHIFT)
    rows = program.table("gradientTable", Qt.ItemDataRole.EditRole)[:12]
    shown = [float(row[4].replace("−", "-")) for row in rows]
    np.testing.assert_allclose(shown, [*right["dw1"].ravel(), *right["dw2"].ravel()], rtol=1e-12)
    student.press(KEY.Key_Right, CTRL, times=2)
    for iteration in (1, 2):
        parameters = session.timeline.state(iteration).parameters
        np.testing.assert_allclose(parameters, by_hand(W1, iteration)["after"], rtol=1e-12)
    assert student.keys / KEYS_A_SECOND < 180
