"""The loss plot: what it draws, what a click asks for, what it exports, and when it loads pyqtgraph."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QCheckBox, QLabel, QToolButton

from backprop_gui.views.loss_plot import LossPlot
from backprop_gui.views.loss_ticks import linear_ticks, log_texts, log_ticks, tick_texts, whole_ticks
from backprop_gui.views.theme import DARK

ITERATIONS = np.arange(61)
LOSSES = 0.36 * np.exp(-ITERATIONS / 9) + 0.01


@pytest.fixture
def plot(qtbot) -> LossPlot:
    widget = LossPlot()
    qtbot.addWidget(widget)
    widget.resize(420, 220)
    widget.show_losses(ITERATIONS, LOSSES)
    widget.show_here(20)
    widget.prepare()
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def pixel(plot: LossPlot, iteration: float, loss: float) -> QPoint:
    """Where a point of the plot is on the curve's widget."""
    box = plot._curve.getPlotItem().getViewBox()
    return plot._curve.mapFromScene(box.mapViewToScene(QPointF(iteration, loss)))


def drawn(plot: LossPlot) -> tuple[np.ndarray, np.ndarray]:
    x, y = plot._curve._items[0].getData()
    return np.asarray(x), np.asarray(y)


def test_pyqtgraph_is_not_imported_before_it_is_prepared() -> None:
    """The window shows before the plot takes its time."""
    code = "import sys, backprop_gui.views.loss_plot; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_before_it_is_prepared_it_shows_its_ground(qtbot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.set_theme(DARK)
    plot.resize(300, 200)
    assert plot.grab().toImage().pixelColor(150, 150) == QColor(DARK.window)


def test_it_draws_what_it_was_told_before_and_after(plot) -> None:
    assert np.array_equal(drawn(plot)[1], LOSSES)
    plot.show_losses(ITERATIONS[:5], LOSSES[:5])
    assert np.array_equal(drawn(plot)[0], ITERATIONS[:5])


def test_the_linear_axis_begins_at_zero(plot) -> None:
    assert plot._curve._left._shown[0][0] == 0.0
    low, high = plot._curve.getPlotItem().getViewBox().viewRange()[1]
    assert low <= 0 < LOSSES.max() < high


def test_log_shows_powers_of_ten_and_leaves_zero_out(plot) -> None:
    plot.show_losses(ITERATIONS[:3], np.array([1.0, 0.0, 0.01]))
    plot.set_log(True)
    assert drawn(plot)[1].tolist() == pytest.approx([0.0, -2.0])
    assert plot.findChild(QCheckBox).isChecked()


def test_a_single_point_is_a_dot(plot) -> None:
    plot.show_losses(ITERATIONS[:1], LOSSES[:1])
    plot.show_here(0)
    assert [tuple(spot.pos()) for spot in plot._curve._dots.points()] == [(0.0, pytest.approx(0.37))]


def test_what_is_not_finite_is_left_out_and_marked(plot) -> None:
    losses = LOSSES.copy()
    losses[30:] = np.nan
    plot.show_losses(ITERATIONS, losses)
    assert len(drawn(plot)[1]) == 30
    crosses = [spot for spot in plot._curve._dots.points() if spot.symbol() == "x"]
    assert [spot.pos().x() for spot in crosses] == [30.0]
    assert plot._curve._break_text.isVisible()
    plot.show_losses(ITERATIONS, LOSSES)
    assert not plot._curve._break_text.isVisible()


def test_only_losses_that_are_not_finite_are_no_fault(plot) -> None:
    plot.show_losses(ITERATIONS[:1], np.array([np.inf]))
    assert plot._curve._break_text.isVisible()


def test_a_click_asks_for_the_nearest_iteration(plot, qtbot) -> None:
    with qtbot.waitSignal(plot.iteration_requested) as asked:
        qtbot.mouseClick(plot._curve.viewport(), Qt.MouseButton.LeftButton, pos=pixel(plot, 40.2, 0.1))
    assert asked.args == [40]


def test_being_told_asks_for_nothing(plot, qtbot) -> None:
    with qtbot.assertNotEmitted(plot.iteration_requested), qtbot.assertNotEmitted(plot.log_requested):
        plot.show_here(7)
        plot.set_log(True)


def test_the_switch_asks_for_the_scale(plot, qtbot) -> None:
    box = plot.findChild(QCheckBox)
    with qtbot.waitSignal(plot.log_requested) as asked:
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center())
    assert asked.args == [True]


def test_hover_reads_out_the_point(plot, qtbot) -> None:
    plot.set_loss_name("L")
    qtbot.mouseMove(plot._curve.viewport(), pixel(plot, 37, 0.1))
    assert plot.findChild(QLabel).text() == f"iteration 37 · L {LOSSES[37]:.4g} · W: why"


def test_the_label_here_stays_inside_the_plot(plot) -> None:
    """At both ends it stands on the side where there is room."""
    box = plot._curve.getPlotItem().getViewBox()
    for iteration in (0, 60):
        plot.show_here(iteration)
        plot.grab()
        label = plot._curve._here_text
        area = label.mapRectToScene(label.boundingRect())
        assert box.sceneBoundingRect().adjusted(-2, -2, 2, 2).contains(area)


def test_the_export_menu_asks(plot, qtbot) -> None:
    actions = plot.findChild(QToolButton, "exportPlot").menu().actions()
    for action, kind in zip(actions, ["png", "svg", "csv"], strict=True):
        with qtbot.waitSignal(plot.export_requested) as asked:
            action.trigger()
        assert asked.args == [kind]


def test_png_has_the_size_and_the_curve(plot, tmp_path) -> None:
    plot.set_theme(DARK)
    plot.export_png(tmp_path / "loss.png", QSize(640, 360))
    image = QImage(str(tmp_path / "loss.png"))
    assert image.size() == QSize(640, 360)
    assert image.pixelColor(2, 2) == QColor(DARK.window)
    colours = {image.pixelColor(x, y).name() for x in range(0, 640, 2) for y in range(0, 360)}
    assert DARK.accent in colours


def test_svg_is_vectors_and_text(plot, tmp_path) -> None:
    plot.export_svg(tmp_path / "loss.svg")
    root = ElementTree.parse(tmp_path / "loss.svg").getroot()
    texts = {"".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"iteration", "here", "loss", "60"} <= texts
    assert not list(root.iter("{http://www.w3.org/2000/svg}image"))


def test_a_file_that_cannot_be_written_is_an_error(plot, tmp_path) -> None:
    with pytest.raises(OSError, match=r"nowhere"):
        plot.export_png(tmp_path / "nowhere" / "loss.png", QSize(64, 64))


def test_a_million_points_are_reduced_to_the_screen(plot) -> None:
    losses = np.random.default_rng(0).random(1_000_000)
    plot.show_losses(np.arange(1_000_000), losses)
    plot.grab()
    assert len(drawn(plot)[0]) < 5_000


# --- ticks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 0.43, [0, 0.1, 0.2, 0.3, 0.4]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (0, 7e5, None)],
)
def test_ticks_are_round_and_few(low: float, high: float, ticks: list[float] | None) -> None:
    found = linear_ticks(low, high, 5)
    assert 2 <= len(found) <= 5
    if ticks is not None:
        assert found == pytest.approx(ticks)


def test_iterations_are_whole() -> None:
    assert whole_ticks(-0.1, 3.1, 7) == [0, 1, 2, 3]
    assert all(tick == int(tick) for tick in whole_ticks(0, 13, 7))


def test_log_ticks_are_decades_and_finer_in_a_short_range() -> None:
    assert log_texts(log_ticks(-2.3, 0.2, 5)) == ["0.01", "0.1", "1"]
    assert log_texts(log_ticks(-0.9, -0.1, 5)) == ["0.2", "0.5"]


def test_tick_texts_have_the_same_decimals() -> None:
    assert tick_texts([0.0, 0.05, 0.1]) == ["0.00", "0.05", "0.10"]
    assert tick_texts([0.0, 20.0]) == ["0", "20"]
    assert tick_texts([0.0, 5e7]) == ["0", "5e7"]
    assert tick_texts([1.42e-6, 1.425e-6, 1.43e-6]) == ["1.420e-6", "1.425e-6", "1.430e-6"]
    assert tick_texts([0.3616500001, 0.3616500002]) == ["0.3616500001", "0.3616500002"]
