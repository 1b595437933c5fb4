"""The result of a calculation by hand beside the right one: whether it agrees, and else where it differs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from backprop_gui.engine.expressions import Expression, Negative, Product, Ref, Slope, Sum
from backprop_gui.experiment.edits import parse_number
from backprop_gui.present.expression_parts import parts
from backprop_gui.present.focus import focused_quantity
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity

if TYPE_CHECKING:  # needed once something is typed, not with every first step
    from backprop_gui.present.my_value_slips import Slip, Slips

NEAR = 1e-3  # as much as rounding to four digits in between may leave
COMES_OUT = "Yours is what "
MOST_PARTS = 8  # that are listed, each with its number


class Typed(Struct, frozen=True):
    """A number as typed: `unit` is one of its last digit (0 for a fraction), `digits` how many count."""

    value: float
    text: str
    unit: float
    digits: int


class Verdict(Struct, frozen=True):
    """What is said of a number. `part` is the part of the formula that is meant, to be lit."""

    state: Literal["right", "near", "slip", "off"]
    sentence: str
    part: Expression | None = None

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities that part is made of; of a slope, where it is taken."""
        found = [] if self.part is None else parts(self.part)
        found += [each.at for each in found if isinstance(each, Slope)]
        keys = (each.key for each in found if isinstance(each, Ref))
        return tuple(key for key in keys if isinstance(key, Quantity))


def checked_quantity(scene: Scene) -> Quantity | None:
    """The calculated number the page is about, shown or asked for; None where there is no single one."""
    frame = scene.frame
    quantity: Quantity | None = None
    if scene.asking and frame.position < frame.plan.total:
        quantity = frame.plan.quantity(frame.position + 1)
    elif scene.focus:
        quantity = scene.asked or focused_quantity(frame, scene.focus)
    elif len(frame.new) == 1:
        quantity = frame.plan.quantity(frame.position)
    if quantity is None or not frame.plan.step_of(quantity):
        return None
    return quantity if math.isfinite(frame.numbers(quantity)) else None


def as_typed(text: str) -> Typed:
    """The number and its precision. Raises InvalidEdit with a sentence when it is none."""
    value, plain = parse_number(text), re.sub(r"\s", "", text.replace("−", "-")).replace(",", ".")
    shown = text.strip().replace("-", "−")
    if "/" in plain:
        return Typed(value, shown, 0.0, 17)
    mantissa, _, exponent = plain.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    digits = len(re.sub(r"\D", "", mantissa).lstrip("0"))
    return Typed(value, shown, 10.0 ** (int(exponent or 0) - decimals), digits)


def compare(scene: Scene, quantity: Quantity, text: str) -> Verdict:
    """What is to be said of `text` as the value of a quantity. Raises InvalidEdit when it is no number."""
    typed, right = as_typed(text), scene.frame.numbers(quantity)
    agreed = _agreement(scene, typed, right)
    if agreed is not None:
        return _beside_the_old(scene, quantity, typed, agreed)
    from backprop_gui.present.my_value_slips import Slips

    slips = Slips(scene, quantity)
    scale = _scale(scene, quantity, right)
    made = slips.all()
    found = _matching(made, typed, right, scale)
    if found is not None and _agrees(typed, found.value):
        return _slip_verdict(typed, found, made)
    if scale and typed.digits >= 3 and abs(typed.value - right) <= NEAR * scale:
        share = scene.format.localised(f"{100 * abs(typed.value - right) / abs(right or scale):.1g}")
        return Verdict("near", f"Almost: yours is {share} % off, as rounding in between leaves it.")
    if found is not None:
        return _slip_verdict(typed, found, made)
    return Verdict("off", f"{_distance(scene, typed.value, right)} {_listed_parts(scene, slips)}".strip())


def _agrees(typed: Typed, value: float) -> bool:
    """Whether a number rounds to what was typed; the last bits of a float are nobody's."""
    return abs(typed.value - value) <= 0.5 * typed.unit * (1 + 1e-9) + 4e-15 * abs(value)


def _agreement(scene: Scene, typed: Typed, right: float) -> Verdict | None:
    """That it is right, as far as its digits go; None when it is not."""
    exact = abs(typed.value - right) <= 4e-15 * abs(right)
    if typed.digits == 0 and not exact:
        return None  # a nought, which says nothing of small numbers
    if exact and typed.unit == 0:
        return Verdict("right", f"Yes: {typed.text} is it.")
    if _agrees(typed, right):
        if typed.digits <= 1 and not exact:
            return Verdict("right", f"Yes, as far as it goes: {typed.text} agrees to the one digit you gave.")
        count = {0: "", 1: " to the one digit you gave"}.get(
            typed.digits, f" to all {typed.digits} digits you gave"
        )
        return Verdict("right", f"Yes: {typed.text} agrees{count}.")
    cut_off = abs(typed.value) < abs(right) and abs(typed.value - right) < typed.unit
    if cut_off and typed.digits >= 2 and typed.value * right > 0:
        rounded = scene.format.localised(_rounded(right, typed))
        return Verdict("right", f"Yes, but for rounding: the digits after {typed.text} make it {rounded}.")
    return None


def _beside_the_old(scene: Scene, quantity: Quantity, typed: Typed, agreed: Verdict) -> Verdict:
    """A small step is lost in few digits: then they also fit the value before the update."""
    if quantity.aspect != UPDATED:
        return agreed
    old, right = Quantity(quantity.node, quantity.element, VALUE), scene.frame.numbers(quantity)
    before = scene.frame.numbers(old)
    if before == right or not _agrees(typed, before) or abs(typed.value - right) <= 4e-15 * abs(right):
        return agreed
    name = scene.naming.plain(old)
    if typed.value == before:
        return Verdict("slip", f"That is *{name}* as it was before the update; more digits tell them apart.")
    return Verdict("right", f"Yes, as far as it goes; only more digits tell it from the old *{name}*.")


def _rounded(value: float, typed: Typed) -> str:
    """A number rounded to the last digit that was typed."""
    if "e" in typed.text.lower():
        mantissa, exponent = f"{value:.{max(0, typed.digits - 1)}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{value:.{max(0, -round(math.log10(typed.unit)))}f}".replace("-", "−")


def _scale(scene: Scene, quantity: Quantity, right: float) -> float:
    """What a difference is small beside: the number, of an updated one the step it took."""
    if quantity.aspect == UPDATED:
        return abs(right - scene.frame.numbers(Quantity(quantity.node, quantity.element, VALUE)))
    return abs(right)


def _matching(slips: list[Slip], typed: Typed, right: float, scale: float) -> Slip | None:
    """The simplest slip that leads to what was typed; else one that does but for rounding in between."""
    if typed.digits < 2 and typed.value != 0 and typed.unit:
        slips = [slip for slip in slips if slip.cost < 2]  # one digit fits too many numbers
    telling = [slip for slip in slips if math.isfinite(slip.value) and not _agrees(typed, right)]
    telling = [slip for slip in telling if abs(slip.value - right) > 1e-12 * max(abs(right), 1e-300)]
    exact: Slip | None = None
    for slip in telling:  # with few digits several may fit: the nearer one is meant
        fits = _agrees(typed, slip.value)
        if fits and (exact is None or _doubt(typed, slip) < _doubt(typed, exact)):
            exact = slip
    if exact is not None or typed.digits < 3:
        return exact
    found: Slip | None = None
    for slip in telling:  # the simplest; among equally simple ones the nearest
        away = abs(slip.value - typed.value)
        if away > NEAR * min(abs(slip.value), scale or 1.0):
            continue
        if found is None or (slip.cost, away) < (found.cost, abs(found.value - typed.value)):
            found = slip
    return found


def _doubt(typed: Typed, slip: Slip) -> float:
    """How unlikely a slip is: by itself, and for its distance within the last digit."""
    return slip.cost + (0.5 * abs(slip.value - typed.value) / typed.unit if typed.unit else 0.0)


def _slip_verdict(typed: Typed, slip: Slip, slips: list[Slip]) -> Verdict:
    """The slip, with an equally simple one that leads to the very same number."""
    sentence = slip.sentence
    for other in slips:
        alike = abs(other.value - slip.value) <= 1e-12 * abs(slip.value) and other.sentence != slip.sentence
        if alike and other.cost <= slip.cost + 0.06 and other.sentence.startswith(COMES_OUT):
            sentence += f" The same {other.sentence.removeprefix(COMES_OUT)}"
            break
    sure = typed.digits > 2 or abs(slip.value - typed.value) <= 1e-12 * abs(slip.value)
    return Verdict("slip", sentence if sure else f"{sentence} More digits would tell for sure.", slip.part)


def _distance(scene: Scene, value: float, right: float) -> str:
    """How far off a number is, without saying the right one."""
    if right == 0 or value == 0:
        return "No: yours differs."
    sign = " and has the other sign" if value * right < 0 else ""
    ratio = abs(value) / abs(right)
    if 0.5 < ratio < 2:
        share = scene.format.localised(f"{abs(ratio - 1) * 100:.2g}")
        return f"No: yours is off by {share} %{sign}."
    times = max(ratio, 1 / ratio)
    if times >= 100:
        return f"No: yours is far too {'large' if ratio > 1 else 'small'}{sign}."
    told = scene.format.localised(f"{times:.2g}")
    if ratio > 1:
        return f"No: yours is about {told} times the right one{sign}."
    return f"No: the right one is about {told} times yours{', which has the other sign' if sign else ''}."


def _listed_parts(scene: Scene, slips: Slips) -> str:
    """The factors, or the terms, each with its number, to be compared one by one."""
    expression = slips.expression
    out = slips.written_out
    if slips.quantity.aspect == GRADIENT and isinstance(out, Product) and len(out.factors) <= MOST_PARTS:
        expression = out
    match expression:
        case Product(factors):
            word, found = "factors", factors
        case Sum(terms):
            word, found = "terms", tuple(t.child if isinstance(t, Negative) else t for t in terms)
        case _:
            word, found = "numbers in it", _numbers_in(expression)
    if not found or len(found) > MOST_PARTS:
        return ""
    return f"The {word} are: " + "; ".join(slips.called(part) for part in found) + "."


def _numbers_in(expression: Expression) -> tuple[Expression, ...]:
    return tuple(dict.fromkeys(part for part in parts(expression) if isinstance(part, Ref)))
