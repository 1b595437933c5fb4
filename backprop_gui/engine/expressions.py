"""Arithmetic that can be both calculated and shown: the parts of a formula, without notation.

An operation tells its value and its local derivatives as expressions over references. Inside the
engine a reference is an `Operand` or the `Output` of the operation; `steps` replaces them by
quantities of a network. Notation, digits and layout come later (`present`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import TypeAlias

from msgspec import Struct

Element: TypeAlias = tuple[int, ...]


class Operand(Struct, frozen=True):
    """Element `element` of the operand in place `slot` of an operation."""

    slot: int
    element: Element


class Output(Struct, frozen=True):
    """Element `element` of an operation's own value."""

    element: Element


class Ref(Struct, frozen=True):
    """A number that stands elsewhere: `key` says where."""

    key: Hashable


class Constant(Struct, frozen=True):
    """A number of the rule itself; `text` is how it is written (`½`), empty for its digits."""

    value: float
    text: str = ""


class Sum(Struct, frozen=True):
    terms: tuple[Expression, ...]


class Product(Struct, frozen=True):
    factors: tuple[Expression, ...]


class Quotient(Struct, frozen=True):
    top: Expression
    bottom: Expression


class Power(Struct, frozen=True):
    base: Expression
    exponent: Expression


class Negative(Struct, frozen=True):
    child: Expression


class Apply(Struct, frozen=True):
    """A function of one or more arguments, by its name in `FUNCTIONS`."""

    function: str
    arguments: tuple[Expression, ...]


class Slope(Struct, frozen=True):
    """The derivative of a named function at a place, as `σ′(z)`; `rule` is what it comes to."""

    function: str
    at: Expression
    rule: Expression


class Shorthand(Struct, frozen=True):
    """What is written in a familiar way and calculated in another: `rule` gives the number.

    The two are equal; the rule is the one that does not overflow, or that spells a name out.
    """

    written: Expression
    rule: Expression


Expression: TypeAlias = (
    Ref | Constant | Sum | Product | Quotient | Power | Negative | Apply | Slope | Shorthand
)

ONE = Constant(1.0)
ZERO = Constant(0.0)
TWO = Constant(2.0)
HALF = Constant(0.5, "½")


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _quotient(top: float, bottom: float) -> float:
    if bottom != 0:
        return top / bottom
    if top == 0 or math.isnan(top):
        return math.nan
    return math.copysign(math.inf, top) * math.copysign(1.0, bottom)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:  # a root of a negative number, or one over zero
        return math.inf if base == 0 else math.nan


FUNCTIONS: dict[str, Callable[..., float]] = {
    "sigmoid": _sigmoid,
    "tanh": math.tanh,
    "exp": _exp,
    "ln": lambda x: math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "erf": math.erf,
    "abs": abs,
    "sign": lambda x: float((x > 0) - (x < 0)) if x == x else math.nan,
    "max": max,
    "min": min,
    "identity": lambda x: x,
}


def difference(first: Expression, second: Expression) -> Expression:
    """first − second."""
    return Sum((first, Negative(second)))


def children(expression: Expression) -> tuple[Expression, ...]:
    """The parts an expression is made of; a slope of its rule, a shorthand of what is written."""
    match expression:
        case Sum(parts) | Product(parts) | Apply(_, parts):
            return parts
        case Quotient(first, second) | Power(first, second):
            return (first, second)
        case Negative(child) | Slope(_, _, child) | Shorthand(child, _):
            return (child,)
    return ()


def evaluate(expression: Expression, lookup: Callable[[Hashable], float]) -> float:
    """The number an expression comes to; `lookup` gives the value of a reference.

    Overflow and a division by zero give infinity or not-a-number, as the arrays do.
    """
    match expression:
        case Ref(key):
            return lookup(key)
        case Constant(value):
            return value
        case Sum(terms):
            return sum((evaluate(term, lookup) for term in terms), 0.0)
        case Product(factors):
            result = 1.0
            for factor in factors:
                result *= evaluate(factor, lookup)
            return result
        case Quotient(top, bottom):
            return _quotient(evaluate(top, lookup), evaluate(bottom, lookup))
        case Power(base, exponent):
            return _power(evaluate(base, lookup), evaluate(exponent, lookup))
        case Negative(child):
            return -evaluate(child, lookup)
        case Slope(_, _, rule) | Shorthand(_, rule):
            return evaluate(rule, lookup)
        case Apply(function, arguments):
            return FUNCTIONS[function](*(evaluate(argument, lookup) for argument in arguments))


def rewrite(expression: Expression, bind: Callable[[Hashable], Expression]) -> Expression:
    """The same expression with every reference replaced by what `bind` gives for its key."""
    match expression:
        case Ref(key):
            return bind(key)
        case Sum(terms):
            return Sum(tuple(rewrite(term, bind) for term in terms))
        case Product(factors):
            return Product(tuple(rewrite(factor, bind) for factor in factors))
        case Quotient(top, bottom):
            return Quotient(rewrite(top, bind), rewrite(bottom, bind))
        case Power(base, exponent):
            return Power(rewrite(base, bind), rewrite(exponent, bind))
        case Negative(child):
            return Negative(rewrite(child, bind))
        case Apply(function, arguments):
            return Apply(function, tuple(rewrite(argument, bind) for argument in arguments))
        case Slope(function, at, rule):
            return Slope(function, rewrite(at, bind), rewrite(rule, bind))
        case Shorthand(written, rule):
            return Shorthand(rewrite(written, bind), rewrite(rule, bind))
    return expression
