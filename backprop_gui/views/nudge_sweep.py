"""The error curve of the nudge bench: both difference quotients over h, on logarithmic axes."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from backprop_gui.present.nudge_sweep import SweepPicture
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.loss_ticks import log_ticks
from backprop_gui.views.theme import LIGHT, Theme, blend

TEXT_PIXELS, HEIGHT = 11.0, 190
LEAST_DECADES, FOOTROOM = 4, 0.22
FLOOR = -17.0  # exponent of errors that are no longer told from 0
HIGH = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class NudgeSweep(QWidget):
    """Paints a `SweepPicture`; a click asks for the h below the pointer."""

    size_requested = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Error over the size of the nudge")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._picture: SweepPicture | None = None
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._low, self._high = FLOOR, 0.0

    # --- being told ------------------------------------------------------------------------------

    def show_sweep(self, picture: SweepPicture | None) -> None:
        """Show these curves; None while they are being measured."""
        self._picture = picture
        if picture is not None:
            errors = [e for e in (*picture.one_way, *picture.both_ways) if e is not None]
            exponents = [math.log10(e) for e in errors if e > 0] or [0.0]
            lowest, highest = max(FLOOR, math.floor(min(exponents))), math.ceil(max(exponents))
            # Room below the valley: for the word there, and for errors of 0.
            self._low = lowest - max(1.0, math.ceil(FOOTROOM * (highest - lowest)))
            self._high = max(highest, self._low + LEAST_DECADES)
            self.setAccessibleDescription(picture.text)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and lines at `scale` times their plain size."""
        self._scale = scale
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as is good to read; any width."""
        return QSize(round(300 * self._scale), round(HEIGHT * self._scale))

    # --- geometry --------------------------------------------------------------------------------

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(ui_font(TEXT_PIXELS * self._scale))

    def _plot(self) -> QRectF:
        """The area of the curves."""
        metrics, scale = self._metrics(), self._scale
        left = metrics.horizontalAdvance("10⁻¹⁶") + 8 * scale
        top, bottom = metrics.height() + 8 * scale, metrics.height() + 6 * scale
        return QRectF(left, top, self.width() - left - 10 * scale, self.height() - top - bottom)

    def _x(self, size: float) -> float:
        plot = self._plot()
        assert self._picture is not None
        first, last = math.log10(self._picture.sizes[-1]), math.log10(self._picture.sizes[0])
        return plot.left() + (math.log10(size) - first) / (last - first) * plot.width()

    def _y(self, error: float) -> float:
        plot = self._plot()
        exponent = max(math.log10(error), self._low) if error > 0 else self._low
        return plot.bottom() - (exponent - self._low) / (self._high - self._low) * plot.height()

    # --- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(TEXT_PIXELS * self._scale))
        picture = self._picture
        if picture is None:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "measuring …")
        else:
            self._paint_axes(painter, picture)
            self._paint_here(painter, picture)
            self._paint_curve(painter, picture, picture.one_way, self._theme.forward, dashed=True)
            self._paint_curve(painter, picture, picture.both_ways, self._theme.backward, dashed=False)
            self._paint_valley(painter, picture)
            self._paint_legend(painter)
        painter.end()

    def _paint_axes(self, painter: QPainter, picture: SweepPicture) -> None:
        theme, plot, metrics, scale = self._theme, self._plot(), self._metrics(), self._scale
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for exponent in log_ticks(self._low, self._high, 6):
            y = self._y(10.0**exponent)
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(theme.muted))
            box = QRectF(0, y - metrics.height() / 2, plot.left() - 6 * scale, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _ten(exponent))
        for exponent in range(-12, 1, 3):
            x = self._x(10.0**exponent)
            painter.setPen(QPen(QColor(blend(theme.outline, theme.window, 0.5)), 1))
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + 3 * scale))
            painter.setPen(QColor(theme.muted))
            text = _ten(exponent) if exponent else "h = 1"
            width = metrics.horizontalAdvance(text)
            x = min(x - width / 2, self.width() - width)
            painter.drawText(QPointF(x, self.height() - metrics.descent() - 1), text)
        painter.setPen(QColor(theme.muted))
        above = metrics.ascent() + 1
        painter.drawText(QPointF(plot.left(), above), "← rounding")
        right = "truncation →"
        painter.drawText(QPointF(plot.right() - metrics.horizontalAdvance(right), above), right)
        painter.restore()

    def _paint_here(self, painter: QPainter, picture: SweepPicture) -> None:
        """An upright line where the nudge of the bench stands."""
        if picture.here is None:
            return
        plot, x = self._plot(), self._x(picture.here)
        painter.setPen(QPen(QColor(self._theme.text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _paint_curve(
        self,
        painter: QPainter,
        picture: SweepPicture,
        errors: tuple[float | None, ...],
        colour: str,
        dashed: bool,
    ) -> None:
        """A line through what is finite; hollow dots at the bottom where the error is 0."""
        path, pen_down = QPainterPath(), False
        exact = []
        for size, error in zip(picture.sizes, errors, strict=True):
            if error is None:
                pen_down = False
                continue
            at = QPointF(self._x(size), self._y(error))
            if error == 0:
                exact.append(at)
            if pen_down:
                path.lineTo(at)
            else:
                path.moveTo(at)
            pen_down = True
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colour), 1.8 * self._scale, style))
        painter.drawPath(path)
        painter.setPen(QPen(QColor(colour), 1.4 * self._scale))
        painter.setBrush(QColor(self._theme.window))
        for at in exact:
            painter.drawEllipse(at, 2.4 * self._scale, 2.4 * self._scale)

    def _paint_valley(self, painter: QPainter, picture: SweepPicture) -> None:
        size = picture.valleys[1]
        error = None if size is None else picture.both_ways[picture.sizes.index(size)]
        if size is None or error is None or not picture.best:
            return
        at, metrics, scale = QPointF(self._x(size), self._y(error)), self._metrics(), self._scale
        painter.setPen(QPen(QColor(self._theme.window), scale))
        painter.setBrush(QColor(self._theme.backward))
        painter.drawEllipse(at, 4.5 * scale, 4.5 * scale)
        painter.setPen(QColor(self._theme.text))
        width, plot = metrics.horizontalAdvance(picture.best), self._plot()
        x = min(max(at.x() - width / 2, plot.left() + 110 * scale), self.width() - width)
        below = at.y() + metrics.ascent() + 7 * scale
        y = below if below <= plot.bottom() - 3 * scale else at.y() - 9 * scale
        painter.drawText(QPointF(x, y), picture.best)

    def _paint_legend(self, painter: QPainter) -> None:
        """At the lower left, where no error is ever small."""
        theme, plot, metrics, scale = self._theme, self._plot(), self._metrics(), self._scale
        y = plot.bottom() - metrics.height() * 1.9
        for text, colour, style in (
            ("one way, +h", theme.forward, Qt.PenStyle.DashLine),
            ("both ways, ±h", theme.backward, Qt.PenStyle.SolidLine),
        ):
            left = plot.left() + 6 * scale
            painter.setPen(QPen(QColor(colour), 1.8 * scale, style))
            painter.drawLine(QPointF(left, y), QPointF(left + 20 * scale, y))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(left + 26 * scale, y + metrics.ascent() / 2 - 1), text)
            y += metrics.height() * 1.15

    # --- pointer ---------------------------------------------------------------------------------

    def _nearest(self, x: float) -> int:
        """The point of the curve below the pointer."""
        assert self._picture is not None
        distances = [abs(self._x(size) - x) for size in self._picture.sizes]
        return distances.index(min(distances))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._picture is not None:
            size = self._picture.sizes[self._nearest(event.position().x())]
            self.size_requested.emit(float(f"{size:.1e}"))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            picture = self._picture
            tip = picture.tips[self._nearest(event.pos().x())] if picture is not None else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)


def _ten(exponent: float) -> str:
    """A power of ten: 1, 10⁻⁴."""
    return f"10{str(round(exponent)).translate(HIGH)}" if round(exponent) else "1"
