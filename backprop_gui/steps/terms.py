"""Where a number comes from: its parts, made from the operation table when it is looked at.

Forward: the formula that makes the value. Backward: one term per use — upstream gradient × local
derivative — and their sum. Update: the optimiser's lines. The same terms are shown as a formula,
written to CSV as arithmetic, and unfolded along every path to the loss.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import (
    ONE,
    ZERO,
    Constant,
    Element,
    Expression,
    Operand,
    Output,
    Product,
    Quotient,
    Ref,
    Sum,
    evaluate,
    rewrite,
)
from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import Record
from backprop_gui.engine.update import Update
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity, Setting


class Term(Struct, frozen=True):
    """One use of a quantity: the gradient that arrives there, times the local derivative.

    `upstream` is None at the loss, whose derivative by itself is 1.
    """

    consumer: int
    element: Element
    slot: int
    upstream: Quantity | None
    local: Expression

    @property
    def product(self) -> Expression:
        return self.local if self.upstream is None else Product((Ref(self.upstream), self.local))


class Terms:
    """Makes the terms of the quantities of one record."""

    def __init__(self, graph: Graph, record: Record, optimizer: Update) -> None:
        self.graph = graph
        self.record = record
        self.optimizer = optimizer

    def value(self, quantity: Quantity) -> Expression:
        """The formula behind a node's value, over quantities."""
        node = self._operation(quantity.node)
        sample = quantity.sample or 0
        operands, output = self._arrays(quantity.node, sample)
        assert node.operation is not None
        formula = node.operation.formula(quantity.element, operands, output, node.attributes)
        return self._bound(formula, quantity.node, sample)

    def gradient(self, quantity: Quantity) -> list[Term]:
        """One term for each use of the quantity that reaches the loss, in network order."""
        graph, sample = self.graph, quantity.sample or 0
        shapes_of = [node.shape for node in graph.nodes]
        found: list[Term] = []
        for use in graph.uses[quantity.node]:
            if use.consumer not in graph.reaches_loss:
                continue
            node = self._operation(use.consumer)
            assert node.operation is not None
            shapes = tuple(shapes_of[operand] for operand in node.operands)
            operands, output = self._arrays(use.consumer, sample)
            for element in node.operation.uses(use.slot, quantity.element, shapes, node.attributes):
                if node.operation.local is not None:
                    local = node.operation.local(use.slot, quantity.element, element)
                else:
                    local = next(
                        partial.local
                        for partial in node.operation.partials(element, operands, output, node.attributes)
                        if partial.slot == use.slot and partial.element == quantity.element
                    )
                upstream = (
                    None if use.consumer == graph.loss else Quantity(use.consumer, element, GRADIENT, sample)
                )
                bound = self._bound(local, use.consumer, sample)
                found.append(Term(use.consumer, element, use.slot, upstream, bound))
        return found

    def remark(self, quantity: Quantity) -> str:
        """What is special about the places a number comes from: a kink, a tie, a saturated neuron."""
        node = self._operation(quantity.node)
        places = []
        if quantity.aspect == VALUE and node.operation is not None:
            places = [(quantity.node, quantity.element)]
        elif quantity.aspect == GRADIENT and (node.kind != "parameter" or quantity.sample is not None):
            places = [(term.consumer, term.element) for term in self.gradient(quantity)]
        for index, element in places:
            operation, attributes = self._operation(index).operation, self._operation(index).attributes
            assert operation is not None
            if operation.remark is not None:
                told = operation.remark(element, *self._arrays(index, quantity.sample or 0), attributes)
                if told:
                    return told
        return ""

    def mean(self, quantity: Quantity) -> Expression:
        """A parameter's gradient of the batch, from those of its samples: (g₁ + g₂ + …)/n, or the sum."""
        samples = self.record.samples
        parts = tuple(
            Ref(Quantity(quantity.node, quantity.element, GRADIENT, sample)) for sample in range(samples)
        )
        return Sum(parts) if self.record.summed else Quotient(Sum(parts), Constant(float(samples)))

    def line(self, quantity: Quantity) -> Expression:
        """The optimiser's formula behind one of its quantities."""
        formula = self.optimizer.line(quantity.aspect).formula
        node, element = quantity.node, quantity.element
        sample = 0 if self.record.samples == 1 else None

        def bind(key: Hashable) -> Expression:
            if key == "parameter":
                return Ref(Quantity(node, element))
            if key == "gradient":
                return Ref(Quantity(node, element, GRADIENT, sample))
            text = str(key)
            if text.removesuffix(".before") in self.optimizer.quantities:
                return Ref(Quantity(node, element, text))
            return Ref(Setting(text))

        return rewrite(formula, bind)

    def expression(self, quantity: Quantity) -> Expression:
        """What the quantity comes to, as one expression over quantities; itself when it is given."""
        node = self.graph.nodes[quantity.node]
        if quantity.aspect == VALUE:
            return Ref(quantity) if node.operation is None else self.value(quantity)
        if quantity.aspect == GRADIENT:
            if node.kind == "parameter" and quantity.sample is None and self.record.samples > 1:
                return self.mean(quantity)
            products = tuple(term.product for term in self.gradient(quantity))
            if not products:
                return ZERO  # every connection onwards is missing
            return products[0] if len(products) == 1 else Sum(products)
        return self.line(quantity)

    def _operation(self, index: int) -> Node:
        return self.graph.nodes[index]

    def _arrays(self, index: int, sample: int) -> tuple[tuple[Array, ...], Array]:
        """Operands and output of a node for one sample, without the sample axis."""
        nodes, values = self.graph.nodes, self.record.values
        operands = tuple(
            values[operand] if nodes[operand].kind == "parameter" else values[operand][sample]
            for operand in nodes[index].operands
        )
        return operands, np.asarray(values[index][sample])

    def _bound(self, expression: Expression, index: int, sample: int) -> Expression:
        """The expression over quantities in place of operands and output."""
        nodes = self.graph.nodes

        def bind(key: Hashable) -> Expression:
            if isinstance(key, Output):
                return Ref(Quantity(index, key.element, VALUE, sample))
            assert isinstance(key, Operand)
            operand = nodes[index].operands[key.slot]
            given = nodes[operand].kind == "parameter"
            return Ref(Quantity(operand, key.element, VALUE, None if given else sample))

        return rewrite(expression, bind)


class Path(Struct, frozen=True):
    """One way from a quantity to the loss: the local derivatives, from the loss inwards."""

    locals: tuple[Expression, ...]
    through: tuple[Quantity, ...]

    @property
    def product(self) -> Expression:
        # A slope of exactly 1 (a bias, an identity) adds nothing to a product of several factors.
        telling = tuple(local for local in self.locals if local != ONE) or (ONE,)
        return telling[0] if len(telling) == 1 else Product(telling)


def count_paths(terms: Terms, quantity: Quantity) -> int:
    """How many paths lead from a quantity to the loss, counted without walking them all."""
    counts: dict[Quantity, int] = {}
    stack = [quantity]
    while stack:
        current = stack[-1]
        if current in counts:
            stack.pop()
            continue
        upstreams = [term.upstream for term in terms.gradient(current)]
        missing = [u for u in upstreams if u is not None and u not in counts]
        if missing:
            stack.extend(missing)
        else:
            counts[current] = sum(1 if u is None else counts[u] for u in upstreams)
            stack.pop()
    return counts[quantity]


def paths(terms: Terms, quantity: Quantity, at_most: int) -> Iterator[Path]:
    """The paths from a quantity to the loss in network order, `at_most` of them."""
    stack: list[tuple[Quantity, tuple[Expression, ...], tuple[Quantity, ...]]] = [(quantity, (), ())]
    given = 0
    while stack and given < at_most:
        current, chain, through = stack.pop()
        for term in reversed(terms.gradient(current)):
            longer = (term.local, *chain)
            if term.upstream is None:
                given += 1
                yield Path(longer, (*through, current))
            else:
                stack.append((term.upstream, longer, (*through, current)))


def number_of(expression: Expression, numbers: object) -> float:
    """The number a bound expression comes to with the numbers of a record."""
    return evaluate(expression, numbers)  # type: ignore[arg-type]
