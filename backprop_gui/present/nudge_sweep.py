"""The error curve of the nudge bench: difference quotients from h = 1 to 1e−12 against the gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from backprop_gui.engine.finite_differences import relative_error
from backprop_gui.present.numbers import NumberFormat, spoken_number
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import loss_word
from backprop_gui.steps.nudging import SIZES, STEPS_PER_DECADE, Cost, Nudging, SweepPoint, valley

STRAIGHT = 0.1  # best at an h as large as this: there is no truncation to speak of
NEVER_NEAR = 0.01  # a best error above this is none
UNROUNDED = 1e-14  # as small an error as this at the smallest h: nothing was lost

Errors: TypeAlias = tuple[float | None, ...]


class SweepPicture(Struct, frozen=True):
    """Errors over h. None stands where there is no finite quotient; 0 where it is exact.

    `valleys` are the h where the two curves are lowest; `here` the h of the nudge, None where it is
    not within the curve. `tips` says each point in words.
    """

    sizes: tuple[float, ...]
    one_way: Errors
    both_ways: Errors
    valleys: tuple[float | None, float | None]
    best: str
    here: float | None
    caption: str
    sentences: tuple[str, ...]
    tips: tuple[str, ...]
    text: str


def sweep_picture(
    scene: Scene, nudging: Nudging, points: Sequence[SweepPoint], step: float, cost: Cost
) -> SweepPicture:
    """The curve, with the nudge of `step` and what came of it marked on it."""
    one_way, both_ways = tuple(p.forward for p in points), tuple(p.central for p in points)
    sizes, valleys = tuple(p.size for p in points), (valley(one_way), valley(both_ways))
    here = abs(step) if sizes[-1] <= abs(step) <= sizes[0] else None
    kind = "relative error" if nudging.gradient else "error"
    caption = f"{kind[0].upper()}{kind[1:]} of Δ/Δ as the nudge h shrinks"
    sentences = tuple(
        told
        for told in (
            *_valley_sentences(scene, nudging, one_way, both_ways),
            _here_sentence(scene, nudging, cost, step),
            _left_out(scene, points),
        )
        if told
    )
    best = f"best near {power(scene.format, valleys[1])}" if valleys[1] is not None else ""
    text = spoken_number("\n".join(part.replace("*", "") for part in (caption + ".", *sentences)))
    tips = tuple(_tip(scene.format, point) for point in points)
    return SweepPicture(sizes, one_way, both_ways, valleys, best, here, caption, sentences, tips, text)


def power(format: NumberFormat, size: float) -> str:
    """A size of h or of an error in two digits: 1.8e−5."""
    return NumberFormat(2, comma=format.comma).text(size)


def _valley_sentences(
    scene: Scene,
    nudging: Nudging,
    one_way: Errors,
    both_ways: Errors,
) -> list[str]:
    """What one sees on the curve, from left to right."""
    name, loss = scene.naming.plain(nudging.leaf), loss_word(scene)
    found = [error for error in (*one_way, *both_ways) if error is not None]
    if not found:
        return [f"No nudge of this curve leads to a finite {loss}."]
    if max(found) == 0:
        if nudging.gradient == 0:
            return [f"No nudge up to 1 changes the {loss}: the gradient is 0, and so is every quotient."]
        return ["Every quotient is the gradient, to the last digit."]
    if nudging.kink:
        return [
            f"At this very value of *{name}* the {loss} has a kink: its slope to the left is not the one to "
            "the right, so quotients of finite nudges need not come near the gradient."
        ]
    told = [_rounding(loss, both_ways), _truncation(loss, name, one_way, both_ways)]
    return [*told, _best(scene, nudging, one_way, both_ways)]


def _rounding(loss: str, both_ways: Errors) -> str:
    """What is seen at the left; nothing where numbers are so round that none is lost."""
    smallest = [error for error in both_ways[-STEPS_PER_DECADE:] if error is not None]
    if max(smallest, default=1.0) <= UNROUNDED:
        return ""
    return f"Left, rounding: the {loss} has some 16 digits, and of two that hardly differ almost all cancel."


def _truncation(loss: str, name: str, one_way: Errors, both_ways: Errors) -> str:
    """What is seen at the right."""
    flat = tuple((valley(errors) or 0.0) >= STRAIGHT for errors in (one_way, both_ways))
    if all(flat):
        return f"No truncation at the right: as far as h = 1 the {loss} is a straight line in *{name}*."
    if flat[1]:
        return (
            f"Right, truncation, one way only: the {loss} bends. Both ways there is none: as far as h = 1 it "
            "bends evenly, like a parabola, and the bends cancel."
        )
    return f"Right, truncation: far from *{name}* the {loss} bends away from its slope."


def _best(scene: Scene, nudging: Nudging, one_way: Errors, both_ways: Errors) -> str:
    """Where the valley is and how deep."""
    both, one = _valley(both_ways), _valley(one_way)
    if both is None:
        return ""
    if nudging.gradient and both[1] > NEVER_NEAR:
        return "Neither comes near: the gradient is so small that rounding drowns it."
    told = f"Both ways it is best near h = {power(scene.format, both[0])}, {_off(scene, both[1])}"
    if one is not None:
        told += f"; one way near {power(scene.format, one[0])}, {_off(scene, one[1])}"
    return f"{told}."


def _valley(errors: Errors) -> tuple[float, float] | None:
    """The h where a curve is lowest, and the error there."""
    size = valley(errors)
    error = None if size is None else errors[SIZES.index(size)]
    return None if size is None or error is None else (size, error)


def _off(scene: Scene, error: float) -> str:
    return f"off by {power(scene.format, error)}" if error else "exact"


def _here_sentence(scene: Scene, nudging: Nudging, cost: Cost, step: float) -> str:
    """How far the nudge on the bench is off."""
    quotients = [q for q in (cost.forward, cost.central) if q is not None and math.isfinite(q)]
    if not step or len(quotients) < 2:
        return ""
    one, both = (relative_error(q, nudging.gradient) if nudging.gradient else abs(q) for q in quotients)
    size = scene.format.full(abs(step))
    return f"Your nudge, h = {size}: {_off(scene, one)} one way, {_off(scene, both)} both ways."


def _left_out(scene: Scene, points: Sequence[SweepPoint]) -> str:
    """How many points have no finite quotient."""
    missing = sum(1 for point in points if point.forward is None or point.central is None)
    if not missing or missing == len(points):
        return ""
    sizes = "size" if missing == 1 else "sizes"
    return f"{scene.count(missing)} {sizes} of h left out, where the quotient is no finite number."


def _tip(format: NumberFormat, point: SweepPoint) -> str:
    def told(error: float | None) -> str:
        return "no finite number" if error is None else power(format, error)

    return (
        f"h = {power(format, point.size)}\none way: {told(point.forward)}\nboth ways: {told(point.central)}"
    )
