"""What may be done to a gradient on its way from the loss to the optimiser.

In this order: the derivative of the loss, plus the penalties, then clipping by value, then clipping
by norm; what comes of it is the gradient that the optimiser sees. Its weight decay, where it has one,
comes after all of this, as in PyTorch. Whatever is not in force has no line.
"""

from __future__ import annotations

import numpy as np

from backprop_gui.engine.expressions import (
    ONE,
    Apply,
    Constant,
    Expression,
    Negative,
    Product,
    Quotient,
    Ref,
    Sum,
)
from backprop_gui.engine.operation import Array
from backprop_gui.engine.update import Known, Line, Part, Settings, Shared

TERMS = ("l1", "l2", "clip_value", "clip_norm")
NORM_EPSILON = 1e-6  # PyTorch's, against a division by zero


def gradient_terms(settings: Settings) -> tuple[Part, ...]:
    """The lines between the derivative of the loss and the optimiser."""
    parts: list[Part] = []
    newest = "gradient"
    if settings.get("l1") or settings.get("l2"):
        parts.append(_penalized(settings))
        newest = "penalized"
    if settings.get("clip_value"):
        parts.append(_clipped(newest))
        newest = "clipped"
    if settings.get("clip_norm"):
        parts += _scaled(newest)
    return tuple(parts)


def newest_gradient(parts: tuple[Part, ...]) -> str:
    """What the gradient is called after these lines."""
    return parts[-1].name if parts else "gradient"


def _penalized(settings: Settings) -> Line:
    """The slope of loss + λ₂/2·w² + λ₁·|w|, for weights and biases alike."""
    terms: list[Expression] = [Ref("gradient")]
    if settings.get("l2"):
        terms.append(Product((Ref("l2"), Ref("parameter"))))
    if settings.get("l1"):
        terms.append(Product((Ref("l1"), Apply("sign", (Ref("parameter"),)))))

    def array(known: Known) -> Array:
        total: Array = known["gradient"]
        if settings.get("l2"):
            total = total + known["l2"] * known["parameter"]
        if settings.get("l1"):
            total = total + known["l1"] * np.sign(known["parameter"])
        return total

    return Line(
        "penalized",
        "g_penalized",
        Sum(tuple(terms)),
        array,
        "What does the penalty add to the gradient of {name}?",
        "A penalty on size has a slope of its own: it pulls every parameter towards 0.",
    )


def _clipped(gradient: str) -> Line:
    return Line(
        "clipped",
        "g_clipped",
        Apply("max", (Negative(Ref("clip_value")), Apply("min", (Ref("clip_value"), Ref(gradient))))),
        lambda known: np.clip(known[gradient], -known["clip_value"], known["clip_value"]),
        "How much of the gradient of {name} is let through?",
        "Clipping by value: no gradient may be larger than the limit, in either direction.",
    )


def _scaled(gradient: str) -> tuple[Part, ...]:
    factor = Apply(
        "min", (ONE, Quotient(Ref("clip_norm"), Sum((Ref("gradient_norm"), Constant(NORM_EPSILON, "1e−6")))))
    )
    return (
        Shared("gradient_norm", lambda known: float(np.linalg.norm(known[gradient][known["trained"]]))),
        Line(
            "scaled",
            "g_scaled",
            Product((Ref(gradient), factor)),
            lambda known: (
                known[gradient] * min(1.0, known["clip_norm"] / (known["gradient_norm"] + NORM_EPSILON))
            ),
            "Are all gradients together too long for one step?",
            "Clipping by norm: all gradients together, as one arrow, may not be longer than the limit; "
            "a longer one is shortened and keeps its direction.",
        ),
    )
