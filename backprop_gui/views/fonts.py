"""The shipped fonts: Backprop Sans (Inter) for words and numbers, Backprop Math (STIX Two) for formulas."""

from __future__ import annotations

from functools import cache
from typing import Literal
from unicodedata import normalize

from PySide6.QtGui import QFont, QFontDatabase

from backprop_gui.paths import resources_folder

SANS = "Backprop Sans"
MATH = "Backprop Math"

Weight = Literal["regular", "medium", "semibold"]
_WEIGHTS: dict[Weight, QFont.Weight] = {
    "regular": QFont.Weight.Normal,
    "medium": QFont.Weight.Medium,
    "semibold": QFont.Weight.DemiBold,
}


@cache
def load_fonts() -> None:
    """Make the shipped fonts known to Qt, once; needs a QGuiApplication."""
    for path in sorted((resources_folder() / "fonts").glob("*.ttf")):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            raise OSError(f"the font {path} cannot be read")


def ui_font(pixels: float, weight: Weight = "regular", slanted: bool = False) -> QFont:
    """The font of words, tables and cards. Figures are tabular: numbers that change do not jitter."""
    font = QFont([SANS, MATH])  # the second has what the first lacks: ∇ ⊙ ∈
    _set_pixels(font, pixels)
    # There is no slanted medium cut; the semi-bold one is nearer in colour than the regular.
    font.setWeight(_WEIGHTS["semibold" if slanted and weight == "medium" else weight])
    font.setItalic(slanted)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def math_font(pixels: float, slanted: bool = False, bold: bool = False) -> QFont:
    """The font of formulas. Slanted, letters and small Greek slant; digits, signs and Σ stay upright."""
    font = QFont([MATH, SANS])
    _set_pixels(font, pixels)
    font.setBold(bold)
    font.setItalic(slanted)
    return font


def slanted_text(text: str, bold: bool = False) -> str:
    """`text` with its letters as mathematical italic characters, for places that cannot choose a font."""
    return normalize("NFD", text).translate(_slanted_characters(bold))  # ŷ slants as y and a hat


@cache
def _slanted_characters(bold: bool) -> dict[int, str]:
    latin, greek = (0x1D468, 0x1D736) if bold else (0x1D434, 0x1D6FC)
    characters = {ord("A") + i: chr(latin + i) for i in range(26)}
    characters |= {ord("a") + i: chr(latin + 26 + i) for i in range(26)}
    characters |= {ord("α") + i: chr(greek + i) for i in range(25)}
    characters[ord("∂")] = chr(greek + 25)
    if not bold:
        characters[ord("h")] = "ℎ"  # its place in the italic alphabet is empty: it was there before
    return characters


def _set_pixels(font: QFont, pixels: float) -> None:
    """Pixel sizes also hold in PDF and SVG, where point sizes overflow. Qt knows whole pixels only."""
    font.setPixelSize(max(1, round(pixels)))
