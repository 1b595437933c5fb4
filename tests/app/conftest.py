"""Windows for the tests of the whole program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSpinBox

from backprop_gui.app import create_window
from tests.app.program import Program, as_file
from tests.conftest import delete_what_is_due, set_aside

STEPPED_AT_MOST = 2000  # iterations; what a run without end came to is trained again


def close(window: Any) -> None:
    """Close a window that may hold something unsaved."""
    if window.isVisible():
        window.controller.close_without_asking()


@pytest.fixture
def patiently(qtbot):
    """Wait until something is so: at once on a quiet machine, much later on a busy one."""

    def wait_until(is_so: Callable[[], bool], timeout: int = 40_000) -> None:
        qtbot.waitUntil(is_so, timeout=timeout)

    return wait_until


@pytest.fixture
def start(qtbot, patiently, monkeypatch):
    """Start the program with a preset or a file; its windows are closed at the end.

    Gradients are checked on demand alone: what is on screen must not depend on how long a test takes.
    """
    monkeypatch.setattr("backprop_gui.session.session.IDLE_MILLISECONDS", 10**8)
    windows: list[Any] = []  # taken apart by Qt at the end, never by the garbage collector in between

    def start(source: str | None = None, size: tuple[int, int] = (1440, 900)) -> Program:
        window: Any = create_window(source)
        qtbot.addWidget(window, before_close_func=close)
        windows.append(window)
        window.resize(*size)
        window.show()
        window.activateWindow()
        patiently(window.isActiveWindow)
        return Program(window, patiently)

    yield start
    delete_what_is_due()


@pytest.fixture(scope="session")
def lasting_window(qapp, tmp_path_factory):
    """A window that many tests use one after the other: making one takes longer than most of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKPROP_GUI_HOME", str(tmp_path_factory.mktemp("lasting")))
        patch.setattr("backprop_gui.session.session.IDLE_MILLISECONDS", 10**8)
        window: Any = create_window()
    window.resize(1440, 900)
    window.loss_plot.prepare()
    window.controller.features["HistoryPanel"].plot.prepare()  # its parts last as long as the window
    window.move(30_000, 30_000)  # off the screen, where the pointer of other tests never comes
    window.show()
    set_aside()
    yield window
    close(window)
    window.deleteLater()
    delete_what_is_due()


def as_at_the_start(window: Any, checked: set[str], count: int) -> None:
    """Take back what the test before has chosen: every switch, the size of texts, tabs, what was typed."""
    for action in window.commands:
        wanted = action.objectName() in checked
        alone = action.actionGroup() is None  # in a group the right one switches the others off
        if action.isCheckable() and action.isChecked() != wanted and (wanted or alone):
            action.trigger()
    if window.look.scale != 1:
        window.commands["textReset"].trigger()
    window.look._dress_application()  # other windows share it and may have dressed it otherwise
    window.findChild(QSpinBox, "trainCount").setValue(count)
    for tabs in (window.side, window.plot_tabs, window.table_tabs):
        tabs.setCurrentIndex(0)
    window.clear_message()
    window.canvas.fit()


@pytest.fixture(scope="session")
def at_the_start(lasting_window):
    """The names of the switches that are on in a new window, and how many updates it trains."""
    lasting_window.commands["reducedMotion"].trigger()  # `Program` would, each time
    checked = {action.objectName() for action in lasting_window.commands if action.isChecked()}
    return checked, lasting_window.findChild(QSpinBox, "trainCount").value()


@pytest.fixture
def program(lasting_window, at_the_start, patiently):
    """The program as it starts: with the worked example."""
    window = lasting_window
    window.controller.files.open("worked-example")
    window.controller.keeper.forget()  # a folder in the home of the test before
    as_at_the_start(window, *at_the_start)
    window.activateWindow()
    patiently(window.isActiveWindow)
    window.canvas.setFocus()
    yield Program(window, patiently)
    window.controller.session.running.halt()
    window.controller.session.unfolded = False
    window.controller.session.refresh()
    QApplication.processEvents()
    for timer in window.findChildren(QTimer):
        timer.stop()


@pytest.fixture
def fresh(start, tmp_path):
    """What a freshly opened window shows of the same document at the same moment."""

    def fresh(program: Program) -> dict[str, Any]:
        session = program.session
        other = start(as_file(session.experiment, tmp_path / "fresh.json"))
        other.do(f"stepSize.{session.step_size}")
        newest = session.timeline.newest
        if newest > STEPPED_AT_MOST:
            other.train(newest)
        assert other.session.reach(newest)
        other.session.seek(session.iteration, session.position)
        if session.focus:
            other.session.set_focus(session.focus)
        other.session.unfolded = session.unfolded
        other.session.refresh()
        if program.session.scene().numeric:
            other.do("checkGradients")
        seen = other.seen()
        close(other.window)
        program.window.activateWindow()
        program.wait_until(program.window.isActiveWindow)
        return seen

    return fresh
