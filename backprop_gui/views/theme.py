"""Colours, fonts and style of the window, in one place, for light and dark."""

from __future__ import annotations

from functools import cache

from msgspec import Struct


class Theme(Struct, frozen=True):
    """The colours of a look, as `#rrggbb`. Every text colour keeps 4.5:1 on the grounds it stands on."""

    name: str
    window: str  # ground of bars, panels and tables
    canvas: str  # ground of the graph canvas
    card: str  # ground of neuron cards and of the white chips on edges
    block: str  # ground of formula blocks and of quiet buttons
    border: str  # hairlines between panels and table rows
    outline: str  # outline of a card at rest
    text: str
    muted: str  # captions, column heads, secondary text
    accent: str  # primary button, links, keyboard focus
    on_accent: str  # text on the primary button
    forward: str  # phase colours: text, lines and ticks
    loss: str
    backward: str
    update: str
    lit: str  # ground behind the factor or the table row of this step
    positive: str  # sign of a weight or gradient (always beside a written sign)
    negative: str
    good: str  # verified
    warning: str
    lines: tuple[str, ...]  # of several lines in a plot, which differ by their dashes too


LIGHT = Theme(
    name="light",
    window="#ffffff",
    canvas="#f5f7f9",
    card="#ffffff",
    block="#eef1f5",
    border="#dde2e8",
    outline="#5d6776",
    text="#171d28",
    muted="#5a6473",
    accent="#0b68c9",
    on_accent="#ffffff",
    forward="#006ba6",
    loss="#656e7b",
    backward="#c03b05",
    update="#077551",
    lit="#fff1df",
    positive="#0072b2",
    negative="#b84700",
    good="#077551",
    warning="#8a5a00",
    lines=("#0b68c9", "#077551", "#c03b05", "#7b3fa0", "#8a5a00", "#b0286e"),
)

DARK = Theme(
    name="dark",
    window="#1b2129",
    canvas="#12161d",
    card="#1b2129",
    block="#252c36",
    border="#333c47",
    outline="#9aa4b2",
    text="#eef2f6",
    muted="#a0abb9",
    accent="#58a6ff",
    on_accent="#0d1620",
    forward="#56b4e9",
    loss="#a3adba",
    backward="#ff9a57",
    update="#3cc48d",
    lit="#3b2a18",
    positive="#56b4e9",
    negative="#ff9a57",
    good="#3cc48d",
    warning="#f0c048",
    lines=("#58a6ff", "#3cc48d", "#ff9a57", "#c69cf4", "#f0c048", "#f48fb1"),
)


@cache
def blend(colour: str, ground: str, share: float) -> str:
    """`share` of `colour` over `ground`, as an opaque colour: half-transparent pens paint slowly."""
    front = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    back = [int(ground[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = (round(f * share + b * (1 - share)) for f, b in zip(front, back, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours by WCAG: 1 for equal ones, 21 for black on white."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@cache
def dimmed(colour: str, ground: str, share: float = 0.4) -> str:
    """The quiet variant of a colour on its ground, for what is not lit: `share` of it, but at least 3:1."""
    for percent in range(round(share * 100), 100):
        quiet = blend(colour, ground, percent / 100)
        if contrast(quiet, ground) >= 3.0:
            return quiet
    return colour


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
