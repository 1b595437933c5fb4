"""From expressions to formula trees: in symbols, and with a step's numbers plugged in.

Every factor carries what it stands for: a quantity leads to the step that made it, a slope such as
σ′(z) opens its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from msgspec import Struct

from backprop_gui.engine.expressions import (
    Apply,
    Constant,
    Expression,
    Negative,
    Operand,
    Power,
    Product,
    Quotient,
    Ref,
    Shorthand,
    Slope,
    Sum,
)
from backprop_gui.engine.operation import Operation
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Operator,
    Root,
    Row,
    Script,
    Symbol,
    name,
    number,
    row,
)
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import ALL_DIGITS, NumberFormat
from backprop_gui.steps.quantities import GRADIENT, Numbers, Quantity
from backprop_gui.steps.terms import number_of

POINT = NumberFormat()
LONG_SUM = 12  # a longer sum is shown by its first and last terms
EQUALS, ABOUT, PLUS, MINUS, TIMES, BECOMES = (Operator(sign) for sign in "=≈+−·←")


class Formulas(Struct, frozen=True):
    """Makes formula trees for one network, notation, record and number format."""

    naming: Naming
    numbers: Numbers
    format: NumberFormat

    def symbols(self, expression: Expression, lit: Hashable = None) -> Math:
        """The expression in names; the part equal to `lit` has the highlight."""
        return _Writer(self._named, lit, self.format).write(expression)

    def values(self, expression: Expression, lit: Hashable = None) -> Math:
        """The expression with numbers in place of names."""
        return _Writer(self._plugged, lit, self.format).write(expression)

    def number(self, value: float) -> Math:
        """A number, rounded for display, with all its digits as a tip."""
        return Link(number(self.format.text(value)), None, self.format.full(value))

    def equals(self, *values: float) -> Math:
        """`=` or, where a number of the line is rounded, `≈`."""
        return EQUALS if all(map(self.format.is_exact, values)) else ABOUT

    def sign_for(self, expression: Expression, value: float | None = None) -> Math:
        """`=` or `≈` for a line with all numbers of an expression and its result, the `value` where known."""
        value = number_of(expression, self.numbers) if value is None else value
        return self.equals(*self._leaves(expression), value)

    def sign_for_names(self, expression: Expression) -> Math:
        """`=` or, where one of the constants among the names is rounded, `≈`."""
        return self.equals(*self._leaves(expression, only_constants=True))

    def _leaves(self, expression: Expression, only_constants: bool = False) -> Sequence[float]:
        """The numbers that are shown of an expression; constants written in letters are none."""
        found: list[float] = []
        stack = [expression]
        while stack:
            match stack.pop():
                case Ref() | Slope() as leaf:
                    if not only_constants:
                        found.append(number_of(leaf, self.numbers))
                case Constant(value, ""):
                    found.append(value)
                case Sum(parts) if len(parts) > LONG_SUM:
                    stack.extend((*parts[:3], *parts[-2:]))  # those that are written
                case Sum(parts) | Product(parts) | Apply(_, parts):
                    stack.extend(parts)
                case Quotient(first, second) | Power(first, second):
                    stack.extend((first, second))
                case Negative(child) | Shorthand(child, _):
                    stack.append(child)
        return found

    def _named(self, leaf: Ref | Slope, lit: bool) -> Math:
        tip = self.format.full(number_of(leaf, self.numbers))
        if isinstance(leaf, Ref):
            return Link(self._symbol(leaf.key), leaf.key, tip, lit)
        at = _Writer(self._unlinked, None, self.format).write(leaf.at)
        return Link(row(function_name(leaf.function, "′"), Bracketed(at)), leaf, tip, lit)

    def _symbol(self, key: Hashable) -> Math:
        """The name of a quantity; within a mean, the samples' gradients are told apart by their data rows."""
        record, graph = self.numbers.record, self.naming.graph
        one_of_several = isinstance(key, Quantity) and record.samples > 1 and key.sample is not None
        if not one_of_several or not isinstance(key, Quantity) or key.aspect != GRADIENT:
            return self.naming.symbol(key)
        if graph.nodes[key.node].kind == "parameter":
            return self.naming.sample_gradient(key, int(record.rows[key.sample]) + 1)
        return self.naming.symbol(key)

    def _unlinked(self, leaf: Ref | Slope, lit: bool) -> Math:
        assert isinstance(leaf, Ref)
        return self.naming.symbol(leaf.key)

    def _plugged(self, leaf: Ref | Slope, lit: bool) -> Math:
        value = number_of(leaf, self.numbers)
        target = leaf.key if isinstance(leaf, Ref) else leaf
        return Link(number(self.format.text(value)), target, self.format.full(value), lit)


def loss_rule(loss: Operation) -> Math:
    """How a loss compares one output a with its target y: ½(a − y)²."""
    assert loss.each_output is not None
    letters = {0: name("a"), 1: name("y")}

    def named(leaf: Ref | Slope, lit: bool) -> Math:
        if isinstance(leaf, Ref) and isinstance(leaf.key, Operand):
            return letters[leaf.key.slot]
        return name("z")

    return _Writer(named, None).write(loss.each_output)


def function_name(function: str, mark: str = "") -> Symbol:
    """A function by its symbol: σ slanted as a letter is, tanh and ReLU upright as words are."""
    symbol = OPERATIONS[function].symbol if function in OPERATIONS else function
    return Symbol(symbol + mark, slanted=len(symbol) == 1)


class _Writer:
    """Writes an expression with brackets where they are needed."""

    def __init__(
        self, leaf: Callable[[Ref | Slope, bool], Math], lit: Hashable, form: NumberFormat = POINT
    ) -> None:
        self.leaf = leaf
        self.lit = lit
        self.form, self.constants = form, NumberFormat(ALL_DIGITS, comma=form.comma)
        self.between = "; " if form.comma else ", "

    def write(self, expression: Expression) -> Math:
        lit = self.lit is not None and expression == self.lit
        match expression:
            case Ref() | Slope():
                return self.leaf(expression, lit)
            case Constant(value, text):
                return self._constant(value, text, lit)
            case Sum(terms):
                return self._sum(terms)
            case Product(factors):
                return _joined([self._factor(factor, place) for place, factor in enumerate(factors)], factors)
            case Quotient(top, bottom):
                return Fraction(self.write(top), self.write(bottom))
            case Power(base, exponent):
                inner = self.write(base)
                return Script(
                    inner if _is_plain(base, inner) else Bracketed(inner), None, self.write(exponent)
                )
            case Negative(child):
                return row(MINUS, self._factor(child, 1))
            case Shorthand(written, _):
                return self.write(written)
            case Apply(function, arguments):
                return self._applied(function, arguments)

    def _constant(self, value: float, text: str, lit: bool) -> Math:
        """As it is called, else in full; a long one is rounded as every number is, with a tip."""
        full = self.constants.localised(text) if text else self.constants.text(value)
        short = full if text else self.form.text(value)
        if len(short) < len(full):
            return Link(number(short), None, full, lit)
        return Link(number(full), None, "", True) if lit else number(full)

    def _sum(self, terms: tuple[Expression, ...]) -> Math:
        shown: list[Math] = []
        hidden = len(terms) - 5 if len(terms) > LONG_SUM else 0
        for place, term in enumerate(terms):
            if hidden and place == 3:
                shown += [PLUS, Symbol("…", spoken=f"{hidden} more terms")]
            if hidden and 3 <= place < 3 + hidden:
                continue
            seen = _written(term)
            negative = isinstance(seen, Negative)
            if place or negative:
                shown.append(MINUS if negative else PLUS)
            child = _written(seen.child) if isinstance(seen, Negative) else seen
            written = self.write(child)
            needs = isinstance(child, Sum) or (bool(shown) and _begins_negative(written))
            shown.append(Bracketed(written) if needs else written)
        return Row(tuple(shown))

    def _factor(self, factor: Expression, place: int) -> Math:
        written = self.write(factor)
        lit = self.lit is not None and factor == self.lit and not isinstance(factor, Ref | Slope | Constant)
        needs = isinstance(_written(factor), Sum | Negative) or (place > 0 and _begins_negative(written))
        bracketed = Bracketed(written) if needs else written
        return Link(bracketed, None, "", True) if lit else bracketed

    def _applied(self, function: str, arguments: tuple[Expression, ...]) -> Math:
        inner = [self.write(argument) for argument in arguments]
        if function == "identity":
            return inner[0]
        if function == "sqrt":
            return Root(inner[0])
        if function == "exp":
            return Script(number("e"), None, inner[0])
        if function == "abs":
            return Bracketed(inner[0], "|", "|")
        parts: list[Math] = []
        for argument in inner:
            parts += [Symbol(self.between), argument] if parts else [argument]
        return row(function_name(function), Bracketed(Row(tuple(parts))))


def _joined(parts: list[Math], factors: tuple[Expression, ...]) -> Math:
    """Factors with a dot between them, but none between a plain constant and a bracket: ½(a − y)²."""
    shown: list[Math] = [parts[0]]
    for place, part in enumerate(parts[1:], start=1):
        tight = isinstance(factors[place - 1], Constant) and isinstance(factors[place], Sum | Power)
        shown += [part] if tight else [TIMES, part]
    return Row(tuple(shown))


def _written(expression: Expression) -> Expression:
    """What is seen of an expression: a shorthand as it is written."""
    while isinstance(expression, Shorthand):
        expression = expression.written
    return expression


def _is_plain(base: Expression, written: Math) -> bool:
    """Whether a base can carry an exponent without brackets."""
    return isinstance(base, Ref | Constant) and not _begins_negative(written) and not _is_fraction(written)


def _is_fraction(written: Math) -> bool:
    return isinstance(written, Fraction) or (
        isinstance(written, Link) and isinstance(written.child, Fraction)
    )


def _begins_negative(written: Math) -> bool:
    """Whether the first sign of a written part is a minus."""
    match written:
        case Link(child):
            return _begins_negative(child)
        case Row(children):
            return bool(children) and _begins_negative(children[0])
        case Symbol(text) | Operator(text):
            return text.startswith("−")
        case Script(base) | Fraction(base):
            return _begins_negative(base)
    return False
