"""Lines over iterations, drawn by pyqtgraph. Imported only after the window shows: it takes its time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from backprop_gui.engine.operation import Array
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.run_lines import Line, LinesPicture, decimated, nearest
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.loss_ticks import linear_ticks, log_texts, log_ticks, tick_texts, whole_ticks
from backprop_gui.views.plot_items import DASHES, EndLabel, EndLabels, GridLines, PlainAxis
from backprop_gui.views.theme import LIGHT, Theme, blend, dimmed

TEXT_PIXELS = 11.0
MOST_THICK = 2_000  # points; longer curves get a pen of one pixel, which paints much faster
MOST_DOTS = 16  # lines that have a dot where one is
HEADROOM = 0.16  # share of the height above the curves, where "here" is written
FOOTROOM = 0.05  # below them: a dot at the lowest point is not cut
SIDEROOM = 0.03
EMPTY = LinesPicture((), "")


class LineDrawing(pg.PlotWidget):
    """Lines over iterations, their names at their ends, and where one is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._below, self._left, self._right = PlainAxis("bottom"), PlainAxis("left"), EndLabels()
        axes = {"bottom": self._below, "left": self._left, "right": self._right}
        super().__init__(parent, enableMenu=False, axisItems=axes)
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._numbers = NumberFormat()
        self._log = False
        self._live = False
        self._picture = EMPTY
        self._drawn: list[tuple[Array, Array]] = []  # all points of each line that can be drawn
        self._items: list[pg.PlotCurveItem] = []
        self._broken: tuple[float, float] | None = None  # where a line broke off
        self._here: int | None = None
        self._zoomed = False
        self._ranging = False  # while ranges are being set, once they are set it is drawn
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameStyle(0)
        self.viewport().setMouseTracking(True)
        self._make_items()

    def _make_items(self) -> None:
        plot = self.getPlotItem()
        plot.ctrlMenu.setParent(self)  # never shown; without a parent it would outlive the plot
        plot.ctrlMenu.hide()  # a child that was not hidden is shown with its parent
        plot.hideButtons()
        plot.showAxis("right")
        plot.setMouseEnabled(x=True, y=False)
        plot.disableAutoRange()
        self._grid = GridLines()
        self._hair = pg.InfiniteLine(angle=90, movable=False)
        self._dots = pg.ScatterPlotItem(useCache=False, antialias=True)  # as paths, for SVG too
        self._here_text = pg.TextItem("here")
        self._break_text = pg.TextItem("not a finite number")
        for height, item in enumerate((self._hair, self._dots, self._here_text, self._break_text), start=10):
            item.setZValue(height)
        for item in (self._grid, self._hair, self._dots, self._here_text, self._break_text):
            plot.addItem(item, ignoreBounds=True)
        plot.getViewBox().sigRangeChanged.connect(self._range_changed)

    # --- being told ------------------------------------------------------------------------------

    def show_lines(self, picture: LinesPicture) -> None:
        """Show these lines; what is not finite is left out and its begin is marked."""
        self._picture = picture
        self._draw()

    def show_here(self, iteration: int | None) -> None:
        """Mark the iteration one is at."""
        if iteration != self._here:
            self._here = iteration
            self._mark()

    def show_log(self, log: bool) -> None:
        """Numbers by their powers of ten, or as they are."""
        if log != self._log:
            self._log = log
            self._draw()

    def show_live(self, live: bool) -> None:
        """While lines grow they are drawn by thin pens, which paint faster."""
        if live != self._live:
            self._live = live
            self._draw_range()

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
        for axis in (self._below, self._left, self._right):
            axis.setPen(theme.window)  # no line, no ticks: the grid tells enough
            axis.setTextPen(theme.muted)
            axis.setTickFont(font)
            axis.setStyle(tickTextOffset=round(6 * scale))
        self._below.setHeight(round(22 * scale))
        for text in (self._here_text, self._break_text):
            text.setFont(font)
        self._here_text.setColor(theme.muted)
        self._break_text.setColor(theme.warning)
        self._hair.setPen(pg.mkPen(blend(theme.outline, theme.window, 0.5), width=1))
        # At the top as much as half a number of the axis needs.
        self.getPlotItem().layout.setContentsMargins(8 * scale, 8 * scale, 6 * scale, 4)
        self._draw()

    # --- drawing ---------------------------------------------------------------------------------

    def _drawable(self, line: Line) -> tuple[Array, Array]:
        """Iterations and heights of what can be drawn; heights are exponents of ten on a log axis."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.abs(line.values) if self._log and self._picture.magnitudes else line.values
            heights = np.log10(values) if self._log else values
        finite = np.isfinite(heights)
        return (line.iterations, heights) if finite.all() else (line.iterations[finite], heights[finite])

    def _draw(self) -> None:
        lines = self._picture.lines
        self._drawn = [self._drawable(line) for line in lines]
        self._broken = self._break_of(lines)
        while len(self._items) < len(lines):
            item = pg.PlotCurveItem(skipFiniteCheck=True)
            self.getPlotItem().addItem(item, ignoreBounds=True)
            self._items.append(item)
        for item in self._items[len(lines) :]:
            item.setVisible(False)
        self._ranging = True
        self._set_ranges()
        self._ranging = False
        self._draw_range()

    def _range_changed(self) -> None:
        if not self._ranging:
            self._draw_range()

    def _break_of(self, lines: tuple[Line, ...]) -> tuple[float, float] | None:
        """Where the first line that breaks off has its first number that is not finite."""
        for line, (xs, ys) in zip(lines, self._drawn, strict=True):
            broken = np.flatnonzero(~np.isfinite(line.values)) if len(xs) < len(line.values) else None
            if broken is not None and len(broken):
                x = float(line.iterations[broken[0]])
                return x, float(np.interp(x, xs, ys)) if len(ys) else 0.0
        return None

    def _draw_range(self) -> None:
        """The lines, as far as they are seen, with no more points than the screen shows."""
        left, right = self.getPlotItem().getViewBox().viewRange()[0]
        columns = max(50, self.width())
        thin = self._live and sum(len(xs) for xs, _ in self._drawn) > MOST_THICK
        for item, line, points in zip(self._items, self._picture.lines, self._drawn, strict=False):
            xs, ys = decimated(points[0], points[1], left, right, columns)
            fine = len(xs) <= MOST_THICK and not thin
            item.setData(xs, ys, pen=self._pen(line, fine), antialias=fine, skipFiniteCheck=True)
            item.setZValue({"raw": 0, "bound": 0, "dim": 1, "main": 2, "lit": 3}[line.role])
            item.setVisible(True)
        self._mark()
        self._refresh_axes()

    def _pen(self, line: Line, fine: bool) -> QPen:
        thin = line.role in ("raw", "bound") or not fine
        width = 1.0 if thin else {"dim": 1.2, "lit": 2.6}.get(line.role, 2.0) * self._scale
        dashes = DASHES[line.hue % len(DASHES)]
        if line.role == "bound":
            dashes = Qt.PenStyle.DotLine
        pen = QPen(QColor(self._colour(line)), width, dashes)
        pen.setCosmetic(True)
        return pen

    def _colour(self, line: Line) -> str:
        theme = self._theme
        colour = theme.lines[line.hue % len(theme.lines)]
        if line.role == "bound":
            return theme.outline
        if line.role == "raw":
            return blend(colour, theme.window, 0.4)
        return dimmed(colour, theme.window, 0.45) if line.role == "dim" else colour

    def _set_ranges(self) -> None:
        box, shape = self.getPlotItem().getViewBox(), self._picture.shape
        drawn = [
            (line, ys) for line, (_, ys) in zip(self._picture.lines, self._drawn, strict=True) if len(ys)
        ]
        far = ("dim", "bound") if self._picture.close else ()
        heights = [ys for line, ys in drawn if line.role not in far] or [ys for _, ys in drawn]
        low = min((float(ys.min()) for ys in heights), default=0.0)
        high = max((float(ys.max()) for ys in heights), default=0.0)
        if shape == "percent":
            low, high = 0.0, 100.0
        elif shape == "zero" and not self._log:
            low = min(0.0, low)
        if high <= low:
            margin = 0.5 if self._log or shape == "free" else 0.0
            low, high = (low - margin, high + margin) if margin else (low, low + 1.0)
        box.setYRange(low - FOOTROOM * (high - low), high + HEADROOM * (high - low), padding=0)
        first, last = self._full_range()
        box.setLimits(xMin=first, xMax=last)
        if not self._zoomed:
            box.setXRange(first, last, padding=0)

    def bounds(self) -> tuple[int, int] | None:
        """The first and the last iteration; None without lines."""
        known = [line.iterations for line in self._picture.lines if len(line.iterations)]
        return (round(min(xs[0] for xs in known)), round(max(xs[-1] for xs in known))) if known else None

    def _full_range(self) -> tuple[float, float]:
        bounds = self.bounds()
        if bounds is None:
            return 0.0, 1.0
        first, last = bounds[0], max(bounds[1], bounds[0] + 1.0)
        return first - SIDEROOM * (last - first), last + SIDEROOM * (last - first)

    def _mark(self) -> None:
        """The dots and the hairline at the iteration one is at, and the cross where a curve broke off."""
        theme, here, spots = self._theme, self._here, []
        self._hair.setVisible(here is not None and bool(self._drawn))
        if here is not None and self._drawn:
            self._hair.setValue(here)
            for line, height in self._heights_at(here):
                colour = theme.backward if len(self._drawn) <= 3 else self._colour(line)
                size = 9 if len(self._drawn) <= 3 else 7
                spots.append(self._spot(here, height, "o", size, colour))
        for at, value in self._picture.marks:
            if np.isfinite(value) and (value > 0 or not self._log):
                height = float(np.log10(value)) if self._log else value
                spots.append(self._spot(at, height, "d", 8, theme.muted))
        self._break_text.setVisible(self._broken is not None)
        if self._broken is not None:
            spots.append(self._spot(*self._broken, "x", 11, theme.warning))
            self._break_text.setPos(*self._broken)
        self._dots.setData(spots)
        self._place_texts()

    def _heights_at(self, here: int) -> list[tuple[Line, float]]:
        """The lines that have a dot at an iteration, and how high."""
        found = []
        for line, (xs, ys) in zip(self._picture.lines, self._drawn, strict=True):
            if line.role not in ("main", "lit") or not len(xs) or not xs[0] <= here <= xs[-1]:
                continue
            if np.isfinite(line.values[nearest(line.iterations, here)]):
                found.append((line, float(np.interp(here, xs, ys))))
        return found if len(found) <= MOST_DOTS else []

    def _spot(self, x: float, y: float, symbol: str, size: int, colour: str) -> dict[str, Any]:
        edge = pg.mkPen(self._theme.window, width=1)
        return {"pos": (x, y), "symbol": symbol, "size": size * self._scale, "brush": colour, "pen": edge}

    def _place_texts(self) -> None:
        """Texts stand beside their marks, on the side where there is room."""
        (left, right), (_, top) = self.getPlotItem().getViewBox().viewRange()
        middle = (left + right) / 2
        here, broken = self._here, self._break_text.pos().x()
        self._break_text.setAnchor((0 if broken <= middle else 1, 1))
        apart = self._broken is None or (here is not None and abs(broken - here) > 0.4 * (right - left))
        self._here_text.setVisible(self._hair.isVisible() and apart)
        if here is not None:
            self._here_text.setAnchor((-0.2 if here <= middle else 1.2, 0))  # beside the dots
            self._here_text.setPos(here, top)

    # --- axes ------------------------------------------------------------------------------------

    def _refresh_axes(self) -> None:
        (left, right), (low, high) = self.getPlotItem().getViewBox().viewRange()
        font = QFontMetricsF(ui_font(TEXT_PIXELS * self._scale))
        most = max(2, min(6, int(self.height() / (3.2 * font.height()))))
        if self.bounds() is None:
            ticks, texts = [], []
        else:
            ticks = (log_ticks if self._log else linear_ticks)(low, high, most)
            texts = (log_texts if self._log else tick_texts)(ticks)
        if self._picture.shape == "percent":
            texts = [f"{text} %" for text in texts]
        texts = [self._numbers.localised(text).replace("-", "−") for text in texts]
        self._left.show_ticks(ticks, texts)
        widest = max((font.horizontalAdvance(text) for text in texts), default=0.0)
        self._left.setWidth(round(widest + 12 * self._scale))
        self._grid.show_lines(ticks, pg.mkPen(self._theme.border, width=1))
        self._below.show_ticks(*self._iterations_along(left, right, font))
        self._label_ends(right)
        self._place_texts()

    def _iterations_along(
        self, left: float, right: float, font: QFontMetricsF
    ) -> tuple[list[float], list[str]]:
        """The ticks of the iterations, and the word itself between the last two."""
        if self.bounds() is None:
            return [], []
        width = self.getPlotItem().getViewBox().width() / max(1e-9, right - left)
        number, word = font.horizontalAdvance(f"{right:,.0f}"), font.horizontalAdvance("iteration")
        for count in range(max(3, min(7, int(self.width() / (2.2 * number)))), 1, -1):
            ticks = whole_ticks(left, right, count)
            if len(ticks) > 1 and (ticks[1] - ticks[0]) * width > word + number + 12 * self._scale:
                middle = (ticks[-2] + ticks[-1]) / 2
                texts = [self._numbers.count(round(tick)) for tick in ticks]
                return [*ticks[:-1], middle, ticks[-1]], [*texts[:-1], "iteration", texts[-1]]
        return ticks, [self._numbers.count(round(tick)) for tick in ticks]

    def _label_ends(self, right: float) -> None:
        labels, (low, high) = [], self.getPlotItem().getViewBox().viewRange()[1]
        for index, (line, (xs, ys)) in enumerate(zip(self._picture.lines, self._drawn, strict=True)):
            if line.name and len(xs):
                height = float(ys[-1]) if xs[-1] <= right else float(np.interp(right, xs, ys))
                if self._picture.close and not low <= height <= high:
                    continue
                text = self._theme.muted if line.role in ("dim", "bound") else self._colour(line)
                pen, first = self._pen(line, True), line.role != "dim"
                labels.append(EndLabel(line.name, height, pen, text, first, index))
        font = ui_font(TEXT_PIXELS * self._scale)
        self._right.show_labels(labels, font, self._scale, 20 * self._scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_grid"):  # pyqtgraph calls it while it is being built
            self._draw_range()
