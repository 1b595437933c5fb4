"""The unsaved experiment, kept aside while one works on it and offered again at the next start.

Each running program keeps a file of its own; one whose program is gone was left by a crash.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

from backprop_gui.errors import BackpropError
from backprop_gui.experiment.data_loading import bring_along
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.reading import encode, read_experiment, write_whole
from backprop_gui.paths import state_folder


def _file() -> Path:
    return state_folder() / f"unsaved-{os.getpid()}.json"


def keep(experiment: Experiment | None, source: str) -> None:
    """Keep an unsaved experiment from `source` aside, with its data; None when nothing is unsaved."""
    if experiment is None:
        forget()
        return
    with contextlib.suppress(OSError, BackpropError):  # a full disk must not disturb the work itself
        state_folder().mkdir(parents=True, exist_ok=True)
        bring_along(experiment.data, source, _file())
        write_whole(_file(), encode(experiment))


def forget() -> None:
    """This program has nothing unsaved."""
    with contextlib.suppress(OSError):
        _file().unlink(missing_ok=True)


def abandoned() -> list[tuple[Path, Experiment, str]]:
    """What programs that are gone left unsaved: file, experiment, and when; the newest first."""
    found: list[tuple[Path, Experiment, str]] = []
    try:
        files = sorted(state_folder().glob("unsaved-*.json"), key=lambda path: -path.stat().st_mtime)
    except OSError:
        return []
    for path in files:
        number = path.stem.partition("-")[2]
        if not number.isdigit() or _runs(int(number)):
            continue
        try:
            experiment = read_experiment(path)
            moment = datetime.fromtimestamp(path.stat().st_mtime)
        except (BackpropError, OSError):
            continue
        found.append((path, experiment, moment.strftime("%d %B %Y at %H:%M").lstrip("0")))
    return found


def _runs(process: int) -> bool:
    """Whether a process of this number runs."""
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
