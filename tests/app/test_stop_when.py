"""Training in the window stops where a condition is met, and says which."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QLineEdit

from tests.app.program import Program


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
