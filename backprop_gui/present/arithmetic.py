"""Expressions as arithmetic that other programs can calculate: `0.1*(-0.5) + (-0.2)*0.3`.

Nothing is rounded, and a leading minus is always bracketed: no spreadsheet takes a cell for a formula of
its own, and `2*-3` never occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from backprop_gui.engine.expressions import (
    Apply,
    Constant,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Shorthand,
    Slope,
    Sum,
)

# How tightly a piece of text holds together; what is looser than its place wants gets brackets.
SUM, PRODUCT, POWER, ATOM = range(4)


def arithmetic(expression: Expression, write: Callable[[Hashable], str]) -> str:
    """The expression with `+ - * / **`, brackets and functions; slopes and shorthands by their rule.

    `write` gives the text of a reference: a name, or a number as `number_text` writes it.
    """
    return _written(expression, write)[0]


def number_text(value: float) -> str:
    """The shortest text that reads back to the same number; a negative one stands in brackets."""
    text = repr(float(value))
    return f"({text})" if text.startswith("-") else text


def _written(expression: Expression, write: Callable[[Hashable], str]) -> tuple[str, int]:
    """The text, and how tightly it holds together."""

    def at_least(part: Expression, needed: int) -> str:
        text, strength = _written(part, write)
        return text if strength >= needed else f"({text})"

    def argument(part: Expression) -> str:
        text = arithmetic(part, write)
        bracketed = isinstance(part, Negative | Ref | Constant) and text.startswith("(")
        return text[1:-1] if bracketed else text

    match expression:
        case Ref(key):
            return write(key), ATOM
        case Constant(value):
            return number_text(value).replace(".0)", ")").removesuffix(".0"), ATOM
        case Slope(_, _, part) | Shorthand(_, part) | Sum((part,)) | Product((part,)):
            return _written(part, write)
        case Sum(()):
            return "0", ATOM
        case Product(()):
            return "1", ATOM
        case Sum((first, *others)):
            parts = [at_least(first, PRODUCT)]
            for other in others:
                if isinstance(other, Negative):
                    parts.append(f" - {at_least(other.child, PRODUCT)}")
                else:
                    parts.append(f" + {at_least(other, PRODUCT)}")
            return "".join(parts), SUM
        case Product((first, *others)):
            return "*".join(
                [at_least(first, PRODUCT), *(at_least(other, PRODUCT) for other in others)]
            ), PRODUCT
        case Quotient(top, bottom):
            return f"{at_least(top, PRODUCT)}/{at_least(bottom, POWER)}", PRODUCT
        case Negative(child):
            return f"(-{at_least(child, PRODUCT)})", ATOM
        case Power(Constant(_, "e"), exponent):
            return f"exp({argument(exponent)})", ATOM
        case Power(base, exponent):
            return f"{at_least(base, ATOM)}**{at_least(exponent, ATOM)}", POWER
        case Apply(function, arguments):
            return f"{function}({', '.join(map(argument, arguments))})", ATOM
    raise TypeError(f"{expression!r} is no expression")
