"""Files from outside: changed by another program, dragged in, opened again; saving whole or not at all."""

from __future__ import annotations

import errno
import json
import os

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton

from tests.app.program import CTRL, KEY, document_of, written


@pytest.fixture
def mine(start, tmp_path):
    """A window with a file of its own."""
    path = tmp_path / "mine.json"
    program = start(written(document_of("worked-example"), path))
    program.path = path
    return program


def other_document(rate=0.25):
    """What another program writes."""
    document = document_of("worked-example")
    document["training"]["optimizer"]["learning_rate"] = rate
    return document


def replace_whole(path, document):
    """As editors save: another file takes the place of the first."""
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(document), encoding="utf-8")
    os.replace(aside, path)


def bar(program):
    """What the bar about the file says; empty without it."""
    found = program.window.controller.files.outside._bar
    return found.text() if found is not None else ""


def offered(program):
    """The buttons of the bar by their titles."""
    found = program.window.controller.files.outside._bar
    return {button.text(): button for button in found.findChildren(QPushButton) if not button.isHidden()}


def answer(monkeypatch, question, said):
    """Answer a question, and count how often it is asked."""
    asked = []

    def ask(_window, name):
        asked.append(name)
        return said

    monkeypatch.setattr(f"backprop_gui.app.files.{question}", ask)
    return asked


# --- changed outside -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["in place", "replaced"])
def test_a_change_is_noticed_and_can_be_loaded(mine, way):
    """Without being asked for; what is on screen stays until one says so."""
    if way == "replaced":
        replace_whole(mine.path, other_document())
    else:
        written(other_document(), mine.path)
    mine.wait_until(lambda: bar(mine) != "", timeout=5000)
    assert bar(mine) == "mine.json was changed by another program."
    assert list(offered(mine)) == ["Load again", "Keep mine"]
    assert mine.widget("learningRate").text() == "0.5"
    mine.edit_rate("0.75")
    assert bar(mine)  # an edit does not answer the question
    mine.do("undo")
    offered(mine)["Load again"].click()
    assert mine.widget("learningRate").text() == "0.25"
    assert bar(mine) == ""
    replace_whole(mine.path, other_document(0.125))  # noticed a second time, too
    mine.wait_until(lambda: bar(mine) != "", timeout=5000)


def test_the_same_content_is_no_change(mine):
    """A file that is touched, or written with what it held."""
    watch = mine.window.controller.files.outside.watch
    content = mine.path.read_bytes()
    os.utime(mine.path, ns=(1, 1))
    watch.look()
    mine.path.write_bytes(content)
    watch.look()
    assert bar(mine) == ""
    mine.press(KEY.Key_S, CTRL)  # its own saving is none either
    watch.look()
    assert bar(mine) == ""


def test_keeping_one_s_own_leaves_it_unsaved_and_is_asked_once(mine, monkeypatch):
    """Keep mine: the title says unsaved, saving no longer asks, and the file is mine again."""
    asked = answer(monkeypatch, "ask_to_save_over", "cancel")
    replace_whole(mine.path, other_document())
    mine.window.controller.files.outside.watch.look()
    offered(mine)["Keep mine"].click()
    assert bar(mine) == ""
    assert mine.window.isWindowModified()
    mine.press(KEY.Key_S, CTRL)
    assert asked == []
    assert not mine.window.isWindowModified()
    assert 'learning_rate": 0.5' in mine.path.read_text(encoding="utf-8")


def test_saving_over_a_change_asks_once(mine, monkeypatch):
    """Even before it was noticed; cancel leaves the file, over replaces it and asks no more."""
    replace_whole(mine.path, other_document())
    theirs = mine.path.read_bytes()
    asked = answer(monkeypatch, "ask_to_save_over", "cancel")
    mine.edit_on_canvas("w1", "0.75")
    mine.press(KEY.Key_S, CTRL)
    assert asked == ["mine.json"]
    assert mine.path.read_bytes() == theirs
    assert mine.window.isWindowModified()
    asked = answer(monkeypatch, "ask_to_save_over", "over")
    mine.press(KEY.Key_S, CTRL)
    mine.edit_on_canvas("w2", "0.75")
    mine.press(KEY.Key_S, CTRL)
    assert asked == ["mine.json"]
    assert not mine.window.isWindowModified()
    mine.window.controller.files.outside.watch.look()
    assert bar(mine) == ""


def test_loading_again_asks_before_it_gives_up_changes(mine, monkeypatch):
    """Once; declined, everything stays, and the bar as well."""
    mine.edit_on_canvas("w1", "0.75")
    replace_whole(mine.path, other_document())
    mine.window.controller.files.outside.watch.look()
    assert "changes of your own" in bar(mine)
    asked = answer(monkeypatch, "ask_to_load_again", False)
    offered(mine)["Load again"].click()
    assert asked == ["mine.json"]
    assert mine.cell("parameterTable", "w1", "value") == "0.75"
    answer(monkeypatch, "ask_to_load_again", True)
    offered(mine)["Load again"].click()
    assert mine.cell("parameterTable", "w1", "value") == "0.5"
    assert not mine.window.isWindowModified()


def test_a_broken_file_leaves_what_is_on_screen(mine):
    """Another program was in the middle of writing: one sentence, and loading can be tried again."""
    mine.path.write_text('{"format": 1, "ti', encoding="utf-8")
    mine.window.controller.files.outside.watch.look()
    before = mine.seen()
    offered(mine)["Load again"].click()
    assert "mine.json" in mine.message
    assert mine.seen() == before
    assert "Load again" in offered(mine)


def test_a_file_that_is_gone_leaves_the_experiment_unsaved(mine, monkeypatch):
    """Told; closing asks; what comes back unchanged is as if nothing had been; Save writes it again."""
    content = mine.path.read_bytes()
    watch = mine.window.controller.files.outside.watch
    mine.path.unlink()
    mine.wait_until(lambda: bar(mine) != "", timeout=5000)
    assert bar(mine).startswith("mine.json was deleted or moved.")
    assert mine.window.isWindowModified()
    mine.path.write_bytes(content)
    watch.look()
    assert bar(mine) == ""
    assert not mine.window.isWindowModified()
    mine.path.unlink()
    watch.look()
    asked = answer(monkeypatch, "ask_to_save_over", "cancel")
    mine.press(KEY.Key_S, CTRL)
    assert asked == []
    assert mine.path.exists()
    assert bar(mine) == ""


def test_another_experiment_is_another_file(mine):
    """What becomes of a file that is no longer open is of no concern."""
    mine.window.preset_requested.emit("chain-of-neurons")
    replace_whole(mine.path, other_document())
    mine.window.controller.files.outside.watch.look()
    assert bar(mine) == ""


# --- saving whole ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_full_or_broken_disk_leaves_the_old_file_whole(mine, monkeypatch, code):
    """One sentence, no half-written file, nothing left beside it, and the changes stay unsaved."""
    before = mine.path.read_bytes()
    mine.edit_on_canvas("w1", "0.75")

    def fail(_descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    mine.press(KEY.Key_S, CTRL)
    assert os.strerror(code) in mine.message
    assert mine.message.startswith(str(mine.path))
    assert mine.path.read_bytes() == before
    assert [path.name for path in mine.path.parent.iterdir()] == ["mine.json"]
    assert mine.window.isWindowModified()
    monkeypatch.undo()
    mine.press(KEY.Key_S, CTRL)
    assert mine.message == ""
    assert not mine.window.isWindowModified()


# --- recent files ----------------------------------------------------------------------------------


def recent(program):
    """The paths in the menu."""
    program.window.menus["fileMenu"].aboutToShow.emit()
    return [action.data() for action in program.window.menus["recentMenu"].actions() if action.data()]


def test_recent_files_open_are_up_to_eight_and_still_there(start, tmp_path, monkeypatch):
    """The newest first; what was deleted is left out; the list can be cleared."""
    program = start()
    menu = program.window.menus["recentMenu"]
    assert not menu.menuAction().isEnabled()
    files = [
        written({**document_of("worked-example"), "title": f"No {n}"}, tmp_path / f"{n}.json")
        for n in range(10)
    ]
    for path in files:
        program.window.controller.files.leave_for(path)
    assert recent(program) == files[:1:-1]
    os.unlink(files[9])
    assert recent(program) == files[8:1:-1]
    asked = answer(monkeypatch, "ask_about_unsaved", "cancel")
    program.edit_on_canvas("w1", "0.75")
    menu.actions()[1].trigger()
    assert asked == ["No 9"]
    assert program.window.windowTitle().startswith("No 9")
    answer(monkeypatch, "ask_about_unsaved", "discard")
    menu.actions()[1].trigger()
    assert program.window.windowTitle().startswith("No 7")
    assert recent(program)[0] == files[7]
    menu.actions()[-1].trigger()
    assert recent(program) == []
    assert not menu.menuAction().isEnabled()


# --- dragged onto the window -----------------------------------------------------------------------


def drop(program, *urls):
    """Drag files onto the window and let go."""
    data = QMimeData()
    data.setUrls([url if isinstance(url, QUrl) else QUrl.fromLocalFile(str(url)) for url in urls])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(200, 200), *how)
    QApplication.sendEvent(program.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(program.window, QDropEvent(QPointF(200, 200), *how))
    QApplication.processEvents()


def test_an_experiment_that_is_dropped_opens(program, tmp_path, monkeypatch):
    """After the question about unsaved changes, asked once."""
    path = written({**document_of("chain-of-neurons"), "title": "Dropped"}, tmp_path / "one.json")
    asked = answer(monkeypatch, "ask_about_unsaved", "cancel")
    program.edit_on_canvas("w1", "0.75")
    drop(program, path)
    assert asked == ["Worked example"]
    assert program.window.windowTitle().startswith("Worked example")
    answer(monkeypatch, "ask_about_unsaved", "discard")
    drop(program, path)
    assert program.window.windowTitle().startswith("Dropped")


def test_a_table_that_is_dropped_is_imported(program, tmp_path):
    """The same preview as from the menu."""
    (tmp_path / "data.csv").write_text("p,q,r\n0.1,0.2,0\n0.3,0.4,1\n", encoding="utf-8")
    drop(program, tmp_path / "data.csv")
    program.widget("dataDialog").reject()
    QApplication.processEvents()


def test_what_can_t_be_taken_is_refused_in_a_sentence(program, tmp_path):
    """Another kind of file, a folder, something from the web, a broken experiment; the screen stays."""
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    (tmp_path / "broken.json").write_bytes(b"{")
    before = program.seen()
    for thing, words in (
        (tmp_path / "notes.pdf", "notes.pdf: is neither an experiment (.json) nor a table of data (.csv)"),
        (tmp_path, "is a folder"),
        (QUrl("https://example.org/x.json"), "is not on this computer"),
        (tmp_path / "broken.json", "broken.json"),
        (tmp_path / "missing.json", "there is no such file"),
    ):
        drop(program, thing)
        assert words in program.message
        assert "\n" not in program.message
        assert program.seen() == before


def test_a_file_named_at_the_start_is_a_recent_one(mine):
    """As if it had been opened from the menu."""
    assert recent(mine) == [str(mine.path)]


def test_of_several_the_first_is_taken_and_said(program, tmp_path):
    """The others stay where they are."""
    files = [written({**document_of("xor"), "title": f"T{n}"}, tmp_path / f"{n}.json") for n in range(3)]
    drop(program, *files)
    assert program.window.windowTitle().startswith("T0")
    assert program.window.status._middle.text() == "3 files were dropped; 0.json, the first, is taken"
