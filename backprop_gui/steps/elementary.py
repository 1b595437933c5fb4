"""The elementary operations a formula is drawn with: ×, +, −, (·)², exp, …, with value and slopes.

Value and slopes are expressions over the operation's inputs, `Ref(0)`, `Ref(1)`, …, and its own
outcome, `Ref(OUT)`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from msgspec import Struct

from backprop_gui.engine.expressions import (
    ONE,
    TWO,
    Apply,
    Constant,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Sum,
    difference,
    evaluate,
)

OUT = "out"
FIRST, OUTCOME = Ref(0), Ref(OUT)
_FUNCTIONS: dict[str, tuple[str, str, Expression]] = {  # how it is drawn, how it is said, its slope
    "exp": ("exp", "exponential", OUTCOME),
    "ln": ("ln", "logarithm", Quotient(ONE, FIRST)),
    "abs": ("|·|", "absolute value", Apply("sign", (FIRST,))),
    "sqrt": ("√", "square root", Quotient(ONE, Product((TWO, OUTCOME)))),
}


class NotElementary(Exception):
    """The inside of an operation can't be drawn; it stays one box."""


class Elementary(Struct, frozen=True):
    """One operation: how it is drawn and said, its value, and its slope by each input.

    `number` is a number of the rule that stands behind the sign: the ½ of ×½, where it has no sign
    of its own.
    """

    symbol: str
    spoken: str
    value: Expression
    slopes: tuple[Expression, ...]
    number: float | None = None

    def outcome(self, inputs: Sequence[float]) -> float:
        """The value for these inputs."""
        return evaluate(self.value, _Lookup(inputs, 0.0))

    def slopes_at(self, inputs: Sequence[float], outcome: float) -> tuple[float, ...]:
        """∂outcome/∂input for each input."""
        numbers = _Lookup(inputs, outcome)
        return tuple(evaluate(slope, numbers) for slope in self.slopes)


class _Lookup:
    """Inputs by their number, and the outcome."""

    def __init__(self, inputs: Sequence[float], outcome: float) -> None:
        self.inputs, self.outcome = inputs, outcome

    def __call__(self, key: Hashable) -> float:
        return self.outcome if key == OUT else self.inputs[key]  # type: ignore[call-overload]


def plus(count: int) -> Elementary:
    """A sum of so many parts; each counts as it is."""
    return Elementary("+", "plus", Sum(_refs(count)), (ONE,) * count)


def minus() -> Elementary:
    """The first less the second."""
    return Elementary("−", "minus", difference(Ref(0), Ref(1)), (ONE, Negative(ONE)))


def times(count: int) -> Elementary:
    """A product of so many factors; the slope by one of them is all the others."""
    refs = _refs(count)
    others = (tuple(ref for place, ref in enumerate(refs) if place != slot) for slot in range(count))
    slopes = tuple(rest[0] if len(rest) == 1 else Product(rest) for rest in others)
    return Elementary("×", "times", Product(refs), slopes)


def negated() -> Elementary:
    """A number with the other sign."""
    return Elementary("×−1", "times minus 1", Negative(FIRST), (Negative(ONE),))


def scaled(factor: Constant) -> Elementary:
    """A number times a number of the rule itself: ×½."""
    number = None if factor.text else factor.value
    text = factor.text
    return Elementary(f"×{text}", f"times {text}".rstrip(), Product((factor, FIRST)), (factor,), number)


def divided(by: Constant) -> Elementary:
    """A number divided by a number of the rule itself: the mean over outputs."""
    return Elementary("÷", "divided by", Quotient(FIRST, by), (Quotient(ONE, by),), by.value)


def over() -> Elementary:
    """The first divided by the second."""
    slope = Negative(Quotient(OUTCOME, Ref(1)))
    return Elementary("÷", "divided by", Quotient(Ref(0), Ref(1)), (Quotient(ONE, Ref(1)), slope))


def power(exponent: Constant) -> Elementary:
    """A number to a power of the rule itself: the square."""
    lower = Constant(exponent.value - 1)
    inner = FIRST if lower.value == 1 else Power(FIRST, lower)
    square = exponent.value == 2
    symbol = "(·)²" if square else f"(·)^{written(exponent)}"
    spoken = "squared" if square else f"to the power {written(exponent)}"
    return Elementary(symbol, spoken, Power(FIRST, exponent), (Product((exponent, inner)),))


def applied(function: str) -> Elementary:
    """A named function of one number. Raises NotElementary for one whose slope is not known here."""
    if function not in _FUNCTIONS:
        raise NotElementary(function)
    symbol, spoken, slope = _FUNCTIONS[function]
    return Elementary(symbol, spoken, Apply(function, (FIRST,)), (slope,))


def passed_on() -> Elementary:
    """A number as it is: the identity, or its place in a longer row."""
    return Elementary("=", "passed on as it is", FIRST, (ONE,))


def written(constant: Constant) -> str:
    """A number of a rule as it stands in an operation: ½, 3, 0.01."""
    return constant.text or f"{constant.value:g}".replace("-", "−")


def _refs(count: int) -> tuple[Expression, ...]:
    return tuple(Ref(place) for place in range(count))
