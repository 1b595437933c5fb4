"""The table of runs: Enter or a double-click goes to one, F2 renames it, Delete forgets it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from backprop_gui.present.pictures import TablePicture
from backprop_gui.views.table_model import TableModel
from backprop_gui.views.table_parts import CellDelegate
from backprop_gui.views.tables import TableView
from backprop_gui.views.theme import blend

Index = QModelIndex | QPersistentModelIndex
LINE, NAME = 0, 1  # columns
NAME_PIXELS = 130.0
WORDS_PIXELS = 40.0


class LineDelegate(CellDelegate):
    """Paints a piece of the curve instead of its number; everything else as any table does."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if index.column() != LINE:
            super().paint(painter, option, index)
            return
        from backprop_gui.views.plot_items import DASHES  # pyqtgraph comes with the first plot

        model = index.model()
        assert isinstance(model, TableModel)
        row = model.row(index.row())
        hue, theme, rect = int(row.texts[LINE]), self.theme, option.rect
        ground = theme.lit if row.identity == model.lit else theme.window
        if option.state & QStyle.StateFlag.State_Selected:
            ground = blend(theme.accent, ground, 0.16)
        painter.fillRect(rect, QColor(ground))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(theme.border))
        width = (2.6 if hue == 0 else 2.0) * self.scale
        pen = QPen(QColor(theme.lines[hue % len(theme.lines)]), width, DASHES[hue % len(DASHES)])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        middle = rect.center().y() + 0.5
        left = rect.left() + self.padding()
        painter.drawLine(QPointF(left, middle), QPointF(left + 30 * self.scale, middle))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class LinedTable(TableView):
    """A table whose first column shows pieces of curves."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._cells = LineDelegate(self)
        self._cells.edit_requested.connect(self._request_edit)
        self.setItemDelegate(self._cells)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.set_theme(self._theme)
        self.set_text_scale(self._scale)

    def chosen(self) -> str:
        """The name of the row the keyboard is at; empty without any."""
        index = self.currentIndex()
        return self._model.row(index.row()).identity if index.isValid() else ""

    def _least_widths(self, natural: list[float]) -> list[float]:
        """Numbers are never cut; names keep some room before other words do."""
        columns = self._model.columns
        least = [
            want if column.numeric or place == LINE else min(want, WORDS_PIXELS * self._scale)
            for place, (want, column) in enumerate(zip(natural, columns, strict=True))
        ]
        if least:
            least[NAME] = min(natural[NAME], NAME_PIXELS * self._scale)
        return least

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self.columnAt(event.pos().x()) == LINE:  # type: ignore[attr-defined]
            return True  # a number of no meaning to anybody
        return super().viewportEvent(event)


class BranchTable(LinedTable):
    """Asks for what is to become of a run; changes nothing itself."""

    go_requested = Signal(str)
    forget_requested = Signal(str)
    rename_requested = Signal(str, str)  # name, new name
    row_chosen = Signal(str)  # the row the keyboard or the pointer is at

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Branches", parent)
        self.setObjectName("branchTable")
        self._waiting: TablePicture | None = None  # what came while a name was typed
        self._wanted = ""  # the run whose row is to be the current one
        self.edit_requested.connect(self._request_rename)
        self.selectionModel().currentRowChanged.connect(self._tell_row)

    def show_chosen(self, name: str) -> None:
        """Have the keyboard at the row of this name."""
        self._wanted, model = name, self._model
        for row in range(model.rowCount()):
            if model.row(row).identity == name and self.currentIndex().row() != row:
                self.selectionModel().blockSignals(True)
                self.setCurrentIndex(model.index(row, NAME))
                self.selectionModel().blockSignals(False)
                self.executeDelayedItemsLayout()
                self.scrollTo(model.index(row, NAME))
                self.viewport().update()

    def _keep_visible(self, row: int) -> None:
        """The row of the keyboard stays in sight rather than the one that is lit."""

    def show_table(self, picture: TablePicture) -> None:
        """Show this picture; who types a name is not disturbed, but shown it afterwards."""
        self._waiting = picture if self.state() == QAbstractItemView.State.EditingState else None
        if self._waiting is None:
            super().show_table(picture)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        if self._waiting is not None and self.state() != QAbstractItemView.State.EditingState:
            self.show_table(self._waiting)
            self.show_chosen(self._wanted)

    def rename_here(self) -> None:
        """Open the field for the name of this row."""
        index = self.currentIndex()
        if index.isValid():
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.edit(index.siblingAtColumn(NAME))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plain = event.key(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        editing = self.state() == QAbstractItemView.State.EditingState
        if key == Qt.Key.Key_Delete and plain and self.chosen():
            self.forget_requested.emit(self.chosen())
        elif key == Qt.Key.Key_F2 and plain:
            self.rename_here()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not editing and self.chosen():
            self.go_requested.emit(self.chosen())
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.go_requested.emit(self._model.row(index.row()).identity)

    def _request_rename(self, identity: str, _column: str, text: str) -> None:
        self.rename_requested.emit(identity, text)

    def _tell_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(self._model.row(current.row()).identity)
