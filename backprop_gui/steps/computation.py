"""The iteration of one sample as a graph of operations on numbers: the computational graph.

Wires carry an intermediate result and the derivative of the loss by it; nodes are the operations
between them. Values follow the operation table's formulas part by part; gradients flow back through
the same parts. Where a wire is a quantity of the network, both numbers are the record's.

Few operations are drawn singly, more by neuron (`computation_ways`), many by layer.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import Element, Operand, Output, evaluate
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import Values
from backprop_gui.steps.elementary import passed_on
from backprop_gui.steps.quantities import GRADIENT, VALUE, Numbers, Quantity
from backprop_gui.steps.terms import Terms

MOST_OPERATIONS = 60  # drawn singly, and again when they are grouped by neuron

Kind = Literal["leaf", "constant", "operation", "box"]
Grouping = Literal["operations", "neurons", "layers"]
Source: TypeAlias = tuple[int, Element]  # the slot of an operand, and an element of it


class Wire(Struct):
    """An intermediate result on its way from the node that makes it to those that use it.

    `quantity` is the network's number it is, None inside a formula. `told` are the quantities with
    whose steps the value is uncovered, the first and the last of them; `told_back` the same for the
    gradient, empty where none is told (data, numbers of a rule, what does not reach the loss). An
    array has a `shape`, and the numbers of node `array` stand in the record.
    """

    node: int
    value: float
    told: tuple[Quantity, ...]
    told_back: tuple[Quantity, ...] = ()
    quantity: Quantity | None = None
    gradient: float | None = None
    shape: tuple[int, ...] = ()
    array: int = -1


class Operation(Struct):
    """A node of the computational graph: an operation, or a leaf with a name.

    `inputs` and `outputs` are places of wires; `shares` what each input's gradient gets through this
    use. `serves` is the network's number that is calculated here, `inside` the parameters that are
    not drawn but stand in it, `number` a number of the rule that stands behind the sign: ÷ 3.
    """

    kind: Kind
    symbol: str
    spoken: str
    serves: Quantity
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    shares: tuple[float | None, ...] = ()
    inside: tuple[Quantity, ...] = ()
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Computation:
    """The computational graph of one sample of one record; every node comes after its inputs."""

    grouping: Grouping
    nodes: tuple[Operation, ...]
    wires: tuple[Wire, ...]
    uses: tuple[tuple[tuple[int, int], ...], ...] = field(repr=False)  # of a wire: (node, port)

    @property
    def operations(self) -> int:
        """How many operations there are; leaves do not count."""
        return sum(node.kind in ("operation", "box") for node in self.nodes)

    def downstream(self, wires: Sequence[int]) -> set[int]:
        """These wires and all that depend on them."""
        seen, stack = set(wires), list(wires)
        while stack:
            for node, _ in self.uses[stack.pop()]:
                fresh = set(self.nodes[node].outputs) - seen
                seen |= fresh
                stack.extend(fresh)
        return seen


class TooMany(Exception):
    """There are more operations than are drawn in this way."""


class Builder:
    """Collects nodes and wires; what several ways of drawing have in common."""

    def __init__(self, terms: Terms, numbers: Numbers, sample: int, most: int = MOST_OPERATIONS) -> None:
        self.terms, self.numbers, self.sample, self.most = terms, numbers, sample, most
        self.graph: Graph = terms.graph
        self.nodes: list[Operation] = []
        self.wires: list[Wire] = []
        self.of_quantity: dict[tuple[int, Element], int] = {}
        self._count = 0

    def computation(self, grouping: Grouping) -> Computation:
        """What has been collected."""
        uses: list[list[tuple[int, int]]] = [[] for _ in self.wires]
        for index, node in enumerate(self.nodes):
            for port, wire in enumerate(node.inputs):
                uses[wire].append((index, port))
        return Computation(grouping, tuple(self.nodes), tuple(self.wires), tuple(map(tuple, uses)))

    def quantity(self, node: int, element: Element, aspect: str = VALUE) -> Quantity:
        """A number of this sample; a parameter's value has none."""
        given = self.graph.nodes[node].kind == "parameter" and aspect == VALUE
        return Quantity(node, element, aspect, None if given else self.sample)

    def back(self, node: int, element: Element) -> tuple[Quantity, ...]:
        """The quantity whose step tells the gradient of a number, where one is told.

        ∂L/∂L = 1 and the gradients inside the loss come with the first derivative by its output.
        """
        if node == self.graph.loss:
            output = self.graph.nodes[node].operands[0]
            return self.back(output, self.outputs_of(output)[0])
        kind = self.graph.nodes[node].kind
        told = kind in ("operation", "parameter") or node in self.graph.differentiated
        return (self.quantity(node, element, GRADIENT),) if told and node in self.graph.reaches_loss else ()

    def gradient_of(self, quantity: Quantity) -> float | None:
        """The derivative of the loss by a number, where one is told: the record's."""
        if quantity.node == self.graph.loss:
            return 1.0
        told_back = self.back(quantity.node, quantity.element)
        return self.numbers(told_back[0]) if told_back else None

    def wire_of(self, node: int, element: Element) -> int:
        """The wire of a number of the network; a leaf is made when it is first used."""
        if (node, element) not in self.of_quantity:
            quantity = self.quantity(node, element)
            leaf = Operation("leaf", "", self.graph.nodes[node].kind, quantity)
            self.add(leaf, [quantity])
        return self.of_quantity[node, element]

    def add(self, node: Operation, quantities: Sequence[Quantity]) -> None:
        """A node whose outputs are numbers of the network."""
        self.count(node)
        first = len(self.wires)
        for quantity in quantities:
            told_back = self.back(quantity.node, quantity.element)
            gradient = self.gradient_of(quantity)
            self.of_quantity[quantity.node, quantity.element] = len(self.wires)
            self.wires.append(
                Wire(len(self.nodes), self.numbers(quantity), (quantity,), told_back, quantity, gradient)
            )
        node.outputs = tuple(range(first, len(self.wires)))
        self.nodes.append(node)

    def count(self, node: Operation) -> None:
        """Raises TooMany when this is one operation more than can be drawn."""
        self._count += node.kind in ("operation", "box")
        if self._count > self.most:
            raise TooMany

    def outputs_of(self, index: int) -> list[Element]:
        """The elements of a node's value."""
        return [tuple(int(i) for i in element) for element in np.ndindex(self.graph.nodes[index].shape)]

    def slopes(
        self, index: int, element: Element, hidden: frozenset[int] = frozenset()
    ) -> list[tuple[int, Element, float]]:
        """Slot, element and local derivative for everything an output element depends on.

        What stands in a `hidden` slot is named, but its derivative is not calculated.
        """
        node, values = self.graph.nodes[index], self.terms.record.values
        assert node.operation is not None
        operands = tuple(self._array(values, operand) for operand in node.operands)
        output = self._array(values, index)

        def lookup(key: Hashable) -> float:
            if isinstance(key, Operand):
                return float(operands[key.slot][key.element])
            assert isinstance(key, Output)
            return float(output[key.element])

        found = node.operation.partials(element, operands, output, node.attributes)
        return [
            (each.slot, each.element, math.nan if each.slot in hidden else evaluate(each.local, lookup))
            for each in found
        ]

    def _array(self, values: Values, index: int) -> Array:
        """A node's value, of this sample."""
        given = self.graph.nodes[index].kind == "parameter"
        return np.asarray(values[index] if given else values[index][self.sample])

    def one_operation(self, index: int, element: Element) -> None:
        """A function of single numbers, as its row in the operation table has it."""
        node, quantity = self.graph.nodes[index], self.quantity(index, element)
        assert node.operation is not None
        wire = self.wire_of(node.operands[0], element)
        ((_, _, slope),) = self.slopes(index, element)
        identity = node.operation.name == "identity"
        symbol = passed_on().symbol if identity else node.operation.symbol
        made = Operation("operation", symbol, node.operation.name_in_words, quantity, (wire,))
        self.add(made, [quantity])
        made.shares = (through(self.wires[made.outputs[0]].gradient, slope),)

    def boxes(
        self, index: int, symbol: str = "", hidden: frozenset[int] = frozenset(), kind: Kind = "box"
    ) -> None:
        """An operation as boxes, one for all outputs that depend on the same numbers.

        The operands in the `hidden` slots are not drawn: they stand inside the box.
        """
        node = self.graph.nodes[index]
        assert node.operation is not None
        groups: dict[tuple[Source, ...], list[Element]] = {}
        slopes: dict[tuple[Element, Source], float] = {}
        for element in self.outputs_of(index):
            sources: list[Source] = []
            for slot, source, slope in self.slopes(index, element, hidden):
                sources.append((slot, source))
                slopes[element, (slot, source)] = slope
            if node.operation.loss:
                sources += [(1, target) for target in self.outputs_of(node.operands[1])]
            groups.setdefault(tuple(sorted(sources)), []).append(element)
        words = node.operation.name_in_words or node.operation.name
        for sources_of, elements in groups.items():
            drawn = [source for source in sources_of if source[0] not in hidden]
            wires = tuple(self.wire_of(node.operands[slot], element) for slot, element in drawn)
            inside = tuple(self.quantity(node.operands[slot], e) for slot, e in sources_of if slot in hidden)
            quantities = [self.quantity(index, element) for element in elements]
            box = Operation(kind, symbol or words, words, quantities[0], wires, inside=inside)
            self.add(box, quantities)
            arriving = [self.wires[output].gradient for output in box.outputs]
            box.shares = tuple(_share(elements, arriving, source, slopes) for source in drawn)


def through(gradient: float | None, slope: float) -> float | None:
    """The gradient that flows back through a slope."""
    return None if gradient is None else gradient * slope


def _share(
    elements: list[Element],
    arriving: list[float | None],
    source: Source,
    slopes: dict[tuple[Element, Source], float],
) -> float | None:
    """Σ over a box's outputs: gradient that arrives there × local derivative."""
    parts = [
        gradient * slopes[element, source]
        for element, gradient in zip(elements, arriving, strict=True)
        if gradient is not None and (element, source) in slopes
    ]
    return sum(parts) if parts else None
