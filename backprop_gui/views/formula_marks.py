"""What a formula is made of on screen: pieces of text, bars and shapes, in boxes with a baseline.

A `Box` reaches `ascent` above its baseline and `descent` below. Distances are shares of the em (the
size of the letters at that place), taken from TeX's and the STIX font's own tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from unicodedata import combining, normalize

from msgspec import Struct
from PySide6.QtGui import QFont, QFontMetricsF, QPainterPath

from backprop_gui.present.math_tree import Link
from backprop_gui.views.fonts import load_fonts, math_font, slanted_text

AXIS = 0.258  # height of fraction bars, and of the middle of brackets, above the baseline
RULE = 0.066  # thickness of bars
_SIZES = (1.0, 0.7, 0.55)  # of letters, of scripts, of scripts on scripts
_SMALLEST = 9  # no script gets smaller than this many pixels


class Ink(Struct, frozen=True):
    """A piece of text in one font, drawn from its baseline."""

    text: str
    font: QFont


class Bar(Struct, frozen=True):
    """A horizontal bar, drawn downwards from its place."""

    width: float
    height: float


class Outline(Struct, frozen=True):
    """A filled shape: a bracket or a root sign that has grown."""

    path: QPainterPath


Mark: TypeAlias = Ink | Bar | Outline


class Box(Struct, frozen=True):
    """A measured part with what is drawn in it; `overhang` is how far a slanted letter leans out of it."""

    width: float
    ascent: float
    descent: float
    parts: tuple[tuple[float, float, Box | Mark], ...] = ()
    overhang: float = 0.0
    link: Link | None = None


class Style(NamedTuple):
    """Where a part stands: `pixels` of the whole formula, depth of scripts, and how tight it is set."""

    pixels: float
    level: int = 0
    display: bool = True  # fractions in full size, sums with limits above and below
    cramped: bool = False  # below a bar superscripts rise less

    @property
    def em(self) -> int:
        return max(round(self.pixels * _SIZES[self.level]), min(_SMALLEST, round(self.pixels)), 1)

    @property
    def axis(self) -> int:
        """Height of the middle of bars, brackets and signs; whole pixels keep bars sharp."""
        return round(AXIS * self.em)

    @property
    def bar(self) -> int:
        return max(1, round(RULE * self.em))

    def script(self, cramped: bool) -> Style:
        return Style(self.pixels, min(self.level + 1, 2), False, cramped or self.cramped)

    def inside_fraction(self, cramped: bool) -> Style:
        deeper = self.level if self.display else min(self.level + 1, 2)
        return Style(self.pixels, deeper, False, cramped or self.cramped)


@lru_cache(maxsize=8192)
def text_box(text: str, style: Style, slanted: bool = False, bold: bool = False) -> Box:
    """The box of a piece of text in the math font; measured once."""
    load_fonts()
    accented = any(map(combining, normalize("NFD", text)))
    if accented and slanted:  # a ŷ of one piece has no slanted form, y and a hat have
        text, font = slanted_text(text, bold), math_font(style.em)
    else:
        font = math_font(style.em, slanted, bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    metrics = QFontMetricsF(font)
    ink, width = metrics.tightBoundingRect(text), metrics.horizontalAdvance(text)
    if accented:  # Qt's tight rectangle leaves out the hat
        path = QPainterPath()
        path.addText(0, 0, font, text)
        ink = path.boundingRect()
    overhang = max(0.0, ink.right() - width + (0.03 * style.em if slanted else 0.0))
    return Box(width, -ink.top(), ink.bottom(), ((0.0, 0.0, Ink(text, font)),), overhang)


def joined(boxes: Sequence[Box], spaces: Sequence[float]) -> Box:
    """Boxes side by side, each after its space."""
    x, parts = 0.0, []
    for box, space in zip(boxes, spaces, strict=True):
        x += space
        parts.append((x, 0.0, box))
        x += box.width
    ascent = max((box.ascent for box in boxes), default=0.0)
    descent = max((box.descent for box in boxes), default=0.0)
    return Box(x, ascent, descent, tuple(parts), boxes[-1].overhang if boxes else 0.0)
