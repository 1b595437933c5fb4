"""The paths from a quantity to the loss as an account: the strongest one by one, the others together.

A path's worth is the product of the slopes along it, and all paths together are the gradient. There
may be more paths than could ever be walked: they are counted, and the strongest are found without
walking the others. For every quantity the best that can still come, the largest |product| from it to
the loss, follows backwards from the loss; a best-first search with that bound meets the paths in the
order of their worth (the k best paths of a loop-free graph with edge weights |slope| ≥ 0).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.steps.quantities import GRADIENT, Numbers, Quantity
from backprop_gui.steps.terms import Path, Term, Terms, count_paths, number_of

MOST_TERMS = 50_000  # slopes that are looked at for one ledger: below a second
_BEYOND = 1e6  # the logarithm a slope that is not finite is given: it comes first


class WeighedPath(Struct, frozen=True):
    """A path and the product of the slopes along it."""

    path: Path
    product: float


class Ledger(Struct, frozen=True):
    """What a gradient is made of, path by path.

    `shown` holds the paths of the largest |product|, largest first, and `count` says how many there
    are in all. `remainder` is the gradient without the shown ones, exactly 0 when all are shown.
    `total` is the sum over all paths as their slopes give it, `size` the same without signs.
    """

    quantity: Quantity
    count: int
    shown: tuple[WeighedPath, ...]
    gradient: float
    remainder: float
    total: float
    size: float

    @property
    def further(self) -> int:
        """The number of paths that are not shown."""
        return self.count - len(self.shown)

    @property
    def adds_up(self) -> bool:
        """Whether the slopes along all paths give the gradient, but for rounding."""
        return abs(self.total - self.gradient) <= 1e-12 * self.size


class SampleSums(Struct, frozen=True):
    """A parameter's gradient of the whole batch: what all paths of each sample come to, and all together.

    `whole` is their average, or their sum where the loss of a batch is a sum.
    """

    quantity: Quantity
    sums: tuple[float, ...]
    whole: float


def ledger(terms: Terms, numbers: Numbers, quantity: Quantity, most: int) -> Ledger | None:
    """The account of a gradient of one sample, with the `most` strongest paths written out.

    None where so many connections lie behind the quantity that it would take too long.
    """
    known = _Remembered(terms)
    try:
        count = count_paths(known, quantity)
    except _TooMany:
        return None
    ways = _Ways(known, numbers)
    gradient = numbers(quantity)
    found = [WeighedPath(path, number_of(path.product, numbers)) for path in ways.strongest(quantity, most)]
    found.sort(key=_strength)  # stable: among equals the order of the search, which is the network's
    rest = math.fsum((gradient, *(-each.product for each in found))) if count > len(found) else 0.0
    total, size = ways.sums.get(quantity, (0.0, 0.0))
    return Ledger(quantity, count, tuple(found), gradient, rest, total, size)


def sample_sums(numbers: Numbers, quantity: Quantity) -> SampleSums:
    """What the paths of each sample of the batch add up to, for a parameter's gradient of all."""
    each = tuple(numbers(replace(quantity, sample=sample)) for sample in range(numbers.record.samples))
    return SampleSums(quantity, each, numbers(replace(quantity, aspect=GRADIENT, sample=None)))


def _strength(path: WeighedPath) -> float:
    return -abs(path.product) if path.product == path.product else -math.inf


class _TooMany(Exception):
    """More terms than a ledger looks at."""


class _Remembered(Terms):
    """Terms that are made once each."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.graph, terms.record, terms.optimizer)
        self.made: dict[Quantity, list[Term]] = {}
        self._count = 0

    def gradient(self, quantity: Quantity) -> list[Term]:
        """One term for each use of the quantity. Raises _TooMany."""
        if quantity not in self.made:
            self.made[quantity] = super().gradient(quantity)
            self._count += len(self.made[quantity])
            if self._count > MOST_TERMS:
                raise _TooMany
        return self.made[quantity]


class _Step(Struct, frozen=True):
    """A term, and the logarithm of the largest |product| to the loss that begins with it."""

    term: Term
    best: float


class _Ways:
    """What lies between the quantities and the loss: sums over all ways, and the best of them.

    `sums` holds for every quantity the sum over its paths with and without signs; `_steps` its
    terms, the most promising first.
    """

    def __init__(self, known: _Remembered, numbers: Numbers) -> None:
        self.sums: dict[Quantity, tuple[float, float]] = {}
        self._steps: dict[Quantity, list[_Step]] = {}
        # A consumer stands behind its operands: from the loss inwards everything needed is there.
        for quantity in sorted(known.made, key=lambda each: -each.node):
            total = size = 0.0
            steps = []
            for term in known.made[quantity]:
                slope = number_of(term.local, numbers)
                ahead = (1.0, 1.0) if term.upstream is None else self.sums[term.upstream]
                total += slope * ahead[0]
                size += abs(slope) * ahead[1]
                steps.append(_Step(term, _logarithm(slope) + self._best_from(term.upstream)))
            self.sums[quantity] = total, size
            self._steps[quantity] = sorted(steps, key=lambda step: -step.best)

    def _best_from(self, quantity: Quantity | None) -> float:
        if quantity is None:
            return 0.0
        steps = self._steps[quantity]
        return steps[0].best if steps else -math.inf

    def strongest(self, quantity: Quantity, most: int) -> Iterator[Path]:
        """The paths by falling |product|; nothing is done for those that are not asked for.

        An entry stands for all paths that begin with its chain and go on with one of the quantity's
        terms from `rank` on; its bound is the best of them. The newest of equals goes first, so that
        equal paths are met one by one instead of all at once.
        """
        age, given = 0, 0
        heap: list[tuple[float, int, int, Quantity, tuple[Term, ...], tuple[Quantity, ...]]] = []
        if self._steps.get(quantity):
            heap.append((-self._steps[quantity][0].best, 0, 0, quantity, (), ()))
        while heap and given < most:
            negative_bound, _, rank, current, chain, through = heapq.heappop(heap)
            steps = self._steps[current]
            if rank + 1 < len(steps):
                # From the same bound downwards, so that rounding never puts equals apart.
                lower = _difference(steps[rank].best, steps[rank + 1].best)
                age -= 1
                heapq.heappush(heap, (negative_bound + lower, age, rank + 1, current, chain, through))
            term = steps[rank].term
            longer, beyond = (*chain, term), (*through, current)
            if term.upstream is None:
                given += 1
                yield Path(tuple(each.local for each in reversed(longer)), beyond)
            elif self._steps[term.upstream]:
                age -= 1
                heapq.heappush(heap, (negative_bound, age, 0, term.upstream, longer, beyond))


def _logarithm(slope: float) -> float:
    if slope == 0:
        return -math.inf
    return math.log(abs(slope)) if math.isfinite(slope) else _BEYOND


def _difference(higher: float, lower: float) -> float:
    """How much is lost from the better to the next: nothing between two zeros."""
    return 0.0 if higher == lower else higher - lower
