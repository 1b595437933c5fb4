"""Training to the end without a window: exactly so many updates, stopped or broken off cleanly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from backprop_gui.engine.stepper import Record
from backprop_gui.errors import Diverged
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import VALUE, Numbers, Quantity
from backprop_gui.steps.stopping import Stopped, Watch, train_until
from backprop_gui.steps.timeline import Timeline

SECONDS = 0.05  # between two looks at the outside world


def run(
    timeline: Timeline,
    updates: int,
    stopped: Callable[[], bool],
    look: Callable[[int], None] | None = None,
    watch: Watch | None = None,
) -> Iterator[None]:
    """Do `updates` more updates; pauses now and then so that progress can be told.

    `look` is called with each iteration before its update is done. Edits that wait at later
    iterations are honoured. Ends early where a condition of `watch` is met, which `watch.met` tells;
    that iteration is the newest and was not looked at. Raises Diverged at the first iteration with a
    number that is not finite.
    """
    end = timeline.newest + updates
    while timeline.newest < end and not stopped():
        if look is not None:
            _refuse_if_not_finite(timeline)
            if watch is not None and watch.look(timeline.record(timeline.newest)):
                return
            look(timeline.newest)
            timeline.advance()
            yield
            continue
        room, segment = timeline.room(), timeline.segment_of(timeline.newest)
        until = end if room is None else min(end, room)
        start = timeline.state(timeline.newest)
        for part in train_until(segment.stepper, start, until, segment.stride, SECONDS, stopped, watch):
            chunk = part.chunk if isinstance(part, Stopped) else part
            timeline.take(chunk)
            if isinstance(part, Stopped):
                return
            yield
            if chunk.diverged:
                _refuse_if_not_finite(timeline)
    if watch is not None and watch.met is None and timeline.newest == end:
        record = timeline.record(end)
        if timeline.segment_of(end).stepper.is_finite(record):
            watch.look(record)


def _refuse_if_not_finite(timeline: Timeline) -> None:
    """Raise Diverged when the newest iteration can't be finished."""
    iteration = timeline.newest
    if not timeline.segment_of(iteration).stepper.is_finite(timeline.record(iteration)):
        raise Diverged(iteration, f"iteration {iteration:,} meets a number that is not finite")


def is_given_too_large(timeline: Timeline, iteration: int, quantity: Quantity) -> bool:
    """Whether a number that is not finite comes from what is given or set by hand, not from updates."""
    segment = timeline.segment_of(iteration)
    if iteration != segment.start or quantity.aspect != VALUE:
        return False
    place_of = segment.model.graph.parameters.place_of
    return iteration == 0 or any(place_of(name) is not None for name in segment.changes)


def first_not_finite(timeline: Timeline, record: Record) -> tuple[Quantity, float] | None:
    """The first number of an iteration, in the order of its steps, that is not finite."""
    model = timeline.segment_of(record.iteration).model
    plan = Plan(model.graph, record.samples, model.optimizer.quantities, model.frozen)
    numbers = Numbers(model.graph, record, dict(model.settings))
    for step in range(1, plan.total + 1):
        quantity = plan.quantity(step)
        value = numbers(quantity)
        if not math.isfinite(value):
            return quantity, value
    return None
