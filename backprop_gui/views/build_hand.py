"""The hand that builds on the canvas: it draws an edge out of a neuron, or takes the end of one away.

It looks at mouse and keys before the canvas does, while building is on, and leaves alone what is not
meant for it. What a connection would do is asked for while it is held, so a loop is refused in the hand.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAction,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QMenu

from backprop_gui.present.pictures import CanvasShape, EdgeShape
from backprop_gui.views.build_paint import GRIP, Held, handle_of, paint_handles, paint_held
from backprop_gui.views.canvas import GraphCanvas
from backprop_gui.views.canvas_items import CardItem
from backprop_gui.views.canvas_scene import CanvasScene

_END = 34.0  # pixels before its end within which an edge is taken by its end
_REACH = 8.0
HINT = "Drag from a handle to connect, an edge's end away to cut · Shift: whole layers · C · Delete · + −"
KEYS_HELD = {
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Tab, Qt.Key.Key_Backtab),
    *(Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Shift),
}
_BACK = (Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Backtab)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CUT = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_MORE, _FEWER = (Qt.Key.Key_Plus, Qt.Key.Key_Equal), (Qt.Key.Key_Minus, Qt.Key.Key_Underscore)


class Verdict(Struct, frozen=True):
    """Whether two neurons can be connected, and in a few words what it would do, or why not."""

    allowed: bool
    words: str
    sentence: str = ""  # the same for whoever let go over it


class BuildHand(QObject):
    """Works on one canvas; knows the network by its shape only and asks `judge` about connections."""

    connect_requested = Signal(str, str, bool)  # two neurons; whether their layers are meant
    cut_requested = Signal(str, str, bool)
    removal_requested = Signal(str)  # a neuron
    units_requested = Signal(str, int)  # a neuron's layer gets so many more
    told = Signal(str)  # what the hand has to say

    def __init__(self, canvas: GraphCanvas, judge: Callable[[str, str, bool], Verdict]) -> None:
        super().__init__(canvas)
        self._canvas, self._judge = canvas, judge
        self._shape = CanvasShape((), ())
        self._held: Held | None = None
        self._edge: EdgeShape | None = None  # whose end is taken away
        self._keys = False  # the hand is moved by the keyboard
        self._hovered = ""
        self._on = False
        self._letters = True

    @property
    def hint(self) -> str:
        """What the quiet line of the canvas says while building is on."""
        if self._held is None:
            return HINT
        if self._keys:
            return "Arrows or Tab choose the end · Enter connects · Shift+Enter the layers · Esc leaves it"
        return "Let go over a neuron to connect · Shift: the whole layers"

    @property
    def held(self) -> Held | None:
        """The edge in the hand."""
        return self._held

    def set_on(self, on: bool) -> None:
        """Begin to build, or stop."""
        if on == self._on:
            return
        self._on = on
        self._let_go()
        self._canvas.set_overlay(self if on else None)
        for part in (self._canvas, self._canvas.viewport()):
            if on:
                part.installEventFilter(self)
            else:
                part.removeEventFilter(self)

    def set_letters(self, on: bool) -> None:
        """Let the key C act, or leave it to whoever dictates."""
        self._letters = on

    def show_shape(self, shape: CanvasShape) -> None:
        """Another network: what was held is let go."""
        self._shape = shape
        self._let_go()

    def paint(self, painter: QPainter) -> None:
        """Paint handles, and the edge in the hand, over the canvas."""
        paint_handles(painter, self._scene, self._hovered)
        if self._held is not None:
            paint_held(painter, self._canvas, self._scene, self._held)

    # --- events -----------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is meant for the hand; everything else goes on to the canvas."""
        if watched is self._canvas:
            if isinstance(event, QKeyEvent):
                return self._key(event)
            return event.type() == QEvent.Type.FocusOut and self._keys and self._let_go()
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QContextMenuEvent):
            return self._menu(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        position, left = event.position().toPoint(), event.button() == Qt.MouseButton.LeftButton
        if event.type() == QEvent.Type.MouseButtonPress and left:
            return self._take(position, event)
        if event.type() == QEvent.Type.MouseMove:
            if self._held is not None and not self._keys:
                self._carry(position, event)
                return True
            return self._hover(position)
        if event.type() == QEvent.Type.MouseButtonRelease and left and self._held and not self._keys:
            self._carry(position, event)
            self._drop()
            return True
        return False

    def _take(self, position: QPoint, event: QMouseEvent) -> bool:
        """Take a handle, or the end of an edge; False where there is neither."""
        self._let_go()
        source = self._handle_at(position)
        if source:
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
            self._held = Held(source, self._canvas.mapToScene(position))
            self._carry(position, event)
            return True
        edge = self._end_at(position)
        if edge is None:
            return False
        self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        self._edge = edge
        self._held = Held(edge.source, self._canvas.mapToScene(position), cutting=edge.identity)
        self._carry(position, event)
        return True

    def _carry(self, position: QPoint, event: QMouseEvent) -> None:
        """The hand moved: what is under it, and what would letting go do?"""
        assert self._held is not None
        whole = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        over = self._card_at(position)
        self._show(self._held.source, self._canvas.mapToScene(position), over, whole)

    def _show(self, source: str, point: QPointF, over: str, whole: bool) -> None:
        cutting = self._edge.identity if self._edge is not None else ""
        words, allowed = "", None
        if self._edge is not None:
            what = "all weights between the layers" if whole else "this weight"
            words, allowed = ("" if over else f"let go: cuts {what}"), (None if over else True)
        elif over and over != source:
            verdict = self._judge(source, over, whole)
            words, allowed = verdict.words, verdict.allowed
        before, self._held = self._held, Held(source, point, over, whole, allowed, words, cutting)
        self._refresh()
        if self._keys and (before is None or before.over != over):
            self._say(f"to {self._spoken(over)}: {words}")

    def _drop(self) -> None:
        """Let go: connect, cut, or nothing."""
        held, edge = self._held, self._edge
        self._let_go()
        if held is None:
            return
        if edge is not None:
            if not held.over:
                self.cut_requested.emit(edge.source, edge.target, held.whole)
        elif held.over and held.allowed:
            self.connect_requested.emit(held.source, held.over, held.whole)
        elif held.over and held.over != held.source:
            self.told.emit(self._judge(held.source, held.over, held.whole).sentence)

    def _hover(self, position: QPoint) -> bool:
        """A handle under the pointer is shown as such."""
        hovered = self._handle_at(position)
        if hovered != self._hovered:
            self._hovered = hovered
            self._refresh()
        grip = hovered or self._end_at(position)
        if grip:
            self._canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)
        return bool(grip)

    def _key(self, event: QKeyEvent) -> bool:
        asked = event.type() == QEvent.Type.ShortcutOverride
        if not asked and event.type() != QEvent.Type.KeyPress:
            return False
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        if self._held is not None:
            mine = self._keys or event.key() == Qt.Key.Key_Escape
            if mine and asked and event.key() in KEYS_HELD:
                event.accept()  # before a command of the window takes it
            return mine and (asked or self._held_key(event))
        mine = event.key() in (*_CUT, *_MORE, *_FEWER) or (event.key() == Qt.Key.Key_C and self._letters)
        stop = self._canvas.focused_stop()
        if not mine or stop < 0:
            return False
        if asked:
            event.accept()
            return True
        focused = self._canvas.stops()[stop]
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._do(event.key(), focused.identity, focused.card, shift)
        return True

    def _do(self, key: int, identity: str, card: bool, shift: bool) -> None:
        """A key on a neuron or a weight."""
        if key == Qt.Key.Key_C and card:
            self._begin_by_key(identity)
        elif key in _CUT and card:
            self.removal_requested.emit(identity)
        elif key in _CUT:
            self._cut_weight(identity, shift)
        elif key in (*_MORE, *_FEWER) and card:
            self.units_requested.emit(identity, 1 if key in _MORE else -1)

    def _held_key(self, event: QKeyEvent) -> bool:
        """A key while an edge is held by the keyboard."""
        assert self._held is not None
        held, key = self._held, event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Escape:
            self._let_go()
            self._say("left")
        elif key in _ENTER:
            self._show(held.source, held.point, held.over, shift)
            if self._held.allowed:
                self._drop()
            else:
                self._say(self._held.words)
        elif key in KEYS_HELD and key != Qt.Key.Key_Shift:
            ends = self._ends(held.source)
            place = ends.index(held.over) + (-1 if key in _BACK else 1)
            self._point_at(held.source, ends[place % len(ends)])
        return True

    def _begin_by_key(self, source: str) -> None:
        ends = self._ends(source)
        if source == "loss" or not ends:
            return
        self._keys = True
        self._say(f"connecting from {self._spoken(source)}")
        self._point_at(
            source, next((end for end in ends if self._judge(source, end, False).allowed), ends[0])
        )

    def _point_at(self, source: str, end: str) -> None:
        card = self._scene.cards[end]
        self._canvas.ensureVisible(card, 20, 20)
        self._show(source, card.mapToScene(QPointF(card.box.left(), card.box.center().y())), end, False)

    def _ends(self, source: str) -> list[str]:
        """The neurons an edge can be led to by the keyboard, in network order."""
        kinds = {card.identity: card.kind for card in self._shape.cards}
        stops = [stop.identity for stop in self._canvas.stops() if kinds.get(stop.identity) == "neuron"]
        return [identity for identity in stops if identity != source and identity in self._scene.cards]

    def _cut_weight(self, identity: str, whole: bool) -> None:
        edge = next((edge for edge in self._shape.edges if edge.weight == identity), None)
        if edge is None:
            self.told.emit("A layer has all its biases or none: the list of layers has a box for them.")
        else:
            self.cut_requested.emit(edge.source, edge.target, whole)

    # --- the menu ---------------------------------------------------------------------------------

    def _menu(self, event: QContextMenuEvent) -> bool:
        """What can be done with the neuron or the weight under the pointer."""
        position = event.pos()
        card = self._card_at(position)
        edge = None if card else self._edge_at(position)
        if not card and edge is None:
            return False
        menu = QMenu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if card:
            neuron = self._kind(card) == "neuron"
            self._offer(menu, "&Connect from here (C)", (Qt.Key.Key_C, card, True, False))
            self._offer(menu, "One &more in this layer (+)", (Qt.Key.Key_Plus, card, True, False))
            if neuron:
                self._offer(menu, "&Remove this neuron (Delete)", (Qt.Key.Key_Delete, card, True, False))
        elif edge is not None:
            self._offer(menu, "&Cut this connection (Delete)", (Qt.Key.Key_Delete, edge.weight, False, False))
            words = "Cut &all between these layers (Shift+Delete)"
            self._offer(menu, words, (Qt.Key.Key_Delete, edge.weight, False, True))
        menu.triggered.connect(self._chosen)
        menu.popup(event.globalPos())
        return True

    def _offer(self, menu: QMenu, text: str, deed: tuple[int, str, bool, bool]) -> None:
        menu.addAction(text).setData(deed)

    def _chosen(self, action: QAction) -> None:
        self._do(*action.data())

    # --- looking things up ------------------------------------------------------------------------

    @property
    def _scene(self) -> CanvasScene:
        scene = self._canvas.scene()
        assert isinstance(scene, CanvasScene)
        return scene

    def _kind(self, identity: str) -> str:
        card = self._scene.cards.get(identity)
        return card.shape_of_card.kind if card is not None else ""

    def _spoken(self, identity: str) -> str:
        return next((stop.spoken for stop in self._canvas.stops() if stop.identity == identity), identity)

    def _handle_at(self, position: QPoint) -> str:
        """The neuron whose handle is under a point of the viewport."""
        for identity, card in self._scene.cards.items():
            handle = handle_of(card)
            if handle is not None:
                away = QPointF(self._canvas.mapFromScene(handle) - position)
                if away.manhattanLength() <= GRIP:
                    return identity
        return ""

    def _card_at(self, position: QPoint) -> str:
        for item in self._canvas.items(position):
            if not isinstance(item, CardItem):
                continue
            if item.box.contains(item.mapFromScene(self._canvas.mapToScene(position))):
                return item.shape_of_card.identity
        return ""

    def _edge_at(self, position: QPoint) -> EdgeShape | None:
        reach = _REACH / self._canvas.transform().m11()
        return self._scene.edge_at(self._canvas.mapToScene(position), reach)

    def _end_at(self, position: QPoint) -> EdgeShape | None:
        """The edge whose far end is under a point."""
        edge = self._edge_at(position)
        if edge is None or self._scene.layout is None or self._card_at(position):
            return None
        end = QPointF(*self._scene.layout.routes[edge.identity][-1])
        away = QPointF(self._canvas.mapFromScene(end) - position)
        return edge if away.manhattanLength() <= _END else None

    def _let_go(self) -> bool:
        self._held, self._edge, self._keys = None, None, False
        if self._on:
            self._refresh()
        return False

    def _refresh(self) -> None:
        self._canvas.refresh_overlay()

    def _say(self, words: str) -> None:
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._canvas, words))
