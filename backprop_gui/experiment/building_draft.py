"""A document while it is being rebuilt: every number knows the neurons it belongs to.

Each element of a node has a label that stays with it whatever happens around it. A weight belongs to
a neuron and to the label of its sender; when the rebuilt network is read off, each weight is found by
its labels. Where another layer has come in between, weights are taken over in their order as far as
they go. What is new is drawn: Xavier with the experiment's seed, rounded to few digits; biases are 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from msgspec.structs import replace

from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.engine.parameters import ParameterLayout
from backprop_gui.errors import InvalidEdit, InvalidExperiment
from backprop_gui.experiment.building_data import Table, all_rows, with_rows
from backprop_gui.experiment.document import (
    Add,
    AveragePool,
    Concatenate,
    Conv1d,
    Dense,
    Experiment,
    Loss,
    MaxPool,
    Multiply,
    Network,
    Node,
    Standardize,
    senders,
)
from backprop_gui.experiment.wiring import wire

Label: TypeAlias = tuple[Any, ...]
Cell: TypeAlias = float | None  # null: no connection

MOST_WEIGHTS = 500_000  # of a network that is rebuilt by hand
MISSING = object()  # marks a weight of a new pair of neurons, until it is drawn


@dataclass
class Weights:
    """The weights of a dense layer by neuron and sender, and its biases by neuron."""

    rows: list[Label]
    columns: list[Label]
    cells: dict[tuple[Label, Label], Cell]
    biases: dict[Label, float] | None


class Draft:
    """A document that is being changed; `finished` reads it off again.

    Nodes, inputs and the loss may be exchanged freely as long as no loop arises; the rows of a dense
    layer's `weights` are its neurons. Raises InvalidEdit where something can't be carried over.
    """

    def __init__(self, experiment: Experiment, source: str = "") -> None:
        network = with_numbers(experiment).network
        self.experiment, self.source, self.network = experiment, source, network
        self.inputs = dict(network.inputs)
        self.nodes: list[Node] = list(network.nodes)
        self.loss: Loss = network.loss
        self.weights: dict[str, Weights] = {}
        self._constants: dict[str, dict[str, dict[Label, float]]] = {}
        self._fresh = 0
        self._table: Table | None = None
        for name in self.ordered():
            node = self.node(name)
            if isinstance(node, Dense):
                self.weights[name] = self._read(node)
            elif isinstance(node, Standardize):
                self._constants[name] = self._read_constants(node)
        if self._count() > MOST_WEIGHTS:
            most = f"up to {MOST_WEIGHTS:,} weights would be right"
            raise InvalidEdit(f"the network is too large to be rebuilt by hand; {most}")
        self._targets = self.labels(self.loss.of)
        self._given = {name: self.labels(name) for name in self.inputs}

    # --- reading --------------------------------------------------------------------------------------

    def node(self, name: str) -> Node:
        """A node by its name. Raises InvalidEdit when there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise InvalidEdit(f"there is no layer {name}; one of {known} would be right")

    def dense(self, name: str) -> Dense:
        """A layer of neurons by its name. Raises InvalidEdit when it is another kind of node."""
        node = self.node(name)
        if not isinstance(node, Dense):
            raise InvalidEdit(f"{name} has no neurons of its own; a layer of neurons would be right")
        return node

    def put(self, node: Node, name: str = "") -> None:
        """Exchange a node for another, by default for the one of its name."""
        place = [each.name for each in self.nodes].index(name or node.name)
        self.nodes[place] = node

    def ordered(self) -> list[str]:
        """The names of the nodes, senders first, else as in the document."""
        done: list[str] = []
        waiting = list(self.nodes)
        while waiting:
            known = {*done, *self.inputs}
            ready = next((node for node in waiting if known.issuperset(senders(node))), None)
            if ready is None:
                raise InvalidEdit("that would close a loop; a connection that leads onward would be right")
            done.append(ready.name)
            waiting.remove(ready)
        return done

    def receivers(self, name: str) -> list[Node]:
        """The nodes that take their values from a node."""
        return [node for node in self.nodes if name in senders(node)]

    def shape(self, name: str) -> Shape:
        """The shape of what an input or node sends, as the draft stands. Raises InvalidEdit."""
        if name in self.inputs:
            return (self.inputs[name],)
        node = self.node(name)
        given = tuple(self.shape(sender) for sender in senders(node))
        if isinstance(node, Dense):
            return (len(self.weights[name].rows),) if name in self.weights else (node.units,)
        kind, attributes = str(node.__struct_config__.tag), _attributes(node)
        if kind in ("activation", "standardize"):
            return given[0]
        if isinstance(node, Conv1d):
            one = len(given[0]) == 1
            taps: Shape = (node.kernel,)
            if not one or node.channels > 1:
                taps = (node.channels, 1 if one else given[0][0], node.kernel)
            given = (*given, taps)
        try:
            return OPERATIONS[kind].shape(given, attributes)
        except ValueError as error:
            raise InvalidEdit(f"{name} would not fit: {error}") from None

    def width(self, name: str) -> int:
        """How many values an input or node sends."""
        return math.prod(self.shape(name))

    def labels(self, name: str) -> list[Label]:
        """The labels of the elements of an input or node, in order."""
        if name in self.inputs:
            return [(name, place) for place in range(self.inputs[name])]
        node = self.node(name)
        if name in self.weights:
            return list(self.weights[name].rows)
        if isinstance(node, Concatenate):
            return [label for sender in node.of for label in self.labels(sender)]
        if isinstance(node, Conv1d | AveragePool | MaxPool):
            shape = self.shape(name)
            return [(name, *place) for place in np.ndindex(shape)]
        if isinstance(node, Add | Multiply):
            self.shape(name)  # tells where the senders do not fit together
        return self.labels(senders(node)[0])

    def fresh_label(self, name: str) -> Label:
        """The label of a new neuron."""
        self._fresh += 1
        return (name, "new", self._fresh)

    def _read(self, node: Dense) -> Weights:
        rows: list[Label] = [(node.name, unit) for unit in range(node.units)]
        columns = [(*label, place) for place, label in enumerate(self.labels(node.of))]
        matrix, biases = self._numbers(node.weights), self._numbers(node.biases)
        cells = {(r, c): matrix[i][j] for i, r in enumerate(rows) for j, c in enumerate(columns)}
        given = None if biases is None else dict(zip(rows, biases, strict=True))
        return Weights(rows, columns, cells, given)

    def _numbers(self, values: Any) -> Any:
        return self.network.parameters[values] if isinstance(values, str) else values

    def _read_constants(self, node: Standardize) -> dict[str, dict[Label, float]]:
        labels = self.labels(node.of)
        fields = {"mean": node.mean, "deviation": node.deviation}
        return {k: dict(zip(labels, v, strict=False)) for k, v in fields.items() if not isinstance(v, str)}

    # --- the rows of data -----------------------------------------------------------------------------

    def rows(self) -> Table:
        """All rows of data by input and `targets`, to be changed in place."""
        if self._table is None:
            self._table = all_rows(self.experiment, self.source)
        return self._table

    # --- reading off ----------------------------------------------------------------------------------

    def finished(self) -> Experiment:
        """The rebuilt document. Raises InvalidEdit."""
        generator = np.random.default_rng([self.experiment.training.seed, self._count()])
        for name in self.ordered():
            node = self.node(name)
            if isinstance(node, Dense):
                self.put(self._written(node, generator))
            elif isinstance(node, Standardize):
                self.put(self._with_constants(node))
            else:
                self.shape(name)  # tells where something does not fit
        used = {
            getattr(node, part, None)
            for node in self.nodes
            for part in ("weights", "biases")
            if isinstance(getattr(node, part, None), str)
        }
        parameters = {name: v for name, v in self.network.parameters.items() if name in used}
        told = [name for name in self.network.differentiate if name in self.inputs]
        network = Network(self.inputs, self.nodes, self.loss, parameters, told)
        experiment = replace(self.experiment, network=network)
        self._fit_rows()
        return experiment if self._table is None else with_rows(experiment, self._table)

    def _count(self) -> int:
        return sum(len(weights.cells) for weights in self.weights.values())

    def _written(self, node: Dense, generator: np.random.Generator) -> Dense:
        """A dense layer with its weights found by their labels, or drawn."""
        weights = self.weights[node.name]
        columns = _matched(weights.columns, self.labels(node.of))
        bound = math.sqrt(6.0 / (len(weights.rows) + len(columns)))
        matrix = []
        for row in weights.rows:
            cells = [weights.cells.get((row, column), MISSING) for column in columns]
            matrix.append([_drawn(generator, bound) if cell is MISSING else cell for cell in cells])
        biases = None if weights.biases is None else [weights.biases.get(row, 0.0) for row in weights.rows]
        return replace(
            node,
            units=len(weights.rows),
            weights=node.weights if matrix == self._numbers(node.weights) else matrix,
            biases=node.biases if biases == self._numbers(node.biases) else biases,
        )

    def _with_constants(self, node: Standardize) -> Standardize:
        neutral = {"mean": 0.0, "deviation": 1.0}
        labels = self.labels(node.of)
        for name, known in self._constants.get(node.name, {}).items():
            node = replace(node, **{name: [known.get(label, neutral[name]) for label in labels]})
        return node

    def _fit_rows(self) -> None:
        """Columns of data for what is new are 0; those of what is gone are cut."""
        now = {name: self.labels(name) for name in self.inputs} | {"targets": self.labels(self.loss.of)}
        before = {**self._given, "targets": self._targets}
        for name, labels in now.items():
            known = before.get(name, [])
            columns = _matched([(*label, 0) for label in known], labels)
            places = {(*label, 0): place for place, label in enumerate(known)}
            kept = [places.get(column) for column in columns]
            if kept == list(range(len(known))):
                continue
            rows = self.rows()
            count = len(rows["targets"])
            old = rows.get(name, [[] for _ in range(count)])
            rows[name] = [[0.0 if place is None else row[place] for place in kept] for row in old]
        if self._table is not None:
            for name in [name for name in self._table if name not in now]:
                del self._table[name]


def with_numbers(experiment: Experiment) -> Experiment:
    """The document with numbers in place of draws. Raises InvalidEdit when it can't be computed."""
    network = experiment.network
    wired = wire(network, experiment.training.seed)
    if wired.graph is None:
        raise InvalidEdit(str(InvalidExperiment(wired.faults).faults[0]))
    return replace(experiment, network=network_of(network, wired.graph.parameters, wired.initial))


def network_of(network: Network, layout: ParameterLayout, flat: Array) -> Network:
    """The network with the numbers of a flat vector in place of its own."""
    values: dict[str, Any] = {}
    for index, array in enumerate(layout.arrays):
        entries = layout.view(flat, index).astype(object)
        if array.present is not None:
            entries[~array.present] = None
        values[array.name] = entries.tolist()

    def numbers(given: Any, name: str) -> Any:
        return given if given is None or isinstance(given, str) else values[name]

    nodes: list[Node] = []
    for node in network.nodes:
        if isinstance(node, Dense | Conv1d):
            weights = numbers(node.weights, f"{node.name}.W")
            biases = numbers(node.biases, f"{node.name}.b")
            nodes.append(replace(node, weights=weights, biases=biases))
        else:
            nodes.append(node)
    parameters = {name: values[name] for name in network.parameters}
    return replace(network, nodes=nodes, parameters=parameters)


def _matched(old: list[Label], new: list[Label]) -> list[Label]:
    """For each new label the old column to take, told by the number at its end; else a label of its own.

    Labels that are alike come in their order; what is left over on both sides goes together in order.
    """
    free: dict[Label, list[Label]] = {}
    for column in old:
        free.setdefault(column[:-1], []).append(column)
    found = [free[label].pop(0) if free.get(label) else None for label in new]
    taken = set(found)
    rest = [column for column in old if column not in taken]
    result: list[Label] = []
    for place, known in enumerate(found):
        if known is not None:
            result.append(known)
        else:
            result.append(rest.pop(0) if rest else (*new[place], "new", place))
    return result


def _drawn(generator: np.random.Generator, bound: float) -> float:
    """A small number with few digits, never 0: two neurons that start alike would stay alike."""
    digits = 2 if bound >= 0.2 else 4
    value = round(float(generator.uniform(-bound, bound)), digits)
    return value or 10.0**-digits


def _attributes(node: Node) -> dict[str, Any]:
    """The sizes of a node as its operation knows them."""
    if isinstance(node, Conv1d):
        return {"stride": node.stride, "padding": node.padding}
    if isinstance(node, AveragePool | MaxPool):
        return {"size": node.size, "stride": node.stride or node.size}
    return {}
