"""The nudge bench in the window: nudged by field, slider and drag; nothing changes until it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolTip

from backprop_gui.views.nudge_lines import move_at, place_of
from backprop_gui.views.nudge_panel import NudgePanel
from tests.app.program import KEY, Program, document_of, written

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench(program):
    """The bench of the worked example at step 19, which asks about w5."""
    program.window.side.setCurrentIndex(0)
    program.go(19)
    program.press(KEY.Key_N)
    feature = program.window.controller.features["NudgeBench"]
    feature._step = 0.01
    feature.show_moment()
    yield feature
    program.window.side.setCurrentIndex(0)


def panel_of(program: Program) -> Any:
    """The panel by its name."""
    return program.window.findChild(NudgePanel, "nudgePanel")


def texts(panel: Any) -> dict[str, str]:
    """What stands beside each number line."""
    return {line.name: line.text for line in panel._picture.lines}


def whole_text(program: Program) -> str:
    """What a screen reader reads, once the error curve is there."""
    panel = panel_of(program)
    program.wait_until(lambda: panel.sweep._picture is not None, timeout=5000)
    return str(panel.accessibleDescription())


def test_the_bench_as_drawn(program, bench):
    """N nudges what is looked at; nothing in the session has changed by that."""
    before = (program.seen(), program.session.experiment)
    panel = panel_of(program)
    assert panel.isVisible()
    assert panel._picture.title == "Nudge *w₅* by +0.01"
    shown = texts(panel)
    assert shown["w₅"] == "0.9 → 0.91"
    assert shown["z₁⁽²⁾"] == "+0.006011"
    assert list(shown) == ["w₅", "z₁⁽²⁾", "a₁⁽²⁾", "z_out", "a_out", "L"]
    assert "ΔL/Δw₅ ≈ 0.009171, beside ∂L/∂w₅ ≈ 0.009189" in whole_text(program)
    program.type_into(panel.controls.field, "1/4")
    assert texts(panel)["w₅"] == "0.9 → 1.15"
    assert (program.seen(), program.session.experiment) == before
    assert program.session.history.undo_name == ""


@pytest.mark.parametrize(
    ("typed", "step"), [("0.02", 0.02), ("1/100", 0.01), ("−2e-3", -0.002), ("0,5", 0.5), ("1e-12", 1e-12)]
)
def test_a_nudge_is_typed_as_people_write_numbers(program, bench, typed, step):
    """With a comma, a fraction, a real minus."""
    panel = panel_of(program)
    program.type_into(panel.controls.field, typed)
    assert panel._picture.step == step


def test_what_is_no_number_is_told(program, bench):
    """One sentence; the nudge stays."""
    panel = panel_of(program)
    program.type_into(panel.controls.field, "soon")
    assert "is no number" in program.message
    assert panel._picture.step == 0.01
    assert panel.controls.field.text() == "0.01"


def test_slider_buttons_and_escape(program, bench):
    """↑ on the slider goes farther, − turns round, Esc goes back to where it was."""
    panel = panel_of(program)
    slider = panel.controls.slider
    assert slider.hasFocus()
    program.press(KEY.Key_Up)
    assert panel._picture.step == 0.013
    QTest.mouseClick(panel.controls.down, LEFT)
    assert panel._picture.step == -0.013
    assert slider.value() < 0
    slider.setFocus()
    program.press(KEY.Key_Escape)
    assert panel._picture.step == 0
    assert texts(panel)["L"] == "0"
    assert not panel.controls.keep.isEnabled()
    QTest.mouseClick(panel.controls.up, LEFT)
    assert panel._picture.step == 0.013


def test_escape_beside_the_bench_still_clears_the_focus(program, bench):
    """With nothing nudged, Esc is the window's."""
    program.session.set_focus("w9")
    panel = panel_of(program)
    panel.controls.slider.setFocus()
    program.press(KEY.Key_Escape)
    assert program.session.focus == "w9"
    program.press(KEY.Key_Escape)
    assert program.session.focus == ""


def drag(lines: Any, start: QPointF, end: QPointF) -> None:
    """Press, move, release."""
    for kind, at, button in (
        (QEvent.Type.MouseButtonPress, start, LEFT),
        (QEvent.Type.MouseMove, end, Qt.MouseButton.NoButton),
        (QEvent.Type.MouseButtonRelease, end, LEFT),
    ):
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
        place = lines.mapToGlobal(at)
        QApplication.sendEvent(
            lines, QMouseEvent(kind, at, place, button, held, Qt.KeyboardModifier.NoModifier)
        )


def test_the_dot_is_dragged(program, bench):
    """It stays under the pointer, and the other lines follow."""
    lines = panel_of(program).lines
    start = lines.handle()
    left, right, y = lines._track(0)
    end = QPointF(left + (right - left) / 4, y)
    drag(lines, start, end)
    step = panel_of(program)._picture.step
    assert step == pytest.approx(-0.1 * 0.25, rel=0.05)  # half of the way to the left, of a reach of 0.1
    assert texts(panel_of(program))["L"].startswith("−")


def test_keep_is_one_edit(program, bench):
    """It sets the weight, keeps the moment, and one undo takes it back."""
    panel = panel_of(program)
    keep = panel.findChild(QPushButton, "nudgeKeep")
    assert keep.text() == "Keep w₅ = 0.91"
    QTest.mouseClick(keep, LEFT)
    assert program.session.experiment.edits[0].set == {"w5": 0.91}
    assert program.session.history.undo_name == "set w₅ to 0.91"
    assert program.at == (0, 19)
    assert texts(panel)["w₅"] == "0.91 → 0.92"  # the nudge stays as large as it is
    program.do("undo")
    assert program.session.experiment.edits == []
    assert texts(panel)["w₅"] == "0.9 → 0.91"
    assert program.session.history.undo_name == ""


def test_an_input_is_nudged_and_kept(program, bench):
    """A click on it in the network picks it; kept, it is an edit of that data row."""
    program.click("x[1]")
    panel = panel_of(program)
    assert panel._picture.title == "Nudge *x₁* by +0.01"
    QTest.mouseClick(panel.controls.keep, LEFT)
    assert program.session.experiment.edits[0].set == {"x[1,1]": 0.41}
    assert "input" in panel._picture.legend[0]


def test_the_bench_follows_what_is_looked_at(program, bench):
    """A weight's gradient is about the weight; a neuron is nothing to nudge, so the weight stays."""
    panel = panel_of(program)
    program.press(KEY.Key_Right)
    assert panel._picture.title == "Nudge *w₆* by +0.01"
    program.press(KEY.Key_Right, times=2)  # ∂L/∂b₃, then a neuron
    assert panel._picture.title == "Nudge *b₃* by +0.01"
    program.click("w9")
    assert panel._picture.title == "Nudge *w₉* by +0.01"
    picked = [panel.controls.picker.itemText(row) for row in range(panel.controls.picker.count())]
    assert len(picked) == 17
    assert (picked[4], picked[-1]) == ("w₅", "x₂")
    panel.controls.picker.setCurrentIndex(2)
    panel.controls.picker.activated.emit(2)
    assert panel._picture.title == "Nudge *w₃* by +0.01"
    assert program.session.focus == "w9"


def test_a_line_lights_its_number_on_the_canvas(program, bench):
    """By pointer and by keys; it goes out when the pointer leaves."""
    lines = panel_of(program).lines
    QTest.mouseMove(lines, QPoint(5, int(lines._row(5).center().y())))
    lines._hovered = 5
    lines._tell()
    (lit,) = program.session.lit
    assert lit.node == program.session.model.graph.loss
    QApplication.sendEvent(lines, QEvent(QEvent.Type.Leave))
    assert not program.session.lit
    lines.setFocus(Qt.FocusReason.TabFocusReason)
    program.press(KEY.Key_Down)
    assert program.session.lit == {lines._lines[1].quantity}
    program.canvas.setFocus()
    assert not program.session.lit
    QToolTip.hideText()


def test_the_error_curve_says_what_one_sees(program, bench):
    """Rounding at the left, truncation at the right, and the valley; a click asks for an h."""
    told = whole_text(program)
    assert "Left, rounding" in told
    assert "Right, truncation" in told
    assert "Both ways it is best near h = " in told
    panel = panel_of(program)
    assert panel.sweep._picture.here == 0.01
    at = QPoint(round(panel.sweep._x(1e-6)), 60)
    QTest.mouseClick(panel.sweep, LEFT, pos=at)
    assert panel._picture.step == 1e-6
    assert panel.sweep._picture.here == 1e-6


def test_everything_is_computed_anew_when_time_moves(program, bench):
    """At the next iteration the weight is another one; the nudge is as large as it was."""
    panel = panel_of(program)
    program.do("nextIteration", "nextIteration")
    assert program.session.iteration == 1
    program.session.set_focus("w5")
    value = float(program.session.timeline.state(1).parameters[4])
    assert value != 0.9
    assert panel._picture.lines[0].tip.startswith(f"w₅ = {value!r}")
    assert panel._picture.step == 0.01


def test_several_samples(start):
    """The lines are those of one data row, the loss as a whole is that of the batch."""
    program = start("averaging-over-examples")
    program.do("nudge")
    panel = panel_of(program)
    assert panel._picture.lines[-1].name == "mean C"
    told = whole_text(program)
    assert "mean C is over the 3 samples of the batch" in told
    assert "mean ΔC/Δ" in told


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.5])
def test_nothing_is_cut(start, scale):
    """Every text has its room, at any size; numbers that find none keep both ends."""
    program = start("worked-example", size=(1280, 720))
    window = program.window
    window.look.apply(window.look.theme, scale)
    program.do("nudge")
    panel = panel_of(program)
    for digits in (4, 17):
        program.do(f"digits.{digits}")
        whole_text(program)
        inner = panel.lines.width()
        for label in (panel._title, panel._calm, panel._ratio, panel._remark, panel._caption, panel._seen):
            assert label.height() >= label.heightForWidth(label.width())
        left, right, _ = panel.lines._track(0)
        assert left < right <= inner
        assert panel.controls.sizeHint().width() <= inner
    window.look.apply(window.look.theme, 1.0)  # the application's own font, which other windows share


def test_places_on_a_line_and_back():
    """The dot that is dragged stands where its move is drawn."""
    for move in (-0.09, -0.001, 0.0, 0.01, 0.1):
        assert move_at(place_of(move, 0.1), 0.1) == pytest.approx(move, rel=0.06)
    assert place_of(5.0, 0.1) == 1.0


def test_the_ratio_stays_in_sight(program):
    """Where the lines are too many for the panel it stands below them; with room it follows them."""
    program.go(36)
    program.do("nudge")
    panel = panel_of(program)
    program.wait_until(panel.isVisible)
    panel.resize(420, 460)
    assert panel._ratio.parentWidget() is panel
    assert panel.rect().contains(panel._ratio.geometry())
    assert panel._ratio.y() > panel._scroll.geometry().bottom()
    panel.resize(420, 1000)
    assert panel._ratio.parentWidget() is panel._sheet
    assert panel._ratio.y() >= panel.lines.geometry().bottom()


def test_a_nudge_ends_training(program):
    """It belongs to one moment; also where another network has been opened meanwhile."""
    program.do("nudge")
    program.window.controller.files.open("averaging-over-examples")
    program.widget("trainCount").setValue(1_000_000)
    program.do("train")
    feature = program.window.controller.features["NudgeBench"]
    feature.show_moment()
    assert panel_of(program)._calm.text().startswith("Training runs")
    feature._type("0.5")
    assert not program.session.running.is_training
    assert panel_of(program)._picture.step == 0.5
    assert feature._nudging.record is program.session.scene().frame.record
    program.wait_until(lambda: panel_of(program)._calm.text().startswith("Nothing"))


def test_long_names_keep_their_ends(start, tmp_path):
    """The end tells z of the first neuron from z of the second."""
    document = document_of("two-layer-chain")
    text = json.dumps(document).replace('"h"', '"a_layer_with_a_very_very_very_long_name_indeed"')
    program = start(written(json.loads(text), tmp_path / "long.json"))
    program.do("nudge")
    lines = panel_of(program).lines
    program.wait_until(lambda: len(lines._names) > 2 and lines.width() < 450)  # laid out
    assert all(text.size().width() <= 0.36 * lines.width() for text in lines._names)
    assert "…" in lines._names[1].text()
    assert len({text.size().height() for text in lines._names}) <= 2, "each on one line"
