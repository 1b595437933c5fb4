"""The history of 100,000 iterations of the worked example: at most 64 MB."""

from __future__ import annotations

import gc
import tracemalloc
from time import perf_counter

from benchmarks.measuring import WORKED_EXAMPLE, show_table, verdict

LIMIT = 64.0
ITERATIONS = 100_000
MEGABYTE = 1024 * 1024


def main() -> None:
    """Measure and print."""
    from backprop_gui.experiment.presets import open_experiment
    from backprop_gui.steps.running import run
    from backprop_gui.steps.timeline import Timeline

    timeline = Timeline.of(open_experiment(WORKED_EXAMPLE)[0])
    gc.collect()
    tracemalloc.start()
    begin = perf_counter()
    for _ in run(timeline, ITERATIONS, _never):
        pass
    seconds = perf_counter() - begin
    gc.collect()
    kept, most = (size / MEGABYTE for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    losses = timeline.newest * 8 / MEGABYTE
    rows = [
        ["the losses alone (reference)", f"{losses:.2f} MB", ""],
        ["the whole history", f"{kept:.2f} MB", verdict(kept, LIMIT)],
        ["at most meanwhile", f"{most:.2f} MB", verdict(most, LIMIT)],
    ]
    title = f"Memory of {timeline.newest:,} iterations, made in {seconds:.0f} s while memory is traced"
    show_table(title, ["worked example", "size", f"≤ {LIMIT:.0f} MB"], rows)


def _never() -> bool:
    return False


if __name__ == "__main__":
    main()
