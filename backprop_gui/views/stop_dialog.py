"""On what training is to stop by itself: a list of conditions to be ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from PySide6.QtCore import Signal
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

from backprop_gui.present.stopping import ConditionRow
from backprop_gui.views.fields import CommittedEdit

ALWAYS = "A number that is not finite always stops training. How many updates it makes stands beside Train."


class StopDialog(QDialog):
    """Tells of the ticked conditions whenever one changes."""

    conditions_requested = Signal(list)  # of their kinds, each with what stands in its field

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stopDialog")
        self.setWindowTitle("Stop training when …")
        self._rows: tuple[ConditionRow, ...] = ()
        self._ticks: list[QCheckBox] = []
        self._fields: list[CommittedEdit | None] = []
        self._grid = QGridLayout()
        self._grid.setColumnStretch(3, 1)
        self._fault = self._words("stopFault")
        self._fault.hide()
        self._always = self._words("stopAlways")
        self._always.setText(ALWAYS)
        self._always.setProperty("quiet", "true")
        self._close = close = QPushButton("Close")
        close.setIcon(QIcon())
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        self._layout = layout = QVBoxLayout(self)
        self.set_text_scale(1.0)
        layout.addLayout(self._grid)
        layout.addWidget(self._fault)
        layout.addWidget(self._always)
        layout.addStretch(1)
        layout.addLayout(buttons)

    def show_rows(self, rows: Sequence[ConditionRow], on: Mapping[str, str], possible: Sequence[str]) -> None:
        """Show the conditions; `on` holds those in force by kind, with what stands in the field.

        Kinds that are not `possible` in this network can't be ticked.
        """
        if tuple(rows) != self._rows:
            self._make(tuple(rows))
        for row, tick, field in zip(self._rows, self._ticks, self._fields, strict=True):
            tick.setChecked(row.kind in on)
            tick.setEnabled(row.kind in possible)
            if field is not None:
                field.show_text(on.get(row.kind) or field.text() or row.value)
                field.setEnabled(row.kind in possible)

    def set_text_scale(self, scale: float) -> None:
        """Space around text at `scale` times its plain size."""
        margin = round(18 * scale)
        self._layout.setContentsMargins(margin, margin, margin, round(14 * scale))
        self._layout.setSpacing(round(10 * scale))

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong with a condition; an empty sentence: nothing."""
        self._fault.setText(sentence)
        self._fault.setVisible(bool(sentence))
        if sentence:
            self._layout.activate()
            self.resize(self.width(), max(self.height(), self._layout.totalHeightForWidth(self.width())))

    def fault(self) -> str:
        """What is said to be wrong."""
        return self._fault.text()

    def _make(self, rows: tuple[ConditionRow, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        self._rows, self._ticks, self._fields = rows, [], []
        for place, row in enumerate(rows):
            tick = QCheckBox(row.before)
            tick.setObjectName(f"stop.{row.kind}")
            tick.clicked.connect(self._tell)
            self._ticks.append(tick)
            self._grid.addWidget(tick, place, 0)
            field = None
            if row.value:
                field = CommittedEdit()
                field.setObjectName(f"stopValue.{row.kind}")
                field.setAccessibleName(f"{row.before} … {row.behind}".strip(" …"))
                field.committed.connect(self._take)
                field.left.connect(tick.setFocus)  # where Esc closes the dialog
                self._grid.addWidget(field, place, 1)
                self._grid.addWidget(QLabel(row.behind), place, 2)
            self._fields.append(field)
        self._in_order()

    def _in_order(self) -> None:
        """Tab goes row by row, from the first tick on, and ends at the button."""
        order = [w for pair in zip(self._ticks, self._fields, strict=True) for w in pair if w is not None]
        for before, behind in pairwise([*order, self._close]):
            QWidget.setTabOrder(before, behind)

    def begin(self) -> None:
        """The keyboard begins at the first condition that is in force, else at the first."""
        on = [tick for tick in self._ticks if tick.isChecked()]
        (on or self._ticks)[0].setFocus()
        self.adjustSize()

    def _take(self, _text: str) -> None:
        """Who types a value means the condition."""
        field = self.sender()
        for own, tick in zip(self._fields, self._ticks, strict=True):
            if own is field and own is not None:
                tick.setChecked(True)
        self._tell()

    def _tell(self) -> None:
        wanted = [
            (row.kind, field.text() if field is not None else "")
            for row, tick, field in zip(self._rows, self._ticks, self._fields, strict=True)
            if tick.isChecked()
        ]
        self.conditions_requested.emit(wanted)

    def _words(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        return label
