"""What a sum of hundreds of terms is made of: its strongest terms, and all others together."""

from __future__ import annotations

from backprop_gui.engine.expressions import Expression, Quotient, Sum
from backprop_gui.present.formulas import EQUALS, LONG_SUM
from backprop_gui.present.math_tree import Math, Symbol, row
from backprop_gui.present.pictures import Block
from backprop_gui.present.scene import Scene
from backprop_gui.steps.terms import number_of

STRONGEST = 3


def long_terms(expression: Expression) -> tuple[Expression, ...]:
    """The terms of a sum (or of the sum behind a mean) that is too long to be written out; else none."""
    if isinstance(expression, Quotient):
        expression = expression.top
    found = isinstance(expression, Sum) and len(expression.terms) > LONG_SUM
    return expression.terms if found and isinstance(expression, Sum) else ()


def strongest_block(scene: Scene, terms: tuple[Expression, ...]) -> Block:
    """The strongest terms with their numbers, one a line, and what the others come to."""
    formulas = scene.formulas
    values = [number_of(term, scene.frame.numbers) for term in terms]
    order = sorted(range(len(terms)), key=lambda place: -abs(values[place]))[:STRONGEST]
    rows: list[Math] = []
    for place in order:
        term, value = terms[place], values[place]
        told = [formulas.symbols(term), formulas.equals(value), formulas.number(value)]
        rows.append(row(*told))
    others = sum(value for place, value in enumerate(values) if place not in order)
    left = scene.count(len(terms) - len(order))
    said = Symbol(f"the other {left} ", spoken=f"the other {left} together")
    rows.append(row(said, formulas.equals(others) if others else EQUALS, formulas.number(others)))
    return Block(f"The strongest of {scene.count(len(terms))} terms", tuple(rows))
