"""Starting the program: a window inside a running application, a whole program, a picture of one."""

from __future__ import annotations

import gc
import signal
import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QMainWindow
from shiboken6 import isValid

from backprop_gui.app.controller import Controller
from backprop_gui.app.mishaps import Mishaps
from backprop_gui.errors import FileTrouble, InvalidEdit
from backprop_gui.experiment.presets import FIRST, open_experiment
from backprop_gui.session.session import Session
from backprop_gui.settings import Settings, load_settings
from backprop_gui.settings import reset_window as forget_window
from backprop_gui.views.fonts import load_fonts
from backprop_gui.views.main_window import MainWindow

MOST_CHECKED = 10_000  # parameters whose gradients are compared with finite differences for a picture


def create_window(preset_or_file: str | None = None) -> QMainWindow:
    """The program's window, at iteration 0, position 0 of an experiment; by default the worked example.

    Needs a running QApplication. Raises FileTrouble or InvalidExperiment.
    """
    _windows[:] = [window for window in _windows if isValid(window)]
    _windows.append(_window(preset_or_file, load_settings()))
    return _windows[-1]


# Window and controller know each other, so a window that nobody holds would be taken apart by the garbage
# collector, piece by piece, while Qt still sends it events. It lives until Qt deletes it.
_windows: list[MainWindow] = []


def _window(preset_or_file: str | None, settings: Settings) -> MainWindow:
    load_fonts()
    name = preset_or_file or FIRST
    experiment, path = open_experiment(name)
    session = Session(experiment, path, name if path is None else "")
    window = MainWindow(settings, program_version)
    window.controller = Controller(session, window)  # type: ignore[attr-defined]  # lives as long as the window
    return window


def program_version() -> str:
    """The installed version, empty in a bare checkout; looked up when asked for, which takes a while."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("backprop-gui")
    except PackageNotFoundError:
        return ""


def open_window(preset_or_file: str | None, reset_window: bool = False) -> int:
    """Run the program until its window is closed; returns the exit code."""
    if reset_window:
        forget_window()
    running = QApplication.instance()
    application = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("backprop-gui")
    application.setDesktopFileName("backprop-gui")
    window = _window(preset_or_file, load_settings())
    controller: Controller = window.controller  # type: ignore[attr-defined]
    Mishaps(window).install()
    window.show()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal: what is unsaved is kept aside
    QTimer.singleShot(0, _collect_garbage)
    QTimer.singleShot(0, controller.offer_recovery)
    return application.exec()


def _collect_garbage() -> None:
    """From now on. What the start has made stays: no step has to wait while it is looked through."""
    gc.freeze()
    gc.enable()


def screenshot(
    preset_or_file: str | None,
    output: Path,
    step: int | None,
    iteration: int,
    theme: str,
    size: tuple[int, int],
    focus: str,
    view: str = "network",
) -> None:
    """Write a picture of the window at a moment. `step` is a position, by default the last.

    Raises FileTrouble, InvalidExperiment, or InvalidEdit with a sentence for a moment that is not there.
    """
    qInstallMessageHandler(_without_platform_chatter)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    settings = msgspec.structs.replace(Settings(), theme=theme, reduced_motion=True)
    window = _window(preset_or_file, settings)
    session = window.controller.session  # type: ignore[attr-defined]
    if not session.reach(iteration):
        raise InvalidEdit(f"iteration {iteration} can't be reached: the run diverges before it")
    session.seek(iteration)
    last = session.plan.total
    if step is not None and not 0 <= step <= last:
        raise InvalidEdit(f"there is no step {step}; 0 to {last} would be right")
    session.seek(iteration, last if step is None else step)
    if len(session.model.graph.parameters.scalars) <= MOST_CHECKED:
        session.check_gradients()
    if focus:
        session.set_focus(focus)
        if not session.focus:
            raise InvalidEdit(f"there is nothing called {focus}; w5, b3, h1[2] or x[1] would be right")
    window.commands["graphView"].setChecked(view == "graph")
    window.resize(*size)
    window.loss_plot.prepare()
    window.show()
    for _ in range(4):  # layout, then what follows from it
        application.processEvents()
    saved = window.grab().save(str(output))
    window.controller.close_without_asking()  # type: ignore[attr-defined]
    if not saved:
        raise FileTrouble(f"{output}: can't be written; choose another place, and a name that ends in .png")


def _without_platform_chatter(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """The offscreen platform remarks on every window that it knows no size hints; that helps nobody."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)
