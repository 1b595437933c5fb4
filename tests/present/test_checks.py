"""What is said of gradients beside their finite differences: confirmed, tiny, at a kink, wrong."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from backprop_gui.present.checks import check_picture, check_stamp, power
from backprop_gui.present.numbers import MINUS
from backprop_gui.present.verdicts import Verdict
from tests.batch_experiment import document, scene


def kinked():
    """A ReLU whose input is exactly 0, and a saturated sigmoid with tiny gradients behind it."""
    content = document(loss={"op": "half_squared_error", "of": "p"})
    first, last = content["network"]["nodes"]
    first.update(activation="relu", weights=[[0.5, -0.5], [0.2, 0.3]], biases=[0, 0.2])
    last.update(units=1, activation="sigmoid", weights=[[1.5, 12]], biases=[12])
    content["data"] = {"x": [[1, 1]], "targets": [[0]]}
    content["training"]["batch_size"] = 1
    return scene(content, check=True)


def with_numeric(moment, changes):
    """The same moment with finite differences that came out otherwise."""
    layout = moment.graph.parameters
    numeric = {**moment.numeric, **{layout.place_of(name): value for name, value in changes.items()}}
    return replace(moment, numeric=numeric)


def number(text):
    """What stands in a cell, with its true minus."""
    return float(text.replace(MINUS, "-"))


def verdict_words(picture):
    """What is said of each parameter, by its own name."""
    return {row.identity: row.texts[-1] for row in picture.table.rows}


def test_all_confirmed_names_the_worst():
    """A sentence, and rows that begin with the one it names."""
    picture = check_picture(scene(document(), check=True))
    first = picture.table.rows[0]
    assert picture.state == "good"
    assert picture.sentence.startswith("12 of 12 gradients confirmed; the largest relative error is ")
    assert picture.sentence.endswith(f" at {first.texts[0]}.")
    assert set(verdict_words(picture).values()) == {"✓"}
    errors = [number(row.full[3]) for row in picture.table.rows]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) == 12
    assert "mean over 3 samples" in picture.remarks[0]


def test_at_a_kink_nobody_is_wrong():
    """The two slopes differ, so their mean refutes nothing: neither ✓ nor ✗, and a remark why."""
    moment = kinked()
    picture = check_picture(moment)
    words = verdict_words(picture)
    assert {name for name, word in words.items() if word == "at a kink"} == {"w1", "w2", "b1"}
    assert picture.state == "stale"
    assert any(remark.startswith("w₁, w₂, b₁ stand at a kink") for remark in picture.remarks)
    assert check_stamp(moment) == ("finite differences mean little at a kink: w₁, w₂, b₁", "stale")


def test_tiny_gradients_are_confirmed_within_rounding():
    """Their relative error is that of the loss, which is no error of theirs."""
    picture = check_picture(kinked())
    tiny = [row for row in picture.table.rows if row.texts[-1] == "✓ within rounding"]
    assert tiny
    assert all(1e-6 < number(row.full[3]) < 1e-2 for row in tiny)
    assert all(abs(number(row.full[1])) < 1e-4 for row in tiny)
    assert any("confirmed within rounding" in remark for remark in picture.remarks)


def test_a_wrong_gradient_comes_first_and_is_named():
    """A finite difference that is far off, away from any kink."""
    moment = with_numeric(scene(document(), check=True), {"w3": 0.5, "b2": 0.3})
    picture = check_picture(moment)
    assert picture.state == "bad"
    assert [row.identity for row in picture.table.rows[:2]] == ["b2", "w3"]
    assert picture.sentence.startswith("10 of 12 gradients confirmed; b₂ disagrees most, by a relative error")
    assert verdict_words(picture)["w3"] == "✗ disagrees"
    assert check_stamp(moment) == ("finite differences disagree at w₃, b₂", "bad")


def test_what_is_not_finite_is_not_confirmed():
    """An infinite difference says nothing of the gradient."""
    moment = with_numeric(scene(document(), check=True), {"w1": np.inf, "w2": np.nan})
    picture = check_picture(moment)
    assert picture.sentence == "10 of 12 gradients confirmed; what is not finite can't be measured."
    assert [row.texts[-1] for row in picture.table.rows[:3]] == ["not finite", "not finite", "✓"]
    assert check_stamp(moment)[1] == "bad"


def test_all_verdicts_agree_with_the_one_by_one():
    """The arrays say what the gradient table says of each parameter."""
    for moment in (kinked(), with_numeric(scene(document(), check=True), {"w3": 0.5, "b2": np.nan})):
        found = moment.verdicts
        for place, verdict in zip(found.places, found.verdict, strict=True):
            assert moment.is_checked(int(place)) == (verdict >= Verdict.ROUNDING)


def test_without_a_check_there_is_nothing_to_see():
    """Numbers of other gradients are not shown beside these."""
    picture = check_picture(scene(document()))
    assert (picture.state, len(picture.table.rows)) == ("stale", 0)
    assert "not checked" in picture.sentence


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (3.2e-11, "3·10⁻¹¹"), (1.0, "1"), (0.34, "0.3")])
def test_powers_are_short(value, text):
    """One digit tells how good it is."""
    assert power(value) == text
