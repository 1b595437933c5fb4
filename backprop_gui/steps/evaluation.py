"""How well a network does: the loss of rows kept aside, and accuracy where targets are classes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.engine.passes import forward
from backprop_gui.experiment.build import Model

MOST_VALUES_AT_ONCE = 4_000_000  # of all nodes; more rows go through the network in parts


class Classes(Struct, frozen=True):
    """Which class a row of outputs stands for, and which a row of targets: the one rule for all.

    The largest of several outputs wins, the first of equals; a single one is class 1 above
    `threshold`, else class 0. Outputs and targets have the rows first.
    """

    names: tuple[str, ...]
    threshold: float
    link: str = ""  # the operation by which the loss makes probabilities of the outputs; empty: none
    probable: bool = False  # outputs, or what the loss makes of them, are probabilities

    def predicted(self, outputs: Array) -> NDArray[np.intp]:
        """The class of each row of outputs."""
        rows = outputs.reshape(len(outputs), -1)
        if rows.shape[1] == 1:
            return (rows[:, 0] > self.threshold).astype(np.intp)
        largest: NDArray[np.intp] = rows.argmax(axis=1)
        return largest

    def given(self, targets: Array) -> NDArray[np.intp]:
        """The class of each row of targets."""
        rows = targets.reshape(len(targets), -1)
        largest: NDArray[np.intp] = rows.argmax(axis=1)
        return largest if rows.shape[1] > 1 else (rows[:, 0] > 0.5).astype(np.intp)

    def probabilities(self, outputs: Array) -> Array:
        """The outputs as the loss reads them, (rows, outputs): logits as probabilities, others as is."""
        rows = outputs.reshape(len(outputs), -1)
        with np.errstate(all="ignore"):
            return OPERATIONS[self.link].forward((rows,), {}) if self.link else rows


def classes_of(model: Model) -> Classes | None:
    """How the classes of a model are told; None where its targets are no classes."""
    graph = model.graph
    output, target = graph.nodes[graph.loss].operands[:2]
    if not model.class_names and not are_classes(model.leaves[target]):
        return None
    operation = graph.nodes[graph.loss].operation
    assert operation is not None
    single = math.prod(graph.nodes[output].shape) == 1
    link = "softmax" if operation.name == "softmax_cross_entropy" else ""
    link = "sigmoid" if operation.name.endswith("_with_logits") else link
    count = 2 if single else math.prod(graph.nodes[output].shape)
    first = 0 if single else 1
    names = model.class_names if len(model.class_names) == count else ()
    names = names or tuple(str(number) for number in range(first, first + count))
    probable = bool(link) or operation.name.endswith("cross_entropy")
    return Classes(names, 0.0 if link == "sigmoid" else 0.5, link, probable)


class Evaluation:
    """What a model makes of its test rows; without a split accuracy is that of the training rows."""

    def __init__(self, model: Model, test: bool = True) -> None:
        """`test`: of the rows kept aside, if there are some; else of those that are trained."""
        graph = model.graph
        self._graph = graph
        self._leaves = model.test_leaves if test and model.test_leaves else model.leaves
        self._loss = test and bool(model.test_leaves)
        self._output, self._target = graph.nodes[graph.loss].operands[:2]
        self._classes = classes_of(model)

    @property
    def has_classes(self) -> bool:
        """Whether there is an accuracy."""
        return self._classes is not None

    @property
    def says_something(self) -> bool:
        """Whether there is a test loss or an accuracy at all."""
        return self._loss or self._classes is not None

    def of(self, parameters: Array) -> tuple[float | None, float | None]:
        """Test loss and accuracy with these parameters; None for what there is not."""
        *_, found = self.measure(parameters, MOST_VALUES_AT_ONCE)
        assert found is not None
        return found

    def measure(self, parameters: Array, values: int) -> Iterator[tuple[float | None, float | None] | None]:
        """The same in pieces of about so many values of nodes: None after each, at last the result."""
        losses: list[Array] = []
        right = 0
        for leaves in parts_of(self._graph, self._leaves, values):
            if losses:
                yield None
            with np.errstate(all="ignore"):
                found = forward(self._graph, parameters, leaves)
            losses.append(found[self._graph.loss])
            if self._classes is not None:
                predicted = self._classes.predicted(found[self._output])
                right += int((predicted == self._classes.given(leaves[self._target])).sum())
        with np.errstate(all="ignore"):
            each = losses[0] if len(losses) == 1 else np.concatenate(losses)
            total = float(each.sum())
        yield total / len(each) if self._loss else None, None if self._classes is None else right / len(each)


def parts_of(graph: Graph, leaves: Mapping[int, Array], values: int) -> Iterator[dict[int, Array]]:
    """The rows of some data, as many at once as give about so many values of nodes."""
    of_row = sum(math.prod(node.shape) for node in graph.nodes if node.kind != "parameter")
    size = max(1, values // of_row)
    for start in range(0, len(leaves[graph.nodes[graph.loss].operands[1]]), size):
        yield {index: array[start : start + size] for index, array in leaves.items()}


def are_classes(targets: Array) -> bool:
    """Whether numbers are classes: one output 0 or 1, or a single 1 among several; and not all alike."""
    rows = targets.reshape(len(targets), -1)
    if not np.isin(rows, (0.0, 1.0)).all() or (rows == rows[:1]).all():
        return False
    return rows.shape[1] == 1 or bool((rows.sum(axis=1) == 1).all())
