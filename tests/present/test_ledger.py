"""What the ledger of paths says: chains, factors, values, shares, the sum, and nothing before its time."""

from __future__ import annotations

import pytest

from backprop_gui.present.ledger import LedgerPicture, ledger_picture
from backprop_gui.present.math_text import plain
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.steps.references import resolve
from tests.networks import layers
from tests.present.scenes import Stage, numbers_in


def account(stage: Stage, name: str, position: int, choice: str = "", **more) -> LedgerPicture:
    scene = stage.scene(position, **more)
    return ledger_picture(scene, resolve(scene.graph, name), choice)


def test_the_account_of_w1():
    """Both ways as chains, their factors in symbols and numbers, value, share, and the sum."""
    picture = account(Stage(), "w1", 51)
    assert picture.question == "By which ways does *w₁* change the loss?"
    assert "2 ways lead from *w₁* to *L*." in picture.told
    upper, lower = picture.rows
    assert plain(upper.chain) == "w₁ → z₁⁽¹⁾ → a₁⁽¹⁾ → z₁⁽²⁾ → a₁⁽²⁾ → z_out → a_out → L"
    assert plain(lower.chain) == "w₁ → z₁⁽¹⁾ → a₁⁽¹⁾ → z₂⁽²⁾ → a₂⁽²⁾ → z_out → a_out → L"
    assert upper.factors is not None
    assert plain(upper.factors) == "(a_out − y) · σ′(z_out) · w₉ · σ′(z₁⁽²⁾) · w₅ · σ′(z₁⁽¹⁾) · x₁"
    assert (upper.value, upper.share_text) == ("≈ +0.00132", "91 %")
    assert (lower.value, lower.share_text) == ("≈ +0.0001377", "9 %")
    assert picture.total is not None
    assert plain(picture.total) == "Sum = ∂L/∂w₁ ≈ 0.001457"
    assert picture.stamp == ""
    assert "0.00132 (91 %)" in picture.text


def test_a_check_mark_needs_a_finite_difference():
    """Only where one confirms this very gradient."""
    stage = Stage()
    scene = stage.scene(51)
    place = scene.graph.parameters.place_of("w1")
    gradient = float(scene.frame.record.parameter_gradient[place])
    assert account(stage, "w1", 51, numeric={place: gradient}).stamp == "finite difference"
    assert account(stage, "w1", 51, numeric={place: 2 * gradient}).stamp == ""
    assert "✓" not in account(stage, "w1", 51).text


def test_nothing_is_told_before_it_is_uncovered():
    """The ways alone: no number, no factor, no tip, whichever step comes later."""
    for position in (0, 11, 28):
        picture = account(Stage(), "w1", position)
        assert "uncovered in step 29" in picture.told
        assert picture.total is None
        assert [row.value for row in picture.rows] == ["", ""]
        assert not any(numbers_in(row.chain) for row in picture.rows)
        assert not any(row.factors or row.numbers for row in picture.rows)
    assert account(Stage(), "w1", 29).total is not None


def test_a_path_lights_what_lies_on_it():
    """Its neurons, its weights and the loss; nothing of the other path."""
    stage = Stage()
    scene = stage.scene(51)
    _, lower = account(stage, "w1", 51).rows
    names = {scene.name_of(each) for each in lower.quantities}
    assert {"w1", "w7", "w10", "h1.a[1]", "h2.a[2]", "out.a[1]", "loss"} <= names
    assert not {"w5", "w9", "h2.a[1]"} & names


def test_any_quantity_may_be_asked():
    """Neurons and values of any step; inputs, targets and the loss have their own words."""
    stage = Stage()
    assert len(account(stage, "h1.z[2]", 51).rows) == 2
    assert len(account(stage, "d(out.a[1])", 51).rows) == 1
    assert len(account(stage, "x[1]", 51).rows) == 4
    assert account(stage, "x[1]", 20).total is None
    assert "own slope is 1" in account(stage, "loss", 51).told
    assert "target" in account(stage, "targets[1]", 51).told
    assert "press" in ledger_picture(stage.scene(0), None).told.lower()


def test_many_paths_are_counted_and_the_rest_summed():
    """Shown, remainder and sum fit together in the texts' own numbers."""
    picture = account(Stage(layers([2, *[5] * 6, 1])), "w1", 400)
    assert "3,125 ways" in picture.told
    assert len(picture.rows) == 17
    assert plain(picture.rows[-1].chain) == "3,109 further paths, together"
    parts = [float(row.full.replace("−", "-")) for row in picture.rows]
    assert picture.total is not None
    assert sum(parts) == pytest.approx(numbers_in(picture.total)[-1], rel=1e-12)


def test_the_mean_lists_the_sum_of_every_sample():
    """Its samples average to it; one sample can be asked for instead."""
    stage = Stage(layers([2, 3, 1], rows=3, batch_size=3))
    total = stage.story().plan.total
    mean = account(stage, "w1", total)
    assert (mean.choice, len(mean.rows)) == ("mean", 3)
    sums = [float(row.full.replace("−", "-")) for row in mean.rows]
    assert mean.total is not None
    assert sum(sums) / 3 == pytest.approx(numbers_in(mean.total)[-1], rel=1e-12)
    one = account(stage, "w1", total, "sample")
    assert (one.choice, one.sample_title) == ("sample", "Sample 3")
    assert one.total is not None
    assert numbers_in(one.total)[-1] == pytest.approx(sums[2], rel=1e-12)
    hidden = account(stage, "w1", 1, "mean")
    assert (hidden.total, hidden.rows) == (None, ())


def test_a_blocked_gradient_says_so():
    """All slopes of a dead neuron are there, and one of them is 0."""
    stage = Stage("dead-relu")
    scene = stage.scene(stage.story().plan.total)
    for place in scene.graph.parameters.scalars:
        quantity = scene.parameter(int(place), GRADIENT, 0)
        picture = ledger_picture(scene, Quantity(quantity.node, quantity.element), "sample")
        blocked = all(row.share == 0 for row in picture.rows)
        assert ("blocks" in picture.told) == blocked


def test_an_opened_rule_stands_in_one_row():
    """σ′ = a(1 − a) below the first path that has the slope."""
    stage = Stage()
    row = account(stage, "w1", 51).rows[0]
    assert row.factors is not None
    slope = next(part.target for part in row.factors.children if getattr(part, "target", None) is not None
                 and "σ" in plain(part))  # fmt: skip
    picture = account(stage, "w1", 51, rule=slope)
    assert [bool(each.rule) for each in picture.rows] == [True, False]
