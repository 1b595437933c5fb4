"""What finite differences say of the gradients of an iteration, all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.finite_differences import ROUNDING, TRUNCATION
from backprop_gui.engine.operation import Array


class Verdict(IntEnum):
    """How a gradient stands beside its finite difference, the worst first."""

    NOT_FINITE = 0
    WRONG = 1
    KINK = 2  # the slopes to the left and right differ, so their mean tells little
    ROUNDING = 3  # they differ by no more than rounding does, which is much of so small a gradient
    CONFIRMED = 4


class Verdicts:
    """Parallel arrays with an entry for each parameter that was checked."""

    def __init__(
        self, numeric: Mapping[int, float], kinks: Collection[int], gradient: Array, loss: float
    ) -> None:
        self.places: NDArray[np.intp] = np.fromiter(numeric, np.intp, len(numeric))
        self.numeric: Array = np.fromiter(numeric.values(), np.float64, len(numeric))
        self.gradient: Array = gradient[self.places]
        with np.errstate(all="ignore"):
            apart = np.abs(self.numeric - self.gradient)
            largest = np.maximum(np.abs(self.numeric), np.abs(self.gradient))
            self.error: Array = np.divide(apart, largest, out=np.zeros_like(apart), where=largest != 0)
            allowed = TRUNCATION * np.abs(self.gradient)
            wrong = ~(apart <= allowed + ROUNDING * max(1.0, abs(loss)))
        verdict = np.where(self.error > TRUNCATION, Verdict.ROUNDING, Verdict.CONFIRMED)
        verdict[wrong] = Verdict.WRONG
        verdict[np.isin(self.places, list(kinks))] = Verdict.KINK
        verdict[~np.isfinite(self.error)] = Verdict.NOT_FINITE
        self.verdict: NDArray[np.int_] = verdict

    def __len__(self) -> int:
        return len(self.places)

    def count(self, *verdicts: Verdict) -> int:
        """How many gradients stand so."""
        return int(np.isin(self.verdict, verdicts).sum())

    def worst(self, verdict: Verdict) -> int | None:
        """The place in the arrays of the largest error among those that stand so."""
        chosen = np.flatnonzero(self.verdict == verdict)
        return int(chosen[np.argmax(self.error[chosen])]) if len(chosen) else None

    def worst_first(self) -> NDArray[np.intp]:
        """The order in which they are worth a look."""
        return np.lexsort((-self.error, self.verdict))
