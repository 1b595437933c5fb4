"""How fast training is, beside others: the same work, interleaved, and final weights compared beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from time import perf_counter

import numpy as np
from msgspec import Struct, field

from backprop_gui.steps.contestants import Contestant, Run, reference
from backprop_gui.steps.speed_tasks import TASKS as TASKS
from backprop_gui.steps.speed_tasks import Task, model_of

COMPARED_AFTER = 60  # updates; less for the slow
SLOWLY_COMPARED_AFTER = 3
LIMIT = "the limit in C"


class Result(Struct, frozen=True):
    """What one contestant did on one task: updates per second of each round.

    `apart` is how far its weights were from the operation table's, by their norm; `agrees` whether that
    is rounding.
    """

    task: Task
    contestant: str
    speeds: tuple[float, ...]
    apart: float
    agrees: bool

    @property
    def speed(self) -> float:
        """The median of the rounds."""
        return median(self.speeds)


class _Entry(Struct):
    contestant: Contestant
    run: Run
    apart: float
    agrees: bool
    updates: int = 1
    speeds: list[float] = field(default_factory=list)


def measure(
    contestants: Sequence[Contestant],
    tasks: Iterable[Task] = TASKS,
    rounds: int = 5,
    seconds: float = 0.2,
    told: Callable[[str], object] = str,
) -> Iterator[Result]:
    """The results, task by task. All take turns: each round, each for about `seconds`.

    One whose weights are not those of the operation table is not timed: it did other work.
    """
    for task in tasks:
        told(task.title)
        entries = [entry for each in contestants if (entry := _entered(each, task)) is not None]
        racing = [entry for entry in entries if entry.agrees]
        for entry in racing:
            _calibrate(entry, seconds)
        for _ in range(rounds):
            for entry in racing:
                entry.speeds.append(entry.updates / _timed(entry.run, entry.updates))
        for entry in entries:
            speeds = tuple(entry.speeds) or (0.0,)
            yield Result(task, entry.contestant.name, speeds, entry.apart, entry.agrees)


def _entered(contestant: Contestant, task: Task) -> _Entry | None:
    """A contestant who can do the task, compared with the operation table."""
    variant = contestant.variant(task) if contestant.variant else task
    model = model_of(variant)
    run = contestant.start(variant, model)
    if run is None:
        return None
    updates = SLOWLY_COMPARED_AFTER if contestant.slow else COMPARED_AFTER
    run.train(updates)
    expected = reference(variant, updates)
    weights = run.weights()
    if not len(weights):
        return _Entry(contestant, run, 0.0, True)  # a limit that calculates no weights
    apart = float(np.linalg.norm(weights - expected) / np.linalg.norm(expected))
    return _Entry(contestant, run, apart, apart <= contestant.rounding)


def _timed(run: Run, updates: int) -> float:
    begin = perf_counter()
    run.train(updates)
    return max(perf_counter() - begin, 1e-9)


def _calibrate(entry: _Entry, seconds: float) -> None:
    """How many updates take about that long; warms up on the way."""
    took = _timed(entry.run, entry.updates)
    while took < seconds / 2:
        entry.updates = max(entry.updates + 1, int(entry.updates * min(10.0, 0.8 * seconds / took)))
        took = _timed(entry.run, entry.updates)


def table(results: Sequence[Result], first: str) -> list[list[str]]:
    """Rows of text: a head with the tasks; updates per second, and how many times slower than `first`."""
    tasks = list(dict.fromkeys(result.task for result in results))
    names = list(dict.fromkeys(result.contestant for result in results))
    found = {(result.contestant, result.task): result for result in results}
    rows = [["updates per second", *(task.name for task in tasks)]]
    for name in names:
        cells = [_cell(found.get((name, task)), found.get((first, task))) for task in tasks]
        rows.append([name, *cells])
    return rows


def _cell(result: Result | None, own: Result | None) -> str:
    if result is None:
        return "–"
    if not result.agrees:
        return "other weights"
    speed = result.speed
    text = (
        f"{speed / 1000:,.0f} k" if speed >= 100_000 else f"{speed:,.0f}" if speed >= 100 else f"{speed:.1f}"
    )
    if own is None or own is result or not own.speed:
        return text
    share = own.speed / speed
    return f"{text} ({share:.0%})" if result.contestant == LIMIT else f"{text} ({_times(share)})"


def _times(share: float) -> str:
    return f"×{share:,.0f}" if share >= 10 else f"×{share:.1f}"
