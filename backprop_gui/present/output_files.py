"""Output files that are replaced whole: written beside the old file, put in its place when complete."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from backprop_gui.errors import FileTrouble
from backprop_gui.present.csv_files import Row, csv_writer

STANDARD_OUTPUT = "-"


class WriteFailed(FileTrouble):
    """Writing broke off, the disk being full for instance; the old file is still there."""


class OutputFile:
    """One file to be written; `-` is standard output, and devices and pipes are written to directly.

    `mark` says that what was written so far belongs together; `complete` keeps what was marked last
    and puts it in place; `discard` leaves the old file. Raises FileTrouble when it can't be begun and
    WriteFailed when it breaks off; BrokenPipeError passes.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.failed = False
        self._temporary: Path | None = None
        self._path = Path(os.path.realpath(target))  # a link stays a link
        self._marked = 0
        self.stream = self._opened()
        self._writer = csv_writer(self.stream)

    @property
    def identity(self) -> str:
        """Two targets of the same identity would overwrite each other."""
        return STANDARD_OUTPUT if self.target == STANDARD_OUTPUT else str(self._path)

    def _opened(self) -> TextIO:
        if self.target == STANDARD_OUTPUT:
            return sys.stdout
        if not self.target:
            raise FileTrouble("an empty name is no file; name one, or - for standard output")
        try:
            if self._path.is_dir():
                raise FileTrouble(f"{self.target}: is a folder; name a file in it")
            if self._path.exists() and not self._path.is_file():
                return self._path.open("w", encoding="utf-8", newline="")
            if not self._path.parent.is_dir():
                raise FileTrouble(f"{self.target}: there is no folder {self._path.parent}; make it first")
            temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
            stream = temporary.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise FileTrouble(f"{self._reason(error)}; choose another place") from None
        self._temporary = temporary
        return stream

    def _reason(self, error: OSError) -> str:
        name = "standard output" if self.target == STANDARD_OUTPUT else self.target
        return f"{name}: can't be written ({error.strerror or error})"

    def write_rows(self, rows: Iterable[Row]) -> None:
        """Append rows of CSV."""
        writerow = self._writer.writerow
        for row in rows:
            try:
                writerow(row)
            except OSError as error:
                self._fail(error)

    def write_text(self, text: str) -> None:
        """Append text as it is."""
        try:
            self.stream.write(text)
        except OSError as error:
            self._fail(error)

    def mark(self) -> None:
        """What was written so far is worth keeping."""
        try:
            if self._temporary is not None:
                self._marked = self.stream.tell()
            elif self.target == STANDARD_OUTPUT:
                self.stream.flush()  # who reads along sees whole iterations, and a closed pipe is noticed
        except OSError as error:
            self._fail(error)

    def complete(self) -> None:
        """Put what was marked last in the place of the old file; nothing to do after a failure."""
        if self.failed or self.stream.closed:
            return
        try:
            self.stream.flush()
            if self._temporary is None:
                if self.target != STANDARD_OUTPUT:
                    self.stream.close()
                return
            self.stream.truncate(self._marked)
            os.fsync(self.stream.fileno())
            self.stream.close()
            if self._path.exists():
                shutil.copymode(self._path, self._temporary)
            os.replace(self._temporary, self._path)
            self._temporary = None
        except OSError as error:
            self._fail(error)

    def discard(self) -> None:
        """Leave the old file as it was; nothing to do after `complete`."""
        if self.target != STANDARD_OUTPUT:
            with contextlib.suppress(OSError):
                self.stream.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = None

    def _fail(self, error: OSError) -> None:
        self.failed = True
        kept = "" if self._temporary is None else "; what was there before is kept"
        self.discard()
        if isinstance(error, BrokenPipeError):
            raise error
        raise WriteFailed(self._reason(error) + kept) from None
