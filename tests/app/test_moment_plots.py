"""The tabs of one moment: live, by keyboard, into files, and at no cost while hidden."""

from __future__ import annotations

import csv
import io
import warnings
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from backprop_gui.app.moment_plot import MomentPlot
from backprop_gui.views.painted_plot import PlotCanvas
from tests.app.program import KEY, NO, Program

TABS = ("RegionsPanel", "FitPanel", "ConfusionPanel", "LadderPanel")


@pytest.fixture
def show(program: Program):
    """Open a preset and one of the tabs; the loss curve again afterwards."""

    def show(preset: str, tab: str):
        program.window.controller.files.open(preset)
        panel = program.window.controller.features[tab]
        panel.open()
        settle(program, panel)
        return panel

    yield show
    for tab in TABS:
        program.window.controller.features[tab].stop()
    program.window.plot_tabs.setCurrentIndex(0)


def settle(program: Program, panel: MomentPlot) -> None:
    program.wait_until(lambda: panel.settled)


def titles(program: Program) -> list[str]:
    tabs = program.window.plot_tabs
    return [tabs.tabText(place) for place in range(tabs.count())]


def where(panel: Any, thing: int) -> QPoint:
    """Where a point stands on screen."""
    plot = panel.plot
    return plot.canvas.drawn.at(*plot.position(thing)).toPoint()


@pytest.mark.parametrize(
    ("preset", "there"),
    [
        ("worked-example", ["Regions", "Ladder"]),
        ("two-moons", ["Regions", "Confusion", "Ladder"]),
        ("sine", ["Fit", "Ladder"]),
        ("iris", ["Confusion", "Ladder"]),
        ("too-fast", ["Fit"]),
    ],
)
def test_tabs_are_there_where_they_say_something(program, preset, there):
    """And always in the same order."""
    program.window.controller.files.open(preset)
    assert [title for title in titles(program) if title in ("Regions", "Fit", "Confusion", "Ladder")] == there


def test_regions_follow_the_moment_and_mark_the_sample(program, show):
    """Scrubbing back shows the old boundary; the marked point is the sample on screen."""
    panel = show("xor", "RegionsPanel")
    first = panel.plot.picture.heights
    program.train(300)
    settle(program, panel)
    assert np.abs(panel.plot.picture.heights - first).max() > 0.2
    program.session.seek(0, program.session.plan.sample_count + 1)  # the second sample's first step
    settle(program, panel)
    assert panel.plot.picture.heights == pytest.approx(first)
    assert panel.plot.picture.current == (0.0, 1.0)
    assert "is 1" in panel.plot.told(1)


def test_a_point_leads_to_its_sample(program, show):
    """By a double click and by keys; a row of another batch to the iteration that learns from it."""
    panel = show("xor", "RegionsPanel")
    QTest.mouseDClick(panel.plot.canvas.viewport(), Qt.MouseButton.LeftButton, NO, where(panel, 2))
    assert program.session.scene().frame.shown_sample == 2
    panel.plot.canvas.setFocus()
    program.press(KEY.Key_Down, times=4)
    program.press(KEY.Key_Return)
    assert program.session.scene().frame.shown_sample == panel.plot.chosen
    before = program.at
    program.press(KEY.Key_Right)  # still the next step
    assert program.at == (before[0], before[1] + 1)
    panel = show("two-moons", "RegionsPanel")
    program.train(16)
    batches = program.session.model.batches
    panel.plot.row_requested.emit(int(batches.rows_of(31)[0]))
    assert program.session.iteration == 16
    assert "iteration 31, which is not calculated yet" in program.window.status._remark
    program.session.seek(5)
    panel.plot.row_requested.emit(int(batches.rows_of(3)[4]))
    assert (program.session.iteration, program.session.scene().frame.shown_sample) == (3, 4)


def test_the_curve_is_read_at_a_pointer(program, show):
    """Input and output, and the residual's sample by its row."""
    panel = show("sine", "FitPanel")
    canvas = panel.plot.canvas
    rect = canvas.drawn.rect
    panel.plot.pointed = QPointF(rect.center().x(), rect.top() + 1)
    panel.plot.read()
    assert panel.plot._readout.text().startswith("x ")
    panel.plot.pointed = None
    panel.plot.choose(0)
    assert "training row 1 · x −1 · target" in panel.plot._readout.text()
    assert panel.plot.picture.current == 0


def test_the_matrix_by_keyboard(program, show):
    """↓ walks through the cells and names their rows; test rows and percent are switches."""
    panel = show("iris", "ConfusionPanel")
    plot = panel.plot
    program.train(20)
    settle(program, panel)
    assert plot.picture.iteration == 20
    total = int(plot.picture.matrix.counts.sum())
    plot.canvas.setFocus()
    program.press(KEY.Key_Down, times=5)
    assert plot.chosen == 4
    words = plot._readout.text()
    assert "versicolor" in words
    assert ("row " in words) or ("rows " in words)
    program.press(KEY.Key_Return)
    session = program.session
    row = int(session.scene().frame.record.rows[session.scene().frame.shown_sample])
    assert row == panel._rows_of(4)[0]
    plot.test.click()
    settle(program, panel)
    assert plot.picture.is_test
    assert 0 < plot.picture.matrix.counts.sum() < total
    plot.percent.click()
    assert plot._percent
    plot.percent.click()
    plot.test.click()


def test_the_ladder_names_what_shrinks_and_who_is_dead(program, show):
    """In words for everybody; Enter asks about a layer's neuron; the layer on screen is marked."""
    panel = show("vanishing-gradient", "LadderPanel")
    story = panel.plot.picture.story()
    assert "From both to s1 the signal vanishes" in story
    assert "to r1 the signal keeps its size" in story
    assert [row.name for row in panel.plot.picture.rows][:5] == ["both", "s4", "s3", "s2", "s1"]
    panel = show("dead-relu", "LadderPanel")
    assert "h₂⁽¹⁾ is dead: z ≤ 0 for all 3 samples" in panel.plot.accessibleDescription()
    panel.plot.canvas.setFocus()
    program.press(KEY.Key_Down, times=2)
    program.press(KEY.Key_Return)
    assert program.session.focus == "h1[1]"
    assert panel.plot.picture.rows[panel.plot.picture.here].name == "h1"


@pytest.mark.parametrize(
    ("preset", "tab"), [("two-moons", "RegionsPanel"), ("sine", "FitPanel"), ("iris", "ConfusionPanel")]
)
def test_plots_live_while_training(program, show, preset, tab):
    """Pictures of iterations on the way; the fine one of the last at rest."""
    panel = show(preset, tab)
    seen: set[str] = set()
    program.session.running.train(None)

    def saw_three() -> bool:
        seen.add(panel.plot.title_words())
        return len(seen) >= 3

    program.wait_until(saw_three)
    program.session.running.stop_training()
    settle(program, panel)
    assert program.session.format.count(program.session.iteration) in panel.plot.title_words()


def test_hidden_plots_cost_nothing(program, show, monkeypatch):
    """Neither measured nor painted while another tab is in front."""
    for tab, preset in zip(TABS, ("two-moons", "sine", "iris", "spiral"), strict=True):
        show(preset, tab)
    program.window.plot_tabs.setCurrentIndex(0)
    done: list[str] = []
    for tab in TABS:
        monkeypatch.setattr(
            type(program.window.controller.features[tab]), "_begin", lambda *_a, **_k: done.append("m")
        )
    monkeypatch.setattr(PlotCanvas, "paintEvent", lambda *_: done.append("p"))
    program.train(200)
    program.session.seek(3)
    assert not done


@pytest.mark.parametrize(
    ("preset", "tab", "head"),
    [
        ("two-moons", "RegionsPanel", "kind,row,x1,x2,output,target,predicted"),
        ("sine", "FitPanel", "kind,row,x,output,target"),
        ("iris", "ConfusionPanel", "rows,target,predicted,count,share_of_target"),
        ("skip-connection-dag", "LadderPanel", "iteration,layer,size,from,factor,parts,idle"),
    ],
)
def test_each_goes_into_files(program, show, tmp_path, preset, tab, head):
    """PNG with more than a ground, SVG with text, CSV with the numbers that are shown."""
    plot = show(preset, tab).plot
    for kind in ("png", "svg"):
        plot.export_picture(tmp_path / f"plot.{kind}")
    image = QImage(str(tmp_path / "plot.png"))
    assert (
        len({image.pixel(x, y) for x in range(0, image.width(), 20) for y in range(0, image.height(), 20)})
        > 3
    )
    assert "</text>" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(plot.csv())))
    assert ",".join(rows[0]) == head
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) > 3


@pytest.mark.parametrize(
    ("preset", "tab"),
    [("too-fast", "FitPanel"), ("skip-connection-dag", "RegionsPanel"), ("xor", "LadderPanel")],
)
def test_numbers_that_are_not_finite_are_said(program, show, preset, tab):
    """In words, and without a warning of numpy."""
    panel = show(preset, tab)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("w9", "w10") if preset == "skip-connection-dag" else ("w1",):
            program.window.controller.edit(name, "1.7e308")
        program.wait_until(lambda: panel._shown_for[:-1] == panel._key())
        settle(program, panel)
        panel.plot.canvas.grab()
    words = panel.plot.accessibleDescription()
    assert "finite" in words or tab == "LadderPanel"
    program.do("undo")
    settle(program, panel)
