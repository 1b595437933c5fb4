"""Files: saving and opening what was seen, refusing what can't be, exporting what is shown."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox

from backprop_gui.app import recovery
from backprop_gui.engine.finite_differences import relative_error
from backprop_gui.paths import state_folder
from tests.app.program import CTRL, KEY, assert_same, document_of, written


@pytest.fixture
def choose(monkeypatch):
    """Answer the next file dialogs with this path."""

    def choose(path):
        answer = staticmethod(lambda *_: (str(path), ""))
        monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)

    return choose


@pytest.fixture
def answer(monkeypatch):
    """Answer the question about unsaved changes, and count how often it is asked."""
    asked: list[str] = []

    def answer(text):
        def ask(_window, title):
            asked.append(title)
            return text

        monkeypatch.setattr("backprop_gui.app.files.ask_about_unsaved", ask)
        return asked

    return answer


# --- saving and opening ----------------------------------------------------------------------------


def test_what_is_saved_opens_as_it_was(program, start, choose, tmp_path):
    """Edits at 0 and 12, saved at iteration 30: opened, everything goes on to the bit."""
    choose(tmp_path / "kept")
    program.edit_on_canvas("w5", "1/3")
    program.train(12)
    program.edit_rate("0.25")
    program.train(18)
    program.do("saveAs")
    assert not program.window.isWindowModified()
    path = tmp_path / "kept.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert [edit["iteration"] for edit in kept["edits"]] == [0, 12]
    assert kept["state"]["iteration"] == 30
    other = start(str(path))
    assert other.at == (30, 0)
    assert np.array_equal(
        other.session.timeline.state(30).parameters, program.session.timeline.state(30).parameters
    )
    for window in (program, other):
        window.train(25)
        window.do("previous")
    assert other.seen()["canvas"] == program.seen()["canvas"]
    assert other.seen()["gradients"] == program.seen()["gradients"]
    for window in (program, other):
        window.do("first")
    assert other.seen()["explain"] == program.seen()["explain"]


def test_save_asks_for_a_place_once_and_then_writes_there(program, choose, tmp_path):
    """A preset has no file: Ctrl+S asks. Afterwards it does not."""
    choose(tmp_path / "mine.json")
    program.press(KEY.Key_S, CTRL)
    first = (tmp_path / "mine.json").read_bytes()
    choose(tmp_path / "never.json")
    program.edit_on_canvas("w1", "0.75")
    program.press(KEY.Key_S, CTRL)
    assert (tmp_path / "mine.json").read_bytes() != first
    assert not (tmp_path / "never.json").exists()
    assert not program.window.isWindowModified()
    assert str(tmp_path / "mine.json") in program.window.settings().recent_files


def test_a_dialog_that_is_cancelled_changes_nothing(program, choose):
    """Neither a file nor a message nor the title."""
    choose("")
    before, title = program.seen(), program.window.windowTitle()
    program.do("open", "save", "saveAs", "exportGradients", "exportSteps", "exportLoss", "exportImage")
    assert program.seen() == before
    assert program.window.windowTitle() == title
    assert program.message == ""


def test_a_place_that_cannot_be_written_is_told_and_the_old_file_stays(program, choose, tmp_path):
    """One sentence, and the experiment stays unsaved."""
    folder = tmp_path / "folder.json"
    folder.mkdir()
    for target in (folder, tmp_path / "missing" / "file.json"):
        choose(target)
        program.edit_on_canvas("w1", f"0.{len(str(target))}")
        program.do("saveAs")
        assert str(target) in program.message
        assert "\n" not in program.message
        assert program.window.isWindowModified()
        assert program.session.path is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"format": 99}', b"[1, 2]", b'{"format": 1, "title": "x"}']
)
def test_a_bad_file_is_told_and_the_experiment_stays(program, choose, tmp_path, content):
    """Where, what, what would be right; the screen is as it was."""
    (tmp_path / "bad.json").write_bytes(content)
    program.go(7)
    before = program.seen()
    choose(tmp_path / "bad.json")
    program.press(KEY.Key_O, CTRL)
    assert "bad.json" in program.message
    assert program.seen() == before
    assert program.window.windowTitle().startswith("Worked example")


def test_opening_another_file_forgets_undo_and_focus(program, choose, tmp_path, answer):
    """Nothing of the experiment before can be undone into the new one."""
    answer("discard")
    program.edit_on_canvas("w1", "0.75")
    program.click("w5")
    choose(written({**document_of("chain-of-neurons"), "title": "Mine"}, tmp_path / "mine.json"))
    program.do("open")
    assert program.window.windowTitle().startswith("Mine")
    assert not program.action("undo").isEnabled()
    assert program.session.focus == ""
    assert program.at == (0, 0)
    assert not program.window.isWindowModified()


# --- unsaved ---------------------------------------------------------------------------------------


def test_closing_asks_about_unsaved_changes(start, answer, choose, tmp_path):
    """Cancel keeps the window; save writes and closes; nothing is asked when nothing was changed."""
    program = start()
    asked = answer("cancel")
    program.edit_on_canvas("w1", "0.75")
    program.window.close()
    assert asked == ["Worked example"]
    assert program.window.isVisible()
    answer("save")
    choose("")  # no place was chosen: not saved, so not closed
    program.window.close()
    assert program.window.isVisible()
    choose(tmp_path / "mine.json")
    program.window.close()
    assert not program.window.isVisible()
    assert b"0.75" in (tmp_path / "mine.json").read_bytes()


def test_without_changes_nothing_is_asked(start, answer):
    """Training and stepping alone are no changes."""
    program = start()
    asked = answer("cancel")
    program.train(20)
    program.window.close()
    assert asked == []
    assert not program.window.isVisible()


def test_an_undone_change_is_no_change(program, answer):
    """Back at what is saved, nothing is asked."""
    asked = answer("cancel")
    program.edit_on_canvas("w1", "0.75")
    program.press(KEY.Key_Z, CTRL)
    program.window.preset_requested.emit("chain-of-neurons")
    assert asked == []
    assert program.window.windowTitle().startswith("Chain of neurons")


def test_another_preset_asks_first(program, answer):
    """Cancel: the picker shows the experiment that stays."""
    asked = answer("cancel")
    program.edit_on_canvas("w1", "0.75")
    picker = program.widget("presetPicker")
    picker.setCurrentIndex(2)
    picker.activated.emit(2)
    assert asked == ["Worked example"]
    assert picker.currentText().startswith("Worked example")
    assert program.cell("parameterTable", "w1", "value") == "0.75"
    answer("discard")
    picker.activated.emit(2)
    assert program.window.windowTitle().startswith("Two-layer chain")
    assert not program.window.isWindowModified()


def left_behind():
    """What is kept, as a program that ended badly leaves it: without anybody who holds its lock."""
    (kept,) = state_folder().glob("unsaved-*")
    crashed = kept.with_name("unsaved-crashed")
    shutil.copytree(kept, crashed, ignore=shutil.ignore_patterns("lock"))
    return crashed


def test_an_unsaved_experiment_is_kept_and_offered_again(program, start, monkeypatch):
    """A crash loses nothing: the next start offers it, and it is unsaved still."""
    program.edit_on_canvas("w5", "0.125")
    program.train(3)
    program.edit_on_canvas("w6", "-0.5")
    program.window.controller._keep()
    seen = program.seen()
    crashed = left_behind()
    other = start()
    monkeypatch.setattr("backprop_gui.app.files.ask_about_recovery", lambda *_: True)
    other.window.controller.offer_recovery()
    assert other.window.isWindowModified()
    assert other.cell("parameterTable", "w5", "value") == "0.125"
    other.press(KEY.Key_Right, CTRL, times=4)
    other.press(KEY.Key_Home)
    other.press(KEY.Key_End)
    assert_same(other.seen(), seen)
    assert not crashed.exists()
    assert recovery.abandoned() == []


def test_what_is_saved_or_given_up_is_not_offered(program, choose, tmp_path, monkeypatch, start):
    """No stale copies: saving and declining remove them."""
    choose(tmp_path / "mine.json")
    program.edit_on_canvas("w5", "0.125")
    program.window.controller._keep()
    program.do("saveAs")
    assert list(state_folder().glob("unsaved-*")) == []
    program.edit_on_canvas("w5", "0.25")
    program.window.controller._keep()
    left_behind()
    other = start()
    monkeypatch.setattr("backprop_gui.app.files.ask_about_recovery", lambda *_: False)
    other.window.controller.offer_recovery()
    assert not other.window.isWindowModified()
    assert not (state_folder() / "unsaved-crashed").exists()


def test_a_name_without_an_ending_does_not_overwrite_in_silence(program, choose, tmp_path, monkeypatch):
    """The ending is added after the file dialog, so the question is asked then."""
    there = tmp_path / "precious.json"
    there.write_text("precious", encoding="utf-8")
    choose(tmp_path / "precious")
    asked = []

    def decline(*words):
        asked.append(words)
        return QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "question", decline)
    program.do("saveAs")
    assert len(asked) == 1
    assert there.read_text(encoding="utf-8") == "precious"


def test_saving_to_a_link_replaces_what_it_points_to(program, choose, tmp_path):
    """A link stays a link."""
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    choose(link)
    program.do("saveAs")
    assert link.is_symlink()
    assert "Worked example" in target.read_text(encoding="utf-8")


# --- exports ---------------------------------------------------------------------------------------


def rows(path):
    """A CSV file as dictionaries."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_exported_gradients_agree_with_finite_differences(program, choose, tmp_path):
    """Ctrl+E: the iteration on screen; gradient, terms and numeric gradient tell the same."""
    choose(tmp_path / "gradients")
    program.press(KEY.Key_Right, CTRL, times=3)
    program.press(KEY.Key_E, CTRL)
    found = rows(tmp_path / "gradients.csv")
    assert [row["parameter"] for row in found] == [f"w{i}" for i in range(1, 11)] + [
        f"b{i}" for i in range(1, 6)
    ]
    assert {row["iteration"] for row in found} == {"2"}
    for row in found:
        gradient = float(row["gradient"])
        assert relative_error(float(row["numeric_gradient"]), gradient) < 1e-6
        assert eval(row["terms"], {"__builtins__": {}}) == pytest.approx(gradient, abs=1e-12)
        shown = program.cell("gradientTable", row["parameter"], "gradient")
        assert float(shown.replace("−", "-")) == gradient
        assert row["new_value"] == program.cell("gradientTable", row["parameter"], "after update").replace(
            "−", "-"
        )


def test_exported_steps_and_losses_are_those_of_the_window(program, choose, tmp_path):
    """51 steps with their numbers; a loss before each update and one after the last."""
    program.train(20)
    choose(tmp_path / "loss.csv")
    program.do("exportLoss")
    losses = rows(tmp_path / "loss.csv")
    assert len(losses) == 21
    assert [float(row["train_loss"]) for row in losses] == program.seen()["losses"][1]
    choose(tmp_path / "steps.csv")
    program.press(KEY.Key_Home)
    program.do("exportSteps")
    steps = rows(tmp_path / "steps.csv")
    assert len(steps) == 51
    assert float(steps[9]["value"]) == pytest.approx(0.85049311458, abs=5e-12)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_canvas_and_the_curve_are_exported_as_pictures(program, choose, tmp_path, suffix):
    """Written whole, with something on them; a place that can't be written is told."""
    program.go(19)
    choose(tmp_path / f"picture.{suffix}")
    program.do("exportImage")
    data = (tmp_path / f"picture.{suffix}").read_bytes()
    assert len(data) > 3000
    assert data[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
    if suffix != "pdf":
        choose(tmp_path / f"curve.{suffix}")
        program.train(50)
        program.window.loss_plot.export_requested.emit(suffix)
        assert len((tmp_path / f"curve.{suffix}").read_bytes()) > 2000
    if suffix == "png":
        image = QImage(str(tmp_path / "picture.png"))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert len(colours) > 5
    choose(tmp_path / "missing" / f"picture.{suffix}")
    program.do("exportImage")
    assert "missing" in program.message


def test_the_tables_export_and_copy_all_digits(program, choose, tmp_path):
    """The parameters as CSV with their whole numbers."""
    choose(tmp_path / "parameters.csv")
    program.train(5)
    program.window.table_tabs.setCurrentWidget(program.widget("parameterTable"))
    program.window.table_tabs.export_requested.emit("parameterTable")
    found = rows(tmp_path / "parameters.csv")
    values = sorted(float(row["value"]) for row in found)
    assert values == sorted(program.session.timeline.state(5).parameters.tolist())


def test_a_new_experiment_is_offered_to_be_saved_under_its_title(program, monkeypatch, tmp_path):
    """And what is typed with a dot keeps all of its name before the ending."""
    offered = []

    def choose(_window, _title, suggested, _filter):
        offered.append(suggested)
        return str(tmp_path / "sheet 1.2"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(choose))
    renamed = msgspec.structs.replace(program.session.experiment, title="Sheet 3: α & β")
    program.session.open_unsaved(renamed)
    program.do("save")
    assert offered == ["sheet-3-α-β.json"]
    assert program.session.path == tmp_path / "sheet 1.2.json"
    assert program.session.path.exists()
