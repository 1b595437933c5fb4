"""From the start of the process to the paint with canvas and formula: at most 2.5 times a bare window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.measuring import milliseconds, percentile, show_table, verdict

LIMIT, RUNS = 2.5, 9

# Both run in a process of their own and print the clock, which all processes share, after the paint.
CLOCK = """
import sys
from time import perf_counter
def watch(*widgets):
    from PySide6.QtCore import QEvent, QObject, QTimer
    class Clock(QObject):
        missing = set(widgets)
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint and watched in self.missing:
                self.missing.discard(watched)
                if not self.missing:
                    QTimer.singleShot(0, self.tell)
            return False
        def tell(self):
            print(perf_counter(), "pyqtgraph" in sys.modules, flush=True)
            import os
            os._exit(0)
    clock = Clock(widgets[0])
    for widget in widgets:
        widget.installEventFilter(clock)
"""
BARE = """
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
application = QApplication([])
window = QMainWindow()
label = QLabel("bare")
window.setCentralWidget(label)
window.resize(1440, 900)
watch(label)
window.show()
application.exec()
"""
PROGRAM = """
import backprop_gui.cli as cli
import backprop_gui.app.start as start
make = start._window
def watched(*arguments):
    window = make(*arguments)
    watch(window.canvas.viewport(), window.explain)
    return window
start._window = watched
cli.main(["open"])
"""


def _environment() -> dict[str, str]:
    """Compiled modules are kept, as they are for everybody, but not in the checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": str(Path(os.environ["BACKPROP_GUI_HOME"]) / "compiled")}


def launch(script: str) -> tuple[float, bool]:
    """Seconds to the paint, and whether pyqtgraph was imported before it."""
    begin = perf_counter()
    command = [sys.executable, "-c", CLOCK + script]
    told = subprocess.run(
        command, env=_environment(), check=True, capture_output=True, text=True, timeout=60
    ).stdout
    clock, has_plot = told.split()
    return float(clock) - begin, has_plot == "True"


def _cells(found: Sequence[float]) -> list[str]:
    return [milliseconds(percentile(found, share)) for share in (50, 0, 100)]


def main() -> None:
    """Measure and print."""
    bare, program, plots = [], [], 0
    for script in (BARE, PROGRAM):
        launch(script)  # files come from the disk once
    for _ in range(RUNS):  # in turn, so that both meet the same machine
        bare.append(launch(BARE)[0])
        seconds, has_plot = launch(PROGRAM)
        program.append(seconds)
        plots += has_plot
    ratio = percentile(program, 50) / percentile(bare, 50)
    rows = [
        ["bare window (reference)", *_cells(bare), "1.00", ""],
        ["the program", *_cells(program), f"{ratio:.2f}", verdict(ratio, LIMIT)],
    ]
    head = [f"{RUNS} starts each, in turn", "median", "best", "worst", "ratio", f"≤ {LIMIT}"]
    show_table("Start of the process to the first paint with canvas and formula", head, rows)
    if plots:
        print("  pyqtgraph is imported before the first paint; it belongs after it")


if __name__ == "__main__":
    main()
