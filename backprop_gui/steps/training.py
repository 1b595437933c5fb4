"""Training without looking: runs iterations and hands over what the timeline keeps, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import State, Stepper


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Iterations `first` … `last.iteration` − 1, done: their losses, and states worth keeping.

    `diverged` tells that the iteration beginning at `last` meets a number that is not finite; that
    iteration is not among the done ones.
    """

    first: int
    losses: Array
    keyframes: tuple[State, ...]
    last: State
    diverged: bool = False


def train(
    stepper: Stepper, state: State, until: int, stride: int, seconds: float, stopped: Callable[[], bool]
) -> Iterator[Chunk]:
    """Chunks of about `seconds` each, up to iteration `until`, a stop, or the first non-finite number.

    A state is kept at every multiple of `stride`.
    """
    while state.iteration < until and not stopped():
        first, losses, keyframes = state.iteration, [], []
        end = perf_counter() + seconds
        diverged = False
        while state.iteration < until:
            if state.iteration % stride == 0:
                keyframes.append(state)
            record = stepper.record(state)
            if not stepper.is_finite(record):
                diverged = True
                break
            losses.append(stepper.loss_of(record))
            state = record.after
            if perf_counter() >= end or stopped():
                break
        yield Chunk(first, np.array(losses), tuple(keyframes), state, diverged)
        if diverged:
            return
