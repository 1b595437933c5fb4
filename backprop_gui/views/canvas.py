"""The graph canvas: neurons, weights and their numbers, to look at, to point at and to edit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHelpEvent, QHideEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QApplication, QGraphicsItem, QToolTip, QWidget

from backprop_gui.present.canvas_layout import lay_out
from backprop_gui.present.pictures import CanvasPicture, CanvasShape
from backprop_gui.views.asking import with_why
from backprop_gui.views.canvas_access import install, network_order
from backprop_gui.views.canvas_items import PointedItem, Target
from backprop_gui.views.canvas_keyboard import KeyboardCanvas
from backprop_gui.views.canvas_look import Look, rect_of
from backprop_gui.views.fonts import load_fonts
from backprop_gui.views.theme import Theme

_REACH = 7.0  # pixels from an edge at which it is still meant
_MANY_EDGES = 24  # from here on a window that is being resized shows the old plan until it rests
_LONG_NUMBERS, _LEGIBLE = 18, 0.75  # characters; the smallest zoom for them
_REST_MILLISECONDS = 80
_UNKNOWN = (0, 0)  # the size of a plan that is none


class GraphCanvas(KeyboardCanvas):
    """Shows a `CanvasPicture`; tells what was clicked, pointed at or typed."""

    quantity_clicked = Signal(object)
    background_clicked = Signal()
    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        load_fonts()
        install()
        super().__init__(parent)
        self._laid_out_for = _UNKNOWN
        self._seen = False  # painted since it was shown
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(self._build)
        self._reduced_motion = False
        self._hovered = ""
        self._pressed: QPoint | None = None
        self._dragging = False
        self._set_up()

    def _set_up(self) -> None:
        self.setObjectName("canvas")
        self.setAccessibleName("Network")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(320, 220)

    # ---------------------------------------------------------------- what is shown

    def show_picture(self, picture: CanvasPicture) -> None:
        """Show a step. The items stay; only another network builds new ones."""
        before, self._picture = self._picture, picture
        if before is None or before.shape != picture.shape:
            same = self._identities()
            self._take_stops(network_order(picture.shape))
            if self._identities() != same:
                self.editing.leave()
            self._ring.keep_to(self._identities())
            self.fitted = True
            self._build()
        else:
            self._scene.show_picture(picture)
            self._keep_in_sight()
        if picture.focus and (before is None or before.focus != picture.focus):
            self._go_to(picture.focus)
        self._show_hint()
        if picture.pulse and not self._reduced_motion and self.isVisible():
            self._scene.run_pulse(picture)

    def set_theme(self, theme: Theme) -> None:
        self._look = Look(theme, self._look.scale)
        self._scene.show_look(self._look)
        self._hint.show_look(self._look)
        self.editing.follow(self._look)

    def set_text_scale(self, scale: float) -> None:
        self._look = Look(self._look.theme, scale)
        self._hint.show_look(self._look)
        self._place_hint()
        self._scene.look = self._look
        self._build()

    def set_reduced_motion(self, reduced: bool) -> None:
        self._reduced_motion = reduced
        if reduced:
            self._scene.pulse.stop()

    def _build(self) -> None:
        """Lay the network out for the size of the window and show the picture again."""
        if self._picture is None:
            return
        self._rest.stop()
        size, shape, scale = self.room(), self._picture.shape, self._look.scale
        layout = lay_out(shape, size.width(), size.height(), scale)
        least = 0.0
        if scale > 1:  # enlarged texts stay enlarged, even if the network outgrows the view
            least = self.fitting_zoom(rect_of(lay_out(shape, size.width(), size.height()).bounds))
        elif shape.number_width >= _LONG_NUMBERS and _has_few_edges(shape):
            least = _LEGIBLE  # whoever asks for all digits wants to read them
        self._laid_out_for = (size.width(), size.height())
        self._scene.build(shape, layout)
        self._scene.show_picture(self._picture)
        self._show_ring()
        self.show_contents(rect_of(layout.bounds), least)
        self._hint.setVisible(not self.outgrown)  # it would lie over the network
        self._keep_in_sight()
        self.editing.follow(self._look)

    def _place_hint(self) -> None:
        self._hint.place(self.rect())
        self.foot = self._hint.height()

    def _keep_in_sight(self) -> None:
        """Where enlarged texts let the network outgrow the view, follow what is lit."""
        if self.fitted and self._scene.layout is not None and self.outgrown:
            for item in self._scene.lit_items():
                self.ensureVisible(item, 10, 10)

    def paint_scene(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the whole network into `rect`, for pictures and print: no keyboard ring, no pulse."""
        painter.fillRect(rect, QColor(self._look.theme.canvas))
        if self._scene.layout is None:
            return
        self._scene.pulse.stop()
        self._ring.show(False)
        # Cached layers would come out as pixels in an SVG.
        for layer in self._scene.layers.values():
            layer.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._scene.render(painter, rect, rect_of(self._scene.layout.bounds))
        for layer in self._scene.layers.values():
            layer.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._show_ring()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_hint()
        room = self.room()
        if self._picture is not None and self.fitted:
            few = _has_few_edges(self._picture.shape)
            self.fit()
            if self._laid_out_for != (room.width(), room.height()):
                if not self._seen:
                    self._laid_out_for = _UNKNOWN  # the paint does: a window takes sizes before it is seen
                elif few:
                    self._build()
                else:
                    self._rest.start()
        self.editing.follow(self._look)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._seen = False

    def stop_at(self, x: int, y: int) -> int:
        found = self._target_at(self.viewport().mapFromGlobal(QPoint(x, y)))
        return self._number_of(found[0].identity) if found is not None else -1

    # ---------------------------------------------------------------- pointer

    def _target_at(self, position: QPoint) -> tuple[Target, QGraphicsItem | None] | None:
        """What is under a point of the viewport: a cell, a card, a chip, else the nearest edge."""
        for item in self.items(position):
            if isinstance(item, PointedItem):
                target = item.target_at(
                    item.deviceTransform(self.viewportTransform()).inverted()[0].map(QPointF(position))
                )
                if target is not None:
                    return target, item
        point = self.mapToScene(position)
        edge = self._scene.edge_at(point, _REACH / self.transform().m11())
        found = self._chip_target(edge.weight, point) if edge is not None else None
        return (found, None) if found is not None else None

    def quantity_at(self, position: QPoint) -> object | None:
        """The quantity of the number that is meant by a point of the viewport; None beside everything."""
        found = self._target_at(position)
        if found is None:
            return None
        target, item = found
        if isinstance(item, PointedItem):
            to_item = item.deviceTransform(self.viewportTransform()).inverted()[0]
            return item.quantity_at(to_item.map(QPointF(position)))
        return target.cell.quantity if target.cell is not None else None

    def zoom(self, factor: float, around: QPointF) -> None:
        super().zoom(factor, around)
        self.editing.follow(self._look)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
            self._dragging = self._ring.seen = False
            self._show_ring()
            self._show_hint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        if self._pressed is None:
            found = self._target_at(position)
            self._point_at(found[0] if found else None)
        elif (
            self._dragging or (position - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        ):
            self._dragging = True
            self.fitted = False
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(self._pressed - position)
            self.editing.follow(self._look)
            self._pressed = position

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        clicked, self._pressed = not self._dragging, None
        found = self._target_at(event.position().toPoint())
        self._point_at(found[0] if found else None)
        if clicked:
            self._click(found[0] if found else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        if event.button() != Qt.MouseButton.LeftButton:
            return
        found = self._target_at(event.position().toPoint())
        if found is None:
            self.fit()
        elif found[0].edit:
            self._open_editor(*found)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(None)

    def _point_at(self, target: Target | None) -> None:
        shape = Qt.CursorShape.PointingHandCursor if target is not None else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        identity = target.identity if target is not None else ""
        if identity != self._hovered:
            self._hovered = identity
            self.hovered.emit(identity)

    def _click(self, target: Target | None) -> None:
        if target is None:
            self.background_clicked.emit()
        elif target.kind == "parameter":
            self.parameter_clicked.emit(target.identity)
        elif target.cell is not None and target.cell.quantity is not None:
            self.quantity_clicked.emit(target.cell.quantity)
        else:
            self.card_clicked.emit(target.identity)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._target_at(event.pos())
            tip = with_why(found[0].tip, self.quantity_at(event.pos()) is not None) if found else ""
            QToolTip.showText(event.globalPos(), tip, self.viewport())
            return True
        if event.type() == QEvent.Type.Paint:
            self._seen = True
            if self._laid_out_for == _UNKNOWN:
                self._build()
        return super().viewportEvent(event)


def _has_few_edges(shape: CanvasShape) -> bool:
    """Whether a network is soon laid out anew, and can be read at a small zoom."""
    return len(shape.edges) <= _MANY_EDGES and not shape.bundles
