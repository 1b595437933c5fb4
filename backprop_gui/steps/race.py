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
    """How a lane came in. Losses are the batch's; `reached` is the iteration at which it was first as low
    as the loss that all are measured by, None when it never was. `diverged` is the iteration whose
    numbers are not finite, None in the usual case. `rough` tells that not every loss is kept any more.
    """

    lane: int
    newest: int
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
    """The lanes, best first: by the loss at the end, those that diverged last.

    `diverged` gives the iteration at which a lane did. Without a threshold all are measured by the
    highest loss at which a lane ended: the one that each of them has reached.
    """
    broken = diverged or {}
    ends = [loss_at(timeline, timeline.newest) for timeline in timelines]
    fine = [loss for place, loss in enumerate(ends) if place not in broken and math.isfinite(loss)]
    limit = threshold if threshold is not None else max(fine, default=-math.inf)
    found = [
        _standing(place, timeline, start, ends[place], broken.get(place), limit)
        for place, timeline in enumerate(timelines)
    ]
    return sorted(found, key=lambda one: (one.diverged is not None, _order(one.loss), one.lane))


def common_loss(timelines: Sequence[Timeline], diverged: Mapping[int, int]) -> float:
    """The loss that every lane which did not diverge has reached; not finite where there is none."""
    ends = [loss_at(t, t.newest) for place, t in enumerate(timelines) if place not in diverged]
    return max((loss for loss in ends if math.isfinite(loss)), default=math.nan)


def _standing(
    place: int, timeline: Timeline, start: int, end: float, diverged: int | None, limit: float
) -> Standing:
    iterations, losses = timeline.losses()
    first = int(np.searchsorted(iterations, start))
    iterations = np.append(iterations[first:], float(timeline.newest))
    losses = np.append(losses[first:], end)
    losses = np.where(np.isfinite(losses), losses, np.inf)
    lowest = int(np.argmin(losses))
    low = np.flatnonzero(losses <= limit)
    return Standing(
        place,
        timeline.newest,
        end,
        float(losses[lowest]),
        int(iterations[lowest]),
        int(iterations[low[0]]) if len(low) else None,
        diverged,
        any(segment.losses.width > 1 for segment in timeline.segments),
    )


def _order(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf
