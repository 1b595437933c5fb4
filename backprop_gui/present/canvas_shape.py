"""The canvas before any number: which cards there are, what connects them, how their cells are headed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import msgspec
import numpy as np

from backprop_gui.engine.expressions import Element, Expression, Operand, Ref
from backprop_gui.engine.graph import Graph, Node
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.pictures import CanvasShape, CardShape, EdgeShape
from backprop_gui.steps.blocks import Block, blocks_of
from backprop_gui.steps.quantities import Quantity

MOST_CARDS = 12  # in a column; more would be too small to read, and the network is drawn in blocks
FEW = 6  # so many cards a large network shows as well


def canvas_shape(graph: Graph, naming: Naming, digits: NumberFormat) -> CanvasShape:
    """Cards and edges of a network; they stay the same from step to step."""
    blocks = blocks_of(graph)
    depth: dict[str, int] = {graph.nodes[index].group: 0 for index in graph.inputs}
    for block in blocks:
        senders = [graph.nodes[o].group for o in graph.nodes[block.nodes[0]].operands]
        depth[block.group] = 1 + max((depth.get(group, 0) for group in senders), default=0)
    last = max(depth.values(), default=0) + 1
    targets = graph.nodes[graph.loss].operands[1]
    whole = _in_blocks(graph, depth | {graph.nodes[targets].group: last})
    used: dict[int, int] = {}
    cards: list[CardShape] = []
    for index in graph.inputs:
        cards += _given_cards(graph, naming, index, (0, used.get(0, 0)), whole)
        used[0] = len(cards)
    for block in blocks:
        column = depth[block.group]
        made = _neuron_cards(graph, naming, block, (column, used.get(column, 0)), whole)
        used[column] = used.get(column, 0) + len(made)
        cards += made
    cards += _loss_cards(graph, naming, last, whole)
    shape = CanvasShape(tuple(cards), tuple(_edges(graph, naming, blocks, whole)), digits.longest)
    if not whole:
        return shape
    from backprop_gui.present.block_shapes import bundle_shape  # most networks do without

    bundles = [block for block in blocks if _is_bundle(graph, block, whole)]
    return msgspec.structs.replace(shape, bundles=tuple(bundle_shape(graph, block) for block in bundles))


def _in_blocks(graph: Graph, columns: dict[str, int]) -> frozenset[str]:
    """The layers (and inputs, and targets) that are drawn as a whole; `columns` tells where each stands."""
    sizes = {node.group: math.prod(node.shape) for node in graph.nodes if node.kind != "parameter"}
    used: dict[int, int] = {}
    for group, column in columns.items():
        used[column] = used.get(column, 0) + sizes[group]
    if max(used.values(), default=0) <= MOST_CARDS:
        return frozenset()
    return frozenset(group for group in columns if sizes[group] > FEW)


def _is_bundle(graph: Graph, block: Block, whole: frozenset[str]) -> bool:
    """Whether the weights into a layer are drawn by their strength only: at least one end is a block."""
    head = graph.nodes[block.nodes[0]]
    assert head.operation is not None
    ends = {block.group, graph.nodes[head.operands[0]].group}
    return head.operation.name == "affine" and bool(ends & whole)


def _given_cards(
    graph: Graph, naming: Naming, index: int, place: tuple[int, int], whole: frozenset[str]
) -> list[CardShape]:
    """The cards of an input or of several targets, or the one block; `place` is column and order."""
    column, order = place
    elements = list(elements_of(graph, index))
    if graph.nodes[index].group not in whole:
        return [_given_card(graph, naming, index, e, column, order + n) for n, e in enumerate(elements)]

    from backprop_gui.present.block_shapes import MadeWhenAsked, given_block

    def member(number: int) -> CardShape:
        return _given_card(graph, naming, index, elements[number], column, order)

    cells = MadeWhenAsked(len(elements), member)
    return [dataclasses.replace(given_block(graph, naming, index, place, cells[0]), cells=cells)]


def _neuron_cards(
    graph: Graph, naming: Naming, block: Block, place: tuple[int, int], whole: frozenset[str]
) -> list[CardShape]:
    """The cards of a layer, or the one block; `place` is column and order."""
    column, order = place
    if block.group not in whole:
        return [_neuron_card(graph, naming, block, n, column, order + n) for n in range(block.neurons)]

    from backprop_gui.present.block_shapes import MadeWhenAsked, neuron_block

    def member(number: int) -> CardShape:
        return _neuron_card(graph, naming, block, number, column, order)

    cells = MadeWhenAsked(block.neurons, member)
    return [dataclasses.replace(neuron_block(graph, naming, block, place, cells[0]), cells=cells)]


def elements_of(graph: Graph, index: int) -> Iterator[Element]:
    """The elements of a node's value, in order."""
    for element in np.ndindex(graph.nodes[index].shape):
        yield tuple(int(i) for i in element)


def _given_card(
    graph: Graph, naming: Naming, index: int, element: Element, column: int, order: int
) -> CardShape:
    """A number of the data: an input, or one of several targets."""
    node, title = graph.nodes[index], naming.plain(Quantity(index, element))
    return CardShape(
        neuron_identity(node.name, element),
        "input",
        title,
        node.name,
        column,
        order,
        (title,),
        ("∂",) if index in graph.differentiated else (),
        captioned=False,
        spoken=f"{node.kind} {naming.spoken(Quantity(index, element))}",
    )


def _loss_cards(graph: Graph, naming: Naming, column: int, whole: frozenset[str]) -> list[CardShape]:
    """The loss, and the targets below it; a single target stands in the caption of the loss."""
    title = naming.plain(Quantity(graph.loss))
    cards = [CardShape("loss", "loss", title, "loss", column, 0, (title,), spoken="loss")]
    targets = graph.nodes[graph.loss].operands[1]
    if math.prod(graph.nodes[targets].shape) > 1:
        cards += _given_cards(graph, naming, targets, (column, 1), whole)
    return cards


def _neuron_card(
    graph: Graph, naming: Naming, block: Block, neuron: int, column: int, order: int
) -> CardShape:
    element = block.element(neuron)
    head, tail = graph.nodes[block.nodes[0]], graph.nodes[block.nodes[-1]]
    tree = naming.neuron(block.group, element)
    bias = said_bias = ""
    if head.operation is not None and len(head.operands) > 2 and head.operation.name == "affine":
        layout, index = graph.parameters, graph.nodes[head.operands[2]].parameter
        bias = layout.name_at(layout.place(index, element))
        said_bias = naming.spoken(Quantity(head.operands[2], element))
    labels, gradients = _labels(naming, block, head, tail)
    return CardShape(
        neuron_identity(block.group, element),
        "neuron",
        plain(tree),
        block.group,
        column,
        order,
        labels,
        gradients,
        bias,
        f"neuron {spoken(tree)}",
        captioned=block.nodes[0] not in graph.reaches_loss,
        spoken_bias=said_bias,
    )


def _labels(naming: Naming, block: Block, head: Node, tail: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How the cells of a card are headed: values, and gradients below them."""
    assert head.operation is not None
    assert tail.operation is not None
    if not naming.is_dense(block.group):
        return (head.operation.symbol or head.operation.name_in_words,), ("∂",)
    slope = "δ" if naming.notation.delta else "∂z"
    if len(block.nodes) == 1:
        return ("z = Σ",), (slope,)
    activation = f"a = {tail.operation.symbol}(z)" if tail.operation.name != "identity" else "a = z"
    return ("z = Σ", activation), (slope, "∂a")


def _edges(
    graph: Graph, naming: Naming, blocks: tuple[Block, ...], whole: frozenset[str]
) -> Iterator[EdgeShape]:
    """An edge for each weight; a plain one where a value is handed on as it is."""
    for block in blocks:
        head = graph.nodes[block.nodes[0]]
        assert head.operation is not None
        if _is_bundle(graph, block, whole):
            continue
        if head.operation.name == "affine":
            yield from _weighted_edges(graph, naming, block)
        elif any(group in whole for group in _groups_at(graph, block)):
            yield from _plain_edges(graph, block, whole)
        else:
            yield from _other_edges(graph, naming, block)
    output = graph.nodes[graph.loss].operands[0]
    group = graph.nodes[output].group
    if group in whole:
        yield EdgeShape(f"{group}>loss", group, "loss", "", "loss")
        return
    for element in elements_of(graph, output):
        source_card = neuron_identity(group, element)
        yield EdgeShape(f"{source_card}>loss", source_card, "loss", "", "loss")


def _plain_edges(graph: Graph, block: Block, whole: frozenset[str]) -> Iterator[EdgeShape]:
    """One line from each block that an operation works with, and from each card beside blocks."""
    names: dict[str, list[str]] = {}
    for index in (block.nodes[0], *graph.nodes[block.nodes[0]].operands):
        node = graph.nodes[index]
        if node.kind != "parameter":
            each = [neuron_identity(node.group, element) for element in elements_of(graph, index)]
            names[node.group] = [node.group] if node.group in whole else each
    for group, sources in names.items():
        for source in sources if group != block.group else ():
            for target in names[block.group]:
                yield EdgeShape(f"{source}>{target}", source, target, "", block.group)


def _groups_at(graph: Graph, block: Block) -> list[str]:
    """The layer itself and those it works with."""
    operands = [graph.nodes[operand] for operand in graph.nodes[block.nodes[0]].operands]
    return [block.group, *(node.group for node in operands if node.kind != "parameter")]


def _weighted_edges(graph: Graph, naming: Naming, block: Block) -> Iterator[EdgeShape]:
    """The edges into a dense layer."""
    head = graph.nodes[block.nodes[0]]
    layout, index = graph.parameters, graph.nodes[head.operands[1]].parameter
    sender = graph.nodes[head.operands[0]]
    for inside in layout.arrays[index].kept:
        unit, source = divmod(int(inside), layout.arrays[index].shape[1])
        weight = layout.name_at(int(layout.offsets[index]) + int(inside))
        names = neuron_identity(sender.group, (source,)), neuron_identity(block.group, (unit,))
        said = naming.spoken(Quantity(graph.parameter_nodes[index], (unit, source)))
        yield EdgeShape(f"{names[0]}>{names[1]}", *names, weight, block.group, f"weight {said}")


def _other_edges(graph: Graph, naming: Naming, block: Block) -> Iterator[EdgeShape]:
    """The edges into an operation of another kind; a kernel's weight stands on each place of its use."""
    head = graph.nodes[block.nodes[0]]
    assert head.operation is not None
    operands = tuple(np.full(graph.nodes[operand].shape, 0.5) for operand in head.operands)
    output = np.full(head.shape, 0.5)
    for result in elements_of(graph, block.nodes[0]):
        target, drawn = neuron_identity(block.group, result), set()
        for partial in head.operation.partials(result, operands, output, head.attributes):
            node = graph.nodes[head.operands[partial.slot]]
            if node.kind == "parameter" or (partial.slot, partial.element) in drawn:
                continue
            drawn.add((partial.slot, partial.element))
            source = neuron_identity(node.group, partial.element)
            weight, said = _weight_of(graph, naming, head, partial.local)
            yield EdgeShape(f"{source}>{target}#{partial.slot}", source, target, weight, block.group, said)


def _weight_of(graph: Graph, naming: Naming, head: Node, local: Expression) -> tuple[str, str]:
    """The parameter that a local derivative is, where it is one."""
    if not isinstance(local, Ref) or not isinstance(local.key, Operand):
        return "", ""
    node = graph.nodes[head.operands[local.key.slot]]
    if node.kind != "parameter":
        return "", ""
    layout, element = graph.parameters, local.key.element
    said = naming.spoken(Quantity(head.operands[local.key.slot], element))
    return layout.name_at(layout.place(node.parameter, element)), f"weight {said}"
