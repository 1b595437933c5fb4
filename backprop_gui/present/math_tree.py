"""Formula trees: what a formula looks like, before any painting, speaking or writing.

One tree is painted on screen (`views/formula.py`), copied as LaTeX, written as plain text and read
aloud (`present/math_text.py`). A tree holds no numbers of its own, only what is to be shown.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from msgspec import Struct


class Symbol(Struct, frozen=True):
    """A name, a number or a function: `w`, `0.6011`, `σ`, `max`. Names are slanted, numbers upright.

    `spoken` replaces `text` when the formula is read aloud, `latex` when it is copied as LaTeX. With
    `function` a bracket behind it holds its argument: m of w₅, not m times w₅.
    """

    text: str
    slanted: bool = False
    bold: bool = False
    spoken: str = ""
    latex: str = ""
    function: bool = False


class Operator(Struct, frozen=True):
    """`=`, `≈`, `+`, `−`, `·`, `⊙`, `←`: set with space around; a long row may be broken before it."""

    text: str
    breakable: bool = True


class Row(Struct, frozen=True):
    """Parts side by side."""

    children: tuple[Math, ...]


class Fraction(Struct, frozen=True):
    top: Math
    bottom: Math


class Script(Struct, frozen=True):
    """A base with a subscript, a superscript, or both (one above the other)."""

    base: Math
    sub: Math | None = None
    sup: Math | None = None


class Bracketed(Struct, frozen=True):
    """A part between brackets that grow with it."""

    child: Math
    left: str = "("
    right: str = ")"


class Root(Struct, frozen=True):
    """A square root: its bar reaches over the whole part."""

    child: Math


class Matrix(Struct, frozen=True):
    """Rows of entries between square brackets; a column vector has rows of one entry."""

    rows: tuple[tuple[Math, ...], ...]


class Link(Struct, frozen=True):
    """A part that can be clicked: `target` is handed back as it is (a quantity, or a rule's name).

    `tip` is shown on hover (all digits of a number, the meaning of a symbol); `lit` gives the
    part the highlight ground, as the new factor of a step has it. A `Link` with `target=None` is
    not clickable but may carry a tip or be lit.
    """

    child: Math
    target: Hashable | None = None
    tip: str = ""
    lit: bool = False


Math: TypeAlias = Symbol | Operator | Row | Fraction | Script | Bracketed | Root | Matrix | Link


def row(*parts: Math) -> Row:
    """The parts side by side."""
    return Row(tuple(parts))


def name(text: str) -> Symbol:
    """A slanted letter or word that names a quantity."""
    return Symbol(text, slanted=True)


def number(text: str) -> Symbol:
    """An upright number, as it is to be shown."""
    return Symbol(text)
