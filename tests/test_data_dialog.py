"""The data dialog: what it shows of a file, what it tells, and the description that comes of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from backprop_gui.experiment.csv_data import read_csv
from backprop_gui.experiment.data_sources import CsvData
from backprop_gui.paths import resources_folder
from backprop_gui.views.data_dialog import DataDialog
from backprop_gui.views.data_tables import TARGET
from backprop_gui.views.theme import DARK, LIGHT

GERMAN = "\ufeffNr;Breite;Höhe;Art\r\n1;1,5;2;groß\r\n2;-0,5;3;klein\r\n3;0,5;3;klein\r\n"


@pytest.fixture
def dialog(qtbot, tmp_path):
    """Makes a dialog for a text."""

    def make(text, theme=LIGHT, **fields):
        path = tmp_path / "m.csv"
        path.write_text(text, encoding="utf-8", newline="")
        made = DataDialog(path, theme, **fields)
        qtbot.addWidget(made)
        return made

    return make


def check(made, column, box, checked=True):
    """Click a box of the table of columns."""
    index = made.roles_model.index(column, 2 + box)
    state = Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
    made.roles_model.setData(index, state, Qt.ItemDataRole.CheckStateRole)


def test_a_file_is_described_as_it_is_detected(dialog, tmp_path):
    """The guess is good enough to be taken at once, and reads as it was shown."""
    made = dialog(GERMAN)
    assert made.fault() == ""
    assert made.chosen() == CsvData(
        csv="m.csv",
        inputs={"x": ["Breite", "Höhe"]},
        targets=["Art"],
        header=True,
        delimiter=";",
        decimal=",",
        classes=["groß", "klein"],
    )
    assert len(read_csv(made.chosen(), tmp_path).targets) == 3
    assert made.message.text() == "3 rows with 2 inputs and 2 outputs: groß, klein."
    assert made.heading.text() == "m.csv: 3 rows, 4 columns"


def test_boxes_give_columns_their_role(dialog):
    """One role a column; the description follows, and so does the line below."""
    made = dialog(GERMAN)
    check(made, 0, 0)
    assert made.chosen().inputs == {"x": ["Nr", "Breite", "Höhe"]}
    check(made, 2, 1)
    assert made.chosen().targets == ["Höhe", "Art"]
    assert made.fault().startswith("m.csv, line 2: 'groß' in column 'Art' is no number")
    assert not made.accept_button.isEnabled()
    check(made, 3, 1, checked=False)
    assert made.chosen().targets == ["Höhe"]
    assert made.fault() == ""
    check(made, 2, 1, checked=False)
    assert made.fault() == "names no column; one or more would be right"


def test_two_classes_can_be_one_output(dialog):
    """The box is there where there is a choice."""
    made = dialog(GERMAN)
    assert not made.one_hot.isHidden()
    made.one_hot.setChecked(False)
    assert made.chosen().one_hot is False
    assert made.message.text() == "3 rows with 2 inputs and 1 output: 0 for groß, 1 for klein."
    three = dialog("a,c\n1,x\n2,y\n3,z\n")
    assert three.one_hot.isHidden()
    assert three.chosen().classes == ["x", "y", "z"]


def test_digits_become_classes_when_asked(dialog):
    """Numbers stay numbers until the box says otherwise."""
    made = dialog("a,digit\n0.5,2\n0.7,10\n0.8,2\n0.1,9\n")
    assert made.chosen().classes is None
    made.one_hot.setChecked(True)
    assert made.chosen().classes == ["2", "9", "10"]
    assert made.message.text().endswith("3 outputs: 2, 9, 10.")


def test_how_the_file_is_written_can_be_said(dialog):
    """A choice reads the file anew; a wrong one is told."""
    made = dialog(GERMAN)
    made.decimal.chosen.emit(".")
    assert made.chosen().inputs == {"x": ["Höhe"]}  # 1,5 is no number now, and no input
    check(made, 1, 0)
    assert "'1,5' in column 'Breite' is written with a decimal comma" in made.fault()
    made.decimal.chosen.emit(None)
    assert made.chosen().inputs == {"x": ["Breite", "Höhe"]}
    made.header.chosen.emit(False)
    assert made.chosen().header is False
    made.header.chosen.emit(None)
    made.delimiter.chosen.emit(",")
    assert made.chosen().delimiter == ","


def test_what_does_not_fit_the_network_is_told(dialog):
    """Before the data is taken."""
    made = dialog(GERMAN, inputs={"x": 3}, outputs=2)
    assert made.fault() == "Input x takes 3 values; 2 columns are chosen for it."
    check(made, 0, 0)
    assert made.fault() == ""
    made.one_hot.setChecked(False)
    assert made.fault() == "The network has 2 outputs; the targets would be 1 number."


def test_several_inputs_have_a_box_each(dialog):
    """Columns go to the input they are checked for."""
    made = dialog("a,b,y\n1,2,3\n4,5,6\n", inputs={"u": 1, "v": 1}, outputs=1)
    check(made, 1, 1)
    assert made.chosen().inputs == {"u": ["a"], "v": ["b"]}
    assert made.chosen().targets == ["y"]
    heads = [made.roles_model.headerData(k, Qt.Orientation.Horizontal) for k in range(5)]
    assert heads == ["Column", "Holds", "Input u", "Input v", "Target"]


def test_columns_without_names_go_by_number(dialog):
    """Also where two have the same name."""
    assert dialog("1,2,3\n4,5,6\n").chosen().inputs == {"x": [1, 2]}


def test_a_share_can_be_kept_aside(dialog):
    """As a share of the rows."""
    made = dialog(GERMAN)
    made.test_share.setValue(25)
    assert made.chosen().test == 0.25


@pytest.mark.parametrize("text", ["", "\0"])
def test_a_file_that_holds_no_table(dialog, text):
    """A sentence, and nothing to take."""
    made = dialog(text, DARK)
    assert "would be right" in made.fault()
    assert made.message.text() == made.fault()
    assert not made.accept_button.isEnabled()


def test_the_first_rows_are_shown(qtbot):
    """With what is not used dimmed, and the target bold."""
    made = DataDialog(resources_folder() / "data" / "iris.csv", LIGHT, {"x": 4}, 3)
    qtbot.addWidget(made)
    assert made.fault() == ""
    model = made.rows_model
    assert (model.rowCount(), model.columnCount()) == (12, 5)
    assert [model.data(model.index(0, k)) for k in range(5)] == ["5.1", "3.5", "1.4", "0.2", "setosa"]
    assert model.data(model.index(0, 4), Qt.ItemDataRole.FontRole).weight() > 400
    check(made, 0, 0, checked=False)
    assert model.data(model.index(0, 0), Qt.ItemDataRole.ForegroundRole).name() == LIGHT.muted
    assert made._roles[4] == TARGET
