"""The two tables of the data dialog: a row per column of the file, and the first rows as they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont

from backprop_gui.experiment.csv_preview import Preview
from backprop_gui.views.theme import Theme

Index = QModelIndex | QPersistentModelIndex
TARGET = "targets"
UNUSED = ""
NOTHING = QModelIndex()


class RolesModel(QAbstractTableModel):
    """Each column of the file with a box for every input of the network and one for the targets.

    A column has one role at most: checking a box clears the other one.
    """

    role_requested = Signal(int, str)  # column of the file; input's name, TARGET or UNUSED

    def __init__(self, inputs: Sequence[str]) -> None:
        super().__init__()
        self._roles = [*inputs, TARGET]
        titles = [f"Input {name}" for name in inputs] if len(inputs) > 1 else ["Input"]
        self._titles = ["Column", "Holds", *titles, "Target"]
        self._preview: Preview | None = None
        self._chosen: list[str] = []

    def show_roles(self, preview: Preview | None, chosen: Sequence[str]) -> None:
        """Show the columns of a file, and what each is used as."""
        self.beginResetModel()
        self._preview, self._chosen = preview, list(chosen)
        self.endResetModel()

    def show_role(self, column: int, role: str) -> None:
        """Show that one column is used otherwise."""
        self._chosen[column] = role
        self.dataChanged.emit(self.index(column, 0), self.index(column, len(self._titles) - 1))

    def rowCount(self, parent: Index = NOTHING) -> int:
        """A row for each column of the file."""
        return 0 if parent.isValid() or self._preview is None else len(self._preview.columns)

    def columnCount(self, parent: Index = NOTHING) -> int:
        """Name, content, and a column of boxes for each role."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles above the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Boxes can be checked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() >= 2 else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name and content as text, roles as boxes."""
        assert self._preview is not None
        column = self._preview.columns[index.row()]
        if index.column() < 2:
            if role == Qt.ItemDataRole.DisplayRole:
                return column.name or f"column {index.row() + 1}" if index.column() == 0 else _content(column)
            return None
        name = self._roles[index.column() - 2]
        checked = self._chosen[index.row()] == name
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.AccessibleTextRole:
            used = "is" if checked else "is not"
            return f"{column.name} {used} {'a target' if name == TARGET else f'of input {name}'}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another role; who decides shows it."""
        if role != Qt.ItemDataRole.CheckStateRole or index.column() < 2:
            return False
        wanted = Qt.CheckState(value) == Qt.CheckState.Checked
        self.role_requested.emit(index.row(), self._roles[index.column() - 2] if wanted else UNUSED)
        return True


def _content(column: Any) -> str:
    """What stands in a column, in a few words."""
    if column.numeric:
        return "numbers"
    return f"{len(column.values)} classes" if column.may_be_classes else "text"


class RowsModel(QAbstractTableModel):
    """The first rows as text; what is not used is dimmed, targets are bold."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._muted = QColor(theme.muted)
        self._preview: Preview | None = None
        self._chosen: list[str] = []

    def show_rows(self, preview: Preview | None, chosen: Sequence[str]) -> None:
        """Show the first rows of a file, and what each of its columns is used as."""
        self.beginResetModel()
        self._preview, self._chosen = preview, list(chosen)
        self.endResetModel()

    def rowCount(self, parent: Index = NOTHING) -> int:
        """The rows that were looked at."""
        return 0 if parent.isValid() or self._preview is None else len(self._preview.rows)

    def columnCount(self, parent: Index = NOTHING) -> int:
        """The columns of the file."""
        return 0 if parent.isValid() or self._preview is None else len(self._preview.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Names above, numbers of rows at the side."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole or self._preview is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        return self._preview.columns[section].name or f"column {section + 1}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell, in the look of its column's role."""
        assert self._preview is not None
        used = self._chosen[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            row = self._preview.rows[index.row()]
            return row[index.column()] if index.column() < len(row) else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and used == UNUSED:
            return self._muted
        if role == Qt.ItemDataRole.FontRole and used == TARGET:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return None
