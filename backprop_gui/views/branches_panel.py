"""Branches: all runs at the left, at the right what differs between the chosen one and the run on screen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QToolButton, QVBoxLayout, QWidget

from backprop_gui.present.branches import BranchesPicture
from backprop_gui.views.branches_table import BranchTable
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.plot_parts import Readout
from backprop_gui.views.tables import TableView
from backprop_gui.views.theme import LIGHT, Theme

TEXT_PIXELS = 12.0


class BranchesPanel(QWidget):
    """Shows the runs and the differences; its table asks for going, renaming, forgetting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Branches")
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._picture: BranchesPicture | None = None
        self.table = BranchTable()
        self.differences = TableView("Differences")
        self.differences.setObjectName("differenceTable")
        self._sentence = Readout()
        self._sentence.setObjectName("branchSentence")
        self._go = self._button("Go there", "Put this run on screen (Enter)")
        self._rename = self._button("Rename", "Give it a name of your own (F2)")
        self._forget = self._button("Forget", "Let this run go (Delete)")
        self._go.clicked.connect(self._request_go)
        self._rename.clicked.connect(self.table.rename_here)
        self._forget.clicked.connect(self._request_forget)
        self._lay_out()
        self.setFocusProxy(self.table)

    def _lay_out(self) -> None:
        self._tools = QHBoxLayout()
        self._tools.addWidget(self._sentence, 1)
        for button in (self._go, self._rename, self._forget):
            self._tools.addWidget(button)
        self._halves = QSplitter(Qt.Orientation.Horizontal)
        self._halves.setChildrenCollapsible(False)
        self._halves.setHandleWidth(1)
        self._halves.addWidget(self.table)
        self._halves.addWidget(self.differences)
        self._halves.setStretchFactor(0, 3)
        self._halves.setStretchFactor(1, 2)
        self._halves.setSizes([600, 400])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tools)
        layout.addWidget(self._halves, 1)

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setProperty("quiet", "true")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    # --- being told -------------------------------------------------------------------------------

    def show_branches(self, picture: BranchesPicture) -> None:
        """Show the runs, and the chosen one against the run on screen."""
        self._picture = picture
        self.table.show_table(picture.table)
        self.table.show_chosen(picture.chosen)
        self._sentence.setText(picture.sentence)
        self._sentence.setToolTip(picture.sentence)
        self.differences.show_table(picture.differences)
        self.differences.setVisible(bool(picture.differences.rows))
        is_other = picture.chosen not in ("", picture.table.lit)
        self._go.setEnabled(is_other)
        self._forget.setEnabled(is_other)
        self._rename.setEnabled(bool(picture.chosen))
        self.setAccessibleDescription(picture.sentence)

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._dress()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self._dress()

    def _dress(self) -> None:
        theme, scale = self._theme, self._scale
        for table in (self.table, self.differences):
            table.set_theme(theme)
            table.set_text_scale(scale)
        set_look(self._sentence, ui_font(TEXT_PIXELS * scale), theme.muted)
        pad = round(8 * scale)
        self._tools.setContentsMargins(pad, 0, pad, 0)
        self._tools.setSpacing(2)

    # --- being asked ------------------------------------------------------------------------------

    def _request_go(self) -> None:
        self.table.go_requested.emit(self.table.chosen())

    def _request_forget(self) -> None:
        self.table.forget_requested.emit(self.table.chosen())
