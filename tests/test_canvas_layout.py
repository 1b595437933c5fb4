"""Where things stand on the canvas: nothing overlaps, edges keep clear of foreign cards, space is used."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from backprop_gui.present.canvas_layout import COMPACT, CROWD, LEGIBLE, CanvasLayout, lay_out
from backprop_gui.present.canvas_measures import Box, Measures
from backprop_gui.present.canvas_routes import cards_by_column
from backprop_gui.present.pictures import CanvasShape
from tests.canvas_pictures import network, residual, squared

SHAPES = {
    "2-2-2-1": network(2, 2, 2, 1),
    "1-1-1-1": network(1, 1, 1, 1),
    "2-3-2": network(2, 3, 2),
    "3-5-4-2": network(3, 5, 4, 2),
    "4-4": network(4, 4),
    "residual": residual(),
    "a·a": squared(),
}
SIZES = [(560, 380), (700, 420), (1000, 480), (1500, 900)]


def named_boxes(layout: CanvasLayout) -> dict[str, Box]:
    """Everything that stands on the canvas, by a readable name."""
    boxes = {f"chip of {edge}": chip.box for edge, chip in layout.chips.items() if not chip.crowded}
    for name, place in layout.cards.items():
        for part, box in zip(("card", "title", "bias", "caption"), _parts(place), strict=True):
            if part == "title" and layout.measures.close:
                continue  # it stands inside
            if box is not None:
                boxes[f"{part} of {name}"] = box
    return boxes


def _parts(place):
    if place.compact:
        return place.card, place.title, None, None
    return place.card, place.title, place.bias, place.caption


def overlaps(layout: CanvasLayout) -> list[tuple[str, str]]:
    pairs = combinations(named_boxes(layout).items(), 2)
    return [(first, second) for (first, one), (second, other) in pairs if one.overlaps(other)]


def crossed_cards(shape: CanvasShape, layout: CanvasLayout) -> list[tuple[str, str]]:
    """Edges that pass through cards that are not theirs, found by walking along them."""
    found = []
    for edge in shape.edges:
        for (x0, y0), (x1, y1) in pairwise(layout.routes[edge.identity]):
            steps = np.linspace(0, 1, 200)
            x, y = x0 + (x1 - x0) * steps, y0 + (y1 - y0) * steps
            for name, place in layout.cards.items():
                box = place.card
                inside = (x > box.left) & (x < box.right) & (y > box.top) & (y < box.bottom)
                if name not in (edge.source, edge.target) and inside.any():
                    found.append((edge.identity, name))
    return found


@pytest.mark.parametrize("number_width", [9, 12, 22])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SHAPES)
def test_nothing_overlaps(name, size, number_width):
    """Cards, titles, bias chips, captions and weight chips keep clear of each other at every size."""
    layout = lay_out(replace(SHAPES[name], number_width=number_width), *size)
    assert overlaps(layout) == []


@pytest.mark.parametrize("scale", [0.8, 2.0])
def test_nothing_overlaps_with_scaled_texts(scale):
    assert overlaps(lay_out(SHAPES["2-2-2-1"], 1000, 480, scale)) == []


def test_overlapping_boxes_are_found():
    """The tests above can fail: a card moved onto another is noticed."""
    layout = lay_out(SHAPES["2-2-2-1"], 1000, 480)
    moved = dict(layout.cards, **{"x[2]": layout.cards["x[1]"]})
    assert ("card of x[1]", "card of x[2]") in overlaps(replace(layout, cards=moved))


@pytest.mark.parametrize("name", SHAPES)
def test_edges_keep_clear_of_foreign_cards(name):
    shape = SHAPES[name]
    assert crossed_cards(shape, lay_out(shape, 1000, 480)) == []


def test_skipping_edges_would_cross_cards_if_they_went_straight():
    """The test above can fail: a straight line from x to the third layer runs through the first."""
    shape = residual()
    layout = lay_out(shape, 1000, 480)
    ends = {name: (route[0], route[-1]) for name, route in layout.routes.items()}
    crossed = {edge for edge, _ in crossed_cards(shape, replace(layout, routes=ends))}
    assert {"skip1", "skip2"} <= crossed


def test_chips_stand_on_their_edges():
    """However far a chip slides, its middle stays on the route of its edge."""
    layout = lay_out(SHAPES["3-5-4-2"], 1000, 480)
    for edge, chip in layout.chips.items():
        (x0, y0), (x1, y1) = layout.routes[edge]
        x, y = chip.box.centre
        share = (x - x0) / (x1 - x0)
        assert 0.1 < share < 0.9
        assert y == pytest.approx(y0 + share * (y1 - y0), abs=1e-6)


def test_edges_between_the_same_cards_are_drawn_apart():
    layout = lay_out(squared(), 1000, 480)
    middles = [np.array(layout.routes[name])[7, 1] for name in ("e2", "twin2", "twin3")]
    assert min(abs(a - b) for a, b in combinations(middles, 2)) > 20


def test_cards_of_equal_columns_stand_level():
    layout = lay_out(SHAPES["2-2-2-1"], 1000, 480)
    levels = [layout.cards[name].card.centre[1] for name in ("x[1]", "h1[1]", "h2[1]")]
    assert max(levels) - min(levels) < 1e-9


def test_columns_follow_each_other_from_left_to_right():
    shape = residual()
    layout = lay_out(shape, 1000, 480)
    for cards, after in pairwise(cards_by_column(shape).values()):
        right = max(layout.cards[card.identity].card.right for card in cards)
        assert right < min(layout.cards[card.identity].card.left for card in after)


def test_a_larger_window_stretches_gaps_and_not_cards():
    small, large = (lay_out(SHAPES["2-2-2-1"], *size) for size in ((1130, 400), (1500, 900)))
    assert large.bounds.width > small.bounds.width
    assert large.bounds.width <= 1500
    assert large.cards["h1[1]"].card.width == small.cards["h1[1]"].card.width


def test_more_digits_widen_cards_and_gaps():
    narrow, wide = (lay_out(replace(SHAPES["2-2-2-1"], number_width=width), 1000, 480) for width in (9, 22))
    assert wide.cards["h1[1]"].card.width > 1.5 * narrow.cards["h1[1]"].card.width
    gaps = [lay.cards["h1[1]"].card.left - lay.cards["x[1]"].card.right for lay in (narrow, wide)]
    assert gaps[1] > gaps[0]


def test_cells_have_room_for_the_longest_number():
    shape = SHAPES["2-2-2-1"]
    layout = lay_out(replace(shape, number_width=22), 1000, 480)
    card = next(card for card in shape.cards if card.identity == "h1[1]")
    values, gradients = layout.measures.cells(card, layout.cards["h1[1]"].card.width)
    assert min(box.width for box in values) > layout.measures.number(13)
    assert min(box.width for box in gradients) > layout.measures.number(11)


def test_the_gradient_row_lies_within_the_card():
    measures, card = Measures(9), SHAPES["2-2-2-1"].cards[2]
    _, gradients = measures.cells(card, 160.0)
    assert max(box.bottom for box in gradients) == pytest.approx(measures.height(card) / 2)


def test_bounds_hold_everything():
    layout = lay_out(residual(), 700, 420)
    boxes = list(named_boxes(layout).values())
    points = [point for route in layout.routes.values() for point in route]
    assert layout.bounds.left < min(min(box.left for box in boxes), min(x for x, _ in points))
    assert layout.bounds.bottom > max(max(box.bottom for box in boxes), max(y for _, y in points))


def test_chips_of_crowded_layers_give_up_their_room():
    """More than CROWD weights between two layers: chips are marked, and cards still keep clear."""
    layout = lay_out(network(5, 6, 2), 1300, 800)
    crowded = {edge for edge, chip in layout.chips.items() if chip.crowded}
    assert len(crowded) == 30 > CROWD
    assert overlaps(layout) == []


def test_a_large_network_is_laid_out_compactly():
    shape = network(64, 32, 10)
    layout = lay_out(shape, 1000, 480)
    assert layout.cards["x[1]"].compact
    assert not lay_out(network(2, COMPACT, 1), 1300, 800).cards["h1[1]"].compact
    assert len(layout.routes) == 64 * 32 + 32 * 10 + 10


@pytest.mark.parametrize("sizes", [(4, 4, 5, 3), (2, 6, 4, 1), (2, 8, 8, 1), (1, 6, 1), (6, 6, 3)])
def test_middling_networks_can_be_read_in_a_small_window(sizes):
    """At 1280 × 720 no text is shown much smaller than it is meant; what is small enough keeps its cards."""
    layout = lay_out(network(*sizes), 870, 345)
    assert min(870 / layout.bounds.width, 345 / layout.bounds.height) >= LEGIBLE
    assert overlaps(layout) == []
    assert not lay_out(SHAPES["2-2-2-1"], 870, 345).measures.close


def test_biases_without_room_of_their_own_stay_in_sight():
    """The chip of the lowest neuron, which comes up when it is lit, does not leave the plan."""
    layout = lay_out(network(2, 8, 8, 1), 870, 345)
    boxes = [place.bias for place in layout.cards.values() if place.compact and place.bias is not None]
    assert len(boxes) == 16
    assert max(box.bottom for box in boxes) <= layout.bounds.bottom


def test_few_weights_keep_their_chips_in_a_close_plan():
    layout = lay_out(network(2, 4, 2), 870, 345)
    assert layout.measures.close
    assert not any(chip.crowded for chip in layout.chips.values())


def test_a_network_without_cards_has_bounds():
    """Nothing to show is not an error: the window exists before the first experiment."""
    layout = lay_out(CanvasShape((), ()), 500, 300)
    assert layout.bounds.width > 0
