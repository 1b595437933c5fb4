"""The field in which the number of an iteration is typed, in its place on the timeline bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRegularExpression, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.theme import LIGHT, Theme

_OWN_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class IterationEditor(QLineEdit):
    """Takes a number from 0 to the newest iteration; Escape and Enter are its own while it is open."""

    iteration_entered = Signal(int)
    changed = Signal()  # opened, closed, or the number became wrong or right

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("iterationEditor")
        self.setAccessibleName("Iteration")
        self.setValidator(QRegularExpressionValidator(QRegularExpression(r"[0-9,]{0,12}"), self))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.wrong = False
        self.numbers = NumberFormat()
        self._newest = 0
        self._theme: Theme = LIGHT
        self._pixels = 13.0
        self._before: QWidget | None = None
        self.hide()
        self.textEdited.connect(self._check)

    def open_for(self, iteration: int, newest: int) -> None:
        """Show the field with the number of this iteration, ready to be typed over."""
        self._before = QApplication.focusWidget()
        self._newest = newest
        self.setText(str(iteration))
        self._show_wrong(False)
        self.selectAll()
        self.show()
        self.setFocus()
        self.changed.emit()

    def range_text(self) -> str:
        """What would be right."""
        return f"0 to {self.numbers.count(self._newest)}"

    def set_look(self, theme: Theme, pixels: float) -> None:
        """The colours of `theme`, digits of this size."""
        self._theme, self._pixels = theme, pixels
        edge = theme.warning if self.wrong else theme.accent
        font = ui_font(pixels, "semibold")
        self.setFont(font)
        self.setStyleSheet(
            f"QLineEdit {{ background: {theme.block}; color: {theme.text}; border: 1px solid {edge};"
            " border-radius: 4px; padding: 0 4px; min-height: 0;"
            f" font-size: {font.pixelSize()}px; }}"
        )

    def _typed(self) -> int | None:
        """The iteration that is typed, when there is such a one."""
        digits = self.text().replace(",", "")
        return int(digits) if digits and int(digits) <= self._newest else None

    def _check(self) -> None:
        self._show_wrong(bool(self.text()) and self._typed() is None)

    def _show_wrong(self, wrong: bool) -> None:
        if wrong != self.wrong:
            self.wrong = wrong
            self.setAccessibleDescription(self.range_text() if wrong else "")
            self.set_look(self._theme, self._pixels)
            self.changed.emit()

    def _close(self) -> None:
        """Put the field away, and the keyboard back where it was."""
        before, self._before = self._before, None
        had_focus = self.hasFocus()
        self.hide()
        if had_focus and before is not None:
            before.setFocus()
        self.changed.emit()

    def event(self, event: QEvent) -> bool:
        is_own = isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS
        if is_own and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        elif event.key() in _OWN_KEYS:
            self._enter()
        else:
            super().keyPressEvent(event)

    def _enter(self) -> None:
        wanted = self._typed()
        if wanted is None:
            self._show_wrong(True)
            self.selectAll()
        else:
            self._close()
            self.iteration_entered.emit(wanted)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and not self.isHidden():
            self._close()
