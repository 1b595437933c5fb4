"""From a key to the end of the paint that shows the step's final text: at most 16 ms in 95 of 100 cases."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from benchmarks.measuring import (
    PaintWatch,
    Times,
    application,
    close_window,
    dense_file,
    machine,
    milliseconds,
    open_window,
    percentile,
    press,
    rest,
    show_table,
    step_watch,
    verdict,
)

LIMIT = 0.016
STEPS, WARM = 160, 12
PAUSE = 40  # milliseconds between two keys, about as when → is held down
NETWORKS = {"worked example": "worked-example", "dense 10-14-14-12": (10, 14, 14, 12)}


def latencies(window: Any, key: Qt.Key, count: int) -> Times:
    """From the key to the paint, for `count` steps."""
    watch, times = step_watch(window), Times()
    for _ in range(count):
        watch.start()
        times.begin()
        press(window, key)
        watch.wait()
        times.end()
        rest(PAUSE)
    return times


def bare_latencies(count: int = 60) -> Times:
    """The reference: a label in an otherwise empty window gets another text."""
    application()
    label = QLabel("0")
    label.resize(400, 200)
    label.show()
    rest(100)
    watch, times = PaintWatch(label), Times()
    for number in range(count):
        watch.start()
        times.begin()
        label.setText(str(number + 1))
        watch.wait()
        times.end()
        rest(5)
    label.close()
    return times


def main() -> None:
    """Measure and print."""
    rows = [["a bare label (reference)", *bare_latencies().cells(), ""]]
    for name, network in NETWORKS.items():
        window = open_window(network if isinstance(network, str) else dense_file(network))
        latencies(window, Qt.Key.Key_Right, WARM)
        for way, key in (("→", Qt.Key.Key_Right), ("←", Qt.Key.Key_Left)):
            times = latencies(window, key, STEPS)
            rows.append([f"{name} {way}", *times.cells(), verdict(percentile(times.clock, 95), LIMIT)])
        close_window(window)
    show_table(f"Step latency ({machine()})", ["key → paint", *Times.HEAD, f"≤ {milliseconds(LIMIT)}"], rows)


if __name__ == "__main__":
    main()
