"""The tables of the window: gradients, parameters, samples, history."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPalette,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTableView,
    QToolTip,
    QWidget,
)

from backprop_gui.present.pictures import TablePicture
from backprop_gui.views.asking import with_why
from backprop_gui.views.table_model import TableModel
from backprop_gui.views.table_parts import (
    CellDelegate,
    ColumnHead,
    ColumnWidths,
    elided,
    fitted,
)
from backprop_gui.views.theme import LIGHT, Theme

Index = QModelIndex | QPersistentModelIndex

ROW_HEIGHT = 27
MOST_COPIED = 20_000  # rows
MEASURED_ROWS = 60  # rows looked at for the widths of the columns


class TableView(QTableView):
    """Shows a `TablePicture`; moves by ↑ ↓ Tab, and leaves all other keys to the window."""

    row_activated = Signal(str)  # identity of a row that was clicked, or Enter pressed on
    cell_activated = Signal(str, str)  # the same with the column's key
    edit_requested = Signal(str, str, str)  # identity, column key, typed text
    edit_left = Signal()  # Esc closed the field of a cell
    head = ColumnHead
    can_ask = False  # whether its cells can be asked where their numbers come from

    def __init__(self, name: str = "Table", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._widths = ColumnWidths()
        self._model = TableModel(self)
        self._cells = CellDelegate(self)
        self._head = self.head(self)
        self.setAccessibleName(name)
        self.setModel(self._model)
        self.setItemDelegate(self._cells)
        self.setHorizontalHeader(self._head)
        self._set_behaviour()
        self._cells.edit_requested.connect(self._request_edit)
        self._refused = False  # what was typed into the open field
        self._return = QTimer(self)
        self._return.setSingleShot(True)
        self._return.setInterval(0)
        self._return.timeout.connect(self._take_keyboard)
        self._model.modelReset.connect(self._start_anew)
        self._model.lit_row_found.connect(self._keep_visible)
        self.clicked.connect(self._activate)
        self.set_theme(self._theme)
        self.set_text_scale(self._scale)

    def _set_behaviour(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._head.setMinimumSectionSize(1)
        self.setSortingEnabled(True)

    # --- being told ------------------------------------------------------------------------------

    def show_table(self, picture: TablePicture) -> None:
        """Show this picture; rows that stay are changed in place."""
        lit_before = self._model.lit, self._model.lit_column
        self._model.show(picture, self._visible_rows())
        self._lay_out_columns()
        if (self._model.lit, self._model.lit_column) != lit_before:
            self._keep_lit_visible()  # the columns may have grown since its row was found
            self.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = self._cells.theme = self._head.theme = theme
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(theme.window))
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.window))
        palette.setColor(QPalette.ColorRole.Text, QColor(theme.text))
        self.setPalette(palette)
        self.viewport().update()
        self._head.viewport().update()

    def set_text_scale(self, scale: float) -> None:
        """Text and rows at `scale` times their plain size."""
        self._scale = scale
        self._cells.show_scale(scale)
        self._head.show_scale(scale)
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(round(ROW_HEIGHT * scale))
        self.verticalScrollBar().setSingleStep(round(ROW_HEIGHT * scale))
        self._widths.forget()
        self._lay_out_columns()
        self.viewport().update()

    def _start_anew(self) -> None:
        self._head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._widths.forget()

    def _keep_visible(self, row: int) -> None:
        if self.state() != QAbstractItemView.State.EditingState:
            self.executeDelayedItemsLayout()  # new rows can only be scrolled to when they have a place
            cell = self._model.index(row, self._model.lit_section())
            self.scrollTo(cell, QAbstractItemView.ScrollHint.EnsureVisible)

    # --- widths ----------------------------------------------------------------------------------

    def _visible_rows(self) -> range:
        """The rows on screen, those half hidden too; none while the table is behind another tab."""
        if not self.isVisible():
            return range(0)
        height = self.viewport().height()
        first = max(0, self.rowAt(0))
        last = self.rowAt(height - 1)
        return range(first, (self._model.rowCount() if last < 0 else last + 1))

    def _lay_out_columns(self) -> None:
        columns = self._model.columns
        rows = self._visible_rows()[:MEASURED_ROWS]
        texts = [self._model.row(row).texts for row in rows]
        natural = self._widths.measure(columns, texts, self._scale)
        least = self._least_widths(natural)
        for section, width in enumerate(fitted(natural, least, self.viewport().width())):
            if self.columnWidth(section) != width:
                self.setColumnWidth(section, width)

    def _least_widths(self, natural: list[float]) -> list[float]:
        """How narrow the columns may become where there is not room enough for all of them."""
        return [min(want, 64.0 * self._scale) for want in natural]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay_out_columns()
        self._keep_lit_visible()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_columns()
        self._keep_lit_visible()

    def _keep_lit_visible(self) -> None:
        if self._model.lit_row() >= 0:
            self._keep_visible(self._model.lit_row())

    # --- keys and mouse --------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.state() != QAbstractItemView.State.EditingState:  # there it takes what was typed
                self._enter(self.currentIndex())
        elif _is_own(event):
            super().keyPressEvent(event)
        else:
            event.ignore()  # ← → Space Page Home End belong to the window

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab walks along the cells of the row, and on to the next control at its end."""
        current = self.currentIndex()
        beside = current.siblingAtColumn(current.column() + (1 if forward else -1))
        if not beside.isValid():
            return super().focusNextPrevChild(forward)
        self.selectionModel().setCurrentIndex(beside, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        return True

    def _enter(self, index: QModelIndex) -> None:
        """Enter edits what can be edited, and names the row everywhere else."""
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
        else:
            self._activate(index)

    def _activate(self, index: QModelIndex) -> None:
        if index.isValid():
            identity = self._model.row(index.row()).identity
            self.row_activated.emit(identity)
            self.cell_activated.emit(identity, self._model.columns[index.column()].key)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos()) if self.can_ask else None
            tip = with_why(self._tip(event.pos()), cell is not None)
            QToolTip.showText(event.globalPos(), tip, self.viewport())
            return True
        return super().viewportEvent(event)

    def cell_at(self, position: QPoint) -> tuple[str, str] | None:
        """Identity and column key of the cell at a point of the viewport."""
        index = self.indexAt(position)
        if not index.isValid():
            return None
        return self._model.row(index.row()).identity, self._model.columns[index.column()].key

    def current_point(self) -> QPoint | None:
        """The middle of the cell the keyboard is at, on the viewport."""
        rect = self.visualRect(self.currentIndex())
        return rect.center() if rect.isValid() else None

    def _tip(self, position: QPoint) -> str:
        """All digits, or the text that had no room."""
        index = self.indexAt(position)
        if not index.isValid():
            return ""
        tip = index.data(Qt.ItemDataRole.ToolTipRole)
        if tip:
            return str(tip)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        column = self._model.columns[index.column()]
        room = self.columnWidth(index.column()) - 2 * self._cells.padding()
        return text if elided(text, column, QFontMetrics(self._cells.font), room) != text else ""

    # --- editing ---------------------------------------------------------------------------------

    def show_refused(self) -> None:
        """What was typed is not taken: the field stays open with it. Why is told by who refuses."""
        self._refused = True

    def _request_edit(self, identity: str, column: str, text: str) -> None:
        self._refused = False
        self.edit_requested.emit(identity, column, text)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Tab goes on to the next cell that can be edited; a refused text keeps its field."""
        ends = QAbstractItemDelegate.EndEditHint
        if hint == ends.RevertModelCache:
            self._refused = False
            super().closeEditor(editor, ends.NoHint)
            self.edit_left.emit()
        elif self._refused:
            self._refused = False
            self._cells.show_refused(editor)
            self._return.start()
        else:
            step = {ends.EditNextItem: 1, ends.EditPreviousItem: -1}.get(hint, 0)
            here = self.currentIndex()
            super().closeEditor(editor, hint if not step else ends.NoHint)
            following = self._editable_beside(here, step) if step else QModelIndex()
            if following.isValid():
                self.setCurrentIndex(following)
                self.edit(following)

    def _editable_beside(self, here: QModelIndex, step: int) -> QModelIndex:
        """The next cell that can be edited, along the rows and from one to the next; invalid at the end."""
        width = max(1, self._model.columnCount())
        place = here.row() * width + here.column() + step
        if not any(column.editable for column in self._model.columns):
            return QModelIndex()
        while 0 <= place < self._model.rowCount() * width:
            index = self._model.index(place // width, place % width)
            if index.flags() & Qt.ItemFlag.ItemIsEditable:
                return index
            place += step
        return QModelIndex()

    def _take_keyboard(self) -> None:
        """Back into the field whose text was refused."""
        fields = [field for field in self.viewport().findChildren(QLineEdit) if field.isVisible()]
        if fields:
            fields[0].setFocus()
            fields[0].selectAll()

    def cells_from_here(self, most: int) -> tuple[list[str], list[str], str]:
        """For pasting: `most` rows from the current one on, the columns one can edit, the current one."""
        here = self.currentIndex()
        first = max(0, here.row())
        rows = range(first, min(first + most, self._model.rowCount()))
        columns = [column.key for column in self._model.columns if column.editable]
        current = self._model.columns[here.column()].key if here.isValid() else ""
        return [self._model.row(row).identity for row in rows], columns, current

    # --- copying ---------------------------------------------------------------------------------

    def copy_selection(self) -> None:
        """The selected cells with all digits, tab-separated, to the clipboard; all when none is selected.

        Whole rows bring the heads of the columns along.
        """
        stretches = self.selectionModel().selection().toList()
        rows = sum(each.height() for each in stretches) or self._model.rowCount()
        if rows > MOST_COPIED:  # making as many would hold the window up
            told = f"{rows:,} rows are too many to copy; Export CSV… writes them to a file"
            QToolTip.showText(self.mapToGlobal(self.rect().topRight()), told, self)
            return
        QGuiApplication.clipboard().setText(self.selection_as_text())

    def selection_as_text(self) -> str:
        """What `copy_selection` copies."""
        columns = range(self._model.columnCount())
        cells: dict[int, set[int]] = {}
        for stretch in self.selectionModel().selection().toList():
            for row in range(stretch.top(), stretch.bottom() + 1):
                cells.setdefault(row, set()).update(range(stretch.left(), stretch.right() + 1))
        if not cells:
            cells = {row: set(columns) for row in range(self._model.rowCount())}
        used = sorted(set().union(*cells.values())) if cells else []
        lines = []
        if all(len(chosen) == len(columns) for chosen in cells.values()):
            lines.append("\t".join(column.title for column in self._model.columns))
        for row in sorted(cells):
            full = self._model.row(row).full
            lines.append("\t".join(full[column] if column in cells[row] else "" for column in used))
        return "\n".join(lines) + "\n"


def _is_own(event: QKeyEvent) -> bool:
    """Whether the table moves, selects or edits by this key."""
    plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
    moves = event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_F2)
    return (moves and plain) or event.matches(QKeySequence.StandardKey.SelectAll)
