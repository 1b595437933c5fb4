"""The model behind a table: it shows the snapshot it was told last and never changes itself.

Rows are made when they are looked at. A new snapshot of the same rows costs what is on screen;
sorting and looking for the lit row walk all rows, in slices, when the table is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.views.sliced import SlicedWork

Index = QModelIndex | QPersistentModelIndex
SortKey = tuple[int, float, str]

KEPT_ROWS = 2_000  # a long table that is scrolled through keeps no more than this in memory

_NOWHERE = QModelIndex()
_EMPTY = TablePicture((), ())


class TableModel(QAbstractTableModel):
    """A `TablePicture` for a `QTableView`, in its own order or sorted by one column."""

    lit_row_found = Signal(int)  # where the lit row stands, after a search or a change of order

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._picture = _EMPTY
        self._made: dict[int, TableRow] = {}  # rows looked at since the last snapshot, by place in it
        self._order: list[int] | None = None  # view row -> place in the picture; None: as they come
        self._ranks: dict[int, int] = {}  # the inverse of the order
        self._places: dict[str, int] = {}  # identity -> place, as far as known
        self._keys: list[SortKey] = []
        self._sort_column, self._descending = -1, False
        self._sorting = SlicedWork(self)
        self._searching = SlicedWork(self)

    # --- what is shown ---------------------------------------------------------------------------

    def show(self, picture: TablePicture, visible: range) -> None:
        """Show `picture`; `visible` are the view rows on screen, which alone are compared."""
        before = self._picture
        if before.columns != picture.columns or len(before.rows) != len(picture.rows):
            return self._replace(picture)
        old = {place: self._made[place] for place in map(self._place, visible) if place in self._made}
        new = {place: picture.rows[place] for place in old}
        if any(row.identity != new[place].identity for place, row in old.items()):
            return self._replace(picture)
        self._picture, self._made = picture, new
        changed = [self._rank(place) for place, row in old.items() if row != new[place]]
        for first, last in _runs(sorted(changed)):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(picture.columns) - 1))
        if (picture.lit, picture.lit_column) != (before.lit, before.lit_column):
            self._find_lit()
        if self._sort_column >= 0:
            self._collect_keys()

    def _replace(self, picture: TablePicture) -> None:
        """Other rows or columns: everything is told anew."""
        self.beginResetModel()
        self._picture = picture
        self._made, self._places, self._ranks = {}, {}, {}
        self._order = None
        self._sort_column = -1
        self._sorting.stop()
        self._searching.stop()
        self.endResetModel()
        self._find_lit()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are shown."""
        return self._picture.columns

    @property
    def lit(self) -> str:
        """Identity of the lit row; empty when there is none."""
        return self._picture.lit

    @property
    def lit_column(self) -> str:
        """Key of the column whose cell alone is lit; empty for the whole row."""
        return self._picture.lit_column

    def lit_section(self) -> int:
        """The section of the lit cell; the first where the whole row is lit."""
        keys = [column.key for column in self.columns] if self.lit_column else []
        return keys.index(self.lit_column) if self.lit_column in keys else 0

    def row(self, view_row: int) -> TableRow:
        """The row as it stands at this place of the view."""
        place = self._place(view_row)
        row = self._made.get(place)
        if row is None:
            if len(self._made) >= KEPT_ROWS:
                self._made.clear()
            row = self._made[place] = self._picture.rows[place]
            self._places[row.identity] = place
        return row

    def _place(self, view_row: int) -> int:
        return view_row if self._order is None else self._order[view_row]

    def _rank(self, place: int) -> int:
        return place if self._order is None else self._ranks[place]

    # --- the lit row -----------------------------------------------------------------------------

    def lit_row(self) -> int:
        """The view row of the lit identity, or -1 while it is not known."""
        place = self._places.get(self._picture.lit, -1)
        return self._rank(place) if place >= 0 else -1

    def _find_lit(self) -> None:
        """Where the lit row is: known, or looked for in slices; all places passed are remembered."""
        if not self._picture.lit:
            return
        if self._picture.lit_place >= 0:
            self._places[self._picture.lit] = self._picture.lit_place
        place = self._places.get(self._picture.lit, -1)
        if place >= 0 and self._picture.rows[place].identity != self._picture.lit:
            self._places.clear()  # rows that were not on screen have been renamed
        if self.lit_row() >= 0:
            self.lit_row_found.emit(self.lit_row())
        elif not self._searching.busy and len(self._places) < len(self._picture.rows):
            self._searching.start(self._walk_places(), self._report_lit)

    def _walk_places(self) -> Iterator[None]:
        for place in range(len(self._picture.rows)):
            identity = self._picture.rows[place].identity
            self._places[identity] = place
            if identity == self._picture.lit:
                return
            yield

    def _report_lit(self) -> None:
        if self.lit_row() >= 0:
            self.lit_row_found.emit(self.lit_row())

    # --- order -----------------------------------------------------------------------------------

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 restores the order of the picture."""
        self._sort_column = column
        self._descending = order == Qt.SortOrder.DescendingOrder
        if 0 <= column < len(self.columns):
            self._collect_keys()
        else:
            self._sorting.stop()
            self._set_order(None)

    def _collect_keys(self) -> None:
        """Look at every row for its key; a long table keeps its order until all are known."""
        numbers_of = getattr(self._picture.rows, "column", None)
        numbers = numbers_of(self.columns[self._sort_column].key) if numbers_of is not None else None
        if numbers is not None:
            self._sorting.stop()
            self._set_order(np.argsort(-numbers if self._descending else numbers, kind="stable").tolist())
            return
        self._sorting.start(self._walk_keys(self._picture.rows), self._apply_keys)

    def _walk_keys(self, rows: Sequence[TableRow]) -> Iterator[None]:
        self._keys = []
        for row in rows:
            self._keys.append(_sort_key(row.sort_keys[self._sort_column]))
            yield

    def _apply_keys(self) -> None:
        keys = self._keys
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=self._descending)
        if self._descending:  # what has no value stays last, and equals keep the order they came in
            order = _stable_descending(order, keys)
        self._set_order(order)

    def _set_order(self, order: list[int] | None) -> None:
        if order == self._order:
            return
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        places = [self._place(index.row()) for index in persistent]
        self._order = order
        self._ranks = {place: rank for rank, place in enumerate(order)} if order else {}
        moved = [
            self.index(self._rank(place), index.column())
            for place, index in zip(places, persistent, strict=True)
        ]
        self.changePersistentIndexList(persistent, moved)
        self.layoutChanged.emit()
        self._report_lit()

    # --- for the view ----------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._picture.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._picture.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        column = index.column()
        # Where nothing stands, as in the row of a mean, there is nothing to edit.
        if index.isValid() and self.columns[column].editable and self.row(index.row()).full[column]:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.row(index.row()).texts[column]
        if role == Qt.ItemDataRole.EditRole:
            return self.row(index.row()).full[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(self.row(index.row()), column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(self.columns[column])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.columns[column].title} {self.row(index.row()).texts[column]}"
        return None

    @staticmethod
    def _tip(row: TableRow, column: int) -> str | None:
        """All digits, where the cell does not show them; the view adds elided texts."""
        full = row.full[column]
        return full if full and full != row.texts[column] else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(column)
        return None


def alignment(column: Column) -> Qt.AlignmentFlag:
    """Numbers stand at the right, so that their digits line up."""
    side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _sort_key(value: float | str) -> SortKey:
    """Numbers by value, then texts, then what has no value."""
    if isinstance(value, str):
        return (1, 0.0, value)
    return (2, 0.0, "") if isnan(value) else (0, float(value), "")


def _stable_descending(order: list[int], keys: list[SortKey]) -> list[int]:
    valued = [place for place in order if keys[place][0] < 2]
    return valued + [place for place in order if keys[place][0] == 2]


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The runs of neighbours: 1, 2, 3, 7 gives (1, 3), (7, 7)."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield numbers[start], numbers[end - 1]
            start = end
