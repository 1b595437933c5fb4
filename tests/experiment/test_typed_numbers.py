"""Numbers as people type them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.edits import parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (" 3 ", 3.0),
        ("1/3", 1 / 3),
        ("-1 / 3", -1 / 3),
        ("1,5/2", 0.75),
        ("−2e-3", -0.002),
        ("-2E−3", -0.002),
        ("+.5", 0.5),
        ("1 000", 1000.0),
        ("1\u202f000,25", 1000.25),
        ("0/5", 0.0),
        ("1e-999", 0.0),
    ],
)
def test_what_is_understood(text, number):
    """Decimal comma, fractions, a true minus sign and spaces between digits."""
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no number; 0.5, 1/3 or -2e-3 would be right"),
        ("   ", "is no number; 0.5, 1/3 or -2e-3 would be right"),
        ("abc", "is no number"),
        ("1.2.3", "is no number"),
        ("1,234,567", "is no number"),
        ("1,234.5", "is no number; either a comma or a point would be right"),
        ("0,5/1.5", "either a comma or a point"),
        ("1 2", "is no number but several; a single one would be right"),
        ("0.5 0.25", "several"),
        ("10 00", "several"),
        ("1 2/3", "is no number"),
        ("1_000", "is no number"),
        ("١", "is no number"),
        ("1/2/3", "is no number"),
        ("1/", "is no number"),
        ("0x10", "is no number"),
        ("½", "is no number"),
        ("--1", "is no number"),
        ("1/0", "divides by zero; a finite number would be right"),
        ("0/0", "divides by zero"),
        ("1/-0", "divides by zero"),
        ("inf", "is not finite; a finite number would be right"),
        ("-Infinity", "is not finite"),
        ("nan", "is not finite"),
        ("1/inf", "is not finite"),
        ("1e999", "is not finite"),
        ("1e308/1e-308", "is not finite"),
        ("9" * 500, "is not finite"),
    ],
)
def test_what_is_refused(text, why):
    """With the text, what is wrong with it, and what would be right; an endless text is cut."""
    with pytest.raises(InvalidEdit) as caught:
        parse_number(text)
    sentence = str(caught.value)
    assert why in sentence
    assert text[:40] in sentence
    assert len(sentence) < 120


@given(st.text() | st.text(alphabet="0123456789.,/-+eEinfa_ −"))
def test_nothing_else_can_happen(text):
    """Any text gives a finite number or a sentence."""
    try:
        number, sentence = parse_number(text), ""
    except InvalidEdit as refusal:
        number, sentence = 0.0, str(refusal)
    assert math.isfinite(number)
    assert not sentence or sentence.endswith("would be right")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_reads_back(number):
    """All digits of a float, with point or comma."""
    assert parse_number(repr(number)) == number
    assert parse_number(repr(number).replace(".", ",").replace("-", "−")) == number
