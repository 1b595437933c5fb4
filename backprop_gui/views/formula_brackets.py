"""Brackets, roots and matrices of a formula: signs that grow with what they hold."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QPainterPath, QPolygonF, QTransform

from backprop_gui.views.formula_marks import Bar, Box, Ink, Outline, Style, joined, text_box

_TALLEST_PLAIN = 1.5  # brackets around higher contents grow


def bracketed(child: Box, left_sign: str, right_sign: str, style: Style) -> Box:
    """A box between two brackets as high as it is."""
    left, right = (_bracket_box(sign, child, style) for sign in (left_sign, right_sign))
    return joined([left, child, right], [0.0, 0.0, child.overhang / 2])


def _bracket_box(sign: str, child: Box, style: Style) -> Box:
    axis = style.axis
    half = max(child.ascent - axis, child.descent + axis)
    if not sign or 2 * half <= _TALLEST_PLAIN * style.em:
        return text_box(sign, style)
    return (
        _square_box(sign, half, style) if sign in "[]" else _grown_box(sign, half + axis, half - axis, style)
    )


def _grown_box(sign: str, ascent: float, descent: float, style: Style) -> Box:
    """A sign drawn to a height: strokes keep their width, as only the height is stretched."""
    plain = text_box(sign, style)
    path = QPainterPath()
    ink = plain.parts[0][2]
    path.addText(0, 0, ink.font if isinstance(ink, Ink) else QFont(), sign)
    rect = path.boundingRect()
    stretch = (ascent + descent) / max(rect.height(), 1.0)
    widen = 1 + 0.1 * min(stretch - 1, 2)
    place = QTransform(widen, 0, 0, stretch, 0, -ascent - stretch * rect.top())
    return Box(plain.width * widen, ascent, descent, ((0.0, 0.0, Outline(place.map(path))),))


def _square_box(sign: str, half: float, style: Style) -> Box:
    """A square bracket of three bars, even in thickness at any height."""
    em, bar, axis = style.em, style.bar, round(style.axis)
    top, bottom, foot = -axis - round(half), -axis + round(half), round(0.24 * em)
    x, stem = round(0.12 * em), 0 if sign == "[" else foot - bar
    bars = (
        (x + stem, top, Bar(bar, bottom - top)),
        (x, top, Bar(foot, bar)),
        (x, bottom - bar, Bar(foot, bar)),
    )
    return Box(foot + 2 * x, -top, bottom, bars)


def rooted(child: Box, style: Style) -> Box:
    """A box under a root."""
    em, bar = style.em, style.bar
    ascent = round(max(child.ascent, 0.5 * em) + 0.15 * em) + bar
    descent = round(max(child.descent, 0.0) + 0.08 * em)
    x, width = 0.64 * em, child.width + child.overhang + 0.1 * em
    parts = (
        (0.0, 0.0, Outline(_root_sign(ascent, descent, style))),
        (x - 0.02 * em, -ascent, Bar(width + 0.02 * em, bar)),
        (x + 0.03 * em, 0.0, child),
    )
    return Box(x + width + 0.05 * em, ascent, descent, parts)


def _root_sign(ascent: float, descent: float, style: Style) -> QPainterPath:
    """A tick, a thick stroke down and a thin one up to the bar, as the pen draws them."""
    em, bar = style.em, style.bar
    hook = descent - 0.55 * min(ascent + descent, 1.3 * em)
    corners = (
        (0.02, hook + 0.06 * em),
        (0.19, hook),
        (0.345, descent - 0.2 * em),
        (0.57, -ascent),
        (0.64, -ascent),
        (0.64, -ascent + bar),
        (0.62, -ascent + bar),
        (0.37, descent),
        (0.31, descent),
        (0.12, hook + 0.09 * em),
        (0.035, hook + 0.125 * em),
    )
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x * em, y) for x, y in corners]))
    path.closeSubpath()
    return path


def matrix(boxes: list[list[Box]], points: list[list[float | None]], style: Style) -> Box:
    """Rows of boxes between square brackets; `points` are the places of their decimal points."""
    em = style.em
    places, width = [], 0.0
    for column in range(len(boxes[0]) if boxes else 0):
        width += 0.75 * em if column else 0.0
        offsets, wide = _aligned([line[column] for line in boxes], [line[column] for line in points])
        places.append([width + offset for offset in offsets])
        width += wide
    ascents = [max([0.72 * em, *(box.ascent for box in line)]) for line in boxes]
    descents = [max([0.22 * em, *(box.descent for box in line)]) for line in boxes]
    height = sum(ascents) + sum(descents) + 0.22 * em * max(0, len(boxes) - 1)
    y, parts = -style.axis - height / 2, []
    for index, line in enumerate(boxes):
        y += ascents[index]
        parts += [(places[column][index], y, box) for column, box in enumerate(line)]
        y += descents[index] + 0.22 * em
    body = Box(width, height / 2 + style.axis, height / 2 - style.axis, tuple(parts))
    left, right = (_square_box(sign, height / 2 + 0.06 * em, style) for sign in "[]")
    return joined([left, body, right], [0.0, 0.0, 0.0])


def _aligned(boxes: list[Box], points: list[float | None]) -> tuple[list[float], float]:
    """Where the entries of a column begin, and its width: numbers by the decimal point, others centred."""
    if None in points:
        wide = max(box.width for box in boxes)
        return [(wide - box.width) / 2 for box in boxes], wide
    known = [point or 0.0 for point in points]
    offsets = [max(known) - point for point in known]
    return offsets, max(offset + box.width for offset, box in zip(offsets, boxes, strict=True))
