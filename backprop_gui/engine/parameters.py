"""All parameters of a network in one flat float64 vector, with named views and scalar names.

The vector holds all weights first, then all biases, each in node order: the order in which
parameters are numbered (w1, w2, …, b1, b2, …), listed and updated.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.operation import Array, Shape


@dataclass(frozen=True, eq=False)
class ParameterArray:
    """One array of parameters: the weights or biases of a layer, or a shared, named parameter.

    `prefix` is `w` or `b` for numbered ones and empty for named ones, whose scalars are written
    `theta[1,2]`. `present` is False at missing connections, which are no parameters at all.
    """

    name: str
    shape: Shape
    prefix: str = ""
    present: NDArray[np.bool_] | None = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @cached_property
    def kept(self) -> NDArray[np.intp]:
        """Flat places, within this array, of the connections that exist."""
        return np.arange(self.size) if self.present is None else np.flatnonzero(self.present)


class ParameterLayout:
    """Where each parameter stands in the flat vector, and what its scalars are called."""

    def __init__(self, arrays: tuple[ParameterArray, ...]) -> None:
        self.arrays = arrays
        self.offsets = np.concatenate([[0], np.cumsum([array.size for array in arrays])]).astype(int)
        self._starts: list[int] = self.offsets.tolist()  # Python's own numbers are faster one by one
        self.size = self._starts[-1]
        self.locate = lru_cache(maxsize=1 << 16)(self._locate)  # every picture asks for the same places

    def view(self, flat: Array, index: int) -> Array:
        """Array number `index` as a view into `flat`."""
        start, end = self.offsets[index], self.offsets[index + 1]
        return flat[start:end].reshape(self.arrays[index].shape)

    def pack(self, values: list[Array]) -> Array:
        """One flat vector from an array for each parameter."""
        return np.concatenate([np.asarray(v, dtype=np.float64).ravel() for v in values] or [np.zeros(0)])

    def place(self, index: int, element: Element) -> int:
        """The place in the flat vector of one element of array number `index`."""
        array = self.arrays[index]
        return int(self.offsets[index]) + int(np.ravel_multi_index(element, array.shape))

    def _locate(self, place: int) -> tuple[int, Element]:
        """The array and the element that stand at a place of the flat vector."""
        index = bisect_right(self._starts, place) - 1
        inside, element = int(place) - self._starts[index], []
        for length in reversed(self.arrays[index].shape):
            inside, within = divmod(inside, length)
            element.append(within)
        return index, tuple(reversed(element))

    @cached_property
    def scalars(self) -> NDArray[np.intp]:
        """The places of all parameters that exist, in order."""
        parts = [self.offsets[k] + array.kept for k, array in enumerate(self.arrays)]
        return np.concatenate(parts or [np.zeros(0, dtype=np.intp)]).astype(np.intp)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The scalar names in the order of `scalars`."""
        counts: dict[str, int] = {}
        result: list[str] = []
        for array in self.arrays:
            if array.prefix:
                first = counts.get(array.prefix, 0)
                counts[array.prefix] = first + len(array.kept)
                result.extend(f"{array.prefix}{first + i + 1}" for i in range(len(array.kept)))
            else:
                for inside in array.kept:
                    indices = np.unravel_index(inside, array.shape)
                    result.append(f"{array.name}[{','.join(str(i + 1) for i in indices)}]")
        return tuple(result)

    @cached_property
    def ranks(self) -> dict[int, int]:
        """The rank in `scalars` of each place of the flat vector."""
        return {int(place): rank for rank, place in enumerate(self.scalars)}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: int(place) for name, place in zip(self.names, self.scalars, strict=True)}

    def place_of(self, name: str) -> int | None:
        """The place of the scalar called `name`, None when there is none."""
        return self._places.get(name)

    def name_at(self, place: int) -> str:
        """The name of the scalar at a place of the flat vector."""
        return self.names[self.ranks[place]]
