"""Parts of plots over iterations that pyqtgraph draws. Imported only after the window shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

SAMPLE_PIXELS = 14.0  # of a line, before its name

DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)


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


@dataclass(frozen=True)
class EndLabel:
    """The name of a line where it ends, at a height of the axis."""

    text: str
    height: float
    pen: QPen
    colour: str
    first: bool  # has its place before the others
    line: int = -1  # which line it names


class EndLabels(pg.AxisItem):
    """The names of lines beside their ends, with a piece of the line; those without room are left out."""

    def __init__(self) -> None:
        super().__init__("right")
        self.setStyle(tickLength=0, showValues=False)
        self._labels: list[EndLabel] = []
        self._font = QFont()

    def show_labels(self, labels: list[EndLabel], font: QFont, scale: float, least: float) -> None:
        """Write these names; the axis takes the width they need, at least `least`."""
        metrics = QFontMetricsF(font)
        widest = max((metrics.horizontalAdvance(label.text) for label in labels), default=0.0)
        sample = (SAMPLE_PIXELS + 8) * scale if labels else 0.0
        self._labels, self._font, self._scale = labels, font, scale
        width = round(max(least, widest + sample + 4 * scale))
        if width != self.width():
            self.setWidth(width)
        self.picture = None
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.mapRectFromParent(self.geometry()))

    def line_at(self, point: QPointF) -> int:
        """The line whose name stands at a point (of this item); -1 for none."""
        if not self.boundingRect().contains(point):
            return -1
        near = QFontMetricsF(self._font).height() / 2
        found = [label.line for label, middle in self._placed() if abs(middle - point.y()) <= near]
        return found[0] if found else -1

    def _placed(self) -> list[tuple[EndLabel, float]]:
        """The names that have room, and the middle of each."""
        rect, (low, high) = self.boundingRect(), self.range
        if not self._labels or high <= low:
            return []
        share = rect.height() / (high - low)
        places = [rect.bottom() - (label.height - low) * share for label in self._labels]
        height = QFontMetricsF(self._font).height()
        return spread(self._labels, places, rect.top(), rect.bottom(), 0.95 * height)

    def paint(self, painter: QPainter, *_: Any) -> None:
        rect, height = self.boundingRect(), QFontMetricsF(self._font).height()
        painter.setFont(self._font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for label, middle in self._placed():
            left = rect.left() + 4 * self._scale
            right = left + SAMPLE_PIXELS * self._scale
            painter.setPen(label.pen)
            painter.drawLine(QLineF(left, middle, right, middle))
            painter.setPen(QColor(label.colour))
            area = QRectF(right + 4 * self._scale, middle - height / 2, rect.right() - right, height)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label.text)


def spread(
    labels: list[EndLabel], places: list[float], top: float, bottom: float, height: float
) -> list[tuple[EndLabel, float]]:
    """The labels that fit between `top` and `bottom`, moved apart so that none covers another."""
    room = max(1, int((bottom - top) / height))
    order = sorted(range(len(labels)), key=lambda i: not labels[i].first)[:room]
    chosen = sorted(order, key=places.__getitem__)
    middles = [min(max(places[i], top + height / 2), bottom - height / 2) for i in chosen]
    for i in range(1, len(middles)):
        middles[i] = max(middles[i], middles[i - 1] + height)
    limit = bottom - height / 2
    for i in range(len(middles) - 1, -1, -1):
        middles[i] = min(middles[i], limit)
        limit = middles[i] - height
    return [(labels[i], middle) for i, middle in zip(chosen, middles, strict=True)]
