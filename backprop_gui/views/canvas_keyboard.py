"""The canvas under the keyboard: from item to item, into the field of a number, and all of it in words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QGraphicsItem, QWidget

from backprop_gui.present.pictures import CanvasPicture
from backprop_gui.views.canvas_access import Stop, announce_focus, spoken_card, spoken_chip
from backprop_gui.views.canvas_chip import ChipItem
from backprop_gui.views.canvas_editing import CanvasEditing, Place
from backprop_gui.views.canvas_hint import HintLine
from backprop_gui.views.canvas_items import Target
from backprop_gui.views.canvas_look import Look
from backprop_gui.views.canvas_ring import WHILE_EDITING, Ring
from backprop_gui.views.canvas_scene import CanvasScene
from backprop_gui.views.canvas_zoom import ZoomView
from backprop_gui.views.overlay import Overlay
from backprop_gui.views.theme import LIGHT


class KeyboardCanvas(ZoomView):
    """A view of a network whose items the keyboard can reach, click and edit."""

    parameter_clicked = Signal(str)
    card_clicked = Signal(str)
    edit_requested = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(LIGHT)
        self._picture: CanvasPicture | None = None
        self._stops: Sequence[Stop] = ()
        self._names: list[str] = []  # of the stops that the keyboard goes to
        self._scene = CanvasScene(self, self._look)
        self.setScene(self._scene)
        self._ring = Ring(self._scene)
        self._hint = HintLine(self)
        self._overlay: Overlay | None = None
        self.editing = CanvasEditing(self, self._identities, self._place_of)
        self._editor = self.editing.field
        self.editing.requested.connect(self.edit_requested)
        self.editing.returned.connect(self._return_to)
        self.editing.changed.connect(self._show_hint)

    # ---------------------------------------------------------------- editing

    def _open_editor(self, target: Target, item: QGraphicsItem | None) -> None:
        place = self._place_for(target, item)
        self._ring.put(target.identity)
        self.editing.open(place, self._look)

    def _place_for(self, target: Target, item: QGraphicsItem | None) -> Place:
        """Where the field opens for a target, and how it begins."""
        number = self._number_of(target.identity)
        stop = self._stops[number] if number >= 0 else None
        rect = self._on_viewport(target.rect, item)
        name = stop.spoken if stop is not None else target.edit
        return Place(target.identity, target.edit, target.title, name, target.digits, rect)

    def _place_of(self, identity: str) -> Place | None:
        """The number to be edited at a card or a parameter; None where there is none."""
        item = self._scene.item_of(identity)
        if item is not None:
            target = item.edit_target()
            if target is None or not target.edit:
                return None
            if not self.fitted or self.outgrown:
                self.ensureVisible(item, 20, 20)
            return self._place_for(target, item)
        found, middle = self._chip_target(identity, QPointF()), self._scene.middle_of(identity)
        if found is None or middle is None or not found.edit:
            return None  # a chip that a crowded layer has no room for is edited on its edge
        return self._place_for(replace(found, rect=found.rect.translated(middle)), None)

    def _chip_target(self, weight: str, point: QPointF) -> Target | None:
        """A weight meant by its edge, at a point of the scene."""
        chip = self._scene.chip_of(weight)
        if chip is None:
            return None
        rect = QRectF(point - QPointF(20, 10), point + QPointF(20, 10))
        digits = (chip.value.full or chip.value.text).replace("−", "-")
        tip = "\n".join(
            part for part in (f"{chip.title} = {chip.value.full or chip.value.text}", chip.tip) if part
        )
        return Target("parameter", weight, rect, chip.value, chip.value.edit, digits, tip, chip.title)

    def _on_viewport(self, rect: QRectF, item: QGraphicsItem | None) -> QRect:
        to_viewport = self.viewportTransform()
        if item is not None:
            to_viewport = item.deviceTransform(to_viewport)
        return to_viewport.mapRect(rect).toAlignedRect()

    # ---------------------------------------------------------------- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ ↓ Tab move the ring, Enter or F2 edits, Shift+Enter clicks; other keys are the window's."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            by = -1 if key == Qt.Key.Key_Up else 1
            rows = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move_ring(by * (self._scene.row_of(self._ring.identity) if rows else 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            clicks = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._enter_ring(clicks, edits_only=key == Qt.Key.Key_F2)
        else:
            event.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from item to item, and on to the next panel behind the last one."""
        if self._move_ring(self._beyond_block(forward)):
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        back = event.reason() == Qt.FocusReason.BacktabFocusReason
        if back or event.reason() == Qt.FocusReason.TabFocusReason:
            self._ring.seen = True
            if not self._ring.identity:
                self._move_ring(-1 if back else 1)
        self._show_ring()
        self._show_hint()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_ring()
        self._show_hint()

    def _move_ring(self, by: int) -> bool:
        moved = self._ring.move(self._identities(), by)
        if moved or self._ring.identity:
            self._go_to(self._ring.identity, seen=True)
            announce_focus(self, self.focused_stop())
        return moved

    def _beyond_block(self, forward: bool) -> int:
        """How far Tab goes: to the next item, over what is left of a block."""
        step = 1 if forward else -1
        block = self._ring.identity.partition("[")[0]
        if not self._scene.is_block(block) or self._ring.identity not in self._names:
            return step
        at = self._names.index(self._ring.identity)
        while 0 <= at < len(self._names) and self._names[at].partition("[")[0] == block:
            at += step
        return at - self._names.index(self._ring.identity)

    def _go_to(self, identity: str, seen: bool = False) -> None:
        """The ring on an item, in sight."""
        self._ring.put(identity)
        self._ring.seen = self._ring.seen or seen
        self._show_ring()
        item = self._scene.item_of(identity)
        if item is not None and self._ring.seen and (self.outgrown or not self.fitted):
            self.ensureVisible(item, 20, 20)
        self._show_hint()

    def _return_to(self, identity: str) -> None:
        """The field is closed: the keyboard is on its item again."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._go_to(identity, seen=True)

    def _show_ring(self) -> None:
        self._ring.show(self.hasFocus())

    def _show_hint(self) -> None:
        """The quiet line: what the keys do here, else what the picture says."""
        if self._picture is None:
            return
        hint = self._picture.hint
        if self.editing.place is not None:
            hint = f"*{self.editing.place.title}* · {WHILE_EDITING}"
        elif self._ring.seen and self.hasFocus() and (item := self._scene.item_of(self._ring.identity)):
            target = item.edit_target()
            hint = self._ring.hint(item.title, target is not None and bool(target.edit))
        if self._overlay is not None and self.editing.place is None:
            hint = self._overlay.hint
        self._hint.show_hint(hint)

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Paint something over the network, or nothing; it also says what the quiet line says."""
        self._overlay = overlay
        self.refresh_overlay()

    def refresh_overlay(self) -> None:
        """What is painted over the network has changed."""
        self.viewport().update()
        self._show_hint()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self._overlay is not None:
            self._overlay.paint(painter)

    def edit_first(self) -> None:
        """Open the field on the first number that can be edited, ready to be typed over."""
        for identity in self._identities():
            if self.edit(identity):
                return

    def edit(self, identity: str) -> bool:
        """Open the field on the number of one item; False where none can be edited."""
        place = self._place_of(identity)
        if place is None:
            return False
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._go_to(identity, seen=True)
        self.editing.open(place, self._look)
        return True

    def _enter_ring(self, clicks: bool, edits_only: bool = False) -> None:
        """Edit what has the ring, or click it where there is nothing to edit; the first Enter shows it."""
        here = self._picture is not None and self._picture.focus == self._ring.identity != ""
        if not (self._ring.seen or here):
            self._ring.put("")
        item = self._scene.item_of(self._ring.identity)
        if item is None:
            self._move_ring(1)
            return
        self._ring.seen = True
        place = None if clicks else self._place_of(self._ring.identity)
        if place is not None:
            self.editing.open(place, self._look)
        elif not edits_only and not isinstance(item, ChipItem):
            self.card_clicked.emit(self._ring.identity)
        elif not edits_only:
            self.parameter_clicked.emit(self._ring.identity)

    def current(self) -> str:
        """The identity the keyboard is on, else the one that is asked about; empty without either."""
        if self._ring.seen and self.hasFocus():
            return self._ring.identity
        return self._picture.focus if self._picture is not None else ""

    def _identities(self) -> list[str]:
        return self._names

    def _take_stops(self, stops: Sequence[Stop]) -> None:
        """Another network: its children, and which of them the keyboard goes to (no weights of blocks)."""
        self._stops = stops
        reachable = getattr(stops, "reachable", None)
        self._names = list(reachable()) if reachable else [stop.identity for stop in stops]

    def _number_of(self, identity: str) -> int:
        """The number of a child by its identity, or −1."""
        number_of = getattr(self._stops, "number_of", None)
        if number_of is not None:
            return int(number_of(identity))
        return self._names.index(identity) if identity in self._names else -1

    # ---------------------------------------------------------------- in words

    def stops(self) -> Sequence[Stop]:
        return self._stops

    def spoken(self, stop: Stop) -> str:
        if stop.card:
            item = self._scene.item_of(stop.identity)
            card = item.card if item is not None and not isinstance(item, ChipItem) else None
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
        return self._number_of(self._ring.identity) if self._ring.identity else -1
