"""Notation and conventions: chosen in a dialog that says beforehand which numbers change, as one edit."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QLineEdit

from tests.app.program import CTRL, KEY, document_of, written


class Dialog:
    """The dialog of a window, driven by its fields."""

    def __init__(self, program):
        self.program = program
        program.press(KEY.Key_K, CTRL)
        self.widget = program.widget("conventionsDialog")

    def choose(self, name, data):
        """Take a choice of a list."""
        box = self.program.widget(name)
        box.setCurrentIndex(box.findData(data))
        box.activated.emit(box.currentIndex())

    def type(self, name, text):
        """Type over what stands in a field."""
        field = self.widget.findChild(QLineEdit, name)
        field.selectAll()
        QTest.keyClicks(field, text)

    def apply(self):
        """Press the button."""
        self.apply_button().click()

    def apply_button(self):
        """The button that carries the choices out."""
        buttons = self.widget.findChild(QDialogButtonBox).buttons()
        return next(button for button in buttons if button.text() == "Apply")

    def names(self):
        """The examples of names."""
        return self.widget._names.text().split()


def shown(program, table, column):
    """A column of a table by parameter, as numbers."""
    names = [row[0] for row in program.table(table, Qt.ItemDataRole.EditRole)]
    texts = {name: program.cell(table, name, column) for name in names}
    return {name: float(text.replace("−", "-")) for name, text in texts.items() if text}


def test_other_names_are_shown_before_they_are_taken_and_change_no_number(program):
    """Names change everywhere; moment, iterations and files stay; undo brings the old names back."""
    program.train(5)
    program.go(19, 2)
    before = program.seen()
    dialog = Dialog(program)
    dialog.choose("notationStyle", "layered")
    dialog.choose("notationDelta", True)
    dialog.choose("notationFirst", 0)
    assert dialog.names()[:3] == ["w₀₀⁽¹⁾", "b₀⁽³⁾", "z₀⁽³⁾"]
    assert dialog.widget.changes() == "Only names change; every number stays."
    dialog.type("notationLoss", "E")
    dialog.apply()
    assert program.at == (2, 19)
    assert program.session.timeline.newest == 5
    assert program.table("gradientTable")[4][0] == "w₀₀⁽²⁾"
    assert "w₀₀⁽²⁾ change the loss?" in program.explanation
    assert "∂E/∂w₀₀⁽²⁾ = δ₀⁽²⁾ · a₀⁽¹⁾" in program.explanation
    assert "weight w 0 0 of layer 2: 0.89" in " ".join(program.canvas_texts())
    assert program.window.loss_plot._name == "E"
    after = program.seen()
    assert after["losses"] == before["losses"]
    for now, then in zip(after["gradients"][1], before["gradients"][1], strict=True):
        assert (now[0], *now[2:]) == (then[0], *then[2:])  # its own name, and all digits
    assert program.action("undo").text().endswith("notation")
    program.do("undo")
    seen = program.seen()
    assert {part: seen[part] for part in ("explain", "gradients", "canvas", "losses")} == {
        part: before[part] for part in ("explain", "gradients", "canvas", "losses")
    }


@pytest.mark.parametrize(
    ("preset", "name", "data", "undo"),
    [
        ("worked-example", "conventionHalf", False, "squared error without ½"),
        ("averaging-over-examples", "conventionReduction", "sum", "sum over the samples"),
        ("worked-example", "conventionBiases", "frozen", "biases frozen"),
    ],
)
def test_what_the_dialog_says_comes_true(start, preset, name, data, undo):
    """Loss, gradients and updates change by the factor it has named; one undo takes it back."""
    program = start(preset)
    program.press(KEY.Key_End)
    total = program.session.plan.total
    program.session.seek(0, total)
    gradients, values = (
        shown(program, "gradientTable", "gradient"),
        shown(program, "gradientTable", "value"),
    )
    updated = shown(program, "gradientTable", "after update")
    loss = program.session.scene().loss
    dialog = Dialog(program)
    dialog.choose(name, data)
    said = dialog.widget.changes()
    factor = {"conventionHalf": 2, "conventionReduction": 3, "conventionBiases": 1}[name]
    if factor == 1:
        assert "The biases are no longer updated: b₁ moves by −0.001822 → 0." in said
        assert "loss" not in said.split("\n", 1)[1]
    else:
        form = program.session.format
        assert f"{form.text(loss)} → {form.text(factor * loss)}" in said
        assert f"{form.text(gradients['w1'])} → {form.text(factor * gradients['w1'])}" in said
        assert ("doubles" if factor == 2 else "3 times as large") in said
    dialog.apply()
    assert program.at[0] == 0
    program.session.seek(0, program.session.plan.total)
    after, moved = (
        shown(program, "gradientTable", "gradient"),
        shown(program, "gradientTable", "after update"),
    )
    assert after == pytest.approx({key: factor * value for key, value in gradients.items()}, rel=1e-12)
    assert program.session.scene().loss == pytest.approx(factor * loss, rel=1e-12)
    for key in values:
        still = name == "conventionBiases" and key.startswith("b")
        wanted = 0 if still else factor * (updated[key] - values[key])
        assert moved.get(key, values[key]) - values[key] == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    assert program.action("undo").text().endswith(undo)
    program.do("undo")
    program.session.seek(0, total)
    assert shown(program, "gradientTable", "after update") == updated


def test_several_at_once_are_one_entry_and_reach_the_file(start, tmp_path):
    """½, sum and names together; what is saved says so."""
    program = start("averaging-over-examples")
    dialog = Dialog(program)
    for name, data in (
        ("conventionHalf", True),
        ("conventionReduction", "sum"),
        ("conventionBiases", "frozen"),
        ("notationStyle", "theta"),
    ):
        dialog.choose(name, data)
    dialog.apply()
    assert program.session.history.undo_name == "conventions"
    program.session.save(tmp_path / "mine.json")
    kept = json.loads((tmp_path / "mine.json").read_text(encoding="utf-8"))
    assert kept["network"]["loss"]["op"] == "half_squared_error"
    assert (kept["training"]["reduction"], kept["training"]["frozen"]) == ("sum", ["b*"])
    assert kept["notation"]["style"] == "theta"
    status = program.window.status._picture.conventions
    assert "sum over all 3 samples" in status
    assert "biases are frozen" in status
    program.do("undo")
    assert not program.action("undo").isEnabled()


def test_a_name_no_formula_could_bear_can_t_be_applied(program):
    """One sentence at the field; Apply waits until it is right, or until something is changed at all."""
    dialog = Dialog(program)
    assert not dialog.apply_button().isEnabled()
    dialog.type("notationLoss", "my loss")
    assert not dialog.apply_button().isEnabled()
    fault = dialog.widget.findChild(QLabel, "conventionFault").text()
    assert fault.startswith("Loss: 'my loss' is no name for a formula; a letter")
    dialog.type("notationLoss", "J")
    assert dialog.apply_button().isEnabled()
    dialog.widget.reject()
    assert not program.action("undo").isEnabled()


def test_what_can_t_be_chosen_says_why(start):
    """No ½ in a cross-entropy, nothing to sum with one sample, no biases to freeze."""
    program = start("mlp-three-theta")
    dialog = Dialog(program)
    told = {name: label.text() for name, label in dialog.widget._reasons.items()}
    assert told == {
        "half": "",
        "reduction": "Each update looks at one sample, so both are the same.",
        "biases": "This network has no biases.",
    }
    dialog.widget.reject()


def test_a_click_on_the_conventions_of_the_status_bar_opens_the_dialog(program):
    """The words at the lower left lead there."""
    QTest.mouseClick(program.window.status._conventions, Qt.MouseButton.LeftButton)
    program.widget("conventionsDialog").reject()


def test_some_frozen_biases_stay_as_they_are(start, tmp_path):
    """A document may freeze one of them; other choices leave that alone."""
    document = document_of("worked-example")
    document["training"]["frozen"] = ["b2", "w1"]
    program = start(written(document, tmp_path / "some.json"))
    dialog = Dialog(program)
    dialog.choose("conventionHalf", False)
    dialog.apply()
    assert program.session.experiment.training.frozen == ["b2", "w1"]
    dialog = Dialog(program)
    dialog.choose("conventionBiases", "updated")
    dialog.apply()
    assert program.session.experiment.training.frozen == ["w1"]
