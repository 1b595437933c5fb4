"""The items of the graph canvas and their map from identities; shows pictures by their differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from backprop_gui.present.canvas_layout import CanvasLayout
from backprop_gui.present.pictures import CanvasPicture, CanvasShape, Chip, EdgeShape, Emphasis, Phase
from backprop_gui.views.canvas_chip import ChipItem
from backprop_gui.views.canvas_edges import PULSES, EdgeLayerItem, Pulse
from backprop_gui.views.canvas_items import CardItem
from backprop_gui.views.canvas_look import Look, rect_of

if TYPE_CHECKING:
    from backprop_gui.views.canvas_blocks import CellItem
    from backprop_gui.views.canvas_layers import LayerItems

_LONG_NUMBER = 14  # characters
SHOWN_OF_CROWD = 8  # chips shown at once of layers with too many weights for chips on all of them


class CanvasScene(QGraphicsScene):
    """Builds the items of a layout and brings them from one picture to the next."""

    def __init__(self, parent: QObject, look: Look) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.look = look
        self.layout: CanvasLayout | None = None
        self.cards: dict[str, CardItem] = {}
        self.biases: dict[str, list[ChipItem]] = {}  # by parameter; a shared one has several
        self.weights: dict[str, ChipItem] = {}  # by edge; of crowded edges only those that are shown
        self.layers: dict[str, EdgeLayerItem] = {}
        self.large: LayerItems | None = None  # the blocks of a large network
        self.pulse = Pulse(self)
        self._edges: dict[str, EdgeShape] = {}
        self._place_of_edge: dict[str, tuple[EdgeLayerItem, int]] = {}
        self._edges_of: dict[str, list[str]] = {}  # by parameter
        self._chips: dict[str, Chip] = {}
        self._emphases: dict[str, Emphasis] = {}
        self._crowd: dict[Emphasis, set[str]] = {"lit": set(), "plain": set(), "dim": set()}
        self._more: Mapping[str, Chip] = {}
        self._phase: Phase = "given"
        self.show_look(look)

    # ---------------------------------------------------------------- building

    def build(self, shape: CanvasShape, layout: CanvasLayout) -> None:
        """Replace all items by those of a layout; they show nothing yet."""
        self.clear_items()
        self.layout = layout
        if any(card.is_block for card in shape.cards):
            from backprop_gui.views.canvas_layers import LayerItems  # most networks do without

            self.large = LayerItems(self)
            self.large.build(shape, layout, self.look)
        for card in shape.cards:
            if card.is_block:
                continue
            place = layout.cards[card.identity]
            item = CardItem(card, place, layout.measures, self.look)
            item.setZValue(1.5)
            self.addItem(item)
            self.cards[card.identity] = item
            if card.bias and place.bias is not None:
                chip = ChipItem(place.bias, layout.measures, self.look, hanging=True, crowded=place.compact)
                self.addItem(chip)
                self.biases.setdefault(card.bias, []).append(chip)
        by_layer: defaultdict[str, list[EdgeShape]] = defaultdict(list)
        for edge in shape.edges:
            by_layer[edge.layer].append(edge)
            self._edges[edge.identity] = edge
            if edge.weight:
                self._edges_of.setdefault(edge.weight, []).append(edge.identity)
                if not layout.chips[edge.identity].crowded:
                    self._add_weight(edge.identity)
        for name, edges in by_layer.items():
            layer = EdgeLayerItem(edges, [layout.routes[edge.identity] for edge in edges], self.look)
            layer.setZValue(-1)
            self.addItem(layer)
            self.layers[name] = layer
            for number, edge in enumerate(edges):
                self._place_of_edge[edge.identity] = layer, number

    def clear_items(self) -> None:
        """Remove everything that `build` made."""
        self.pulse.stop()
        self.clear()
        self.large = None
        self.layout = None
        self._more = {}
        for found in (
            self.cards,
            self.biases,
            self.weights,
            self.layers,
            self._edges,
            self._place_of_edge,
            self._edges_of,
            self._chips,
            self._emphases,
        ):
            found.clear()
        for edges in self._crowd.values():
            edges.clear()

    def _add_weight(self, edge: str) -> ChipItem:
        assert self.layout is not None
        place = self.layout.chips[edge]
        item = ChipItem(place.box, self.layout.measures, self.look)
        if place.crowded:
            # Large networks are shown small: what is asked for stays readable. A close plan can be read
            # as it is, and its narrow gaps leave no room for more.
            readable = self.layout.measures.close and self.layout.measures.number_width < _LONG_NUMBER
            item.setFlag(ChipItem.GraphicsItemFlag.ItemIgnoresTransformations, not readable)
            item.setZValue(3)
        self.addItem(item)
        self.weights[edge] = item
        return item

    # ---------------------------------------------------------------- what is shown

    def show_picture(self, picture: CanvasPicture) -> None:
        """Show a picture of the shape that was built; only what differs is touched."""
        self.pulse.stop()
        another_phase, self._phase = picture.phase != self._phase, picture.phase
        self._more = picture.more_chips
        if self.large is not None:
            self.large.show_picture(picture)
        for card in picture.cards:
            self.cards[card.identity].show_card(card, picture.phase)
        changed = self._show_chips(picture, another_phase)
        changed |= {
            edge
            for edge in picture.edges.keys() | self._emphases.keys()
            if picture.edges.get(edge) != self._emphases.get(edge)
        }
        self._emphases = dict(picture.edges)
        for edge in changed:
            if edge in self._place_of_edge:
                layer, number = self._place_of_edge[edge]
                emphasis = self._emphasis(edge)
                layer.show_emphasis(number, emphasis)
                self._note_crowded(edge, emphasis)
        for layer in self.layers.values():
            layer.show_phase(picture.phase)
        if changed:
            self._show_crowd()

    def _show_chips(self, picture: CanvasPicture, another_phase: bool) -> set[str]:
        """Update the chips and the strengths of their edges; returns the edges concerned."""
        changed: set[str] = set()
        for chip in picture.chips:
            before = self._chips.get(chip.identity)
            same = before is chip or before == chip
            if same and not another_phase:
                continue
            for item in self.biases.get(chip.identity, ()):
                item.show_chip(chip, picture.phase)
            edges = self._edges_of.get(chip.identity, ())
            for edge in edges:
                if edge in self.weights:
                    self.weights[edge].show_chip(chip, picture.phase)
            if not same:
                self._chips[chip.identity] = chip
                changed.update(edges)
                for edge in edges:
                    layer, number = self._place_of_edge[edge]
                    layer.show_strength(number, chip.strength)
        return changed

    def _emphasis(self, edge: str) -> Emphasis:
        """An edge is lit with its chip, unless the picture says something about it."""
        chip = self._chips.get(self._edges[edge].weight)
        if chip is not None and chip.emphasis == "lit":
            return "lit"
        return self._emphases.get(edge) or (chip.emphasis if chip is not None else "plain")

    def _note_crowded(self, edge: str, emphasis: Emphasis) -> None:
        assert self.layout is not None
        if edge in self.layout.chips and self.layout.chips[edge].crowded:
            for kind, edges in self._crowd.items():
                (edges.add if kind == emphasis else edges.discard)(edge)

    def _show_crowd(self) -> None:
        """Show chips on the lit edges of crowded layers, or on the few that a focus leaves plain."""
        assert self.layout is not None
        wanted = self._crowd["lit"] or (self._crowd["plain"] if self._crowd["dim"] else set())
        if len(wanted) > SHOWN_OF_CROWD:
            wanted = set()  # a whole layer is lit: as many chips would hide it
        for edge in [edge for edge in self.weights if self.layout.chips[edge].crowded and edge not in wanted]:
            self.removeItem(self.weights.pop(edge))
        for edge in wanted:
            chip = self._chips.get(self._edges[edge].weight)
            if chip is not None:
                item = self.weights[edge] if edge in self.weights else self._add_weight(edge)
                item.show_chip(chip, self._phase)

    def show_look(self, look: Look) -> None:
        """Take on other colours; another text scale needs another layout, too."""
        self.look = look
        self.setBackgroundBrush(QColor(look.theme.canvas))
        for card in self.cards.values():
            card.show_look(look)
        for chip in self.chip_items():
            chip.show_look(look)
        for layer in self.layers.values():
            layer.show_look(look)
        if self.large is not None:
            self.large.show_look(look)

    def run_pulse(self, picture: CanvasPicture) -> None:
        """Let the number of this step travel along its edges, in the direction of the phase."""
        if self.layout is None:
            return
        routes = [self.layout.routes[edge] for edge in picture.pulse if edge in self.layout.routes]
        if self.large is not None:
            routes += self.large.lit_routes(picture.pulse, PULSES)
        if picture.phase == "backward":
            routes = [route[::-1] for route in routes]
        colour, ground = QColor(self.look.phase(picture.phase)), QColor(self.look.theme.canvas)
        self.pulse.run(routes, colour, ground, self.look.scale)

    # ---------------------------------------------------------------- looking things up

    def chip_items(self) -> list[ChipItem]:
        return [*self.weights.values(), *(chip for chips in self.biases.values() for chip in chips)]

    def lit_items(self) -> list[QGraphicsItem]:
        """What is of this step and can be seen."""
        cards: list[QGraphicsItem] = [card for card in self.cards.values() if card.lit]
        cards += self.large.lit_items() if self.large is not None else []
        return cards + [chip for chip in self.chip_items() if chip.lit and chip.isVisible()]

    def shows(self, identity: str) -> bool:
        """Whether there is an item of this identity."""
        in_block = self.large is not None and self.large.has(identity)
        return in_block or self.item_of(identity) is not None

    def is_block(self, layer: str) -> bool:
        """Whether a layer is drawn as a whole."""
        return self.large is not None and layer in self.large.blocks

    def row_of(self, identity: str) -> int:
        """How many cells stand side by side where a neuron stands; 1 outside of blocks."""
        return self.large.row_of(identity) if self.large is not None else 1

    def item_of(self, identity: str) -> CardItem | CellItem | ChipItem | None:
        """The card, or the first shown chip of the parameter, of this identity."""
        if identity in self.cards:
            return self.cards[identity]
        if self.large is not None and self.large.has(identity):
            return self.large.item_of(identity)
        chips = [*self.biases.get(identity, ())]
        chips += [self.weights[edge] for edge in self._edges_of.get(identity, ()) if edge in self.weights]
        return next((chip for chip in chips if chip.isVisible()), None)

    def chip_of(self, parameter: str) -> Chip | None:
        return self._chips.get(parameter) or self._more.get(parameter)

    def middle_of(self, parameter: str) -> QPointF | None:
        """The middle of the (first) edge of a weight, where its chip stands or would stand."""
        edges = self._edges_of.get(parameter)
        if not edges or self.layout is None:
            return self.large.middle_of(parameter) if self.large is not None else None
        return rect_of(self.layout.chips[edges[0]].box).center()

    def edge_at(self, point: QPointF, reach: float) -> EdgeShape | None:
        """The nearest weighted edge within `reach` of a point."""
        found = [layer.nearest(point.x(), point.y(), reach) for layer in self.layers.values()]
        near = [hit for hit in found if hit is not None and hit[1].weight]
        near += self.large.edges_near(point, reach) if self.large is not None else []
        return min(near, key=_distance)[1] if near else None


def _distance(hit: tuple[float, EdgeShape]) -> float:
    return hit[0]
