"""Training in the window stops where a condition is met, and says which."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit

from tests.app.program import KEY, Program


@pytest.fixture
def program(program: Program):
    """The dialog is closed in the end."""
    yield program
    program.do("stopWhen")
    program.widget("stopDialog").close()


def tick(program: Program, kind: str, value: str | None = None) -> None:
    """Tick a condition in the dialog, after typing its value."""
    program.do("stopWhen")
    box: QCheckBox = program.widget(f"stop.{kind}")
    if not box.isChecked():
        box.click()
    if value is not None:
        program.type_into(program.widget(f"stopValue.{kind}"), value)


def train(program: Program, count: int = 2000) -> None:
    program.widget("trainCount").setValue(count)
    program.do("train")
    program.wait_for_end()


def test_training_stops_below_a_loss_and_goes_on_when_asked_again(program: Program) -> None:
    """At the first iteration whose loss is below; a second Train passes it."""
    tick(program, "loss_below", "0,05")
    train(program)
    stopped, _ = program.at
    losses = program.session.timeline.losses()[1]
    scene = program.session.scene()
    assert scene.loss < 0.05 <= losses[stopped - 1]
    assert "below 0.05" in program.message
    assert "0.05" in program.action("train").toolTip()
    train(program, 10)
    assert program.at[0] == stopped + 10
    assert program.message == ""


def test_a_weight_that_changes_its_sign_is_shown(program: Program) -> None:
    """The run stops there, and the weight has the focus."""
    tick(program, "sign_changes", "w10")
    train(program)
    assert program.session.focus == "w10"
    assert program.session.timeline.state(program.at[0]).parameters[9] < 0
    assert program.session.timeline.state(program.at[0] - 1).parameters[9] >= 0
    assert "w₁₀ has changed its sign" in program.message


def test_a_wrong_condition_is_told_in_the_dialog_and_stops_nothing(program: Program) -> None:
    """The others stay in force."""
    tick(program, "loss_below", "0.05")
    tick(program, "sign_changes", "w99")
    assert "w99" in program.widget("stopDialog").fault()
    assert [c.kind for c in program.session.running.conditions] == ["loss_below"]
    assert isinstance(program.widget("stopValue.sign_changes"), QLineEdit)


def test_conditions_do_not_outlive_their_experiment(program: Program) -> None:
    """Another preset trains to its end."""
    tick(program, "loss_below", "0.05")
    program.window.preset_requested.emit("two-layer-chain")
    assert program.session.running.conditions == ()
    assert not program.widget("stop.relu_dies").isEnabled()


def test_a_neuron_that_is_dead_from_the_start_is_told_once(program: Program) -> None:
    """The first Train says so at iteration 0; the next one goes on."""
    program.window.preset_requested.emit("dead-relu")
    tick(program, "relu_dies")
    train(program, 20)
    assert program.at[0] == 0
    assert "0 for every sample" in program.message
    assert program.session.focus
    train(program, 20)
    assert program.at[0] == 20


def test_the_dialog_goes_by_the_keyboard(program: Program) -> None:
    """It begins at the first condition; Enter commits and stays; Esc takes back, then closes."""
    program.do("stopWhen")
    dialog = program.widget("stopDialog")
    program.wait_until(dialog.isActiveWindow)
    assert QApplication.focusWidget() is program.widget("stop.loss_below")
    program.press(KEY.Key_Tab)
    program.type_into(program.widget("stopValue.loss_below"), "0.3")
    assert dialog.isVisible()
    assert [c.threshold for c in program.session.running.conditions] == [0.3]
    program.press(KEY.Key_Escape)
    assert not dialog.isVisible()


def test_a_fault_names_its_condition_in_its_own_words(program: Program) -> None:
    """Each of several; they are gone when the dialog is opened again. Names may be typed as they are seen."""
    tick(program, "loss_below", "abc")
    tick(program, "loss_rises", "0")
    tick(program, "sign_changes", "W₁₀")
    dialog = program.widget("stopDialog")
    assert [line.partition(":")[0] for line in dialog.fault().splitlines()] == [
        "The loss is below ‘abc’",
        "The loss has risen ‘0’ times in a row",
    ]
    assert [c.parameter for c in program.session.running.conditions] == ["w10"]
    assert "w₁₀ changes its sign" in program.action("train").toolTip()
    dialog.close()
    program.do("stopWhen")
    assert dialog.fault() == ""
