"""The small field that opens on a number of the canvas: Enter takes the new number, Esc leaves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from backprop_gui.views.canvas_look import Look
from backprop_gui.views.fonts import ui_font


class CanvasEditor(QLineEdit):
    """A field over one number. It closes itself; a number counts only when it is entered."""

    entered = Signal(str, str)  # what is edited, the text as typed

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvasEditor")
        self._edits = ""
        self._owner = parent
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.returnPressed.connect(self._enter)
        self.hide()

    def open_on(self, rect: QRect, edits: str, digits: str, name: str, look: Look) -> None:
        """Open over `rect` (of the parent) with all the digits selected."""
        self._edits = edits
        theme = look.theme
        self.setFont(ui_font(14 * look.scale, "medium"))
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.card}; color: {theme.text}; border: 2px solid {theme.accent};"
            f" border-radius: 6px; padding: 0 4px; selection-background-color: {theme.accent};"
            f" selection-color: {theme.on_accent}; }}"
        )
        self.setAccessibleName(f"new value of {name}")
        self.setText(digits)
        width = max(rect.width(), self.fontMetrics().horizontalAdvance(digits + "00") + 20, 90)
        height = max(rect.height(), self.fontMetrics().height() + 10)
        box = QRect(0, 0, width, height)
        box.moveCenter(rect.center())
        inside = self._owner.rect().adjusted(2, 2, -2, -2)
        box.moveLeft(max(inside.left(), min(box.left(), inside.right() - width)))
        box.moveTop(max(inside.top(), min(box.top(), inside.bottom() - height)))
        self.setGeometry(box)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectAll()

    def leave(self) -> None:
        """Close without a change."""
        if self.isVisible():
            had_focus = self.hasFocus()
            self._edits = ""
            self.hide()
            if had_focus:
                self._owner.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enter(self) -> None:
        edits, text = self._edits, self.text()
        self.leave()
        if edits:
            self.entered.emit(edits, text)

    def event(self, event: QEvent) -> bool:
        # The window's keys (arrows, Space, Esc …) belong to the field while it is open.
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
            event.accept()  # Enter takes the number; it must not also click what has the ring

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.leave()
