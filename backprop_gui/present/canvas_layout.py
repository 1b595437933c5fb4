"""Where everything on the graph canvas stands: cards, edges and chips, without Qt.

`lay_out` first gives every column and row its smallest size, then stretches the gaps (never the
cards) towards the size of the view, routes the edges and lets the weight chips slide along them
until nothing overlaps. Where chips find no room, their gap grows and it is tried again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.present.canvas_chips import grouped, place_chips, point_at
from backprop_gui.present.canvas_measures import BLOCK_PADDING, Box, Measures, Point, Route
from backprop_gui.present.canvas_routes import Lane, cards_by_column, choose_lanes, route_edges
from backprop_gui.present.pictures import CanvasShape, CardShape

CROWD = 24  # with more weights between two layers, chips are shown only where they are asked for
COMPACT = 6  # a column of more cards keeps no room for captions and bias chips

_MARGIN = 14.0
_ROW_GAP = 12.0
_LANE = 18.0
_PITCH_STRETCH = 1.8
_BIAS_GAP = 11.0
_MEMBER_GAP = 7.0
_ATTEMPTS = 24


class CardPlace(Struct, frozen=True):
    """Where a card stands with what belongs to it; inputs carry their title inside."""

    card: Box
    title: Box | None
    bias: Box | None
    caption: Box
    compact: bool  # bias chip and caption have no room of their own
    member: CardPlace | None = None  # below a block: the card of the neuron that is looked at

    @property
    def fixed(self) -> tuple[Box, ...]:
        """Everything of the card that chips keep clear of."""
        if self.member is not None:
            return (self.card, self.caption, *self.member.fixed, *((self.title,) if self.title else ()))
        own = (self.card, self.title) if self.compact else (self.card, self.title, self.bias, self.caption)
        return tuple(box for box in own if box is not None)


class ChipPlace(Struct, frozen=True):
    """Where the chip of an edge stands; a `crowded` one is shown only when lit or focused."""

    box: Box
    crowded: bool


class CanvasLayout(Struct, frozen=True):
    """The finished plan: cards by identity, routes and weight chips by the identity of the edge."""

    cards: dict[str, CardPlace]
    routes: dict[str, Route]
    chips: dict[str, ChipPlace]
    bounds: Box
    measures: Measures


def lay_out(shape: CanvasShape, width: float, height: float, scale: float = 1.0) -> CanvasLayout:
    """Lay a network out for a view of `width` × `height` pixels, with texts enlarged by `scale`.

    The plan may be larger than the view, which then shows it smaller; nothing in it overlaps.
    """
    # The very longest numbers (sign and exponent) are rare: they are set a little smaller instead.
    measures = Measures(max(shape.number_width - 1, 5), scale)
    column = {card.identity: card.column for card in shape.cards}
    spans = {edge.identity: (column[edge.source], column[edge.target]) for edge in shape.edges}
    weights = [edge.identity for edge in shape.edges if edge.weight]
    crowds = Counter(spans[identity] for identity in weights)
    crowded = frozenset(identity for identity in weights if crowds[spans[identity]] > CROWD)
    groups = grouped((identity, spans[identity]) for identity in weights if identity not in crowded)

    columns = _Columns(shape, spans, crowded, measures)
    rows = _Rows(shape, choose_lanes(shape), measures)
    for _ in range(_ATTEMPTS):
        layout, failed = _attempt(shape, (width, height), rows, columns, groups, crowded)
        if not failed:
            break
        columns.widen({spans[identity][0] for identity in failed})
    return layout


def _attempt(
    shape: CanvasShape,
    view: Point,
    rows: _Rows,
    columns: _Columns,
    groups: list[list[str]],
    crowded: frozenset[str],
) -> tuple[CanvasLayout, set[str]]:
    """The plan with the gaps as they are now, and the edges whose chips found no room in it."""
    measures = rows.measures
    # A plan too large for the view is shown smaller; what is left of its other side grows with that.
    shrink = max(1.0, columns.smallest / view[0], rows.smallest / view[1])
    levels = rows.levels(view[1] * shrink)
    lefts = columns.lefts(view[0] * shrink, rows.extent(levels))
    cards = {
        card.identity: rows.place(
            card, lefts[card.column], columns.widths[card.column], levels[card.identity]
        )
        for card in shape.cards
    }
    ways = {
        identity: tuple(columns.stretch(lane.column, lefts, rows.lane_level(lane, levels)) for lane in lanes)
        for identity, lanes in rows.lanes.items()
    }
    size = (measures.chip_width, measures.chip_height)
    bow = size[1] + 8 * measures.scale if groups else 18 * measures.scale
    routes = route_edges(
        shape, {name: place.card for name, place in cards.items()}, ways, measures.scale, bow
    )

    fixed = [box for place in cards.values() for box in place.fixed]
    boxes, failed = place_chips(groups, routes, fixed, size, 3 * measures.scale)
    chips = {identity: ChipPlace(box, False) for identity, box in boxes.items()}
    for identity in crowded:
        x, y = point_at(routes[identity], 0.3)
        chips[identity] = ChipPlace(Box(x - size[0] / 2, y - size[1] / 2, *size), True)
    bounds = _bounds([*fixed, *boxes.values()], routes.values(), _MARGIN * measures.scale)
    return CanvasLayout(cards, routes, chips, bounds, measures), failed


def _bounds(boxes: Iterable[Box], routes: Iterable[Route], margin: float) -> Box:
    corners = [corner for box in boxes for corner in ((box.left, box.top), (box.right, box.bottom))]
    corners += [point for route in routes if len(route) > 2 for point in route]
    if not corners:
        return Box(0, 0, 1, 1)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    left, top = min(xs) - margin, min(ys) - margin
    return Box(left, top, max(xs) + margin - left, max(ys) + margin - top)


class _Columns:
    """The horizontal plan: a width for every column, a smallest and a largest gap behind each."""

    def __init__(
        self,
        shape: CanvasShape,
        spans: Mapping[str, tuple[int, int]],
        crowded: frozenset[str],
        measures: Measures,
    ) -> None:
        self.scale = measures.scale
        self.widths = {
            column: max(measures.width(card) for card in cards)
            for column, cards in cards_by_column(shape).items()
        }
        self.numbers = sorted(self.widths)
        outer = [card for card in shape.cards if card.column in (self.numbers[0], self.numbers[-1])]
        captions = [measures.caption_width(card, self.widths[card.column], True) for card in outer]
        overhangs = [
            caption - self.widths[card.column] for card, caption in zip(outer, captions, strict=True)
        ]
        self.margins = 2 * _MARGIN * self.scale + max([0.0, *overhangs]) / 2
        self.gaps = dict.fromkeys(self.numbers[:-1], 56 * self.scale)
        self.used = self.gaps  # as stretched the last time
        column_of = {card.layer: card.column for card in shape.cards}
        bundled = {column_of[bundle.source] for bundle in shape.bundles}
        self.weighted = {spans[edge.identity][0] for edge in shape.edges if edge.weight} | bundled
        self.crowded = {spans[identity][0] for identity in crowded} | bundled
        for column in self.weighted & self.gaps.keys():
            self.gaps[column] = measures.chip_width + 14 * self.scale

    def widen(self, columns: set[int]) -> None:
        """Let the gaps behind these columns grow a little from what they came to be."""
        for column in columns & self.gaps.keys():
            self.gaps[column] = self.used[column] * 1.12

    @property
    def smallest(self) -> float:
        return sum(self.widths.values()) + sum(self.gaps.values()) + self.margins

    def lefts(self, width: float, height: float) -> dict[int, float]:
        """The left side of every column, the gaps stretched to a total `width` as far as is tasteful.

        Taller networks may have wider gaps, or their edges would be too steep to follow.
        """
        gaps = dict(self.gaps)
        largest = {column: max(gap, self._largest(column, height)) for column, gap in gaps.items()}
        spare = width - self.smallest
        open_gaps = sorted(gaps, key=lambda column: largest[column] - gaps[column])
        for done, column in enumerate(open_gaps):
            more = min(spare / (len(open_gaps) - done), largest[column] - gaps[column])
            gaps[column] += max(more, 0.0)
            spare -= max(more, 0.0)
        self.used = gaps
        lefts, x = {}, 0.0
        for column in self.numbers:
            lefts[column] = x
            x += self.widths[column] + gaps.get(column, 0.0)
        return lefts

    def _largest(self, column: int, height: float) -> float:
        if column not in self.weighted:
            return 100 * self.scale
        return max(190 * self.scale, height * (0.8 if column in self.crowded else 0.35))

    def stretch(self, column: int, lefts: Mapping[int, float], level: float) -> Route:
        """The level way past a column."""
        return (lefts[column], level), (lefts[column] + self.widths[column], level)


class _Rows:
    """The vertical plan: cards evenly spread in their column and centred; room for lanes between."""

    def __init__(self, shape: CanvasShape, lanes: dict[str, tuple[Lane, ...]], measures: Measures) -> None:
        self.measures = measures
        self.lanes = lanes
        self.columns = cards_by_column(shape)
        self.lane_counts = Counter((lane.column, lane.slot) for way in lanes.values() for lane in way)
        self.sending = {edge.source for edge in shape.edges if edge.weight}
        self.size = {card.identity: len(self.columns[card.column]) for card in shape.cards}
        self.pitches: dict[int, float] = {}  # by the number of cards: equal columns stand level
        for column, cards in self.columns.items():
            for slot, (upper, lower) in enumerate(pairwise(cards), start=1):
                lanes_height = self.lane_counts[column, slot] * _LANE * measures.scale
                pitch = self._below(upper) + self._above(lower) + _ROW_GAP * measures.scale + lanes_height
                self.pitches[len(cards)] = max(pitch, self.pitches.get(len(cards), 0.0))

    def _compact(self, card: CardShape) -> bool:
        return self.size.get(card.identity, 1) > COMPACT

    def _above(self, card: CardShape) -> float:
        title = self.measures.title_height if card.kind == "neuron" else 0.0
        if card.is_block:
            title = self.measures.title_height + self.measures.caption_height
        return self.measures.height(card) / 2 + title

    def _member_gap(self, member: CardShape) -> float:
        title = self.measures.title_height if member.kind == "neuron" else 0.0
        return title + _MEMBER_GAP * self.measures.scale

    def _below(self, card: CardShape) -> float:
        half = self.measures.height(card) / 2
        if card.is_block:
            member = card.cells[0]
            bias = self.measures.chip_height + _BIAS_GAP * self.measures.scale if member.bias else 0.0
            gap = self._member_gap(member)
            return half + self.measures.caption_height + gap + self.measures.height(member) + bias
        if self._compact(card):
            return half
        bias = self.measures.chip_height + _BIAS_GAP * self.measures.scale if card.bias else 0.0
        return half + bias + (self.measures.caption_height if card.captioned else 0.0)

    @property
    def smallest(self) -> float:
        return self.extent(self.levels(0.0))

    def extent(self, levels: Mapping[str, float]) -> float:
        """The height of the plan with the cards' centres at these levels."""
        tops, bottoms = [], []
        for column, cards in self.columns.items():
            lane = _LANE * self.measures.scale
            above, below = self.lane_counts[column, 0], self.lane_counts[column, len(cards)]
            tops.append(levels[cards[0].identity] - self._above(cards[0]) - above * lane)
            bottoms.append(levels[cards[-1].identity] + self._below(cards[-1]) + below * lane)
        return max(bottoms, default=0.0) - min(tops, default=0.0) + 2 * _MARGIN * self.measures.scale

    def levels(self, height: float) -> dict[str, float]:
        """The level of every card's centre; the cards of every column are centred about 0."""
        levels: dict[str, float] = {}
        ends: dict[int, float] = {}  # columns with as many cards stand level, whatever cards they are
        for cards in self.columns.values():
            own = self._above(cards[0]) + self._below(cards[-1]) + 2 * _MARGIN * self.measures.scale
            ends[len(cards)] = max(own, ends.get(len(cards), 0.0))
        for cards in self.columns.values():
            count = len(cards)
            smallest = self.pitches.get(count, 0.0)
            wanted = (height - ends[count]) / max(count - 1, 1)
            pitch = min(max(wanted, smallest), smallest * _PITCH_STRETCH)
            for i, card in enumerate(cards):
                levels[card.identity] = (i - (count - 1) / 2) * pitch
        return levels

    def lane_level(self, lane: Lane, levels: Mapping[str, float]) -> float:
        """The level of a lane, clear of the cards above and below it."""
        cards, count = self.columns[lane.column], self.lane_counts[lane.column, lane.slot]
        distance = _LANE * self.measures.scale
        if lane.slot == 0:
            top = levels[cards[0].identity] - self._above(cards[0])
            return top - (count - lane.rank) * distance + distance / 4
        bottom = levels[cards[lane.slot - 1].identity] + self._below(cards[lane.slot - 1])
        if lane.slot == len(cards):
            return bottom + (lane.rank + 1) * distance - distance / 4
        top = levels[cards[lane.slot].identity] - self._above(cards[lane.slot])
        return bottom + (top - bottom) * (lane.rank + 1) / (count + 1)

    def place(self, card: CardShape, left: float, width: float, level: float) -> CardPlace:
        """The boxes of a card and of what stands above and below it."""
        if card.is_block:
            return self._place_block(card, left, width, level)
        measures, scale = self.measures, self.measures.scale
        height = measures.height(card)
        box = Box(left, level - height / 2, width, height)
        title = bias = None
        if card.kind == "neuron":
            wide = min(width, measures.words(card.title, 14) + 24 * scale)
            title = Box(
                left + (width - wide) / 2, box.top - measures.title_height, wide, measures.title_height
            )
        below = box.bottom
        if card.bias:
            x = left + (width - measures.chip_width) / 2
            bias = Box(x, below + _BIAS_GAP * scale, measures.chip_width, measures.chip_height)
            below = bias.bottom
        wide = measures.caption_width(card, width, card.identity in self.sending)
        caption = Box(left + (width - wide) / 2, below + 2 * scale, wide, measures.caption_height - 2 * scale)
        return CardPlace(box, title, bias, caption, self._compact(card))

    def _place_block(self, card: CardShape, left: float, width: float, level: float) -> CardPlace:
        """The boxes of a block, of its title and range, and of the card of one of its members."""
        measures, scale = self.measures, self.measures.scale
        height = measures.height(card)
        own = measures.grid(card)[0] + 2 * BLOCK_PADDING * scale
        box = Box(left + (width - own) / 2, level - height / 2, own, height)
        head = measures.title_height + measures.caption_height
        title = Box(left, box.top - head, width, head)
        caption = Box(left, box.bottom + 2 * scale, width, measures.caption_height - 2 * scale)
        member = card.cells[0]
        below = caption.bottom + self._member_gap(member) + measures.height(member) / 2
        wide = measures.width(member)
        place = self.place(member, left + (width - wide) / 2, wide, below)
        return CardPlace(box, title, None, caption, False, replace(place, compact=False))
