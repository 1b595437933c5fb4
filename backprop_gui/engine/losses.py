"""The losses, one row each: they compare a prediction with its target and give one number a sample.

Slots: 0 the prediction a, 1 the target y, both samples × outputs. A loss sums over the outputs (mean
squared error averages over them); the average over samples is taken once, for the parameters'
gradients. The target is given, so it has no derivative.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from backprop_gui.engine.activations import sigmoid, sigmoid_of, softplus, softplus_of
from backprop_gui.engine.expressions import (
    HALF,
    ONE,
    TWO,
    ZERO,
    Apply,
    Constant,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Shorthand,
    Sum,
    difference,
)
from backprop_gui.engine.operation import Array, Attributes
from backprop_gui.engine.outputwise import OutputwiseLoss, Place, outputwise
from backprop_gui.engine.softmax import SOFTMAX_CROSS_ENTROPY

LOWEST_LOGARITHM = -100.0  # binary cross-entropy takes no logarithm for less, as PyTorch


def _held_logarithm(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), LOWEST_LOGARITHM)


def _is_held(p: float) -> bool:
    return 0 <= p < math.exp(LOWEST_LOGARITHM)


def _held_logarithm_of(p: Expression, at: float) -> Expression:
    return Constant(LOWEST_LOGARITHM) if _is_held(at) else Apply("ln", (p,))


def _binary_slope(a: Array, y: Array) -> Array:
    """(a − y)/(a(1 − a)), without the part whose logarithm is held."""
    with np.errstate(divide="ignore", invalid="ignore"):
        both = (a - y) / (a * (1 - a))
        held_at_0, held_at_1 = ((p >= 0) & (p < math.exp(LOWEST_LOGARITHM)) for p in (a, 1 - a))
        return np.where(held_at_0, (1 - y) / (1 - a), np.where(held_at_1, -y / a, both))


def _binary_rule(a: Expression, y: Expression, at: Place) -> Expression:
    if _is_held(at.a):
        return Quotient(difference(ONE, y), difference(ONE, a))
    if _is_held(1 - at.a):
        return Negative(Quotient(y, a))
    return Quotient(difference(a, y), Product((a, difference(ONE, a))))


def _binary_term(a: Expression, y: Expression, at: Place) -> Expression:
    return Sum(
        (
            Negative(Product((y, _held_logarithm_of(a, at.a)))),
            Negative(Product((difference(ONE, y), _held_logarithm_of(difference(ONE, a), 1 - at.a)))),
        )
    )


def _binary_remark(at: Place) -> str:
    if _is_held(at.a) or _is_held(1 - at.a):
        return f"The output is {round(at.a)}, and ln 0 is held at −100 as in PyTorch: that part is flat."
    return "" if 0 <= at.a <= 1 else "The output is no probability: it lies outside 0 to 1."


def _without_zero(expression: Expression, at: Place) -> Expression:
    """0 · ln 0 and 0/0 count as 0, as everything does for a class that is not the target."""
    return Shorthand(expression, ZERO) if at.y == 0 and at.a <= 0 else expression


def _cross_entropy(a: Array, y: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y == 0, 0.0, -y * np.log(a))


def _cross_entropy_slope(a: Array, y: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y == 0, 0.0, -y / a)


def _cross_entropy_remark(at: Place) -> str:
    if at.a != 0:
        return ""
    if at.y == 0:
        return "The output is 0, and so is the target: 0 · ln 0 counts as 0."
    return "The output is 0 for the true class, so the loss is infinite; softmax_cross_entropy avoids this."


def _huber_with(attributes: Attributes) -> OutputwiseLoss:
    return _huber(float(attributes.get("delta", 1.0)))


@lru_cache(maxsize=64)
def _huber(delta: float) -> OutputwiseLoss:
    """Huber's loss as PyTorch defines it: ½(a − y)² up to a distance of δ, δ(|a − y| − ½δ) beyond."""
    if not (math.isfinite(delta) and delta > 0):
        raise ValueError(f"delta is {delta:g}; a finite number above 0 would be right")
    half = HALF if delta == 1 else Constant(delta / 2)

    def scaled(part: Expression) -> Expression:
        return part if delta == 1 else Product((Constant(delta), part))

    def value(a: Array, y: Array) -> Array:
        distance = np.abs(a - y)
        return np.where(distance < delta, 0.5 * np.square(a - y), delta * (distance - delta / 2))

    def term(a: Expression, y: Expression, at: Place) -> Expression:
        if abs(at.a - at.y) < delta:
            return Product((HALF, Power(difference(a, y), TWO)))
        return scaled(difference(Apply("abs", (difference(a, y),)), half))

    def rule(a: Expression, y: Expression, at: Place) -> Expression:
        inside = abs(at.a - at.y) < delta
        return difference(a, y) if inside else scaled(Apply("sign", (difference(a, y),)))

    def remark(at: Place) -> str:
        distance = abs(at.a - at.y)
        if distance == delta:
            return f"The distance is exactly δ = {delta:g}, where both branches meet with one slope."
        if distance > delta:
            return f"The distance is above δ = {delta:g}: from there on the loss grows in a straight line."
        return ""

    return OutputwiseLoss(
        name="huber",
        value=value,
        slope=lambda a, y: np.clip(a - y, -delta, delta),
        term=term,
        rule=rule,
        why="Near its target the slope is the distance, as for a square; "
        "from δ on it grows no more, so that an outlier does not take over.",
        why_value="Half the squared distance near the target, a straight line far from it.",
        in_words="Huber loss",
        remark=remark,
        each_output=lambda a, y: Apply("Huber", (difference(a, y),)),
        with_attributes=_huber_with,
    )


ROWS = (
    OutputwiseLoss(
        name="half_squared_error",
        value=lambda a, y: 0.5 * np.square(a - y),
        slope=lambda a, y: a - y,
        term=lambda a, y, at: Product((HALF, Power(difference(a, y), TWO))),
        rule=lambda a, y, at: difference(a, y),
        why="The ½ cancels the 2 of the square, so the slope is how far the output is from its target.",
        why_value="Half the squared distance between output and target.",
        in_words="half squared error",
    ),
    OutputwiseLoss(
        name="squared_error",
        value=lambda a, y: np.square(a - y),
        slope=lambda a, y: 2.0 * (a - y),
        term=lambda a, y, at: Power(difference(a, y), TWO),
        rule=lambda a, y, at: Product((TWO, difference(a, y))),
        why="The slope of a square is twice its root: twice how far the output is from its target.",
        why_value="The squared distance between output and target.",
        in_words="squared error",
    ),
    OutputwiseLoss(
        name="mean_squared_error",
        value=lambda a, y: np.square(a - y),
        slope=lambda a, y: 2.0 * (a - y),
        term=lambda a, y, at: Power(difference(a, y), TWO),
        rule=lambda a, y, at: Product((TWO, difference(a, y))),
        why="The slope of a square is twice its root, and each output has an equal share in the mean.",
        why_value="The squared distance between output and target, averaged over the outputs.",
        in_words="mean squared error",
        mean=True,
    ),
    OutputwiseLoss(
        name="absolute_error",
        value=lambda a, y: np.abs(a - y),
        slope=lambda a, y: np.sign(a - y),
        term=lambda a, y, at: Apply("abs", (difference(a, y),)),
        rule=lambda a, y, at: Apply("sign", (difference(a, y),)),
        why="The distance grows as fast as the output moves away: the slope is 1 or −1, however far it is.",
        why_value="The distance between output and target.",
        in_words="absolute error",
        remark=lambda at: (
            "The output meets its target, where the distance has a kink; by convention the slope there is 0."
            if at.a == at.y
            else ""
        ),
    ),
    _huber(1.0),
    OutputwiseLoss(
        name="binary_cross_entropy",
        value=lambda a, y: -(y * _held_logarithm(a) + (1 - y) * _held_logarithm(1 - a)),
        slope=_binary_slope,
        term=_binary_term,
        rule=_binary_rule,
        why="The surer a wrong answer, the steeper: the distance is divided by a(1 − a), "
        "which is small near 0 and 1 and cancels the slope of σ.",
        why_value="Minus the logarithm of the probability that the output gives to its target.",
        in_words="binary cross-entropy",
        remark=_binary_remark,
    ),
    OutputwiseLoss(
        name="binary_cross_entropy_with_logits",
        value=lambda z, y: softplus(z) - y * z,
        slope=lambda z, y: sigmoid(z) - y,
        term=lambda z, y, at: difference(softplus_of(z, at.a), Product((y, z))),
        rule=lambda z, y, at: difference(sigmoid_of(z), y),
        why="σ and logarithm undo each other: what is left is the probability minus the target.",
        why_value="The binary cross-entropy of σ, in one step.",
        in_words="binary cross-entropy with logits",
    ),
    OutputwiseLoss(
        name="cross_entropy",
        value=_cross_entropy,
        slope=_cross_entropy_slope,
        term=lambda a, y, at: _without_zero(Negative(Product((y, Apply("ln", (a,))))), at),
        rule=lambda a, y, at: _without_zero(Negative(Quotient(y, a)), at),
        why="Cross-entropy looks at the true class only: the less probable it was held, the steeper.",
        why_value="Minus the logarithm of the probability of the true class.",
        in_words="cross-entropy",
        remark=_cross_entropy_remark,
    ),
)

LOSSES = {row.name: outputwise(row) for row in ROWS} | {SOFTMAX_CROSS_ENTROPY.name: SOFTMAX_CROSS_ENTROPY}
