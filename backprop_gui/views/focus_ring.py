"""A ring around a panel that has the keyboard, for panels that have nothing of their own to show it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from backprop_gui.views.theme import LIGHT, Theme


class FocusRing(QWidget):
    """Lies over its panel and lets the mouse through."""

    def __init__(self, panel: QWidget, target: QWidget) -> None:
        super().__init__(panel)
        self._panel, self._target = panel, target
        self._theme, self._scale = LIGHT, 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        panel.installEventFilter(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    def target(self) -> QWidget:
        """The widget in the panel that takes the keyboard."""
        return self._target

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Draw a ring that fits the text."""
        self._scale = scale
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of the panel."""
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._panel.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The same ring as around a focused field."""
        width = 2 * self._scale**0.5
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self._theme.accent), width, j=Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2))
        painter.end()

    def _follow(self, _before: QWidget | None, now: QWidget | None) -> None:
        self.setVisible(now is self._target)
        if now is self._target:
            self.setGeometry(self._panel.rect())
            self.raise_()
