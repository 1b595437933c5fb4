"""Tables: order, sorting, the lit row, editing, copying, keys, and what a step costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMainWindow

from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.views.table_parts import fitted
from backprop_gui.views.tables import TableView
from backprop_gui.views.theme import LIGHT

COLUMNS = (
    Column("parameter", "parameter"),
    Column("value", "value", numeric=True, editable=True),
    Column("gradient", "gradient", numeric=True, tip="∂L by it"),
)


def table_row(identity: str, value: float, gradient: float | None = None) -> TableRow:
    told = "–" if gradient is None else f"{gradient:.4g}"
    full = "–" if gradient is None else repr(gradient)
    keys = (identity, value, float("nan") if gradient is None else gradient)
    return TableRow(identity, (identity, f"{value:.4g}", told), keys, (identity, repr(value), full))


ROWS = (table_row("w1", 0.5), table_row("w2", 10.0, 0.25), table_row("w3", -2.0, 0.123456789))
PICTURE = TablePicture(COLUMNS, ROWS, lit="w2")


class LazyRows:
    """Rows that are made when they are looked at, and counts how many were."""

    def __init__(self, count: int) -> None:
        self.count, self.made = count, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> TableRow:
        self.made += 1
        return table_row(f"w{place + 1}", place * 0.5, -float(place))

    def __iter__(self) -> Iterator[TableRow]:
        return (self[place] for place in range(self.count))


@pytest.fixture
def table(qtbot) -> TableView:
    widget = TableView("Gradient table")
    qtbot.addWidget(widget)
    widget.resize(480, 200)
    widget.show()
    widget.show_table(PICTURE)
    return widget


def column(table: TableView, section: int) -> list[str]:
    model = table.model()
    return [model.index(row, section).data() for row in range(model.rowCount())]


def click_head(table: TableView, qtbot, section: int) -> None:
    head = table.horizontalHeader()
    at = QPoint(head.sectionViewportPosition(section) + 20, head.height() // 2)
    qtbot.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=at)


def cell(table: TableView, row: int, section: int) -> QPoint:
    return table.visualRect(table.model().index(row, section)).center()


# --- what is shown -------------------------------------------------------------------------------


def test_rows_come_in_their_own_order_with_heads(table) -> None:
    assert column(table, 0) == ["w1", "w2", "w3"]
    heads = [table.model().headerData(i, Qt.Orientation.Horizontal) for i in range(3)]
    assert heads == ["parameter", "value", "gradient"]


def test_a_step_tells_the_rows_that_differ_and_resets_nothing(table, qtbot) -> None:
    changed: list[tuple[int, int]] = []
    table.model().dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    with qtbot.assertNotEmitted(table.model().modelReset):
        table.show_table(TablePicture(COLUMNS, (ROWS[0], table_row("w2", 9.0, 1.0), ROWS[2]), lit="w2"))
    assert changed == [(1, 1)]
    assert column(table, 1)[1] == "9"


def test_other_rows_are_a_new_table(table, qtbot) -> None:
    with qtbot.waitSignal(table.model().modelReset):
        table.show_table(TablePicture(COLUMNS, (table_row("b1", 1), *ROWS[1:])))
    assert column(table, 0) == ["b1", "w2", "w3"]


def test_the_lit_row_has_its_ground(table) -> None:
    image = table.viewport().grab().toImage()
    corner = table.visualRect(table.model().index(1, 0)).topLeft() + QPoint(4, 4)
    assert image.pixelColor(corner) == QColor(LIGHT.lit)
    table.show_table(replace(PICTURE, lit="w3"))
    assert table.viewport().grab().toImage().pixelColor(corner) == QColor(LIGHT.window)


def test_a_new_lit_row_is_scrolled_to_and_the_same_one_is_not(table, qtbot) -> None:
    rows = tuple(table_row(f"w{i}", i) for i in range(100))
    table.show_table(TablePicture(COLUMNS, rows, lit="w90"))
    qtbot.waitUntil(lambda: table.rowAt(100) > 80)
    table.scrollToTop()
    table.show_table(TablePicture(COLUMNS, tuple(table_row(f"w{i}", i + 1) for i in range(100)), lit="w90"))
    assert table.rowAt(0) == 0


def test_a_long_table_makes_only_the_rows_on_screen(table) -> None:
    rows = LazyRows(110_000)
    table.show_table(TablePicture(COLUMNS, rows))
    table.grab()
    for _ in range(3):
        table.show_table(TablePicture(COLUMNS, rows))
    assert rows.made < 200
    table.scrollToBottom()
    table.grab()
    assert rows.made < 300


def test_the_lit_row_of_a_long_table_is_found_in_time(table, qtbot) -> None:
    table.show_table(TablePicture(COLUMNS, LazyRows(20_000), lit="w15000"))
    qtbot.waitUntil(lambda: table.model().lit_row() == 14_999)
    assert table.visualRect(table.model().index(14_999, 0)).intersects(table.viewport().rect())


# --- order ---------------------------------------------------------------------------------------


def test_heads_sort_up_down_and_back(table, qtbot) -> None:
    """Numbers by value; the third click restores the order of the picture."""
    orders = []
    for _ in range(3):
        click_head(table, qtbot, 1)
        orders.append(column(table, 0))
    assert orders == [["w3", "w1", "w2"], ["w2", "w1", "w3"], ["w1", "w2", "w3"]]


def test_what_has_no_value_comes_last_both_ways(table, qtbot) -> None:
    for _ in range(2):
        click_head(table, qtbot, 2)
        assert column(table, 0)[-1] == "w1"


def test_a_sorted_table_stays_sorted_when_values_change(table, qtbot) -> None:
    click_head(table, qtbot, 1)
    table.setCurrentIndex(table.model().index(0, 0))
    table.show_table(TablePicture(COLUMNS, (*ROWS[:2], table_row("w3", 5.0)), lit="w2"))
    assert column(table, 0) == ["w1", "w3", "w2"]
    assert table.currentIndex().data() == "w3"


def test_a_long_table_is_sorted_without_stopping_the_window(table, qtbot) -> None:
    table.show_table(TablePicture(COLUMNS, LazyRows(20_000)))
    table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: table.model().index(0, 0).data() == "w20000")


# --- keys, mouse, editing ------------------------------------------------------------------------


def test_a_click_and_enter_name_the_row(table, qtbot) -> None:
    with qtbot.waitSignal(table.row_activated) as activated:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell(table, 2, 0))
    assert activated.args == ["w3"]
    qtbot.keyClick(table, Qt.Key.Key_Up)
    with qtbot.waitSignal(table.row_activated) as activated:
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert activated.args == ["w2"]


NAMES = ["Left", "Right", "Space", "PageUp", "PageDown", "Home", "End", "T", "1"]
GLOBAL_KEYS = [getattr(Qt.Key, f"Key_{name}") for name in NAMES]


@pytest.mark.parametrize("key", GLOBAL_KEYS, ids=NAMES)
def test_global_keys_reach_the_window(table, qtbot, key: Qt.Key) -> None:
    """With the keyboard in the table the window's commands act, and the table does not move."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(table)
    action = QAction(window)
    action.setShortcut(QKeySequence(key))
    window.addAction(action)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    table.setFocus()
    table.setCurrentIndex(table.model().index(1, 1))
    with qtbot.waitSignal(action.triggered):
        qtbot.keyClick(table, key)
    action.setEnabled(False)
    qtbot.keyClick(table, key)
    assert table.currentIndex() == table.model().index(1, 1)
    window.takeCentralWidget()


def test_tab_walks_along_the_row_and_leaves_at_its_end(table, qtbot) -> None:
    table.setFocus()
    table.setCurrentIndex(table.model().index(1, 0))
    assert [table.focusNextPrevChild(True) and table.currentIndex().column() for _ in range(2)] == [1, 2]
    table.focusNextPrevChild(True)
    assert table.currentIndex() == table.model().index(1, 2)


def begin_edit(table: TableView, qtbot, row: int, section: int) -> QLineEdit | None:
    table.setFocus()
    table.setCurrentIndex(table.model().index(row, section))
    qtbot.keyClick(table, Qt.Key.Key_F2)
    return table.findChild(QLineEdit)


def test_an_edit_is_asked_for_and_not_made(table, qtbot) -> None:
    editor = begin_edit(table, qtbot, 2, 1)
    assert editor is not None
    assert editor.text() == "-2.0"
    assert editor.accessibleName() == "value of w3"
    qtbot.keyClicks(editor, "0.75")
    with qtbot.waitSignal(table.edit_requested) as asked:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert asked.args == ["w3", "value", "0.75"]
    assert column(table, 1)[2] == "-2"


def test_what_is_typed_survives_a_step(table, qtbot) -> None:
    editor = begin_edit(table, qtbot, 2, 1)
    assert editor is not None
    qtbot.keyClicks(editor, "0.7")
    table.show_table(TablePicture(COLUMNS, (*ROWS[:2], table_row("w3", 5.0)), lit="w1"))
    assert editor.text() == "0.7"


def test_escape_and_an_unchanged_text_ask_for_nothing(table, qtbot) -> None:
    with qtbot.assertNotEmitted(table.edit_requested):
        for key in (Qt.Key.Key_Escape, Qt.Key.Key_Return):
            editor = begin_edit(table, qtbot, 0, 1)
            qtbot.keyClick(editor, key)
            qtbot.waitUntil(lambda: table.findChild(QLineEdit) is None)


def test_a_column_that_is_not_editable_is_not_edited(table, qtbot) -> None:
    assert begin_edit(table, qtbot, 0, 0) is None


# --- copying and tips ----------------------------------------------------------------------------


def test_whole_rows_are_copied_with_heads_and_all_digits(table, qtbot) -> None:
    table.selectRow(2)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    expected = "parameter\tvalue\tgradient\nw3\t-2.0\t0.123456789\n"
    assert QGuiApplication.clipboard().text() == expected


def test_single_cells_are_copied_without_heads(table) -> None:
    table.setCurrentIndex(table.model().index(2, 2))
    assert table.selection_as_text() == "0.123456789\n"


def test_without_a_selection_all_is_copied(table) -> None:
    table.clearSelection()
    assert table.selection_as_text().count("\n") == 4


def test_tips_give_all_digits(table) -> None:
    assert table._tip(cell(table, 2, 2)) == "0.123456789"
    assert table._tip(cell(table, 0, 0)) == ""
    assert table.model().headerData(2, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) == "∂L by it"


# --- widths --------------------------------------------------------------------------------------


def widths(table: TableView) -> list[int]:
    return [table.columnWidth(section) for section in range(3)]


def test_columns_fill_the_width_and_keep_still(table) -> None:
    """Numbers that are uncovered, or covered again on the way back, move nothing."""
    before = widths(table)
    assert sum(before) == table.viewport().width()
    for gradient in (None, 0.1, 0.00918):
        table.show_table(TablePicture(COLUMNS, (ROWS[0], ROWS[1], table_row("w3", -2.0, gradient))))
        assert widths(table) == before


def test_fewer_digits_give_room_back(table) -> None:
    before = widths(table)
    long = replace(ROWS[2], texts=("w3", "-2", "-0.12345678901234567890123"))
    table.show_table(TablePicture(COLUMNS, (*ROWS[:2], long)))
    assert widths(table)[2] > before[2]
    table.show_table(PICTURE)
    assert widths(table) == before


def test_missing_room_is_taken_from_the_widest() -> None:
    assert fitted([50, 300, 400], [50, 60, 60], 450) == [50, 200, 200]
    assert fitted([50, 50], [50, 50], 300) == [150, 150]
    assert fitted([], [], 300) == []


def test_an_empty_table_is_no_fault(table) -> None:
    table.show_table(TablePicture(COLUMNS, ()))
    assert table.selection_as_text() == "parameter\tvalue\tgradient\n"
    assert table.indexAt(QPoint(5, 5)) == QModelIndex()
