"""A race: its lanes, for how long, who is ahead, and how it ends. Stays beside the window while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.present.race import RacePicture
from backprop_gui.views.fields import ChoiceBox, CommittedEdit, CountBox
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.tables import TableView
from backprop_gui.views.theme import LIGHT, Theme

LANES = 4
SIZE = QSize(760, 470)
TEXT_PIXELS = 13.0
INTRODUCTION = (
    "All lanes start from the iteration on screen with the same parameters and get the same batches. "
    "Each becomes a branch."
)


class RaceDialog(QDialog):
    """Tells what is wanted as texts; changes nothing itself."""

    start_requested = Signal(list, int)  # of (kind, rate as it is typed), iterations
    stop_requested = Signal()
    threshold_requested = Signal(str)  # the loss all are measured by; empty: the one all have reached
    lane_requested = Signal(str)  # put this lane on screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("raceDialog")
        self.setWindowTitle("Race")
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._running = False
        self._ticks: list[QCheckBox] = []
        self._kinds: list[ChoiceBox] = []
        self._rates: list[CommittedEdit] = []
        self._signs: list[QLabel] = []
        self._introduction = self._words("raceIntroduction", INTRODUCTION)
        self._sentence = self._words("raceSentence", "")
        self._grid = QGridLayout()
        self._make_lanes()
        self._count = CountBox()
        self._count.setObjectName("raceCount")
        self._count.setAccessibleName("Iterations of the race")
        self._count.setMinimum(1)
        self._count.setSpecialValueText("")
        self._threshold = CommittedEdit()
        self._threshold.setObjectName("raceThreshold")
        self._threshold.setAccessibleName("Loss that all lanes are measured by")
        self._threshold.setToolTip("Empty: the loss that every lane has reached")
        self._threshold.committed.connect(self.threshold_requested)
        self._loss_label = QLabel("until the loss is at most")
        self._start = self._button("Start")
        self._start.setDefault(True)
        self._start.clicked.connect(self._start_or_stop)
        self.table = TableView("Ranking")
        self.table.setObjectName("raceTable")
        self.table.doubleClicked.connect(self._request_lane)
        self._show_lane = self._button("Put this lane on screen")
        self._show_lane.clicked.connect(self._request_lane)
        self._close = self._button("Close")
        self._close.clicked.connect(self.reject)
        self._lay_out()

    def _make_lanes(self) -> None:
        for place in range(LANES):
            tick = QCheckBox(f"Lane {place + 1}")
            tick.setObjectName(f"raceLane{place + 1}")
            kind = ChoiceBox(20)
            kind.setObjectName(f"raceOptimizer{place + 1}")
            kind.setAccessibleName(f"Optimizer of lane {place + 1}")
            rate = CommittedEdit()
            rate.setObjectName(f"raceRate{place + 1}")
            rate.setAccessibleName(f"Learning rate of lane {place + 1}")
            sign = QLabel("α")
            for column, widget in enumerate((tick, kind, sign, rate)):
                self._grid.addWidget(widget, place, column)
            self._ticks.append(tick)
            self._kinds.append(kind)
            self._rates.append(rate)
            self._signs.append(sign)
        self._grid.setColumnStretch(4, 1)

    def _lay_out(self) -> None:
        how_long = QHBoxLayout()
        how_long.addWidget(self._count)
        how_long.addWidget(QLabel("iterations"))
        how_long.addStretch(1)
        how_long.addWidget(self._start)
        measured = QHBoxLayout()
        measured.addWidget(self._loss_label)
        measured.addWidget(self._threshold)
        measured.addStretch(1)
        self._measured = QWidget()
        self._measured.setLayout(measured)
        measured.setContentsMargins(0, 0, 0, 0)
        buttons = QHBoxLayout()
        buttons.addWidget(self._show_lane)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self._introduction)
        self._layout.addLayout(self._grid)
        self._layout.addLayout(how_long)
        self._layout.addWidget(self._sentence)
        self._layout.addWidget(self.table, 1)
        self._layout.addWidget(self._measured)
        self._layout.addStretch(0)
        self._layout.addLayout(buttons)

    def _words(self, name: str, text: str) -> QLabel:
        label = QLabel(text)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setIcon(QIcon())  # some desktops put stock icons on the buttons of dialogs
        return button

    # --- being told -------------------------------------------------------------------------------

    def show_lanes(
        self, kinds: Sequence[tuple[str, str]], lanes: Sequence[tuple[str, str]], rate_sign: str
    ) -> None:
        """Offer optimisers as (kind, title) and fill the lanes with (kind, rate)."""
        for place in range(LANES):
            there = place < len(lanes)
            kind, rate = lanes[place] if there else lanes[-1]
            self._ticks[place].setChecked(there)
            self._kinds[place].show_choices(list(kinds), kind)
            self._rates[place].setText(rate)
            self._rates[place].show_text(rate)
            self._signs[place].setText(rate_sign)

    def show_count(self, count: int) -> None:
        """For how many iterations."""
        self._count.setValue(count)

    def show_race(self, picture: RacePicture) -> None:
        """How the race stands; a sentence alone where something is wrong."""
        self._running = picture.running
        self._sentence.setText(picture.sentence)
        self._sentence.setVisible(bool(picture.sentence))
        there = bool(picture.table.rows)
        for part in (self.table, self._measured, self._show_lane):
            part.setVisible(there)
        if there:
            self.table.show_table(picture.table)
        self._layout.setStretch(self._layout.indexOf(self._measured) + 1, 0 if there else 1)
        self._start.setText("Stop" if picture.running else "Start")
        for widget in (*self._ticks, *self._kinds, *self._rates, self._count):
            widget.setEnabled(not picture.running)
        self.setAccessibleDescription(picture.sentence)

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong; the ranking stays."""
        self._sentence.setText(sentence)
        self._sentence.setVisible(True)

    def sentence(self) -> str:
        """What is said of the race."""
        return self._sentence.text()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.table.set_theme(theme)

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self.table.set_text_scale(scale)
        margin = round(18 * scale)
        self._layout.setContentsMargins(margin, margin, margin, round(14 * scale))
        self._layout.setSpacing(round(8 * scale))
        self._grid.setHorizontalSpacing(round(10 * scale))
        self._sentence.setFont(ui_font(TEXT_PIXELS * scale, "semibold"))

    def size_for(self, window: QWidget) -> QSize:
        """Large enough to be read, and not larger than the window it belongs to."""
        return (SIZE * self._scale).boundedTo(QSize(window.width() - 40, window.height() - 60))

    # --- being asked ------------------------------------------------------------------------------

    def _start_or_stop(self) -> None:
        if self._running:
            self.stop_requested.emit()
            return
        lanes = [
            (str(kind.currentData()), rate.text())
            for tick, kind, rate in zip(self._ticks, self._kinds, self._rates, strict=True)
            if tick.isChecked()
        ]
        self._count.interpretText()
        self.start_requested.emit(lanes, self._count.value())

    def _request_lane(self) -> None:
        index = self.table.currentIndex()
        row = max(0, index.row())
        name = self.table.model().index(row, 1).data(Qt.ItemDataRole.EditRole)
        if name:
            self.lane_requested.emit(name)

    def reject(self) -> None:
        """Esc stops a race that runs, and closes the dialog otherwise."""
        if self._running:
            self.stop_requested.emit()
        else:
            super().reject()
