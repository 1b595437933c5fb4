"""The rows of the why-tree as a list: ↑ ↓ move, → opens, ← closes, Enter starts from the row's number.

The list opens nothing itself: it asks, and is shown other rows.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPalette,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from backprop_gui.present.why import WhyRow
from backprop_gui.views.theme import LIGHT, Theme
from backprop_gui.views.why_row import RowLayout, paint_row

Index = QModelIndex | QPersistentModelIndex

_NOWHERE = QModelIndex()
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_BACK = frozenset({Qt.Key.Key_Backspace, Qt.Key.Key_F2})
_WALKING = frozenset(
    {
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right),
        *(Qt.Key.Key_Home, Qt.Key.Key_End, *_ENTER),
    }
)


class WhyModel(QAbstractListModel):
    """The rows that are shown; rows that stay keep their place when others come and go."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[WhyRow, ...] = ()

    def show(self, rows: tuple[WhyRow, ...]) -> None:
        """Show other rows."""
        old, start = self.rows, 0
        while start < min(len(old), len(rows)) and old[start].path == rows[start].path:
            start += 1
        end = 0
        while end < min(len(old), len(rows)) - start and old[-1 - end].path == rows[-1 - end].path:
            end += 1
        kept = rows[len(rows) - end :]
        if len(old) > start + end:
            self.beginRemoveRows(_NOWHERE, start, len(old) - end - 1)
            self.rows = (*old[:start], *old[len(old) - end :])
            self.endRemoveRows()
        if len(rows) > start + end:
            self.beginInsertRows(_NOWHERE, start, len(rows) - end - 1)
            self.rows = (*self.rows[:start], *rows[start : len(rows) - end], *kept)
            self.endInsertRows()
        self.rows = rows
        for place in (*range(start), *range(len(rows) - end, len(rows))):
            before = old[place if place < start else place - len(rows) + len(old)]
            if before != rows[place]:
                self.dataChanged.emit(self.index(place), self.index(place))

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        return row.spoken if role == Qt.ItemDataRole.AccessibleTextRole else None


class WhyDelegate(QStyledItemDelegate):
    """Measures and paints rows; a measured row is kept as long as it is shown at that width."""

    def __init__(self, view: WhyList) -> None:
        super().__init__(view)
        self._view = view
        self.theme: Theme = LIGHT
        self.scale = 1.0
        self._laid: dict[int, RowLayout] = {}

    def laid(self, row: WhyRow) -> RowLayout:
        """The row as it is measured for the width of the view."""
        width = self._view.row_width()
        found = self._laid.get(id(row))
        if found is None or found.row is not row or found.width != width or found.scale != self.scale:
            found = self._laid[id(row)] = RowLayout(row, width, self.scale)
        return found

    def keep_only(self, rows: tuple[WhyRow, ...]) -> None:
        """Forget what is shown no more."""
        shown = {id(row) for row in rows}
        self._laid = {key: laid for key, laid in self._laid.items() if key in shown}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        laid = self.laid(self._view.rows[index.row()])
        return QSize(laid.width, laid.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        laid = self.laid(self._view.rows[index.row()])
        current = index.row() == self._view.currentIndex().row()
        rect = QRectF(option.rect)
        paint_row(painter, rect, laid, self.theme, current, self._view.hasFocus())


class WhyList(QListView):
    """Shows `WhyRow`s. What is asked for is told by the path of its row."""

    open_requested = Signal(object)
    close_requested = Signal(object)
    more_requested = Signal(object)
    root_requested = Signal(object)
    go_requested = Signal(object)
    part_requested = Signal(object, object)  # a row, and the part of its formula that was clicked
    back_requested = Signal()
    copy_requested = Signal()
    edit_requested = Signal(object)
    row_pointed = Signal(object)  # the row under the pointer, else the current one; None: neither

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("whyTree")
        self.setAccessibleName("Where the number comes from")
        self._model = WhyModel(self)
        self._rows = WhyDelegate(self)
        self._hovered = -1
        self._showing = False
        self.setModel(self._model)
        self.setItemDelegate(self._rows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)

    @property
    def own_keys(self) -> frozenset[Qt.Key]:
        """What the window's commands leave to the list; with nothing to walk through, → steps on."""
        return _WALKING | _BACK if self.rows else _BACK

    @property
    def rows(self) -> tuple[WhyRow, ...]:
        """What is shown."""
        return self._model.rows

    def row_width(self) -> int:
        """The width of a row: the same whether there is a bar beside it or not."""
        return max(1, self.width() - self.verticalScrollBar().sizeHint().width() - 4)

    # --- being told ------------------------------------------------------------------------------

    def show_rows(self, rows: tuple[WhyRow, ...], anew: bool) -> None:
        """Show these rows; of another tree (`anew`) the first is the current one."""
        self._showing = True
        before = self.current()
        self._rows.keep_only(rows)
        self._model.show(rows)
        self._hovered = -1
        paths = [row.path for row in rows]
        place = 0
        if before is not None and not anew:
            path = before.path
            while path and path not in paths:
                path = path[:-1]
            place = paths.index(path) if path in paths else 0
        self.scheduleDelayedItemsLayout()
        if rows:
            self.setCurrentIndex(self._model.index(place))
        if anew:
            self.scrollToTop()
        self._showing = False
        self.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._rows.theme = theme
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(theme.window))
        self.setPalette(palette)
        self.viewport().update()

    def set_text_scale(self, scale: float) -> None:
        """Rows at `scale` times their plain size."""
        self._rows.scale = scale
        self.verticalScrollBar().setSingleStep(round(24 * scale))
        self.scheduleDelayedItemsLayout()

    def current(self) -> WhyRow | None:
        """The row the keyboard is at."""
        place = self.currentIndex().row()
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def pointed(self) -> WhyRow | None:
        """The row under the pointer, else the current one while the list has the keyboard."""
        if 0 <= self._hovered < len(self.rows):
            return self.rows[self._hovered]
        return self.current() if self.hasFocus() else None

    def select(self, path: tuple[int, ...]) -> None:
        """Make the row at a path the current one, if there is one."""
        for place, row in enumerate(self.rows):
            if row.path == path:
                self.setCurrentIndex(self._model.index(place))

    def reveal(self, path: tuple[int, ...]) -> None:
        """Bring what is below a row that was opened into view, and the row itself."""
        self.executeDelayedItemsLayout()  # new rows can only be scrolled to when they have a place
        below = [place for place, row in enumerate(self.rows) if row.path[: len(path)] == path]
        for place in (below[-1], below[0]) if below else ():
            self.scrollTo(self._model.index(place))

    # --- keys ------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.current(), event.key()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        elif not plain or key not in self.own_keys:
            event.ignore()  # all else belongs to the window
        elif key == Qt.Key.Key_Backspace:
            self.back_requested.emit()
        elif row is None:
            return
        elif key == Qt.Key.Key_F2:
            self.edit_requested.emit(row.path)
        elif key == Qt.Key.Key_Right:
            self._go_in(row)
        elif key == Qt.Key.Key_Left:
            self._go_out(row)
        elif key in _ENTER:
            self._enter(row)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands of the window."""

    def _go_in(self, row: WhyRow) -> None:
        if row.head is None:
            self.more_requested.emit(row.path[:-1])
        elif row.opened:
            self.select((*row.path, 0))
        elif row.openable:
            self.open_requested.emit(row.path)

    def _go_out(self, row: WhyRow) -> None:
        if row.opened:
            self.close_requested.emit(row.path)
        elif row.path:
            self.select(row.path[:-1])

    def _enter(self, row: WhyRow) -> None:
        """The row becomes the root; the root itself leads to its step."""
        if row.head is None:
            self.more_requested.emit(row.path[:-1])
        elif row.path:
            self.root_requested.emit(row.path)
        else:
            self.go_requested.emit(row.path)

    # --- pointer ---------------------------------------------------------------------------------

    def _at(self, position: QPointF) -> tuple[WhyRow, RowLayout, QPointF] | None:
        index = self.indexAt(position.toPoint())
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        return row, self._rows.laid(row), position - QPointF(self.visualRect(index).topLeft())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        found = self._at(event.position())
        if found is None or event.button() != Qt.MouseButton.LeftButton:
            return
        row, laid, point = found
        if row.head is None:
            self.more_requested.emit(row.path[:-1])
        elif row.openable and laid.sign.contains(point):
            (self.close_requested if row.opened else self.open_requested).emit(row.path)
        else:
            link = laid.link_at(point)
            if link is not None and link[0] > 0 and link[1].target is not None:
                self.part_requested.emit(row.path, link[1].target)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is not None and found[0].head is not None and not found[1].sign.contains(found[2]):
            self.go_requested.emit(found[0].path)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        found = self._at(event.position())
        link = found[1].link_at(found[2]) if found is not None else None
        leads = link is not None and link[0] > 0 and link[1].target is not None
        shape = Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            self.row_pointed.emit(self.pointed())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._at(QPointF(event.pos()))
            link = found[1].link_at(found[2]) if found is not None else None
            QToolTip.showText(event.globalPos(), link[1].tip if link is not None else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        row = self.current()
        if row is None or row.head is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row.path:
            menu.addAction("Start from here").triggered.connect(self._start_here)
        menu.addAction("Go there").triggered.connect(self._go_there)
        menu.addAction("Copy the tree as text").triggered.connect(self.copy_requested)
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        below = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        menu.popup(event.globalPos() if by_mouse else below)

    def _start_here(self) -> None:
        row = self.current()
        if row is not None:
            self.root_requested.emit(row.path)

    def _go_there(self) -> None:
        row = self.current()
        if row is not None:
            self.go_requested.emit(row.path)

    # --- inside ----------------------------------------------------------------------------------

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        if not self._showing:
            self.row_pointed.emit(self.pointed())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()
        self.row_pointed.emit(self.pointed())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.row_pointed.emit(self.pointed())

    def rect_of(self, path: tuple[int, ...]) -> QRect:
        """Where a row stands in the viewport."""
        places = [place for place, row in enumerate(self.rows) if row.path == path]
        return self.visualRect(self._model.index(places[0])) if places else QRect()
