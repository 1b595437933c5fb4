"""One of several futures of an experiment: where it parts from another, how it got there, its losses.

Two runs are compared by what their documents say, not by their numbers: what is set at the same
iteration to the same value gives bit-equal numbers, so they part where they are first set otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import State
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import RATE, SEED, current_value
from backprop_gui.experiment.optimizing import OPTIMIZER, kind_at
from backprop_gui.steps.segment import size_of
from backprop_gui.steps.timeline import Timeline

ORIGINAL = "original"  # the name of the run that was there first


class Branch(Struct, eq=False):
    """A run with a name of its own: its document with its edits, where its data is, its iterations.

    `number` tells it from others for good, whatever it is called; `line` is its kind of line in plots, -1
    as long as it has none. `named` says that somebody chose the name, or asked for it to be kept. `base`
    is the document that the name tells it from.
    """

    number: int
    name: str
    experiment: Experiment
    source: str
    timeline: Timeline
    named: bool = False
    line: int = -1
    base: Experiment | None = None


class Change(Struct, frozen=True):
    """One number, or the optimiser, set by hand; `before` is None where it is not known any more."""

    iteration: int
    name: str
    before: Any
    after: Any


def begins_alike(first: Experiment, second: Experiment) -> bool:
    """Whether network, data and training are the same, so that only edits can tell two runs apart."""
    pairs = ((first.network, second.network), (first.data, second.data), (first.training, second.training))
    return all(one is other or one == other for one, other in pairs)


def are_comparable(first: Timeline, second: Timeline) -> bool:
    """Whether two runs have the same parameters."""
    one, other = (timeline.segments[0].model.graph for timeline in (first, second))
    return one is other or one.parameters.names == other.parameters.names


def fork_of(first: Experiment, second: Experiment) -> int | None:
    """The first iteration in which two runs may differ; None where they are one and the same."""
    if not begins_alike(first, second):
        return 0
    one, other = _edits(first), _edits(second)
    apart = [i for i in {*one, *other} if one.get(i, {}) != other.get(i, {})]
    return min(apart, default=None)


def changes_against(run: Branch, other: Experiment) -> tuple[Change, ...]:
    """What is set by hand in a run, and not in the other, in its order."""
    theirs = _edits(other)
    return tuple(
        Change(iteration, name, _before(run, iteration, name), value)
        for iteration, values in sorted(_edits(run.experiment).items())
        for name, value in values.items()
        if theirs.get(iteration, {}).get(name, _MISSING) != value
    )


def copy_of(timeline: Timeline) -> Timeline:
    """A timeline that has come as far, and goes its own way from here; states are shared."""
    newest = timeline.newest
    starts = [segment.start for segment in timeline.segments[1:]]
    over = [start <= newest for start in starts]  # segments that will never grow again
    segments = [
        segment if is_over else segment.until(newest)
        for segment, is_over in zip(timeline.segments, [*over, False], strict=True)
    ]
    return Timeline(segments, newest)


def loss_at(timeline: Timeline, iteration: int) -> float:
    """The batch's loss before the update of an iteration, 0 … newest; read where it is kept."""
    segment = timeline.segment_of(iteration)
    iterations, losses = segment.losses.points()
    place = int(np.searchsorted(iterations, iteration))
    if place < len(iterations) and iterations[place] == iteration:
        return float(losses[place])
    return segment.stepper.loss_of(timeline.record(iteration))


def losses_from(timeline: Timeline, first: int) -> tuple[Array, Array]:
    """Iterations from `first` on, the newest too, and the loss before the update of each."""
    iterations, losses = timeline.losses()
    begin = int(np.searchsorted(iterations, first))
    newest = timeline.newest
    return (
        np.append(iterations[begin:], float(newest)),
        np.append(losses[begin:], loss_at(timeline, newest)),
    )


def nbytes_of(timelines: Iterable[Timeline]) -> int:
    """About the memory of several histories; states they share count once."""
    states: dict[int, State] = {}
    segments = {id(segment): segment for timeline in timelines for segment in timeline.segments}
    for segment in segments.values():
        states.update((id(state), state) for state in segment.keyframes)
    kept = sum(size_of(state) for state in states.values())
    return kept + sum(segment.losses.nbytes for segment in segments.values())


_MISSING = object()


def _edits(experiment: Experiment) -> dict[int, dict[str, Any]]:
    return {edit.iteration: dict(edit.set) for edit in experiment.edits if edit.set}


def _before(run: Branch, iteration: int, name: str) -> Any:
    """What something was before it was set by hand."""
    timeline, first = run.timeline, run.timeline.segments[0].model
    if name == OPTIMIZER:
        return kind_at(run.experiment, iteration - 1)
    if iteration > timeline.newest:
        return None  # an edit that still waits
    if iteration > 0:
        segment = timeline.segment_of(iteration - 1)
        is_parameter = segment.model.graph.parameters.place_of(name) is not None
        state = timeline.state(iteration - 1)
        if is_parameter:
            state = segment.stepper.advance(state, 1).after
        return current_value(segment.model, state, name)
    if name == RATE:
        return run.experiment.training.optimizer.learning_rate
    if name == SEED:
        return run.experiment.training.seed
    place = first.graph.parameters.place_of(name)
    return None if place is None else float(first.initial[place])
