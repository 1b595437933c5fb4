"""The loss of any iteration: as it is kept or, of a long run, computed again, many at once."""

from __future__ import annotations

import numpy as np

from backprop_gui.engine.operation import Array
from backprop_gui.steps.timeline import Timeline

AT_ONCE = 256  # iterations: of a large network they take a while, and a window may be waiting


class AllLosses:
    """The losses of a timeline as it stands, best asked in order."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        iterations, losses = timeline.losses()
        self._kept: dict[int, float] = dict(
            zip(iterations.astype(int).tolist(), losses.tolist(), strict=True)
        )
        self._first, self._again = 0, np.zeros(0)

    def of(self, iteration: int) -> float:
        """The batch's loss before the update of an iteration, 0 … newest."""
        kept = self._kept.get(iteration)
        if kept is not None:
            return kept
        if not self._first <= iteration < self._first + len(self._again):
            self._first, self._again = iteration, self._from(iteration)
        return float(self._again[iteration - self._first])

    def _from(self, iteration: int) -> Array:
        """The loss of an iteration and of those behind it, of the same model."""
        timeline = self._timeline
        ends = [segment.start for segment in timeline.segments if segment.start > iteration]
        count = min([iteration + AT_ONCE, timeline.newest, *ends]) - iteration
        stepper = timeline.segment_of(iteration).stepper
        found = stepper.advance(timeline.state(iteration), count).losses if count > 0 else np.zeros(0)
        return found if len(found) else np.array([stepper.loss_of(timeline.record(iteration))])
