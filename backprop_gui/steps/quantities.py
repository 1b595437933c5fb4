"""The name of every number: an element of a node's value or gradient, for one sample."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import sample_values
from backprop_gui.engine.stepper import Record

VALUE, GRADIENT, UPDATED = "value", "gradient", "updated"
CACHE_BYTES = 64 * 1024 * 1024  # of per-sample gradients that were looked at


class Quantity(Struct, frozen=True):
    """One number of an iteration.

    `node` is the place in the graph; `aspect` is `value`, `gradient`, or a line of the optimiser
    (`updated`, `m`, and `m.before` for the state before the update). `sample` is the place in the
    batch, from 0; None for what has no sample: a parameter's value, its mean gradient, its update.
    """

    node: int
    element: Element = ()
    aspect: str = VALUE
    sample: int | None = None


class Setting(Struct, frozen=True):
    """A number of the training itself, such as the learning rate, or that all parameters share."""

    name: str


class Numbers:
    """Looks up quantities in a record; per-sample parameter gradients are made when looked at."""

    def __init__(self, graph: Graph, record: Record, settings: dict[str, float]) -> None:
        self.graph = graph
        self.record = record
        self.settings = settings
        self._sample_gradients: dict[int, Array] = {}

    def __call__(self, key: object) -> float:
        """The number a Quantity or Setting stands for."""
        if isinstance(key, Setting):
            shared = self.record.shared
            return shared[key.name] if key.name in shared else self.settings[key.name]
        assert isinstance(key, Quantity)
        return float(self._array(key)[key.element])

    def _array(self, key: Quantity) -> Array:
        """The array that holds the quantity, for its sample."""
        record, node = self.record, self.graph.nodes[key.node]
        if node.kind == "parameter":
            return self.graph.parameters.view(self._flat(key), node.parameter)
        source = record.values if key.aspect == VALUE else record.gradients
        array = source[key.node]
        if array is None:
            return np.zeros(node.shape)
        result: Array = array[key.sample if key.sample is not None else 0]
        return result

    def _flat(self, key: Quantity) -> Array:
        """The flat vector a parameter's quantity stands in."""
        record = self.record
        if key.aspect == VALUE:
            return record.before.parameters
        if key.aspect == GRADIENT:
            one = record.samples == 1 or key.sample is None
            return record.parameter_gradient if one else self.sample_gradient(key.sample or 0)
        if key.aspect.endswith(".before"):
            return record.before.optimizer[key.aspect.removesuffix(".before")]
        return record.lines[key.aspect]

    def sample_gradient(self, sample: int) -> Array:
        """The flat parameter gradient of one sample's loss, undivided."""
        if self.record.samples == 1:
            return self.record.parameter_gradient
        if sample not in self._sample_gradients:
            if (len(self._sample_gradients) + 1) * self.record.parameter_gradient.nbytes > CACHE_BYTES:
                self._sample_gradients.clear()
            self._sample_gradients[sample] = self._from_node_gradients(sample)
        return self._sample_gradients[sample]

    def _from_node_gradients(self, sample: int) -> Array:
        """The parameters' share of the record's own node gradients.

        A backward pass of that sample alone would add up in another order: its last bits would
        differ from the terms, whose factors are the record's.
        """
        graph, record = self.graph, self.record
        flat = np.zeros(graph.parameters.size)
        values = sample_values(graph, record.values, sample)
        for index in graph.completion_order:
            node, upstream = graph.nodes[index], record.gradients[index]
            if upstream is None or not any(graph.nodes[o].kind == "parameter" for o in node.operands):
                continue
            assert node.operation is not None
            operands = tuple(values[operand] for operand in node.operands)
            one = upstream[sample : sample + 1]
            with np.errstate(all="ignore"):
                parts = node.operation.pullback(one, operands, values[index], node.attributes)
            for operand, part in zip(node.operands, parts, strict=True):
                if graph.nodes[operand].kind == "parameter" and part is not None:
                    view = graph.parameters.view(flat, graph.nodes[operand].parameter)
                    view += part
        return flat
