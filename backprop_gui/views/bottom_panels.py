"""The tables at the right below the canvas, with their commands."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QToolButton, QWidget

from backprop_gui.views.tables import TableView
from backprop_gui.views.theme import Theme
from backprop_gui.views.wide_table import WideTableView


class TableTabs(QTabWidget):
    """The tables, and at the right of their tabs what can be done with the one that is shown."""

    export_requested = Signal(str)  # the object name of the table that is shown

    def __init__(self, copy: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setAccessibleName("Tables")
        self.tabBar().setUsesScrollButtons(True)
        self.gradient_table = self._add("gradientTable", "Gradient table")
        self.parameter_table = self._add("parameterTable", "Parameters")
        self.samples_table = WideTableView("Samples", self)  # a tab while there is more than one
        self.samples_table.setObjectName("samplesTable")
        self.samples_table.hide()
        self._copy = self._button("Copy")
        self._copy.setDefaultAction(copy)
        self._export = self._button("Export CSV…")
        self._export.setToolTip("Write the table that is shown as CSV")
        self._export.clicked.connect(self._request_export)
        self._corner = QWidget()
        layout = QHBoxLayout(self._corner)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(2)
        layout.addWidget(self._copy)
        layout.addWidget(self._export)
        self.setCornerWidget(self._corner)

    def table(self) -> TableView:
        """The table that is shown."""
        page = self.currentWidget()
        table = page if isinstance(page, TableView) else page.findChild(TableView)
        return table or self.gradient_table

    def title(self) -> str:
        """The name of the table that is shown."""
        return self.tabText(self.currentIndex())

    def show_samples(self, there: bool, remark: str = "") -> None:
        """Whether there is a tab for the samples of a batch, and what its table leaves out."""
        tab = self.indexOf(self.samples_table)
        if there and tab < 0:
            tab = self.addTab(self.samples_table, "Samples")
        elif not there and tab >= 0:
            self.removeTab(tab)
        if there:
            self.setTabToolTip(tab, remark)

    def copy_table(self) -> None:
        """Copy the whole table that is shown, whatever is selected in it."""
        self.table().clearSelection()
        self.table().copy_selection()

    def set_theme(self, theme: Theme) -> None:
        """The style sheet colours tabs and buttons; the tables are told by the window."""

    def set_text_scale(self, scale: float) -> None:
        """Let the gap at the edge grow with the text."""
        layout = self._corner.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, round(8 * scale), 0)

    def _add(self, name: str, title: str) -> TableView:
        table = TableView(title)
        table.setObjectName(name)
        self.addTab(table, title)
        return table

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("quiet", "true")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _request_export(self) -> None:
        self.export_requested.emit(self.table().objectName())
