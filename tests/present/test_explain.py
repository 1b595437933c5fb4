"""The explain panel's pages: every step asks, tells the rule, plugs in the numbers, and is right."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui.engine.expressions import Slope
from backprop_gui.present.explain import explain_page
from backprop_gui.present.math_text import plain
from backprop_gui.present.math_tree import Link, Matrix
from backprop_gui.present.numbers import full
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import status_picture, timeline_picture
from backprop_gui.steps.plan import STEP_SIZES
from backprop_gui.steps.quantities import GRADIENT, UPDATED, Quantity
from backprop_gui.steps.terms import count_paths, number_of, paths
from tests.networks import experiments, preset
from tests.present.scenes import Stage, canvas, numbers_in, parts

WORKED = Stage()
STEPS = range(1, 52)


def block(page, caption):
    """The rows of a block, as text."""
    return next([plain(row) for row in block.rows] for block in page.blocks if block.caption == caption)


@pytest.mark.parametrize("name", ["worked-example", "chain-of-neurons", "two-layer-chain"])
def test_every_step_has_its_question_rule_numbers_and_result(name):
    """The result's number is the record's, with all its digits behind it."""
    stage = Stage(name)
    for position in range(1, stage.story().plan.total + 1):
        scene = stage.scene(position)
        page = explain_page(scene)
        value = scene.frame.numbers(scene.frame.plan.quantity(position))
        assert page.question.endswith("?")
        assert page.why
        rule, with_numbers, result = page.blocks
        assert result.result
        assert result.caption == "Result"
        assert numbers_in(result.rows[0])[-1] == value
        assert with_numbers.caption == "With this step’s numbers"
        assert rule.rows
        assert page.kicker.endswith(f"step {position}")
        assert page.question.replace("*", "") in page.text


def test_about_stands_only_where_something_is_rounded():
    """`=` before exact numbers alone, `≈` as soon as one of them, or their result, is rounded."""
    rounded = exact = 0
    for position in STEPS:
        scene = WORKED.scene(position)
        page = explain_page(scene)
        _, with_numbers, result = page.blocks
        shown = [part for row in (*with_numbers.rows, *result.rows) for part in parts(row)]
        links = [part for part in shown if isinstance(part, Link) and part.tip]
        fair = all(scene.format.is_exact(float(link.tip.replace("−", "-"))) for link in links)
        rows = [plain(with_numbers.rows[0]), plain(result.rows[0])]
        assert ("=" in rows[0][:1]) == fair
        assert ("≈" in rows[0][:1]) != fair
        exact += fair
        rounded += not fair
        value = scene.frame.numbers(scene.frame.plan.quantity(position))
        assert ("≈" in rows[1]) != scene.format.is_exact(value)
    assert exact == 2  # z of both neurons of layer 1; everything later is rounded
    assert rounded == 49


@pytest.mark.parametrize(
    ("position", "told"),
    {
        5: (
            "What arrives at h₁⁽²⁾?",
            "z₁⁽²⁾ = w₅ · a₁⁽¹⁾ + w₆ · a₂⁽¹⁾ + b₃",
            "≈ 0.9 · 0.6011 + 0.3 · 0.572 + 0.5",
            "z₁⁽²⁾ ≈ 1.213",
        ),
        11: ("How far is the output from its target?", "L = ½(a_out − y)²", "≈ ½(0.8505 − 0)²", "L ≈ 0.3617"),
        12: (
            "How much does a_out change the loss?",
            "∂L/∂a_out = a_out − y",
            "≈ 0.8505 − 0",
            "∂L/∂a_out ≈ 0.8505",
        ),
        19: (
            "How much does w₅ change the loss?",
            "∂L/∂w₅ = ∂L/∂z₁⁽²⁾ · a₁⁽¹⁾",
            "≈ 0.01529 · 0.6011",
            "∂L/∂w₅ ≈ 0.009189",
        ),
        41: ("What is w₅ after the update?", "w₅ ← w₅ − α · ∂L/∂w₅", "≈ 0.9 − 0.5 · 0.009189", "w₅ ≈ 0.8954"),
    }.items(),
)
def test_steps_of_the_worked_example_in_words(position, told):
    """Forward, loss, backward and update, as a text book has them: question, rule, numbers, result."""
    page = explain_page(WORKED.scene(position))
    rows = [plain(row) for each in page.blocks for row in each.rows]
    assert (page.question.replace("*", ""), *rows) == told


def test_a_gradient_with_two_uses_is_the_sum_of_two_terms():
    """Upstream × local for each use, then both terms, then their sum."""
    page = explain_page(WORKED.scene(27))
    assert "2 ways" in page.why
    assert block(page, "Upstream × local") == ["∂L/∂a₁⁽¹⁾ = ∂L/∂z₁⁽²⁾ · w₅ + ∂L/∂z₂⁽²⁾ · w₇"]
    rows = block(page, "With this step’s numbers")
    assert rows == ["≈ 0.01529 · 0.9 + 0.01436 · 0.1", "≈ 0.01376 + 0.001436"]


def test_the_announcement_is_a_sentence():
    """Step, phase, name in words, `about` where it is rounded."""
    said = [explain_page(WORKED.scene(position)).announcement for position in range(52)]
    assert said[19] == "Step 19 of 51, backward. Derivative of L by w 5 is about 0.009189."
    assert said[1] == "Step 1 of 51, forward. Z 1 of layer 1 is 0.41."
    assert said[0] == "Step 0 of 51, start. What is given?"
    for position, sentence in enumerate(said[1:], start=1):
        pattern = rf"Step {position} of 51, (forward|loss|backward|update)\. .+ is (about )?(minus )?[\d.]+\."
        assert re.fullmatch(pattern, sentence), sentence


def test_small_numbers_are_announced_in_words():
    """`1.5e−7` is no word."""
    document = msgspec.structs.replace(preset("chain-of-neurons"), data={"x": [[-2e-7]], "targets": [[1.0]]})
    stage = Stage(document)
    said = [explain_page(stage.scene(p)).announcement for p in range(1, stage.story().plan.total + 1)]
    assert any("times 10 to the minus" in sentence for sentence in said)
    assert not any(re.search(r"\de(−|minus |\d)", sentence) for sentence in said)


def test_a_printed_number_is_matched():
    """At step 10 of the worked example, and nowhere else; not after an edit."""
    stamps = {p: [b.stamp for b in explain_page(WORKED.scene(p)).blocks if b.stamp] for p in STEPS}
    assert {p: s for p, s in stamps.items() if s} == {10: ["matches the printed 0.85049311458"]}
    assert explain_page(WORKED.scene(10, iteration=1)).blocks[-1].stamp == ""


def test_the_end_tells_what_the_update_did_to_the_loss():
    """After the last update, whatever the size of the step."""
    for size in STEP_SIZES:
        page = explain_page(WORKED.scene(51, size=size))
        assert "Loss 0.3617 → 0.3483 with the new weights" in page.text
    assert "with the new weights" not in explain_page(WORKED.scene(50)).text
    assert explain_page(Stage("two-layer-chain").scene(14)).text.count("Cost") <= 1


def test_the_meaning_follows_the_sign():
    """A positive gradient: raising raises the loss, the update lowers; a negative one the other way."""
    stage, signs = Stage("chain-of-neurons"), set()
    for position in range(1, stage.story().plan.total + 1):
        scene = stage.scene(position)
        quantity = scene.frame.plan.quantity(position)
        if quantity.aspect == GRADIENT and scene.is_parameter(quantity):
            positive = scene.frame.numbers(quantity) > 0
            signs.add(positive)
            words = ("raises", "lowers") if positive else ("lowers", "raises")
            name = scene.naming.plain(Quantity(quantity.node, quantity.element))
            expected = f"Raising *{name}* {words[0]} the cost, so the update {words[1]} it."
            assert explain_page(scene).meaning == expected
        if quantity.aspect == UPDATED:
            before = scene.frame.numbers(Quantity(quantity.node, quantity.element))
            falls = scene.frame.numbers(quantity) < before
            assert (" falls by " in explain_page(scene).meaning) == falls
    assert signs == {True, False}


def test_unfolding_writes_every_path_to_the_loss():
    """The products of the paths add up to the gradient; w₁ has two of them, w₅ one."""
    for position in range(12, 37):
        scene = WORKED.scene(position, unfolded=True)
        quantity = scene.frame.plan.quantity(position)
        found = [path.product for path in paths(scene.terms, quantity, 99)]
        assert len(found) == count_paths(scene.terms, quantity)
        total = sum(number_of(product, scene.frame.numbers) for product in found)
        assert total == pytest.approx(scene.frame.numbers(quantity), rel=1e-12)
        page = explain_page(scene)
        assert page.unfold == "unfolded"
        written = next(b for b in page.blocks if "path" in b.caption)
        assert len(written.rows) == len(found)
    page = explain_page(WORKED.scene(19, unfolded=True))
    assert "(a_out − y) · σ′(z_out) · w₉ · σ′(z₁⁽²⁾) · a₁⁽¹⁾" in page.text
    assert "2 paths to the loss" in explain_page(WORKED.scene(29, unfolded=True)).text
    assert explain_page(WORKED.scene(5, unfolded=True)).unfold == "none"
    assert explain_page(WORKED.scene(41, unfolded=True)).unfold == "none"


def test_a_factor_leads_to_the_step_that_made_it():
    """Every quantity in a formula is a link; all of them were uncovered before."""
    for position in range(12, 52):
        scene = WORKED.scene(position)
        targets = [
            part.target
            for row in (row for b in explain_page(scene).blocks[:2] for row in b.rows)
            for part in parts(row)
            if isinstance(part, Link) and isinstance(part.target, Quantity)
        ]
        assert targets
        for target in targets:
            step = scene.frame.plan.step_of(target)
            assert step is not None
            assert step < position


def test_a_slope_opens_its_rule():
    """σ′(z) = a(1 − a), with its number."""
    scene = WORKED.scene(18)
    slope = next(
        part.target
        for row in explain_page(scene).blocks[0].rows
        for part in parts(row)
        if isinstance(part, Link) and isinstance(part.target, Slope)
    )
    page = explain_page(WORKED.scene(18, rule=slope))
    rows = block(page, "The slope’s own rule")
    assert rows[0] == "σ′(z₁⁽²⁾) = a₁⁽²⁾(1 − a₁⁽²⁾)" or rows[0] == "σ′(z₁⁽²⁾) = a₁⁽²⁾ · (1 − a₁⁽²⁾)"
    assert rows[-1] == "≈ 0.1767"


def test_asking_first_shows_the_question_alone():
    """No number of the coming step is given away, not even to screen readers."""
    for position in range(51):
        scene = WORKED.scene(position, asking=True)
        page = explain_page(scene)
        assert page.asking
        assert page.blocks == ()
        assert page.question.endswith("?")
        assert f"step {position + 1}" in page.kicker
        coming = scene.frame.numbers(scene.frame.plan.quantity(position + 1))
        assert scene.format.text(coming) not in page.text


def test_a_focus_on_what_is_not_uncovered_tells_when_it_will_be():
    """The step is named, the number is not given away."""
    page = explain_page(WORKED.scene(5, focus="w5"))
    assert "uncovered in step 19; you are at step 5" in page.text
    assert "0.009189" not in page.text
    assert "w₅ = 0.9" in page.text


def matrices(scene):
    """The matrices of a page in order, as arrays with all digits."""
    found = []
    for each in explain_page(scene).blocks:
        for row in each.rows:
            for part in parts(row):
                if isinstance(part, Matrix):
                    found.append(np.array([[numbers_in(entry)[0] for entry in line] for line in part.rows]))
    return found


def test_the_matrix_form_of_a_layer_is_that_of_numpy():
    """z = Wa + b and a = σ(z); δ = (Wᵀδ) ⊙ σ′(z), ∂L/∂W = δaᵀ, ∂L/∂b = δ."""
    x, w1, b1 = np.array([[0.4], [0.1]]), np.array([[0.5, 0.1], [0.1, 0.5]]), np.array([[0.2], [0.2]])
    w2, b2 = np.array([[0.9, 0.3], [0.1, 0.9]]), np.array([[0.5], [0.5]])
    w3, b3 = np.array([[0.8, 0.7]]), np.array([[0.6]])

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    a1 = sigma(w1 @ x + b1)
    z2 = w2 @ a1 + b2
    a2 = sigma(z2)
    out = sigma(w3 @ a2 + b3)
    delta3 = out * out * (1 - out)
    delta2 = (w3.T @ delta3) * a2 * (1 - a2)
    forward = matrices(WORKED.scene(8, size="layer"))
    for shown, expected in zip(forward, [w2, a1, b2, z2, a2], strict=True):
        np.testing.assert_allclose(shown, expected, rtol=1e-14)
    backward = matrices(WORKED.scene(26, size="layer"))
    expected = [w3, delta3, a2 * (1 - a2), delta2, delta2, a1.T, delta2 @ a1.T, delta2]
    for shown, array in zip(backward, expected, strict=True):
        np.testing.assert_allclose(shown, array, rtol=1e-13)
    update = matrices(WORKED.scene(44, size="layer"))
    for shown, array in zip(update, [w2, delta2 @ a1.T, w2 - 0.5 * delta2 @ a1.T], strict=True):
        np.testing.assert_allclose(shown, array, rtol=1e-13)


def test_a_neuron_s_step_lists_its_lines():
    """z and a; on the way back ∂a, ∂z, its weights and its bias."""
    assert len(explain_page(WORKED.scene(2, size="neuron")).blocks) == 2
    page = explain_page(WORKED.scene(21, size="neuron"))
    assert len(page.blocks) == 5
    for name in ("∂L/∂a₁⁽²⁾", "∂L/∂z₁⁽²⁾", "∂L/∂w₅", "∂L/∂w₆", "∂L/∂b₃"):
        assert name in page.text


def test_the_number_on_hover_has_all_digits():
    """The shortest text that reads back to the same number."""
    scene = WORKED.scene(19)
    value = scene.frame.numbers(scene.frame.plan.quantity(19))
    tips = [part.tip for part in parts(explain_page(scene).blocks[-1].rows[0]) if isinstance(part, Link)]
    assert full(value) in tips
    assert float(full(value)) == value


@settings(max_examples=60)
@given(experiments(most_rows=3), st.data())
def test_any_network_can_be_shown_at_any_moment(experiment, data):
    """Pages, canvas, tables and timeline build; the newest step's result is the record's number."""
    stage = Stage(experiment)
    total = stage.story().plan.total
    for _ in range(4):
        position = data.draw(st.integers(0, total))
        size = data.draw(st.sampled_from(STEP_SIZES))
        scene = stage.scene(position, size=size, unfolded=data.draw(st.booleans()))
        page = explain_page(scene)
        picture = canvas(scene)
        assert page.text
        assert f"Step {position} of {total}" in page.announcement
        assert {chip.identity for chip in picture.chips} == set(scene.graph.parameters.names)
        assert timeline_picture(scene, 0).position == position
        assert status_picture(scene, "none").conventions
        assert len(list(gradient_table(scene).rows)) == len(list(parameter_table(scene).rows))
        if position and size == "operation":
            value = scene.frame.numbers(scene.frame.plan.quantity(position))
            assert numbers_in(page.blocks[-1].rows[0])[-1] == value
