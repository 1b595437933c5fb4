"""A race: its lanes, for how long, who is ahead, and how it ends. Stays beside the window while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
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
from backprop_gui.views.branches_table import LinedTable
from backprop_gui.views.fields import ChoiceBox, CommittedEdit, CountBox
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.tables import ROW_HEIGHT
from backprop_gui.views.theme import LIGHT, Theme

LANES = 4
SPARE = 6  # below the last row of the ranking
WIDTH = 720
AWAY = QPoint(24, 84)  # from the corner of the window
TEXT_PIXELS = 13.0
NUMBER_PIXELS = 96.0
INTRODUCTION = (
    "All lanes start at the iteration on screen, with the same parameters, and get the same batches."
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
        self._threshold.setToolTip("Empty: the lowest loss that every lane has reached")
        self._threshold.committed.connect(self.threshold_requested)
        self._start = self._button("Start")
        self._start.setDefault(True)
        self._start.clicked.connect(self._start_or_stop)
        self.table = LinedTable("Ranking")
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
        measured.addWidget(QLabel("Who is first with a loss of at most"))
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
        self._layout.addWidget(self.table)
        self._layout.addWidget(self._measured)
        self._layout.addStretch(1)
        self._layout.addSpacing(6)
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
        self._say(picture.sentence)
        there = bool(picture.table.rows)
        for part in (self.table, self._measured, self._show_lane):
            part.setVisible(there)
        if there:
            self.table.show_table(picture.table)
            self._threshold.setPlaceholderText(picture.usual)
            self._fit_table()
        self._start.setText("Stop" if picture.running else "Start")
        for widget in (*self._ticks, *self._kinds, *self._rates, self._count):
            widget.setEnabled(not picture.running)
        self._grow()

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong; the ranking stays."""
        self._say(sentence, fault=True)
        self._grow()

    def _say(self, sentence: str, fault: bool = False) -> None:
        font = ui_font(TEXT_PIXELS * self._scale, "semibold")
        set_look(self._sentence, font, self._theme.warning if fault else self._theme.text)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self.setAccessibleDescription(sentence)

    def sentence(self) -> str:
        """What is said of the race."""
        return self._sentence.text()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.table.set_theme(theme)
        self._say(self._sentence.text())

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self.table.set_text_scale(scale)
        margin = round(18 * scale)
        self._layout.setContentsMargins(margin, margin, margin, round(14 * scale))
        self._layout.setSpacing(round(8 * scale))
        self._grid.setHorizontalSpacing(round(10 * scale))
        self._say(self._sentence.text())
        for field in (self._threshold, self._count):
            field.setMinimumWidth(round(NUMBER_PIXELS * scale))
        self._fit_table()
        if self.isVisible():
            self.resize(max(self.width(), self._wanted_width()), self.height())
        self._grow()

    def _wanted_width(self) -> int:
        window = self.parentWidget()
        room = window.width() - 40 if window is not None else WIDTH
        return min(round(WIDTH * self._scale), room)

    def stand_beside(self, window: QWidget) -> None:
        """Take a place at the upper right, away from the loss plot."""
        self.resize(self._wanted_width(), 1)
        self._grow()
        corner = window.mapToGlobal(QPoint(window.width(), 0))
        self.move(corner.x() - self.width() - AWAY.x(), corner.y() + AWAY.y())

    def _fit_table(self) -> None:
        """All lanes are seen at once."""
        height = self.table.horizontalHeader().height() + ROW_HEIGHT * self._scale * LANES
        self.table.setFixedHeight(round(height) + SPARE)

    def _grow(self) -> None:
        """Be as high as what there is to show."""
        height = self._layout.totalHeightForWidth(self.width())
        if self.height() < height:
            self.resize(self.width(), height)

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """T stops a race as it stops training in the window; the fields are shut meanwhile."""
        if self._running and event.key() == Qt.Key.Key_T and not event.modifiers():
            self.stop_requested.emit()
        else:
            super().keyPressEvent(event)

    def reject(self) -> None:
        """Esc stops a race that runs, and closes the dialog otherwise."""
        if self._running:
            self.stop_requested.emit()
        else:
            super().reject()
