"""The table of `benchmark`: how fast training is on this machine, beside what else is installed."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator

from backprop_gui.present.overview import columns
from backprop_gui.steps.contestants import installed_contestants, own_contestants
from backprop_gui.steps.speed import measure, table
from backprop_gui.steps.speed_tasks import TASKS


def speed_report(rounds: int, told: Callable[[str], None]) -> Iterator[str]:
    """Measure, and give the report line by line; `told` hears which task is under way."""
    others, missing = installed_contestants()
    contestants = [*own_contestants(), *others]
    own = contestants[0].name
    results = list(measure(contestants, rounds=rounds, told=told))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    yield f"Training, float64, one thread ({machine})"
    yield columns([tuple(row) for row in table(results, own)], None)
    yield ""
    for task in TASKS:
        yield task.title
    yield f"In brackets: how many times faster {own} is."
    if missing:
        yield f"Not installed here: {', '.join(missing)}."
