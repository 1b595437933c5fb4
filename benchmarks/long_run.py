"""A long run at full speed in the real window: frames, memory and pictures from its beginning to its end.

`python -m benchmarks.long_run [SECONDS] [PRESET|FILE] [FOLDER]`: 60 seconds of the worked example, with
pictures in a folder that is named at the end. Not one of `benchmarks.all`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

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
GROWTH = 48.0  # megabytes that the second half may take more than the first: keyframes are bounded by that
MEGABYTE = 1024 * 1024
PARTS = ("beginning", "middle", "end")


def memory() -> float:
    """Megabytes this process has in memory now; where the system does not tell, the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    except (OSError, ValueError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def watched(window: Any, seconds: float) -> tuple[list[str], float]:
    """A stretch of the run: its row of figures, and the memory behind it."""
    session = window.controller.session
    watch = FrameWatch(window.canvas.viewport())
    begin, own, first = perf_counter(), thread_time(), session.timeline.newest
    rest(int(1000 * seconds))
    spent, own = perf_counter() - begin, thread_time() - own
    watch.stop()
    now = memory()
    cells = [
        f"{session.timeline.newest:,}",
        f"{(session.timeline.newest - first) / spent:,.0f}",
        *(milliseconds(percentile(watch.frames, share)) for share in (50, 95, 99, 100)),
        milliseconds(percentile(watch.waits, 95)),
        milliseconds(own / max(1, len(watch.frames))),
        f"{now:.0f} MB",
        f"{session.timeline.nbytes / MEGABYTE:.0f} MB",
        verdict(percentile(watch.frames, 95), LIMIT),
    ]
    return cells, now


def main(seconds: float = 60.0, what: str = WORKED_EXAMPLE, folder: str = "") -> int:
    """Measure and print; 1 where the memory grew."""
    pictures = Path(folder or tempfile.mkdtemp(prefix="backprop-gui-long-run-"))
    pictures.mkdir(parents=True, exist_ok=True)
    window = open_window(what)
    session = window.controller.session
    before = memory()
    session.running.train(None)
    rest(1000)
    rows, sizes = [], []
    for part in PARTS:
        cells, size = watched(window, seconds / len(PARTS))
        rows.append([part, *cells])
        sizes.append(size)
        window.grab().save(str(pictures / f"{part}.png"))
        print(f"{part}: iteration {session.timeline.newest:,}, {size:.0f} MB", file=sys.stderr)
    stopped, painted = stop_by_key(window)
    window.grab().save(str(pictures / "stopped.png"))
    points = len(session.timeline.losses()[0])
    close_window(window)
    head = ["", "iteration", "updates/s", "frame", "95 %", "99 %", "worst", "key waits 95 %", "CPU a frame"]
    head += ["memory", "history", f"95 % ≤ {milliseconds(LIMIT)}"]
    show_table(f"{what} at full speed for {seconds:.0f} s ({machine()})", head, rows)
    flat = sizes[-1] - sizes[0] <= GROWTH
    print(
        f"  Memory: {before:.0f} MB before, then {' → '.join(f'{size:.0f}' for size in sizes)} MB: ", end=""
    )
    print("flat" if flat else "GROWS")
    print(f"  T → stopped: {milliseconds(stopped)}, painted: {milliseconds(painted)}.", end=" ")
    print(f"The loss curve keeps {points:,} points.")
    print(f"  Pictures: {pictures}")
    return 0 if flat else 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(float(arguments[0]) if arguments else 60.0, *arguments[1:3]))
