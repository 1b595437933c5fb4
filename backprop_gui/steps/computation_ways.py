"""The three ways to draw a computational graph: by operation, by neuron, by layer; and which one fits."""

from __future__ import annotations

import math

import numpy as np

from backprop_gui.engine.convolution import CONV1D
from backprop_gui.engine.expressions import (
    Apply,
    Constant,
    Element,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Shorthand,
    Sum,
    evaluate,
)
from backprop_gui.engine.graph import Node
from backprop_gui.engine.linear import AFFINE
from backprop_gui.steps import elementary
from backprop_gui.steps.computation import (
    MOST_OPERATIONS,
    Builder,
    Computation,
    Kind,
    Operation,
    TooMany,
    Wire,
    through,
)
from backprop_gui.steps.elementary import Elementary, NotElementary
from backprop_gui.steps.quantities import Numbers, Quantity
from backprop_gui.steps.terms import Terms

_POINTWISE = {  # operations that are drawn by their sign, also where layers are grouped
    "add": "+",
    "multiply": "×",
    "concatenate": "=",
}


def computation_of(terms: Terms, numbers: Numbers, sample: int) -> Computation:
    """The computational graph of one sample, as fine as it can be drawn."""
    for way in (_Singly, _ByNeuron):
        try:
            return way(terms, numbers, sample).build()
        except TooMany:
            continue
    return _ByLayer(terms, numbers, sample).build()


class _Singly(Builder):
    """Every operation by itself."""

    def __init__(self, terms: Terms, numbers: Numbers, sample: int, most: int = MOST_OPERATIONS) -> None:
        super().__init__(terms, numbers, sample, most)
        self._made: dict[int, Elementary] = {}

    def build(self) -> Computation:
        for index in self.graph.operations:
            node = self.graph.nodes[index]
            assert node.operation is not None
            if node.operation.elementwise:
                for element in self.outputs_of(index):
                    self.one_operation(index, element)
            else:
                self._expand(index, node)
        return self.computation("operations")

    def _expand(self, index: int, node: Node) -> None:
        """The formulas of a node part by part; one box where a part can't be drawn."""
        kept = len(self.nodes), len(self.wires), self._count, dict(self.of_quantity)
        try:
            for element in self.outputs_of(index):
                self._draw(self.quantity(index, element))
        except NotElementary:
            del self.nodes[kept[0] :], self.wires[kept[1] :]
            self._count, self.of_quantity = kept[2], kept[3]
            self.boxes(index)

    def _draw(self, quantity: Quantity) -> None:
        """The operations behind a number, and the gradients that flow back through them."""
        formula = self.terms.value(quantity)
        if isinstance(formula, Shorthand):
            raise NotElementary(self.graph.nodes[quantity.node].name)
        first = len(self.nodes)
        result = self._walk(formula, quantity)
        if self.wires[result].quantity is not None or self.nodes[self.wires[result].node].kind != "operation":
            result = self._operation(elementary.passed_on(), (result,), quantity)
        told_back = self.back(quantity.node, quantity.element)
        wire = self.wires[result]
        wire.quantity, wire.value = quantity, self.numbers(quantity)
        wire.told_back, wire.gradient = told_back, self.gradient_of(quantity)
        self.of_quantity[quantity.node, quantity.element] = result
        self._flow_back(first, told_back)

    def _flow_back(self, first: int, told_back: tuple[Quantity, ...]) -> None:
        """Gradients of the wires inside one formula, from its outcome to its inputs."""
        for index in range(len(self.nodes) - 1, first - 1, -1):
            node = self.nodes[index]
            if node.kind != "operation":
                continue
            outcome = self.wires[node.outputs[0]]
            made = self._made[index]
            values = [self.wires[wire].value for wire in node.inputs]
            slopes = made.slopes_at(values, outcome.value)
            node.shares = tuple(through(outcome.gradient, slope) for slope in slopes)
            for wire, share in zip(node.inputs, node.shares, strict=True):
                inner = self.wires[wire]
                if inner.quantity is None and share is not None and self._varies(wire):
                    inner.gradient = share + (inner.gradient or 0.0)
                    inner.told_back = self._told_inside(wire, told_back)

    def _told_inside(self, wire: int, told_back: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
        """Inside the loss a part of one output is told with the derivative by that output."""
        if not told_back or told_back[0].node != self.graph.nodes[self.graph.loss].operands[0]:
            return told_back
        found = {
            (quantity.node, quantity.element)
            for each in self._leading_to(wire)
            if (quantity := self.wires[each].quantity) is not None and quantity.node == told_back[0].node
        }
        if len(found) != 1:
            return told_back
        ((node, element),) = found
        return self.back(node, element)

    def _leading_to(self, wire: int) -> set[int]:
        """The wires that are quantities, from which a wire inside a formula is made."""
        if self.wires[wire].quantity is not None:
            return {wire}
        node = self.nodes[self.wires[wire].node]
        return {found for each in node.inputs for found in self._leading_to(each)}

    def _varies(self, wire: int) -> bool:
        """Whether a wire inside a formula depends on anything that has a gradient."""
        if self.wires[wire].quantity is not None:
            return bool(self.wires[wire].told_back)
        return any(self._varies(each) for each in self.nodes[self.wires[wire].node].inputs)

    def _operation(self, made: Elementary, wires: tuple[int, ...], serves: Quantity) -> int:
        """An elementary operation on wires; returns its wire."""
        node = Operation(
            "operation", made.symbol, made.spoken, serves, wires, (len(self.wires),), number=made.number
        )
        self.count(node)
        value = made.outcome([self.wires[wire].value for wire in wires])
        self._made[len(self.nodes)] = made
        self.wires.append(Wire(len(self.nodes), value, (serves,)))
        self.nodes.append(node)
        return len(self.wires) - 1

    def _constant(self, constant: Constant, serves: Quantity) -> int:
        node = Operation(
            "constant", constant.text, "number", serves, (), (len(self.wires),), number=constant.value
        )
        self.wires.append(Wire(len(self.nodes), constant.value, ()))
        self.nodes.append(node)
        return len(self.wires) - 1

    def _walk(self, expression: Expression, serves: Quantity) -> int:
        """The wire of an expression; draws the operations it takes. Raises NotElementary."""

        def wire(part: Expression) -> int:
            return self._walk(part, serves)

        def draw(made: Elementary, *parts: Expression) -> int:
            return self._operation(made, tuple(wire(part) for part in parts), serves)

        match expression:
            case Ref(Quantity(node, element)):
                return self.wire_of(node, element)
            case Constant():
                return self._constant(expression, serves)
            case Sum((only,)) | Product((only,)):
                return wire(only)
            case Sum((first, Negative(second))) if not isinstance(first, Negative):
                return draw(elementary.minus(), first, second)
            case Sum(parts) if parts:
                return draw(elementary.plus(len(parts)), *parts)
            case Sum(()):
                return self._constant(Constant(0.0), serves)
            case Product((Constant() as factor, *parts)):
                rest = parts[0] if len(parts) == 1 else Product(tuple(parts))
                return draw(elementary.scaled(factor), rest)
            case Product(parts) if parts:
                return draw(elementary.times(len(parts)), *parts)
            case Quotient(top, Constant() as bottom):
                return draw(elementary.divided(bottom), top)
            case Quotient(top, bottom):
                return draw(elementary.over(), top, bottom)
            case Power(base, Constant() as exponent):
                return draw(elementary.power(exponent), base)
            case Negative(child):
                return draw(elementary.negated(), child)
            case Apply(function, (argument,)):
                return draw(elementary.applied(function), argument)
            case Shorthand(written, rule):
                values = evaluate(written, self.numbers), evaluate(rule, self.numbers)
                return wire(written if math.isclose(*values, rel_tol=1e-12) else rule)
        raise NotElementary


class _ByNeuron(Builder):
    """A box Σ for a neuron's weighted sum, with its weights inside; every other operation a box."""

    def build(self) -> Computation:
        self._check_size()
        for index in self.graph.operations:
            operation = self.graph.nodes[index].operation
            assert operation is not None
            if operation.elementwise:
                for element in self.outputs_of(index):
                    self.one_operation(index, element)
            elif operation.name in (AFFINE.name, CONV1D.name):
                self.boxes(index, operation.symbol, operation.parameters)
            elif operation.name in _POINTWISE:
                self.boxes(index, _POINTWISE[operation.name], kind="operation")
            else:
                self.boxes(index)
        return self.computation("neurons")

    def _check_size(self) -> None:
        """Raises TooMany before much is calculated in vain."""
        nodes = self.graph.nodes
        inputs = sum(math.prod(nodes[index].shape) for index in self.graph.inputs)
        neurons = sum(
            math.prod(node.shape)
            for node in nodes
            if node.operation and (node.operation.elementwise or node.operation.parameters)
        )
        if max(inputs, neurons) > self.most:
            raise TooMany


class _ByLayer(Builder):
    """Operations on whole arrays: W times, plus b, σ; a wire carries all numbers of a layer."""

    def __init__(self, terms: Terms, numbers: Numbers, sample: int) -> None:
        super().__init__(terms, numbers, sample, most=1 << 30)
        self._of_array: dict[int, int] = {}

    def build(self) -> Computation:
        for index in self.graph.operations:
            node = self.graph.nodes[index]
            assert node.operation is not None
            inputs = tuple(self._array_of(operand) for operand in node.operands)
            words = node.operation.name_in_words or node.operation.name
            if node.operation.name == AFFINE.name:
                self._affine(index, inputs)
            elif node.operation.elementwise:
                symbol = elementary.passed_on().symbol if words == "identity" else node.operation.symbol
                self._draw("operation", symbol, words, index, inputs)
            elif node.operation.name in _POINTWISE:
                self._draw("operation", _POINTWISE[node.operation.name], words, index, inputs)
            else:
                self._draw("box", words, words, index, inputs)
        return self.computation("layers")

    def _affine(self, index: int, inputs: tuple[int, ...]) -> None:
        """W times x, and plus b where there are biases."""
        inputs = (inputs[1], inputs[0], *inputs[2:])
        if len(inputs) == 2:
            self._draw("operation", "×", "matrix times", index, inputs)
            return
        product = self._draw("operation", "×", "matrix times", index, inputs[:2])
        self._draw("operation", "+", "plus", index, (product, inputs[2]))

    def _array_of(self, index: int) -> int:
        """The wire of a whole node; a leaf is made when it is first used."""
        if index not in self._of_array:
            self._draw("leaf", "", self.graph.nodes[index].kind, index, ())
        return self._of_array[index]

    def _draw(self, kind: Kind, symbol: str, spoken: str, index: int, inputs: tuple[int, ...]) -> int:
        """A node whose one output is a whole array; returns its wire."""
        node, elements = self.graph.nodes[index], self._elements(index)
        ends = (elements[0], elements[-1]) if elements else ()
        told = tuple(self.quantity(index, element) for element in ends)
        told_back = tuple(quantity for element in ends for quantity in self.back(index, element))
        if index == self.graph.loss:
            self._draw_loss(kind, symbol, spoken, index, inputs)
            return self._of_array[index]
        serves = self.quantity(index, (0,) * len(node.shape))
        made = Operation(kind, symbol, spoken, serves, inputs, (len(self.wires),), (None,) * len(inputs))
        self._of_array[index] = len(self.wires)
        self.wires.append(
            Wire(len(self.nodes), math.nan, told, told_back, shape=node.shape or (1,), array=index)
        )
        self.nodes.append(made)
        return self._of_array[index]

    def _draw_loss(self, kind: Kind, symbol: str, spoken: str, index: int, inputs: tuple[int, ...]) -> None:
        """The loss is one number, whatever it is made from."""
        made = Operation(kind, symbol, spoken, self.quantity(index, ()), inputs, (), (None,) * len(inputs))
        self.add(made, [self.quantity(index, ())])
        self._of_array[index] = made.outputs[0]

    def _elements(self, index: int) -> list[Element]:
        """The first and the last element that there is: a missing connection is none."""
        node = self.graph.nodes[index]
        if node.kind != "parameter":
            first = tuple(0 for _ in node.shape)
            return [first, tuple(length - 1 for length in node.shape)]
        array = self.graph.parameters.arrays[node.parameter]
        kept = (array.kept[0], array.kept[-1]) if len(array.kept) else ()
        return [tuple(int(i) for i in np.unravel_index(place, array.shape)) for place in kept]
