"""The unsaved experiment, kept aside while one works on it and offered again at the next start.

Each running program keeps a folder of its own, with the experiment and the data beside it, and holds
a lock in it; a folder whose lock nobody holds was left by a program that ended badly.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile

from backprop_gui.errors import BackpropError
from backprop_gui.experiment.data_loading import bring_along
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.reading import encode, read_experiment, write_whole
from backprop_gui.paths import state_folder

EXPERIMENT, LOCK = "experiment.json", "lock"


class Keeper:
    """Keeps the unsaved experiment of one window."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock: QLockFile | None = None

    def keep(self, experiment: Experiment | None, source: str) -> None:
        """Keep an unsaved experiment from `source` aside, with its data; None when nothing is unsaved."""
        if experiment is None:
            self.forget()
            return
        with contextlib.suppress(OSError, BackpropError):  # a full disk must not disturb the work itself
            target = self._own_folder() / EXPERIMENT
            with contextlib.suppress(BackpropError):  # the experiment is worth keeping without its data, too
                bring_along(experiment.data, source, target)
            write_whole(target, encode(experiment))

    def adopt(self, path: Path, experiment: Experiment) -> str:
        """Take over what another program left: kept here from now on; returns where."""
        self.keep(experiment, str(path))
        remove(path.parent)
        return str(self._own_folder() / EXPERIMENT)

    def _own_folder(self) -> Path:
        if self._folder is not None and not self._folder.is_dir():
            self.forget()  # somebody cleared it away: what comes is kept all the same
        if self._folder is None:
            state_folder().mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="unsaved-", dir=state_folder()))
            self._lock = QLockFile(str(self._folder / LOCK))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)
        return self._folder

    def forget(self) -> None:
        """This window has nothing unsaved."""
        if self._lock is not None:
            self._lock.unlock()
        if self._folder is not None:
            remove(self._folder)
        self._folder = self._lock = None


def remove(folder: Path) -> None:
    """An abandoned experiment was opened, or given up."""
    shutil.rmtree(folder, ignore_errors=True)


def abandoned() -> list[tuple[Path, Experiment, str]]:
    """What programs that are gone left unsaved: file, experiment, and when; the newest first."""
    found: list[tuple[float, Path, Experiment]] = []
    for path in state_folder().glob(f"unsaved-*/{EXPERIMENT}"):
        lock = QLockFile(str(path.parent / LOCK))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue
        lock.unlock()
        try:
            found.append((path.stat().st_mtime, path, read_experiment(path)))
        except (BackpropError, OSError):
            continue
    found.sort(key=lambda each: -each[0])
    return [(path, experiment, _told(moment)) for moment, path, experiment in found]


def _told(moment: float) -> str:
    return datetime.fromtimestamp(moment).strftime("%d %B %Y at %H:%M").lstrip("0")
