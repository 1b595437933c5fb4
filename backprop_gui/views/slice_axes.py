"""A rectangle of a plot with its two axes: where numbers stand, and the numbers written at them."""

from __future__ import annotations

import math

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.loss_ticks import linear_ticks, tick_texts
from backprop_gui.views.theme import Theme, blend

TEXT_PIXELS = 11.0


class Brush(Struct, frozen=True):
    """What everything is painted with: the painter, the colours, the size."""

    painter: QPainter
    theme: Theme
    scale: float
    format: NumberFormat

    def pen(self, colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> None:
        """Draw lines from now on, without filling."""
        self.painter.setPen(QPen(QColor(colour), width * self.scale, style, Qt.PenCapStyle.RoundCap))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def metrics(self) -> QFontMetricsF:
        """The size of the plot's letters."""
        return QFontMetricsF(ui_font(TEXT_PIXELS * self.scale))

    def text(self, rect: QRectF, text: str, colour: str, flags: Qt.AlignmentFlag) -> None:
        """Write into a rectangle."""
        self.painter.setFont(ui_font(TEXT_PIXELS * self.scale))
        self.painter.setPen(QColor(colour))
        self.painter.drawText(rect, int(flags | Qt.TextFlag.TextDontClip), text)

    def label_rect(self, centre: QPointF, text: str, within: QRectF) -> QRectF:
        """Where a word stands that is meant to stand at a centre, but within a rectangle."""
        size = self.metrics().size(0, text)
        rect = QRectF(0, 0, size.width() + 6 * self.scale, size.height())
        rect.moveCenter(centre)
        rect.moveLeft(min(max(rect.left(), within.left()), within.right() - rect.width()))
        rect.moveTop(min(max(rect.top(), within.top()), within.bottom() - rect.height()))
        return rect

    def label(self, centre: QPointF, text: str, colour: str, within: QRectF) -> QRectF:
        """A word beside a mark, on a ground of its own so that lines do not cross it; where it stands."""
        rect = self.label_rect(centre, text, within)
        ground = QColor(self.theme.window)
        ground.setAlphaF(0.85)
        self.painter.fillRect(rect, ground)
        self.text(rect, text, colour, Qt.AlignmentFlag.AlignCenter)
        return rect

    def dot(self, at: QPointF, colour: str, filled: bool, size: float = 4.5) -> None:
        """A point: full for where one is, hollow for where one would be."""
        radius = size * self.scale
        self.painter.setPen(QPen(QColor(self.theme.window if filled else colour), 2 * self.scale))
        self.painter.setBrush(QColor(colour if filled else self.theme.window))
        self.painter.drawEllipse(at, radius, radius)

    def arrow(self, start: QPointF, end: QPointF, colour: str) -> None:
        """A line with a head at its end; too short for both it is the head alone."""
        way = end - start
        length = (way.x() ** 2 + way.y() ** 2) ** 0.5
        if length < 1:
            return
        along = way / length
        across = QPointF(-along.y(), along.x())
        head = min(7 * self.scale, length)
        neck = end - along * head
        self.pen(colour, 2)
        self.painter.drawLine(start, neck)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QColor(colour))
        self.painter.drawPolygon([end, neck + across * head * 0.5, neck - across * head * 0.5])


class Axes(Struct, frozen=True):
    """From numbers to places: `rect` shows x from `low` to `high` and y from `bottom` to `top`."""

    rect: QRectF
    low: float
    high: float
    bottom: float
    top: float

    def x(self, value: float) -> float:
        """The place of a number on the horizontal axis, kept near the rectangle."""
        return self.rect.left() + _share(value, self.low, self.high) * self.rect.width()

    def y(self, value: float) -> float:
        """The place of a number on the vertical axis, kept near the rectangle."""
        return self.rect.bottom() - _share(value, self.bottom, self.top) * self.rect.height()

    def at(self, x: float, y: float) -> QPointF:
        """The place of a point."""
        return QPointF(self.x(x), self.y(y))

    def value_at(self, x: float) -> float:
        """The number of the horizontal axis at a place."""
        return self.low + (x - self.rect.left()) / max(self.rect.width(), 1.0) * (self.high - self.low)

    def is_inside(self, x: float, y: float) -> bool:
        return self.low <= x <= self.high and self.bottom <= y <= self.top


def _share(value: float, low: float, high: float) -> float:
    """Where a number stands between two others; in the middle where they leave nothing between them."""
    span = high - low
    share = (value - low) / span if span else math.nan
    return min(max(share, -9.0), 10.0) if math.isfinite(share) else 0.5


def placed_axes(
    brush: Brush, area: QRectF, across: tuple[float, float], upwards: tuple[float, float]
) -> Axes:
    """The rectangle that is left in an area beside the numbers of its axes."""
    metrics, scale = brush.metrics(), brush.scale
    _, texts = _ticks(brush, upwards, area.height())
    left = max((metrics.horizontalAdvance(text) for text in texts), default=0.0) + 12 * scale
    head, foot = metrics.height() + 4 * scale, metrics.height() + 6 * scale
    rect = area.adjusted(round(left), round(head), -round(10 * scale), -round(foot))
    rect.setWidth(max(rect.width(), 10.0))
    rect.setHeight(max(rect.height(), 10.0))
    return Axes(rect, *across, *upwards)


def paint_axes(
    brush: Brush, axes: Axes, across_title: str, upwards_title: str, outline: bool = False
) -> None:
    """Light lines at round numbers, the numbers, and what the axes are: at the ends, where there is room."""
    painter, theme, rect, metrics = brush.painter, brush.theme, axes.rect, brush.metrics()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    grid = QPen(QColor(theme.border), 1)
    heights, texts = _ticks(brush, (axes.bottom, axes.top), rect.height())
    for height, text in zip(heights, texts, strict=True):
        y = round(axes.y(height))
        painter.setPen(grid)
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
        place = QRectF(rect.left() - 206 * brush.scale, y - 10, 200 * brush.scale, 20)
        brush.text(place, text, theme.muted, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    _paint_across(brush, axes, across_title)
    title = QRectF(rect.left() - 4, rect.top() - metrics.height() - 3, rect.width(), metrics.height())
    words = metrics.elidedText(upwards_title, Qt.TextElideMode.ElideRight, rect.width())
    brush.text(title, words, theme.muted, Qt.AlignmentFlag.AlignLeft)
    painter.setPen(QPen(QColor(blend(theme.outline, theme.window, 0.45)), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if outline:
        painter.drawRect(rect)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def _paint_across(brush: Brush, axes: Axes, title: str) -> None:
    """The horizontal numbers, as many as fit, and the axis' name at its right end."""
    rect, metrics, theme = axes.rect, brush.metrics(), brush.theme
    below = QRectF(rect.left(), rect.bottom() + 4 * brush.scale, rect.width(), metrics.height())
    name = metrics.horizontalAdvance(title)
    brush.text(below, title, theme.text, Qt.AlignmentFlag.AlignRight)
    for most in range(7, 1, -1):
        ticks = linear_ticks(axes.low, axes.high, most)
        texts = [brush.format.localised(text).replace("-", "−") for text in tick_texts(ticks)]
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0.0)
        if len(ticks) * (widest + 14 * brush.scale) <= rect.width() - name:
            break
    for tick, text in zip(ticks, texts, strict=True):
        x, width = axes.x(tick), metrics.horizontalAdvance(text)
        if x + width / 2 < below.right() - name - 6 * brush.scale and x - width / 2 > rect.left() - 20:
            place = QRectF(x - width, below.top(), 2 * width, below.height())
            brush.text(place, text, theme.muted, Qt.AlignmentFlag.AlignHCenter)


def _ticks(brush: Brush, upwards: tuple[float, float], height: float) -> tuple[list[float], list[str]]:
    most = max(3, min(6, int(height / (1.9 * brush.metrics().height()))))
    ticks = linear_ticks(*upwards, most)
    return ticks, [brush.format.localised(text).replace("-", "−") for text in tick_texts(ticks)]
