"""The losses of a run, within bounds: all of them, or the extremes of each stretch of a long one."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array

MOST_POINTS = 1 << 18  # 4 MiB; a screen shows a few thousand of them
LEAST_FOLDED = 16  # iterations of a stretch, from which on looking at whole rows is faster


class LossHistory:
    """The loss before the update of each iteration from `first` on.

    Up to MOST_POINTS all are kept. Beyond, of every `width` iterations the smallest and the largest
    loss stay, where they were: what a curve shows, spikes and all. The first one always stays.
    """

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.length = 0  # iterations
        self.width = 1
        self._count = 0  # points
        self._iterations: NDArray[np.int64] = np.empty(1024, dtype=np.int64)
        self._losses: Array = np.empty(1024)

    @property
    def end(self) -> int:
        """The iteration behind the last one."""
        return self.first + self.length

    @property
    def nbytes(self) -> int:
        """The memory it takes."""
        return self._iterations.nbytes + self._losses.nbytes

    def extend(self, losses: Array) -> None:
        """Append the losses of the next iterations."""
        end = self.end
        if self.width >= LEAST_FOLDED:
            kept = self._folded_extremes(losses)
            iterations, losses_kept = end + kept, losses[kept]
        else:
            iterations, losses_kept = np.arange(end, end + len(losses), dtype=np.int64), losses
            if self.width > 1:
                kept = self._extremes(iterations, losses)
                iterations, losses_kept = iterations[kept], losses[kept]
        self.length += len(losses)
        self._append(iterations, losses_kept)
        while self._count > MOST_POINTS:
            self.width *= 2
            iterations, losses = self.points()
            kept = self._extremes(iterations, losses)
            self._count = 0
            self._append(iterations[kept], losses[kept])

    def points(self) -> tuple[NDArray[np.int64], Array]:
        """Iterations and losses, in order, as far as they are kept."""
        return self._iterations[: self._count], self._losses[: self._count]

    def until(self, iteration: int) -> LossHistory:
        """The losses before `iteration`, as a history of their own."""
        cut = LossHistory(self.first)
        cut.width = self.width
        cut.length = min(max(iteration - self.first, 0), self.length)
        iterations, losses = self.points()
        kept = int(np.searchsorted(iterations, iteration))
        cut._append(iterations[:kept].copy(), losses[:kept].copy())
        return cut

    def _append(self, iterations: NDArray[np.int64], losses: Array) -> None:
        needed = self._count + len(losses)
        if needed > len(self._losses):
            room = max(needed, 2 * len(self._losses))
            self._iterations = _grown(self._iterations, self._count, room)
            self._losses = _grown(self._losses, self._count, room)
        self._iterations[self._count : needed] = iterations
        self._losses[self._count : needed] = losses
        self._count = needed

    def _folded_extremes(self, losses: Array) -> NDArray[np.int64]:
        """The places of the extremes among the losses of the next iterations, all stretches at once."""
        head = min(-self.length % self.width, len(losses))
        tail = len(losses) - (len(losses) - head) % self.width
        begins = np.arange(head, tail, self.width)
        rows = losses[head:tail].reshape(-1, self.width)
        kept = [begins + rows.argmin(axis=1), begins + rows.argmax(axis=1)]
        if self.length == 0:
            kept.append(np.zeros(min(1, len(losses)), dtype=np.int64))
        for begin, end in ((0, head), (tail, len(losses))):
            if end > begin:
                part = losses[begin:end]
                kept.append(begin + np.array([part.argmin(), part.argmax()]))
        together = np.sort(np.concatenate(kept))
        return together[np.diff(together, prepend=-1) > 0]

    def _extremes(self, iterations: NDArray[np.int64], losses: Array) -> NDArray[np.intp]:
        """The places of the smallest and largest loss of each stretch, and of the very first one."""
        if len(losses) == 0:
            return np.zeros(0, dtype=np.intp)
        stretch = (iterations - self.first) // self.width
        begins = np.flatnonzero(np.diff(stretch, prepend=stretch[0] - 1))
        lengths = np.diff(begins, append=len(losses))
        kept = [np.flatnonzero(iterations == self.first)]
        for extreme in (np.minimum.reduceat(losses, begins), np.maximum.reduceat(losses, begins)):
            places = np.flatnonzero(losses == np.repeat(extreme, lengths))
            stretches = np.searchsorted(
                begins, places, side="right"
            )  # rising, so the first is where it rises
            kept.append(places[np.flatnonzero(np.diff(stretches, prepend=-1))])
        together = np.sort(np.concatenate(kept))
        return together[np.diff(together, prepend=-1) > 0]  # np.unique takes ten times as long


Numbers = TypeVar("Numbers", bound=np.generic)


def _grown(array: NDArray[Numbers], count: int, room: int) -> NDArray[Numbers]:
    """The array with more room behind what it holds."""
    grown = np.empty(room, dtype=array.dtype)
    grown[:count] = array[:count]
    return grown
