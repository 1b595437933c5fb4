"""Which neurons and weights of a large network are lit, plain or dim: in arrays, a number for each.

The rules are those of the cards (`canvas.Light`): what a step uncovers is lit, what it is made from is
plain, and a focus leaves its paths to the loss plain. Of a focused neuron all edges are drawn.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph
from backprop_gui.present.arrows import receiver
from backprop_gui.present.focus import focused_quantity
from backprop_gui.present.layer_pictures import BundleShape
from backprop_gui.present.pictures import CanvasShape, EdgeShape, Emphasis
from backprop_gui.present.scene import Scene
from backprop_gui.steps.blocks import Block
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import Quantity

DIM, PLAIN, LIT = 0, 1, 2
_WORDS: dict[int, Emphasis] = {DIM: "dim", PLAIN: "plain", LIT: "lit"}
_MOST_NEW = 400  # of them the numbers are marked one by one
_TRAVELLING = ("forward", "loss", "backward")

Levels = NDArray[np.int8]


class Uncovered(Struct, frozen=True, eq=False):
    """What the newest step uncovers: neurons `first` … `end` − 1 of a block, and parameters by place.

    `sums` tells that it is (also) the value by which a neuron takes part: z, or the gradient of a.
    """

    block: Block | None
    first: int
    end: int
    nodes: bool
    sums: bool
    places: NDArray[np.intp]


def uncovered(plan: Plan, new: range) -> Uncovered:
    """The steps `new`, which are of one phase and of one layer, without a look at each of them."""
    nothing = np.zeros(0, dtype=np.intp)
    part = plan.part(new[-1])
    inside, last = new[0] - 1 - part.start, new[-1] - 1 - part.start
    block = part.block
    if block is None:
        if part.stretch.phase == "loss":
            return Uncovered(None, 0, 0, False, False, nothing)
        update = part.stretch.phase == "update"
        places, lines = (plan.updated, len(plan.lines)) if update else (plan.averaged, 1)
        return Uncovered(None, 0, 0, False, False, places[inside // lines : last // lines + 1])
    count = len(block.nodes)
    if part.stretch.phase == "forward":
        first, end = inside // count, last // count + 1
        return Uncovered(block, first, end, True, end - first > 1 or inside % count == 0, nothing)
    starts = block.backward_starts
    first = int(np.searchsorted(starts, inside, side="right")) - 1
    end = int(np.searchsorted(starts, last, side="right"))
    if first >= block.neurons:
        assert block.trailing is not None
        trailing = block.trailing[inside - int(starts[-1]) : last - int(starts[-1]) + 1]
        return Uncovered(block, 0, 0, False, False, trailing)
    end = min(end, block.neurons)
    rank, last_rank = inside - int(starts[first]), last - int(starts[end - 1])
    rows = [block.parameters_of(neuron) for neuron in range(first, end)]
    rows[-1] = rows[-1][: max(0, last_rank - count + 1)]
    rows[0] = rows[0][max(0, rank - count) :]
    return Uncovered(block, first, end, rank < count, rank == 0 or end - first > 1, np.concatenate(rows))


class BlockLight:
    """The levels of all layers and parameters of a moment; cards and chips ask it by their names."""

    def __init__(self, scene: Scene, shape: CanvasShape) -> None:
        self.scene, self.shape = scene, shape
        graph, frame = scene.graph, scene.frame
        self.new: set[Quantity] = set()
        asked = scene.focus or scene.lit
        self.all_plain = not asked and (frame.position == 0 or frame.size in ("phase", "iteration", "epoch"))
        base = PLAIN if self.all_plain else DIM
        self.layers: dict[str, Levels] = {
            node.group: np.full(math.prod(node.shape), base, dtype=np.int8)
            for node in graph.nodes
            if node.kind != "parameter"
        }
        self.loss = base
        self.parameters: Levels = np.full(graph.parameters.size, base, dtype=np.int8)
        self.wanted = np.zeros(graph.parameters.size, dtype=bool)  # drawn, however weak
        if scene.lit:
            self._light_lit()
        elif scene.focus:
            self._light_focus()
        elif not self.all_plain:
            self.new = {frame.plan.quantity(step) for step in frame.new[:_MOST_NEW]}
            self._light_new(uncovered(frame.plan, frame.new))

    # --- what is lit ------------------------------------------------------------------------------

    def _light_new(self, what: Uncovered) -> None:
        graph, phase = self.scene.graph, self.scene.frame.phase
        self._light_places(what.places)
        if len(what.places) == 1:
            self._raise_ends(int(what.places[0]))
        if what.block is None:
            if phase == "loss":
                self.loss = LIT
                self._raise_layer(graph.nodes[graph.nodes[graph.loss].operands[0]].group)
                self._raise_layer(self._target_group())
            return
        block, span = what.block, slice(what.first, what.end)
        own = self.layers[block.group]
        own[span] = LIT
        if phase == "forward" and what.sums:
            self._raise_operands(block, span)
        elif phase == "backward":
            if what.nodes and what.sums:
                self._raise_users(block, span)
            if len(what.places):
                self._raise_senders(block, what.places)

    def _raise_operands(self, block: Block, span: slice) -> None:
        """What the neurons' sums are made from: the layer before, and their own rows of weights."""
        graph = self.scene.graph
        head = graph.nodes[block.nodes[0]]
        for operand in head.operands:
            if graph.nodes[operand].kind != "parameter":
                self._raise_layer(graph.nodes[operand].group)
        for bundle in self._bundles(block.group):
            self._light_matrix(bundle, span, slice(None), LIT)

    def _raise_users(self, block: Block, span: slice) -> None:
        """What the neurons' gradients are made from: the layers behind, and the weights to them."""
        graph = self.scene.graph
        for use in graph.uses[block.nodes[-1]]:
            if use.consumer in graph.reaches_loss:
                self._raise_layer(graph.nodes[use.consumer].group)
                self.loss = max(self.loss, PLAIN) if use.consumer == graph.loss else self.loss
        for bundle in self.shape.bundles:
            if bundle.source == block.group:
                self._light_matrix(bundle, slice(None), span, LIT)

    def _raise_senders(self, block: Block, places: NDArray[np.intp]) -> None:
        """The neurons whose strength the gradients of weights are made with."""
        for bundle in self._bundles(block.group):
            inside = places - bundle.first
            senders = inside[(inside >= 0) & (inside < bundle.size)] % bundle.sources
            level = self.layers[bundle.source]
            level[senders] = np.maximum(level[senders], PLAIN)

    def _light_focus(self) -> None:
        scene, graph = self.scene, self.scene.graph
        quantity = focused_quantity(scene.frame, scene.focus)
        if quantity is None:
            return
        for node, mask in reached(graph, quantity.node, quantity.element).items():
            group = graph.nodes[node].group
            if graph.nodes[node].kind != "parameter":
                self.layers[group][mask.ravel()] = PLAIN
        self.loss = PLAIN
        for bundle in self.shape.bundles:
            ends = np.flatnonzero(self.layers[bundle.target]), np.flatnonzero(self.layers[bundle.source])
            matrix = self.matrix(bundle, self.parameters)
            matrix[np.ix_(*ends)] = np.maximum(matrix[np.ix_(*ends)], PLAIN)
        place = graph.parameters.place_of(scene.focus)
        if place is not None:
            self._light_places(np.array([place]))
            self._raise_ends(place)
            return
        if scene.focus == "loss":
            self.loss = LIT
            return
        number = self.number_of(quantity)
        group = graph.nodes[quantity.node].group
        self.layers[group][number] = LIT
        for bundle in self.shape.bundles:
            if bundle.target == group:
                self._light_matrix(bundle, slice(number, number + 1), slice(None), PLAIN)
            if bundle.source == group:
                self._light_matrix(bundle, slice(None), slice(number, number + 1), PLAIN)

    def _raise_ends(self, place: int) -> None:
        """The neurons at both ends of a weight, or the one of a bias."""
        found = receiver(self.scene.graph, place)
        if found is not None and found[0] in self.layers:
            level = self.layers[found[0]]
            level[found[1][0]] = max(PLAIN, level[found[1][0]])
        for bundle in self.shape.bundles:
            target, source = divmod(place - bundle.first, bundle.sources)
            if 0 <= place - bundle.first < bundle.size:
                for group, number in ((bundle.target, target), (bundle.source, source)):
                    self.layers[group][number] = max(PLAIN, self.layers[group][number])

    def _light_lit(self) -> None:
        """What was asked to be lit, and the parameters between two lit neurons."""
        scene, graph = self.scene, self.scene.graph
        for quantity in scene.lit:
            if scene.is_parameter(quantity):
                self._light_places(np.array([scene.place(quantity)]))
            elif quantity.node == graph.loss:
                self.loss = LIT
            else:
                self.layers[graph.nodes[quantity.node].group][self.number_of(quantity)] = LIT
        for bundle in self.shape.bundles:
            ends = np.flatnonzero(self.layers[bundle.target]), np.flatnonzero(self.layers[bundle.source])
            matrix, wanted = (self.matrix(bundle, flat) for flat in (self.parameters, self.wanted))
            matrix[np.ix_(*ends)] = np.maximum(matrix[np.ix_(*ends)], PLAIN)
            wanted[np.ix_(*ends)] = True

    def _light_places(self, places: NDArray[np.intp]) -> None:
        self.parameters[places] = LIT
        self.wanted[places] = True

    def _light_matrix(self, bundle: BundleShape, targets: slice, sources: slice, level: int) -> None:
        matrix = self.matrix(bundle, self.parameters)
        matrix[targets, sources] = np.maximum(matrix[targets, sources], level)
        self.matrix(bundle, self.wanted)[targets, sources] = True

    def _raise_layer(self, group: str) -> None:
        if group in self.layers:
            self.layers[group][:] = np.maximum(self.layers[group], PLAIN)

    def _bundles(self, group: str) -> list[BundleShape]:
        return [bundle for bundle in self.shape.bundles if bundle.target == group]

    def _target_group(self) -> str:
        graph = self.scene.graph
        return graph.nodes[graph.nodes[graph.loss].operands[1]].group

    # --- who asks ---------------------------------------------------------------------------------

    @staticmethod
    def matrix(bundle: BundleShape, flat: NDArray) -> NDArray:  # type: ignore[type-arg]
        """The part of a flat vector that belongs to a bundle, a row for each target."""
        return flat[bundle.first : bundle.first + bundle.size].reshape(bundle.targets, bundle.sources)

    def number_of(self, quantity: Quantity) -> int:
        """The number of a quantity's neuron in its layer."""
        shape = self.scene.graph.nodes[quantity.node].shape
        return int(np.ravel_multi_index(quantity.element, shape)) if quantity.element else 0

    def _level(self, identity: str) -> int:
        """The level of a card, a block (its brightest member) or a parameter."""
        if identity == "loss":
            return self.loss
        if identity in self.layers:
            return int(self.layers[identity].max(initial=DIM))
        place = self.scene.graph.parameters.place_of(identity)
        if place is not None:
            return int(self.parameters[place])
        group, _, inside = identity.partition("[")
        element = tuple(int(part) - 1 for part in inside.rstrip("]").split(",")) if inside else ()
        shape = self._shapes.get(group, ())
        number = int(np.ravel_multi_index(element, shape)) if element else 0
        return int(self.layers[group][number]) if group in self.layers else DIM

    @property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {node.group: node.shape for node in self.scene.graph.nodes if node.kind != "parameter"}

    def of(self, identity: str) -> Emphasis:
        """How bright a card, a block or a parameter is."""
        return _WORDS[self._level(identity)]

    def edge(self, edge: EdgeShape) -> Emphasis:
        """An edge is as bright as what travels along it."""
        if self.all_plain:
            return "plain"
        if edge.weight:
            return self.of(edge.weight)
        levels = self._level(edge.source), self._level(edge.target)
        if min(levels) == DIM:
            return "dim"
        travels = not (self.scene.focus or self.scene.lit) and self.scene.frame.phase in _TRAVELLING
        return "lit" if travels and max(levels) == LIT else "plain"


def reached(graph: Graph, start: int, element: Element) -> dict[int, NDArray[np.bool_]]:
    """Which elements of each node lie on paths from one number to the loss."""
    first = np.zeros(graph.nodes[start].shape, dtype=bool)
    first[element] = True
    masks = {start: first}
    for index in range(start, len(graph.nodes)):
        if index not in masks or index not in graph.reaches_loss:
            continue
        for use in graph.uses[index]:
            consumer = graph.nodes[use.consumer]
            if use.consumer in graph.reaches_loss:
                after = masks.setdefault(use.consumer, np.zeros(consumer.shape, dtype=bool))
                after |= _carried(graph, use.consumer, use.slot, masks[index])
    return masks


def _carried(graph: Graph, index: int, slot: int, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which elements of a node depend on some of an operand's."""
    node = graph.nodes[index]
    assert node.operation is not None
    if node.operation.name == "affine" and slot == 0:
        connected = node.attributes.get("mask")
        if connected is None:
            return np.full(node.shape, mask.any())
        return np.asarray(np.asarray(connected, dtype=bool)[:, mask].any(axis=1))
    if node.operation.elementwise and mask.shape == node.shape:
        return mask
    result = np.zeros(node.shape, dtype=bool)
    shapes = tuple(graph.nodes[operand].shape for operand in node.operands)
    for place in np.argwhere(mask):
        for after in node.operation.uses(slot, tuple(int(i) for i in place), shapes, node.attributes):
            result[after] = True
    return result
