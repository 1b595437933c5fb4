"""A number calculated by hand beside the right one: agreement by its digits, and every slip by its name.

The wrong numbers are calculated here, as a student would, from the numbers of the worked example alone.
"""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.present.my_value import checked_quantity, compare
from backprop_gui.present.naming import Naming
from backprop_gui.present.scene import Scene
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import UPDATED, Numbers
from backprop_gui.steps.references import resolve
from backprop_gui.steps.timeline import Timeline
from tests.batch_experiment import document
from tests.batch_experiment import scene as batch_scene


def scene(position=51, **changes):
    """The worked example after so many steps."""
    experiment = open_experiment("worked-example")[0]
    timeline = Timeline.of(experiment)
    model, record = timeline.segment_of(0).model, timeline.record(0)
    plan = Plan(model.graph, record.samples, model.optimizer.quantities, model.frozen)
    frame = Frame(plan, record, Numbers(model.graph, record, dict(model.settings)), position)
    return Scene(experiment, model, frame, Naming(model.graph, experiment.notation), **changes)


def sigmoid(z):
    """1/(1 + e⁻ᶻ)."""
    return 1 / (1 + math.exp(-z))


def slope(a):
    """The slope of the sigmoid by its value."""
    return a * (1 - a)


X1, X2, Y, RATE = 0.4, 0.1, 0.0, 0.5
W = [0, 0.5, 0.1, 0.1, 0.5, 0.9, 0.3, 0.1, 0.9, 0.8, 0.7]
Z11, Z12 = W[1] * X1 + W[2] * X2 + 0.2, W[3] * X1 + W[4] * X2 + 0.2
A11, A12 = sigmoid(Z11), sigmoid(Z12)
Z21, Z22 = W[5] * A11 + W[6] * A12 + 0.5, W[7] * A11 + W[8] * A12 + 0.5
A21, A22 = sigmoid(Z21), sigmoid(Z22)
ZO = W[9] * A21 + W[10] * A22 + 0.6
AO = sigmoid(ZO)
DO = (AO - Y) * slope(AO)
D21, D22 = DO * W[9] * slope(A21), DO * W[10] * slope(A22)
UP1, UP2 = D21 * W[5] * slope(A11), D22 * W[7] * slope(A11)  # the two ways back to neuron 1
G5, G1 = D21 * A11, (UP1 + UP2) * X1

SLIPS = [
    # gradients
    ("d(w5)", -G5, "not the sign: the difference is *a_out − y*"),
    ("d(w5)", 2 * G5, "the ½ of the loss and the 2 of the square cancel"),
    ("d(w5)", G5 / 2, "half the right one"),
    ("d(w5)", D21, "the factor *a₁⁽¹⁾* ≈ 0.6011 is left out"),
    ("d(w5)", A11, "the factor *∂L/∂z₁⁽²⁾* ≈ 0.01529 is left out"),
    ("d(w5)", G5 / slope(A21), "the factor *σ′(z₁⁽²⁾)* ≈ 0.1767 is left out"),
    ("d(w5)", G5 / slope(AO), "the factor *σ′(z_out)* ≈ 0.1272 is left out"),
    ("d(w5)", G5 / W[9], "the factor *w₉* = 0.8 is left out"),
    ("d(w5)", G5 / AO, "the factor *a_out − y* ≈ 0.8505 is left out"),
    ("d(w5)", G5 * A11, "the factor *a₁⁽¹⁾* ≈ 0.6011 is taken twice"),
    ("d(w5)", G5 * slope(A21), "the factor *σ′(z₁⁽²⁾)* ≈ 0.1767 is taken twice"),
    ("d(w5)", D21 * Z11, "with *z₁⁽¹⁾* = 0.41 in place of *a₁⁽¹⁾* ≈ 0.6011"),
    ("d(w5)", G5 / slope(A21) * A21, "with *a₁⁽²⁾* ≈ 0.7708 in place of *σ′(z₁⁽²⁾)*"),
    ("d(w5)", G5 / slope(A21) * (1 - A21), "with *1 − a₁⁽²⁾* ≈ 0.2292 in place of *σ′(z₁⁽²⁾)*"),
    ("d(w5)", G5 / slope(A21) * slope(Z21), "with *z₁⁽²⁾ · (1 − z₁⁽²⁾)*"),
    ("d(w5)", D21 * A12, "with *a₂⁽¹⁾* ≈ 0.572 in place of *a₁⁽¹⁾*"),
    ("d(w5)", G5 / W[9] * W[10], "with *w₁₀* = 0.7 in place of *w₉* = 0.8"),
    ("d(w5)", G5 / W[9] * (W[9] - RATE * DO * A21), "the updated *w₉* ≈ 0.7583 in place of *w₉* = 0.8"),
    ("d(w1)", UP1 * X1, "the path through *h₂⁽²⁾* is left out"),
    ("d(w1)", UP2 * X1, "the path through *h₁⁽²⁾* is left out"),
    ("d(w1)", G1 / X1, "the factor *x₁* = 0.4 is left out"),
    ("d(w1)", G1 / slope(A11), "the factor *σ′(z₁⁽¹⁾)* ≈ 0.2398 is left out"),
    ("d(w1)", (D21 * W[6] + D22 * W[7]) * slope(A11) * X1, "with *w₆* = 0.3 in place of *w₅* = 0.9"),
    ("d(w7)", G5, "with *∂L/∂z₁⁽²⁾* ≈ 0.01529 in place of *∂L/∂z₂⁽²⁾* ≈ 0.01436"),
    ("d(b1)", DO * A22, "That is *∂L/∂w₁₀*"),
    ("d(h1.a[1])", D21 * W[5], "the term *∂L/∂z₂⁽²⁾ · w₇* ≈ 0.001436 is left out"),
    ("d(out.a[1])", -AO, "not the sign: the difference is *a_out − y*, not the reverse"),
    ("d(out.a[1])", 2 * AO, "the ½ of the loss and the 2 of the square cancel"),
    ("d(out.z[1])", AO * slope(AO) / AO, "the factor *∂L/∂a_out* ≈ 0.8505 is left out"),
    # values
    ("h1.z[1]", Z11 - 0.2, "the bias *b₁* = 0.2 is left out"),
    ("h2.z[1]", Z21 - 0.5, "the bias *b₃* = 0.5 is left out"),
    ("h2.z[1]", Z21 - W[6] * A12, "the term *w₆ · a₂⁽¹⁾* ≈ 0.1716 is left out"),
    ("h2.z[1]", W[5] * A11 - W[6] * A12 + 0.5, "*w₆ · a₂⁽¹⁾* is subtracted, not added"),
    ("h2.z[1]", W[5] * Z11 + W[6] * A12 + 0.5, "with *z₁⁽¹⁾* = 0.41 in place of *a₁⁽¹⁾*"),
    ("h2.z[1]", W[5] * A11 + W[7] * A12 + 0.5, "with *w₇* = 0.1 in place of *w₆* = 0.3"),
    ("h2.z[1]", A21, "That is *a₁⁽²⁾*: the activation comes one step later"),
    ("h2.a[1]", Z21, "That is *z₁⁽²⁾*: the activation is left out"),
    ("h2.a[1]", slope(A21), "That is *σ′(z₁⁽²⁾)*, the slope of the activation, not its value"),
    ("h2.a[1]", sigmoid(-Z21), "the minus in the exponent is left out"),
    ("h2.a[1]", A22, "with *z₂⁽²⁾* ≈ 1.075 in place of *z₁⁽²⁾* ≈ 1.213"),
    ("loss", AO**2, "the ½ is left out"),
    ("loss", AO / 2, "*a_out − y* ≈ 0.8505 is not squared"),
    # updates
    ("w5'", 0.9 + RATE * G5, "*α · ∂L/∂w₅* is added, not subtracted"),
    ("w5'", 0.9 - G5, "the factor *α* = 0.5 is left out"),
    ("w5'", G5, "That is the gradient *∂L/∂w₅* itself"),
    ("w5'", RATE * G5, "That is the step *α · ∂L/∂w₅* alone; it is still to be subtracted from *w₅*"),
    ("w5'", 0.9, "That is *w₅* as it was before the update"),
    ("w5'", -RATE * G5, "*w₅* = 0.9 is left out"),
]


def quantity_of(moment, name):
    """The quantity; with a prime a parameter's value after the update."""
    found = resolve(moment.graph, name.removesuffix("'"))
    return replace(found, aspect=UPDATED) if name.endswith("'") else found


def typed(value, digits=6):
    """As a student writes it."""
    return f"{value:.{digits}g}"


@pytest.mark.parametrize(("name", "value", "told"), SLIPS, ids=[f"{n}: {t[:30]}" for n, _, t in SLIPS])
def test_every_slip_is_called_by_its_name(name, value, told):
    """With a decimal comma as with a point; to four digits the same, or as simple an explanation."""
    moment = scene()
    quantity = quantity_of(moment, name)
    for text in (typed(value), typed(value).replace(".", ",").replace("-", "−")):
        verdict = compare(moment, quantity, text)
        assert verdict.state == "slip"
        assert told in verdict.sentence
    assert compare(moment, quantity, typed(value, 4)).state in ("slip", "right", "near")


@pytest.mark.parametrize(
    ("text", "state", "told"),
    [
        ("0.009188556485876164", "right", "to all 16 digits you gave"),
        ("0.009189", "right", "Yes: 0.009189 agrees to all 4 digits you gave."),
        ("0,009189", "right", "Yes: 0,009189 agrees"),
        ("9.189e-3", "right", "to all 4 digits"),
        ("0.0092", "right", "to all 2 digits"),
        ("0.01", "right", "as far as it goes"),
        ("0.00918", "right", "Yes, but for rounding: the digits after 0.00918 make it 0.00919."),
        ("0.009191", "near", "Almost"),
        ("0.009190822", "near", "rounding in between"),
        ("0.0103", "off", "No: yours is off by 12 %. The factors are: *a_out − y* ≈ 0.8505; *σ′(z_out)*"),
        ("0.0612", "off", "times the right one"),
        ("0.0031", "off", "the right one is about 3 times yours"),
        ("0", "off", "No: yours differs."),
        ("7", "off", "far too large"),
    ],
)
def test_a_number_agrees_as_far_as_its_digits_go(text, state, told):
    """Rounded, cut off, off by what rounding leaves, or wrong."""
    moment = scene()
    verdict = compare(moment, quantity_of(moment, "d(w5)"), text)
    assert (verdict.state, told in verdict.sentence) == (state, True), verdict.sentence


def test_two_slips_that_lead_to_the_same_number_are_both_told():
    """In z₁⁽¹⁾ the first term and the bias are 0.2 each."""
    moment = scene()
    verdict = compare(moment, quantity_of(moment, "h1.z[1]"), "0.21")
    assert verdict.sentence == (
        "Yours is what comes out when the bias *b₁* = 0.2 is left out. "
        "The same comes out when the term *w₁ · x₁* = 0.2 is left out."
    )


@pytest.mark.parametrize("text", ["", "1 2", "abc", "0,5/1.5"])
def test_what_is_no_number_is_refused(text):
    """In the sentence that every other field gives."""
    moment = scene()
    with pytest.raises(InvalidEdit, match="would be right"):
        compare(moment, quantity_of(moment, "d(w5)"), text)


def uncovered(moment):
    """What is given, and what the steps so far have made."""
    given = [resolve(moment.graph, name) for name in ("x[1]", "x[2]", *moment.graph.parameters.names)]
    return [*given, *(moment.frame.plan.quantity(step) for step in range(1, moment.frame.position + 1))]


def test_nothing_is_given_away_before_its_time():
    """With everything covered neither the right number nor a covered factor stands in a sentence."""
    total = scene(0).frame.plan.total
    for position in range(total):
        moment = scene(position, asking=True)
        quantity = checked_quantity(moment)
        assert quantity == moment.frame.plan.quantity(position + 1)
        right = moment.frame.numbers(quantity)
        for text in ("0.12345", typed(2 * right), typed(-right), typed(right * 1.07)):
            verdict = compare(moment, quantity, text)
            assert verdict.state != "right"
            known = {moment.format.text(moment.frame.numbers(q)) for q in uncovered(moment)}
            shown = moment.format.text(right)
            assert shown in known or f"≈ {shown}" not in verdict.sentence
        for key in verdict.quantities:
            assert (
                moment.frame.knows(key)
                or moment.format.text(moment.frame.numbers(key)) not in verdict.sentence
            )


def test_every_right_number_is_right_and_every_part_is_a_part():
    """Whatever is calculated in an iteration, typed with 4, 8 or 17 digits."""
    moment = scene()
    for step in range(1, 52):
        quantity = moment.frame.plan.quantity(step)
        right = moment.frame.numbers(quantity)
        for digits in (4, 8, 17):
            assert compare(moment, quantity, typed(right, digits)).state == "right"


def test_samples_added_up_in_place_of_averaged():
    """The mean of three; the sum, and one sample alone, are told."""
    moment = batch_scene(document())
    plan = moment.frame.plan
    quantity = plan.quantity(plan.mean_start + 1)
    right = moment.frame.numbers(quantity)
    assert "added up, not averaged" in compare(moment, quantity, typed(3 * right)).sentence
    assert compare(moment, quantity, typed(right)).state == "right"
    single = replace(quantity, sample=1)
    assert (
        "divided by the 3 samples already"
        in compare(moment, single, typed(moment.frame.numbers(single) / 3)).sentence
    )


def test_there_is_a_number_to_be_checked_on_a_page_of_one_number_only():
    """The newest step's, the focus', the asked one's; not of what is given, nor of several."""
    assert checked_quantity(scene(0)) is None
    moment = scene(19)
    assert checked_quantity(moment) == quantity_of(moment, "d(w5)")
    assert checked_quantity(scene(19, focus="w9")) == quantity_of(moment, "d(w9)")
    assert checked_quantity(scene(5, focus="x[1]", asked=resolve(moment.graph, "x[1]"))) is None
    several = scene(19)
    several = replace(several, frame=replace(several.frame, size="neuron"))
    assert checked_quantity(several) is None
