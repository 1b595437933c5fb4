"""The large layers of the graph canvas: blocks, the weights between them, and who is looked at."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from backprop_gui.present.canvas_layout import CanvasLayout
from backprop_gui.present.canvas_measures import Box, Route
from backprop_gui.present.layer_pictures import Bundle, Layer, Numbers
from backprop_gui.present.pictures import CanvasPicture, CanvasShape, CardShape, EdgeShape, Phase
from backprop_gui.views.canvas_blocks import BlockItem, CellItem
from backprop_gui.views.canvas_bundles import BundleItem
from backprop_gui.views.canvas_chip import ChipItem
from backprop_gui.views.canvas_items import CardItem
from backprop_gui.views.canvas_look import Look


class LayerItems:
    """Builds the items of a shape's blocks and bundles and brings them from picture to picture."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._scene = scene
        self.blocks: dict[str, BlockItem] = {}
        self.bundles: dict[str, BundleItem] = {}
        self.members: dict[str, CardItem] = {}  # by block: the neuron that is looked at
        self.biases: dict[str, ChipItem] = {}  # by block: its bias
        self.weights: dict[str, ChipItem] = {}  # by parameter: the few that have chips now
        self._layout: CanvasLayout | None = None
        self._shape: CanvasShape | None = None
        self._look: Look | None = None

    # ---------------------------------------------------------------- building

    def build(self, shape: CanvasShape, layout: CanvasLayout, look: Look) -> None:
        """The items of a layout; they show nothing yet."""
        self._shape, self._layout, self._look = shape, layout, look
        for card in shape.cards:
            if card.is_block:
                block = BlockItem(card, layout.cards[card.identity], layout.measures, look)
                self._scene.addItem(block)
                self.blocks[card.layer] = block
        for bundle in shape.bundles:
            starts, ends = self._ports(bundle.source, True), self._ports(bundle.target, False)
            frames = self._frame(bundle.source), self._frame(bundle.target)
            item = BundleItem(bundle, starts, ends, frames, look)
            self._scene.addItem(item)
            self.bundles[bundle.layer] = item

    def _ports(self, layer: str, right: bool) -> Numbers:
        """Where lines begin or end at each neuron of a layer, be it a block or cards."""
        if layer in self.blocks:
            return self.blocks[layer].ports(right)
        assert self._shape is not None
        assert self._layout is not None
        boxes = [self._layout.cards[card.identity].card for card in self._shape.cards if card.layer == layer]
        return np.array([(box.right if right else box.left, box.centre[1]) for box in boxes])

    def _frame(self, layer: str) -> QRectF:
        """What a layer covers: its block, or all of its cards."""
        if layer in self.blocks:
            return self.blocks[layer].frame()
        (left, top), (right, bottom) = self._ports(layer, False)[0], self._ports(layer, True)[-1]
        return QRectF(left, top, right - left, bottom - top)

    # ---------------------------------------------------------------- what is shown

    def show_picture(self, picture: CanvasPicture) -> None:
        """Show the blocks and bundles of a picture."""
        for layer in picture.layers:
            block = self.blocks[layer.identity]
            block.show_layer(layer, picture.phase)
            self._show_member(block, layer, picture.phase)
        shown: set[str] = set()
        for bundle in picture.bundles:
            self.bundles[bundle.layer].show_bundle(bundle, picture.phase)
            shown |= self._show_chips(bundle, picture.phase)
        for name in self.weights.keys() - shown:
            self._scene.removeItem(self.weights.pop(name))

    def _show_member(self, block: BlockItem, layer: Layer, phase: Phase) -> None:
        """Below a block stands the card of the neuron that is looked at, with its bias."""
        name, number = layer.identity, layer.looked_at
        before = self.members.get(name)
        shape = block.shape_of_card.cells[number] if number >= 0 else None
        if before is not None and (shape is None or before.shape_of_card.identity != shape.identity):
            self._scene.removeItem(self.members.pop(name))
            if name in self.biases:
                self._scene.removeItem(self.biases.pop(name))
        if shape is None:
            return
        if name not in self.members:
            self._add_member(name, shape)
        self.members[name].show_card(layer.cards[number], phase)
        if name in self.biases and layer.chip is not None:
            self.biases[name].show_chip(layer.chip, phase)

    def _add_member(self, name: str, shape: CardShape) -> None:
        assert self._layout is not None
        assert self._look is not None
        place, measures = self._layout.cards[name].member, self._layout.measures
        assert place is not None
        item = CardItem(shape, place, measures, self._look)
        item.setZValue(1.6)
        self._scene.addItem(item)
        self.members[name] = item
        if shape.bias and place.bias is not None:
            chip = ChipItem(place.bias, measures, self._look, hanging=True)
            self._scene.addItem(chip)
            self.biases[name] = chip

    def _show_chips(self, bundle: Bundle, phase: Phase) -> set[str]:
        assert self._layout is not None
        assert self._look is not None
        measures, item = self._layout.measures, self.bundles[bundle.layer]
        for number, chip in bundle.chips:
            if chip.identity not in self.weights:
                middle = item.middle(number)
                width, height = measures.chip_width, measures.chip_height
                box = Box(middle.x() - width / 2, middle.y() - height / 2, width, height)
                made = ChipItem(box, measures, self._look)
                made.setZValue(3)
                self._scene.addItem(made)
                self.weights[chip.identity] = made
            self.weights[chip.identity].show_chip(chip, phase)
        return {chip.identity for _, chip in bundle.chips}

    def show_look(self, look: Look) -> None:
        """Take on other colours."""
        self._look = look
        for found in (self.blocks, self.bundles, self.members, self.biases, self.weights):
            for item in found.values():
                item.show_look(look)

    # ---------------------------------------------------------------- looking things up

    def has(self, identity: str) -> bool:
        """Whether a neuron or a parameter of these layers can be seen."""
        return self._cell_of(identity) is not None or self._chip_of(identity) is not None

    def item_of(self, identity: str) -> CellItem | ChipItem | None:
        """The cell of a neuron, or the shown chip of a parameter."""
        found = self._cell_of(identity)
        return found[0].cell(found[1]) if found is not None else self._chip_of(identity)

    def _cell_of(self, identity: str) -> tuple[BlockItem, int] | None:
        layer, _, inside = identity.partition("[")
        block = self.blocks.get(layer)
        if block is None or not inside:
            return None
        columns = block.shape_of_card.grid[0]
        indices = [int(part) - 1 for part in inside.rstrip("]").split(",")]
        number = indices[0] if len(indices) == 1 else indices[0] * columns + indices[-1]
        return (block, number) if 0 <= number < len(block.shape_of_card.cells) else None

    def _chip_of(self, identity: str) -> ChipItem | None:
        if identity in self.weights:
            return self.weights[identity]
        chips = self.biases.values()
        return next((each for each in chips if each.chip and each.chip.identity == identity), None)

    def row_of(self, identity: str) -> int:
        """How many cells stand side by side in the block of a neuron; 1 for everything else."""
        found = self._cell_of(identity)
        return found[0].shape_of_card.grid[0] if found is not None else 1

    def lit_items(self) -> list[QGraphicsItem]:
        """What is of this step: the cards and chips that are shown of it."""
        found: list[QGraphicsItem] = [item for item in self.members.values() if item.lit]
        return found + [item for item in self.weights.values() if item.lit]

    def lit_routes(self, layers: Collection[str], at_most: int) -> list[Route]:
        """The ways of the lit weights of some layers, the strongest of each."""
        found = [item for layer, item in self.bundles.items() if layer in layers]
        return [route for item in found for route in item.lit_routes(at_most)]

    def edges_near(self, point: QPointF, reach: float) -> list[tuple[float, EdgeShape]]:
        """The nearest drawn weight of each bundle within `reach` of a point."""
        found = [item.nearest(point.x(), point.y(), reach) for item in self.bundles.values()]
        return [hit for hit in found if hit is not None]

    def middle_of(self, parameter: str) -> QPointF | None:
        """Where the chip of a weight stands or would stand."""
        for item in self.bundles.values():
            try:
                return item.middle(item.shape_of_bundle.names.index(parameter))
            except ValueError:
                continue
        return None
