"""The box of every part of a formula tree: letters, spaces, fractions, scripts, as TeX sets them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from backprop_gui.present.math_signs import (
    is_relation,
    is_signed,
    is_sum,
    is_word,
    parts_of,
    unlinked,
)
from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Matrix,
    Operator,
    Root,
    Row,
    Script,
    Symbol,
)
from backprop_gui.views.formula_brackets import bracketed, matrix, rooted
from backprop_gui.views.formula_marks import Bar, Box, Mark, Style, joined, text_box

_THIN, _MEDIUM, _THICK = 3 / 18, 4 / 18, 5 / 18  # TeX's spaces around words, + · and =


def box_of(tree: Math, style: Style) -> Box:
    """The box of a part and of everything in it."""
    match tree:
        case Symbol():
            return _symbol_box(tree, style)
        case Operator():
            return text_box(tree.text, style)
        case Row():
            parts = list(parts_of(tree))
            return joined([box_of(part, style) for part in parts], gaps(parts, style))
        case Fraction():
            return _fraction_box(tree, style)
        case Script():
            limits = style.display and is_sum(tree)
            return _limits_box(tree, style) if limits else _script_box(tree, style)
        case Bracketed():
            return bracketed(box_of(tree.child, style), tree.left, tree.right, style)
        case Root():
            return rooted(box_of(tree.child, style._replace(cramped=True)), style)
        case Matrix():
            return _matrix_box(tree, style)
        case Link():
            box = box_of(tree.child, style)
            return Box(box.width, box.ascent, box.descent, ((0.0, 0.0, box),), box.overhang, tree)


# ---------------------------------------------------------------- letters and spaces


def _symbol_box(symbol: Symbol, style: Style) -> Box:
    if is_sum(symbol) and style.display:
        large = text_box("∑" if symbol.text == "Σ" else symbol.text, style._replace(pixels=1.45 * style.em))
        drop = (large.ascent - large.descent) / 2 - style.axis
        return Box(large.width, large.ascent - drop, large.descent + drop, ((0.0, drop, large),))
    return text_box(symbol.text, style, symbol.slanted and not is_word(symbol.text), symbol.bold)


def kind_of(parts: Sequence[Math], index: int) -> str:
    """What a part of a row is for spacing: an operator's kind, a word, a bracket, a fraction or a letter."""
    part = unlinked(parts[index])
    if isinstance(part, Operator):
        if is_relation(part.text):
            return "relation"
        if part.text in ",;":
            return "punctuation"
        return "letter" if part.text == "/" or is_signed(list(parts), index) else "binary"
    if is_sum(part) or (isinstance(part, Symbol) and is_word(part.text)):
        return "word"
    if isinstance(part, Matrix | Fraction):
        return "fraction"
    return "bracket" if isinstance(part, Bracketed) else "letter"


def gaps(parts: Sequence[Math], style: Style) -> list[float]:
    """The space before each part of a row; none around operators in scripts."""
    kinds = [kind_of(parts, index) for index in range(len(parts))]
    return [0.0, *(_space(before, kind, style) for before, kind in pairwise(kinds))][: len(kinds)]


def _space(before: str, kind: str, style: Style) -> float:
    pair = {before, kind}
    if kind == "punctuation":
        return 0.0
    if style.level > 0:
        return _THIN * style.em if "word" in pair and pair <= {"word", "letter"} else 0.0
    if "relation" in pair:
        return _THICK * style.em
    if "binary" in pair:
        return _MEDIUM * style.em
    if before == "punctuation" or "fraction" in pair:
        return _THIN * style.em
    return _THIN * style.em if "word" in pair and kind != "bracket" else 0.0


# ---------------------------------------------------------------- fractions and scripts


def _fraction_box(tree: Fraction, style: Style) -> Box:
    top, bottom = (box_of(side, style.inside_fraction(below)) for side, below in _sides(tree))
    em, bar, axis = style.em, style.bar, style.axis
    clear, rise, drop = (0.14, 0.66, 0.69) if style.display else (0.09, 0.42, 0.42)
    up = round(max(rise * em, axis + bar / 2 + clear * em + top.descent))
    down = round(max(drop * em, bottom.ascent + clear * em + bar / 2 - axis))
    side = 0.07 * em
    width = max(top.width, bottom.width) + 4 * side
    parts = (
        ((width - top.width) / 2, -up, top),
        (side, -axis - bar // 2 - bar % 2, Bar(width - 2 * side, bar)),
        ((width - bottom.width) / 2, down, bottom),
    )
    return Box(width, up + top.ascent, down + bottom.descent, parts)


def _sides(tree: Fraction) -> tuple[tuple[Math, bool], tuple[Math, bool]]:
    return (tree.top, False), (tree.bottom, True)


def _script_box(tree: Script, style: Style) -> Box:
    base, em = box_of(tree.base, style), style.em
    sub = box_of(tree.sub, style.script(True)) if tree.sub is not None else None
    sup = box_of(tree.sup, style.script(False)) if tree.sup is not None else None
    grown = base.ascent > em  # scripts of a high base keep to its corners
    up = down = 0.0
    if sup is not None:
        up = max((0.30 if style.cramped else 0.38) * em, sup.descent + 0.12 * em)
        up = max(up, base.ascent - 0.35 * em) if grown else up
    if sub is not None:
        down = max((0.25 if sup is not None else 0.2) * em, sub.ascent - 0.38 * em)
        down = max(down, base.descent + 0.05 * em) if grown else down
    if sub is not None and sup is not None:
        lift = max(0.0, 0.26 * em - (up - sup.descent))  # where they are stacked, both move up a little
        up, down = up + lift, down - lift
        down += max(0.0, 0.1 * em - (up - sup.descent + down - sub.ascent))
    return _with_scripts(base, sub, sup, round(up), round(down), 0.05 * em)


def _with_scripts(base: Box, sub: Box | None, sup: Box | None, up: float, down: float, after: float) -> Box:
    parts: list[tuple[float, float, Box | Mark]] = [(0.0, 0.0, base)]
    width, ascent, descent = base.width, base.ascent, base.descent
    if sub is not None:
        parts.append((base.width, down, sub))
        width = max(width, base.width + sub.width)
        ascent, descent = max(ascent, sub.ascent - down), max(descent, sub.descent + down)
    if sup is not None:
        x = base.width + base.overhang
        parts.append((x, -up, sup))
        width = max(width, x + sup.width)
        ascent, descent = max(ascent, sup.ascent + up), max(descent, sup.descent - up)
    return Box(width + after, ascent, descent, tuple(parts))


def _limits_box(tree: Script, style: Style) -> Box:
    """A sum with its limits below and above."""
    base, clear = box_of(tree.base, style), 0.12 * style.em
    limits = [box_of(limit, style.script(True)) for limit in (tree.sub, tree.sup) if limit is not None]
    width = max(box.width for box in [base, *limits])
    parts: list[tuple[float, float, Box | Mark]] = [((width - base.width) / 2, 0.0, base)]
    ascent, descent = base.ascent, base.descent
    for limit in limits:
        below = limit is limits[0] and tree.sub is not None
        y = descent + clear + limit.ascent if below else -(ascent + clear + limit.descent)
        parts.append(((width - limit.width) / 2, y, limit))
        ascent, descent = max(ascent, limit.ascent - y), max(descent, limit.descent + y)
    return Box(width, ascent, descent, tuple(parts))


def _matrix_box(tree: Matrix, style: Style) -> Box:
    columns, inline = max(map(len, tree.rows), default=0), style._replace(display=False)
    entries = [[*line, *[Symbol("")] * (columns - len(line))] for line in tree.rows]
    boxes = [[box_of(entry, inline) for entry in line] for line in entries]
    return matrix(boxes, [[_decimal_point(entry, inline) for entry in line] for line in entries], style)


def _decimal_point(tree: Math, style: Style) -> float | None:
    """How far the decimal point is from the beginning of a number; None for anything else."""
    symbol = unlinked(tree)
    if not isinstance(symbol, Symbol) or not re.fullmatch(r"[−+-]?\d[\d.,]*(e[−+-]?\d+)?", symbol.text):
        return None
    return text_box(symbol.text.partition(".")[0], style, symbol.slanted, symbol.bold).width
