"""Formula trees as LaTeX, as plain text and in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_gui.present.math_text import latex, plain, spoken
from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Matrix,
    Operator,
    Root,
    Row,
    Script,
    Symbol,
    name,
    number,
    row,
)

Z12 = Script(name("z"), number("1"), Bracketed(number("2")))
A11 = Script(name("a"), number("1"), Bracketed(number("1")))
W5 = Script(name("w"), number("5"))


def slope_by(quantity: Math) -> Math:
    return Fraction(row(Symbol("∂"), name("L")), row(Symbol("∂"), quantity))


CHAIN = row(slope_by(W5), Operator("="), Link(slope_by(Z12), "z"), Operator("·"), Link(A11, "a", lit=True))
PRIMED = row(Symbol("σ′"), Bracketed(Script(name("z"), name("out"))))
SIGMOID = row(
    name("σ"),
    Bracketed(name("z")),
    Operator("="),
    Fraction(
        number("1"), row(number("1"), Operator("+"), Script(name("e"), None, row(Operator("−"), name("z"))))
    ),
)
HALF = row(
    name("L"),
    Operator("="),
    Fraction(number("1"), number("2")),
    Script(Bracketed(row(name("a"), Operator("−"), name("y"))), None, number("2")),
)
ADAM = Fraction(name("m̂"), row(Root(name("v̂")), Operator("+"), name("ε")))
VECTORS = row(
    Matrix(((number("−1"), number("2")), (number("3"), number("4")))), Matrix(((name("x"),), (name("y"),)))
)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            CHAIN,
            r"\frac{\partial L}{\partial w_{5}} = \frac{\partial L}{\partial z_{1}^{(2)}} \cdot a_{1}^{(1)}",
        ),
        (PRIMED, r"\sigma' (z_{\mathrm{out}})"),
        (SIGMOID, r"\sigma (z) = \frac{1}{1 + e^{- z}}"),
        (ADAM, r"\frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon}"),
        (VECTORS, r"\begin{bmatrix} -1 & 2 \\ 3 & 4 \end{bmatrix} \begin{bmatrix} x \\ y \end{bmatrix}"),
        (Bracketed(Fraction(name("a"), name("b"))), r"\left( \frac{a}{b} \right)"),
        (Script(Script(name("W"), None, number("2")), None, Symbol("T")), "{W^{2}}^{T}"),
        (Symbol("x", latex=r"\mathbf{x}"), r"\mathbf{x}"),
        (Symbol("50%_{"), r"50\%\_\{"),
    ],
)
def test_latex_is_what_one_would_write_by_hand(tree: Math, expected: str) -> None:
    assert latex(tree) == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (CHAIN, "∂L/∂w₅ = ∂L/∂z₁⁽²⁾ · a₁⁽¹⁾"),
        (PRIMED, "σ′(z_out)"),
        (Script(name("x"), name("ij")), "x_ij"),
        (SIGMOID, "σ(z) = 1/(1 + e⁻ᶻ)"),
        (HALF, "L = (1/2)(a − y)²"),
        (ADAM, "m̂/(√v̂ + ε)"),
        (VECTORS, "[−1, 2; 3, 4][x; y]"),
        (Fraction(name("a"), row(number("2"), name("b"))), "a/(2b)"),
        (row(Symbol("max"), name("x")), "max x"),
        (row(number("2"), number("3")), "2 3"),
    ],
)
def test_plain_text_keeps_the_meaning_on_one_line(tree: Math, expected: str) -> None:
    assert plain(tree) == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (CHAIN, "derivative of L by w 5 equals derivative of L by z 1 of layer 2 times a 1 of layer 1"),
        (PRIMED, "sigma prime of z out"),
        (SIGMOID, "sigma of z equals the fraction 1 over 1 plus e to the minus z, end of fraction"),
        (HALF, "L equals 1 over 2 times open bracket a minus y close bracket squared"),
        (row(Operator("≈"), number("−0.5")), "is about minus 0.5"),
        (Root(name("v̂")), "square root of v hat"),
        (Script(Symbol("W", slanted=True), None, Symbol("T")), "W transposed"),
        (Matrix(((number("1"),), (number("2"),))), "column vector 1, 2, end of vector"),
        (Symbol("δ", spoken="error"), "error"),
    ],
)
def test_spoken_form_is_what_a_teacher_says(tree: Math, expected: str) -> None:
    assert spoken(tree) == expected


def test_links_do_not_change_any_text() -> None:
    bare = row(slope_by(W5), Operator("="), slope_by(Z12), Operator("·"), A11)
    assert (latex(CHAIN), plain(CHAIN), spoken(CHAIN)) == (latex(bare), plain(bare), spoken(bare))


def _deeper(trees: st.SearchStrategy[Math]) -> st.SearchStrategy[Math]:
    rows = st.lists(trees, max_size=4).map(tuple)
    sides = st.sampled_from(["(", ")", "[", "{", "}", "|", "‖", "⟨", "", "a"])
    return st.one_of(
        st.builds(Row, rows),
        st.builds(Fraction, trees, trees),
        st.builds(Script, trees, st.none() | trees, st.none() | trees),
        st.builds(Bracketed, trees, sides, sides),
        st.builds(Root, trees),
        st.builds(Matrix, st.lists(rows, max_size=3).map(tuple)),
        st.builds(Link, trees, st.none() | st.integers(), st.text(max_size=3), st.booleans()),
    )


LEAVES = st.one_of(
    st.builds(
        Symbol,
        st.text(max_size=5) | st.sampled_from(["∂", "∂w", "σ′", "ŷ", "Σ"]),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Operator, st.sampled_from("=≈+−·⊙←,/") | st.text(max_size=2)),
)
TREES = st.recursive(LEAVES, _deeper, max_leaves=12)


@given(TREES)
def test_any_tree_can_be_written_and_read(tree: Math) -> None:
    """No tree raises or comes out empty, and LaTeX's braces and brackets pair up."""
    assert plain(tree)
    assert spoken(tree)
    code = re.sub(r"\\[\\{}]", "", latex(tree))
    assert code.count("{") == code.count("}")
    assert code.count(r"\left") - code.count(r"\leftarrow") == code.count(r"\right") - code.count(
        r"\rightarrow"
    )
