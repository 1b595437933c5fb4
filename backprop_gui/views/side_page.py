"""What the pages at the right of the window have in common: measures, texts, when they lay themselves out."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from backprop_gui.views.fonts import ui_font
from backprop_gui.views.theme import LIGHT, Theme

KICKER_PIXELS, TITLE_PIXELS, TEXT_PIXELS = 11.5, 19.0, 13.5
SIDE = 18  # pixels left free at both sides
_LOWERED = re.compile(r"(?<=\w)_([\w…]+)")  # a_out: what cannot be written in small figures
_NAME = re.compile(r"\*([^*]+)\*")


class SidePage(QWidget):
    """A page that gives its parts their places itself (`_arrange`): nothing moves after it is painted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = LIGHT
        self._scale = 1.0

    def _arrange(self) -> None:
        """Give every widget its place; the size or the style is another one."""
        raise NotImplementedError

    @staticmethod
    def _place(widget: QWidget, y: int, width: int, height: int) -> int:
        """Put a widget below others; returns where it ends."""
        widget.setGeometry(SIDE, y, width, height)
        return y + height

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()


def text_label(parent: QWidget) -> QLabel:
    """Running text with slanted names, which can be selected and copied."""
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def scroll_only_down(scroll: QScrollArea, sheet: QWidget) -> None:
    """Let a sheet be scrolled on the page's own ground; the keyboard is for what stands on it."""
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setWidget(sheet)
    for see_through in (sheet, scroll.viewport()):
        see_through.setAutoFillBackground(False)


def kicker_font(scale: float) -> QFont:
    """The small capitals above a title."""
    font = ui_font(KICKER_PIXELS * scale, "semibold")
    font.setCapitalization(QFont.Capitalization.AllUppercase)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 106)
    return font


def rich_text(sentence: str) -> str:
    """The sentence with its names, which stand between asterisks, slanted."""
    slanted = _NAME.sub(r"<i>\1</i>", escape(sentence)).replace("\n", "<br>")
    return _LOWERED.sub(r"<sub>\1</sub>", slanted)
