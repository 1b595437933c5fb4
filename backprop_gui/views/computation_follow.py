"""Brings a place of a drawing into sight, gently, and no further than need be."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPoint, QRectF, QVariantAnimation

from backprop_gui.views.canvas_zoom import ZoomView

_MILLISECONDS = 220
_MARGIN = 24


class Follower(QVariantAnimation):
    """Scrolls one view; at once where motion is reduced or nobody is looking."""

    def __init__(self, view: ZoomView) -> None:
        super().__init__(view)
        self._view = view
        self.reduced_motion = False
        self._ways = (QPoint(), QPoint())
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setDuration(_MILLISECONDS)
        self.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self.valueChanged.connect(self._scroll_to)

    def follow(self, wanted: QRectF, whole: QRectF, at_once: bool) -> None:
        """Bring `wanted` into the view; both rectangles are of the scene."""
        self.stop()
        to_view, room = self._view.viewportTransform(), QRectF(self._view.room())
        wanted, whole = to_view.mapRect(wanted), to_view.mapRect(whole)
        across = needed(
            (wanted.left(), wanted.right()), (room.left(), room.right()), (whole.left(), whole.right())
        )
        down = needed(
            (wanted.top(), wanted.bottom()), (room.top(), room.bottom()), (whole.top(), whole.bottom())
        )
        if not across and not down:
            return
        bars = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        now = QPoint(bars[0].value(), bars[1].value())
        self._ways = (now, now + QPoint(across, down))
        if at_once or self.reduced_motion or not self._view.isVisible():
            self._scroll_to(1.0)
        else:
            self.start()

    def _scroll_to(self, share: float) -> None:
        start, end = self._ways
        self._view.horizontalScrollBar().setValue(round(start.x() + share * (end.x() - start.x())))
        self._view.verticalScrollBar().setValue(round(start.y() + share * (end.y() - start.y())))


def needed(wanted: tuple[float, float], room: tuple[float, float], whole: tuple[float, float]) -> int:
    """How far to scroll to bring a stretch into the room: to its middle, but not beyond the whole."""
    if whole[1] - whole[0] <= room[1] - room[0] + 1:
        wanted, spare = whole, 1.0  # there is room for everything
    else:
        spare = -_MARGIN
    if wanted[0] >= room[0] - spare and wanted[1] <= room[1] + spare:
        return 0
    by = (wanted[0] + wanted[1]) / 2 - (room[0] + room[1]) / 2
    if wanted is not whole:
        by = min(max(by, whole[0] - room[0]), whole[1] - room[1])
    return round(by)
