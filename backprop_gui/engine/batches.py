"""Which data rows an iteration looks at: the order follows from (seed, epoch) alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array


@lru_cache(maxsize=4)
def _order(rows: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, epoch]).permutation(rows)


def together(numbers: Array, summed: bool) -> float:
    """One number of a batch from those of its samples: their sum, or their mean."""
    return float(numbers.sum() if summed else numbers.mean())


class Batches(Struct, frozen=True):
    """`rows` data rows cut into batches of `batch_size`; the last of an epoch may be smaller.

    The loss of a batch, and with it its gradient, is the mean over its samples; `summed`: their sum.
    """

    rows: int
    batch_size: int
    shuffle: bool = False
    seed: int = 0
    summed: bool = False

    @property
    def per_epoch(self) -> int:
        """The number of iterations in an epoch."""
        return -(-self.rows // self.batch_size)

    def together(self, numbers: Array) -> float:
        """The loss of a batch, or a derivative of it, from those of its samples."""
        return together(numbers, self.summed)

    def epoch_of(self, iteration: int) -> int:
        """The epoch an iteration belongs to, from 0."""
        return iteration // self.per_epoch

    def order_of(self, epoch: int) -> NDArray[np.intp]:
        """All rows in the order in which a shuffled epoch takes them."""
        return _order(self.rows, self.seed, epoch)

    def rows_of(self, iteration: int) -> NDArray[np.intp]:
        """The data rows, from 0, of an iteration."""
        epoch, place = divmod(iteration, self.per_epoch)
        start, end = place * self.batch_size, min((place + 1) * self.batch_size, self.rows)
        if self.shuffle:
            return _order(self.rows, self.seed, epoch)[start:end]
        return np.arange(start, end)

    def size_of(self, iteration: int) -> int:
        """The number of samples in an iteration."""
        start = iteration % self.per_epoch * self.batch_size
        return min(self.batch_size, self.rows - start)
