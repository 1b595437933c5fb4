"""Finite differences of an iteration, made on demand or when nothing else is to do."""

from __future__ import annotations

import numpy as np

from backprop_gui.engine.finite_differences import numeric_gradients
from backprop_gui.engine.stepper import Record
from backprop_gui.experiment.build import Model

IDLE_LIMIT = 200  # parameters; more are checked on demand only


def numeric_means(model: Model, record: Record) -> dict[int, float]:
    """For each parameter's place the numeric derivative of the batch's loss."""
    leaves = {index: data[record.rows] for index, data in model.leaves.items()}
    places = [int(place) for place in model.graph.parameters.scalars]
    found = numeric_gradients(model.graph, record.before.parameters, leaves, places)
    return {place: float(np.mean(each)) for place, each in zip(places, found, strict=True)}


def first_fault(model: Model, record: Record) -> bool:
    """Whether the record holds a number that is not finite."""
    arrays = [*record.values, *(g for g in record.gradients if g is not None), record.after.parameters]
    return not all(bool(np.isfinite(array).all()) for array in arrays)
