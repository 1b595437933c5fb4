"""Importing data from a CSV file through the window."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog

from backprop_gui.app import create_window
from backprop_gui.views.data_dialog import DataDialog

SHEET = "Breite;Höhe;Ziel\r\n0,4;0,1;0\r\n1,5;−2;1\r\n0,25;3;0,5\r\n"


@pytest.fixture
def window(qtbot):
    """The worked example in its window."""
    window: Any = create_window()
    qtbot.addWidget(window)
    window.show()
    yield window
    window.controller.close_without_asking()


def imported(window, qtbot, monkeypatch, path):
    """Choose the file and accept what the dialog proposes."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
    window.findChild(QAction, "importData").trigger()
    dialog = window.findChild(DataDialog)
    assert dialog is not None
    return dialog


def test_a_sheet_of_a_decimal_comma_country_takes_the_place_of_the_data(window, qtbot, monkeypatch, tmp_path):
    """Semicolons and decimal commas are seen by themselves; undo brings the old data back."""
    path = tmp_path / "messung.csv"
    path.write_text(SHEET.replace("−", "-"), encoding="utf-8-sig")
    dialog = imported(window, qtbot, monkeypatch, path)
    assert dialog.fault() == ""
    dialog.accept()
    QApplication.processEvents()
    session = window.controller.session
    graph = session.model.graph
    assert session.model.leaves[graph.by_name["x"]].tolist() == [[0.4, 0.1], [1.5, -2.0], [0.25, 3.0]]
    assert session.model.leaves[graph.by_name["targets"]].ravel().tolist() == [0.0, 1.0, 0.5]
    window.findChild(QAction, "undo").trigger()
    assert session.model.leaves[session.model.graph.by_name["x"]].tolist() == [[0.4, 0.1]]


def test_saving_brings_the_sheet_along(window, qtbot, monkeypatch, tmp_path):
    """A saved experiment finds its CSV beside it, in whatever folder."""
    path = tmp_path / "messung.csv"
    path.write_text(SHEET.replace("−", "-"), encoding="utf-8")
    imported(window, qtbot, monkeypatch, path).accept()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    window.controller.session.save(elsewhere / "mine.json")
    assert (elsewhere / "messung.csv").read_bytes() == path.read_bytes()


def test_a_sheet_that_does_not_fit_cannot_be_taken(window, qtbot, monkeypatch, tmp_path):
    """Too few columns: the dialog says so, and the experiment stays."""
    path = tmp_path / "small.csv"
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    dialog = imported(window, qtbot, monkeypatch, path)
    assert dialog.fault() != ""
    assert not dialog.accept_button.isEnabled()
    dialog.reject()
    QApplication.processEvents()
    assert not window.controller.session.modified
