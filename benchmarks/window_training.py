"""Training at full speed beside the window: frames of at most 20 ms in 95 of 100 cases, and what they cost.

By the compiled kernel where it was built, and by numpy alone.
"""

from __future__ import annotations

import os
from statistics import median
from time import perf_counter

from benchmarks.measuring import (
    WORKED_EXAMPLE,
    FrameWatch,
    close_window,
    machine,
    milliseconds,
    open_window,
    percentile,
    rest,
    show_table,
    stop_by_key,
    verdict,
)

LIMIT = 0.020
SHARES = {"kernel": 0.90, "numpy": 0.70}  # of the speed without a window
SECONDS, ROUNDS = 3.0, 3
WARM_UP = 1000  # milliseconds, until states stand as far apart as they will


class _Clock:
    def __init__(self, end: float) -> None:
        self._end = end

    def is_over(self) -> bool:
        return perf_counter() >= self._end


def headless_speed() -> float:
    """Updates per second without a window."""
    from backprop_gui.experiment.presets import open_experiment
    from backprop_gui.steps.running import run
    from backprop_gui.steps.timeline import Timeline

    timeline = Timeline.of(open_experiment(WORKED_EXAMPLE)[0])
    for seconds in (WARM_UP / 1000, SECONDS):
        begin, first = perf_counter(), timeline.newest
        for _ in run(timeline, 10**12, _Clock(begin + seconds).is_over):
            pass
    return (timeline.newest - first) / (perf_counter() - begin)


class Beside:
    """Training at full speed with the window in front of it."""

    def __init__(self) -> None:
        self.frames: list[float] = []
        self.waits: list[float] = []
        self.speeds: list[float] = []
        self.stops: list[tuple[float, float]] = []
        self.way = ""

    def measure(self) -> None:
        """One round, in a fresh window."""
        window = open_window()
        session = window.controller.session
        transition = session.timeline.segments[0].stepper.transition
        self.way = "table" if transition is None else transition.name
        session.running.train(None)
        rest(WARM_UP)
        watch = FrameWatch(window.canvas.viewport())
        begin, first = perf_counter(), session.timeline.newest
        rest(int(1000 * SECONDS))
        self.speeds.append((session.timeline.newest - first) / (perf_counter() - begin))
        watch.stop()
        self.frames += watch.frames
        self.waits += watch.waits
        self.stops.append(stop_by_key(window))
        close_window(window)


def report(way: str) -> None:
    """Measure one way of training, in turns with and without a window, and print."""
    os.environ["BACKPROP_GUI_ENGINE"] = way
    beside, headless = Beside(), []
    for _ in range(ROUNDS):
        headless.append(headless_speed())
        beside.measure()
    if beside.way != way:
        print(f"\nThere is no {way} here; {beside.way} trains instead.")
        return
    rows = []
    for name, times in (
        ("from one paint to the next", beside.frames),
        ("a key or a click waits for", beside.waits),
        ("T → training has stopped", [stopped for stopped, _ in beside.stops]),
        ("T → all is painted", [painted for _, painted in beside.stops]),
    ):
        cells = [milliseconds(percentile(times, share)) for share in (50, 95, 100)]
        promised = name != "T → all is painted"
        rows.append([name, *cells, verdict(percentile(times, 95), LIMIT) if promised else ""])
    title = f"A frame while {way} trains at full speed ({machine()})"
    show_table(title, ["", "median", "95 %", "worst", f"≤ {milliseconds(LIMIT)}"], rows)
    share = median(beside.speeds) / median(headless)
    rows = [
        ["headless (reference)", f"{median(headless):,.0f}", "100 %", ""],
        [
            "beside the window",
            f"{median(beside.speeds):,.0f}",
            f"{share:.0%}",
            "holds" if share >= SHARES[way] else "MISSED",
        ],
    ]
    show_table("Updates per second", ["worked example", "updates/s", "share", f"≥ {SHARES[way]:.0%}"], rows)


def main() -> None:
    """Measure and print."""
    for way in SHARES:
        report(way)


if __name__ == "__main__":
    main()
