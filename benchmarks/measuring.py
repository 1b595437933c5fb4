"""What the benchmarks share: a window that really shows, keys that are really pressed, figures in a table."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import numpy as np

# Neither the user's window nor what an interrupted run left behind takes part.
_FOLDER = tempfile.mkdtemp(prefix="backprop-gui-benchmark-")
os.environ["BACKPROP_GUI_HOME"] = _FOLDER
os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

WORKED_EXAMPLE = "worked-example"
SIZE = (1440, 900)


def application() -> QApplication:
    """The one application."""
    found = QApplication.instance()
    return found if isinstance(found, QApplication) else QApplication(["benchmark"])


def open_window(preset_or_file: str = WORKED_EXAMPLE) -> Any:
    """The program's window, shown at 1440x900, with its plot loaded and at rest."""
    from backprop_gui.app import create_window

    application()
    window: Any = create_window(preset_or_file)
    window.resize(*SIZE)
    window.show()
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    rest(700)  # the plot loads, finite differences of iteration 0 are made
    gc.freeze()  # as the program does when its window shows
    return window


def rest(milliseconds: int) -> None:
    """Let a real event loop run; `QTest.qWait` would keep Python's lock from other threads."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def close_window(window: Any) -> None:
    """Close without asking about unsaved edits."""
    window.controller.close_without_asking()
    rest(20)


def dense_file(layers: Sequence[int], name: str = "dense") -> str:
    """An experiment file with a dense network of these layers, inputs first."""
    generator = np.random.default_rng(1)
    nodes, before = [], "x"
    for place, units in enumerate(layers[1:], start=1):
        node = "out" if place == len(layers) - 1 else f"h{place}"
        kind = {"activation": "sigmoid", "weights": {"init": "xavier"}, "biases": {"init": "zeros"}}
        nodes.append({"name": node, "op": "dense", "of": before, "units": units, **kind})
        before = node
    document = {
        "format": 1,
        "title": f"Dense {'-'.join(str(units) for units in layers)}",
        "network": {
            "inputs": {"x": layers[0]},
            "nodes": nodes,
            "loss": {"op": "half_squared_error", "of": before},
        },
        "data": {
            "x": [generator.uniform(-1, 1, layers[0]).round(3).tolist()],
            "targets": [generator.uniform(0, 1, layers[-1]).round(3).tolist()],
        },
        "training": {"optimizer": {"kind": "gradient_descent", "learning_rate": 0.5}, "seed": 1},
    }
    path = Path(_FOLDER) / f"{name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


class PaintWatch(QObject):
    """Tells which of some widgets have been painted since it was last asked to wait."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self._widgets = widgets
        self._missing: set[QWidget] = set()
        self._painted = False
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
            self._missing.discard(watched)
            self._painted = True
        return False

    def start(self) -> None:
        """From now on every widget has to be painted."""
        self._missing = set(self._widgets)

    def wait(self, seconds: float = 5.0) -> None:
        """Run the event loop until all are painted and nothing more is on its way."""
        app = application()
        end = perf_counter() + seconds
        while self._missing and perf_counter() < end:
            app.processEvents()
        if self._missing:
            raise TimeoutError(f"not painted: {[widget.objectName() for widget in self._missing]}")
        self._painted = True
        while self._painted:  # a second paint that was already asked for shows the final text
            self._painted = False
            app.processEvents()


class FrameWatch(QObject):
    """Times between paints of a widget, and how late the event loop is: what a key would wait for."""

    INTERVAL = 0.015  # of a timer; a shorter one would itself cost time

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._widget = widget
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self.begin()
        widget.installEventFilter(self)

    def begin(self) -> None:
        """Forget what was measured and begin anew."""
        self._paints: list[float] = []
        self.waits: list[float] = []
        self._start()

    def _start(self) -> None:
        self._due = perf_counter() + self.INTERVAL
        self._timer.start(round(1000 * self.INTERVAL))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._paints.append(perf_counter())
        return False

    def _look(self) -> None:
        self.waits.append(max(0.0, perf_counter() - self._due))
        self._start()

    @property
    def frames(self) -> list[float]:
        """Seconds from one paint to the next."""
        return [later - earlier for earlier, later in zip(self._paints, self._paints[1:], strict=False)]

    def stop(self) -> None:
        """Measure no longer."""
        self._timer.stop()
        self._widget.removeEventFilter(self)


def stop_by_key(window: Any) -> tuple[float, float]:
    """Press T while training runs: seconds until it has stopped, and until all that follows is painted."""
    watch, running = PaintWatch(window.explain), window.controller.session.running
    stopped: list[float] = []

    def note(training: bool) -> None:
        stopped.append(perf_counter())

    running.training_changed.connect(note)
    watch.start()
    begin = perf_counter()
    press(window, Qt.Key.Key_T)
    watch.wait()
    end = perf_counter()
    running.training_changed.disconnect(note)
    if running.is_training or not stopped:
        raise RuntimeError("T did not stop the training")
    return stopped[0] - begin, end - begin


def step_watch(window: Any) -> PaintWatch:
    """Watches the canvas and the explain panel."""
    return PaintWatch(window.canvas.viewport(), window.explain)


def press(window: QWidget, key: Qt.Key) -> None:
    """A key, through the window system's door."""
    QTest.keyClick(window.windowHandle(), key)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent of the values do not exceed."""
    return float(np.percentile(np.array(values), share))


def milliseconds(seconds: float) -> str:
    """`8.3 ms`."""
    return f"{1000 * seconds:.1f} ms"


class Times:
    """What some actions took: by the clock, and of the own time of the thread, which others cannot spoil."""

    HEAD = ("median", "95 %", "worst", "median CPU", "95 % CPU")

    def __init__(self) -> None:
        self.clock: list[float] = []
        self.own: list[float] = []
        self._began = (0.0, 0.0)

    def begin(self) -> None:
        """An action begins."""
        self._began = (perf_counter(), thread_time())

    def end(self) -> None:
        """It has ended."""
        self.clock.append(perf_counter() - self._began[0])
        self.own.append(thread_time() - self._began[1])

    def cells(self) -> list[str]:
        """The figures under `HEAD`."""
        clock = [milliseconds(percentile(self.clock, share)) for share in (50, 95, 100)]
        return clock + [milliseconds(percentile(self.own, share)) for share in (50, 95)]


def machine() -> str:
    """How busy the machine is: a load above the number of cores spoils what goes by the clock."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"{application().platformName()}, load {load} on {os.cpu_count()} cores"


def show_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a small table: names at the left, figures at the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    print(f"\n{title}")
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(text.rjust(w) for text, w in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  " + "  ".join(cells).rstrip())


def verdict(value: float, limit: float) -> str:
    """Whether a figure holds."""
    return "holds" if value <= limit else "MISSED"
