"""Training without looking: runs iterations and hands over what the timeline keeps, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import State, Stepper

# Between two looks at the clock and at whether the run was stopped: where Python's lock is held, and where
# taking it would disturb the window more than holding on.
SECONDS_AT_ONCE, SECONDS_WITHOUT_LOCK = 0.001, 0.004
SECONDS_BETWEEN_STATES = 0.004  # a replay may take that long; states closer together would only cost time
LEAST_STATES = 32  # before they are put further apart


class Chunk(Struct, frozen=True, eq=False):
    """Iterations `first` … `last.iteration` − 1, done: their losses, and states worth keeping.

    `diverged` tells that the iteration beginning at `last` meets a number that is not finite; that
    iteration is not among the done ones.
    """

    first: int
    losses: Array
    keyframes: tuple[State, ...]
    last: State
    diverged: bool = False


class _Pace:
    """How fast training goes, and with it how many iterations are done at once and between two states."""

    def __init__(self, stride: int, at_once: float) -> None:
        self.stride = stride
        self._at_once = at_once  # seconds
        self.most = 1  # iterations at once
        self._speed = 0.0
        self._states = 0

    def is_state_due(self, iteration: int) -> bool:
        """Whether the state at an iteration is to be kept."""
        due = iteration % self.stride == 0
        self._states += due
        return due

    def measured(self, iterations: int, seconds: float) -> None:
        """Learn from what was done last; what is done at once grows step by step."""
        speed = iterations / max(seconds, 1e-7)
        self._speed = speed if self._speed == 0 else 0.7 * self._speed + 0.3 * speed
        self.most = max(1, min(4 * self.most, int(self._speed * self._at_once)))
        if self._states >= LEAST_STATES and 2 * self.stride < self._speed * SECONDS_BETWEEN_STATES:
            self.stride, self._states = 2 * self.stride, 0


def train(
    stepper: Stepper, state: State, until: int, stride: int, seconds: float, stopped: Callable[[], bool]
) -> Iterator[Chunk]:
    """Chunks of about `seconds` each, up to iteration `until`, a stop, or the first non-finite number.

    A state is kept at every multiple of `stride`; where training is fast, at multiples of it that are
    twice, four times, … as far apart.
    """
    pace = _Pace(stride, SECONDS_WITHOUT_LOCK if stepper.releases_lock else SECONDS_AT_ONCE)
    while state.iteration < until and not stopped():
        chunk, state = _chunk(stepper, state, until, pace, perf_counter() + seconds, stopped)
        yield chunk
        if chunk.diverged:
            return


def _chunk(
    stepper: Stepper, state: State, until: int, pace: _Pace, end: float, stopped: Callable[[], bool]
) -> tuple[Chunk, State]:
    """Iterations until `end`, and the state behind them."""
    first, losses, keyframes = state.iteration, [], []
    diverged = False
    now = perf_counter()
    while state.iteration < until:
        if pace.is_state_due(state.iteration):
            keyframes.append(state)
        to_next_state = pace.stride - state.iteration % pace.stride
        stretch = stepper.advance(state, min(pace.most, to_next_state, until - state.iteration))
        if len(stretch.losses) == 0:
            diverged = True
            break
        losses.append(stretch.losses)
        state = stretch.after
        began, now = now, perf_counter()
        pace.measured(len(stretch.losses), now - began)
        if now >= end or stopped():
            break
    together = np.concatenate(losses) if losses else np.zeros(0)
    return Chunk(first, together, tuple(keyframes), state, diverged), state
