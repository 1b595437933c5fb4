"""Numbers on screen: rounded to the digits that were chosen, exact where they say so."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_gui.present.numbers import NumberFormat, full, plain_number, spoken_number

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def read(text):
    """The number a shown text stands for."""
    return float(plain_number(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00918888, "0.009189"),
        (-1.2133, "−1.213"),
        (1.5e-7, "1.5e−7"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (100.0, "100"),
        (123456.0, "123500"),
        (1e6, "1e6"),
        (0.99999, "1"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "not a number"),
    ],
)
def test_four_digits_are_usual(value, text):
    """Short, without trailing zeros, with a true minus."""
    assert NumberFormat().text(value) == text


@given(st.floats(-1e307, 1e307), st.integers(2, 16))
def test_rounding_is_off_by_half_a_unit_at_most(value, digits):
    """In the last of the chosen digits."""
    shown = read(NumberFormat(digits).text(value))
    assert abs(shown - value) <= 0.5001 * 10.0 ** (1 - digits) * abs(value) + 5e-324
    assert math.copysign(1, shown) == math.copysign(1, value) or shown == 0


@given(FINITE)
def test_all_digits_read_back_to_the_same_number(value):
    """On hover, in the clipboard, at 17 digits."""
    assert read(full(value)) == value
    assert read(NumberFormat(17).text(value)) == value


@given(FINITE, st.integers(2, 17))
def test_what_is_called_exact_is_exact(value, digits):
    """But for the last bit: 0.1 + 0.2 may be shown as 0.3."""
    form = NumberFormat(digits)
    if form.is_exact(value):
        assert read(form.text(value)) == pytest.approx(value, rel=1e-15, abs=0)


@given(FINITE, st.integers(2, 16))
def test_no_number_is_longer_than_announced(value, digits):
    """Cards are as wide as that; an exponent of three digits is beyond what is usual."""
    form = NumberFormat(digits)
    if value == 0 or 1e-99 < abs(value) < 1e99:
        assert len(form.text(value)) <= form.longest


def test_a_number_is_said_in_words():
    """Screen readers stumble over e−7."""
    assert spoken_number("−1.5e−7") == "minus 1.5 times 10 to the minus 7"
    assert spoken_number("2e9") == "2 times 10 to the 9"
    assert spoken_number("not a number") == "not a number"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00918888, "0.0092"),
        (-1.2133, "−1.2133"),
        (1.5e-7, "0.0000"),
        (-1.5e-7, "−0.0000"),
        (-0.0, "0.0000"),
        (100.0, "100.0000"),
        (999999.99999, "1.0000e6"),
        (-2.5e300, "−2.5000e300"),
        (math.inf, "∞"),
    ],
)
def test_a_fixed_number_of_decimals(value, text):
    """All with as many decimals, so that columns line up; only what would be too long has an exponent."""
    assert NumberFormat(4, fixed=True).text(value) == text


@given(st.floats(-1e306, 1e306), st.integers(2, 17))
def test_fixed_decimals_are_rounded_to_half_a_unit(value, digits):
    """Of the last decimal; what is called exact is exact, and nothing is longer than announced."""
    form = NumberFormat(digits, fixed=True)
    shown = read(form.text(value))
    unit = max(1.0, abs(value)) if abs(value) >= 999_999 else 1.0
    assert abs(shown - value) <= 0.5001 * 10.0**-digits * unit + 1e-15 * abs(value)
    if form.is_exact(value):
        assert shown == pytest.approx(value, rel=1e-15, abs=0)
    if value == 0 or abs(value) < 1e99:
        assert len(form.text(value)) <= form.longest


@given(FINITE, st.integers(2, 17), st.booleans())
def test_a_decimal_comma_changes_the_sign_alone(value, digits, fixed):
    """The same digits, exact for the same numbers."""
    point, comma = NumberFormat(digits, fixed), NumberFormat(digits, fixed, comma=True)
    assert comma.text(value) == point.text(value).replace(".", ",")
    assert comma.full(value) == full(value).replace(".", ",")
    assert comma.is_exact(value) == point.is_exact(value)


def test_lists_and_counts_are_not_mistaken_for_decimals():
    """0,5; 0,25 and 1 234, where a comma is decimal."""
    comma = NumberFormat(comma=True)
    assert comma.listed(["0,5", "0,25"]) == "0,5; 0,25"
    assert NumberFormat().listed(["0.5", "0.25"]) == "0.5, 0.25"
    assert comma.count(1234) == "1\u202f234"
    assert NumberFormat().count(1234) == "1,234"
    assert comma.localised("0.5 · w₁.") == "0,5 · w₁."
