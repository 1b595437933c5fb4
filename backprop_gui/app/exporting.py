"""Writing a table as CSV, be it three rows or millions: in slices, with progress, until it is called off.

The file is written aside and takes the place of the old one when it is complete; called off, the old one
stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from backprop_gui.errors import BackpropError

if TYPE_CHECKING:
    from backprop_gui.present.output_files import OutputFile
    from backprop_gui.session.session import Session
    from backprop_gui.views.main_window import MainWindow

AT_ONCE_SECONDS = 0.3  # a table this short is written without a word
SLICE_SECONDS = 0.024  # a step taken meanwhile waits so long at most
ROWS_BETWEEN_LOOKS = 100  # at the clock


class CsvExport(QObject):
    """One file at a time. Esc, another experiment and the end of the window call it off."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._file: OutputFile | None = None
        self._rows: Iterator[Sequence[Any]] = iter(())
        self._what, self._path = "", ""
        self._done, self._count = 0, 0
        self._timer = QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._go_on)
        window.commands["clearFocus"].triggered.connect(self.call_off)
        session.opened.connect(self.call_off)
        window.closing.connect(self._close)

    @property
    def is_under_way(self) -> bool:
        """Whether a file is being written."""
        return self._file is not None

    def write(
        self, path: str, what: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], count: int
    ) -> None:
        """Write `count` rows below the names of their columns. Raises FileTrouble when it can't be begun."""
        from backprop_gui.present.output_files import OutputFile

        self.call_off()
        self._file = OutputFile(path)
        self._rows, self._what, self._path = iter(rows), what, path
        self._done, self._count = 0, count
        self._file.write_rows([columns])
        self._write_for(AT_ONCE_SECONDS)
        if self._file is not None:
            self._timer.start()
            self._window.show_clearable(True)

    def call_off(self) -> None:
        """Stop writing; the old file stays."""
        if self._file is not None:
            self._file.discard()
            self._end(f"{self._what} were not written: stopped")

    def _close(self, _event: object) -> None:
        self.call_off()

    def _go_on(self) -> None:
        try:
            self._write_for(SLICE_SECONDS)
        except BackpropError as error:
            self._end("")
            self._window.show_message(str(error), "error")

    def _write_for(self, seconds: float) -> None:
        """Write for so long; put the file in place when that was all."""
        end = perf_counter() + seconds
        assert self._file is not None
        while True:
            part = list(islice(self._rows, ROWS_BETWEEN_LOOKS))
            self._file.write_rows(part)
            self._done += len(part)
            if len(part) < ROWS_BETWEEN_LOOKS:
                break
            if perf_counter() >= end:
                self._show_progress()
                return
        self._file.mark()
        self._file.complete()
        self._end(f"{self._what} written to {self._path}")

    def _show_progress(self) -> None:
        share = int(100 * self._done / max(self._count, 1))
        count = self._session.format.count
        rows = f"{count(self._done)} of {count(self._count)} rows"
        self._window.show_progress(f"writing CSV · {share} % · {rows} · Esc stops")

    def _end(self, told: str) -> None:
        self._file, self._rows = None, iter(())
        self._timer.stop()
        self._window.show_progress("")
        if told:
            self._window.show_message(told)
