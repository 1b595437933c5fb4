"""All parameters of a network in one flat float64 vector, with named views and scalar names.

The vector holds all weights first, then all biases, each in node order: the order in which
parameters are numbered (w1, w2, …, b1, b2, …), listed and updated.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.operation import Array, Shape

_NUMBERED = re.compile(r"([a-z]+)([1-9][0-9]*)")  # w5
_NAMED = re.compile(r"(.+)\[([0-9]+(?:,[0-9]+)*)\]")  # theta[1,2]


class ParameterArray(Struct, frozen=True, eq=False, dict=True):
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
    def ranks(self) -> Ranks:
        """The rank in `scalars` of each place of the flat vector."""
        return Ranks(self.scalars, self.size)

    @cached_property
    def biases(self) -> NDArray[np.intp]:
        """The places of the numbered biases b1, b2, …"""
        parts = [self.offsets[k] + each.kept for k, each in enumerate(self.arrays) if each.prefix == "b"]
        return np.concatenate(parts or [np.zeros(0, dtype=np.intp)]).astype(np.intp)

    @cached_property
    def _numbered_from(self) -> list[int]:
        """For each numbered array, how many scalars of its prefix stand before its own."""
        counts: dict[str, int] = {}
        found = []
        for array in self.arrays:
            found.append(counts.get(array.prefix, 0))
            counts[array.prefix] = found[-1] + len(array.kept)
        return found

    def place_of(self, name: str) -> int | None:
        """The place of the scalar called `name`, None when there is none."""
        numbered = _NUMBERED.fullmatch(name)
        if numbered is not None:
            rank = int(numbered[2]) - 1
            for index, array in enumerate(self.arrays):
                inside = rank - self._numbered_from[index]
                if array.prefix == numbered[1] and 0 <= inside < len(array.kept):
                    return self._starts[index] + int(array.kept[inside])
            return None
        named = _NAMED.fullmatch(name)
        if named is None:
            return None
        element = tuple(int(part) - 1 for part in named[2].split(","))
        for index, array in enumerate(self.arrays):
            if array.prefix or array.name != named[1] or len(element) != len(array.shape):
                continue
            if all(0 <= at < length for at, length in zip(element, array.shape, strict=True)):
                place = self.place(index, element)
                return place if place in self.ranks and self.name_at(place) == name else None
        return None

    def name_at(self, place: int) -> str:
        """The name of the scalar at a place of the flat vector."""
        index, element = self.locate(place)
        array = self.arrays[index]
        if not array.prefix:
            return f"{array.name}[{','.join(str(i + 1) for i in element)}]"
        inside = place - self._starts[index]
        if array.present is not None:
            inside = int(np.searchsorted(array.kept, inside))
        return f"{array.prefix}{self._numbered_from[index] + inside + 1}"


class Ranks(Mapping[int, int]):
    """The rank of every place that holds a parameter: a mapping without an entry for each."""

    def __init__(self, scalars: NDArray[np.intp], size: int) -> None:
        self._scalars = scalars
        self._ranks = np.full(size, -1)
        self._ranks[scalars] = np.arange(len(scalars))

    def __getitem__(self, place: int) -> int:
        rank = int(self._ranks[place]) if 0 <= place < len(self._ranks) else -1
        if rank < 0:
            raise KeyError(place)
        return rank

    def __iter__(self) -> Iterator[int]:
        return iter(self._scalars.tolist())

    def __len__(self) -> int:
        return len(self._scalars)
