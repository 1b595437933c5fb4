"""The accessible children of a canvas with large layers: as many as neurons and weights, made when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from backprop_gui.present.layer_pictures import BundleShape
from backprop_gui.present.pictures import CanvasShape, CardShape
from backprop_gui.views.canvas_access import Stop, in_words


class _Stretch:
    """The neurons of one layer, each followed by its weights and its bias."""

    def __init__(
        self, cards: Sequence[CardShape], incoming: tuple[BundleShape, ...], start: int, first: int
    ) -> None:
        """`start` is the number of its first stop, `first` that of its first neuron in the layer."""
        self.cards, self.first = cards, first
        self.incoming = [(bundle, _senders(bundle)) for bundle in incoming]
        counts = np.full(len(cards), 1 + bool(cards[0].bias))
        for bundle, senders in self.incoming:
            rows = range(first, first + len(cards))
            counts += bundle.sources if senders is None else [len(senders[row]) for row in rows]
        self.starts = start + np.concatenate([[0], np.cumsum(counts)])

    @property
    def end(self) -> int:
        return int(self.starts[-1])


def _senders(bundle: BundleShape) -> list[NDArray[np.intp]] | None:
    """For each receiving neuron the numbers of its senders; None where all are connected."""
    if bundle.missing is None:
        return None
    return [np.flatnonzero(~row) for row in bundle.missing.reshape(bundle.targets, bundle.sources)]


class LargeStops(Sequence[Stop]):
    """All stops in network order; `reachable` are the identities the keyboard goes to, without weights."""

    def __init__(self, shape: CanvasShape) -> None:
        self._stretches: list[_Stretch] = []
        at, told = 0, dict[int, str]()
        for card in sorted(shape.cards, key=_column_and_order):
            cards = card.cells if card.is_block else (card,)
            own = [bundle for bundle in shape.bundles if bundle.target == card.layer]
            # Weights that several layers share belong to the first.
            incoming = tuple(each for each in own if told.setdefault(each.first, each.layer) == each.layer)
            first = 0 if card.is_block else _number_in_layer(card)
            self._stretches.append(_Stretch(cards, incoming, at, first))
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
            if stretch.starts[0] <= index < stretch.end:
                neuron = int(np.searchsorted(stretch.starts, index, side="right")) - 1
                return _stop(stretch, neuron, index - int(stretch.starts[neuron]))
        raise IndexError(index)

    def number_of(self, identity: str) -> int:
        """The number of a stop by its identity; −1 where there is none."""
        for stretch in self._stretches:
            found = _find(stretch, identity)
            if found >= 0:
                return found
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
    for bundle, senders in stretch.incoming:
        count = bundle.sources if senders is None else len(senders[row])
        if inside < count:
            source = inside if senders is None else int(senders[row][inside])
            name = bundle.names[row * bundle.sources + source]
            return Stop(name, f"weight {in_words(name)}", False)
        inside -= count
    return Stop(card.bias, f"bias {card.spoken_bias or in_words(card.bias)} of {spoken}", False)


def _find(stretch: _Stretch, identity: str) -> int:
    """The number of a stop of the stretch; −1 where it is none of its own."""
    before = 1
    for bundle, senders in stretch.incoming:
        try:
            row, source = divmod(bundle.names.index(identity), bundle.sources)
        except ValueError:
            before += bundle.sources if senders is None else 0
            continue
        neuron = row - stretch.first
        if not 0 <= neuron < len(stretch.cards):
            return -1
        place = source if senders is None else int(np.searchsorted(senders[row], source))
        return int(stretch.starts[neuron]) + before + place
    for number, card in enumerate(stretch.cards):
        if card.identity == identity:
            return int(stretch.starts[number])
        if card.bias == identity:
            return int(stretch.starts[number + 1]) - 1
    return -1


def _column_and_order(card: CardShape) -> tuple[int, int]:
    return card.column, card.order
