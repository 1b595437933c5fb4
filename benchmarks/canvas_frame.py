"""A frame of the canvas while a pulse travels over 20,000 edges: at most 5 ms."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from PySide6.QtCore import QEvent, QObject

from benchmarks.measuring import (
    application,
    close_window,
    dense_file,
    machine,
    milliseconds,
    open_window,
    percentile,
    rest,
    show_table,
    verdict,
)

LIMIT = 0.005
PULSE_SECONDS = 0.3
STEPS = 12
NETWORKS = {"worked example": "worked-example", "dense 100-100-100": (100, 100, 100)}


class Paints(QObject):
    """Counts the paints of a widget."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def frames(window: Any) -> list[float]:
    """Seconds for each frame of the pulses of some steps: moving the dots and painting them."""
    session, paints = window.controller.session, Paints(window.canvas.viewport())
    app, found = application(), []
    for neuron in range(STEPS):
        session.seek(0, 1 + 2 * (neuron % 4))  # z of a neuron: all its incoming edges are lit
        app.processEvents()
        app.processEvents()  # the step itself is painted; what follows is the pulse alone
        end = perf_counter() + PULSE_SECONDS
        while perf_counter() < end:
            before, begin = paints.count, perf_counter()
            app.processEvents()
            if paints.count > before:
                found.append(perf_counter() - begin)
        rest(20)
    return found


def main() -> None:
    """Measure and print."""
    rows = []
    for name, network in NETWORKS.items():
        window = open_window(network if isinstance(network, str) else dense_file(network))
        edges = len(window.canvas.stops())
        found = frames(window)
        cells = [f"{edges:,}", *(milliseconds(percentile(found, share)) for share in (50, 95, 100))]
        rows.append([name, *cells, verdict(percentile(found, 50), LIMIT)])
        close_window(window)
    head = ["pulse frame", "cards, weights", "median", "95 %", "worst", f"≤ {milliseconds(LIMIT)}"]
    show_table(f"Canvas in animation ({machine()})", head, rows)


if __name__ == "__main__":
    main()
