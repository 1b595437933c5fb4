"""Large networks in the window: blocks under pointer and keyboard, files of many rows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QToolTip

from backprop_gui.app import exporting
from backprop_gui.views import tables
from tests.app.program import CTRL, KEY, NO, SHIFT


@pytest.fixture
def digits(program):
    """The window with 64 pixels, a list of 16 neurons and one of 10."""
    program.window.controller.files.open("digits")
    return program


def test_a_click_on_a_cell_asks_about_its_neuron(digits):
    """Its card and its bias stand below the block, all its weights are drawn; a second click leaves it."""
    digits.click("h1[5]")
    assert digits.session.focus == "h1[5]"
    layers = digits.canvas._scene.large
    assert layers.members["h1"].card.identity == "h1[5]"
    assert layers.biases["h1"].chip.identity == "b5"
    assert set(range(4 * 64, 5 * 64)) <= set(layers.bundles["h1"].drawn.tolist())
    digits.click("h1[5]")
    assert digits.session.focus == ""
    assert not layers.members


def test_the_keyboard_goes_from_cell_to_cell_and_over_a_block(digits):
    """↓ the next, Shift+↓ the next row, Tab the next block; Shift+Enter asks about it."""
    digits.canvas.setFocus()
    ring = digits.canvas._ring
    digits.press(KEY.Key_Down)
    assert ring.identity == "x[1]"
    digits.press(KEY.Key_Down)
    assert ring.identity == "x[2]"
    digits.press(KEY.Key_Down, SHIFT)
    assert ring.identity == "x[10]"
    digits.press(KEY.Key_Tab)
    assert ring.identity == "h1[1]"
    digits.press(KEY.Key_Up)
    digits.press(KEY.Key_Return, SHIFT)
    assert digits.session.focus == ring.identity == "x[64]"


def test_a_pixel_is_edited_where_it_stands(digits):
    """A double-click opens the field on the number of this sample."""
    row = int(digits.session.scene().frame.record.rows[0])
    digits.edit_on_canvas("x[20]", "7")
    assert digits.session.scene().frame.record.values[0][0][19] == 7
    assert digits.session.experiment.edits[-1].set == {f"x[{row + 1},20]": 7.0}


def test_a_weight_is_meant_by_its_line(digits):
    """A click on the line of a drawn weight asks about it."""
    bundle = digits.canvas._scene.large.bundles["out"]
    number = int(bundle.drawn[-1])  # the one on top
    where = digits.canvas.mapFromScene(bundle.middle(number))
    QTest.mouseClick(digits.canvas.viewport(), Qt.MouseButton.LeftButton, NO, where)
    assert digits.session.focus in {bundle.edge(each).weight for each in bundle.drawn.tolist()}
    chips = digits.canvas._scene.large.weights
    assert list(chips) == [digits.session.focus]


def test_every_neuron_and_weight_is_an_accessible_child(digits):
    """Known by number and by name, without being made beforehand."""
    stops = digits.canvas.stops()
    assert len(stops) == 64 + 16 * (1 + 64 + 1) + 10 * (1 + 16 + 1) + 1 + 10
    names = [stop.identity for stop in stops]
    assert names[64:68] == ["h1[1]", "w1", "w2", "w3"]
    assert [stops.number_of(name) for name in names] == list(range(len(names)))
    assert {f"w{number}" for number in range(1, 1185)} <= set(names)
    child = QAccessible.queryAccessibleInterface(digits.canvas).child(65)
    assert child.text(QAccessible.Text.Name).startswith("weight w 1: ")
    block = digits.canvas._scene.large.blocks["h1"]
    point = digits.canvas.mapFromScene(block.mapToScene(block.cell_rect(3).center()))
    place = digits.canvas.viewport().mapToGlobal(QPoint(point))
    assert names[digits.canvas.stop_at(place.x(), place.y())] == "h1[4]"


def test_a_file_of_many_rows_tells_its_progress_and_can_be_stopped(digits, tmp_path, monkeypatch):
    """Esc leaves the old file; otherwise it is there whole."""
    monkeypatch.setattr(exporting, "AT_ONCE_SECONDS", 0)
    told: list[str] = []
    path = tmp_path / "gradients.csv"
    path.write_text("old")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
    monkeypatch.setattr(digits.window, "show_progress", told.append)
    digits.press(KEY.Key_E, CTRL)
    files = digits.window.controller.files
    assert files.exporting.is_under_way
    assert told[-1].endswith(" of 39,930 rows · Esc stops")
    digits.press(KEY.Key_Escape)
    assert not files.exporting.is_under_way
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    digits.press(KEY.Key_E, CTRL)
    digits.wait_until(lambda: not files.exporting.is_under_way)
    assert len(path.read_text().splitlines()) == 1 + 33 * 1210
    assert told[-1] == ""


def test_too_many_rows_are_not_copied_but_told_where_to_go(digits, monkeypatch):
    """The clipboard keeps what it held; a sentence names the way."""
    monkeypatch.setattr(tables, "MOST_COPIED", 1000)
    table = digits.widget("gradientTable")
    QApplication.clipboard().setText("before")
    table.copy_selection()
    assert QApplication.clipboard().text() == "before"
    assert QToolTip.text() == "1,210 rows are too many to copy; Export CSV… writes them to a file"
    QToolTip.hideText()
