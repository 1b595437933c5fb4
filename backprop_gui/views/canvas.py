"""The graph canvas: neurons, weights and their numbers, to look at, to point at and to edit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QGraphicsItem, QToolTip, QWidget

from backprop_gui.present.canvas_layout import lay_out
from backprop_gui.present.pictures import CanvasPicture
from backprop_gui.views.canvas_access import (
    Stop,
    announce_focus,
    install,
    network_order,
    spoken_card,
    spoken_chip,
)
from backprop_gui.views.canvas_chip import ChipItem
from backprop_gui.views.canvas_editor import CanvasEditor
from backprop_gui.views.canvas_hint import HintLine
from backprop_gui.views.canvas_items import CardItem, Target
from backprop_gui.views.canvas_look import Look, rect_of
from backprop_gui.views.canvas_scene import CanvasScene
from backprop_gui.views.canvas_zoom import ZoomView
from backprop_gui.views.fonts import load_fonts
from backprop_gui.views.theme import LIGHT, Theme

_REACH = 7.0  # pixels from an edge at which it is still meant
_MANY_EDGES = 24  # from here on a window that is being resized shows the old plan until it rests
_LONG_NUMBERS, _LEGIBLE = 18, 0.75  # characters; the smallest zoom for them
_REST_MILLISECONDS = 80


class GraphCanvas(ZoomView):
    """Shows a `CanvasPicture`; tells what was clicked, pointed at or typed."""

    quantity_clicked = Signal(object)
    parameter_clicked = Signal(str)
    card_clicked = Signal(str)
    background_clicked = Signal()
    edit_requested = Signal(str, str)
    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        load_fonts()
        install()
        super().__init__(parent)
        self._look = Look(LIGHT)
        self._picture: CanvasPicture | None = None
        self._stops: tuple[Stop, ...] = ()
        self._scene = CanvasScene(self, self._look)
        self.setScene(self._scene)
        self._laid_out_for = (0, 0)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(self._build)
        self._reduced_motion = False
        self._ring = ""  # identity of the item with the keyboard ring
        self._hovered = ""
        self._pressed: QPoint | None = None
        self._dragging = False
        self._hint = HintLine(self)
        self._editor = CanvasEditor(self)
        self._editor.entered.connect(self.edit_requested)
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
            self._editor.leave()
            self._stops = network_order(picture.shape)
            if self._ring not in {stop.identity for stop in self._stops}:
                self._ring = ""
            self.fitted = True
            self._build()
        else:
            self._scene.show_picture(picture)
            self._keep_in_sight()
        self._hint.show_hint(picture.hint)
        if picture.pulse and not self._reduced_motion and self.isVisible():
            self._scene.run_pulse(picture)

    def set_theme(self, theme: Theme) -> None:
        self._look = Look(theme, self._look.scale)
        self._scene.show_look(self._look)
        self._hint.show_look(self._look)

    def set_text_scale(self, scale: float) -> None:
        self._look = Look(self._look.theme, scale)
        self._hint.show_look(self._look)
        self._place_hint()
        self._editor.leave()
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
        elif shape.number_width >= _LONG_NUMBERS and len(shape.edges) <= _MANY_EDGES:
            least = _LEGIBLE  # whoever asks for all digits wants to read them
        self._laid_out_for = (size.width(), size.height())
        self._scene.build(shape, layout)
        self._scene.show_picture(self._picture)
        self._show_ring()
        self.show_contents(rect_of(layout.bounds), least)
        self._hint.setVisible(not self.outgrown)  # it would lie over the network
        self._keep_in_sight()

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
        ring = self._scene.item_of(self._ring)
        if ring is not None:
            ring.show_focus(False)
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
        self._editor.leave()
        room = self.room()
        if self._picture is not None and self.fitted:
            few = len(self._picture.shape.edges) <= _MANY_EDGES
            self.fit()
            if self._laid_out_for != (room.width(), room.height()):
                if few or not self.isVisible():
                    self._build()
                else:
                    self._rest.start()

    # ---------------------------------------------------------------- pointer

    def _target_at(self, position: QPoint) -> tuple[Target, QGraphicsItem | None] | None:
        """What is under a point of the viewport: a cell, a card, a chip, else the nearest edge."""
        for item in self.items(position):
            if isinstance(item, CardItem | ChipItem):
                target = item.target_at(
                    item.deviceTransform(self.viewportTransform()).inverted()[0].map(QPointF(position))
                )
                if target is not None:
                    return target, item
        point = self.mapToScene(position)
        edge = self._scene.edge_at(point, _REACH / self.transform().m11())
        chip = self._scene.chip_of(edge.weight) if edge is not None else None
        if edge is None or chip is None:
            return None
        rect = QRectF(point - QPointF(20, 10), point + QPointF(20, 10))
        digits = (chip.value.full or chip.value.text).replace("−", "-")
        tip = "\n".join(
            part for part in (f"{chip.title} = {chip.value.full or chip.value.text}", chip.tip) if part
        )
        return Target("parameter", edge.weight, rect, chip.value, chip.value.edit, digits, tip), None

    def zoom(self, factor: float, around: QPointF) -> None:
        self._editor.leave()
        super().zoom(factor, around)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
            self._dragging = False

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
            self._editor.leave()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(self._pressed - position)
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
            QToolTip.showText(event.globalPos(), found[0].tip if found else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def _open_editor(self, target: Target, item: QGraphicsItem | None) -> None:
        self._editor.open_on(
            self._on_viewport(target.rect, item), target.edit, target.digits, target.edit, self._look
        )

    def _on_viewport(self, rect: QRectF, item: QGraphicsItem | None) -> QRect:
        to_viewport = self.viewportTransform()
        if item is not None:
            to_viewport = item.deviceTransform(to_viewport)
        return to_viewport.mapRect(rect).toAlignedRect()

    # ---------------------------------------------------------------- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ ↓ move the ring, Enter clicks, F2 edits; every other key belongs to the window."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move_ring(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._ring:
            self._click_ring()
        elif key == Qt.Key.Key_F2 and self._ring:
            self._edit_ring()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self._ring and event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        ):
            self._move_ring(1)
        self._show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_ring()

    def _move_ring(self, by: int) -> None:
        shown = [stop for stop in self._stops if self._scene.item_of(stop.identity) is not None]
        if not shown:
            return
        names = [stop.identity for stop in shown]
        start = names.index(self._ring) if self._ring in names else (-1 if by > 0 else len(names))
        before = self._scene.item_of(self._ring)
        if before is not None:
            before.show_focus(False)
        self._ring = names[min(max(start + by, 0), len(names) - 1)]
        self._show_ring()
        item = self._scene.item_of(self._ring)
        if item is not None and not self.fitted:
            self.ensureVisible(item, 20, 20)
        announce_focus(self, self.focused_stop())

    def _show_ring(self) -> None:
        item = self._scene.item_of(self._ring)
        if item is not None:
            item.show_focus(self.hasFocus())

    def _click_ring(self) -> None:
        item = self._scene.item_of(self._ring)
        if isinstance(item, CardItem):
            self.card_clicked.emit(self._ring)
        elif item is not None:
            self.parameter_clicked.emit(self._ring)

    def _edit_ring(self) -> None:
        item = self._scene.item_of(self._ring)
        target = item.edit_target() if item is not None else None
        if target is not None and target.edit:
            self._open_editor(target, item)

    # ---------------------------------------------------------------- in words

    def stops(self) -> tuple[Stop, ...]:
        return self._stops

    def spoken(self, stop: Stop) -> str:
        if stop.card:
            card = self._scene.cards[stop.identity].card if stop.identity in self._scene.cards else None
            return spoken_card(stop.spoken, card) if card is not None else stop.spoken
        chip = self._scene.chip_of(stop.identity)
        return spoken_chip(stop.spoken, chip) if chip is not None else stop.spoken

    def rect_on_screen(self, stop: Stop) -> QRect:
        item = self._scene.item_of(stop.identity)
        if item is not None:
            rect = self._on_viewport(item.box, item)
        else:
            middle = self._scene.middle_of(stop.identity)
            if middle is None:
                return QRect()
            rect = QRect(self.mapFromScene(middle) - QPoint(8, 8), self.mapFromScene(middle) + QPoint(8, 8))
        return QRect(self.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def focused_stop(self) -> int:
        names = [stop.identity for stop in self._stops]
        return names.index(self._ring) if self._ring in names else -1
