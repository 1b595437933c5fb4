"""The Slice tab: follows the parameter that is looked at, the rate, and the way travelled."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from backprop_gui.present.loss_slice import PlanePicture, SlicePicture
from tests.app.program import KEY, NO, Program


@pytest.fixture
def panel(program: Program):
    """The tab in front; the loss curve again afterwards."""
    cut = program.window.controller.features["SlicePanel"]
    cut.open()
    yield cut
    cut._work.stop()
    program.window.plot_tabs.setCurrentIndex(0)


def shown(program: Program, panel) -> SlicePicture:
    program.wait_until(lambda: not panel._work.busy)
    picture = panel.widget.picture
    assert isinstance(picture, SlicePicture)
    return picture


def test_it_follows_the_parameter_and_keeps_the_last(program, panel):
    """By step, by click, by its own list; a neuron in focus changes nothing."""
    assert shown(program, panel).name == "w₁"
    program.go(19)
    assert shown(program, panel).name == "w₅"
    program.click("b3")
    assert shown(program, panel).name == "b₃"
    program.click("h1[1]")
    assert shown(program, panel).name == "b₃"
    panel.widget.parameter.setCurrentIndex(1)
    panel.widget.parameter.activated.emit(1)
    assert shown(program, panel).name == "w₂"
    assert panel.widget.parameter.currentText() == "w₂"


def test_it_is_that_iterations_loss_and_update(program, panel):
    """The point on the curve, the tangent and the landing are the session's own numbers."""
    program.train(20)
    program.go(19, iteration=20)
    picture = shown(program, panel)
    record = program.session.timeline.record(20)
    assert picture.here == pytest.approx(float(record.values[program.session.model.graph.loss][0]))
    assert picture.slope == record.parameter_gradient[4]
    assert picture.landing == record.after.parameters[4]
    xs, losses = picture.curve
    at = int(np.flatnonzero(xs == picture.value)[0])
    assert losses[at] == pytest.approx(picture.here, rel=1e-12)


def test_the_landing_moves_while_the_rate_is_typed(program, panel):
    """A preview, no edit; Esc takes it back, Enter makes it so."""
    program.go(19)
    before = shown(program, panel)
    field = program.widget("learningRate")
    program.type_into(field, "3", end=None)
    tried = shown(program, panel)
    assert before.landing is not None
    assert tried.landing == pytest.approx(0.9 - 3 * before.slope)
    assert "with α = 3 the update would move" in tried.sentence
    assert not program.session.modified
    program.type_into(field, "3x", end=None)
    assert shown(program, panel).landing == tried.landing
    program.press(KEY.Key_Escape)
    assert shown(program, panel).landing == before.landing
    program.edit_rate("3")
    made = shown(program, panel)
    assert made.landing == tried.landing
    assert "the update moves" in made.sentence
    program.do("undo")
    assert shown(program, panel).landing == before.landing


def test_wheel_and_keys_zoom(program, panel):
    """Closer and farther around where one is, and back to what fits."""
    program.go(19)
    canvas = panel.widget.canvas
    canvas.setFocus()

    def width() -> float:
        xs = shown(program, panel).curve[0]
        return float(xs[-1] - xs[0])

    usual = width()
    program.press(KEY.Key_Plus)
    assert width() < usual
    program.press(KEY.Key_0)
    assert width() == usual
    program.press(KEY.Key_Minus)
    assert width() > usual
    panel.widget._fit.click()
    middle = QPointF(canvas.rect().center())
    for angle, closer in ((120, True), (-120, False)):
        before = width()
        wheel = QWheelEvent(middle, canvas.mapToGlobal(middle), QPoint(), QPoint(0, angle),
                            Qt.MouseButton.NoButton, NO, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(canvas, wheel)
        assert (width() < before) == closer
    panel.widget._fit.click()
    assert width() == usual


def test_two_parameters_show_contours_and_the_way(program, panel):
    """Against a second one; the trail is where training was, the sentence says so."""
    program.click("w5")
    program.train(40)
    program.go(19, iteration=40)
    panel.widget.against_requested.emit(8)
    program.wait_until(lambda: not panel._work.busy)
    plane = panel.widget.picture
    assert isinstance(plane, PlanePicture)
    assert plane.names == ("w₅", "w₉")
    for iteration, point in zip(plane.iterations, plane.path.tolist(), strict=True):
        state = program.session.timeline.state(iteration).parameters
        assert point == [state[4], state[8]]
    assert plane.iterations[-1] == 40
    assert len(plane.iterations) > 20
    panel.widget.against_requested.emit(-1)
    assert shown(program, panel).name == "w₅"


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_it_is_exported(program, panel, monkeypatch, tmp_path, kind):
    """As a picture in the theme's colours, and as numbers."""
    path = tmp_path / f"slice.{kind}"
    monkeypatch.setattr("backprop_gui.app.files.ask_save_path", lambda *_: str(path))
    program.go(19)
    shown(program, panel)
    panel.widget.export_requested.emit(kind)
    if kind == "png":
        picture = QImage(str(path))
        assert (picture.width(), picture.height()) == (1200, 675)
        assert picture.pixelColor(1, 1) == QColor(program.window.theme().window)
    elif kind == "svg":
        text = path.read_text(encoding="utf-8")
        assert "after the update" in text
        assert "now" in text
    else:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        assert rows[0] == ["w5", "loss"]
        assert len(rows) > 100


def test_another_experiment_begins_anew(program, panel):
    """Its own parameters, and nothing of the old ones."""
    program.go(19)
    program.window.controller.files.open("digits")
    program.wait_until(lambda: not panel._work.busy)
    assert panel.widget.picture.name == "w₁"
    assert panel.widget.parameter.count() == 1210
    assert panel.widget.picture.loss == "L, mean of 32 samples"


def test_training_leaves_nothing_stale(program, panel):
    """At the end the slice is that of the newest iteration."""
    program.train(100)
    picture = shown(program, panel)
    assert picture.value == program.session.timeline.state(100).parameters[0]


def test_a_hidden_tab_costs_nothing(program, panel):
    """Nothing is measured while another tab is in front."""
    program.go(19)
    shown(program, panel)
    measured = panel._measured
    program.window.plot_tabs.setCurrentIndex(0)
    program.go(19, iteration=0)
    program.edit_rate("0.7")
    assert panel._measured is measured
    assert not panel._work.busy
