"""Arithmetic that is shown is calculated as the arrays calculate, also where numbers end."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_gui.engine.expressions import (
    FUNCTIONS,
    ONE,
    Apply,
    Constant,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Slope,
    Sum,
    children,
    difference,
    evaluate,
    rewrite,
)

EDGES = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, 1e308, -1e308, 1e-308, math.inf, -math.inf, math.nan]
edge_numbers = st.sampled_from(EDGES) | st.floats()


def nothing(key: object) -> float:
    raise AssertionError(f"{key} is no part of this expression")


@given(edge_numbers, edge_numbers)
def test_arithmetic_ends_where_that_of_arrays_does(x, y):
    """Overflow, 1/0, 0/0 and roots of negative numbers give what numpy gives, never an exception."""
    first, second = Constant(x), Constant(y)
    with np.errstate(all="ignore"):
        pairs = [
            (Sum((first, second)), np.float64(x) + y),
            (difference(first, second), np.float64(x) - y),
            (Product((first, second)), np.float64(x) * y),
            (Quotient(first, second), np.divide(x, y)),
            (Power(first, second), np.float_power(x, y)),
        ]
    for expression, expected in pairs:
        found = evaluate(expression, nothing)
        if isinstance(expression, Quotient) and y == 0:
            found, expected = abs(found), abs(expected)  # a sum of terms knows no negative zero
        if isinstance(expression, Power) and x == 0 and y < 0:
            found, expected = abs(found), abs(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("exp", np.exp),
        ("ln", np.log),
        ("sqrt", np.sqrt),
        ("tanh", np.tanh),
        ("abs", np.abs),
        ("sign", np.sign),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-np.float64(x)))),
    ],
)
@given(x=edge_numbers)
def test_functions_bear_any_number(name, theirs, x):
    """A function of a number that is not finite is what numpy makes of it."""
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(FUNCTIONS[name](x), theirs(np.float64(x)), rtol=1e-12, atol=1e-300)


def test_parts_and_rewriting_reach_everything():
    """A reference anywhere in an expression is found by walking the parts, and replaced by rewriting."""
    refs = iter(range(20))

    def ref() -> Expression:
        return Ref(next(refs))

    whole = Sum(
        (
            Product((ref(), Negative(ref()))),
            Quotient(ref(), Power(ref(), ref())),
            Apply("max", (ref(), ref())),
            Slope("tanh", Ref(0), Product((ref(), ONE))),
        )
    )
    found: set[object] = set()
    stack: list[Expression] = [whole]
    while stack:
        part = stack.pop()
        found.update({part.key} if isinstance(part, Ref) else ())
        stack.extend(children(part))
    assert found == set(range(8))
    numbers: dict[object, float] = dict(enumerate([1.5, 2.0, 3.0, 2.0, 3.0, 4.0, 7.0, 0.5]))
    value = 1.5 * -2.0 + 3.0 / 2.0**3.0 + 7.0 + 0.5
    assert evaluate(whole, lambda key: numbers[key]) == value
    assert evaluate(rewrite(whole, lambda key: Constant(numbers[key])), nothing) == value
