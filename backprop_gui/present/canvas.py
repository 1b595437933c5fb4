"""The canvas at a moment: cards for neurons, chips for parameters, what is lit and what is quiet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backprop_gui.engine.expressions import Element, Ref, children
from backprop_gui.engine.graph import Graph
from backprop_gui.present.arrows import receiver
from backprop_gui.present.focus import cards_on_paths, focused_quantity
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat, full
from backprop_gui.present.pictures import (
    CanvasPicture,
    CanvasShape,
    Card,
    CardShape,
    Cell,
    Chip,
    EdgeShape,
    Emphasis,
)
from backprop_gui.present.scene import Scene
from backprop_gui.steps.blocks import Block, blocks_of
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity


def canvas_shape(graph: Graph, naming: Naming, digits: NumberFormat) -> CanvasShape:
    """Cards and edges of a network; they stay the same from step to step."""
    blocks = blocks_of(graph)
    depth: dict[str, int] = {}
    cards = [
        CardShape(
            neuron_identity(node.name, element),
            "input",
            naming.plain(Quantity(index, element)),
            node.name,
            0,
            place,
            (naming.plain(Quantity(index, element)),),
            spoken=f"input {naming.spoken(Quantity(index, element))}",
        )
        for place, (index, element) in enumerate(_input_elements(graph))
        for node in (graph.nodes[index],)
    ]
    used: dict[int, int] = {}
    for block in blocks:
        senders = [graph.nodes[o].group for o in graph.nodes[block.nodes[0]].operands]
        depth[block.group] = 1 + max((depth.get(group, 0) for group in senders), default=0)
        column = depth[block.group]
        for neuron in range(block.neurons):
            cards.append(_neuron_card(graph, naming, block, neuron, column, used.get(column, 0) + neuron))
        used[column] = used.get(column, 0) + block.neurons
    last = max(depth.values(), default=0) + 1
    title = naming.plain(Quantity(graph.loss))
    cards.append(CardShape("loss", "loss", title, "loss", last, 0, (title,), spoken="loss"))
    return CanvasShape(tuple(cards), tuple(_edges(graph, naming, blocks)), digits.longest)


def _input_elements(graph: Graph) -> Iterator[tuple[int, Element]]:
    for index in graph.inputs:
        for element in np.ndindex(graph.nodes[index].shape):
            yield index, tuple(int(i) for i in element)


def _neuron_card(
    graph: Graph, naming: Naming, block: Block, neuron: int, column: int, order: int
) -> CardShape:
    element = block.element(neuron)
    head, tail = graph.nodes[block.nodes[0]], graph.nodes[block.nodes[-1]]
    tree = naming.neuron(block.group, element)
    bias = ""
    if head.operation is not None and len(head.operands) > 2 and head.operation.name == "affine":
        layout, index = graph.parameters, graph.nodes[head.operands[2]].parameter
        bias = layout.name_at(layout.place(index, element))
    labels: tuple[str, ...] = ("z = Σ",)
    if len(block.nodes) > 1 and tail.operation is not None:
        labels = (
            "z = Σ",
            f"a = {tail.operation.symbol}(z)" if tail.operation.name != "identity" else "a = z",
        )
    gradients = tuple(f"∂{label[0]}" for label in labels)
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
    )


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
            yield from _plain_edges(graph, block)
    output = graph.nodes[graph.nodes[graph.loss].operands[0]]
    for element in np.ndindex(output.shape):
        source_card = neuron_identity(output.group, tuple(int(i) for i in element))
        yield EdgeShape(f"{source_card}>loss", source_card, "loss", "", "loss")


def _plain_edges(graph: Graph, block: Block) -> Iterator[EdgeShape]:
    head = graph.nodes[block.nodes[0]]
    assert head.operation is not None
    shapes = tuple(graph.nodes[operand].shape for operand in head.operands)
    for slot, operand in enumerate(head.operands):
        node = graph.nodes[operand]
        for element in np.ndindex(node.shape):
            source = neuron_identity(node.group, tuple(int(i) for i in element))
            for result in head.operation.uses(slot, tuple(int(i) for i in element), shapes, head.attributes):
                target = neuron_identity(block.group, result)
                yield EdgeShape(f"{source}>{target}#{slot}", source, target, "", block.group)


def canvas_picture(scene: Scene, shape: CanvasShape) -> CanvasPicture:
    """The state of every card, chip and edge at this moment."""
    light = _Light(scene, shape)
    places = dict(zip(scene.graph.parameters.names, scene.graph.parameters.scalars.tolist(), strict=True))
    blocks = {block.group: block for block in scene.frame.plan.blocks}
    cards = tuple(_card(scene, light, card, blocks) for card in shape.cards)
    chips = tuple(_chip(scene, light, name, place) for name, place in places.items())
    edges = {edge.identity: light.edge(edge) for edge in shape.edges}
    pulse = tuple(
        edge.identity
        for edge in shape.edges
        if edges[edge.identity] == "lit" and scene.frame.phase in ("forward", "loss", "backward")
    )
    return CanvasPicture(shape, cards, chips, edges, scene.frame.phase, pulse, _hint(scene))


def _hint(scene: Scene) -> str:
    if scene.focus:
        place = scene.graph.parameters.place_of(scene.focus)
        subject = scene.focus
        if place is not None:
            subject = scene.naming.plain(scene.parameter(place, VALUE))
        return f"Showing every path from *{subject}* to *{scene.experiment.notation.loss}* · Esc shows all"
    return "Click a weight or neuron to see its paths · double-click a number to edit it"


class _Light:
    """Which cards and parameters are lit, which stay plain, and which are greyed out."""

    def __init__(self, scene: Scene, shape: CanvasShape) -> None:
        self.scene = scene
        self.lit: set[str] = set()
        self.plain: set[str] = set()
        self.new: set[Quantity] = set()
        self.all_plain = False
        graph, frame = scene.graph, scene.frame
        if scene.focus:
            quantity = focused_quantity(frame, scene.focus)
            if quantity is not None:
                self.plain = cards_on_paths(graph, quantity)
                self._add_neighbours(quantity, shape)
                self.lit.add(scene.focus)
            return
        if frame.position == 0 or frame.size in ("phase", "iteration", "epoch"):
            self.all_plain = True
            return
        self.new = {frame.plan.quantity(step) for step in frame.new[:400]}
        for quantity in self.new:
            self.lit.add(self.identity(quantity))
            if scene.is_parameter(quantity) and frame.phase == "backward":
                active = receiver(graph, scene.place(quantity))
                if active is not None:  # the neuron whose turn it is
                    self.lit.add(neuron_identity(*active))
            for key in _references(scene, quantity):
                self.plain.add(self.identity(key))

    def _add_neighbours(self, quantity: Quantity, shape: CanvasShape) -> None:
        """The parameters on the paths, and where a weight comes from."""
        for edge in shape.edges:
            if edge.weight and (edge.weight == self.scene.focus):
                self.plain.update((edge.source, edge.weight))
            elif edge.source in self.plain and edge.target in self.plain and edge.weight:
                self.plain.add(edge.weight)

    def identity(self, quantity: Quantity) -> str:
        """The card or chip that shows a quantity."""
        if self.scene.is_parameter(quantity):
            return self.scene.graph.parameters.name_at(self.scene.place(quantity))
        node = self.scene.graph.nodes[quantity.node]
        return "loss" if node.kind == "target" else neuron_identity(node.group, quantity.element)

    def of(self, identity: str) -> Emphasis:
        if identity in self.lit:
            return "lit"
        return "plain" if self.all_plain or identity in self.plain else "dim"

    def edge(self, edge: EdgeShape) -> Emphasis:
        """An edge is as bright as what travels along it."""
        if self.all_plain:
            return "plain"
        if edge.weight and edge.weight in self.lit:
            return "lit"
        ends = (edge.source in self.lit | self.plain) and (edge.target in self.lit | self.plain)
        takes_part = ends and (not edge.weight or edge.weight in self.plain)
        if not takes_part:
            return "dim"
        travels = not self.scene.focus and (edge.source in self.lit or edge.target in self.lit)
        return "lit" if travels and self.scene.frame.phase in ("forward", "loss", "backward") else "plain"


def _references(scene: Scene, quantity: Quantity) -> Iterator[Quantity]:
    """The quantities a step's formula speaks of."""
    stack = [scene.expression(quantity)]
    while stack:
        part = stack.pop()
        if isinstance(part, Ref) and isinstance(part.key, Quantity):
            yield part.key
        stack.extend(children(part))


def _cell(scene: Scene, light: _Light, label: str, quantity: Quantity, edit: str = "") -> Cell:
    return Cell(label, scene.text(quantity), scene.full(quantity), quantity, quantity in light.new, edit)


def _card(scene: Scene, light: _Light, shape: CardShape, blocks: dict[str, Block]) -> Card:
    graph, sample = scene.graph, scene.frame.shown_sample
    if shape.kind == "input":
        element = _element(shape.identity)
        data_row = int(scene.frame.record.rows[sample]) + 1
        edit = f"{shape.layer}[{data_row},{','.join(str(i + 1) for i in element)}]"
        quantity = Quantity(graph.by_name[shape.layer], element, VALUE, sample)
        cell = _cell(scene, light, shape.value_labels[0], quantity, edit)
        return Card(shape.identity, (cell,), (), light.of(shape.identity))
    if shape.kind == "loss":
        return _loss_card(scene, light, shape, sample)
    block = blocks[shape.layer]
    element = _element(shape.identity)
    values = [Quantity(node, element, VALUE, sample) for node in block.nodes]
    gradients = [Quantity(node, element, GRADIENT, sample) for node in block.nodes]
    reaches = block.nodes[0] in graph.reaches_loss
    emphasis, mark = light.of(shape.identity), scene.frame.mark(block, block.neuron(element))
    if emphasis == "lit" and mark == "ready":
        mark = "none"  # its turn has come: the lit ring says so already
    return Card(
        shape.identity,
        tuple(_cell(scene, light, *pair) for pair in zip(shape.value_labels, values, strict=True)),
        tuple(_cell(scene, light, *pair) for pair in zip(shape.gradient_labels, gradients, strict=True)),
        emphasis,
        mark,
        "" if reaches else "does not reach the loss",
    )


def _element(identity: str) -> Element:
    inside = identity.partition("[")[2].rstrip("]")
    return tuple(int(number) - 1 for number in inside.split(",")) if inside else ()


def _loss_card(scene: Scene, light: _Light, shape: CardShape, sample: int) -> Card:
    """The loss, with the target below it."""
    graph = scene.graph
    targets = graph.nodes[graph.loss].operands[1]
    elements = [tuple(int(i) for i in e) for e in np.ndindex(graph.nodes[targets].shape)]
    data_row = int(scene.frame.record.rows[sample]) + 1
    told = [
        f"{scene.naming.plain(q)} = {scene.format.text(scene.frame.numbers(q))}"
        for q in (Quantity(targets, element, VALUE, sample) for element in elements[:4])
    ]
    single = len(elements) == 1
    cell = _cell(scene, light, shape.value_labels[0], Quantity(graph.loss, (), VALUE, sample))
    return Card(
        "loss",
        (cell,),
        (),
        light.of("loss"),
        "none",
        f"target {told[0]}" if single else f"targets {', '.join(told)}{' …' if len(elements) > 4 else ''}",
        f"targets[{data_row},1]" if single else "",
        full(scene.frame.numbers(Quantity(targets, elements[0], VALUE, sample))) if single else "",
    )


def _chip(scene: Scene, light: _Light, identity: str, place: int) -> Chip:
    """A parameter: its value (the new one, once it is uncovered) and its gradient."""
    before, updated = scene.parameter(place, VALUE), scene.updated_of(place)
    shown = updated if scene.frame.knows(updated) else before
    gradient = scene.gradient_of(place)
    if not scene.frame.knows(gradient):
        gradient = scene.parameter(place, GRADIENT, scene.frame.shown_sample)
    return Chip(
        identity,
        scene.naming.plain(before),
        _cell(scene, light, "", shown, identity if shown is before else f"{identity}′"),
        _cell(scene, light, "∂", gradient),
        scene.frame.numbers(shown),
        light.of(identity),
        bool(scene.model.frozen[place]),
    )
