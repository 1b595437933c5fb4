"""What every test gets: Qt without a screen, folders of its own, and a look at what it left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QWidget

# Before anything imports Qt.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

GRACE_SECONDS = 1.0  # for a thread that was told to stop and is about to


# The timers and threads among what was set aside, which no search finds any more.
known_runners: weakref.WeakSet[QObject] = weakref.WeakSet()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What all modules made is no test's."""
    set_aside()


@pytest.fixture(scope="module", autouse=True)
def earlier_modules_set_aside() -> None:
    """What the tests of other files left in memory is no business of these."""
    set_aside()


def set_aside() -> None:
    """Spare the collector and the search below what is here to stay: it takes longer than the tests."""
    gc.collect()
    if application_exists():
        known_runners.update(timers_and_threads())
    gc.freeze()


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings and autosaves of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("BACKPROP_GUI_HOME", str(home))
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings

        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(home))
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(home))
    return home


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """A widget, timer or thread that outlives its test crashes a later, innocent one: fail here instead."""
    threads_before = set(threading.enumerate())
    windows_before = {address(widget) for widget in top_level_widgets()}
    runners_before = {address(runner) for runner in running_objects(request)}
    yield

    def left_behind() -> list[str]:
        delete_what_is_due()
        windows = [widget for widget in top_level_widgets() if is_new(widget, windows_before)]
        runners = [one for one in running_objects(request) if address(one) not in runners_before]
        return [f"window {widget!r}" for widget in windows] + [f"running {runner!r}" for runner in runners]

    left = [f"thread {thread.name}" for thread in threads_left(threads_before)]
    if application_exists() and left_behind():
        gc.collect()  # what only a reference cycle holds is as good as gone
        left += left_behind()
    if left:
        pytest.fail("left behind by this test: " + ", ".join(left))


def threads_left(before: set[threading.Thread]) -> list[threading.Thread]:
    """The Python threads that are still alive; those Qt started are known to Python as dummies."""
    after = [t for t in threading.enumerate() if t not in before and not t.name.startswith("Dummy-")]
    end = time.monotonic() + GRACE_SECONDS
    for thread in after:
        thread.join(max(0.0, end - time.monotonic()))
    return [thread for thread in after if thread.is_alive()]


def application_exists() -> bool:
    """Whether this run has used widgets so far; asks without importing Qt."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets is not None and widgets.QApplication.instance() is not None


def top_level_widgets() -> list[QWidget]:
    """All windows, hidden ones too, except the tool tip Qt keeps for itself."""
    if not application_exists():
        return []
    from PySide6.QtWidgets import QApplication

    windows = QApplication.topLevelWidgets()
    return [widget for widget in windows if widget.metaObject().className() != "QTipLabel"]


def is_new(widget: QWidget, addresses_before: set[int]) -> bool:
    """Whether the window came with this test; a pop-up of an older window came with that one."""
    owner = widget
    while (parent := owner.parentWidget()) is not None:
        owner = parent
    return not {address(widget), address(owner)} & addresses_before


def running_objects(request: pytest.FixtureRequest) -> list[QObject]:
    """The timers and threads of Qt that run; only tests with Qt's fixtures pay for the search."""
    if not application_exists() or not {"qtbot", "qapp"} & set(request.fixturenames):
        return []
    return find_running()


def find_running() -> list[QObject]:
    """Those that run among all that live: a timer or thread without a parent is known to nobody else."""
    import shiboken6
    from PySide6.QtCore import QTimer

    def runs(one: Any) -> bool:
        return one.isActive() if isinstance(one, QTimer) else one.isRunning()

    everyone = [*known_runners, *timers_and_threads()]
    return [one for one in everyone if shiboken6.isValid(one) and runs(one)]


def timers_and_threads() -> list[QObject]:
    """Search all living objects that are not set aside."""
    from PySide6.QtCore import QThread, QTimer

    found: list[QObject] = []
    wanted: dict[type, bool] = {}  # asked once a type: there are hundreds of thousands of objects
    for thing in gc.get_objects():
        kind = type(thing)  # isinstance() would ask lazy objects for their __class__ and wake them
        if kind not in wanted:
            wanted[kind] = issubclass(kind, QTimer | QThread)
        if wanted[kind]:
            found.append(thing)
    return found


def delete_what_is_due() -> None:
    """Let everything go that was told to: deleteLater() waits for an event loop."""
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def address(thing: QObject) -> int:
    """Names a Qt object without keeping it alive."""
    import shiboken6

    pointer: int = shiboken6.getCppPointer(thing)[0]
    return pointer
