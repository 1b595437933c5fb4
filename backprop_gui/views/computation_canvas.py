"""The computational graph to look at: operations from left to right, numbers above and below the edges."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QGraphicsScene, QToolTip, QWidget

from backprop_gui.present.computation_layout import ComputationLayout, lay_out
from backprop_gui.present.computation_pictures import ComputationPicture, Number
from backprop_gui.views.asking import with_why
from backprop_gui.views.canvas_access import Stop, announce_focus, in_words, install
from backprop_gui.views.canvas_hint import HintLine
from backprop_gui.views.canvas_look import Look, rect_of
from backprop_gui.views.canvas_zoom import ZoomView
from backprop_gui.views.computation_follow import Follower
from backprop_gui.views.computation_items import BranchesItem, Hit, OperationItem
from backprop_gui.views.fonts import load_fonts
from backprop_gui.views.theme import LIGHT, Theme

LEGIBLE, COMFORTABLE = 0.76, 0.9  # zooms at which the numbers are about 9 and 11 pixels high
_MARGIN = 24


class ComputationCanvas(ZoomView):
    """Shows a `ComputationPicture`; tells what was clicked."""

    quantity_clicked = Signal(object)
    identity_clicked = Signal(str)  # of a parameter, an input, a neuron or the loss
    background_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        load_fonts()
        install()
        super().__init__(parent)
        self._look = Look(LIGHT)
        self._picture: ComputationPicture | None = None
        self._layout: ComputationLayout | None = None
        self._items: list[OperationItem] = []
        self._branches: list[BranchesItem] = []
        self._stops: tuple[Stop, ...] = ()
        self._ring = -1  # the node with the keyboard ring
        self._pressed: QPoint | None = None
        self._dragging = False
        self._follower = Follower(self)
        self._hint = HintLine(self)
        self.setScene(QGraphicsScene(self))
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setObjectName("computation")
        self.setAccessibleName("Computational graph")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(240, 120)

    # ---------------------------------------------------------------- what is shown

    def show_picture(self, picture: ComputationPicture) -> None:
        """Show a step. The items stay; only another graph builds new ones."""
        before, self._picture = self._picture, picture
        if before is None or before.shape != picture.shape:
            self._ring = min(self._ring, len(picture.shape.nodes) - 1)
            self.fitted = True
            self._build()
        else:
            self._show_states()
            if before.here != picture.here:
                self._keep_in_sight(at_once=False)
        self._hint.show_hint(picture.hint)

    def set_theme(self, theme: Theme) -> None:
        self._look = Look(theme, self._look.scale)
        self.scene().setBackgroundBrush(QColor(theme.canvas))
        self._hint.show_look(self._look)
        for item in self._items:
            item.show_look(self._look)
        for branches in self._branches:
            branches.show_look(self._look)

    def set_text_scale(self, scale: float) -> None:
        self._look = Look(self._look.theme, scale)
        self._hint.show_look(self._look)
        self._place_hint()
        self._build()

    def set_reduced_motion(self, reduced: bool) -> None:
        self._follower.reduced_motion = reduced
        if reduced:
            self._follower.stop()

    def _build(self) -> None:
        """Lay the graph out and show the picture again."""
        if self._picture is None:
            return
        shape = self._picture.shape
        self.scene().clear()
        self._layout = lay_out(shape, self._look.scale)
        self._branches = [
            BranchesItem(place, self._layout, self._look)
            for place, wire in enumerate(shape.wires)
            if wire.uses
        ]
        nodes = range(len(shape.nodes))
        self._items = [OperationItem(index, shape, self._layout, self._look) for index in nodes]
        for item in (*self._branches, *self._items):
            self.scene().addItem(item)
        self._stops = tuple(
            Stop(str(index), node.spoken, True)
            for index, node in enumerate(shape.nodes)
            if node.kind != "constant"
        )
        self._show_states()
        self._show_ring()
        self._take_room()

    def _show_states(self) -> None:
        picture = self._picture
        assert picture is not None
        for item in self._items:
            wires = tuple(picture.wires[place] for place in item.drawn.outputs)
            item.show_state(picture.nodes[item.index], wires, picture.phase)
        for branches in self._branches:
            branches.show_state(picture.wires[branches.place], picture.phase)

    def _take_room(self) -> None:
        """Fit the whole graph where its numbers stay legible, else its height: then it is scrolled."""
        if self._layout is None:
            return
        bounds = rect_of(self._layout.bounds)
        by_height = self.room().height() / bounds.height()
        whole = self.fitting_zoom(bounds)
        self.show_contents(bounds, 0.0 if whole >= LEGIBLE else min(max(by_height, LEGIBLE), COMFORTABLE))
        if self.fitted:
            self._keep_in_sight(at_once=True)

    def fit(self) -> None:
        """Show everything, or as much as stays legible, with this step's place in view."""
        self._follower.stop()
        super().fit()
        self._keep_in_sight(at_once=True)

    def paint_scene(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the whole graph into `rect`, for pictures and print: no keyboard ring."""
        painter.fillRect(rect, QColor(self._look.theme.canvas))
        if self._layout is None:
            return
        for item in self._items:
            item.show_focus(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bounds = rect_of(self._layout.bounds)
        zoom = min(rect.width() / bounds.width(), rect.height() / bounds.height())
        target = QRectF(0, 0, zoom * bounds.width(), zoom * bounds.height())
        target.moveCenter(rect.center())
        self.scene().render(painter, target, bounds)
        self._show_ring()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_hint()
        if self.fitted:
            self._take_room()

    def _place_hint(self) -> None:
        self._hint.place(self.rect())
        self.foot = self._hint.height()

    # ---------------------------------------------------------------- following the step

    def _keep_in_sight(self, at_once: bool) -> None:
        """Scroll to what is lit where the graph is larger than the view; at the beginning to its left."""
        if self._picture is None or self._layout is None or not self._items:
            return
        here = self._picture.here
        if not here and not (self.outgrown and self.fitted and at_once):
            return
        wanted = QRectF()
        for index in here or (min(range(len(self._items)), key=self._left_of),):
            wanted = wanted.united(self._items[index].place)
        self._follower.follow(wanted, rect_of(self._layout.bounds), at_once)

    def _left_of(self, index: int) -> float:
        return self._items[index].box.left()

    # ---------------------------------------------------------------- pointer

    def _hit_at(self, position: QPoint) -> Hit | None:
        point = self.mapToScene(position)
        for item in self._items:
            if item.place.contains(point) and (hit := item.hit_at(point)) is not None:
                return hit
        return None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._follower.stop()
        super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._follower.stop()
            self._pressed, self._dragging = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        if self._pressed is None:
            hit = self._hit_at(position)
            pointing = hit is not None and (hit.number is not None or self._identity(hit.node))
            shape = Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
        elif (
            self._dragging or (position - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        ):
            self._dragging, self.fitted = True, False
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(self._pressed - position)
            self._pressed = position

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        clicked, self._pressed = not self._dragging, None
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        if clicked:
            self._click(self._hit_at(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        if event.button() == Qt.MouseButton.LeftButton and self._hit_at(event.position().toPoint()) is None:
            self.fit()

    def _identity(self, node: int) -> str:
        return self._picture.shape.nodes[node].identity if self._picture is not None else ""

    def _click(self, hit: Hit | None) -> None:
        if hit is None:
            self.background_clicked.emit()
        elif hit.number is not None and hit.number.quantity is not None:
            self.quantity_clicked.emit(hit.number.quantity)
        elif self._identity(hit.node):
            self.identity_clicked.emit(self._identity(hit.node))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos()), self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip_at(self, position: QPoint) -> str:
        hit = self._hit_at(position)
        if hit is not None:
            return with_why(hit.tip, self.quantity_at(position) is not None)
        point = self.mapToScene(position)
        for branches in self._branches:
            found = branches.share_at(point)
            if found is not None and self._picture is not None:
                wire = self._picture.shape.wires[branches.place]
                full = self._picture.wires[branches.place].shares[found].full
                return f"{full}\nwhat this branch brings back to {wire.name}" if full else ""
        return ""

    def quantity_at(self, position: QPoint) -> object | None:
        """The number of the network that stands at a point of the viewport; at a leaf its value."""
        hit = self._hit_at(position)
        if hit is None or self._picture is None:
            return None
        outputs = self._picture.shape.nodes[hit.node].outputs
        number = hit.number or (self._picture.wires[outputs[0]].value if outputs else None)
        return number.quantity if number is not None else None

    def ring_point(self) -> QPoint | None:
        """Where the node with the keyboard ring stands."""
        if self._ring < 0:
            return None
        return self.mapFromScene(self._items[self._ring].box.center())

    # ---------------------------------------------------------------- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ ↓ move the ring, Enter clicks; every other key belongs to the window."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move_ring(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._ring >= 0:
            if self._identity(self._ring):
                self.identity_clicked.emit(self._identity(self._ring))
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._ring < 0 and event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        ):
            self._move_ring(1)
        self._show_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_ring()

    def _move_ring(self, by: int) -> None:
        names = [int(stop.identity) for stop in self._stops]
        if not names:
            return
        start = names.index(self._ring) if self._ring in names else (-1 if by > 0 else len(names))
        self._ring = names[min(max(start + by, 0), len(names) - 1)]
        self._show_ring()
        self.ensureVisible(self._items[self._ring].place, _MARGIN, _MARGIN)
        announce_focus(self, self.focused_stop())

    def _show_ring(self) -> None:
        for item in self._items:
            item.show_focus(item.index == self._ring and self.hasFocus())

    # ---------------------------------------------------------------- in words

    def stops(self) -> tuple[Stop, ...]:
        return self._stops

    def spoken(self, stop: Stop) -> str:
        """What the node is, its value and its derivative."""
        if self._picture is None:
            return stop.spoken
        item = self._items[int(stop.identity)]
        said = []
        for place in item.drawn.outputs:
            state = self._picture.wires[place]
            said.append(f"value {_said(state.value)}")
            if state.gradient.text:
                said.append(f"derivative {_said(state.gradient)}")
        return f"{stop.spoken}: {', '.join(said)}"

    def rect_on_screen(self, stop: Stop) -> QRect:
        rect = self.viewportTransform().mapRect(self._items[int(stop.identity)].box).toAlignedRect()
        return QRect(self.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def focused_stop(self) -> int:
        names = [stop.identity for stop in self._stops]
        return names.index(str(self._ring)) if str(self._ring) in names else -1


def _said(number: Number) -> str:
    return "not yet known" if number.text == "–" else in_words(number.text)
