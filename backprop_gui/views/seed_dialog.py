"""Another seed: the number, and the moment from which it is to hold."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.views.theme import Theme

INTRODUCTION = "The seed decides what is drawn by chance: one seed, one run, as often as you like."


class SeedDialog(QDialog):
    """Tells of the number as it is typed; changes nothing itself."""

    seed_requested = Signal(str, bool)  # the text; whether it holds from the iteration on screen on

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("seedDialog")
        self.setWindowTitle("Seed")
        self._field = QLineEdit()
        self._field.setObjectName("seed")
        self._field.setAccessibleName("Seed")
        self._anew = QRadioButton()
        self._anew.setObjectName("seedAnew")
        self._here = QRadioButton()
        self._here.setObjectName("seedFromHere")
        self._fault = QLabel()
        self._fault.setObjectName("seedFault")
        self._fault.setWordWrap(True)
        take, leave = QPushButton("Take this seed"), QPushButton("Cancel")
        for button in (take, leave):
            button.setIcon(QIcon())  # some desktops put stock icons on the buttons of dialogs
        take.setDefault(True)
        take.clicked.connect(self._request)
        leave.clicked.connect(self.reject)
        number, buttons = QHBoxLayout(), QHBoxLayout()
        number.addWidget(QLabel("Seed"))
        number.addWidget(self._field)
        number.addStretch(1)
        buttons.addStretch(1)
        buttons.addWidget(leave)
        buttons.addWidget(take)
        self._layout = layout = QVBoxLayout(self)
        introduction = QLabel(INTRODUCTION)
        introduction.setWordWrap(True)  # large text needs no wider window
        layout.addWidget(introduction)
        layout.addLayout(number)
        for widget in (self._anew, self._here, self._fault):
            layout.addWidget(widget)
        layout.addLayout(buttons)

    def show_seed(self, seed: int, iteration: str, draws: bool, shuffles: bool) -> None:
        """Show the seed in force and what another one would change.

        `draws` tells that initial values are drawn, `shuffles` that the order of the data is.
        """
        both = "other initial values and another order of the data"
        what = (
            both if draws and shuffles else "other initial values" if draws else "another order of the data"
        )
        self._anew.setText(f"From the beginning: {what}")
        learned = "another order of the data, what was learned stays"
        nothing = "nothing changes, the data is not shuffled"
        self._here.setText(f"From iteration {iteration} on: {learned if shuffles else nothing}")
        self._here.setEnabled(shuffles)
        (self._here if shuffles else self._anew).setChecked(True)
        self._field.setText(str(seed))
        self._field.selectAll()
        self._field.setFocus()
        self.show_fault("")

    def set_theme(self, theme: Theme) -> None:
        """The window's style sheet has the colours."""

    def set_text_scale(self, scale: float) -> None:
        """Space around text at `scale` times its plain size."""
        margin = round(18 * scale)
        self._layout.setContentsMargins(margin, margin, margin, round(14 * scale))
        self._layout.setSpacing(round(10 * scale))

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong with the number; an empty sentence: nothing."""
        self._fault.setText(sentence)
        self._fault.setVisible(bool(sentence))

    def fault(self) -> str:
        """What is said to be wrong."""
        return self._fault.text()

    def _request(self) -> None:
        self.seed_requested.emit(self._field.text(), self._here.isChecked())
