"""The gradients beside their finite differences, in a window of its own that can stay open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.present.pictures import CheckPicture
from backprop_gui.views.asking import Asking
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.tables import TableView
from backprop_gui.views.theme import LIGHT, Theme

SIZE = QSize(720, 560)
SENTENCE_PIXELS = 16.0


class CheckDialog(QDialog):
    """Shows a `CheckPicture`, or how far a check is. It does not stand in the way of the window."""

    check_requested = Signal()
    cancel_requested = Signal()
    cell_asked = Signal(object)  # identity and column of a number: why this number?
    row_activated = Signal(str)  # a parameter that was clicked, or Enter pressed on

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("checkDialog")
        self.setWindowTitle("Gradient check")
        self._theme, self._scale = LIGHT, 1.0
        self._picture: CheckPicture | None = None
        self._sentence = self._words("checkSentence")
        self._remarks = self._words("checkRemarks")
        self._remarks.setProperty("quiet", "true")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Progress of the check")
        self._bar.setTextVisible(False)
        self.table = TableView("Gradient check")
        self.table.setObjectName("checkTable")
        self.table.row_activated.connect(self.row_activated)
        self.table.can_ask = True
        self._asking = Asking(self.table, self.table.cell_at, self.table.current_point)
        self._asking.asked.connect(self.cell_asked)
        self._again = self._button("Check gradients", self.check_requested.emit)
        self._cancel = self._button("Cancel", self.cancel_requested.emit)
        self._copy = self._button("Copy table", self._copy_table)
        self._close = self._button("Close", self.reject)
        self._close.setDefault(True)
        self._lay_out()

    def _lay_out(self) -> None:
        self._layout = QVBoxLayout(self)
        self._buttons = QHBoxLayout()
        self._buttons.addWidget(self._copy)
        self._buttons.addStretch(1)
        for button in (self._again, self._cancel, self._close):
            self._buttons.addWidget(button)
        for part in (self._sentence, self._remarks, self._bar):
            self._layout.addWidget(part)
        self._layout.addWidget(self.table, 1)
        self._layout.addStretch(0)
        self._layout.addLayout(self._buttons)

    def _words(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _button(self, text: str, slot: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setIcon(QIcon())  # some desktops put stock icons on the buttons of dialogs
        button.clicked.connect(slot)
        return button

    # --- being told ------------------------------------------------------------------------------

    def show_picture(self, picture: CheckPicture) -> None:
        """Show a result, or that there is none any more."""
        self._picture = picture
        mark = "✓ " if picture.state == "good" else ""
        self._sentence.setText(mark + picture.sentence)
        self._remarks.setText("\n".join(picture.remarks))
        self._remarks.setVisible(bool(picture.remarks))
        self.setAccessibleDescription(" ".join((picture.sentence, *picture.remarks)))
        self.table.show_table(picture.table)
        self._show_parts(running=False, rows=bool(picture.table.rows))
        self._again.setVisible(not picture.table.rows)
        (self._close if picture.table.rows else self._again).setDefault(True)
        self._copy.setEnabled(bool(picture.table.rows))
        self._colour()

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Show how far a check is."""
        self._picture = None
        self._sentence.setText(text)
        self._remarks.hide()
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._again.hide()
        self._copy.setEnabled(False)
        self._show_parts(running=True, rows=False)
        self._colour()

    def _show_parts(self, running: bool, rows: bool) -> None:
        """What there is to see; the words stay at the top where there is no table."""
        self._bar.setVisible(running)
        self._cancel.setVisible(running)
        self.table.setVisible(rows)
        self._layout.setStretch(self._layout.indexOf(self.table) + 1, 0 if rows else 1)

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.table.set_theme(theme)
        self._colour()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self.table.set_text_scale(scale)
        margin = round(18 * scale)
        self._layout.setContentsMargins(margin, margin, margin, round(14 * scale))
        self._layout.setSpacing(round(8 * scale))
        self._buttons.setSpacing(round(8 * scale))
        self._sentence.setFont(ui_font(SENTENCE_PIXELS * scale, "semibold"))

    def size_for(self, window: QWidget) -> QSize:
        """Large enough to be read, and not larger than the window it belongs to."""
        return (SIZE * self._scale).boundedTo(QSize(window.width() - 40, window.height() - 60))

    def _colour(self) -> None:
        theme, state = self._theme, self._picture.state if self._picture else "stale"
        colour = {"good": theme.good, "bad": theme.backward}.get(state, theme.text)
        self._sentence.setStyleSheet(f"color: {colour};")

    # --- being asked -----------------------------------------------------------------------------

    def _copy_table(self) -> None:
        self.table.clearSelection()
        self.table.copy_selection()

    def hideEvent(self, event: QHideEvent) -> None:
        """Who closes it does not wait for the rest."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.cancel_requested.emit()
