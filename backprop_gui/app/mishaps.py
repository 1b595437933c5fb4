"""The last resort: a fault of the program itself becomes one sentence, and its details a file.

Qt goes on after an exception in a slot or an event. Without this the user would see a traceback in a
terminal, or nothing at all. The experiment is kept aside as always, so nothing is lost.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from datetime import datetime
from types import TracebackType

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from backprop_gui.paths import state_folder
from backprop_gui.views.main_window import MainWindow

FILE = "faults.txt"
LARGEST = 256 * 1024  # bytes; beyond it the file begins anew


class Mishaps(QObject):
    """Takes what nobody caught; lives as long as its window."""

    _told = Signal(str)  # a worker's fault is told in the window's own thread

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._said: set[str] = set()
        self._told.connect(self._show)

    def install(self) -> None:
        """From now on, for the whole process."""
        sys.excepthook = self.take
        threading.excepthook = self._take_from_thread

    def take(self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None, /) -> None:
        """Write the fault down and tell of it; the same one once."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, fault, trace)
            return
        lines = traceback.format_exception(kind, fault, trace)
        where = lines[-2].strip().splitlines()[0] if len(lines) > 1 else ""
        known = f"{kind.__name__} {where}"
        if known in self._said:
            return
        self._said.add(known)
        kept = self._write("".join(lines))
        if isValid(self):
            self._told.emit(
                "Something went wrong inside the program. Your experiment is safe: save it and start again "
                f"if anything looks odd.{f' Details are in {kept}.' if kept else ''}"
            )

    def _take_from_thread(self, told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            self.take(told.exc_type, told.exc_value, told.exc_traceback)

    def _write(self, text: str) -> str:
        """Add it to the file; returns where, empty where that was not possible."""
        path = state_folder() / FILE
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            full = path.exists() and path.stat().st_size > LARGEST
            with path.open("w" if full else "a", encoding="utf-8") as stream:
                stream.write(f"{datetime.now().isoformat(timespec='seconds')}\n{text}\n")
            return str(path)
        return ""

    def _show(self, sentence: str) -> None:
        self._window.show_message(sentence, "error")
