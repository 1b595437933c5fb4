"""A table with many columns: it scrolls sideways, and its first column stays in sight."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem

from backprop_gui.views.table_parts import ColumnHead
from backprop_gui.views.tables import TableView

Index = QModelIndex | QPersistentModelIndex


class WideHead(ColumnHead):
    """Titles of which the first stays where it is."""

    def pinned_width(self) -> int:
        """Pixels at the left that show the first column; 0 where it has not been scrolled away."""
        return self.sectionSize(0) if self.count() and self.offset() > 0 else 0

    def paintEvent(self, event: object) -> None:
        super().paintEvent(event)
        if width := self.pinned_width():
            painter = QPainter(self.viewport())
            rect = QRect(0, 0, width, self.height() - 1)
            painter.fillRect(rect, QColor(self.theme.window))
            self.prepare(painter)
            self.paint_title(painter, 0, rect)
            painter.fillRect(QRect(width - 1, 0, 1, self.height()), QColor(self.theme.border))
            painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The title that is seen is meant, not the one below it."""
        if event.position().x() >= self.pinned_width():
            super().mousePressEvent(event)


class WideTableView(TableView):
    """No text is cut off: what has no room is scrolled to."""

    head = WideHead

    def pinned_width(self) -> int:
        """Pixels at the left that show the first column while the others are scrolled below it."""
        head = self.horizontalHeader()
        return head.pinned_width() if isinstance(head, WideHead) else 0

    def _least_widths(self, natural: list[float]) -> list[float]:
        return natural

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        width = self.pinned_width()
        if not width:
            return
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        flag = QStyle.StateFlag
        for row in self._visible_rows():
            index = self.model().index(row, 0)
            chosen = self.selectionModel().isSelected(index)
            current = self.hasFocus() and index == self.currentIndex()
            option.state = flag.State_Enabled
            option.state |= flag.State_Selected if chosen else flag.State_None
            option.state |= flag.State_HasFocus if current else flag.State_None
            option.rect = QRect(0, self.rowViewportPosition(row), width, self.rowHeight(row))
            self._cells.paint(painter, option, index)
            painter.fillRect(
                QRect(width - 1, option.rect.top(), 1, option.rect.height()), QColor(self._theme.border)
            )
        painter.end()

    def indexAt(self, position: QPoint) -> QModelIndex:
        """What is seen at a point: the first column lies above the others."""
        index = super().indexAt(position)
        return index.siblingAtColumn(0) if position.x() < self.pinned_width() else index

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a cell out from below the first column."""
        super().scrollTo(index, hint)
        covered = self.pinned_width() - self.visualRect(index).left()
        if index.column() > 0 and covered > 0:
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - covered)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Qt moves the pixels that are there, those of the first column too: paint them again."""
        super().scrollContentsBy(dx, dy)
        if dx:
            self.viewport().update()
