"""All iterations of an experiment: keyframes, losses, and replay to any moment.

A timeline is cut into segments by the edits of the experiment; each has its own stepper. States at
multiples of the stride are kept and thinned as they grow; what lies between is replayed by the
stepper that made it, so going back gives bit-equal numbers. A branch shares its past.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import Record, State
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.build import build, restored_state
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import edit_faults, edited_model, edited_state
from backprop_gui.steps.loss_history import LossHistory
from backprop_gui.steps.references import expected_faults
from backprop_gui.steps.segment import Segment
from backprop_gui.steps.training import Chunk

SLICE_SECONDS = 0.008  # of a replay, between two looks at whether it is still wanted


class Timeline:
    """The iterations of an experiment; `newest` updates are done, so 0 … newest can be looked at."""

    def __init__(self, segments: list[Segment], newest: int = 0) -> None:
        self.segments = segments
        self.newest = newest
        self._records: OrderedDict[int, Record] = OrderedDict()
        self._near: State | None = None

    @classmethod
    def of(cls, experiment: Experiment, source: str = "") -> Timeline:
        """The timeline of a document, at its saved state. Raises InvalidExperiment."""
        model = build(experiment, source)
        if faults := edit_faults(experiment, model) + expected_faults(experiment, model):
            raise InvalidExperiment(faults, source)
        stepper = model.stepper()
        segments = [Segment(0, model, stepper, keyframes=[stepper.start(model.initial)])]
        for edit in sorted(experiment.edits, key=lambda edit: edit.iteration):
            segments = _with_segment(segments, edit.iteration, edit.set)
        timeline = cls(segments)
        if experiment.state is not None and experiment.state.iteration > 0:
            segment = timeline.segment_of(experiment.state.iteration)
            state = restored_state(segment.model, experiment.state)
            segment.keyframes.append(state)
            timeline.newest = state.iteration
            segment.losses = LossHistory(state.iteration)
        return timeline

    def segment_of(self, iteration: int) -> Segment:
        """The segment whose model computes an iteration."""
        return self.segments[self._place_of(iteration)]

    def _place_of(self, iteration: int) -> int:
        return max(0, bisect_right(self.segments, iteration, key=lambda segment: segment.start) - 1)

    def room(self) -> int | None:
        """How far training can go in one stretch: to the next edit that is waiting, None without one."""
        later = [segment.start for segment in self.segments if segment.start > self.newest]
        return min(later) if later else None

    def state(self, iteration: int) -> State:
        """Where training stood after `iteration` updates, replayed from the nearest keyframe."""
        for _ in self.approach(iteration):
            pass
        assert self._near is not None
        return self._near

    def approach(self, iteration: int) -> Iterator[int]:
        """Replay up to an iteration in slices; after each, how many iterations are still to be replayed.

        Once it has ended, `state` and `record` have the iteration at hand.
        """
        near = self._near
        if near is not None and near.iteration == iteration:
            return
        state, place = self._before(iteration)
        while True:
            segment = self.segments[place]
            last = place == len(self.segments) - 1 or self.segments[place + 1].start > iteration
            end = iteration if last else self.segments[place + 1].start
            for reached in _replayed(segment, state, end):
                state = reached
                yield iteration - state.iteration
            if last:
                break
            place += 1
            state = edited_state(self.segments[place].model, state, self.segments[place].changes)
            if not self.segments[place].keyframes or self.segments[place].keyframes[0].iteration > end:
                self.segments[place].keyframes.insert(0, state)
        self._near = state

    def distance(self, iteration: int) -> int:
        """How many iterations must be replayed to look at one."""
        near = self._near
        if near is not None and near.iteration == iteration:
            return 0
        return iteration - self._before(iteration)[0].iteration

    def _before(self, iteration: int) -> tuple[State, int]:
        """The nearest state at hand before an iteration, and the place of its segment."""
        near, place = self._near, self._place_of(iteration)
        state = self.segments[place].nearest(iteration)
        while state is None:  # edits of a file whose past was not looked at yet
            place -= 1
            state = self.segments[place].nearest(iteration)
        if near is not None and max(state.iteration, self.segments[place].start) < near.iteration < iteration:
            return near, self._place_of(near.iteration)
        return state, place

    def record(self, iteration: int) -> Record:
        """The arrays of one iteration, 0 … newest."""
        if iteration in self._records:
            self._records.move_to_end(iteration)
            return self._records[iteration]
        record = self.segment_of(iteration).stepper.record(self.state(iteration))
        self._records[iteration] = record
        if len(self._records) > 8:
            self._records.popitem(last=False)
        return record

    def landmarks(self, at_most: int) -> list[State]:
        """States along the run that are at hand without any replay, in order, evenly thinned.

        They end with the newest one that is known; of each iteration there is one at most.
        """
        known: dict[int, State] = {}
        for place, segment in enumerate(self.segments):
            ends = [later.start for later in self.segments[place + 1 : place + 2]]
            end = min([self.newest + 1, *ends])
            known.update({state.iteration: state for state in segment.keyframes if state.iteration < end})
        if self._near is not None:
            known[self._near.iteration] = self._near
        states = [known[iteration] for iteration in sorted(known)]
        if len(states) <= at_most:
            return states
        chosen = np.unique(np.linspace(0, len(states) - 1, at_most).round().astype(int))
        return [states[place] for place in chosen]

    def advance(self) -> bool:
        """Do the newest iteration's update; False (and nothing done) when it is not finite."""
        record, stepper = self.record(self.newest), self.segment_of(self.newest).stepper
        if not stepper.is_finite(record):
            return False
        losses = np.array([stepper.loss_of(record)])
        self.take(Chunk(self.newest, losses, (record.before, record.after), record.after))
        return True

    def take(self, chunk: Chunk) -> None:
        """Append trained iterations; they must begin where the timeline ends."""
        if chunk.first != self.newest:
            raise ValueError(f"a chunk begins at {chunk.first} where the timeline ends at {self.newest}")
        segment = self.segment_of(chunk.first)
        following = self.room()
        if following is not None and chunk.last.iteration > following:
            raise ValueError(f"a chunk ends at {chunk.last.iteration}, beyond the edit at {following}")
        if segment.losses.length == 0:
            segment.losses = LossHistory(chunk.first)
        segment.keep(tuple(s for s in chunk.keyframes if following is None or s.iteration < following))
        segment.losses.extend(chunk.losses)
        self.newest = chunk.last.iteration
        if following is None or self.newest < following:
            self._near = chunk.last

    def losses(self, newest: float | None = None) -> tuple[Array, Array]:
        """Iterations and the batch's loss before the update of each, as far as they are kept.

        Of a very long run the extremes of each stretch are. `newest` is put behind them, as the loss of
        the iteration that is to be done.
        """
        parts = [segment.losses.points() for segment in self.segments]
        count = sum(len(losses) for _, losses in parts)
        iterations, found = (np.empty(count + (newest is not None)) for _ in range(2))
        np.concatenate([places for places, _ in parts], out=iterations[:count])
        np.concatenate([losses for _, losses in parts], out=found[:count])
        if newest is not None:
            iterations[count], found[count] = self.newest, newest
        return iterations, found

    @property
    def nbytes(self) -> int:
        """About the memory the history takes."""
        return sum(segment.nbytes for segment in self.segments)

    def branch(self, iteration: int, changes: Mapping[str, Any]) -> Timeline:
        """A timeline with the same past and, from `iteration` on, `changes` set by hand."""
        kept = [segment for segment in self.segments if segment.start <= iteration]
        segments = _with_segment([*kept[:-1], kept[-1].until(iteration)], iteration, changes)
        fresh = segments[-1]
        fresh.keyframes = [edited_state(fresh.model, self.state(iteration), changes)]
        fresh.losses = LossHistory(iteration)
        return Timeline(segments, iteration)

    def rest(self) -> None:
        """Let go of the arrays that are made again when they are looked at: it waits to be undone to."""
        self._records.clear()
        for segment in self.segments:
            segment.stepper.rest()

    def back_to_start(self) -> Timeline:
        """A timeline at iteration 0 with nothing done yet; edits made at iteration 0 stay."""
        return Timeline([self.segment_of(0).until(0)])


def _replayed(segment: Segment, state: State, end: int) -> Iterator[State]:
    """States on the way to iteration `end`, each about a slice's time behind the one before."""
    count = 16
    while state.iteration < end:
        began = perf_counter()
        state = segment.stepper.advance(state, min(count, end - state.iteration)).after
        spent = perf_counter() - began
        count = max(1, min(4 * count, int(count * SLICE_SECONDS / max(spent, 1e-7))))
        yield state


def _with_segment(segments: list[Segment], start: int, changes: Mapping[str, Any]) -> list[Segment]:
    """The segments with one more, which takes the place of one that begins at the same iteration."""
    last = segments[-1]
    model = edited_model(last.model, changes)
    if last.start == start:
        before = {name: value for name, value in last.changes.items() if name not in changes}
        merged = {**before, **changes}  # what is set last stands last
        keyframes = [edited_state(model, state, changes) for state in last.keyframes[:1]]
        return [*segments[:-1], Segment(start, model, model.stepper(), merged, keyframes)]
    return [*segments, Segment(start, model, model.stepper(), changes)]
