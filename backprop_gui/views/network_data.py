"""The data of the experiment as a small table to be typed into: inputs, then targets, a row per sample."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QTableView,
    QWidget,
)

from backprop_gui.present.network_picture import DataColumn, DataPicture

Index = QModelIndex | QPersistentModelIndex
_SIGNS = set("0123456789.,-−+")  # with one of these a number begins
_ROWS_SHOWN = 6


class DataModel(QAbstractTableModel):
    """The numbers of a `DataPicture`; a new one is asked for, never set."""

    cell_requested = Signal(str, str)  # own name, text as typed

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._picture: DataPicture | None = None

    def show_data(self, picture: DataPicture) -> None:
        """Show data; a table of the same size keeps its editor and its cursor."""
        before, self._picture = self._picture, picture
        same = (
            before is not None
            and before.columns == picture.columns
            and before.values.shape == picture.values.shape
        )
        if same:
            written = picture.form != before.form  # type: ignore[union-attr]
            if written or (picture.values != before.values).any():  # type: ignore[union-attr]
                rows, columns = picture.values.shape
                self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, columns - 1))
        else:
            self.beginResetModel()
            self.endResetModel()

    @property
    def columns(self) -> tuple[DataColumn, ...]:
        """What stands in each column."""
        return () if self._picture is None else self._picture.columns

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if self._picture is None or parent.isValid() else len(self._picture.values)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if self._picture is None or parent.isValid() else len(self._picture.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._picture is None or not index.isValid():
            return None
        column = self._picture.columns[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            text = self._picture.text(index.row(), index.column())
            return text if role == Qt.ItemDataRole.EditRole else text.replace("-", "−")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            text = self._picture.text(index.row(), index.column())
            return f"row {index.row() + 1}, {column.head}: {text}"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or self._picture is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        return self._picture.columns[section].head

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for a new number; whether it is taken is seen by what is shown next."""
        if self._picture is None or role != Qt.ItemDataRole.EditRole:
            return False
        if str(value).strip() == self._picture.text(index.row(), index.column()):
            return False
        self.cell_requested.emit(self._picture.columns[index.column()].name(index.row() + 1), str(value))
        return True


class DataTable(QTableView):
    """Type a number, Tab, the next number; behind the last one the keyboard goes on to what follows."""

    cell_requested = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataTable")
        self.setAccessibleName("Data: inputs and targets")
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.AnyKeyPressed | trigger.DoubleClicked | trigger.EditKeyPressed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self._refused = self._asking = False
        self._model = DataModel(self)
        self._model.cell_requested.connect(self._ask)
        self.setModel(self._model)

    def show_data(self, picture: DataPicture) -> None:
        """Show the rows; few columns share the width, many can be scrolled."""
        self._model.show_data(picture)
        few = len(picture.columns) <= 8
        mode = QHeaderView.ResizeMode.Stretch if few else QHeaderView.ResizeMode.Interactive
        if self.horizontalHeader().sectionResizeMode(0) != mode:
            self.horizontalHeader().setSectionResizeMode(mode)
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._model.index(0, 0))
        self.updateGeometry()

    def show_refused(self, refused: bool) -> None:
        """Whether the text that is being handed over is not taken."""
        self._refused = refused and self._asking

    def _ask(self, name: str, text: str) -> None:
        self._asking = True
        self.cell_requested.emit(name, text)
        self._asking = False

    def row(self) -> int:
        """The row with the cursor, from 0."""
        return max(self.currentIndex().row(), 0)

    def column(self) -> int:
        """The column with the cursor, from 0."""
        return max(self.currentIndex().column(), 0)

    def names_in(self, row: int) -> list[str]:
        """The own names of the numbers in a row, from 0."""
        return [column.name(row + 1) for column in self._model.columns]

    def selection_as_text(self) -> str:
        """The selected cells with all digits, in rows and tabs, as a spreadsheet takes them."""
        cells = sorted((index.row(), index.column()) for index in self.selectedIndexes())
        rows: dict[int, list[str]] = {}
        for row, column in cells or [(self.row(), self.column())]:
            rows.setdefault(row, []).append(self._model.index(row, column).data(Qt.ItemDataRole.EditRole))
        return "".join("\t".join(texts) + "\n" for texts in rows.values())

    def sizeHint(self) -> QSize:
        """Room for a few rows; more can be scrolled."""
        rows = min(max(self._model.rowCount(), 1), _ROWS_SHOWN)
        height = (
            self.horizontalHeader().sizeHint().height() + rows * self.rowHeight(0) + 2 * self.frameWidth()
        )
        return QSize(super().sizeHint().width(), height + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """What begins a number belongs to the table, also 1 to 6, which are step sizes elsewhere."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _begins(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter edits, Tab goes on; at either end it leaves the table."""
        index, last = (
            self.currentIndex(),
            self._model.index(self._model.rowCount() - 1, self._model.columnCount() - 1),
        )
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.state() != QAbstractItemView.State.EditingState:  # there it takes the number
                self.edit(index)
        elif event.key() == Qt.Key.Key_Tab and index == last:
            self.focusNextPrevChild(True)
        elif event.key() == Qt.Key.Key_Backtab and index == self._model.index(0, 0):
            self.focusNextPrevChild(False)
        elif event.text() and event.text() not in _SIGNS and event.key() not in _MOVES:
            event.ignore()  # letters are commands of the window
        else:
            super().keyPressEvent(event)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """A text that was refused stays; Tab in the last cell does not begin again at the first."""
        refused, self._refused = self._refused, False
        meant = hint not in (hint.NoHint, hint.RevertModelCache)
        if refused and meant and isinstance(editor, QLineEdit):
            editor.selectAll()
            return
        last = self._model.index(self._model.rowCount() - 1, self._model.columnCount() - 1)
        hints = QAbstractItemDelegate.EndEditHint
        at_end = hint == hints.EditNextItem and self.currentIndex() == last
        super().closeEditor(editor, hints.NoHint if at_end else hint)
        if at_end:
            self.focusNextPrevChild(True)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Qt would keep Tab within the table for good."""
        return QWidget.focusNextPrevChild(self, forward)


def _begins(event: QKeyEvent) -> bool:
    """Whether a key begins a number, or moves in the table."""
    return event.text() in _SIGNS or event.key() in _OWN_KEYS


_MOVES = {
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_F2,
}
_OWN_KEYS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End}
