"""The parts of an expression, and the same expression with a part replaced."""

from __future__ import annotations

from collections.abc import Callable

from backprop_gui.engine.expressions import (
    Apply,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Shorthand,
    Slope,
    Sum,
    children,
)


def parts(expression: Expression) -> list[Expression]:
    """An expression and all its parts, from the outside inwards; slopes are not looked into."""
    found: list[Expression] = []
    stack = [expression]
    while stack:
        part = stack.pop()
        found.append(part)
        if not isinstance(part, Slope):
            stack.extend(reversed(children(part)))
    return found


def substituted(expression: Expression, part: Expression, new: Expression) -> Expression:
    """The expression with `new` wherever `part` stands; slopes are taken whole or not at all."""

    def change(each: Expression) -> Expression | None:
        return new if each == part else None

    return substituted_all(expression, change)


def substituted_all(expression: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """The expression with every part replaced for which `change` gives another one."""
    other = change(expression)
    if other is not None:
        return other
    match expression:
        case Sum(terms):
            return Sum(tuple(substituted_all(term, change) for term in terms))
        case Product(factors):
            return Product(tuple(substituted_all(factor, change) for factor in factors))
        case Quotient(top, bottom):
            return Quotient(substituted_all(top, change), substituted_all(bottom, change))
        case Power(base, exponent):
            return Power(substituted_all(base, change), substituted_all(exponent, change))
        case Negative(child):
            return Negative(substituted_all(child, change))
        case Apply(function, arguments):
            return Apply(function, tuple(substituted_all(each, change) for each in arguments))
        case Shorthand(written, rule):
            return Shorthand(substituted_all(written, change), substituted_all(rule, change))
    return expression
