"""A file changed outside: noticed by its content, and offered to be loaded again.

Editors replace files whole, under another name first, so the folder is watched as well as the file; and
a file that was only touched, or written with what it held before, has not changed.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout

from backprop_gui.experiment.document import Experiment
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.status import MessageBar

SETTLED_MILLISECONDS = 200  # an editor may write in several goes
GONE = b"gone"
LOAD, KEEP = "load", "keep"


class FileWatch(QObject):
    """Watches one file, and knows the content the program has read or written last."""

    changed = Signal()  # the file holds something else now, or is gone
    restored = Signal()  # it holds again what the program knows

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._known = b""  # the content the program knows, or has been told to leave alone
        self._stat: tuple[int, ...] = ()
        self._watcher: QFileSystemWatcher | None = None
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLED_MILLISECONDS)
        self._settling.timeout.connect(self.look)

    def follow(self, path: Path | None) -> None:
        """Watch this file from now on, as it is now; None: no file."""
        self._settling.stop()
        self.path = path
        if self._watcher is not None and (watched := [*self._watcher.files(), *self._watcher.directories()]):
            self._watcher.removePaths(watched)
        self.take()

    def take(self) -> None:
        """What the file holds now is known: it was read, written, or looked at and left alone."""
        if self.path is None:
            self._known, self._stat = b"", ()
            return
        self._stat = _stat(self.path)
        self._known = _content(self.path)
        self._watch()

    def differs(self) -> bool:
        """Whether the file holds something the program does not know."""
        return self.path is not None and _content(self.path) != self._known

    def is_gone(self) -> bool:
        """Whether there is no such file any more."""
        return self.path is not None and not self.path.exists()

    def look(self) -> None:
        """Look whether the file has changed; reads it only where its date or size has."""
        if self.path is None:
            return
        self._watch()
        found = _stat(self.path)
        if found != self._stat:
            self._stat = found
            (self.changed if self.differs() else self.restored).emit()

    def _watch(self) -> None:
        assert self.path is not None
        if self._watcher is None:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.fileChanged.connect(self._settle)
            self._watcher.directoryChanged.connect(self._settle)
        watched = {*self._watcher.files(), *self._watcher.directories()}
        real = Path(os.path.realpath(self.path))
        wanted = {str(place) for place in (self.path, real, self.path.parent, real.parent) if place.exists()}
        if new := sorted(wanted - watched):
            self._watcher.addPaths(new)

    def _settle(self, _path: str) -> None:
        self._settling.start()


class OutsideChanges(QObject):
    """Tells of changes to the file of one window's experiment, in a bar that stands in nobody's way."""

    load_requested = Signal()

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._bar: MessageBar | None = None
        self.watch = FileWatch(self)
        self._saved: Experiment | None = None  # what the file held before it was gone
        self.watch.changed.connect(self._tell)
        self.watch.restored.connect(self._take_back)
        session.opened.connect(self._follow)
        session.changed.connect(self._follow_other)
        self._follow()

    def settle(self) -> None:
        """The file was read or written by the program itself: nothing is left to be said."""
        self.watch.follow(self._session.path)
        self._saved = None
        if self._bar is not None:
            self._bar.dismiss()

    def bar(self) -> MessageBar:
        """The bar; made when it is first needed, above the one for other messages."""
        if self._bar is None:
            self._bar = MessageBar()
            self._bar.setObjectName("fileBar")
            around = self._window.message_bar.parentWidget()
            layout = around.layout() if around is not None else None
            assert isinstance(layout, QBoxLayout)
            layout.insertWidget(layout.indexOf(self._window.message_bar), self._bar)
            self._window.add_part(self._bar)
            self._bar.action_chosen.connect(self._answer)
        return self._bar

    def _follow(self) -> None:
        self.settle()

    def _follow_other(self) -> None:
        """Saved under another name, or begun anew."""
        if self.watch.path != self._session.path:
            self.settle()

    def _tell(self) -> None:
        session, path = self._session, self.watch.path
        assert path is not None
        name = path.name
        if self.watch.is_gone():
            self._leave_unsaved()
            words = f"{name} was deleted or moved. What you see is still here; Save writes it again."
            self.bar().show_offer(words, ((KEEP, "OK"),))
            return
        words = f"{name} was changed by another program."
        if session.modified:
            words += " You have changes of your own, which loading would give up."
        self.bar().show_offer(words, ((LOAD, "Load again"), (KEEP, "Keep mine")))

    def _answer(self, answer: str) -> None:
        if answer == LOAD:
            self.load_requested.emit()
            return
        self.bar().dismiss()
        self.watch.take()  # not asked about again, neither here nor when saving
        self._leave_unsaved()

    def _take_back(self) -> None:
        """The file is as it was: nothing is left to be said."""
        if self._bar is not None:
            self._bar.dismiss()
        if self._saved is not None:
            self._session.saved, self._saved = self._saved, None
            self._session.changed.emit()

    def _leave_unsaved(self) -> None:
        """No file holds what is on screen, so closing has to ask."""
        session = self._session
        if not session.modified:
            self._saved = session.saved
            session.saved = msgspec.structs.replace(session.experiment, title="")
            session.changed.emit()


def _stat(path: Path) -> tuple[int, ...]:
    """What changes with a file, without reading it; empty when there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _content(path: Path) -> bytes:
    """What tells the content of a file from another."""
    import hashlib  # takes a while, and a preset needs none

    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").digest()
    except OSError:
        return GONE
