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
from backprop_gui.present.canvas_columns import MARGIN, Columns
from backprop_gui.present.canvas_measures import BLOCK_PADDING, Box, Measures, Point, Route
from backprop_gui.present.canvas_routes import Lane, cards_by_column, choose_lanes, route_edges
from backprop_gui.present.pictures import CanvasShape, CardShape

CROWD = 24  # with more weights between two layers, chips are shown only where they are asked for
COMPACT = 6  # a column of more cards keeps no room for captions and bias chips

LEGIBLE = 0.7  # the zoom below which texts are too small: rather a closer plan

_ROW_GAP = 12.0
_LANE = 18.0
_PITCH_STRETCH = 1.8
_BIAS_GAP = 11.0
_MEMBER_GAP = 7.0
_ATTEMPTS = 24
_WORTH_IT = 1.2  # so much larger a closer plan must be that still is too small
_FEW_WEIGHTS = 16  # these are never without their chips
_FULL = 0.5  # chips that need more of their gap find no room in it


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

    The plan may be larger than the view, which then shows it smaller; nothing in it overlaps. Where that
    would be too small to read, cards stand closer, at last without biases and chips that find no room.
    """
    plans = [_Plan(shape, scale)]
    if not any(card.is_block for card in shape.cards):
        plans += [_Plan(shape, scale, close=True), _Plan(shape, scale, close=True, bare=True)]
    for plan in plans[:-1]:
        found = plan.lay_out(width, height, LEGIBLE / scale)
        if found is not None:
            return found
    last = plans[-1].lay_out(width, height)
    assert last is not None
    if len(plans) == 1:
        return last
    usual = plans[0].lay_out(width, height)
    assert usual is not None
    gain = _zoom(last, width, height) / _zoom(usual, width, height)
    return last if gain > _WORTH_IT else usual


def _zoom(layout: CanvasLayout, width: float, height: float) -> float:
    """How large a view of this size shows a plan."""
    return min(width / layout.bounds.width, height / layout.bounds.height)


class _Plan:
    """One way to draw a network: with the usual cards or with `close` ones, these perhaps `bare`.

    A bare plan keeps no room for biases in columns of several cards, and for chips only where they fit.
    """

    def __init__(self, shape: CanvasShape, scale: float, close: bool = False, bare: bool = False) -> None:
        # The very longest numbers (sign and exponent) are rare: they are set a little smaller instead.
        number_width = max(shape.number_width - (2 if bare else 1), 5)
        self.shape, self.bare = shape, bare
        self.measures = Measures(number_width, scale, close)
        column = {card.identity: card.column for card in shape.cards}
        self.spans = {edge.identity: (column[edge.source], column[edge.target]) for edge in shape.edges}
        self.weights = [edge.identity for edge in shape.edges if edge.weight]
        crowds = Counter(self.spans[identity] for identity in self.weights)
        self.crowded = frozenset(name for name in self.weights if crowds[self.spans[name]] > CROWD)
        self.groups = grouped((name, self.spans[name]) for name in self.weights if name not in self.crowded)
        self.columns = Columns(shape, self.spans, self.crowded, self.measures)
        self.rows = _Rows(shape, choose_lanes(shape), self.measures, 1 if bare else COMPACT)
        if bare:
            self.columns.narrow({self.spans[name][0] for name in self.crowded})

    def lay_out(self, width: float, height: float, least: float = 0.0) -> CanvasLayout | None:
        """The plan for a view of this size; None as soon as it would be shown smaller than `least`."""
        columns = self.columns
        if self.bare:
            each = (width - sum(columns.widths.values())) / max(len(columns.gaps), 1)
            self._give_up(
                {self.spans[group[0]] for group in self.groups if self._is_full(group, each * height)}
            )
        for _ in range(_ATTEMPTS):
            if min(width / columns.smallest, height / self.rows.smallest) < least:
                return None
            layout, failed = _attempt(
                self.shape, (width, height), self.rows, columns, self.groups, self.crowded
            )
            if not failed:
                break
            spans = {self.spans[name] for name in failed}
            if self.bare and len(self.weights) > _FEW_WEIGHTS:
                self._give_up(spans)
            else:
                columns.widen(self._shares(failed))
        return layout if _zoom(layout, width, height) >= least else None

    def _shares(self, failed: set[str]) -> dict[int, float]:
        """Of the chips behind every column that has some without room: the share of these."""
        without = Counter(self.spans[name][0] for name in failed)
        all_chips = Counter(self.spans[name][0] for group in self.groups for name in group)
        return {column: count / all_chips[column] for column, count in without.items()}

    def _is_full(self, group: list[str], area: float) -> bool:
        """Whether a group has many chips, and too many for a gap of this area."""
        needed = len(group) * self.measures.chip_width * self.measures.chip_height
        return len(group) > _FEW_WEIGHTS and needed > _FULL * area

    def _give_up(self, spans: set[tuple[int, int]]) -> None:
        """Show chips between these columns only where they are asked for."""
        self.groups = [group for group in self.groups if self.spans[group[0]] not in spans]
        self.crowded |= {name for name in self.weights if self.spans[name] in spans}
        self.columns.narrow({column for column, _ in spans})


def _attempt(
    shape: CanvasShape,
    view: Point,
    rows: _Rows,
    columns: Columns,
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
        x, y = point_at(routes[identity], 0.5 if measures.close else 0.3)
        chips[identity] = ChipPlace(Box(x - size[0] / 2, y - size[1] / 2, *size), True)
    bounds = _bounds([*fixed, *boxes.values()], routes.values(), MARGIN * measures.scale)
    return CanvasLayout(cards, routes, chips, bounds, measures), failed


def _bounds(boxes: Iterable[Box], routes: Iterable[Route], margin: float) -> Box:
    corners = [corner for box in boxes for corner in ((box.left, box.top), (box.right, box.bottom))]
    corners += [point for route in routes if len(route) > 2 for point in route]
    if not corners:
        return Box(0, 0, 1, 1)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    left, top = min(xs) - margin, min(ys) - margin
    return Box(left, top, max(xs) + margin - left, max(ys) + margin - top)


class _Rows:
    """The vertical plan: cards evenly spread in their column and centred; room for lanes between."""

    def __init__(
        self, shape: CanvasShape, lanes: dict[str, tuple[Lane, ...]], measures: Measures, compact: int
    ) -> None:
        """A column of more than `compact` cards keeps no room for captions and bias chips."""
        self.measures = measures
        self.compact = compact
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
        return self.size.get(card.identity, 1) > self.compact

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
        return max(bottoms, default=0.0) - min(tops, default=0.0) + 2 * MARGIN * self.measures.scale

    def levels(self, height: float) -> dict[str, float]:
        """The level of every card's centre; the cards of every column are centred about 0."""
        levels: dict[str, float] = {}
        ends: dict[int, float] = {}  # columns with as many cards stand level, whatever cards they are
        for cards in self.columns.values():
            own = self._above(cards[0]) + self._below(cards[-1]) + 2 * MARGIN * self.measures.scale
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
        if measures.close:
            title = Box(box.left, box.top, measures.title_beside(card), height)
        elif card.kind == "neuron":
            wide = min(width, measures.words(card.title, 14) + 24 * scale)
            title = Box(
                left + (width - wide) / 2, box.top - measures.title_height, wide, measures.title_height
            )
        below = box.bottom
        if card.bias:
            x = left + (width - measures.chip_width) / 2
            y = below + _BIAS_GAP * scale
            if self._compact(card) and card is self.columns[card.column][-1]:
                y = box.top - _BIAS_GAP * scale - measures.chip_height  # rather over a card than out of sight
            else:
                below = y + measures.chip_height
            bias = Box(x, y, measures.chip_width, measures.chip_height)
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
