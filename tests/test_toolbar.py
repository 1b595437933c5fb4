"""The toolbar: it fits at every size, asks for what the user chooses, and shows what it is told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QToolButton, QWidget

from backprop_gui.views.theme import LIGHT
from tests.frame_windows import settle, window

__all__ = ["window"]


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("size", [(1100, 700), (1280, 720), (1440, 900), (1920, 1080)])
def test_nothing_is_cut_off_or_covered(window, size, scale):
    """Every part of toolbar and status bar is whole, inside the window, and beside the others."""
    window.resize(*size)
    window.apply_theme(LIGHT, scale)
    settle()
    assert window.size().toTuple() == size, "the window had to grow"
    for bar in (window.toolbar, window.status):
        groups = bar.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        shown = [g for g in groups if g.isVisible() and g.width() > 0]
        for i, group in enumerate(shown):
            assert bar.rect().contains(group.geometry())
            assert group.width() >= group.sizeHint().width()
            assert all(not group.geometry().intersects(other.geometry()) for other in shown[i + 1 :])
    for name in ("presetPicker", "speed", "learningRate", "optimizer", "trainCount"):
        field = window.findChild(QWidget, name)
        assert field.isVisible()
        assert window.rect().contains(field.mapTo(window, QPoint(0, 0)))
    assert window.canvas.isVisible()
    assert window.canvas.height() >= 120


def test_words_and_segments_are_there_when_there_is_room(window):
    """At 1440 pixels every step size is one click away; at 1100 they are a list."""
    segment = window.findChild(QToolButton, "stepSize.neuronButton")
    picker = window.findChild(QComboBox, "stepSizePicker")
    window.resize(1440, 900)
    settle()
    assert segment.isVisible()
    assert not picker.isVisible()
    window.resize(1100, 700)
    settle()
    assert picker.isVisible()
    assert not segment.isVisible()


def test_the_list_of_step_sizes_follows_the_commands_and_triggers_them(window, qtbot):
    """List, segments and menu are one choice."""
    picker = window.findChild(QComboBox, "stepSizePicker")
    window.commands["stepSize.layer"].trigger()
    assert picker.currentData() == "layer"
    with qtbot.waitSignal(window.commands["stepSize.phase"].triggered):
        picker.activated.emit(picker.findData("phase"))
    assert window.commands.checked("stepSize") == "phase"


def test_play_and_train_change_their_word_in_place(window):
    """Nothing jumps when it starts to play."""
    button = window.findChild(QToolButton, "playButton")
    before = button.geometry()
    window.show_playing(True)
    settle()
    assert button.text() == "Pause"
    assert button.geometry() == before
    train = window.findChild(QToolButton, "trainButton")
    before = train.geometry()
    window.show_training(True)
    settle()
    assert train.text() == "Stop"
    assert train.geometry() == before


def test_a_learning_rate_is_asked_for_once_when_it_is_committed(window, qtbot):
    """Typing asks for nothing; Return does; what is refused is shown again as it was."""
    field = window.findChild(QLineEdit, "learningRate")
    asked: list[str] = []
    window.toolbar.learning_rate_requested.connect(asked.append)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "-3")
    assert not asked
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert asked == ["-3"]
    window.toolbar.show_learning_rate("0.5")
    assert field.text() == "0.5"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert asked == ["-3"]


def test_a_rate_that_is_being_typed_is_not_overwritten(window, qtbot):
    """A step that is shown meanwhile leaves the field alone."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field = window.findChild(QLineEdit, "learningRate")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0.0")
    window.toolbar.show_learning_rate("0.5")
    assert field.text() == "0.0"


def test_the_number_of_updates_reads_well_and_can_be_unlimited(window):
    """1,000 with a separator; 0 is until stopped."""
    field = window.findChild(QSpinBox, "trainCount")
    field.setValue(100_000_000)
    assert field.text() == "100,000,000"
    assert window.toolbar.train_count() == 100_000_000
    field.setValue(0)
    assert field.text() == "until stopped"
    assert window.toolbar.train_count() is None


def test_choosing_tells_and_showing_does_not(window, qtbot):
    """A choice of the user is a request; what is shown is no request."""
    told: list[object] = []
    window.preset_requested.connect(told.append)
    window.toolbar.speed_requested.connect(told.append)
    window.toolbar.optimizer_requested.connect(told.append)
    window.show_presets([("a", "A", ""), ("b", "B", "")], "b")
    window.toolbar.show_optimizers([("adam", "Adam"), ("rmsprop", "RMSprop")], "rmsprop")
    window.toolbar.show_speed(30.0)
    assert not told
    for name, row in (("presetPicker", 0), ("optimizer", 0), ("speed", 6)):
        box = window.findChild(QComboBox, name)
        box.setCurrentIndex(row)
        box.activated.emit(row)
    window.menus["presetMenu"].actions()[1].trigger()
    assert told == ["a", "adam", 0.0, "b"]


def test_an_experiment_that_is_no_preset_is_named_in_the_picker(window):
    """The picker then shows the title of the file."""
    window.show_presets([("a", "A", "")], "")
    window.show_document("My own", True)
    box = window.findChild(QComboBox, "presetPicker")
    assert box.currentIndex() == -1
    assert box.placeholderText() == "My own"
