"""The tab with the samples of a batch: when it is there, where a click leads, what it exports."""

from __future__ import annotations

import csv

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backprop_gui.app import files
from tests.app.program import KEY
from tests.batch_experiment import document, written


def opened(start, tmp_path, batch_size=3):
    """The program with a batch, at the end of its iteration, the tab in front."""
    content = document()
    content["training"]["batch_size"] = batch_size
    program = start(written(content, tmp_path))
    program.session.seek(0, program.session.plan.total)
    tabs = program.window.table_tabs
    tabs.setCurrentWidget(program.widget("samplesTable"))
    QApplication.processEvents()
    return program


def titles(program):
    """The tabs of the tables."""
    tabs = program.window.table_tabs
    return [tabs.tabText(tab) for tab in range(tabs.count())]


def click(program, row, column):
    """Click a cell where it is seen."""
    table = program.widget("samplesTable")
    place = table.visualRect(table.model().index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_the_tab_is_there_with_a_batch_only(start, tmp_path):
    """No tab before it has content, and none that stays behind."""
    single = start()
    assert titles(single) == ["Gradient table", "Parameters"]
    batch = opened(start, tmp_path)
    assert titles(batch) == ["Gradient table", "Parameters", "Samples"]
    batch.window.controller.files.open("worked-example")
    assert titles(batch) == ["Gradient table", "Parameters"]
    assert batch.window.table_tabs.title() in titles(batch)


def test_a_click_leads_to_the_very_step(start, tmp_path):
    """A sample's gradient, its loss, the mean; the panel speaks of that number."""
    program = opened(start, tmp_path)
    plan = program.session.plan
    for row, column, kind in ((1, 8, "sample 2"), (2, 5, "sample 3"), (3, 10, "mean"), (0, 0, "sample 1")):
        program.session.seek(0, plan.total)
        click(program, row, column)
        step = plan.stretch(program.at[1])
        assert kind in program.where
        assert step.sample == (None if row == 3 else row)
    program.session.seek(0, plan.total)
    click(program, 1, 8)  # w3 of the second sample
    assert "∂L/∂w₃" in program.explanation
    assert "sample 2" in program.where


def test_a_click_takes_the_first_column_where_it_lies_above_others(start, tmp_path):
    """Scrolled to the right, the sample's number stays in sight and can be clicked."""
    program = opened(start, tmp_path)
    table = program.widget("samplesTable")
    table.resize(400, table.height())
    table.horizontalScrollBar().setValue(table.horizontalScrollBar().maximum())
    assert table.pinned_width() > 0
    place = QPoint(5, table.visualRect(table.model().index(2, 1)).center().y())
    assert table.indexAt(place).column() == 0
    assert table.indexAt(place + QPoint(table.pinned_width(), 0)).column() > 1
    shown = table.viewport().grab().toImage().copy(0, 0, table.pinned_width() - 1, table.viewport().height())
    table.horizontalScrollBar().setValue(0)
    assert table.pinned_width() == 0
    rested = table.viewport().grab().toImage().copy(0, 0, shown.width(), shown.height())
    assert shown == rested


def test_the_step_scrolls_its_column_into_sight(start, tmp_path):
    """The cell of the newest gradient is seen, also to the right and on the way back."""
    program = opened(start, tmp_path)
    table, plan = program.widget("samplesTable"), program.session.plan
    table.resize(400, table.height())
    for position in (plan.update_start, plan.mean_start + 1, plan.mean_start + 8):
        program.session.seek(0, position)
        section = table.model().lit_section()
        assert section > 1
        rect = table.visualRect(table.model().index(3, section))
        assert rect.left() >= table.pinned_width()
        assert rect.right() <= table.viewport().width()


def test_enter_leads_there_too(start, tmp_path):
    """By the keyboard as by the mouse."""
    program = opened(start, tmp_path)
    table = program.widget("samplesTable")
    table.setFocus()
    table.setCurrentIndex(table.model().index(2, 9))
    program.press(KEY.Key_Return)
    assert "sample 3" in program.where
    assert program.session.plan.stretch(program.at[1]).phase == "backward"


def test_signs_are_coloured_beside_their_minus(start, tmp_path):
    """Both colours are painted, each where the sign says so."""
    program = opened(start, tmp_path)
    table, theme = program.widget("samplesTable"), program.window.theme()
    image = table.viewport().grab().toImage()

    def colours(row, column):
        cell = image.copy(table.visualRect(table.model().index(row, column)))
        places = [(x, y) for x in range(cell.width()) for y in range(cell.height())]
        return {cell.pixelColor(*place).name() for place in places}

    positive, negative = (0, 6), (1, 6)
    assert table.model().index(*negative).data().startswith("−")
    assert not table.model().index(*positive).data().startswith("−")
    assert theme.positive in colours(*positive)
    assert theme.negative in colours(*negative)
    assert theme.negative not in colours(*positive)


def test_the_tab_exports_what_it_shows(start, tmp_path, monkeypatch):
    """A row per sample and one for the mean, with all digits."""
    program = opened(start, tmp_path)
    target = tmp_path / "samples"
    monkeypatch.setattr(files, "ask_save_path", lambda *_: str(target.with_suffix(".csv")))
    program.window.table_tabs.export_requested.emit("samplesTable")
    with open(target.with_suffix(".csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sample"] for row in rows] == ["1", "2", "3", "mean"]
    flat = program.session.scene().frame.record.parameter_gradient
    assert float(rows[3]["w1"]) == flat[0]


def test_a_last_small_batch_keeps_the_tab(start, tmp_path):
    """Three rows in batches of two: the second iteration has one sample, and no mean."""
    program = opened(start, tmp_path, batch_size=2)
    assert [row[0] for row in program.table("samplesTable")] == ["1", "2", "mean"]
    program.do("nextIteration")
    assert program.at[0] == 1
    assert [row[0] for row in program.table("samplesTable")] == ["3"]
    assert titles(program)[-1] == "Samples"
