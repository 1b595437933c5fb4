"""Windows of equal size that slide along the last axis of an array: for convolution and pooling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from backprop_gui.engine.operation import Array


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of `size` places, `stride` apart, over `length` places with `padding` zeros at both ends.

    A last window that would reach beyond the end is left out.
    """

    length: int
    size: int
    stride: int
    padding: int = 0

    def __post_init__(self) -> None:
        for name, least in (("size", 1), ("stride", 1), ("padding", 0)):
            given: Any = getattr(self, name)
            if int(given) != given or given < least:
                raise ValueError(f"the {name} is {given}; a whole number from {least} on would be right")
        if self.size > self.length + 2 * self.padding:
            zeros = f" padded by {self.padding}" if self.padding else ""
            raise ValueError(f"a window of {self.size} does not fit into {self.length} values{zeros}")

    @property
    def count(self) -> int:
        """How many windows there are."""
        return (self.length + 2 * self.padding - self.size) // self.stride + 1

    def places(self, window: int) -> Iterator[tuple[int, int]]:
        """The places within a window that are no padding: where in the window, and where in the array."""
        start = window * self.stride - self.padding
        for inside in range(max(0, -start), min(self.size, self.length - start)):
            yield inside, start + inside

    def holding(self, place: int) -> range:
        """The windows that hold a place of the array."""
        last = (place + self.padding) // self.stride
        first = -((self.size - 1 - place - self.padding) // self.stride)
        return range(max(0, first), min(self.count, last + 1))

    def of(self, array: Array) -> Array:
        """The windows of an array, as two last axes: window, place in it."""
        if self.padding:
            ends = [(0, 0)] * (array.ndim - 1) + [(self.padding, self.padding)]
            array = np.pad(array, ends)
        found: Array = sliding_window_view(array, self.size, axis=-1)[..., :: self.stride, :]
        return found

    def gather(self, shares: Array) -> Array:
        """The transpose of `of`: what each place gets from all the windows that hold it."""
        total = np.zeros((*shares.shape[:-2], self.length + 2 * self.padding))
        reach = self.stride * (self.count - 1) + 1
        for inside in range(self.size):
            total[..., inside : inside + reach : self.stride] += shares[..., inside]
        return total[..., self.padding : self.padding + self.length]
