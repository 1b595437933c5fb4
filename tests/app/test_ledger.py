"""The Paths tab: follows what is looked at, lights a path, copies its account."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from tests.app.program import KEY, Program
from tests.app.test_explaining import quiet


@pytest.fixture
def panel(program: Program):
    """The tab in front; explain again afterwards."""
    paths = program.window.controller.features["PathPanel"]
    paths.open()
    yield paths
    program.window.side.setCurrentIndex(0)


def text(panel) -> str:
    return str(panel.widget.accessibleDescription())


def test_it_follows_steps_and_focus(program, panel):
    """The newest step's own number, or what was clicked."""
    assert "Press →" in text(panel)
    program.go(19)
    assert "w₅" in text(panel).splitlines()[1]
    assert "Sum = ∂L/∂w₅ ≈ 0.009189" in text(panel)
    program.click("w9")
    assert "Sum = ∂L/∂w₉ ≈ 0.08335" in text(panel)
    assert "✓" not in text(panel)
    program.do("checkGradients")
    program.window.controller.checker.dialog.close()
    assert "✓ finite difference" in text(panel)


def test_the_keyboard_lights_one_path_after_the_other(program, panel):
    """↑ and ↓ select, the canvas shows; leaving clears."""
    program.go(36)
    program.click("w1")
    usual = quiet(program)
    panel.widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert "h2[1]" in quiet(program)
    assert "h2[2]" not in quiet(program)
    program.press(KEY.Key_Down)
    assert {"w1", "w7", "w10", "h2[2]"} <= quiet(program)
    assert not {"h2[1]", "w5", "w9"} & quiet(program)
    program.press(KEY.Key_Up)
    assert "h2[1]" in quiet(program)
    program.canvas.setFocus()
    assert quiet(program) == usual


def test_the_pointer_lights_a_path_and_leaving_clears(program, panel):
    """Hovering is enough, and a move on the way keeps canvas and panel in step."""
    program.go(36)
    program.click("w1")
    usual = quiet(program)
    row = panel.widget._list.rows[1]
    here = QPointF(5, 5)
    QApplication.sendEvent(row, QEnterEvent(here, here, here))
    assert "h2[1]" not in quiet(program)
    program.session.refresh()
    assert "h2[1]" not in quiet(program)
    QApplication.sendEvent(row, QEvent(QEvent.Type.Leave))
    assert quiet(program) == usual


def test_another_tab_puts_the_light_out(program, panel):
    """A hidden panel lights nothing."""
    program.go(36)
    program.click("w1")
    usual = quiet(program)
    panel.widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert quiet(program) != usual
    program.window.side.setCurrentIndex(0)
    assert quiet(program) == usual


def test_it_is_copied_as_text_and_opens_rules(program, panel):
    """The clipboard holds what a screen reader is told; a slope opens its rule, a stop leads to its step."""
    program.go(36)
    program.click("w1")
    panel.widget.copy_requested.emit()
    assert QGuiApplication.clipboard().text() == text(panel)
    view = panel.widget._list.rows[0]._formulas[1]
    slope = next(placed.link.target for placed in view._targets() if "σ" in str(placed.link.target) or
                 type(placed.link.target).__name__ == "Slope")  # fmt: skip
    panel.widget.target_activated.emit(slope)
    assert panel.widget._list.rows[0].row.rule
    panel.widget.target_activated.emit(slope)
    assert not panel.widget._list.rows[0].row.rule
    chain = panel.widget._list.rows[0]._formulas[0]
    panel.widget.target_activated.emit(chain._targets()[1].link.target)
    assert program.at == (0, 28)


def test_training_leaves_nothing_stale(program, panel):
    """While it runs the panel says so; at the end it shows the newest iteration."""
    program.train(50)
    assert not text(panel).startswith("Training")
    program.go(19, iteration=50)
    assert "Sum = ∂L/∂w₅" in text(panel)


def test_the_sum_stays_in_sight(program, panel):
    """However long the paths are; very large text scrolls it with them. Which sample: on the button."""
    program.window.controller.files.open("averaging-over-examples")
    program.do("nextPhase", "nextPhase", "nextPhase")
    ledger = panel.widget
    for height in (700, 420, 300):
        ledger.resize(400, height)
        assert ledger.rect().contains(ledger._total.geometry())
        assert ledger._total.y() >= ledger._scroll.geometry().bottom()
    ledger.resize(400, 150)
    assert ledger._total.parentWidget() is ledger._sheet
    assert (ledger._kicker.text(), ledger._sample.text()) == ("Paths", "Sample 1")
