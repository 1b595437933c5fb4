"""How numbers are written: digits, fixed decimals and the decimal comma, everywhere on screen at once."""

from __future__ import annotations

import csv
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel

from tests.app.program import CTRL, KEY, SHIFT

POINT = re.compile(r"\d\.\d")
ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.EditRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)


def texts_on_screen(program):
    """What can be read, edited, pointed at or heard: canvas, explain panel, tables, status, fields, menus."""
    window = program.window
    yield window.explain.accessibleDescription()
    yield from (label.text() for label in window.findChildren(QLabel))
    for name in ("gradientTable", "parameterTable", "samplesTable"):
        model = program.widget(name).model()
        for row in range(model.rowCount()):
            for column in range(model.columnCount()):
                yield from (str(model.index(row, column).data(role) or "") for role in ROLES)
    yield from program.canvas_texts()
    for card in program.canvas._picture.cards:
        yield from (card.caption, card.tip)
        yield from (text for cell in (*card.values, *card.gradients) for text in (cell.text, cell.full))
    yield program.widget("learningRate").text()
    yield from (program.action(name).text() for name in ("undo", "redo"))
    yield window.loss_plot._summary()
    yield window.loss_plot._readout.text()
    if window.loss_plot._curve is not None:
        yield from window.loss_plot._curve._left._shown[1]


@pytest.mark.parametrize("preset", ["worked-example", "averaging-over-examples"])
def test_a_decimal_comma_is_one_everywhere(start, preset):
    """At any step no point stands between two digits; the commas are there instead."""
    program = start(preset)
    program.do("decimalComma")
    program.edit_on_canvas("w5", "0,125")
    program.train(3)
    for iteration, position in ((0, 0), (0, 5), (0, 10), (1, 20), (2, program.session.plan.total)):
        program.go(position, iteration)
        program.do("checkGradients")
        found = list(texts_on_screen(program))
        assert [text for text in found if POINT.search(text)] == []
        assert sum(bool(re.search(r"\d,\d", text)) for text in found) > 20
    program.do("decimalComma")
    assert any(POINT.search(text) for text in texts_on_screen(program))


def test_a_copied_table_is_as_on_screen_and_files_have_points(program, monkeypatch, tmp_path):
    """The clipboard has the commas of the screen; every CSV file the points of programs."""
    program.do("decimalComma")
    program.go(51)
    program.press(KEY.Key_C, CTRL | SHIFT)
    assert re.search(r"\d,\d", QGuiApplication.clipboard().text())
    assert not POINT.search(QGuiApplication.clipboard().text())
    for number, name in enumerate(("exportGradients", "exportSteps", "exportLoss", "exportTable")):
        path = tmp_path / f"{number}.csv"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_, p=path: (str(p), "")))
        if name == "exportTable":
            program.window.table_tabs.export_requested.emit("parameterTable")
        else:
            program.do(name)
        with path.open(encoding="utf-8", newline="") as stream:
            cells = [cell for row in list(csv.reader(stream))[1:] for cell in row]
        numbers = [cell for cell in cells if re.fullmatch(r"-?\d+[.,]\d+(e-?\d+)?", cell)]
        assert numbers
        assert all("," not in cell for cell in numbers)


def test_fixed_decimals_line_up_and_are_kept(start):
    """All with two decimals; the window remembers both choices."""
    program = start()
    program.do("digitsFixed", "digits.2")
    program.go(19)
    shown = {row[0]: row for row in program.table("gradientTable")}
    assert (shown["w₅"][2], shown["w₅"][4]) == ("0.90", "0.01")
    assert "2 decimals" in repr(program.window.status._picture)
    assert "≈" in program.widget("explain").accessibleDescription()
    program.do("decimalComma")
    assert program.table("parameterTable")[4][2] == "0,90"
    kept = program.window.settings()
    assert (kept.digits, kept.digits_fixed, kept.decimal_comma) == (2, True, True)


def test_a_field_opens_with_all_digits_under_a_comma(start):
    """Editing begins with the whole number, never with a rounded one."""
    program = start()
    program.do("decimalComma", "digits.2")
    program.edit_on_canvas("w5", "0,123456")
    assert program.open_editor("w5").text() == "0,123456"
