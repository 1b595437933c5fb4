"""Copy and paste by the keys: from a spreadsheet into layers, biases, data and tables, and back."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from tests.app.program import CTRL, KEY, assert_same, written
from tests.app.test_editing_in_place import two_three_two
from tests.batch_experiment import document


@pytest.fixture
def clipboard(qapp):
    """The clipboard, empty."""
    board = QApplication.clipboard()
    board.clear()
    return board


def paste(program, clipboard, text):
    """Ctrl+V with this copied."""
    clipboard.setText(text)
    program.press(KEY.Key_V, CTRL)


def undo_text(program):
    """What undo is called."""
    return program.action("undo").text().replace("&", "")


def edits(program):
    """What has been set by hand."""
    return {name: value for edit in program.session.experiment.edits for name, value in edit.set.items()}


def test_a_matrix_is_pasted_into_the_layer_of_the_weight_in_focus(program, clipboard, fresh):
    """From a spreadsheet with decimal commas, with the biases behind; one undo, the place stays."""
    program.go(19)
    program.click("w5")
    paste(program, clipboard, "0,1\t0,2\r\n0,3\t0,4\r\n")
    assert edits(program) == {"w5": 0.1, "w6": 0.2, "w7": 0.3, "w8": 0.4}
    assert undo_text(program) == "Undo paste 2×2 weights of h2"
    assert program.at == (0, 19)
    assert program.session.focus == "w5"
    assert_same(program.seen(), fresh(program))
    paste(program, clipboard, "1\t2\t3\n4\t5\t6\n")
    assert undo_text(program) == "Undo paste 2×2 weights and 2 biases of h2"
    program.do("undo", "undo")
    assert edits(program) == {}
    assert program.at == (0, 19)


def test_a_neuron_a_bias_an_input_and_a_target_take_their_numbers(start, tmp_path, clipboard, fresh):
    """What is in focus decides; a ring of the keyboard is as good as a click."""
    program = start(written(two_three_two(), tmp_path / "sheet.json"))
    for identity, text, name in (
        ("h1[2]", "1\t2\n3\t4\n5\t6", "Undo paste 3×2 weights of h1"),
        ("b1", "1\t2\t3", "Undo paste 3 biases of h1"),
        ("x[1]", "0,5\t0,25", "Undo paste 2 values of x, row 1"),
        ("x[2]", "7\n8", "Undo paste 2 values of x, row 1"),
        ("targets[1]", "1;0,5", "Undo paste 2 values of targets, row 1"),
    ):
        names = [stop.identity for stop in program.canvas.stops()]
        program.canvas.setFocus()
        program.press(KEY.Key_Up, times=40)
        program.press(KEY.Key_Down, times=names.index(identity))
        paste(program, clipboard, text)
        assert program.message == ""
        assert undo_text(program) == name
    assert len(edits(program)) == 6 + 3 + 2 + 2
    assert_same(program.seen(), fresh(program))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1\t2\t3\n4\t5\t6\n7\t8\t9", "3 × 3 numbers were copied; for the weights of h2 2 × 2 numbers"),
        ("1\t2\n3\tx", "row 2, column 2: “x” is no number"),
        ("", "nothing was copied"),
    ],
)
def test_what_does_not_fit_changes_nothing(program, clipboard, text, why):
    """One sentence says what would be right."""
    program.click("w5")
    before = program.seen()
    paste(program, clipboard, text)
    assert why in program.message
    assert program.seen() == before
    assert not program.action("undo").isEnabled()
    program.press(KEY.Key_Escape)


def test_with_nothing_in_focus_the_sentence_says_what_to_choose(program, clipboard):
    """Copying and pasting need something to be meant."""
    program.canvas._ring.seen = False
    for key in (KEY.Key_V, KEY.Key_C):
        clipboard.setText("1")
        program.press(key, CTRL)
        assert program.message.startswith("Choose a weight")
        assert clipboard.text() == "1"


def test_what_is_copied_can_be_pasted_back(program, clipboard):
    """The weights of a layer, with all digits; of a neuron with the biases behind them."""
    program.click("w5")
    program.press(KEY.Key_C, CTRL)
    assert clipboard.text() == "0.9\t0.3\n0.1\t0.9\n"
    program.press(KEY.Key_V, CTRL)
    assert not program.action("undo").isEnabled()
    program.click("h1[2]")
    program.press(KEY.Key_C, CTRL)
    assert clipboard.text() == "0.5\t0.1\t0.2\n0.1\t0.5\t0.2\n"


def test_values_after_the_update_are_pasted_where_they_stand(program, clipboard, fresh):
    """With w′ on screen the block belongs to the next iteration, as a single number does."""
    program.go(51)
    program.canvas.setFocus()
    program.click("w5")
    program.press(KEY.Key_C, CTRL)
    assert clipboard.text().startswith("0.8954")
    paste(program, clipboard, "1\t2\n3\t4")
    assert program.at == (1, 0)
    assert program.session.experiment.edits[0].iteration == 1
    assert_same(program.seen(), fresh(program))
    program.do("undo")
    assert program.at == (0, 51)


def test_a_column_goes_down_the_rows_of_a_table(program, clipboard, fresh):
    """From the current cell on, as far as there are rows; a matrix goes into the layer of the row."""
    table = program.widget("parameterTable")
    program.window.table_tabs.setCurrentWidget(table)
    table.setFocus()
    table.setCurrentIndex(table.model().index(8, 2))
    paste(program, clipboard, "1\n2\n3\n4")
    assert edits(program) == {"w9": 1, "w10": 2, "b1": 3, "b2": 4}
    assert undo_text(program) == "Undo paste 4 values"
    table.setCurrentIndex(table.model().index(0, 2))
    paste(program, clipboard, "5 6\n7 8")
    assert undo_text(program) == "Undo paste 2×2 weights of h1"
    table.setCurrentIndex(table.model().index(14, 2))
    paste(program, clipboard, "1\n2")
    assert "from b5 on the table has 1 row," in program.message
    program.press(KEY.Key_Escape)
    assert_same(program.seen(), fresh(program))


def test_a_block_goes_into_the_data_of_the_samples(start, tmp_path, clipboard, fresh):
    """Inputs and targets side by side, a row for each sample."""
    program = start(written(document(), tmp_path / "batch.json"))
    table = program.widget("samplesTable")
    program.window.table_tabs.setCurrentWidget(table)
    table.setFocus()
    table.setCurrentIndex(table.model().index(1, 2))
    paste(program, clipboard, "9\t8\n7\t6\n")
    assert edits(program) == {"x[2,2]": 9, "targets[2,1]": 8, "x[3,2]": 7, "targets[3,1]": 6}
    assert undo_text(program) == "Undo paste 2×2 values of the samples"
    paste(program, clipboard, "1\t2\n" * 5)
    assert "room for 2 × 3" in program.message
    program.press(KEY.Key_Escape)
    assert_same(program.seen(), fresh(program))


def test_a_field_keeps_its_own_copy_and_paste(program, clipboard):
    """While a number is typed, the clipboard is text."""
    editor = program.open_editor("w5")
    paste(program, clipboard, "0,75")
    assert editor.text() == "0,75"
    assert edits(program) == {}
    program.press(KEY.Key_Return)
    assert edits(program) == {"w5": 0.75}


def test_rows_of_a_spreadsheet_go_into_the_data(program, clipboard, fresh):
    """Into the cells from the current one on; more rows than there are make the data longer, in one piece."""
    program.do("networkPanel")
    table = program.widget("dataTable")
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 1))
    paste(program, clipboard, "0,25\t1")
    assert edits(program) == {"x[1,2]": 0.25, "targets[1,1]": 1}
    table.setCurrentIndex(table.model().index(0, 0))
    paste(program, clipboard, "1\t2\t3\r\n4\t1/2\t6\r\n")
    assert program.session.experiment.data == {"x": [[1, 2], [4, 0.5]], "targets": [[3], [6]]}
    assert undo_text(program) == "Undo paste into 2 rows of data"
    table.selectAll()
    program.press(KEY.Key_C, CTRL)
    assert clipboard.text() == "1\t2\t3\n4\t0.5\t6\n"
    program.window.side.setCurrentIndex(0)
    assert_same(program.seen(), fresh(program))
    program.do("networkPanel", "undo")
    assert program.session.experiment.data == {"x": [[0.4, 0.1]], "targets": [[0]]}
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 1))
    paste(program, clipboard, "1\t2\t3")
    assert "from this cell on there are 2" in program.message
    program.window.side.setCurrentIndex(0)


def test_a_table_of_branches_takes_no_numbers(program, clipboard):
    """What can be typed into it is names."""
    program.do("fork")
    program.window.table_tabs.setCurrentIndex(program.window.table_tabs.count() - 1)
    table = program.widget("branchTable")
    table.setFocus()
    table.setCurrentIndex(table.model().index(1, 0))
    before = program.session.experiment
    paste(program, clipboard, "1\t2\n3\t4")
    assert "This table holds no numbers" in program.message
    assert program.session.experiment == before
