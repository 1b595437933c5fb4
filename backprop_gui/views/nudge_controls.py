"""What the nudge bench is worked with: which number, how far, a slider; keep it or take it back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from backprop_gui.views.fields import ChoiceBox, CommittedEdit
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.theme import LIGHT, Theme

TEXT_PIXELS = 12.5
MOST_NAME = 9  # characters of the picker
PER_DECADE, DECADES = 8, 6  # of the slider, on either side: 1e-6 to 1


def step_at(position: int) -> float:
    """The nudge at a place of the slider: by powers of ten on either side of 0, in two digits."""
    if position == 0:
        return 0.0
    exponent = (abs(position) - 1) / PER_DECADE - DECADES
    return math.copysign(float(f"{10.0**exponent:.1e}"), position)


def position_of(step: float) -> int:
    """The place of the slider for a nudge; its ends stand for all that lies beyond them."""
    if step == 0 or not math.isfinite(step):
        return 0
    place = round((math.log10(abs(step)) + DECADES) * PER_DECADE) + 1
    return int(math.copysign(min(max(place, 1), PER_DECADE * DECADES + 1), step))


class NudgeSlider(QSlider):
    """From −1 over 0 to +1; ↑ and ↓ move it, the wheel leaves it alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        most = PER_DECADE * DECADES + 1
        self.setRange(-most, most)
        self.setPageStep(PER_DECADE)
        self.setProperty("centred", "true")

    def paintEvent(self, event: QPaintEvent) -> None:
        """The middle is marked: there nothing is nudged."""
        painter = QPainter(self)
        middle = self.rect().center()
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 2))
        painter.drawLine(middle.x(), middle.y() - 7, middle.x(), middle.y() + 7)
        painter.end()
        super().paintEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling past changes nothing."""
        event.ignore()


class NudgeControls(QWidget):
    """Shows which number is nudged how far, and asks for another."""

    leaf_requested = Signal(object)  # the quantity to be nudged
    step_requested = Signal(float)
    typed = Signal(str)  # a nudge as it was typed
    keep_requested = Signal()
    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._keep = "", "Keep"
        self._choices: Sequence[tuple[object, str]] = ()
        self._size = 0.01  # that − and + go by
        self.picker = ChoiceBox(MOST_NAME)
        self.field = CommittedEdit()
        self.down, self.up = QPushButton("−"), QPushButton("+")
        self.slider = NudgeSlider()
        self.keep, self.reset = QPushButton("Keep"), QPushButton("Reset")
        self._by = QLabel("by")
        self._name_parts()
        self._lay_out()
        self._connect()
        self.show_look(LIGHT, 1.0)

    def _name_parts(self) -> None:
        self.picker.setAccessibleName("What is nudged")
        self.picker.setToolTip("What is nudged; a click on a weight in the network picks it too")
        self.field.setObjectName("nudgeField")
        self.field.setAccessibleName("Nudge h")
        self.field.setToolTip("How far: 0.01, 1/100 or −2e−3")
        self.slider.setObjectName("nudgeSlider")
        self.slider.setAccessibleName("Nudge, by powers of ten on either side of zero")
        self.slider.setToolTip("How far, from −1 over 0 to 1; ↑ and ↓ move it")
        self.down.setAccessibleName("Nudge down")
        self.up.setAccessibleName("Nudge up")
        self.keep.setObjectName("nudgeKeep")
        self.keep.setToolTip("Set it for good; Ctrl+Z takes that back")
        self.reset.setObjectName("nudgeReset")
        self.reset.setAccessibleName("Reset the nudge")
        self.reset.setToolTip("Back to where it was (Esc)")
        for control in (self.down, self.up, self.keep, self.reset):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        self._above, between, below = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (self._above, between, below):
            row.setSpacing(6)
        for widget in (self.picker, self._by, self.field, self.down, self.up):
            self._above.addWidget(widget)
        self._above.addStretch(1)
        between.addWidget(self.slider, 1)
        self._between = between
        below.addWidget(self.keep)
        below.addWidget(self.reset)
        below.addStretch(1)
        for place, row in enumerate((self._above, between, below)):
            grid.addLayout(row, place, 0)

    def _connect(self) -> None:
        self.picker.chosen.connect(self.leaf_requested)
        self.field.committed.connect(self.typed)
        self.slider.valueChanged.connect(self._slid)
        self.down.clicked.connect(self._go_down)
        self.up.clicked.connect(self._go_up)
        self.keep.clicked.connect(self.keep_requested)
        self.reset.clicked.connect(self.reset_requested)

    # --- being told ------------------------------------------------------------------------------

    def show_leaf(self, choices: Sequence[tuple[object, str]], leaf: object) -> None:
        """Show what can be nudged, and what is."""
        if choices != self._choices:
            self._choices = choices
            self.picker.show_choices(list(choices), leaf)
        else:  # hundreds of them would be slow to look through one by one
            places = [place for place, (each, _) in enumerate(choices) if each == leaf]
            self.picker.setCurrentIndex(places[0] if places else -1)

    def show_step(self, step: float, text: str, keep: str) -> None:
        """Show how far it is nudged, and what Keep would make of it."""
        self._text = text
        if step:
            self._size = abs(step)
        self.field.show_text(text)
        if step_at(self.slider.value()) != step:
            with QSignalBlocker(self.slider):
                self.slider.setValue(position_of(step))
        self._keep = keep
        self.keep.setAccessibleName(keep)
        for button in (self.keep, self.reset):
            button.setEnabled(bool(step))

    def fit(self, width: int) -> None:
        """Make do with `width`: − and + beside the slider, and fewer words on the button."""
        metrics, buttons = self.fontMetrics(), (self.down, self.up)
        needed = [each.sizeHint().width() for each in (self.picker, self._by, self.field, *buttons)]
        row = self._above if sum(needed) + 6 * len(needed) <= width else self._between
        if row.indexOf(self.down) < 0:
            for place, button in enumerate(buttons):
                row.insertWidget(3 + place if row is self._above else 2 * place, button)
        self.keep.setText("Keep")
        room = width - self.reset.sizeHint().width() - self.keep.sizeHint().width() - 6
        if (
            metrics.horizontalAdvance(self._keep) - metrics.horizontalAdvance("Keep")
            < room - metrics.height()
        ):
            self.keep.setText(self._keep)

    def restore(self) -> None:
        """Show the nudge in force again, in place of what was typed."""
        self.field.setText(self._text)

    def show_look(self, theme: Theme, scale: float) -> None:
        """The colours of `theme`; the style sheet scales all but the small word."""
        set_look(self._by, ui_font(TEXT_PIXELS * scale), theme.muted)

    # --- being asked -----------------------------------------------------------------------------

    def _slid(self, position: int) -> None:
        self.step_requested.emit(step_at(position))

    def _go_down(self) -> None:
        self.step_requested.emit(-self._size)

    def _go_up(self) -> None:
        self.step_requested.emit(self._size)
