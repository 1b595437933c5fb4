"""The frame of the window: its parts and names, its commands, its fields, what it says and remembers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAction, QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QTableView,
    QWidget,
)

from backprop_gui.present.pictures import StatusPicture
from backprop_gui.settings import (
    TEXT_SCALES,
    load_settings,
    save_settings,
)
from backprop_gui.views import dialogs
from backprop_gui.views.commands import COMMANDS, MENUS, STEP_SIZES, Submenu
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.theme import DARK, LIGHT
from tests.frame_windows import settle, window

__all__ = ["window"]

CONTRACT_ACTIONS = [
    *(
        "open",
        "save",
        "saveAs",
        "exportGradients",
        "exportSteps",
        "exportLoss",
        "exportImage",
        "undo",
        "redo",
    ),
    *("next", "previous", "nextPhase", "previousPhase", "nextIteration", "previousIteration", "restart"),
    *("newest", "play", "train", "clearFocus", "checkGradients", "help"),
    *(f"stepSize.{size}" for size in STEP_SIZES),
]
CONTRACT_WIDGETS = [
    *("canvas", "explain", "timeline", "lossPlot", "gradientTable", "parameterTable"),
    *("presetPicker", "speed", "learningRate", "optimizer", "trainCount"),
]


# --- contracts -----------------------------------------------------------------------------------


def test_every_part_of_the_contract_is_found_by_its_name(window):
    """Others drive the window by these names."""
    for name in CONTRACT_WIDGETS:
        assert window.findChild(QWidget, name) is not None, name
    for name in CONTRACT_ACTIONS:
        assert window.findChild(QAction, name) is not None, name
    assert isinstance(window.findChild(QWidget, "gradientTable"), QTableView)
    assert isinstance(window.findChild(QWidget, "parameterTable"), QTableView)


def test_every_command_stands_in_exactly_one_menu():
    """A command that is in no menu is found by nobody."""

    def names(entries):
        for entry in entries:
            if isinstance(entry, Submenu):
                yield from names(entry.entries)
            elif entry:
                yield entry

    listed = sorted(names(MENUS))
    assert listed == sorted(command.name for command in COMMANDS)


def test_no_key_has_two_commands(window):
    """Qt would run neither."""
    keys = [key.toString() for action in window.commands for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_everything_that_takes_the_keyboard_has_a_name(window):
    """A screen reader says it."""
    own = [window.toolbar, window.message_bar, window.table_tabs, window.plot_tabs]
    for part in own:
        for widget in part.findChildren(QWidget):
            if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible():
                interface = QAccessible.queryAccessibleInterface(widget)
                if isinstance(widget, QLineEdit) and isinstance(widget.parent(), QSpinBox):
                    continue  # the inside of a spin box, which has the name
                assert interface.text(QAccessible.Text.Name), widget


# --- saying --------------------------------------------------------------------------------------


def test_the_title_names_the_experiment_and_marks_changes(window):
    """The platform's own sign for unsaved changes is used."""
    window.show_document("Worked example", True)
    assert window.windowTitle() == "Worked example[*] — backprop-gui"
    assert window.isWindowModified()


def test_undo_names_what_it_undoes(window):
    """An empty text says that there is nothing."""
    window.show_undo("set w₅ to 0.5", "")
    assert window.commands["undo"].text().replace("&", "") == "Undo set w₅ to 0.5"
    assert window.commands["undo"].isEnabled()
    assert not window.commands["redo"].isEnabled()


def test_an_error_stays_until_it_is_closed(window):
    """It does not vanish by itself, and Esc closes it."""
    window.show_message("w5 has to be a number.", "error")
    window.show_message("Saved.", "info")
    assert window.message_bar.text() == "w5 has to be a number."
    window.commands["clearFocus"].trigger()
    assert window.message_bar.text() == ""


def test_a_remark_goes_by_itself_and_training_comes_before_it(window, monkeypatch):
    """One line tells: progress, then a remark, then the standing message."""
    monkeypatch.setattr("backprop_gui.views.status.REMARK_MILLISECONDS", 1)
    line = window.findChild(QWidget, "statusMessage")
    window.show_status(StatusPicture((), message="standing"))
    window.show_progress("12 of 100")
    window.show_message("Saved.", "info")
    assert line.text() == "12 of 100"
    window.show_progress("")
    assert line.text() == "Saved."
    window.status._timer.timeout.emit()
    assert line.text() == "standing"


def test_a_stale_check_has_no_tick(window):
    """✓ means verified, and nothing else."""
    stamp = window.findChild(QWidget, "checkStamp")
    assert stamp.text().startswith("✓ ")
    window.show_status(StatusPicture((), "check is stale – press Check", "stale"))
    assert "✓" not in stamp.text()


# --- look ----------------------------------------------------------------------------------------


def test_text_grows_and_shrinks_in_steps_and_returns(window):
    """Ctrl++ up to 250 %, Ctrl+− down to 80 %, Ctrl+0 back."""
    window.commands["textLarger"].trigger()
    assert window.look.scale == 1.1
    for command, end in (("textLarger", TEXT_SCALES[-1]), ("textSmaller", TEXT_SCALES[0])):
        window.look.apply(window.look.theme, 2.25 if end > 1 else 0.9)  # one step from the end
        for _ in TEXT_SCALES:
            window.commands[command].trigger()
        assert window.look.scale == end == {"textLarger": 2.5, "textSmaller": 0.8}[command]
    window.commands["textReset"].trigger()
    assert window.look.scale == 1.0


def test_the_theme_of_the_menu_is_applied(window):
    """Light and dark are chosen by hand."""
    window.commands["theme.dark"].trigger()
    assert window.theme() is DARK
    window.commands["theme.light"].trigger()
    assert window.theme() is LIGHT


def test_the_projector_view_shows_canvas_and_explanation_alone(window):
    """Esc leads back, unless it has a focus to clear."""
    window.commands["projector"].trigger()
    settle()
    assert window.canvas.isVisible()
    assert window.explain.isVisible()
    for part in (window.toolbar, window.timeline, window.gradient_table, window.status, window.menuBar()):
        assert not part.isVisible()
    window.show_clearable(True)
    window.commands["clearFocus"].trigger()
    assert not window.toolbar.isVisible()
    window.show_clearable(False)
    window.commands["clearFocus"].trigger()
    settle()
    assert window.toolbar.isVisible()
    assert window.gradient_table.isVisible()


def test_where_there_is_room_for_one_row_f6_changes_between_them(window):
    """Huge text in a small window: canvas first, the tables one key away."""
    window.resize(1100, 700)
    window.apply_theme(LIGHT, 2.5)
    settle()
    assert window.canvas.isVisible()
    assert not window.gradient_table.isVisible()
    while window.focusWidget() is not window.gradient_table:
        window.focus_next_panel()
    settle()
    assert window.gradient_table.isVisible()
    assert not window.canvas.isVisible()


# --- dialogs -------------------------------------------------------------------------------------


def test_all_keys_are_read_from_the_commands(window):
    """The page cannot go stale, and keys that are switched off are not on it."""
    pages = dict(dialogs.keys_by_menu(window.commands))
    assert ("Next step", "→, Page Down") in pages["Run"]
    assert ("Larger text", "Ctrl++, Ctrl+=") in pages["View"]
    assert ("Step size: layer", "3") in pages["Run"]
    window.commands.set_single_keys(False)
    assert all(keys != "T" for _, keys in dict(dialogs.keys_by_menu(window.commands))["Run"])


@pytest.mark.parametrize(("command", "name"), [("help", "helpDialog"), ("about", "aboutDialog")])
def test_pages_open_and_close_without_stopping_the_program(window, command, name):
    """F1 returns at once."""
    window.commands[command].trigger()
    page = window.findChild(QWidget, name)
    assert page.isVisible()
    page.findChild(QPushButton).click()
    settle()
    assert window.findChild(QWidget, name) is None


@pytest.mark.parametrize(
    ("button", "answer"), [("Save", "save"), ("Discard", "discard"), ("Cancel", "cancel")]
)
def test_unsaved_changes_are_asked_about(window, button, answer):
    """Three ways out; Esc is Cancel."""

    def click():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "Worked example" in box.text()
        box.button(getattr(QMessageBox.StandardButton, button)).click()

    QTimer.singleShot(0, click)
    assert dialogs.ask_about_unsaved(window, "Worked example") == answer


@pytest.mark.parametrize(("row", "taken"), [("Open it", True), ("Give it up", False)])
def test_a_lost_experiment_is_offered(window, row, taken):
    """Only an explicit no gives it up."""

    def click():
        box = QApplication.activeModalWidget()
        next(button for button in box.findChildren(QPushButton) if button.text() == row).click()

    QTimer.singleShot(0, click)
    assert dialogs.ask_about_recovery(window, "Worked example", "Monday") is taken


def test_files_are_asked_for(window, monkeypatch):
    """An empty answer means: none."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/some/net.json", ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda _w, title, suggested, _f: (suggested, ""))
    assert dialogs.ask_open_path(window) == "/some/net.json"
    assert dialogs.ask_save_path(window, "Save", "a.json") == "a.json"


# --- from one start to the next ------------------------------------------------------------------


def test_the_window_is_remembered(window, qtbot):
    """Theme, text, digits, speed, step size and sizes are there at the next start."""
    window.resize(770, 660)
    window.commands["theme.dark"].trigger()
    window.commands["textLarger"].trigger()
    window.commands["digits.7"].trigger()
    window.commands["stepSize.neuron"].trigger()
    window.commands["singleKeys"].trigger()
    window.toolbar.show_speed(10.0)
    window.toolbar.show_train_count(None)
    window.remember_file("/some/net.json")
    save_settings(window.settings())
    later = MainWindow(load_settings())
    qtbot.addWidget(later)
    assert later.size() == window.size()
    assert later.theme() is DARK
    assert later.look.scale == 1.1
    assert later.commands.checked("digits") == "7"
    assert later.commands.checked("stepSize") == "neuron"
    assert later.commands["train"].shortcuts() == []
    assert later.toolbar.speed() == 10.0
    assert later.toolbar.train_count() is None
    assert later.settings().recent_files == ("/some/net.json",)


def test_whoever_listens_decides_about_closing(window):
    """An experiment that is not saved keeps the window open."""

    def refuse(event: QCloseEvent) -> None:
        event.ignore()

    window.closing.connect(refuse)
    assert not window.close()
    assert window.isVisible()
    window.closing.disconnect(refuse)
    assert window.close()
