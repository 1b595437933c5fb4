"""What the formulas of the operation table look like, in one line and in LaTeX."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest

from backprop_gui.engine.expressions import (
    Apply,
    Constant,
    Expression,
    Negative,
    Operand,
    Output,
    Product,
    Ref,
    Shorthand,
    Slope,
    Sum,
    children,
    difference,
    evaluate,
    rewrite,
)
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.present.arithmetic import arithmetic
from backprop_gui.present.formulas import _Writer, loss_rule
from backprop_gui.present.math_text import latex, plain, spoken
from backprop_gui.present.math_tree import Link, Math, Script, Symbol, name

LETTERS = {"conv1d": "xθb"}


def writer(operation: str, lit: Expression | None = None) -> _Writer:
    """Writes operands as letters by slot, the output as s or a, with indices from 1."""
    row = OPERATIONS[operation]
    letters = LETTERS.get(operation, "ay" if row.loss else "zuv")

    def letter(key: Hashable) -> Math:
        assert isinstance(key, Operand | Output)
        letter = letters[key.slot] if isinstance(key, Operand) else "s" if operation == "softmax" else "a"
        indices = "".join(str(i + 1) for i in key.element)
        return Script(name(letter), Symbol(indices)) if indices else name(letter)

    def leaf(part: Ref | Slope, is_lit: bool) -> Math:
        assert isinstance(part, Ref)
        return Link(letter(part.key), part.key, "", is_lit)

    return _Writer(leaf, lit)


class Row:
    """One operation on one sample's numbers."""

    def __init__(self, operation: str, *operands: Any, **attributes: Any) -> None:
        self.operation, self.attributes = operation, attributes
        row = OPERATIONS[operation]
        self.operands = tuple(np.array(operand, dtype=float) for operand in operands)
        batch = (a if slot in row.parameters else a[None] for slot, a in enumerate(self.operands))
        self.output = row.forward(tuple(batch), attributes)[0]

    def formula(self, *element: int) -> Expression:
        return OPERATIONS[self.operation].formula(element, self.operands, self.output, self.attributes)

    def locals(self, *element: int) -> list[Expression]:
        row = OPERATIONS[self.operation]
        found = [p.local for p in row.partials(element, self.operands, self.output, self.attributes)]
        return [local.rule if isinstance(local, Slope) else local for local in found]

    def line(self, expression: Expression) -> str:
        return plain(writer(self.operation).write(expression))


@pytest.mark.parametrize(
    ("name", "z", "formula", "slope"),
    [
        ("relu", 0.7, "max(0, z₁)", "1"),
        ("relu", -0.7, "max(0, z₁)", "0"),
        ("leaky_relu", -0.7, "0.01 · z₁", "0.01"),
        ("elu", 0.7, "z₁", "1"),
        ("elu", -0.7, "e^(z₁) − 1", "e^(z₁)"),
        ("softplus", 0.7, "ln(1 + e^(z₁))", "σ(z₁)"),
        ("silu", 0.7, "z₁ · σ(z₁)", "σ(z₁) + a₁ · (1 − σ(z₁))"),
        (
            "gelu",
            0.7,
            "z₁ · ½(1 + erf(z₁/√2))",
            "½(1 + erf(z₁/√2)) + z₁ · e^(−½z₁²)/√(2 · π)",
        ),
    ],
)
def test_activations(name, z, formula, slope):
    """The formula and the rule of the slope, the branch in force where there are several."""
    row = Row(name, [z])
    assert row.line(row.formula(0)) == formula
    assert [row.line(local) for local in row.locals(0)] == [slope]


@pytest.mark.parametrize(
    ("name", "a", "attributes", "formula", "slopes"),
    [
        ("mean_squared_error", [0.5, 2], {}, "((a₁ − y₁)² + (a₂ − y₂)²)/2", ["2(a₁ − y₁)/2", "2(a₂ − y₂)/2"]),
        ("mean_squared_error", [0.5], {}, "(a₁ − y₁)²", ["2(a₁ − y₁)"]),
        ("absolute_error", [0.5], {}, "|a₁ − y₁|", ["sign(a₁ − y₁)"]),
        ("huber", [0.5], {}, "½(a₁ − y₁)²", ["a₁ − y₁"]),
        ("huber", [3], {}, "|a₁ − y₁| − ½", ["sign(a₁ − y₁)"]),
        ("huber", [3], {"delta": 1.5}, "1.5(|a₁ − y₁| − 0.75)", ["1.5 · sign(a₁ − y₁)"]),
        (
            "binary_cross_entropy",
            [0.5, 0.2],
            {},
            "−y₁ · ln(a₁) − (1 − y₁) · ln(1 − a₁) − y₂ · ln(a₂) − (1 − y₂) · ln(1 − a₂)",
            ["(a₁ − y₁)/(a₁ · (1 − a₁))", "(a₂ − y₂)/(a₂ · (1 − a₂))"],
        ),
        (
            "binary_cross_entropy",
            [0],
            {},
            "−y₁ · (−100) − (1 − y₁) · ln(1 − a₁)",
            ["(1 − y₁)/(1 − a₁)"],
        ),
        ("binary_cross_entropy_with_logits", [3], {}, "ln(1 + e^(a₁)) − y₁ · a₁", ["σ(a₁) − y₁"]),
        ("cross_entropy", [0.5, 0], {}, "−y₁ · ln(a₁) − y₂ · ln(a₂)", ["−y₁/a₁", "−y₂/a₂"]),
    ],
)
def test_losses(name, a, attributes, formula, slopes):
    """The loss and its slopes with all targets 0."""
    row = Row(name, a, [0] * len(a), **attributes)
    assert row.line(row.formula()) == formula
    assert [row.line(local) for local in row.locals()] == slopes


def test_softmax_and_its_loss():
    """Familiar exponentials, however they are calculated; Σ y is written where it is not 1."""
    row = Row("softmax", [1, 2])
    assert row.line(row.formula(1)) == "e^(z₂)/(e^(z₁) + e^(z₂))"
    assert [row.line(local) for local in row.locals(1)] == ["−s₂ · s₁", "s₂ · (1 − s₂)"]
    loss = Row("softmax_cross_entropy", [1000, -1000], [0, 1])
    assert loss.line(loss.formula()) == "ln(e^(a₁) + e^(a₂)) − y₁ · a₁ − y₂ · a₂"
    assert [loss.line(local) for local in loss.locals()] == [
        "e^(a₁)/(e^(a₁) + e^(a₂)) − y₁",
        "e^(a₂)/(e^(a₁) + e^(a₂)) − y₂",
    ]
    loss = Row("softmax_cross_entropy", [1, 2], [1, 1])
    assert loss.line(loss.formula()) == "(y₁ + y₂) · ln(e^(a₁) + e^(a₂)) − y₁ · a₁ − y₂ · a₂"
    assert loss.line(loss.locals()[0]) == "(y₁ + y₂) · e^(a₁)/(e^(a₁) + e^(a₂)) − y₁"


def test_layers():
    """Sums, products, rows, kernels without the zeros at the edge, averages and the largest."""
    pair = ([1, 2], [3, 4])
    assert Row("add", *pair).line(Row("add", *pair).formula(1)) == "z₂ + u₂"
    product = Row("multiply", *pair, [5, 6])
    assert product.line(product.formula(0)) == "z₁ · u₁ · v₁"
    assert [product.line(local) for local in product.locals(0)] == ["u₁ · v₁", "z₁ · v₁", "z₁ · u₁"]
    assert Row("concatenate", *pair).line(Row("concatenate", *pair).formula(3)) == "u₂"
    kernel = Row("conv1d", [1, 2, 3], [4, 5, 6], [7], padding=1)
    assert kernel.line(kernel.formula(0)) == "θ₂ · x₁ + θ₃ · x₂ + b₁"
    mean = Row("average_pool", [1, 2, 3], size=3)
    assert (mean.line(mean.formula(0)), mean.line(mean.locals(0)[0])) == ("(z₁ + z₂ + z₃)/3", "1/3")
    assert Row("average_pool", [1, 2], size=2).line(Row("average_pool", [1, 2], size=2).locals(0)[0]) == "½"
    largest = Row("max_pool", [1, 2, 0], size=3)
    assert largest.line(largest.formula(0)) == "max(z₁, z₂, z₃)"
    assert [largest.line(local) for local in largest.locals(0)] == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("loss", "rule"),
    [
        ("half_squared_error", "½(a − y)²"),
        ("mean_squared_error", "(a − y)²/n"),
        ("absolute_error", "|a − y|"),
        ("huber", "Huber(a − y)"),
        ("binary_cross_entropy", "−y · ln(a) − (1 − y) · ln(1 − a)"),
        ("binary_cross_entropy_with_logits", "ln(1 + eᵃ) − y · a"),
        ("cross_entropy", "−y · ln(a)"),
        ("softmax_cross_entropy", "−y · ln(softmax(a))"),
    ],
)
def test_what_one_output_adds_to_a_loss(loss, rule):
    """The convention in the status bar."""
    assert plain(loss_rule(OPERATIONS[loss])) == rule


def test_functions_are_set_upright_and_said_with_of():
    """σ is a letter, ReLU a word: LaTeX and voice know both as functions."""
    tree = writer("softplus").write(
        Sum((Apply("softplus", (Ref(Operand(0, (0,))),)), Apply("sigmoid", (Ref(Operand(0, (1,))),))))
    )
    assert latex(tree) == r"\mathrm{softplus} (z_{1}) + \sigma (z_{2})"
    assert spoken(tree) == "softplus of z 1 plus sigma of z 2"


Z, Y = Ref(Operand(0, ())), Ref(Operand(1, ()))
TWICE = Shorthand(Negative(Z), Product((Constant(-1.0), Y)))


def test_a_shorthand_is_written_one_way_and_calculated_in_another():
    """Its references are those one sees; its number and its arithmetic are those of the rule."""
    assert children(TWICE) == (Negative(Z),)
    assert evaluate(TWICE, lambda key: 3.0 if key == Operand(1, ()) else 0.0) == -3
    moved = rewrite(TWICE, lambda key: Constant(2.0 if key == Operand(1, ()) else 5.0))
    assert moved == Shorthand(Negative(Constant(5.0)), Product((Constant(-1.0), Constant(2.0))))
    assert arithmetic(TWICE, lambda key: "y" if key == Operand(1, ()) else "z") == "(-1)*y"


def test_a_shorthand_gets_the_brackets_of_what_is_written():
    """Also within sums and products, where its sign counts; and it can be lit as a factor."""
    write = writer("softplus").write
    assert plain(write(Sum((Z, TWICE)))) == "z − z"
    assert plain(write(Product((Z, TWICE)))) == "z · (−z)"
    assert plain(write(Product((Z, Shorthand(difference(Z, Z), Y))))) == "z · (z − z)"
    assert plain(write(difference(Z, Shorthand(difference(Z, Z), Y)))) == "z − (z − z)"
    lit = writer("softplus", TWICE).write(Product((Z, TWICE)))
    assert any(isinstance(part, Link) and part.lit for part in lit.children)
