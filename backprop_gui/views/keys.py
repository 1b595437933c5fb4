"""Who gets a key: the window's commands, or the widget that has the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

# With one of these held down a key is a command even inside an editor: Ctrl+S, Alt+…
_COMMANDING = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)
# Keys an editor uses together with Ctrl: to move and delete by words.
_EDITING = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Delete,
}
_EDITING_LETTERS = {Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_V}
_FUNCTION_KEYS = range(Qt.Key.Key_F1, Qt.Key.Key_F35 + 1)


def is_editor(widget: QWidget | None) -> bool:
    """Whether text or a number is typed into this widget, so that plain keys belong to it."""
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, QAbstractSpinBox)


def keeps_key(widget: QWidget | None, event: QKeyEvent) -> bool:
    """Whether the focused widget keeps this key, so that no command of the window acts on it."""
    if is_editor(widget):
        return _editor_keeps(event)
    if isinstance(widget, QAbstractButton):
        return event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier
    own = getattr(widget, "own_keys", None)  # of a list that walks by keys the window knows too
    if own is not None and event.matches(QKeySequence.StandardKey.Copy):
        return True  # what it shows, not the numbers in focus
    if own is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return event.key() in own
    # Alt leads into the menu bar: there the arrows walk through the menus.
    return isinstance(widget, QMenuBar)


def _editor_keeps(event: QKeyEvent) -> bool:
    if event.key() in _FUNCTION_KEYS:
        return False
    if not event.modifiers() & _COMMANDING:
        return True
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        return event.key() in _EDITING or event.key() in _EDITING_LETTERS
    return False
