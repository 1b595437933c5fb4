"""The small field that opens on a number of the canvas, and the note below it when a text is no number."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from backprop_gui.views.canvas_look import Look
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.theme import blend

_FIELD_PIXELS, _NOTE_PIXELS = 14.0, 12.5
_NOTE_WIDTH = 320  # pixels at the usual text size
_SIDE, _GAP = 8, 5


class CanvasEditor(QLineEdit):
    """A field over one number, which says which number it is. What becomes of the text its owner decides."""

    committed = Signal(int)  # 0 by Enter, 1 by Tab, −1 by Shift+Tab: where to go on
    abandoned = Signal()  # Esc
    left = Signal()  # the keyboard went elsewhere

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvasEditor")
        self._owner = parent
        self._title = ""
        self._look: Look | None = None
        self._refused = False
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.returnPressed.connect(self._enter)
        self.textEdited.connect(self._grow)
        self.hide()

    def open_on(self, rect: QRect, title: str, digits: str, name: str, look: Look) -> None:
        """Open over `rect` (of the parent) with all the digits selected; `title` stands before them."""
        self._title, self._look = title, look
        self.setAccessibleName(f"new value of {name}")
        self.show_refused(False)
        self.setText(digits)
        self.place(rect)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectAll()

    def show_look(self, look: Look) -> None:
        """Take other colours or another size."""
        self._look = look
        self.show_refused(self._refused)

    def show_refused(self, refused: bool) -> None:
        """Whether the text is marked as no number."""
        self._refused = refused
        if self._look is None:
            return
        theme, scale = self._look.theme, self._look.scale
        self.setFont(ui_font(_FIELD_PIXELS * scale, "medium"))
        line = theme.backward if refused else theme.accent
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.card}; color: {theme.text}; border: 2px solid {line};"
            f" border-radius: 6px; padding: 0 4px; selection-background-color: {theme.accent};"
            f" selection-color: {theme.on_accent}; }}"
        )
        self.setTextMargins(self._title_width(), 0, 0, 0)

    def place(self, rect: QRect) -> None:
        """Stand over `rect`, as wide as the text needs, and within the parent."""
        text = self.fontMetrics().horizontalAdvance(self.text() + "00")
        width = max(rect.width(), text + self._title_width() + 20, 90)
        height = max(rect.height(), self.fontMetrics().height() + 10)
        box = QRect(0, 0, width, height)
        box.moveCenter(rect.center())
        inside = self._owner.rect().adjusted(2, 2, -2, -2)
        box.moveLeft(max(inside.left(), min(box.left(), inside.right() - width)))
        box.moveTop(max(inside.top(), min(box.top(), inside.bottom() - height)))
        self.setGeometry(box)

    def _grow(self) -> None:
        """Make room for what is typed; a field never becomes narrower under the hand."""
        needed = self.fontMetrics().horizontalAdvance(self.text() + "0") + self._title_width() + 20
        most = self._owner.width() - 4
        if self.width() < min(needed, most):
            width = min(needed, most)
            left = min(self.x(), self._owner.width() - 2 - width)
            self.setGeometry(max(2, left), self.y(), width, self.height())

    def _title_font(self) -> QFont:
        assert self._look is not None
        return ui_font(_FIELD_PIXELS * self._look.scale, "semibold", True)

    def _title_width(self) -> int:
        """The room for `w₅ =` at the left."""
        if not self._title:
            return 0
        return QFontMetrics(self._title_font()).horizontalAdvance(f"{self._title} = ") + 2

    def _enter(self) -> None:
        self.committed.emit(0)

    def event(self, event: QEvent) -> bool:
        # The window's keys (arrows, Space, Esc …) belong to the field while it is open.
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
            if event.key() in steps and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self.committed.emit(-1 if back else steps[Qt.Key(event.key())])
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.abandoned.emit()
        else:
            super().keyPressEvent(event)
            event.accept()  # Enter takes the number; it must not also open what has the ring

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # A context menu, or a look at another window, is no leaving.
        staying = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
        if event.reason() not in staying and self.isVisible():
            self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._title or self._look is None:
            return
        painter = QPainter(self)
        painter.setFont(self._title_font())
        painter.setPen(QColor(self._look.theme.muted))
        room = self.rect().adjusted(_SIDE, 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, f"{self._title} =")
        painter.end()


class EditNote(QLabel):
    """One sentence below the field, or above it where there is no room: why the text is not taken."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvasEditNote")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_note(self, sentence: str, look: Look) -> None:
        """Say it; the owner places it."""
        theme, scale = look.theme, look.scale
        self.setFont(ui_font(_NOTE_PIXELS * scale))
        self.setStyleSheet(
            f"QLabel {{ background: {blend(theme.backward, theme.card, 0.1)}; color: {theme.text};"
            f" border: 1px solid {theme.backward}; border-radius: 6px; padding: 4px 8px; }}"
        )
        self.setText(sentence)
        self.setAccessibleName(sentence)

    def place(self, field: QRect, within: QRect, scale: float) -> None:
        """Stand below `field`, or above it, inside `within`."""
        width = min(round(_NOTE_WIDTH * scale), within.width() - 4)
        width = min(width, self.fontMetrics().horizontalAdvance(self.text()) + 24)
        height = self.heightForWidth(width)
        left = max(within.left() + 2, min(field.left(), within.right() - width - 2))
        below = field.bottom() + 1 + _GAP
        top = below if below + height <= within.bottom() else field.top() - _GAP - height
        self.setGeometry(left, max(within.top() + 2, top), width, height)
        self.show()
        self.raise_()
