"""The canvas for screen readers: a child for every neuron and every parameter, in network order.

Items of a graphics view are invisible to them. A child is known by its number in that order and
looks up what it says when it is asked, so that steps and new networks leave the children alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from unicodedata import normalize

from msgspec import Struct
from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QAccessibleObject
from PySide6.QtWidgets import QAccessibleWidget, QGraphicsView

from backprop_gui.present.numbers import spoken_number
from backprop_gui.present.pictures import CanvasShape, Card, CardShape, Cell, Chip


class Stop(Struct, frozen=True):
    """A child of the canvas: a card or a parameter, with what it is called in words."""

    identity: str
    spoken: str
    card: bool


def network_order(shape: CanvasShape) -> Sequence[Stop]:
    """Cards from left to right and top to bottom, each followed by its weights and its bias."""
    if any(card.is_block for card in shape.cards):
        from backprop_gui.views.canvas_stops import LargeStops  # rarely needed, and it needs this module

        return LargeStops(shape)
    incoming: dict[str, list[Stop]] = {}
    for edge in shape.edges:
        if edge.weight:
            stop = Stop(edge.weight, edge.spoken or f"weight {in_words(edge.weight)}", False)
            incoming.setdefault(edge.target, []).append(stop)
    stops: dict[str, Stop] = {}
    for card in sorted(shape.cards, key=_column_and_order):
        spoken = card.spoken or in_words(card.title)
        stops[card.identity] = Stop(card.identity, spoken, True)
        for stop in incoming.get(card.identity, ()):
            stops.setdefault(stop.identity, stop)
        if card.bias:
            said = card.spoken_bias or in_words(card.bias)
            stops.setdefault(card.bias, Stop(card.bias, f"bias {said} of {spoken}", False))
    return tuple(stops.values())


def _column_and_order(card: CardShape) -> tuple[int, int]:
    return card.column, card.order


def in_words(text: str) -> str:
    """A short text as it should be read: `w₅` is "w 5", `−0.1` is "minus 0.1"."""
    plain = (
        spoken_number(normalize("NFKC", text))
        .replace("*", "")
        .replace("∂", "derivative by ")
        .replace("δ", "delta ")
    )
    return re.sub(r"(?<=[^\W\d_])(?=\d)", " ", plain)


def spoken_card(spoken: str, card: Card) -> str:
    """A card with its numbers, as one sentence."""
    parts = [_spoken_cell(cell, spoken) for cell in (*card.values, *card.gradients)]
    if card.caption:
        parts.append(in_words(card.caption))
    marks = {"ready": ["ready"], "complete": ["complete"], "none": []}[card.mark]
    return f"{spoken}: " + ", ".join([*parts, *marks])


def spoken_chip(spoken: str, chip: Chip) -> str:
    """A parameter with its value and, once known, its gradient."""
    text = f"{spoken}: {in_words(chip.value.text)}"
    if chip.gradient.text != "–":
        text += f", derivative {in_words(chip.gradient.text)}"
    return text + (", not updated" if chip.frozen else "")


def _spoken_cell(cell: Cell, spoken: str) -> str:
    name = in_words(cell.label.partition("=")[0].strip())
    if spoken.endswith(name):  # "input x 1: 0.4" needs no second "x 1"
        name = ""
    return f"{name} {'not yet known' if cell.text == '–' else in_words(cell.text)}".strip()


class DescribedView(QGraphicsView):
    """A graphics view that can tell its contents in words."""

    def stops(self) -> Sequence[Stop]:
        """The accessible children, in network order."""
        raise NotImplementedError

    def stop_at(self, x: int, y: int) -> int:
        """The number of the child at a point of the screen, or −1."""
        hits = (n for n, stop in enumerate(self.stops()) if self.rect_on_screen(stop).contains(x, y))
        return next(hits, -1)

    def spoken(self, stop: Stop) -> str:
        """What a child is and what its numbers are now."""
        raise NotImplementedError

    def rect_on_screen(self, stop: Stop) -> QRect:
        raise NotImplementedError

    def focused_stop(self) -> int:
        """The number of the child with the keyboard ring, or −1."""
        raise NotImplementedError


class _Named(QObject):
    """Stands for one child: Qt keeps an accessible interface exactly as long as its object."""

    def __init__(self, canvas: DescribedView, number: int) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.number = number


class _Child(QAccessibleObject):
    """One neuron or parameter, by its number in network order."""

    def _named(self) -> _Named:
        named = self.object()
        assert isinstance(named, _Named)
        return named

    def _stop(self) -> Stop | None:
        named = self._named()
        stops = named.canvas.stops()
        return stops[named.number] if named.number < len(stops) else None

    def isValid(self) -> bool:
        return super().isValid() and self._stop() is not None

    def parent(self) -> QAccessibleInterface:
        return QAccessible.queryAccessibleInterface(self._named().canvas)

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def text(self, kind: QAccessible.Text) -> str:
        stop = self._stop()
        return self._named().canvas.spoken(stop) if stop is not None and kind == QAccessible.Text.Name else ""

    def rect(self) -> QRect:
        stop = self._stop()
        return self._named().canvas.rect_on_screen(stop) if stop is not None else QRect()

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Graphic

    def state(self) -> QAccessible.State:
        return QAccessible.State()


class _CanvasInterface(QAccessibleWidget):
    """The canvas itself; makes its children when they are first asked for."""

    def __init__(self, canvas: DescribedView) -> None:
        super().__init__(canvas, QAccessible.Role.Canvas, "")
        self._named: dict[int, _Named] = {}

    def _canvas(self) -> DescribedView:
        canvas = self.object()
        assert isinstance(canvas, DescribedView)
        return canvas

    def childCount(self) -> int:
        return len(self._canvas().stops())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        if not 0 <= index < self.childCount():
            return None
        if index not in self._named:
            self._named[index] = _Named(self._canvas(), index)
        return QAccessible.queryAccessibleInterface(self._named[index])

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        named = child.object()
        return named.number if isinstance(named, _Named) else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        number = self._canvas().stop_at(x, y)
        return self.child(number) if number >= 0 else None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.child(self._canvas().focused_stop())


def _make_interface(key: str, subject: QObject) -> QAccessibleInterface | None:
    if isinstance(subject, DescribedView):
        return _CanvasInterface(subject)
    if isinstance(subject, _Named):
        return _Child(subject)
    return None


@cache
def install() -> None:
    """Tell Qt how to describe canvases, once."""
    QAccessible.installFactory(_make_interface)


def announce_focus(canvas: DescribedView, number: int) -> None:
    """Tell screen readers, if there is one, that the keyboard ring is on a child."""
    if QAccessible.isActive():
        child = QAccessible.queryAccessibleInterface(canvas).child(number)
        QAccessible.updateAccessibility(QAccessibleEvent(child, QAccessible.Event.Focus))
