"""The foot of the window: the conventions in force, what happened, and whether the gradients are verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from backprop_gui.present.pictures import StatusPicture
from backprop_gui.views.fitting_bar import FittingBar
from backprop_gui.views.icons import icon
from backprop_gui.views.theme import LIGHT, Theme, blend

Kind = Literal["info", "warning", "error"]

REMARK_MILLISECONDS = 8_000
_EMPTY = StatusPicture(())
_APART = "\u2003\u2003"  # a gap between two texts in which a long line may break


class StatusBar(FittingBar):
    """Conventions and remarks at the left; the stamp of the check and the digits at the right."""

    conventions_requested = Signal()

    forms = 2
    gap, above = 20, 5

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self._picture = _EMPTY
        self._progress = ""
        self._remark = ""
        self._theme = LIGHT
        self._conventions, self._middle, self._stamp, self._digits = (_Words() for _ in range(4))
        self._conventions.setObjectName("statusConventions")
        self._conventions.setCursor(Qt.CursorShape.PointingHandCursor)
        self._conventions.setToolTip("Notation and conventions… (Ctrl+K)")
        self._conventions.clicked.connect(self.conventions_requested)
        self._middle.setObjectName("statusMessage")
        self._stamp.setObjectName("checkStamp")
        for label in (self._conventions, self._middle):
            self.add_group(label)
        for label in (self._stamp, self._digits):
            self.add_group(label, right=True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._forget_remark)
        self._show_texts()

    def take_form(self, form: int) -> None:
        """A remark, which goes by itself, stands in place of stamp and digits rather than move the window."""
        for label in (self._stamp, self._digits):
            label.setVisible(bool(label.text()) and not (form and self._remark))

    def show_status(self, picture: StatusPicture) -> None:
        """Show the conventions, the stamp and the digits."""
        if picture != self._picture:
            self._picture = picture
            self._colour()
            self._show_texts()

    def show_progress(self, text: str) -> None:
        """Show how far training is; an empty text when it is over."""
        self._progress = text
        self._show_texts()

    def show_remark(self, text: str) -> None:
        """Show something that is good to know but need not be read; it goes by itself."""
        self._remark = text
        self._show_texts()
        self._timer.start(REMARK_MILLISECONDS)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self._colour()

    def _show_texts(self) -> None:
        """Training in progress is told before a remark, a remark before the standing message."""
        picture = self._picture
        stamp = f"✓ {picture.stamp}" if picture.stamp_state == "good" else picture.stamp
        texts = {
            self._conventions: _APART.join(text.replace(" ", "\u00a0") for text in picture.conventions),
            self._middle: self._progress or self._remark or picture.message,
            self._stamp: stamp if picture.stamp_state != "none" else "",
            self._digits: _APART.join(text for text in (picture.memory, picture.digits) if text),
        }
        for label, text in texts.items():
            label.setText(text)
            label.setVisible(bool(text))
        self.measure_again()

    def _forget_remark(self) -> None:
        self._remark = ""
        self._show_texts()

    def _colour(self) -> None:
        theme = self._theme
        stamp = {"good": theme.good, "bad": theme.backward}.get(self._picture.stamp_state, theme.muted)
        style = (
            f"QLabel {{ color: {theme.muted}; }} QLabel#statusMessage {{ color: {theme.text}; }}"
            f" QLabel#checkStamp {{ color: {stamp}; }}"
        )
        if style != self.styleSheet():
            self.setStyleSheet(style)


class _Words(QLabel):
    """A text that wants one line, and takes more of them where it gets less room."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def sizeHint(self) -> QSize:
        """One line; Qt would break a text of middle length into two."""
        self.ensurePolished()
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class MessageBar(QFrame):
    """One sentence that has to be read; it stays until it is closed or another one takes its place."""

    closed = Signal()
    action_chosen = Signal(str)  # the name of an offered action

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._kind: Kind = "error"
        self._theme, self._scale = LIGHT, 1.0
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setObjectName("closeMessage")
        self._close.setAutoRaise(True)
        self._close.setAccessibleName("Close the message")
        self._close.setToolTip("Close (Esc)")
        self._close.clicked.connect(self.dismiss)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._sign)
        self._layout.addWidget(self._text, 1)
        self._offers = QHBoxLayout()
        self._layout.addLayout(self._offers)
        self._layout.addWidget(self._close)
        self.hide()
        self._dress()

    def show_message(self, text: str, kind: Kind = "error") -> None:
        """Show a warning or an error, and have it spoken at once."""
        self._offer(())
        self._show(text, kind)

    def show_offer(self, text: str, actions: Sequence[tuple[str, str]], kind: Kind = "warning") -> None:
        """The same with a button for each (name, title) that can be done about it."""
        self._offer(actions)
        self._show(text, kind)

    def _offer(self, actions: Sequence[tuple[str, str]]) -> None:
        while (item := self._offers.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for name, title in actions:
            button = QPushButton(title)
            button.setObjectName(f"offer.{name}")
            button.setProperty("offer", name)
            button.clicked.connect(self._choose)
            self._offers.addWidget(button)

    def _choose(self) -> None:
        button = self.sender()
        assert button is not None
        self.action_chosen.emit(button.property("offer"))

    def _show(self, text: str, kind: Kind) -> None:
        self._kind = kind
        self._text.setText(text)
        self.setAccessibleName(text)
        self._dress()
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        announcement = QAccessibleAnnouncementEvent(self, text)
        announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)

    def text(self) -> str:
        """What stands there; empty when the bar is closed."""
        return "" if self.isHidden() else self._text.text()

    def dismiss(self) -> None:
        """Close the bar."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self._dress()

    def set_text_scale(self, scale: float) -> None:
        """Let gaps and icons grow with the text."""
        self._scale = scale
        self._dress()

    def _dress(self) -> None:
        theme = self._theme
        colour = {"error": theme.backward, "warning": theme.warning}.get(self._kind, theme.accent)
        ground, name = blend(colour, theme.window, 0.1), self.objectName()
        self.setStyleSheet(
            f"#{name} {{ background: {ground}; border: none; border-top: 1px solid {theme.border};"
            f" border-left: 4px solid {colour}; }} #{name} QLabel {{ color: {theme.text}; }}"
        )
        pixels = round(16 * self._scale)
        self._sign.setPixmap(icon("warning", colour).pixmap(pixels, pixels))
        self._close.setIcon(icon("close", theme.text))
        self._close.setIconSize(QSize(pixels, pixels))
        gap = round(8 * self._scale**0.5)
        self._layout.setContentsMargins(gap + 4, gap, gap + 4, gap)
        self._layout.setSpacing(gap + 2)
