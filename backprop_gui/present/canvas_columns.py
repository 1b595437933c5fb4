"""The horizontal plan of the graph canvas: how wide its columns are, and the gaps between them."""

from __future__ import annotations

from collections.abc import Mapping

from backprop_gui.present.canvas_measures import Measures, Route
from backprop_gui.present.canvas_routes import cards_by_column
from backprop_gui.present.pictures import CanvasShape

MARGIN = 14.0
_BARE_GAP = 70.0


class Columns:
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
        self.margins = 2 * MARGIN * self.scale + max([0.0, *overhangs]) / 2
        self.gaps = dict.fromkeys(self.numbers[:-1], 56 * self.scale)
        self.used = self.gaps  # as stretched the last time
        column_of = {card.layer: card.column for card in shape.cards}
        bundled = {column_of[bundle.source] for bundle in shape.bundles}
        self.weighted = {spans[edge.identity][0] for edge in shape.edges if edge.weight} | bundled
        self.crowded = {spans[identity][0] for identity in crowded} | bundled
        for column in self.weighted & self.gaps.keys():
            self.gaps[column] = measures.chip_width + 14 * self.scale

    def widen(self, share: Mapping[int, float]) -> None:
        """Let gaps grow from what they came to be, the more the larger the `share` of chips without room."""
        for column in share.keys() & self.gaps.keys():
            self.gaps[column] = self.used[column] * (1.12 + 0.25 * max(share[column] - 0.3, 0.0))

    def narrow(self, columns: set[int]) -> None:
        """Keep less room behind these columns: no chips stand there."""
        for column in columns & self.gaps.keys():
            self.gaps[column] = min(self.gaps[column], _BARE_GAP * self.scale)

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
