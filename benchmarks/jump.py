"""A jump to any iteration of a run of 10,000, with its paint: at most 50 ms."""

from __future__ import annotations

import random
from typing import Any

from benchmarks.measuring import (
    WORKED_EXAMPLE,
    Times,
    close_window,
    machine,
    milliseconds,
    open_window,
    rest,
    show_table,
    step_watch,
    verdict,
)

LIMIT = 0.050
ITERATIONS, JUMPS = 10_000, 80
NETWORKS = (WORKED_EXAMPLE, "digits")


def jump_times(window: Any) -> Times:
    """Random jumps all over the run."""
    session, watch, times = window.controller.session, step_watch(window), Times()
    chance = random.Random(1)
    for _ in range(JUMPS):
        iteration = chance.choice([place for place in range(ITERATIONS) if place != session.iteration])
        watch.start()
        times.begin()
        session.seek(iteration, chance.randint(1, session.plan.total))
        watch.wait()
        times.end()
        rest(10)
    return times


def main() -> None:
    """Measure and print."""
    from backprop_gui.experiment.presets import preset_names

    rows = []
    for network in NETWORKS:
        if network not in preset_names():
            continue
        window = open_window(network)
        session = window.controller.session
        session.running.train(ITERATIONS)
        while session.running.is_training:
            rest(50)
        rest(300)
        times = jump_times(window)
        rows.append([network, *times.cells(), verdict(max(times.clock), LIMIT)])
        close_window(window)
    title = f"Jump to any of {ITERATIONS:,} iterations ({machine()})"
    show_table(title, ["seek → paint", *Times.HEAD, f"≤ {milliseconds(LIMIT)}"], rows)


if __name__ == "__main__":
    main()
