"""The accessible children of a canvas with large layers: as many as neurons and weights, made when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from msgspec import Struct

from backprop_gui.present.layer_pictures import BundleShape
from backprop_gui.present.pictures import CanvasShape, CardShape
from backprop_gui.views.canvas_access import Stop, in_words


class _Stretch(Struct, frozen=True):
    """The neurons of one layer, each followed by its weights and its bias."""

    cards: Sequence[CardShape]
    incoming: tuple[BundleShape, ...]
    start: int  # the number of its first stop
    of_each: int  # stops of a neuron
    first: int = 0  # the number of its first neuron in the layer

    @property
    def end(self) -> int:
        return self.start + len(self.cards) * self.of_each


class LargeStops(Sequence[Stop]):
    """All stops in network order; `reachable` are the identities the keyboard goes to, without weights."""

    def __init__(self, shape: CanvasShape) -> None:
        self._stretches: list[_Stretch] = []
        at = 0
        for card in sorted(shape.cards, key=_column_and_order):
            cards = card.cells if card.is_block else (card,)
            incoming = tuple(bundle for bundle in shape.bundles if bundle.target == card.layer)
            of_each = 1 + sum(bundle.sources for bundle in incoming) + bool(cards[0].bias)
            first = 0 if card.is_block else _number_in_layer(card)
            self._stretches.append(_Stretch(cards, incoming, at, of_each, first))
            at = self._stretches[-1].end
        self._count = at

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Stop: ...
    @overload
    def __getitem__(self, index: slice) -> list[Stop]: ...
    def __getitem__(self, index: int | slice) -> Stop | list[Stop]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._count))]
        for stretch in self._stretches:
            if stretch.start <= index < stretch.end:
                return _stop(stretch, *divmod(index - stretch.start, stretch.of_each))
        raise IndexError(index)

    def number_of(self, identity: str) -> int:
        """The number of a stop by its identity; −1 where there is none."""
        for stretch in self._stretches:
            found = _find(stretch, identity)
            if found >= 0:
                return stretch.start + found
        return -1

    def reachable(self) -> Iterator[str]:
        """The identities of all neurons, in order."""
        for stretch in self._stretches:
            for card in stretch.cards:
                yield card.identity


def _number_in_layer(card: CardShape) -> int:
    inside = card.identity.partition("[")[2].rstrip("]")
    return int(inside.split(",")[0]) - 1 if inside else 0


def _stop(stretch: _Stretch, neuron: int, inside: int) -> Stop:
    card = stretch.cards[neuron]
    spoken = card.spoken or in_words(card.title)
    if inside == 0:
        return Stop(card.identity, spoken, True)
    inside -= 1
    row = neuron + stretch.first
    for bundle in stretch.incoming:
        if inside < bundle.sources:
            name = bundle.names[row * bundle.sources + inside]
            return Stop(name, f"weight {in_words(name)}", False)
        inside -= bundle.sources
    return Stop(card.bias, f"bias {card.spoken_bias or in_words(card.bias)} of {spoken}", False)


def _find(stretch: _Stretch, identity: str) -> int:
    first, before = stretch.first, 1
    for bundle in stretch.incoming:
        try:
            row, source = divmod(bundle.names.index(identity), bundle.sources)
        except ValueError:
            before += bundle.sources
            continue
        return (
            (row - first) * stretch.of_each + before + source if 0 <= row - first < len(stretch.cards) else -1
        )
    for number, card in enumerate(stretch.cards):
        if card.identity == identity:
            return number * stretch.of_each
        if card.bias == identity:
            return (number + 1) * stretch.of_each - 1
    return -1


def _column_and_order(card: CardShape) -> tuple[int, int]:
    return card.column, card.order
