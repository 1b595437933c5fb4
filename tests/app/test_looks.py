"""The window for everyone: names for screen readers, both themes, text of any size, the projector."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QSpinBox, QWidget

from tests.app.program import CTRL, KEY, NO


def settle():
    """Let layouts take effect."""
    for _ in range(6):
        QApplication.processEvents()


def test_everything_that_takes_the_keyboard_has_a_name(program):
    """In the whole window, with a page full of formulas."""
    program.go(19)
    nameless = []
    for widget in program.window.findChildren(QWidget):
        takes_it = widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.focusProxy() is None
        if not takes_it or not widget.isVisible():
            continue
        if isinstance(widget, QLineEdit) and isinstance(widget.parent(), QSpinBox):
            continue  # the inside of a spin box, which has the name
        if not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name):
            nameless.append(widget)
    assert not nameless


def test_the_canvas_is_read_in_network_order(program):
    """Inputs, then neuron by neuron with its weights and its bias, then the loss."""
    texts = program.canvas_texts()
    assert texts[0] == "input x 1: 0.4"
    assert texts[1] == "input x 2: 0.1"
    assert texts[2].startswith("neuron h 1 of layer 1")
    assert texts[3] == "weight w 1: 0.5"
    assert texts[5].startswith("bias b 1")
    assert texts[-1].startswith("loss")
    program.go(19)
    assert "weight w 5: 0.9, derivative 0.009189" in program.canvas_texts()


def test_both_themes_and_all_text_sizes_show_a_step(start):
    """Text keeps its room: no label is cut off, at 80 and at 250 percent, in light and dark."""
    program = start(size=(1440, 900))
    program.go(19)
    grounds = set()
    for theme, key, scale in (("light", KEY.Key_Minus, 0.8), ("dark", KEY.Key_Plus, 2.5)):
        program.do(f"theme.{theme}")
        settle()
        grounds.add(program.window.grab().toImage().pixel(5, 300))
        program.scale_texts(0.9 if scale < 1 else 2.25)
        program.press(key, CTRL)
        settle()
        assert program.window.look.scale == scale
        assert cut_off(program) == []
    assert len(grounds) == 2


def cut_off(program):
    """Labels and buttons with less room than their text needs."""
    found = []
    for widget in program.window.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        needed = 0
        if isinstance(widget, QLabel) and widget.text() and not widget.wordWrap():
            needed = widget.sizeHint().width()
        elif isinstance(widget, QAbstractButton) and widget.text():
            needed = widget.minimumSizeHint().width()
        if widget.width() + 1 < needed:
            found.append(widget.text())
    return found


def test_a_window_of_any_size_goes_on_working(start):
    """Tiny, flat, tall: steps are still shown, nothing is painted wrong, no warning is given."""
    program = start()
    for position, size in enumerate([(320, 240), (1, 1), (640, 400), (900, 3000), (3000, 500)]):
        program.window.resize(QSize(*size))
        settle()
        program.session.seek(0, 18 + position)
        program.do("next", "fit", "zoomIn", "zoomOut", "unfold")
        settle()
        program.window.grab()
        assert program.at == (0, 19 + position)
    program.do("projector")
    settle()
    program.window.grab()


def test_the_projector_shows_canvas_and_explanation_alone(start):
    """F11; steps go on; Esc leads back."""
    program = start()
    program.press(KEY.Key_F11)
    settle()
    assert program.canvas.isVisible()
    assert program.widget("explain").isVisible()
    for name in ("timeline", "gradientTable", "lossPlot", "presetPicker", "learningRate"):
        assert not program.widget(name).isVisible()
    program.press(KEY.Key_PageDown, times=3)
    assert program.at == (0, 3)
    program.press(KEY.Key_Escape)
    settle()
    assert program.widget("timeline").isVisible()


def test_editors_keep_their_keys(program):
    """In the rate, the count, a cell and the canvas's field, nothing steps, plays or trains."""
    fields = [program.widget("learningRate"), program.widget("trainCount"), program.open_editor("w5")]
    for field in reversed(fields):
        field.setFocus()
        for key in (KEY.Key_1, KEY.Key_T, KEY.Key_U, KEY.Key_Left, KEY.Key_Right, KEY.Key_Home, KEY.Key_End):
            QTest.keyClick(field, key)
        assert program.at == (0, 0)
        assert not program.session.running.is_busy
        QTest.keyClick(field, KEY.Key_Escape)
    assert program.action("stepSize.operation").isChecked()
    assert not program.action("undo").isEnabled()
    assert program.widget("learningRate").text() == "0.5"


def test_single_letter_keys_can_be_switched_off(program):
    """T, U and the digits do nothing then; arrows still step."""
    program.do("singleKeys")
    program.canvas.setFocus()
    for key in (KEY.Key_T, KEY.Key_U, KEY.Key_3):
        program.press(key)
    assert not program.session.running.is_training
    assert not program.session.unfolded
    assert program.session.step_size == "operation"
    program.press(KEY.Key_Right)
    assert program.at == (0, 1)
    program.do("singleKeys")


def test_settings_are_kept_from_one_window_to_the_next(start):
    """Digits, step size, speed, count, ask first: as the last window was left."""
    program = start()
    program.do("digits.7", "stepSize.layer", "askFirst")
    program.widget("trainCount").setValue(77)
    program.window.close()
    other = start()
    assert other.session.format.digits == 7
    assert other.session.step_size == "layer"
    assert other.session.ask_first
    assert other.widget("trainCount").value() == 77


def test_dark_and_light_show_the_same_numbers(start):
    """A theme changes colours alone."""
    program = start()
    program.go(19)
    program.do("theme.dark")
    before = program.seen()
    program.do("theme.light")
    assert program.seen() == before
    image: QImage = program.canvas.grab().toImage()
    assert image.width() > 100
    assert program.canvas.focusPolicy() != Qt.FocusPolicy.NoFocus
    QTest.mouseMove(program.canvas.viewport(), program.place_on_canvas("w5"))
    QTest.mouseClick(program.canvas.viewport(), Qt.MouseButton.RightButton, NO)
