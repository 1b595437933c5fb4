"""The activations, one row each: the function and its slope, for arrays and as expressions."""

from __future__ import annotations

import math

import numpy as np

from backprop_gui.engine.elementwise import Activation, elementwise
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
from backprop_gui.engine.operation import Array

LEAK = 0.01  # the slope of leaky ReLU below 0
LARGEST_SQUARED = 40.0  # e^(−z²/2) is 0 in float64 well before


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^−z) without overflow: the exponent is never positive."""
    decay = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, decay) / (1.0 + decay)


def softplus(z: Array) -> Array:
    """ln(1 + e^z) without overflow."""
    result: Array = np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))
    return result


_erf_of_each = np.frompyfunc(math.erf, 1, 1)


def erf(z: Array) -> Array:
    """The error function, which numpy lacks."""
    return np.asarray(_erf_of_each(z), dtype=np.float64)


def _normal_share(z: Array) -> Array:
    """Φ(z), the share of a standard normal distribution that lies below z."""
    return 0.5 * (1.0 + erf(z * math.sqrt(0.5)))


def _gelu_slope(z: Array) -> Array:
    density = np.exp(-0.5 * np.square(np.minimum(np.abs(z), LARGEST_SQUARED))) / math.sqrt(2 * math.pi)
    return _normal_share(z) + z * density


def exp_of(z: Expression) -> Expression:
    """e^z."""
    return Apply("exp", (z,))


def sigmoid_of(z: Expression) -> Expression:
    """σ(z), written by its name."""
    return Shorthand(Apply("sigmoid", (z,)), Quotient(ONE, Sum((ONE, exp_of(Negative(z))))))


def softplus_of(z: Expression, at: float) -> Expression:
    """ln(1 + e^z); above 0 it is calculated as z + ln(1 + e^−z), which cannot overflow."""
    written = Apply("ln", (Sum((ONE, exp_of(z))),))
    if at <= 0:
        return written
    return Shorthand(written, Sum((z, Apply("ln", (Sum((ONE, exp_of(Negative(z)))),)))))


def _normal_share_of(z: Expression) -> Expression:
    return Product((HALF, Sum((ONE, Apply("erf", (Quotient(z, Apply("sqrt", (TWO,))),))))))


def _gelu_rule(z: Expression, a: Expression, at: float) -> Expression:
    bell = exp_of(Negative(Product((HALF, Power(z, TWO)))))
    density = Quotient(bell, Apply("sqrt", (Product((TWO, Constant(math.pi, "π"))),)))
    return Sum((_normal_share_of(z), Product((z, density))))


def _relu_remark(z: float, slope: float) -> str:
    if z == 0:
        return "The input is exactly 0, where ReLU has a kink; by convention the slope there is 0."
    return "The input is negative, where ReLU is flat: nothing flows back here." if z < 0 else ""


def _leaky_remark(z: float, slope: float) -> str:
    if z == 0:
        return "The input is exactly 0, where leaky ReLU has a kink; by convention its slope there is 0.01."
    return ""


ROWS = (
    Activation(
        name="identity",
        symbol="id",
        value=lambda z: z.copy(),
        slope=lambda z, a: np.ones_like(z),
        formula=lambda z, at: z,
        rule=lambda z, a, at: ONE,
        why="The output is the weighted sum itself, so the slope is 1.",
        why_value="The identity passes the weighted sum on as it is.",
    ),
    Activation(
        name="sigmoid",
        symbol="σ",
        value=sigmoid,
        slope=lambda z, a: a * (1.0 - a),
        formula=lambda z, at: Quotient(ONE, Sum((ONE, Power(Constant(np.e, "e"), Negative(z))))),
        rule=lambda z, a, at: Product((a, difference(ONE, a))),
        why="The slope of σ is a(1 − a): steepest at a = ½, flat where the neuron is sure.",
        why_value="σ squeezes any number into the range 0 to 1.",
        spoken="sigma",
    ),
    Activation(
        name="tanh",
        symbol="tanh",
        value=np.tanh,
        slope=lambda z, a: 1.0 - a * a,
        formula=lambda z, at: Apply("tanh", (z,)),
        rule=lambda z, a, at: difference(ONE, Power(a, TWO)),
        why="The slope of tanh is 1 − a²: steepest at 0, flat where the neuron is sure.",
        why_value="tanh squeezes any number into the range −1 to 1.",
    ),
    Activation(
        name="relu",
        symbol="ReLU",
        spoken="ReLU",
        value=lambda z: np.maximum(z, 0.0),
        slope=lambda z, a: np.where(z > 0, 1.0, 0.0),
        formula=lambda z, at: Apply("max", (ZERO, z)),
        rule=lambda z, a, at: ONE if at > 0 else ZERO,
        why="The slope of ReLU is 1 above 0 and 0 below: what arrives passes through, or not at all.",
        why_value="ReLU lets positive numbers through and turns negative ones into 0.",
        remark=_relu_remark,
    ),
    Activation(
        name="leaky_relu",
        symbol="LeakyReLU",
        value=lambda z: np.where(z > 0, z, LEAK * z),
        slope=lambda z, a: np.where(z > 0, 1.0, LEAK),
        formula=lambda z, at: z if at > 0 else Product((Constant(LEAK), z)),
        rule=lambda z, a, at: ONE if at > 0 else Constant(LEAK),
        why="The slope is 1 above 0 and 0.01 below, so that a little flows back even there.",
        why_value="Leaky ReLU lets positive numbers through and keeps a hundredth of negative ones.",
        spoken="leaky ReLU",
        remark=_leaky_remark,
    ),
    Activation(
        name="elu",
        symbol="ELU",
        spoken="ELU",
        value=lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
        slope=lambda z, a: np.exp(np.minimum(z, 0.0)),
        formula=lambda z, at: z if at > 0 else difference(exp_of(z), ONE),
        rule=lambda z, a, at: ONE if at > 0 else exp_of(z),
        why="The slope of ELU is 1 above 0; below it fades away as e to the power of the input.",
        why_value="ELU lets positive numbers through and bends negative ones smoothly towards −1.",
    ),
    Activation(
        name="softplus",
        symbol="softplus",
        value=softplus,
        slope=lambda z, a: sigmoid(z),
        formula=softplus_of,
        rule=lambda z, a, at: sigmoid_of(z),
        why="Softplus is a rounded ReLU, and its slope is σ: from 0 on the left to 1 on the right.",
        why_value="Softplus is a ReLU whose corner is rounded off.",
    ),
    Activation(
        name="silu",
        symbol="SiLU",
        spoken="SiLU",
        value=lambda z: z * sigmoid(z),
        slope=lambda z, a: sigmoid(z) + a * (1.0 - sigmoid(z)),
        formula=lambda z, at: Product((z, sigmoid_of(z))),
        rule=lambda z, a, at: Sum((sigmoid_of(z), Product((a, difference(ONE, sigmoid_of(z)))))),
        why="SiLU is a product, z times σ, so each factor’s slope counts, times the other factor.",
        why_value="SiLU weighs the number with its own σ: large ones pass, negative ones fade.",
    ),
    Activation(
        name="gelu",
        symbol="GELU",
        spoken="GELU",
        value=lambda z: z * _normal_share(z),
        slope=lambda z, a: _gelu_slope(z),
        formula=lambda z, at: Product((z, _normal_share_of(z))),
        rule=_gelu_rule,
        why="GELU is a product, z times the normal share below z, so each factor’s slope counts, "
        "times the other factor.",
        why_value="GELU weighs the number with the share of a normal distribution that lies below it.",
    ),
)

ACTIVATIONS = {row.name: elementwise(row) for row in ROWS}
