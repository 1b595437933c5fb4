"""How well a network does: the loss of rows kept aside, and accuracy where targets are classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import forward
from backprop_gui.experiment.build import Model

MOST_VALUES_AT_ONCE = 4_000_000  # of all nodes; more rows go through the network in parts


class Evaluation:
    """What a model makes of its test rows; without a split accuracy is that of the training rows."""

    def __init__(self, model: Model) -> None:
        graph = model.graph
        self._graph = graph
        self._leaves = model.test_leaves or model.leaves
        self._loss = bool(model.test_leaves)
        self._output, self._target = graph.nodes[graph.loss].operands[:2]
        self._classes = bool(model.class_names) or are_classes(model.leaves[self._target])
        operation = graph.nodes[graph.loss].operation
        logits = operation is not None and operation.name.endswith("_with_logits")
        self._threshold = 0.0 if logits else 0.5

    @property
    def says_something(self) -> bool:
        """Whether there is a test loss or an accuracy at all."""
        return self._loss or self._classes

    def of(self, parameters: Array) -> tuple[float | None, float | None]:
        """Test loss and accuracy with these parameters; None for what there is not."""
        *_, found = self.measure(parameters, MOST_VALUES_AT_ONCE)
        assert found is not None
        return found

    def measure(self, parameters: Array, values: int) -> Iterator[tuple[float | None, float | None] | None]:
        """The same in pieces of about so many values of nodes: None after each, at last the result."""
        losses: list[Array] = []
        right = 0
        for leaves in self._parts(values):
            if losses:
                yield None
            with np.errstate(all="ignore"):
                found = forward(self._graph, parameters, leaves)
            losses.append(found[self._graph.loss])
            if self._classes:
                right += self._right(found[self._output], leaves[self._target])
        with np.errstate(all="ignore"):
            each = losses[0] if len(losses) == 1 else np.concatenate(losses)
            total = float(each.sum())
        yield total / len(each) if self._loss else None, right / len(each) if self._classes else None

    def _parts(self, values: int) -> Iterator[dict[int, Array]]:
        """The rows, as many at once as give about so many values."""
        of_row = sum(int(np.prod(node.shape)) for node in self._graph.nodes if node.kind != "parameter")
        size = max(1, values // of_row)
        for start in range(0, len(self._leaves[self._target]), size):
            yield {index: array[start : start + size] for index, array in self._leaves.items()}

    def _right(self, outputs: Array, targets: Array) -> int:
        """In how many rows the largest output is the target's; a single one lies on the target's side."""
        outputs, targets = (array.reshape(len(array), -1) for array in (outputs, targets))
        if outputs.shape[1] == 1:
            return int(((outputs > self._threshold) == (targets > 0.5)).sum())
        return int((outputs.argmax(axis=1) == targets.argmax(axis=1)).sum())


def are_classes(targets: Array) -> bool:
    """Whether numbers are classes: one output 0 or 1, or a single 1 among several; and not all alike."""
    rows = targets.reshape(len(targets), -1)
    if not np.isin(rows, (0.0, 1.0)).all() or (rows == rows[:1]).all():
        return False
    return rows.shape[1] == 1 or bool((rows.sum(axis=1) == 1).all())
