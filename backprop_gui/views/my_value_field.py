"""The field for a number calculated by hand, below the result, and what is said of that number."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from backprop_gui.views.explain_panel import BelowResult
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.side_page import rich_text
from backprop_gui.views.theme import LIGHT, Theme

try:
    from PySide6.QtGui import QAccessibleAnnouncementEvent
except ImportError:  # Qt before 6.8
    QAccessibleAnnouncementEvent = None  # type: ignore[assignment,misc]

State = Literal["right", "near", "slip", "off"]
TEXT_PIXELS, CAPTION_PIXELS = 13.5, 12.0
FIELD_WIDTH = 150  # pixels at the usual text size
TIP = "Your own result: Enter says whether it agrees, and else where it differs"


class NumberLine(QLineEdit):
    """A line that gives the keyboard back on Esc."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class MyValueField(BelowResult):
    """A caption, a line to type in, and a sentence below it. It stands on a page about one number."""

    entered = Signal(str)
    cleared = Signal()  # what was typed is taken back, and nothing is said of it any more
    left = Signal()  # Esc: the keyboard may go back to where it came from

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("myValueField")
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._state: State | None = None
        self._caption = QLabel("My value", self)
        self.line = NumberLine(self)
        self.line.setObjectName("myValue")
        self.show_letters(True)
        self.line.setAccessibleName("My value")
        self._caption.setBuddy(self.line)
        self._verdict = QLabel(self)
        self._verdict.setObjectName("myValueVerdict")
        self._verdict.setWordWrap(True)
        self._verdict.setTextFormat(Qt.TextFormat.RichText)
        self._verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._verdict.hide()
        self.line.returnPressed.connect(self._enter)
        self.line.left.connect(self._leave)
        self.line.textEdited.connect(self._forget_verdict)
        self._set_looks()
        self.hide()

    def show_letters(self, on: bool) -> None:
        """Whether the key M leads here."""
        self.line.setToolTip(f"{TIP} (M)" if on else TIP)

    # --- being told ------------------------------------------------------------------------------

    def show_number(self, name: str, afresh: bool) -> None:
        """Stand beside the number called `name`, empty where it is another one; without a name, go."""
        if afresh:
            self.line.clear()
            self._say("", None)
        if name:
            self.line.setAccessibleName(f"My value of {name}")
        if self.isHidden() == bool(name):
            self.setVisible(bool(name))
            self.grown.emit()

    def show_verdict(self, sentence: str, state: State) -> None:
        """Say what comes of the comparison; names stand between asterisks."""
        self._say(sentence, state)
        said = sentence.replace("*", "")
        self.line.setAccessibleDescription(said)
        if QAccessibleAnnouncementEvent is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.line, said))

    def verdict(self) -> str:
        """The sentence that stands there; empty when nothing is said."""
        return self.line.accessibleDescription() if self._state is not None else ""

    def take_keyboard(self) -> None:
        """Be typed into, over what stands there."""
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._set_looks()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self._set_looks()
        self.grown.emit()

    def arrange(self, width: int) -> int:
        """Give every part its place in `width`; the height that is needed."""
        scale = self._scale
        high = max(self.line.sizeHint().height(), self._caption.sizeHint().height())
        caption = min(self._caption.sizeHint().width(), width // 2)
        gap = round(10 * scale)
        self._caption.setGeometry(QRect(0, 0, caption, high))
        room = min(round(FIELD_WIDTH * scale), max(40, width - caption - gap))
        self.line.setGeometry(QRect(caption + gap, 0, room, high))
        if self._verdict.isHidden():
            return high
        top = high + round(6 * scale)
        needed = self._verdict.heightForWidth(width)
        self._verdict.setGeometry(QRect(0, top, width, needed))
        return top + needed

    # --- inside ----------------------------------------------------------------------------------

    def _say(self, sentence: str, state: State | None) -> None:
        if (sentence, state) == (self._verdict.property("sentence"), self._state):
            return
        self._state = state
        self._verdict.setProperty("sentence", sentence)
        self._verdict.setText(rich_text(sentence))
        self._verdict.setVisible(bool(sentence))
        self._set_looks()
        self.grown.emit()

    def _set_looks(self) -> None:
        theme, scale = self._theme, self._scale
        colours = {"right": theme.good, "near": theme.warning, "slip": theme.text, "off": theme.text}
        set_look(self._caption, ui_font(CAPTION_PIXELS * scale), theme.muted)
        colour = colours[self._state] if self._state is not None else theme.text
        set_look(self._verdict, ui_font(TEXT_PIXELS * scale), colour)
        self.line.setFont(ui_font(TEXT_PIXELS * scale))

    def _enter(self) -> None:
        if self.line.text().strip():
            self.entered.emit(self.line.text())

    def _forget_verdict(self) -> None:
        if self._state is not None:
            self._say("", None)
            self.cleared.emit()

    def _leave(self) -> None:
        self.line.clear()
        self._forget_verdict()
        self.left.emit()
