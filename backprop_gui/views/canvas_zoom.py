"""A graphics view that shows its contents whole until the user zooms with the wheel or the keys."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from backprop_gui.views.canvas_access import DescribedView

_LARGEST_FIT = 1.5  # a small network does not fill a large window at any price
_SMALLEST_ZOOM, _LARGEST_ZOOM = 0.04, 6.0
_ZOOM_STEP = 1.25


class ZoomView(DescribedView):
    """Fits, zooms around a point and pans; without scroll bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fitted = True
        self.foot = 0  # height of a strip at the lower edge that a fitted picture leaves free
        self._bounds = QRectF(0, 0, 1, 1)
        self._least_fit = 0.0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)

    def show_contents(self, bounds: QRectF, least_fit: float) -> None:
        """Fit these bounds, but never show them smaller than by `least_fit`."""
        self._bounds, self._least_fit = bounds, least_fit
        width, height = bounds.width(), bounds.height()
        self.setSceneRect(bounds.adjusted(-width, -height, width, height))
        if self.fitted:
            self.fit()

    @property
    def outgrown(self) -> bool:
        """Whether the fitted contents are larger than the view."""
        return self._least_fit > self.fitting_zoom(self._bounds)

    def paint_scene(self, painter: QPainter, rect: QRectF) -> None:
        """Paint everything into `rect`, for pictures and print."""
        raise NotImplementedError

    def room(self) -> QRect:
        """The part of the viewport that a fitted picture fills."""
        size = self.viewport().size()
        return QRect(0, 0, max(size.width(), 1), max(size.height() - self.foot, 1))

    def fitting_zoom(self, bounds: QRectF) -> float:
        """The zoom at which `bounds` just fill the view."""
        room = self.room()
        return min(room.width() / bounds.width(), room.height() / bounds.height(), _LARGEST_FIT)

    def fit(self) -> None:
        """Show everything, and keep doing so when the window changes its size."""
        self.fitted = True
        zoom = max(self.fitting_zoom(self._bounds), self._least_fit)
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.centerOn(self._bounds.center() + QPointF(0, self.foot / 2 / zoom))

    def zoom_in(self) -> None:
        self.zoom(_ZOOM_STEP, QPointF(self.viewport().rect().center()))

    def zoom_out(self) -> None:
        self.zoom(1 / _ZOOM_STEP, QPointF(self.viewport().rect().center()))

    def zoom(self, factor: float, around: QPointF) -> None:
        """Enlarge the picture so that what is under the point `around` stays under it."""
        now = self.transform().m11()
        factor = min(max(now * factor, _SMALLEST_ZOOM), _LARGEST_ZOOM) / now
        point = around.toPoint()
        fixed = self.mapToScene(point)
        self.fitted = False
        self.scale(factor, factor)
        self.pan(self.mapFromScene(fixed) - point)

    def pan(self, by: QPoint) -> None:
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + by.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + by.y())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()
