"""The loss curve itself, drawn by pyqtgraph. Imported only after the window shows: it takes its time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.loss_ticks import linear_ticks, log_texts, log_ticks, tick_texts, whole_ticks
from backprop_gui.views.theme import LIGHT, Theme, blend

Floats = NDArray[np.float64]

TEXT_PIXELS = 11.0
MOST_THICK = 2_000  # points; longer curves get a pen of one pixel, which paints much faster
HEADROOM = 0.16  # share of the height above the curve, where "here" is written
FOOTROOM = 0.05  # below it: a dot at the lowest loss is not cut
SIDEROOM = 0.03


class PlainAxis(pg.AxisItem):
    """An axis of a few numbers: no line, no ticks."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.setStyle(tickLength=0, autoExpandTextSpace=False, hideOverlappingLabels=False)
        self._shown: tuple[list[float], list[str]] = ([], [])
        self.setTicks([[]])

    def show_ticks(self, ticks: list[float], texts: list[str]) -> None:
        """Write these texts at these places."""
        if (ticks, texts) != self._shown:
            self._shown = (ticks, texts)
            self.setTicks([list(zip(ticks, texts, strict=True))])


class GridLines(pg.GraphicsObject):
    """Light lines across the plot at the ticks of the vertical axis."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(-10)
        self._heights: list[float] = []
        self._pen = QPen()

    def show_lines(self, heights: list[float], pen: QPen) -> None:
        """Draw lines at these heights."""
        if (heights, pen) != (self._heights, self._pen):
            self._heights, self._pen = heights, pen
            self.update()

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def paint(self, painter: QPainter, *_: Any) -> None:
        rect = self.boundingRect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self._pen)
        for height in self._heights:
            painter.drawLine(QPointF(rect.left(), height), QPointF(rect.right(), height))


class LossCurve(pg.PlotWidget):
    """Loss over iterations, the test loss where there is one, and where one is."""

    iteration_picked = Signal(int)
    hovered = Signal(int)  # the place of a point in the data; -1 when the pointer leaves

    def __init__(self, parent: QWidget | None = None) -> None:
        self._below, self._left = PlainAxis("bottom"), PlainAxis("left")
        super().__init__(parent, enableMenu=False, axisItems={"bottom": self._below, "left": self._left})
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._numbers = NumberFormat()
        self._log = False
        self._iterations: Floats = np.empty(0)
        self._losses: Floats = np.empty(0)
        self._tests: Floats | None = None
        self._broken = -1  # place of the first loss that is no finite number
        self._x: Floats = np.empty(0)  # the curve as it is drawn: without what is not finite
        self._y: Floats = np.empty(0)
        self._here: int | None = None
        self._picked: int | None = None
        self._zoomed = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameStyle(0)
        self.viewport().setMouseTracking(True)
        self._make_items()

    def _make_items(self) -> None:
        plot = self.getPlotItem()
        plot.ctrlMenu.setParent(self)  # never shown; without a parent it would outlive the plot
        plot.ctrlMenu.hide()  # a child that was not hidden is shown with its parent
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.disableAutoRange()
        self._grid = GridLines()
        self._test = pg.PlotDataItem()
        self._curve = pg.PlotDataItem()
        self._hair = pg.InfiniteLine(angle=90, movable=False)
        self._dots = pg.ScatterPlotItem(useCache=False, antialias=True)  # as paths, for SVG too
        self._here_text = pg.TextItem("here")
        self._break_text = pg.TextItem("not a finite number")
        marks = (self._hair, self._dots, self._here_text, self._break_text)
        for item in (self._grid, self._test, self._curve, *marks):
            plot.addItem(item, ignoreBounds=True)
        for curve in (self._test, self._curve):
            curve.setClipToView(True)
            curve.setDownsampling(auto=True, method="peak")
        plot.getViewBox().sigRangeChanged.connect(self._refresh_axes)

    # --- being told ------------------------------------------------------------------------------

    def show_losses(self, iterations: Floats, losses: Floats, tests: Floats | None) -> None:
        """Show these losses; what is not finite is left out and its begin is marked."""
        self._iterations, self._losses, self._tests = iterations, losses, tests
        self._draw()

    def show_here(self, iteration: int | None) -> None:
        """Mark the iteration one is at."""
        if iteration != self._here:
            self._here = iteration
            self._mark()

    def show_log(self, log: bool) -> None:
        """Losses by their powers of ten, or from zero."""
        if log != self._log:
            self._log = log
            self._draw()

    def show_numbers(self, form: NumberFormat) -> None:
        """Write the numbers at the axes with the signs of this format."""
        if form.comma != self._numbers.comma:
            self._numbers = form
            self._refresh_axes()

    def show_look(self, theme: Theme, scale: float) -> None:
        """The colours of `theme`, text at `scale` times its plain size."""
        self._theme, self._scale = theme, scale
        self.setBackground(theme.window)
        font = ui_font(TEXT_PIXELS * scale)
        for axis in (self._below, self._left):
            axis.setPen(theme.window)  # no line, no ticks: the grid tells enough
            axis.setTextPen(theme.muted)
            axis.setTickFont(font)
            axis.setStyle(tickTextOffset=round(6 * scale))
        self._below.setLabel("iteration", color=theme.muted, **{"font-size": f"{font.pixelSize()}px"})
        self._below.label.setFont(font)
        self._below.setHeight(round(36 * scale))
        for text in (self._here_text, self._break_text):
            text.setFont(font)
        self._here_text.setColor(theme.muted)
        self._break_text.setColor(theme.warning)
        self._hair.setPen(pg.mkPen(blend(theme.outline, theme.window, 0.5), width=1))
        self.getPlotItem().layout.setContentsMargins(8 * scale, 2, 26 * scale, 4)
        self._draw()

    # --- drawing ---------------------------------------------------------------------------------

    def _drawable(self, losses: Floats) -> tuple[Floats, Floats]:
        """Iterations and heights of what can be drawn; heights are exponents of ten on a log axis."""
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.log10(losses) if self._log else losses
        finite = np.isfinite(heights)
        iterations = self._iterations[: len(heights)]
        return (iterations, heights) if finite.all() else (iterations[finite], heights[finite])

    def _draw(self) -> None:
        broken = np.flatnonzero(~np.isfinite(self._losses))
        self._broken = int(broken[0]) if len(broken) else -1
        self._x, self._y = self._drawable(self._losses)
        test_x, test_y = self._drawable(self._tests if self._tests is not None else np.empty(0))
        is_fine = len(self._x) <= MOST_THICK
        width = 2.0 * self._scale if is_fine else 1.0
        pen = pg.mkPen(self._theme.accent, width=width)
        dashed = pg.mkPen(self._theme.update, width=width, style=Qt.PenStyle.DashLine)
        self._curve.setData(self._x, self._y, pen=pen, antialias=is_fine, skipFiniteCheck=True)
        self._test.setData(test_x, test_y, pen=dashed, antialias=is_fine, skipFiniteCheck=True)
        self._set_ranges([heights for heights in (self._y, test_y) if len(heights)])
        self._mark()
        self._refresh_axes()

    def _set_ranges(self, curves: list[Floats]) -> None:
        box = self.getPlotItem().getViewBox()
        low = min((float(heights.min()) for heights in curves), default=0.0)
        high = max((float(heights.max()) for heights in curves), default=0.0)
        if not self._log:
            low = min(0.0, low)
        if high <= low:
            low, high = (low - 0.5, high + 0.5) if self._log else (low, low + 1.0)
        box.setYRange(low - FOOTROOM * (high - low), high + HEADROOM * (high - low), padding=0)
        first, last = self._full_range()
        box.setLimits(xMin=first, xMax=last)
        if not self._zoomed:
            box.setXRange(first, last, padding=0)

    def _full_range(self) -> tuple[float, float]:
        if not len(self._iterations):
            return 0.0, 1.0
        first, last = float(self._iterations[0]), float(self._iterations[-1])
        last = max(last, first + 1.0)
        return first - SIDEROOM * (last - first), last + SIDEROOM * (last - first)

    def _mark(self) -> None:
        """The dot and hairline at the iteration one is at, and the cross where the curve broke off."""
        theme, spots = self._theme, []
        is_here = self._here is not None and len(self._iterations) > 0
        self._hair.setVisible(is_here)
        if self._here is not None and is_here:
            self._hair.setValue(self._here)
            place = self._place_of(self._here)
            if np.isfinite(self._losses[place]) and len(self._y):
                height = float(np.interp(self._here, self._x, self._y))
                spots.append(self._spot(self._here, height, "o", 9, theme.backward))
        self._break_text.setVisible(self._broken >= 0)
        if self._broken >= 0:
            x = float(self._iterations[self._broken])
            height = float(np.interp(x, self._x, self._y)) if len(self._y) else 0.0
            spots.append(self._spot(x, height, "x", 11, theme.warning))
            self._break_text.setPos(x, height)
        self._dots.setData(spots)
        self._place_texts()

    def _spot(self, x: float, y: float, symbol: str, size: int, colour: str) -> dict[str, Any]:
        edge = pg.mkPen(self._theme.window, width=1)
        return {"pos": (x, y), "symbol": symbol, "size": size * self._scale, "brush": colour, "pen": edge}

    def _place_texts(self) -> None:
        """Texts stand beside their marks, on the side where there is room."""
        (left, right), (_, top) = self.getPlotItem().getViewBox().viewRange()
        middle = (left + right) / 2
        here, broken = self._here, self._break_text.pos().x()
        self._break_text.setAnchor((0 if broken <= middle else 1, 1))
        apart = self._broken < 0 or (here is not None and abs(broken - here) > 0.4 * (right - left))
        self._here_text.setVisible(self._hair.isVisible() and apart)
        if here is not None:
            self._here_text.setAnchor((0 if here <= middle else 1, 0))
            self._here_text.setPos(here, top)

    def _refresh_axes(self) -> None:
        (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
        font = QFontMetricsF(ui_font(TEXT_PIXELS * self._scale))
        most = max(2, min(6, int(self.height() / (3.2 * font.height()))))
        if not len(self._iterations):
            ticks, texts = [], []
        elif self._log:
            ticks = log_ticks(low, high, most)
            texts = log_texts(ticks)
        else:
            ticks = linear_ticks(low, high, most)
            texts = tick_texts(ticks)
        self._left.show_ticks(ticks, list(map(self._numbers.localised, texts)))
        widest = max((font.horizontalAdvance(text) for text in texts), default=0.0)
        self._left.setWidth(round(widest + 12 * self._scale))
        self._grid.show_lines(ticks, pg.mkPen(self._theme.border, width=1))
        room = font.horizontalAdvance(f"{right:,.0f}") * 2.2
        whole = whole_ticks(left, right, max(3, min(7, int(self.width() / room)))) if ticks else []
        self._below.show_ticks(whole, [self._numbers.count(round(tick)) for tick in whole])
        self._place_texts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_grid"):  # pyqtgraph calls it while it is being built
            self._refresh_axes()

    # --- pointer ---------------------------------------------------------------------------------

    def _place_of(self, iteration: float) -> int:
        """The place of the point nearest to an iteration, or -1 without points."""
        if not len(self._iterations):
            return -1
        after = int(np.searchsorted(self._iterations, iteration))
        near = [place for place in (after - 1, after) if 0 <= place < len(self._iterations)]
        return min(near, key=lambda place: abs(self._iterations[place] - iteration))

    def _place_at(self, event: QMouseEvent) -> int:
        box = self.getPlotItem().getViewBox()
        return self._place_of(box.mapSceneToView(self.mapToScene(event.position().toPoint())).x())

    def iteration_at(self, position: QPoint) -> int | None:
        """The iteration nearest to a point; None without any."""
        box = self.getPlotItem().getViewBox()
        place = self._place_of(box.mapSceneToView(self.mapToScene(position)).x())
        return int(self._iterations[place]) if place >= 0 else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._picked = self._here
            self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._picked is not None or event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event)
        self.hovered.emit(self._place_at(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._picked = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back from a stretch of the curve to all of it."""
        self._zoomed = False
        self._draw()

    def _pick(self, event: QMouseEvent) -> None:
        place = self._place_at(event)
        if place >= 0 and int(self._iterations[place]) != self._picked:
            self._picked = int(self._iterations[place])
            self.iteration_picked.emit(self._picked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        left, right = self.getPlotItem().getViewBox().viewRange()[0]
        first, last = self._full_range()
        self._zoomed = right - left < 0.999 * (last - first)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(-1)
