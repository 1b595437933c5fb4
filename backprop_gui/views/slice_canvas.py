"""The drawing of a loss slice: painted, pointed at, zoomed; what stands where can be asked."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from backprop_gui.present.loss_slice import PlanePicture, SlicePicture
from backprop_gui.views.slice_axes import Axes, Brush
from backprop_gui.views.slice_painter import paint_picture
from backprop_gui.views.theme import LIGHT, Theme

ZOOM, NEAR = 1.25, 11.0  # a notch of the wheel; pixels around a dot that are meant for it
Picture = SlicePicture | PlanePicture
Mark = Literal["now", "landing", "slope"]


class SliceCanvas(QWidget):
    """The drawing. The wheel and the keys +, − and 0 ask for another stretch of values."""

    zoom_requested = Signal(float)  # a factor on the width; 0: what fits

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Loss along a parameter")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._picture: Picture | None = None
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._axes: Axes | None = None
        self._pointed: float | None = None

    def show_picture(self, picture: Picture | None) -> None:
        """Paint this."""
        self._picture = picture
        self.update()

    def show_look(self, theme: Theme, scale: float) -> None:
        """In these colours and this size of text."""
        self._theme, self._scale = theme, scale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        if self._picture is not None:
            area = QRectF(self.rect()).adjusted(4 * self._scale, 0, 0, 0)
            self._axes = paint_picture(painter, area, self._picture, self._theme, self._scale)
            self._paint_pointed(painter)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2, j=Qt.PenJoinStyle.MiterJoin))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_pointed(self, painter: QPainter) -> None:
        """The point of the curve below the pointer, in numbers."""
        picture, axes = self._picture, self._axes
        if self._pointed is None or not isinstance(picture, SlicePicture) or axes is None:
            return
        xs, losses = picture.curve
        place = int(np.argmin(np.abs(xs - self._pointed)))
        if not np.isfinite(losses[place]):
            return
        brush = Brush(painter, self._theme, self._scale, picture.format)
        at = axes.at(float(xs[place]), float(losses[place]))
        brush.dot(at, self._theme.text, filled=True, size=3)
        x, loss = (picture.format.text(float(each)) for each in (xs[place], losses[place]))
        words = f"{picture.name} {x} · {picture.loss.partition(',')[0]} {loss}"
        above = QPointF(axes.rect.right(), axes.rect.top() - brush.metrics().height() / 2 - 2)
        brush.label(above, words, self._theme.text, axes.rect.adjusted(0, -20 * self._scale, 0, 0))

    def mark_at(self, point: QPoint) -> Mark | None:
        """What is drawn at a point: where one is, where the update leads, else the tangent."""
        picture, axes = self._picture, self._axes
        if picture is None or axes is None:
            return None
        now, led = _marks(picture)
        if _is_near(axes.at(*now), point, self._scale):
            return "now"
        if led is not None and _is_near(axes.at(*led), point, self._scale):
            return "landing"
        return "slope" if isinstance(picture, SlicePicture) else None

    def middle(self) -> QPoint:
        """A point of the drawing for the keyboard."""
        return self.rect().center()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        axes, at = self._axes, event.position()
        inside = axes is not None and axes.rect.contains(at)
        self._pointed = axes.value_at(at.x()) if axes is not None and inside else None
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointed = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned:
            self.zoom_requested.emit(ZOOM ** (-turned / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factors = {"+": 1 / ZOOM**2, "=": 1 / ZOOM**2, "-": ZOOM**2, "−": ZOOM**2, "0": 0.0}
        if event.text() in factors:
            self.zoom_requested.emit(factors[event.text()])
        else:
            super().keyPressEvent(event)


def _marks(picture: Picture) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Where one is, and where the update leads."""
    if isinstance(picture, PlanePicture):
        return picture.now, picture.landing
    led = None if picture.landing is None else (picture.landing, picture.landing_loss)
    return (picture.value, picture.here), led


def _is_near(mark: QPointF, point: QPoint, scale: float) -> bool:
    """Whether a point is on a dot, or as good as."""
    return (mark - QPointF(point)).manhattanLength() <= NEAR * scale
