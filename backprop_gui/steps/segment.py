"""A stretch of a run with one model: its keyframes, thinned as they grow, and its losses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.experiment.build import Model
from backprop_gui.steps.loss_history import LossHistory

MOST_KEYFRAMES = 8192
KEYFRAME_BYTES = 48 * 1024 * 1024
OBJECT_BYTES = 700  # of a state besides its numbers: arrays, names, places in lists
FIRST_STRIDE = 16


@dataclass(eq=False)
class Segment:
    """Iterations from `start` on, up to the next segment, with one model.

    `changes` is what was set by hand at `start`. `keyframes` may be empty until the state
    at `start` is first needed. Losses are known from iteration `losses.first` on.
    """

    start: int
    model: Model
    stepper: Stepper
    changes: Mapping[str, Any] = field(default_factory=dict)
    keyframes: list[State] = field(default_factory=list)
    stride: int = FIRST_STRIDE
    losses: LossHistory = field(default_factory=LossHistory)

    def keep(self, states: tuple[State, ...]) -> None:
        """Add keyframes at the multiples of the stride; every second goes when they are too many."""
        for state in states:
            last = self.keyframes[-1].iteration if self.keyframes else -1
            if state.iteration % self.stride == 0 and state.iteration > last:
                self.keyframes.append(state)
                if len(self.keyframes) > most_keyframes(state):
                    self.stride *= 2
                    first, rest = self.keyframes[0], self.keyframes[1:]
                    self.keyframes = [first, *(s for s in rest if s.iteration % self.stride == 0)]

    def nearest(self, iteration: int) -> State | None:
        """The last keyframe at or before an iteration."""
        at = bisect_right(self.keyframes, iteration, key=_iteration_of) - 1
        return self.keyframes[at] if at >= 0 else None

    def until(self, iteration: int) -> Segment:
        """The part of this segment before `iteration`, as a segment of its own."""
        kept = [state for state in self.keyframes if state.iteration <= iteration]
        losses = self.losses.until(iteration)
        return Segment(self.start, self.model, self.stepper, self.changes, kept, self.stride, losses)

    @property
    def nbytes(self) -> int:
        """About the memory its history takes."""
        states = sum(size_of(state) for state in self.keyframes[:1]) * len(self.keyframes)
        return states + self.losses.nbytes


def size_of(state: State) -> int:
    """About the memory a state takes."""
    numbers = state.parameters.nbytes + sum(array.nbytes for array in state.optimizer.values())
    return numbers + OBJECT_BYTES


def most_keyframes(state: State) -> int:
    """How many such states are kept at most."""
    return int(min(MOST_KEYFRAMES, max(8, KEYFRAME_BYTES // size_of(state))))


def _iteration_of(state: State) -> int:
    return state.iteration
