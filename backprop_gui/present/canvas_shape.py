"""The canvas before any number: which cards there are, what connects them, how their cells are headed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.expressions import Element, Expression, Operand, Ref
from backprop_gui.engine.graph import Graph, Node
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.pictures import CanvasShape, CardShape, EdgeShape
from backprop_gui.steps.blocks import Block, blocks_of
from backprop_gui.steps.quantities import Quantity


def canvas_shape(graph: Graph, naming: Naming, digits: NumberFormat) -> CanvasShape:
    """Cards and edges of a network; they stay the same from step to step."""
    blocks = blocks_of(graph)
    depth: dict[str, int] = {}
    given = [(index, element) for index in graph.inputs for element in elements_of(graph, index)]
    cards = [_given_card(graph, naming, *each, 0, place) for place, each in enumerate(given)]
    used: dict[int, int] = {}
    for block in blocks:
        senders = [graph.nodes[o].group for o in graph.nodes[block.nodes[0]].operands]
        depth[block.group] = 1 + max((depth.get(group, 0) for group in senders), default=0)
        column = depth[block.group]
        for neuron in range(block.neurons):
            cards.append(_neuron_card(graph, naming, block, neuron, column, used.get(column, 0) + neuron))
        used[column] = used.get(column, 0) + block.neurons
    cards += _loss_cards(graph, naming, max(depth.values(), default=0) + 1)
    return CanvasShape(tuple(cards), tuple(_edges(graph, naming, blocks)), digits.longest)


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


def _loss_cards(graph: Graph, naming: Naming, column: int) -> list[CardShape]:
    """The loss, and the targets below it; a single target stands in the caption of the loss."""
    title = naming.plain(Quantity(graph.loss))
    cards = [CardShape("loss", "loss", title, "loss", column, 0, (title,), spoken="loss")]
    targets = graph.nodes[graph.loss].operands[1]
    several = list(elements_of(graph, targets))
    if len(several) > 1:
        cards += [_given_card(graph, naming, targets, e, column, 1 + n) for n, e in enumerate(several)]
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


def _edges(graph: Graph, naming: Naming, blocks: tuple[Block, ...]) -> Iterator[EdgeShape]:
    """An edge for each weight; a plain one where a value is handed on as it is."""
    for block in blocks:
        head = graph.nodes[block.nodes[0]]
        assert head.operation is not None
        if head.operation.name == "affine":
            layout, index = graph.parameters, graph.nodes[head.operands[1]].parameter
            sender = graph.nodes[head.operands[0]]
            for inside in layout.arrays[index].kept:
                unit, source = divmod(int(inside), layout.arrays[index].shape[1])
                weight = layout.name_at(int(layout.offsets[index]) + int(inside))
                names = neuron_identity(sender.group, (source,)), neuron_identity(block.group, (unit,))
                said = naming.spoken(Quantity(graph.parameter_nodes[index], (unit, source)))
                yield EdgeShape(f"{names[0]}>{names[1]}", *names, weight, block.group, f"weight {said}")
        else:
            yield from _other_edges(graph, naming, block)
    output = graph.nodes[graph.loss].operands[0]
    for element in elements_of(graph, output):
        source_card = neuron_identity(graph.nodes[output].group, element)
        yield EdgeShape(f"{source_card}>loss", source_card, "loss", "", "loss")


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
