"""One quiet line at the lower left of the canvas, which neither scrolls nor zooms."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from backprop_gui.views.canvas_look import Look
from backprop_gui.views.theme import LIGHT

_MARGIN = 16


class HintLine(QWidget):
    """Lies over the canvas and lets the pointer through; names in the hint are slanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = Look(LIGHT)
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_hint(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text.replace("*", ""))
            self.update()

    def show_look(self, look: Look) -> None:
        self._look = look
        self.update()

    def place(self, over: QRect) -> None:
        """Lie along the lower edge of a rectangle of the parent."""
        height = self.sizeHint().height()
        self.setGeometry(over.left(), over.bottom() + 1 - height, over.width(), height)

    def sizeHint(self) -> QSize:
        return QSize(200, round(30 * self._look.scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._text:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._look.theme.muted))
        line = self._look.sentence(self._text, 12, self.width() - 2 * _MARGIN)
        level = self.height() / 2 - 3
        # A network that is zoomed in may lie below: the hint brings its own ground.
        ground = QRectF(
            _MARGIN - 6, level - 0.35 * self.height(), line.width * line.squeeze + 12, 0.7 * self.height()
        )
        painter.fillRect(ground, QColor(self._look.theme.canvas))
        line.paint_from(painter, _MARGIN, level)
