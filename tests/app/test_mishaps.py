"""A fault of the program itself: one sentence, its details in a file, no traceback."""

from __future__ import annotations

import sys
import threading

from backprop_gui.app.mishaps import FILE, LARGEST, Mishaps
from backprop_gui.paths import state_folder


def faulty(number):
    """Raises what nobody catches."""
    raise IndexError(number)


def taken(mishaps, number=1):
    """A fault on its way to the last resort."""
    try:
        faulty(number)
    except IndexError:
        mishaps.take(*sys.exc_info())


def test_a_fault_is_told_in_a_sentence_and_written_down(program, capfd):
    """The sentence says where the details are; the terminal stays clean; the same fault is told once."""
    mishaps = Mishaps(program.window)
    taken(mishaps)
    path = state_folder() / FILE
    assert "Your experiment is safe" in program.message
    assert str(path) in program.message
    assert "IndexError: 1" in path.read_text()
    before = path.stat().st_size
    program.window.clear_message()
    taken(mishaps)
    assert (program.message, path.stat().st_size) == ("", before)
    assert capfd.readouterr() == ("", "")
    program.window.clear_message()


def test_a_fault_of_another_thread_is_told_in_the_window(program, monkeypatch):
    """Not in the thread where it happened, which must not touch the window; the file stays small."""
    path = state_folder() / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x" * (LARGEST + 1))
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)
    Mishaps(program.window).install()
    worker = threading.Thread(target=faulty, args=(2,))
    worker.start()
    worker.join()
    program.wait_until(lambda: "Something went wrong" in program.message)
    assert path.stat().st_size < LARGEST
    program.window.clear_message()
