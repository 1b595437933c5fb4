"""Which classes are taken for which: every row counted by its target and by what the network predicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import forward
from backprop_gui.experiment.build import Model
from backprop_gui.steps.evaluation import MOST_VALUES_AT_ONCE, classes_of, parts_of


class Confusion(Struct, frozen=True, eq=False):
    """`counts[target, predicted]` rows; both are places in `names`.

    `lost` are rows whose outputs are no numbers: nothing is predicted for them.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    lost: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.counts.sum()) + self.lost

    @property
    def right(self) -> int:
        """How many of them are predicted as what they are: the trace."""
        return int(np.trace(self.counts))

    def recall(self, place: int) -> float | None:
        """Of the rows of a class, the share that is predicted so; None without such rows."""
        return _share(self.counts[place, place], self.counts[place].sum())

    def precision(self, place: int) -> float | None:
        """Of the rows predicted as a class, the share that is of it; None without such rows."""
        return _share(self.counts[place, place], self.counts[:, place].sum())

    def share(self, target: int, predicted: int) -> float:
        """Of the rows of a class, the share that is predicted as another; 0 without such rows."""
        return _share(self.counts[target, predicted], self.counts[target].sum()) or 0.0


def confusion(model: Model, parameters: Array, leaves: Mapping[int, Array]) -> Confusion:
    """The matrix over some rows of data (`model.leaves` or `model.test_leaves`)."""
    *_, found = count_classes(model, parameters, leaves, MOST_VALUES_AT_ONCE)
    assert found is not None
    return found


def count_classes(
    model: Model, parameters: Array, leaves: Mapping[int, Array], values: int
) -> Iterator[Confusion | None]:
    """The same in pieces of about so many values of nodes: None after each, at last the result."""
    graph, classes = model.graph, classes_of(model)
    assert classes is not None, "only asked for where targets are classes"
    output, target = graph.nodes[graph.loss].operands[:2]
    count = len(classes.names)
    counts = np.zeros(count * count, dtype=np.int64)
    lost = 0
    for part in parts_of(graph, leaves, values):
        with np.errstate(all="ignore"):
            outputs = forward(graph, parameters, part)[output]
        told = ~np.isnan(outputs.reshape(len(outputs), -1)).any(axis=1)
        pairs = classes.given(part[target]) * count + classes.predicted(outputs)
        counts += np.bincount(pairs[told], minlength=count * count)
        lost += int((~told).sum())
        yield None
    yield Confusion(classes.names, counts.reshape(count, count), lost)


def rows_in(
    model: Model, parameters: Array, leaves: Mapping[int, Array], cell: tuple[int, int]
) -> NDArray[np.intp]:
    """The rows, from 0, that are counted in a cell: of one class, predicted as another."""
    graph, classes = model.graph, classes_of(model)
    assert classes is not None, "only asked for where targets are classes"
    output, target = graph.nodes[graph.loss].operands[:2]
    found = []
    for part in parts_of(graph, leaves, MOST_VALUES_AT_ONCE):
        with np.errstate(all="ignore"):
            outputs = forward(graph, parameters, part)[output]
        told = ~np.isnan(outputs.reshape(len(outputs), -1)).any(axis=1)
        predicted = classes.predicted(outputs)
        found.append(told & (classes.given(part[target]) == cell[0]) & (predicted == cell[1]))
    return np.flatnonzero(np.concatenate(found))


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
