"""A race: several optimisers or rates from the same moment on the same batches, side by side.

Every lane is a timeline of its own that shares the past, so what comes of it is, bit for bit, what
that lane alone would have given. The one that is furthest behind goes next: curves grow together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import RATE, check_edit, with_edits
from backprop_gui.experiment.optimizing import OPTIMIZER
from backprop_gui.steps.branch import loss_at
from backprop_gui.steps.timeline import Timeline
from backprop_gui.steps.training import Chunk, train

FEWEST, MOST = 2, 4  # lanes


class Lane(Struct, frozen=True):
    """An optimiser by its kind, with a learning rate; all else as that optimiser has it by default."""

    kind: str
    rate: float


class Standing(Struct, frozen=True):
    """How a lane came in. Losses are the batch's, up to iteration `end`, where all of them have come to.

    `reached` is the iteration at which it was first as low as the loss that all are measured by, None
    when it never was. `diverged` is the iteration whose numbers are not finite, None in the usual case.
    `rough` tells that not every loss is kept any more.
    """

    lane: int
    end: int
    loss: float
    lowest: float
    lowest_at: int
    reached: int | None = None
    diverged: int | None = None
    rough: bool = False


def lane_changes(model: Model, lane: Lane) -> dict[str, Any]:
    """What is to be set so that a model trains as the lane does: nothing, the rate, or the optimiser.

    Another kind of optimiser begins with nothing kept. Raises InvalidEdit for a kind or rate that is none.
    """
    rate = check_edit(model, RATE, lane.rate)
    if lane.kind != model.optimizer.kind:
        return {OPTIMIZER: check_edit(model, OPTIMIZER, {"kind": lane.kind, RATE: rate})}
    return {} if rate == model.settings[RATE] else {RATE: rate}


def lane_start(
    experiment: Experiment, timeline: Timeline, iteration: int, changes: Mapping[str, Any]
) -> tuple[Experiment, Timeline]:
    """Document and timeline of a lane at its start; edits that would come later are left out."""
    if changes:
        return with_edits(experiment, iteration, changes), timeline.branch(iteration, changes)
    kept = [edit for edit in experiment.edits if edit.iteration <= iteration]
    return msgspec.structs.replace(experiment, edits=kept, state=None), timeline.branch(iteration, {})


class Entrant(Struct, frozen=True, eq=False):
    """What trains a lane: its stepper, where it stands, how far apart its states are kept."""

    stepper: Stepper
    state: State
    stride: int


def entrant_of(timeline: Timeline) -> Entrant:
    """The newest moment of a timeline, ready to be trained on."""
    segment = timeline.segment_of(timeline.newest)
    return Entrant(segment.stepper, timeline.state(timeline.newest), segment.stride)


def race(
    entrants: Sequence[Entrant], until: int, seconds: float, stopped: Callable[[], bool]
) -> Iterator[tuple[int, Chunk]]:
    """Chunks of about `seconds` with the place of their lane, up to iteration `until` or a stop.

    A lane that meets a number that is not finite ends there; the others go on.
    """
    runs = {
        place: train(entrant.stepper, entrant.state, until, entrant.stride, seconds, stopped)
        for place, entrant in enumerate(entrants)
    }
    reached = {place: entrant.state.iteration for place, entrant in enumerate(entrants)}
    while runs:
        place = min(runs, key=reached.__getitem__)
        chunk = next(runs[place], None)
        if chunk is None or chunk.diverged:
            del runs[place]
        if chunk is not None:
            reached[place] = chunk.last.iteration
            yield place, chunk


def standings(
    timelines: Sequence[Timeline],
    start: int,
    diverged: Mapping[int, int] | None = None,
    threshold: float | None = None,
) -> list[Standing]:
    """The lanes, best first: by the loss where all of them have come to, those that diverged last.

    `diverged` gives the iteration at which a lane did. Without a threshold all are measured by the
    lowest loss that each of them has reached.
    """
    broken = diverged or {}
    end = common_end(timelines, broken)
    runs = [_losses(t, start, t.newest if place in broken else end) for place, t in enumerate(timelines)]
    limit = threshold if threshold is not None else _common_loss(runs, broken)
    rough = [any(segment.losses.width > 1 for segment in timeline.segments) for timeline in timelines]
    found = [_standing(place, run, broken.get(place), limit, rough[place]) for place, run in enumerate(runs)]
    return sorted(found, key=lambda one: (one.diverged is not None, _order(one.loss), one.lane))


def common_end(timelines: Sequence[Timeline], diverged: Mapping[int, int]) -> int:
    """The iteration that every lane has come to which did not diverge."""
    ends = [timeline.newest for place, timeline in enumerate(timelines) if place not in diverged]
    return min(ends, default=max((timeline.newest for timeline in timelines), default=0))


def common_loss(timelines: Sequence[Timeline], start: int, diverged: Mapping[int, int]) -> float:
    """The lowest loss that every lane has reached which did not diverge; not finite where there is none."""
    end = common_end(timelines, diverged)
    return _common_loss(
        [_losses(timeline, start, min(end, timeline.newest)) for timeline in timelines], diverged
    )


def _losses(timeline: Timeline, start: int, end: int) -> tuple[Array, Array]:
    """Iterations from `start` to `end` and their losses, as far as they are kept; the last one always."""
    iterations, losses = timeline.losses()
    first, last = (int(np.searchsorted(iterations, place)) for place in (start, end))
    losses = np.append(losses[first:last], loss_at(timeline, end))
    return np.append(iterations[first:last], float(end)), np.where(np.isfinite(losses), losses, np.inf)


def _common_loss(runs: Sequence[tuple[Array, Array]], diverged: Mapping[int, int]) -> float:
    lowest = [float(losses.min()) for place, (_, losses) in enumerate(runs) if place not in diverged]
    return max((loss for loss in lowest if math.isfinite(loss)), default=math.nan)


def _standing(
    place: int, run: tuple[Array, Array], diverged: int | None, limit: float, rough: bool
) -> Standing:
    iterations, losses = run
    lowest = int(np.argmin(losses))
    low = np.flatnonzero(losses <= limit)
    return Standing(
        place,
        int(iterations[-1]),
        float(losses[-1]),
        float(losses[lowest]),
        int(iterations[lowest]),
        int(iterations[low[0]]) if len(low) else None,
        diverged,
        rough,
    )


def _order(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf
