"""A gradient written out to the loss: a row for each path, the product of the slopes along it."""

from __future__ import annotations

from backprop_gui.engine.expressions import Sum
from backprop_gui.present.formulas import PLUS
from backprop_gui.present.math_tree import Bracketed, Math, row
from backprop_gui.present.pictures import Block
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import Quantity
from backprop_gui.steps.terms import count_paths, number_of, paths

MOST_ROWS = 24


def unfold_blocks(scene: Scene, quantity: Quantity) -> list[Block]:
    """The paths in symbols, with numbers, and their sum."""
    count = count_paths(scene.terms, quantity)
    found = [path.product for path in paths(scene.terms, quantity, MOST_ROWS)]
    formulas = scene.formulas
    symbols: list[Math] = []
    numbers: list[Math] = []
    for place, product in enumerate(found):
        first = (scene.naming.symbol(quantity), formulas.equals(0.0)) if place == 0 else (PLUS,)
        symbols.append(row(*first, formulas.symbols(product, scene.marked)))
        numbers.append(
            row(formulas.sign_for(product) if place == 0 else PLUS, formulas.values(product, scene.marked))
        )
    values = [number_of(product, scene.frame.numbers) for product in found]
    if len(values) > 1:
        parts: list[Math] = [formulas.equals(*values)]
        for place, value in enumerate(values):
            shown = formulas.number(value)
            parts += [PLUS] if place else []
            parts.append(Bracketed(shown) if value < 0 and place else shown)
        numbers.append(row(*parts))
    ways = "One path to the loss" if count == 1 else f"{scene.count(count)} paths to the loss, added up"
    if count > len(found):
        rest = number_of(scene.expression(quantity), scene.frame.numbers) - number_of(
            Sum(tuple(found)), scene.frame.numbers
        )
        ways += f"; the first {len(found)} are written out"
        numbers.append(row(PLUS, formulas.number(rest)))
    return [Block(ways, tuple(symbols)), Block("The same with numbers", tuple(numbers))]
