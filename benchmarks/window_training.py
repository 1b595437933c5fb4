"""Training at full speed: frames of at most 20 ms in 95 of 100 cases, and what the window costs."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer

from benchmarks.measuring import (
    WORKED_EXAMPLE,
    close_window,
    machine,
    milliseconds,
    open_window,
    percentile,
    rest,
    show_table,
    verdict,
)

LIMIT, SHARE, SHARE_WITH_KERNEL = 0.020, 0.70, 0.90
SECONDS = 6.0


def headless_speed(seconds: float = SECONDS) -> float:
    """Updates per second without a window."""
    from backprop_gui.experiment.presets import open_experiment
    from backprop_gui.steps.running import run
    from backprop_gui.steps.timeline import Timeline

    timeline = Timeline.of(open_experiment(WORKED_EXAMPLE)[0])
    begin = perf_counter()
    for _ in run(timeline, 10**9, lambda: perf_counter() - begin >= seconds):
        pass
    return timeline.newest / (perf_counter() - begin)


class FrameWatch(QObject):
    """Times between paints of a widget, and how late the event loop answers a timer."""

    def __init__(self, widget: Any) -> None:
        super().__init__()
        self.paints: list[float] = []
        self.answers: list[float] = []
        self._due = 0.0
        widget.installEventFilter(self)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._answer)
        self._timer.start(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.paints.append(perf_counter())
        return False

    def _answer(self) -> None:
        """How long the loop was away: what a key would have waited for, and with it the frame."""
        now = perf_counter()
        if self._due:
            self.answers.append(now - self._due)
        self._due = now
        self._timer.start(1)

    def stop(self) -> None:
        """Measure no longer."""
        self._timer.stop()


def main() -> None:
    """Measure and print."""
    before = headless_speed()
    window = open_window()
    session = window.controller.session
    watch = FrameWatch(window.canvas.viewport())
    begin = perf_counter()
    kernel = session.timeline.segments[0].stepper.releases_lock
    session.running.train(None)
    rest(int(1000 * SECONDS))
    session.running.stop_training()
    beside = session.timeline.newest / (perf_counter() - begin)
    watch.stop()
    close_window(window)
    headless = (before + headless_speed()) / 2
    busy = [answer for answer in watch.answers if answer > 0.002]
    gaps = [later - earlier for earlier, later in zip(watch.paints, watch.paints[1:], strict=False)]
    cells = [milliseconds(percentile(busy, share)) for share in (50, 95, 100)]
    rows = [["the window's thread is busy for", *cells, verdict(percentile(busy, 95), LIMIT)]]
    cells = [milliseconds(percentile(gaps, share)) for share in (50, 95, 100)]
    rows.append(["from one paint to the next", *cells, ""])
    title = f"A frame while training at full speed ({machine()})"
    show_table(title, ["", "median", "95 %", "worst", f"≤ {milliseconds(LIMIT)}"], rows)
    share, least = beside / headless, SHARE_WITH_KERNEL if kernel else SHARE
    rows = [
        ["headless (reference)", f"{headless:,.0f}", "100 %", ""],
        ["beside the window", f"{beside:,.0f}", f"{share:.0%}", "holds" if share >= least else "MISSED"],
    ]
    show_table("Updates per second", ["worked example", "updates/s", "share", f"≥ {least:.0%}"], rows)


if __name__ == "__main__":
    main()
