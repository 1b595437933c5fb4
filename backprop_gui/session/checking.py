"""Finite differences of an iteration, made on demand or when nothing else is to do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.finite_differences import agrees, is_kink, numeric_gradients, one_sided_slopes
from backprop_gui.engine.stepper import Record
from backprop_gui.experiment.build import Model

IDLE_LIMIT = 200  # parameters; more are checked on demand only
# Parameters this large, with gradients this small and a loss this far from 0: learning stands still.
LARGE_PARAMETER, VANISHED_GRADIENT, LEFT_LOSS = 15.0, 1e-6, 1e-3


def stuck(model: Model, record: Record) -> tuple[float, float] | None:
    """The largest parameter and the largest gradient where saturated neurons let nothing through."""
    parameters, gradient = np.abs(record.before.parameters), np.abs(record.parameter_gradient)
    if not parameters.size or not np.isfinite(parameters).all() or not np.isfinite(gradient).all():
        return None
    loss = record.together(record.values[model.graph.loss])
    largest, steepest = float(parameters.max()), float(gradient.max())
    is_stuck = largest >= LARGE_PARAMETER and steepest <= VANISHED_GRADIENT and loss >= LEFT_LOSS
    return (largest, steepest) if is_stuck else None


class GradientCheck:
    """Nudges the parameters of one iteration one after the other; `numeric` grows meanwhile.

    It can be walked in slices: each step of the iteration measures one parameter.
    """

    def __init__(self, model: Model, record: Record) -> None:
        self.iteration, self.model = record.iteration, model
        self.numeric: dict[int, float] = {}  # place of a parameter -> derivative of the batch's loss
        self.kinks: set[int] = set()
        self._places = [int(place) for place in model.graph.parameters.scalars]
        self._record = record

    @property
    def total(self) -> int:
        """How many parameters there are to measure."""
        return len(self._places)

    def __iter__(self) -> Iterator[int]:
        graph, record = self.model.graph, self._record
        leaves = {index: data[record.rows] for index, data in self.model.leaves.items()}
        parameters, gradient = record.before.parameters, record.parameter_gradient
        together = record.together
        loss = together(record.values[graph.loss])
        found = numeric_gradients(graph, parameters, leaves, self._places)
        for place, each in zip(self._places, found, strict=True):
            self.numeric[place] = together(each)
            if not agrees(self.numeric[place], float(gradient[place]), loss):
                left, right = one_sided_slopes(graph, parameters, leaves, place)
                if is_kink(together(left), together(right), float(gradient[place])):
                    self.kinks.add(place)
            yield place
