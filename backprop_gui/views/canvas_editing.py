"""Editing where one looks: the field goes from number to number in network order.

A text is handed over when it is meant: by Enter, by Tab, or when the keyboard goes elsewhere. Who
decides either shows another picture, or refuses it in a sentence: then the field stays, with its text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from PySide6.QtCore import QObject, QRect, QTimer, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from backprop_gui.views.canvas_editor import CanvasEditor, EditNote
from backprop_gui.views.canvas_look import Look

try:
    from PySide6.QtGui import QAccessibleAnnouncementEvent
except ImportError:  # Qt before 6.8
    QAccessibleAnnouncementEvent = None  # type: ignore[assignment,misc]


class Place(Struct, frozen=True):
    """A number that can be edited: on which item, where on the viewport, how it begins."""

    identity: str
    edits: str  # what the text is for, as it is handed over
    title: str
    spoken: str
    digits: str
    rect: QRect


class CanvasEditing(QObject):
    """Opens the field on one number after the other; knows the network only by what it is told."""

    requested = Signal(str, str)  # what is edited, the text as typed
    returned = Signal(str)  # done with the item of this identity: the keyboard goes back to it
    ended = Signal()  # Tab behind the last number of the network
    changed = Signal()  # the field was opened or closed, or went on to another number

    def __init__(
        self, view: QWidget, order: Callable[[], Sequence[str]], find: Callable[[str], Place | None]
    ) -> None:
        """`order` gives the identities in network order, `find` the number to be edited at one of them."""
        super().__init__(view)
        self._view, self._order, self._find = view, order, find
        self._place: Place | None = None
        self._look: Look | None = None
        self._refusal = ""
        self._asking = False
        self.field = CanvasEditor(view)
        self.note = EditNote(view)
        self._return = QTimer(self)
        self._return.setSingleShot(True)
        self._return.setInterval(0)
        self._return.timeout.connect(self._take_keyboard)
        self.field.committed.connect(self._committed)
        self.field.abandoned.connect(self._abandoned)
        self.field.left.connect(self._left)
        self.field.textEdited.connect(self._forget_refusal)

    @property
    def place(self) -> Place | None:
        """The number that is being edited."""
        return self._place

    def open(self, place: Place, look: Look) -> None:
        """Open the field, unless it is open with a text that was refused: nothing typed gets lost."""
        if self._place is not None and not self._hand_over():
            self._take_keyboard()
            return
        self._forget_refusal()
        self._place, self._look = place, look
        self.field.open_on(place.rect, place.title, place.digits, place.spoken, look)
        self.changed.emit()

    def leave(self) -> None:
        """Close without a change."""
        if self._place is not None:
            self._place = None
            self._return.stop()
            self._forget_refusal()
            had_focus = self.field.hasFocus()
            self.field.hide()
            if had_focus:
                self._view.setFocus()
            self.changed.emit()

    def follow(self, look: Look) -> None:
        """The network was moved, enlarged or dressed otherwise: stand on the same number again."""
        if self._place is None:
            return
        self._look = look
        self.field.show_look(look)
        now = self._find(self._place.identity)
        if now is not None:
            self.field.place(now.rect)
        if self._refusal:
            self.note.show_note(self._refusal, look)
            self.note.place(self.field.geometry(), self._view.rect(), look.scale)

    def show_refused(self, sentence: str) -> None:
        """The text that was handed over is not taken, and why: the field stays, and there is a tone."""
        if self._place is None or self._look is None:
            return
        self._refusal = sentence
        self.field.show_refused(True)
        self.field.setAccessibleDescription(sentence)
        self.note.show_note(sentence, self._look)
        self.note.place(self.field.geometry(), self._view.rect(), self._look.scale)
        QApplication.beep()
        if QAccessibleAnnouncementEvent is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, sentence))

    # --- inside ----------------------------------------------------------------------------------

    def _hand_over(self, always: bool = False) -> bool:
        """Ask for the edit where something was typed; whether the field may be closed."""
        if self._place is None or not (always or self.field.isModified()):
            return True
        self._refusal, self._asking = "", True
        self.requested.emit(self._place.edits, self.field.text())
        self._asking = False
        return not self._refusal

    def _committed(self, step: int) -> None:
        place = self._place
        if place is None or self._asking:
            return
        if not self._hand_over(always=step == 0):
            self.field.selectAll()
            return
        following = self._beside(place.identity, step) if step else None
        look = self._look
        self.leave()
        if following is not None and look is not None:
            self.open(following, look)
        else:
            self.returned.emit(place.identity)
            if step > 0:
                self.ended.emit()

    def _beside(self, identity: str, step: int) -> Place | None:
        """The next number in network order that can be edited, or the one before; None at the end."""
        order = list(self._order())
        if identity not in order:
            return None
        start = order.index(identity)
        for name in order[start + 1 :] if step > 0 else order[:start][::-1]:
            place = self._find(name)
            if place is not None:
                return place
        return None

    def _abandoned(self) -> None:
        place = self._place
        self.leave()
        if place is not None:
            self.returned.emit(place.identity)

    def _left(self) -> None:
        """The keyboard is elsewhere: take what was typed; what is refused takes the keyboard back."""
        if self._place is None or self._asking or not self._view.window().isVisible():
            return
        if self._hand_over():
            self.leave()
        else:
            self._return.start()

    def _take_keyboard(self) -> None:
        if self._place is not None and self.field.isVisible():
            self.field.setFocus()
            self.field.selectAll()

    def _forget_refusal(self) -> None:
        if self._refusal or self.note.isVisible():
            self._refusal = ""
            self.note.hide()
            self.field.setAccessibleDescription("")
            self.field.show_refused(False)
