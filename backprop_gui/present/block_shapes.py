"""Which layers of a network are too large for a card each neuron, and how they are drawn instead.

A layer drawn in a block is an image (pixels), a list (a row each with its numbers) or a field of cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar, overload

import numpy as np

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.parameters import ParameterLayout
from backprop_gui.present.layer_pictures import BundleShape
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.math_tree import Math, Script
from backprop_gui.present.naming import Naming
from backprop_gui.present.pictures import CardShape
from backprop_gui.steps.blocks import Block

MOST_ROWS = 16  # of a list
SMALLEST_IMAGE = 49  # pixels

Made = TypeVar("Made")


class MadeWhenAsked(Sequence[Made]):
    """A sequence whose members are made when they are looked at, and kept."""

    def __init__(self, count: int, make: Callable[[int], Made]) -> None:
        self._count, self._make = count, make
        self._made: dict[int, Made] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        index %= self._count
        if index not in self._made:
            self._made[index] = self._make(index)
        return self._made[index]


def given_block(
    graph: Graph, naming: Naming, index: int, place: tuple[int, int], card: CardShape
) -> CardShape:
    """An input, or the targets, as a whole; `card` is that of its first number, `place` column and order."""
    node = graph.nodes[index]
    size = math.prod(node.shape)
    grid = image_grid(node.shape) if node.kind == "input" else None
    title = plain(_bare(naming.base(index, (0,) * len(node.shape))))
    if grid is not None:
        subtitle = f"{grid[0]} × {grid[1]} pixels"
    else:
        subtitle = "targets" if node.kind == "target" else f"{size:,} inputs"
    return CardShape(
        node.name,
        "image" if grid else "list" if size <= MOST_ROWS else "cells",
        title,
        node.name,
        *place,
        card.value_labels,
        card.gradient_labels,
        spoken=f"{node.kind} {title}, {subtitle}",
        captioned=False,
        grid=grid or grid_of(size),
        subtitle=subtitle,
    )


def neuron_block(
    graph: Graph, naming: Naming, block: Block, place: tuple[int, int], card: CardShape
) -> CardShape:
    """A layer as a whole; `card` is that of its first neuron, `place` column and order."""
    tree = _bare(naming.neuron(block.group, block.element(0)))
    tail = graph.nodes[block.nodes[-1]].operation
    assert tail is not None
    what = "neurons" if naming.is_dense(block.group) else "values"
    active = naming.is_dense(block.group) and tail.name not in ("affine", "identity")
    how = f", {tail.name_in_words}" if active else ""
    return CardShape(
        block.group,
        "list" if block.neurons <= MOST_ROWS else "cells",
        plain(tree),
        block.group,
        *place,
        card.value_labels,
        card.gradient_labels,
        spoken=f"{spoken(tree)}, {block.neurons:,} {what}",
        captioned=False,
        grid=grid_of(block.neurons),
        subtitle=f"{block.neurons:,} {what}{how}",
    )


def _bare(tree: Math) -> Math:
    """A name without the indices of one element: h⁽¹⁾ of h₁⁽¹⁾."""
    if not isinstance(tree, Script):
        return tree
    return tree.base if tree.sup is None else Script(tree.base, None, tree.sup)


def image_grid(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Columns and rows of the picture that a layer's numbers are; None where they are none."""
    size = math.prod(shape)
    if len(shape) == 2 and size >= SMALLEST_IMAGE:
        return shape[1], shape[0]
    side = math.isqrt(size)
    return (side, side) if side * side == size and size >= SMALLEST_IMAGE else None


def grid_of(count: int) -> tuple[int, int]:
    """Columns and rows for so many cells: a list, or a field somewhat higher than wide."""
    if count <= MOST_ROWS:
        return 1, count
    wanted = math.sqrt(count / 1.6)
    full = [n for n in range(math.ceil(0.7 * wanted), int(1.4 * wanted) + 1) if count % n == 0]
    columns = min(full, key=lambda n: abs(n - wanted)) if full else round(wanted)
    return columns, -(-count // columns)


def bundle_shape(graph: Graph, block: Block) -> BundleShape:
    """The weights into a dense layer."""
    head = graph.nodes[block.nodes[0]]
    layout, index = graph.parameters, graph.nodes[head.operands[1]].parameter
    targets, sources = layout.arrays[index].shape
    first = int(layout.offsets[index])
    present = layout.arrays[index].present
    return BundleShape(
        block.group,
        graph.nodes[head.operands[0]].group,
        block.group,
        sources,
        targets,
        first,
        WeightNames(layout, first, targets * sources),
        None if present is None else ~np.asarray(present, dtype=bool).ravel(),
    )


class WeightNames(Sequence[str]):
    """The names of a bundle's weights by their number, and their numbers by name; none of them is kept."""

    def __init__(self, layout: ParameterLayout, first: int, count: int) -> None:
        self._layout, self._first, self._count = layout, first, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._count))]
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._layout.name_at(self._first + index)

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """The number of the weight of a name. Raises ValueError where it is none of these."""
        place = self._layout.place_of(value)
        if place is None or not 0 <= place - self._first < self._count:
            raise ValueError(value)
        return place - self._first
