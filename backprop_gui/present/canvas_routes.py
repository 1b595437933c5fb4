"""The ways of the edges on the graph canvas: straight between neighbours, round foreign cards else.

An edge that skips columns passes each of them in a *lane*: a thin horizontal strip above, below or
between its cards, for which the rows leave room.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from backprop_gui.present.canvas_measures import Box, Point, Route
from backprop_gui.present.pictures import CanvasShape, CardShape, EdgeShape

PORT_DISTANCE = 9.0  # at most, between the ends of two edges at one card

_CURVE = np.linspace(0.0, 1.0, 15)
_EASE = _CURVE * _CURVE * (3 - 2 * _CURVE)  # leaves and arrives level
_BOW = 4 * _CURVE * (1 - _CURVE)


class Lane(Struct, frozen=True):
    """The strip in which an edge passes a column: above the card number `slot`, `rank` from the top."""

    column: int
    slot: int
    rank: int


def cards_by_column(shape: CanvasShape) -> dict[int, list[CardShape]]:
    """The cards of every column, from the top."""
    columns: defaultdict[int, list[CardShape]] = defaultdict(list)
    for card in sorted(shape.cards, key=_column_and_order):
        columns[card.column].append(card)
    return dict(columns)


def _column_and_order(card: CardShape) -> tuple[int, int]:
    return card.column, card.order


def choose_lanes(shape: CanvasShape) -> dict[str, tuple[Lane, ...]]:
    """The lanes of every edge that skips columns, nearest to the straight way."""
    columns = cards_by_column(shape)
    height = {
        card.identity: (i + 0.5) / len(cards) for cards in columns.values() for i, card in enumerate(cards)
    }
    column = {card.identity: card.column for card in shape.cards}
    taken: Counter[tuple[int, int]] = Counter()
    lanes: dict[str, tuple[Lane, ...]] = {}
    for edge in shape.edges:
        first, last = column[edge.source], column[edge.target]
        passed = [number for number in range(first + 1, last) if number in columns]
        way = []
        for number in passed:
            share = (number - first) / (last - first)
            level = height[edge.source] * (1 - share) + height[edge.target] * share
            slot = round(level * len(columns[number]))
            way.append(Lane(number, slot, taken[number, slot]))
            taken[number, slot] += 1
        if way:
            lanes[edge.identity] = tuple(way)
    return lanes


def route_edges(
    shape: CanvasShape,
    cards: Mapping[str, Box],
    ways: Mapping[str, tuple[Route, ...]],
    scale: float,
    bow: float,
) -> dict[str, Route]:
    """A route for every edge; `ways` holds the level stretches in which an edge passes columns.

    Edges between the same two cards bow apart by `bow`.
    """
    starts, ends = _ports(shape, cards, ways, scale)
    twins: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for edge in shape.edges:
        twins[edge.source, edge.target].append(edge.identity)
    routes: dict[str, Route] = {}
    for edge in shape.edges:
        start, end, way = starts[edge.identity], ends[edge.identity], ways.get(edge.identity, ())
        group = twins[edge.source, edge.target]
        if way:
            routes[edge.identity] = _around(start, way, end)
        elif len(group) > 1:
            offset = (group.index(edge.identity) - (len(group) - 1) / 2) * bow
            routes[edge.identity] = _bowed(start, end, offset)
        else:
            routes[edge.identity] = (start, end)
    return routes


def _ports(
    shape: CanvasShape, cards: Mapping[str, Box], ways: Mapping[str, tuple[Route, ...]], scale: float
) -> tuple[dict[str, Point], dict[str, Point]]:
    """Where every edge leaves and arrives: side by side, in the order of where they come from."""
    leaving: defaultdict[str, list[tuple[float, int, EdgeShape]]] = defaultdict(list)
    arriving: defaultdict[str, list[tuple[float, int, EdgeShape]]] = defaultdict(list)
    for number, edge in enumerate(shape.edges):
        way = ways.get(edge.identity)
        next_level = way[0][0][1] if way else cards[edge.target].centre[1]
        last_level = way[-1][-1][1] if way else cards[edge.source].centre[1]
        leaving[edge.source].append((next_level, number, edge))
        arriving[edge.target].append((last_level, number, edge))
    starts: dict[str, Point] = {}
    ends: dict[str, Point] = {}
    for side, found in ((leaving, starts), (arriving, ends)):
        for identity, edges in side.items():
            box = cards[identity]
            x = box.right if side is leaving else box.left
            distance = min(PORT_DISTANCE * scale, 0.5 * box.height / max(len(edges) - 1, 1))
            top = box.centre[1] - distance * (len(edges) - 1) / 2
            for i, (_, _, edge) in enumerate(sorted(edges, key=_level_and_number)):
                found[edge.identity] = (x, top + i * distance)
    return starts, ends


def _level_and_number(entry: tuple[float, int, EdgeShape]) -> tuple[float, int]:
    return entry[0], entry[1]


def _bowed(start: Point, end: Point, offset: float) -> Route:
    x = start[0] + (end[0] - start[0]) * _CURVE
    y = start[1] + (end[1] - start[1]) * _CURVE + offset * _BOW
    return tuple(zip(x.tolist(), y.tolist(), strict=True))


def _around(start: Point, way: tuple[Route, ...], end: Point) -> Route:
    """From lane to lane by curves that leave and arrive level."""
    points: list[Point] = []
    stations = [start, *(point for stretch in way for point in stretch), end]
    for first, last in zip(stations[::2], stations[1::2], strict=True):
        x = first[0] + (last[0] - first[0]) * _CURVE
        y = first[1] + (last[1] - first[1]) * _EASE
        points.extend(zip(x.tolist(), y.tolist(), strict=True))
    return tuple(points)
