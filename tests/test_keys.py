"""Who gets a key, tried on the real window: commands act, unless an editor, a button or a list has it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QSpinBox, QToolButton

from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.views.main_window import MainWindow

KEY = Qt.Key
NO, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def window(qtbot):
    """A window with a table and lists in it, that has the keyboard."""
    window = MainWindow()
    qtbot.addWidget(window)
    column = Column("value", "value", numeric=True, editable=True)
    rows = [TableRow(name, ("0.5",), (0.5,), ("0.5",)) for name in ("w1", "w2")]
    window.gradient_table.show_table(TablePicture((column,), rows))
    window.show_presets([("one", "One", ""), ("two", "Two", "")], "one")
    window.toolbar.show_optimizers([("adam", "Adam"), ("momentum", "Momentum")], "adam")
    window.toolbar.show_learning_rate("0.5")
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


@pytest.fixture
def done(window):
    """The names of the commands that were triggered, in order."""
    names: list[str] = []
    for action in window.commands:
        action.triggered.connect(lambda *_, action=action: names.append(action.objectName()))
    return names


@pytest.fixture
def press(qtbot, window):
    """Press a key where the keyboard is."""

    def press(key, held=NO):
        qtbot.keyClick(QApplication.focusWidget() or window, key, held)

    return press


GLOBAL = [
    (KEY.Key_Right, NO, "next"),
    (KEY.Key_PageDown, NO, "next"),
    (KEY.Key_Left, NO, "previous"),
    (KEY.Key_PageUp, NO, "previous"),
    (KEY.Key_Right, SHIFT, "nextPhase"),
    (KEY.Key_Left, SHIFT, "previousPhase"),
    (KEY.Key_Right, CTRL, "nextIteration"),
    (KEY.Key_Left, CTRL, "previousIteration"),
    (KEY.Key_Home, NO, "first"),
    (KEY.Key_End, NO, "newest"),
    (KEY.Key_Space, NO, "play"),
    (KEY.Key_T, NO, "train"),
    (KEY.Key_U, NO, "unfold"),
    (KEY.Key_3, NO, "stepSize.layer"),
    (KEY.Key_Escape, NO, "clearFocus"),
]


@pytest.mark.parametrize("place", ["canvas", "gradient_table", "timeline", "loss_plot", "tab bar", "explain"])
def test_no_panel_swallows_the_keys_of_the_window(window, done, press, place):
    """→ steps wherever one looks: on the canvas, in a table, on a plot, on the tabs."""
    widget = window.table_tabs.tabBar() if place == "tab bar" else getattr(window, place)
    for key, held, command in GLOBAL:
        widget.setFocus()
        assert window.focusWidget() is widget
        press(key, held)
        assert done == [command], f"{key.name} on {place}"
        done.clear()


@pytest.mark.parametrize("name", ["presetPicker", "speed", "optimizer"])
def test_a_closed_list_leaves_arrows_to_the_window_and_moves_by_up_and_down(window, done, press, name):
    """← → Home End step and jump; ↓ chooses the next entry."""
    box = window.findChild(QComboBox, name)
    box.setFocus()
    before = box.currentIndex()
    for key, command in ((KEY.Key_Right, "next"), (KEY.Key_Home, "first"), (KEY.Key_Space, "play")):
        press(key)
        assert done == [command]
        done.clear()
    assert box.currentIndex() == before
    press(KEY.Key_Down)
    assert box.currentIndex() == before + 1
    assert not done


def test_an_open_list_keeps_its_keys(window, done, qtbot):
    """Home, End, Space and digits move in the list while it is open."""
    box = window.findChild(QComboBox, "presetPicker")
    box.showPopup()
    popup = QApplication.activePopupWidget()
    for key in (KEY.Key_End, KEY.Key_Home, KEY.Key_Right, KEY.Key_2):
        qtbot.keyClick(popup, key)
    assert not done
    box.hidePopup()


def test_an_open_menu_keeps_its_keys(window, done, qtbot):
    """→ opens a submenu, it does not step."""
    menu = window.menus["runMenu"]
    menu.popup(window.mapToGlobal(window.rect().center()))
    qtbot.keyClick(menu, KEY.Key_Right)
    qtbot.keyClick(menu, KEY.Key_Left)
    assert not done
    menu.close()


def test_the_menu_bar_is_walked_by_arrows_after_alt(window, done, press):
    """Alt, then →: the next menu, not the next step."""
    window.menuBar().setFocus()
    press(KEY.Key_Right)
    assert not done


def test_a_text_field_keeps_what_is_typed_and_moves_by(window, done, press):
    """Letters, digits, Space and arrows are typed into the learning rate; nothing steps or plays."""
    field = window.findChild(QLineEdit, "learningRate")
    field.setFocus()
    field.selectAll()
    for key in (KEY.Key_1, KEY.Key_T, KEY.Key_U, KEY.Key_Space, KEY.Key_Left, KEY.Key_Right, KEY.Key_Home):
        press(key)
    press(KEY.Key_End)
    press(KEY.Key_PageDown)
    press(KEY.Key_Right, SHIFT)
    press(KEY.Key_Left, CTRL)
    press(KEY.Key_Z, CTRL)
    press(KEY.Key_Z, CTRL | SHIFT)
    assert not done
    assert field.text() == "1tu "


def test_commands_with_ctrl_and_function_keys_act_from_within_a_field(window, done, press):
    """Ctrl+S saves while a number is being typed."""
    window.findChild(QLineEdit, "learningRate").setFocus()
    press(KEY.Key_S, CTRL)
    press(KEY.Key_E, CTRL)
    assert done == ["save", "exportGradients"]


def test_a_number_field_keeps_its_keys(window, done, press):
    """Digits, arrows and Page Down belong to the number of updates."""
    field = window.findChild(QSpinBox, "trainCount")
    field.setFocus()
    field.selectAll()
    for key in (
        KEY.Key_5,
        KEY.Key_0,
        KEY.Key_Left,
        KEY.Key_2,
        KEY.Key_PageDown,
        KEY.Key_PageUp,
        KEY.Key_Home,
    ):
        press(key)
    assert not done
    assert window.toolbar.train_count() == 520


def test_a_cell_editor_keeps_its_keys_and_escape_only_closes_it(window, done, press, qtbot):
    """A number is typed into a cell; Esc leaves the cell, not the focus on the canvas."""
    table = window.gradient_table
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 0))
    press(KEY.Key_F2)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    press(KEY.Key_1)
    press(KEY.Key_Left)
    press(KEY.Key_Space)
    press(KEY.Key_Escape)
    assert not done
    qtbot.waitUntil(lambda: QApplication.focusWidget() is table)
    press(KEY.Key_Escape)
    assert done == ["clearFocus"]


def test_escape_in_a_field_takes_back_what_was_typed(window, done, press, qtbot):
    """The rate in force returns, the keyboard goes back to the canvas, nothing is asked for."""
    field = window.findChild(QLineEdit, "learningRate")
    field.setFocus()
    press(KEY.Key_9)
    with qtbot.assertNotEmitted(window.toolbar.learning_rate_requested):
        press(KEY.Key_Escape)
    assert field.text() == "0.5"
    assert window.focusWidget() is window.canvas
    assert not done


def test_a_read_only_text_is_no_editor(window, done, press):
    """Text that is only shown leaves the keys to the window."""
    text = QPlainTextEdit(window.centralWidget())
    text.setReadOnly(True)
    text.show()
    text.setFocus()
    press(KEY.Key_Right)
    assert done == ["next"]


def test_a_focused_button_keeps_space(window, done, press):
    """Space presses the button that has the keyboard, and does not play."""
    button = window.findChild(QToolButton, "nextButton")
    button.setFocus()
    press(KEY.Key_Space)
    assert done == ["next"]
    press(KEY.Key_Right)
    assert done == ["next", "next"]


def test_a_click_on_a_button_leaves_the_keyboard_where_it_is(window, done, press, qtbot):
    """After a click on Next, Space plays and → steps."""
    window.canvas.setFocus()
    qtbot.mouseClick(window.findChild(QToolButton, "nextButton"), Qt.MouseButton.LeftButton)
    press(KEY.Key_Space)
    assert done == ["next", "play"]


def test_single_letter_keys_can_be_switched_off(window, done, press):
    """T, U and 1 to 6 do nothing then; Space and arrows still act."""
    window.canvas.setFocus()
    window.commands["singleKeys"].trigger()
    done.clear()
    for key in (KEY.Key_T, KEY.Key_U, KEY.Key_1, KEY.Key_6):
        press(key)
    assert not done
    press(KEY.Key_Space)
    window.commands["singleKeys"].trigger()
    press(KEY.Key_T)
    assert done == ["play", "singleKeys", "train"]


def test_holding_a_key_down_steps_on_but_does_not_flicker_between_play_and_pause(window):
    """→ repeats; Space and T act once."""
    repeating = {action.objectName() for action in window.commands if action.autoRepeat()}
    assert {"next", "previous", "nextPhase", "nextIteration"} <= repeating
    assert not {"play", "train", "restart", "save", "checkGradients"} & repeating


def test_keys_act_in_the_projector_view_too(window, done, press):
    """The menu bar is hidden there, its commands are not gone."""
    press(KEY.Key_F11)
    window.canvas.setFocus()
    press(KEY.Key_PageDown)
    assert done == ["projector", "next"]


def test_f6_goes_through_the_panels_in_order(window, press):
    """Canvas, explanation, timeline, table, plot, and canvas again."""
    window.canvas.setFocus()
    visited = []
    for _ in range(5):
        press(KEY.Key_F6)
        focus = window.focusWidget()
        visited.append(next(p for p in window.panels() if focus is p or p.isAncestorOf(focus)))
    panels = window.panels()
    assert visited == [*panels[1:], panels[0]]
