"""The canvas at a moment: cards for neurons, chips for parameters, what is lit and what is quiet."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backprop_gui.engine.expressions import Ref, children
from backprop_gui.present.arrows import receiver
from backprop_gui.present.canvas_memory import CanvasMemory
from backprop_gui.present.focus import cards_on_paths, element_of, focused_quantity
from backprop_gui.present.math_text import plain
from backprop_gui.present.naming import neuron_identity
from backprop_gui.present.numbers import UNKNOWN
from backprop_gui.present.pictures import (
    CanvasPicture,
    CanvasShape,
    Card,
    CardShape,
    Cell,
    Chip,
    EdgeShape,
    Emphasis,
    Mark,
)
from backprop_gui.present.scene import Scene
from backprop_gui.steps.blocks import Block
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity

if TYPE_CHECKING:
    from backprop_gui.present.block_light import BlockLight


def canvas_picture(scene: Scene, shape: CanvasShape, memory: CanvasMemory) -> CanvasPicture:
    """The state of every card, chip and edge at this moment."""
    light: _Light | BlockLight
    if any(card.is_block for card in shape.cards):
        from backprop_gui.present.block_light import BlockLight  # most networks do without

        light = BlockLight(scene, shape)
    else:
        light = _Light(scene, shape)
    blocks = {block.group: block for block in scene.frame.plan.blocks}
    mark, make = partial(_mark, scene, blocks), partial(_card, scene, light, blocks)
    make_chip = partial(_chip, scene, light)
    cards = memory.cards(scene, shape, light.of, mark, make)
    chips = memory.chips(scene, shape, light.of, make_chip)
    edges = {edge.identity: light.edge(edge) for edge in shape.edges}
    travels = not scene.lit and scene.frame.phase in ("forward", "loss", "backward")
    pulse = tuple(edge.identity for edge in shape.edges if travels and edges[edge.identity] == "lit")
    picture = CanvasPicture(shape, cards, chips, edges, scene.frame.phase, pulse, _hint(scene), scene.focus)
    if isinstance(light, _Light):
        return picture
    from backprop_gui.present.block_states import Chips, bundle_states, layer_states

    more = Chips(scene, make_chip)
    layers = layer_states(scene, shape, light, make, more)
    bundles = bundle_states(scene, shape, light, more)
    if travels and not scene.focus:
        pulse += tuple(bundle.layer for bundle in bundles if bundle.is_lit)
    return dataclasses.replace(picture, pulse=pulse, layers=layers, bundles=bundles, more_chips=more)


def _hint(scene: Scene) -> str:
    if scene.focus:
        return path_hint(scene)
    return "Click a weight or neuron to see its paths · double-click a number to edit it"


def path_hint(scene: Scene) -> str:
    """What is shown of the focus, and how to leave it."""
    place = scene.graph.parameters.place_of(scene.focus)
    subject = scene.focus
    if place is not None:
        subject = scene.naming.plain(scene.parameter(place, VALUE))
    elif scene.focus != "loss":
        subject = plain(scene.naming.neuron(scene.focus.partition("[")[0], element_of(scene.focus)))
    return f"Showing every path from *{subject}* to *{scene.experiment.notation.loss}* · Esc shows all"


class _Light:
    """Which cards and parameters are lit, which stay plain, and which are greyed out."""

    def __init__(self, scene: Scene, shape: CanvasShape) -> None:
        self.scene = scene
        self.lit: set[str] = set()
        self.plain: set[str] = set()
        self.new: set[Quantity] = set()
        self.all_plain = False
        graph, frame = scene.graph, scene.frame
        if scene.lit:
            self._add_lit(shape)
            return
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

    def _add_lit(self, shape: CanvasShape) -> None:
        """What was asked to be lit, and the parameters between two lit neurons."""
        self.lit = {self.identity(quantity) for quantity in self.scene.lit}
        for edge in shape.edges:
            if edge.weight and edge.source in self.lit and edge.target in self.lit:
                self.plain.add(edge.weight)

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
        if node.kind == "target" and node.shape == (1,):
            return "loss"
        return neuron_identity(node.group, quantity.element)

    @cached_property
    def seen(self) -> set[str]:
        """What is not greyed out."""
        return self.lit | self.plain

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
        if self.scene.lit and edge.source in self.lit and edge.target in self.lit:
            return "lit"
        ends = edge.source in self.seen and edge.target in self.seen
        takes_part = ends and (not edge.weight or edge.weight in self.plain)
        if not takes_part:
            return "dim"
        asked = self.scene.focus or self.scene.lit
        travels = not asked and (edge.source in self.lit or edge.target in self.lit)
        return "lit" if travels and self.scene.frame.phase in ("forward", "loss", "backward") else "plain"


def _references(scene: Scene, quantity: Quantity) -> Iterator[Quantity]:
    """The quantities a step's formula speaks of."""
    stack = [scene.expression(quantity)]
    while stack:
        part = stack.pop()
        if isinstance(part, Ref) and isinstance(part.key, Quantity):
            yield part.key
        stack.extend(children(part))


def _cell(scene: Scene, light: _Light | BlockLight, label: str, quantity: Quantity, edit: str = "") -> Cell:
    value = scene.frame.number(quantity)
    text, digits = (UNKNOWN, "") if value is None else (scene.format.text(value), scene.format.full(value))
    return Cell(label, text, digits, quantity, quantity in light.new, edit)


def _mark(scene: Scene, blocks: dict[str, Block], shape: CardShape) -> Mark:
    if shape.kind != "neuron":
        return "none"
    block = blocks[shape.layer]
    return scene.frame.mark(block, block.neuron(element_of(shape.identity)))


def _card(scene: Scene, light: _Light | BlockLight, blocks: dict[str, Block], shape: CardShape) -> Card:
    graph, sample = scene.graph, scene.frame.shown_sample
    if shape.kind == "input":
        element = element_of(shape.identity)
        data_row = int(scene.frame.record.rows[sample]) + 1
        edit = f"{shape.layer}[{data_row},{','.join(str(i + 1) for i in element)}]"
        quantity = Quantity(graph.by_name[shape.layer], element, VALUE, sample)
        cell = _cell(scene, light, shape.value_labels[0], quantity, edit)
        slope = replace(quantity, aspect=GRADIENT)
        below = tuple(_cell(scene, light, label, slope) for label in shape.gradient_labels)
        return Card(shape.identity, (cell,), below, light.of(shape.identity))
    if shape.kind == "loss":
        return _loss_card(scene, light, shape, sample)
    block = blocks[shape.layer]
    element = element_of(shape.identity)
    values = [Quantity(node, element, VALUE, sample) for node in block.nodes]
    gradients = [Quantity(node, element, GRADIENT, sample) for node in block.nodes]
    reaches = block.nodes[0] in graph.reaches_loss
    emphasis, mark = light.of(shape.identity), _mark(scene, blocks, shape)
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


def _loss_card(scene: Scene, light: _Light | BlockLight, shape: CardShape, sample: int) -> Card:
    """The loss, with the target below it."""
    graph = scene.graph
    targets = graph.nodes[graph.loss].operands[1]
    cell = _cell(scene, light, shape.value_labels[0], Quantity(graph.loss, (), VALUE, sample))
    card = Card("loss", (cell,), (), light.of("loss"))
    if graph.nodes[targets].shape != (1,):
        return card  # several targets have cards of their own
    target = Quantity(targets, (0,), VALUE, sample)
    number = scene.frame.numbers(target)
    data_row = int(scene.frame.record.rows[sample]) + 1
    caption = f"target {scene.naming.plain(target)} = {scene.format.text(number)}"
    return replace(
        card,
        caption=caption,
        caption_edit=f"targets[{data_row},1]",
        tip=scene.format.full(number),
        caption_quantity=target,
    )


def _chip(scene: Scene, light: _Light | BlockLight, identity: str, place: int) -> Chip:
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
