"""Lines over iterations that lead somewhere: to an iteration, to a line by its name, closer by the wheel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from backprop_gui.present.run_lines import nearest
from backprop_gui.views.line_drawing import LineDrawing

ZOOM = 0.7


class LineCurve(LineDrawing):
    """Tells what is pointed at; a press and a drag pick an iteration."""

    iteration_picked = Signal(int)
    hovered = Signal(int, int)  # a line and the place of its point; -1, -1 when the pointer leaves
    name_clicked = Signal(int)  # the line whose name was clicked, where names can be

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picked: int | None = None
        self.names_lead = False  # whether the names at the ends of lines can be clicked

    # --- pointer ---------------------------------------------------------------------------------

    def _x_at(self, position: QPoint) -> float:
        return float(self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(position)).x())

    def iteration_at(self, position: QPoint) -> int | None:
        """The iteration nearest to a point; None without any."""
        bounds = self.bounds()
        return None if bounds is None else min(max(round(self._x_at(position)), bounds[0]), bounds[1])

    def nearest_line(self, position: QPoint) -> tuple[int, int]:
        """The line that is nearest to a point, and the place of its nearest iteration; -1, -1 without any."""
        view = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(position))
        best = (float("inf"), -1, -1)
        for index, line in enumerate(self._picture.lines):
            xs, ys = self._drawn[index]
            place = nearest(line.iterations, view.x())
            if place >= 0 and len(xs) and line.role != "raw":
                apart = abs(float(np.interp(view.x(), xs, ys)) - view.y())
                best = min(best, (apart, index, place))
        return best[1], best[2]

    def point_at(self, position: QPoint) -> tuple[int, int] | None:
        """The same; None without any."""
        found = self.nearest_line(position)
        return found if found[0] >= 0 else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            named = self.named_at(event.position().toPoint())
            if named >= 0:
                self.name_clicked.emit(named)
                return
            self._picked = self._here
            self._pick(event)

    def named_at(self, position: QPoint) -> int:
        """The line whose name stands at a point and can be clicked; -1 for none."""
        if not self.names_lead:
            return -1
        return self._right.line_at(self._right.mapFromScene(self.mapToScene(position)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.names_lead:
            hand = self._picked is None and self.named_at(event.position().toPoint()) >= 0
            shape = Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor
            if shape != self.viewport().cursor().shape():
                self.viewport().setCursor(shape)
        if self._picked is not None:
            self._pick(event)
        self.hovered.emit(*self.nearest_line(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._picked = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back from a stretch of the curve to all of it."""
        self.show_all()

    def _pick(self, event: QMouseEvent) -> None:
        iteration = self.iteration_at(event.position().toPoint())
        if iteration is not None and iteration != self._picked:
            self._picked = iteration
            self.iteration_picked.emit(iteration)

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        self._note_zoom()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(-1, -1)

    # --- zoom ------------------------------------------------------------------------------------

    def zoom(self, closer: bool) -> None:
        """A shorter or longer stretch around where one is."""
        box = self.getPlotItem().getViewBox()
        left, right = box.viewRange()[0]
        middle = self._here if self._here is not None and left <= self._here <= right else (left + right) / 2
        factor = ZOOM if closer else 1 / ZOOM
        box.setXRange(middle - factor * (middle - left), middle + factor * (right - middle), padding=0)
        self._note_zoom()

    def show_all(self) -> None:
        """All iterations."""
        self._zoomed = False
        self._draw()

    def _note_zoom(self) -> None:
        left, right = self.getPlotItem().getViewBox().viewRange()[0]
        first, last = self._full_range()
        self._zoomed = right - left < 0.999 * (last - first)
