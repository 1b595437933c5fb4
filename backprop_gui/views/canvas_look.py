"""How things on the canvas look: the theme's colours, the fonts at their scale, measured lines of text."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from backprop_gui.present.canvas_measures import Box
from backprop_gui.present.pictures import Phase
from backprop_gui.views.fonts import Weight, ui_font
from backprop_gui.views.theme import Theme, blend, dimmed

_SMALLEST = 8  # pixels: below, a line that is too wide is squeezed instead


class Line(Struct, frozen=True):
    """A measured line of text: pieces with their fonts, one after the other."""

    pieces: tuple[tuple[str, QFont, float], ...]  # text, font, x
    width: float
    squeeze: float  # below 1 for a line that finds room in no other way
    ascent: float
    descent: float

    def paint(self, painter: QPainter, centre_x: float, centre_y: float) -> None:
        """Paint the line in the painter's pen, centred about a point."""
        self.paint_from(painter, centre_x - self.width * self.squeeze / 2, centre_y)

    def paint_from(self, painter: QPainter, left: float, centre_y: float) -> None:
        """Paint the line from `left` on; capitals and figures are centred about `centre_y`."""
        baseline = centre_y + self.ascent * 0.375
        if self.squeeze < 1:
            painter.save()
            painter.translate(left, 0)
            painter.scale(self.squeeze, 1)
            left = 0.0
        for text, font, x in self.pieces:
            painter.setFont(font)
            painter.drawText(QPointF(left + x, baseline), text)
        if self.squeeze < 1:
            painter.restore()


@lru_cache(maxsize=256)
def _font(pixels: int, weight: Weight, slanted: bool) -> tuple[QFont, QFontMetricsF]:
    font = ui_font(pixels, weight, slanted)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the view may scale it
    return font, QFontMetricsF(font)


@lru_cache(maxsize=4096)
def measured(pieces: tuple[tuple[str, Weight, bool], ...], pixels: float, room: float) -> Line:
    """A line of (text, weight, slanted) pieces; made smaller, then squeezed, to stay within `room`."""
    size = max(1, round(pixels))
    while True:
        placed, x, ascent, descent = [], 0.0, 0.0, 0.0
        for text, weight, slanted in pieces:
            font, metrics = _font(size, weight, slanted)
            placed.append((text, font, x))
            x += metrics.horizontalAdvance(text)
            ascent, descent = max(ascent, metrics.ascent()), max(descent, metrics.descent())
        if x <= room or size <= _SMALLEST:
            return Line(tuple(placed), x, min(1.0, room / max(x, 1e-9)), ascent, descent)
        size -= 1


class Look(Struct, frozen=True):
    """A theme at a text scale, and what follows from them."""

    theme: Theme
    scale: float = 1.0

    def line(
        self, text: str, pixels: float, weight: Weight = "regular", slanted: bool = False, room: float = 1e9
    ) -> Line:
        return measured(((text, weight, slanted),), pixels * self.scale, room)

    def name_and_number(self, name: str, number: str, pixels: float, room: float) -> Line:
        """`w₅ = 0.9` with a slanted name."""
        pieces = ((name, "semibold", True), (f" = {number}", "medium", False))
        return measured(pieces, pixels * self.scale, room)

    def sentence(self, text: str, pixels: float, room: float = 1e9) -> Line:
        """A sentence in which names stand between asterisks."""
        weight: Weight = "regular"
        pieces = tuple((part, weight, i % 2 == 1) for i, part in enumerate(text.split("*")) if part)
        return measured(pieces, pixels * self.scale, room)

    def phase(self, phase: Phase) -> str:
        """The colour of a phase; what is given is lit in the accent colour."""
        theme = self.theme
        colours: dict[Phase, str] = {
            "given": theme.accent,
            "forward": theme.forward,
            "loss": theme.loss,
            "backward": theme.backward,
            "update": theme.update,
        }
        return colours[phase]

    def card_ground(self, dim: bool) -> str:
        theme = self.theme
        return blend(theme.card, theme.canvas, 0.55) if dim else theme.card

    def ink(self, colour: str, dim: bool) -> QColor:
        """A colour of text or lines on a card, quiet on a dimmed one."""
        return QColor(dimmed(colour, self.card_ground(dim)) if dim else colour)


def rect_of(box: Box) -> QRectF:
    return QRectF(box.left, box.top, box.width, box.height)
