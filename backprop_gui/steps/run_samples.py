"""Numbers measured along a run — test losses, weights, gradients — at few iterations and in small pieces.

The iterations are multiples of a power of two that doubles as the run grows, so what was measured
stays of use; each is measured once, at the true state of training there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Generic, NamedTuple, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.steps.evaluation import Evaluation
from backprop_gui.steps.segment import FIRST_STRIDE, Segment, size_of
from backprop_gui.steps.timeline import Timeline

T = TypeVar("T")
Quality: TypeAlias = tuple[float | None, float | None]

MOST_SAMPLES = 300
SAMPLE_BYTES = 24 * 1024 * 1024  # what the samples of a run may take together
FEWEST_SAMPLES = 8
PIECE_SECONDS = 0.002  # of a replay
LONG_SECONDS = 0.008  # a piece that takes longer waits until nothing is trained
VALUES_IN_PIECE = 150_000  # of all nodes, in a piece of an evaluation: about a millisecond


class RunSamples(Generic[T]):
    """What `measure` makes of the states along a run.

    `measure` gets the segment and the state and yields None while it goes on, at last its result.
    Nothing is measured but in `work`.
    """

    def __init__(self, measure: Callable[[Segment, State], Iterator[T | None]], size: int = 0) -> None:
        """`size`: the bytes a result takes."""
        self._measure = measure
        self._most = MOST_SAMPLES if size == 0 else max(FEWEST_SAMPLES, SAMPLE_BYTES // size)
        self._most = min(self._most, MOST_SAMPLES)
        self._found: WeakKeyDictionary[Stepper, dict[int, T]] = WeakKeyDictionary()
        self._states: WeakKeyDictionary[Stepper, dict[int, State]] = WeakKeyDictionary()
        self._targets: list[tuple[Segment, int]] = []
        self._missing: list[tuple[Segment, int]] = []  # the next one last
        self._way: Iterator[T | None] | None = None
        self._under_way: tuple[Stepper, int] | None = None
        self._longest = 0.0  # seconds of the longest piece of late
        self._newest: State | None = None  # where it is at hand
        self._followed: tuple[Timeline, int, bool, int, bool] | None = None

    def follow(self, timeline: Timeline, newest: bool = True) -> None:
        """Choose the iterations of a run: evenly spread, the beginnings of its segments, the newest.

        While training runs the newest one is another in each frame and may be left out.
        """
        distance = timeline.distance(timeline.newest)
        seen = sum(1 for segment in timeline.segments if segment.keyframes)
        followed = (timeline, timeline.newest, newest, seen, distance <= FIRST_STRIDE)
        if followed == self._followed:
            return
        self._followed = followed
        at_hand = distance == 0
        self._newest = timeline.state(timeline.newest) if at_hand else None
        self._targets = list(self._chosen(timeline, newest))
        known = {id(segment): self._found.get(segment.stepper, {}) for segment, _ in self._targets}
        missing = [target for target in self._targets if target[1] not in known[id(target[0])]]
        missing.sort(key=_coarseness)
        self._missing = missing

    @property
    def is_complete(self) -> bool:
        """Whether everything that was chosen is measured."""
        return not self._missing and self._way is None

    def samples(self) -> list[tuple[int, T]]:
        """The chosen iterations that are measured, in order, and what was found."""
        return [
            (iteration, found[iteration])
            for segment, iteration in self._targets
            if iteration in (found := self._found.get(segment.stepper, {}))
        ]

    def work(self, seconds: float, training: bool = False) -> bool:
        """Measure for so long, by at least one piece; whether anything new was found."""
        if training and self._longest > LONG_SECONDS:
            self._longest *= 0.97  # try again later: it may have been the machine
            return False
        began = before = perf_counter()
        news = False
        while not self.is_complete:
            news = self._piece() or news
            now = perf_counter()
            self._longest = max(now - before, 0.9 * self._longest)
            before = now
            if now - began + (self._longest if training else 0.0) >= seconds:
                break
        return news

    def _piece(self) -> bool:
        """One piece of work; whether it was the last one for its iteration."""
        if self._way is None:
            segment, iteration = self._missing.pop()
            self._way = self._measured(segment, iteration)
            self._under_way = segment.stepper, iteration
        try:
            result = next(self._way)
        except StopIteration:  # training met a number that is not finite on the way there
            self._way = self._under_way = None
            return False
        if result is None:
            return False
        assert self._under_way is not None
        stepper, iteration = self._under_way
        found = self._found.setdefault(stepper, {})
        found[iteration] = result
        self._way = self._under_way = None
        if len(found) > 3 * self._most:  # newest ones of long ago, and finer spread ones
            kept = {place for segment, place in self._targets if segment.stepper is stepper}
            self._found[stepper] = {place: found[place] for place in sorted(found) if place in kept}
            self._states.pop(stepper, None)
        return True

    # --- which iterations -------------------------------------------------------------------------

    def _chosen(self, timeline: Timeline, newest: bool) -> Iterator[tuple[Segment, int]]:
        stride, segments = self._stride(timeline), timeline.segments
        for segment, following in zip(segments, [*segments[1:], None], strict=True):
            end = timeline.newest + 1 if following is None else min(following.start, timeline.newest + 1)
            begin = self._begin(segment)
            if begin is None or begin >= end:
                continue
            step = max(stride, segment.stride) if segment.stride > FIRST_STRIDE else stride
            iterations = [begin, *range((begin // step + 1) * step, end, step)]
            for iteration in iterations:
                yield segment, iteration
            if newest and iterations[-1] < timeline.newest == end - 1 and self._reaches(timeline, segment):
                yield segment, timeline.newest

    def _reaches(self, timeline: Timeline, segment: Segment) -> bool:
        """Whether the newest iteration is measured already, or near enough to what is at hand."""
        known = timeline.newest in self._found.get(segment.stepper, {})
        return known or timeline.distance(timeline.newest) <= FIRST_STRIDE

    def _stride(self, timeline: Timeline) -> int:
        stride = 1
        while timeline.newest // stride > self._most:
            stride *= 2
        return stride

    def _begin(self, segment: Segment) -> int | None:
        """The first iteration whose past is at hand; None where nothing was looked at yet."""
        return max(segment.keyframes[0].iteration, segment.losses.first) if segment.keyframes else None

    def _measured(self, segment: Segment, iteration: int) -> Iterator[T | None]:
        """What is measured at an iteration, after as many pieces of replay as it takes to get there."""
        state = self._near(segment, iteration)
        if state is None:
            return
        count, far = 16, state.iteration < iteration
        while state.iteration < iteration:
            began = perf_counter()
            after = segment.stepper.advance(state, min(count, iteration - state.iteration)).after
            if after.iteration == state.iteration:
                return
            state = after
            spent = perf_counter() - began
            count = max(1, min(4 * count, int(count * PIECE_SECONDS / max(spent, 1e-7))))
            yield None
        if far:
            kept = self._states.setdefault(segment.stepper, {})
            if (len(kept) + 1) * size_of(state) > SAMPLE_BYTES:
                kept.clear()
            kept[iteration] = state
        yield from self._measure(segment, state)

    def _near(self, segment: Segment, iteration: int) -> State | None:
        """Where training stood there or, as near as is at hand, before."""
        near = segment.nearest(iteration)
        if near is None or near.iteration == iteration:
            return near
        if self._newest is not None and self._newest.iteration == iteration:
            return self._newest
        kept = self._states.get(segment.stepper, {})
        return next((kept[back] for back in range(iteration, near.iteration, -1) if back in kept), near)


class Spread(NamedTuple):
    """All parameters, or the gradients by all of them, with the smallest and the largest of them."""

    numbers: Array
    least: float
    greatest: float


def evaluations(test: bool = True) -> RunSamples[Quality]:
    """Test loss and accuracy along a run, None for what there is not; of each model by its own data.

    They are of the rows kept aside or, without `test`, of those that are trained.
    """
    made: WeakKeyDictionary[Stepper, Evaluation] = WeakKeyDictionary()

    def measure(segment: Segment, state: State) -> Iterator[Quality | None]:
        evaluation = made.get(segment.stepper)
        if evaluation is None:
            evaluation = made[segment.stepper] = Evaluation(segment.model, test)
        yield from evaluation.measure(state.parameters, VALUES_IN_PIECE)

    return RunSamples(measure)


def parameter_values(graph: Graph) -> RunSamples[Spread]:
    """All parameters along a run."""
    parameters = graph.parameters

    def measure(segment: Segment, state: State) -> Iterator[Spread | None]:
        yield _spread(state.parameters, parameters.scalars)

    return RunSamples(measure, 8 * parameters.size)


def parameter_gradients(graph: Graph) -> RunSamples[Spread]:
    """The gradient of the batch's loss by all parameters along a run."""
    parameters = graph.parameters

    def measure(segment: Segment, state: State) -> Iterator[Spread | None]:
        yield _spread(segment.stepper.record(state).parameter_gradient, parameters.scalars)

    return RunSamples(measure, 8 * parameters.size)


def _spread(numbers: Array, scalars: NDArray[np.intp]) -> Spread:
    there = numbers[scalars]
    return (
        Spread(numbers, float(there.min()), float(there.max())) if len(there) else Spread(numbers, 0.0, 0.0)
    )


def _coarseness(target: tuple[Segment, int]) -> tuple[int, int]:
    """Sorts so that the coarsest come last: the whole run is seen soon, then finer and finer."""
    iteration = target[1]
    return (iteration & -iteration if iteration else 1 << 62), -iteration
