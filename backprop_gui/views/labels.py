"""How a widget's text looks where it differs from the window's plain text."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget


def set_look(widget: QWidget, font: QFont, colour: str) -> None:
    """Paint the text in this font and colour; the window's style sheet would else decide size and colour."""
    sheet = f"color: {colour}; font-size: {font.pixelSize()}px;"
    if widget.styleSheet() != sheet:
        widget.setStyleSheet(sheet)
    widget.setFont(font)
