"""What the graph canvas shows of large layers: blocks of neurons, and the strongest of their weights.

States are arrays with an entry for each neuron or weight; nothing is made for each of them but what is
looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.present.pictures import Card, Chip

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BundleShape:
    """The weights of a dense layer between whole layers: of `targets` × `sources` neurons.

    The weight from `source` number s to `target` number t stands in the flat vector of parameters at
    `first` + t · `sources` + s; `names` are theirs in that order. `missing` connections are never drawn.
    """

    layer: str
    source: str
    target: str
    sources: int
    targets: int
    first: int
    names: Sequence[str] = field(default=(), compare=False, repr=False)
    missing: NDArray[np.bool_] | None = field(default=None, compare=False, repr=False)

    @property
    def size(self) -> int:
        """How many weights there are."""
        return self.sources * self.targets


class Layer(Struct, frozen=True, eq=False):
    """The state of a block of the canvas, in arrays with an entry for each of its members.

    `values` and `slopes` hold the numbers, not a number where nothing is uncovered; `levels` the
    emphasis (0 dim, 1 plain, 2 lit), `complete` where the phase is through. `cards` makes the card of a
    member when it is looked at; `looked_at` is the one that is shown in full, with `chip` its bias.
    """

    identity: str
    values: Numbers
    slopes: Numbers
    levels: NDArray[np.int8]
    complete: NDArray[np.bool_]
    cards: Sequence[Card]
    ready: bool = False
    looked_at: int = -1
    chip: Chip | None = None
    caption: str = ""

    def same(self, other: Layer) -> bool:
        """Whether both look the same."""
        if (self.ready, self.looked_at, self.caption) != (other.ready, other.looked_at, other.caption):
            return False
        if not all(
            np.array_equal(mine, others, equal_nan=True)
            for mine, others in ((self.values, other.values), (self.slopes, other.slopes))
        ):
            return False
        return np.array_equal(self.levels, other.levels) and np.array_equal(self.complete, other.complete)


class Bundle(Struct, frozen=True, eq=False):
    """The weights of a bundle that a picture draws, in painting order, by their number in the bundle.

    `strengths` are the weights as numbers, `levels` their emphasis; `chips` stand on a few of them.
    """

    layer: str
    drawn: NDArray[np.intp]
    strengths: Numbers
    levels: NDArray[np.int8]
    chips: tuple[tuple[int, Chip], ...] = ()

    @property
    def is_lit(self) -> bool:
        """Whether any of the weights is of this step."""
        return bool((self.levels == 2).any())

    def same(self, other: Bundle) -> bool:
        """Whether both look the same."""
        return self.chips == other.chips and all(
            np.array_equal(mine, others)
            for mine, others in (
                (self.drawn, other.drawn),
                (self.strengths, other.strengths),
                (self.levels, other.levels),
            )
        )
