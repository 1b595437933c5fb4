"""Layout of a whole formula: its boxes on one or several lines, as flat lists ready to be painted."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QPainterPath

from backprop_gui.present.math_signs import is_signed, parts_of, unlinked
from backprop_gui.present.math_tree import Link, Math, Operator, Row, Symbol
from backprop_gui.views.formula_boxes import box_of, gaps, kind_of
from backprop_gui.views.formula_marks import Bar, Box, Ink, Outline, Style, joined

_ADDITIVE = frozenset("+−-±")
_LINE_SPACE = 0.5  # between lines, in em
_STRUT = (0.78, 0.24)  # no line is lower than this above and below its baseline
_WIDEST_INDENT = 0.5  # of the width; a longer left side gets a line of its own


class PlacedText(Struct, frozen=True):
    point: QPointF
    text: str
    font: QFont
    lit: bool


class PlacedPath(Struct, frozen=True):
    path: QPainterPath
    lit: bool


class PlacedBar(Struct, frozen=True):
    rect: QRectF
    lit: bool


class PlacedLink(Struct, frozen=True):
    rect: QRectF
    link: Link


class Line(Struct, frozen=True):
    """Parts `start` to `end` of the top row, beginning at `x`."""

    x: float
    start: int
    end: int


class FormulaLayout:
    """A formula measured at a letter size, broken at operators where `width` is too narrow for it.

    The lists hold everything to paint in coordinates from the top left corner; `links` go from the
    outermost to the innermost, in reading order.
    """

    def __init__(self, tree: Math, pixels: float, width: float | None = None) -> None:
        self.tree = tree
        self.pixels = pixels
        self.texts: list[PlacedText] = []
        self.bars: list[PlacedBar] = []
        self.paths: list[PlacedPath] = []
        self.links: list[PlacedLink] = []
        self.width = self.height = self.baseline = 0.0
        self._set(tree, Style(pixels), width)

    def link_at(self, point: QPointF, margin: float = 2.0) -> PlacedLink | None:
        """The innermost link at a point."""
        for placed in reversed(self.links):
            if placed.rect.adjusted(-margin, -margin, margin, margin).contains(point):
                return placed
        return None

    def targets(self) -> list[PlacedLink]:
        """The links that lead somewhere, in reading order."""
        return [placed for placed in self.links if placed.link.target is not None]

    def _set(self, tree: Math, style: Style, width: float | None) -> None:
        parts: list[Math] = list(parts_of(tree)) if isinstance(tree, Row) else [tree]
        boxes, spaces = [box_of(part, style) for part in parts], gaps(parts, style)
        lines = [Line(0.0, 0, len(parts))]
        if width is not None and joined(boxes, spaces).width > width:
            lines = _Breaker(parts, boxes, spaces, width).lines()
        y = 0.0
        for number, line in enumerate(lines):
            inner = [0.0, *spaces[line.start + 1 : line.end]]
            box = joined(boxes[line.start : line.end], inner[: line.end - line.start])
            y += round(max(box.ascent, _STRUT[0] * style.em) + (_LINE_SPACE * style.em if number else 0.0))
            self.baseline = self.baseline or y
            self._place(box, line.x, y, False)
            y += round(max(box.descent, _STRUT[1] * style.em))
            self.width = max(self.width, line.x + box.width + box.overhang)
        self.height = y

    def _place(self, box: Box, x: float, y: float, lit: bool) -> None:
        if box.link is not None:
            lit = lit or box.link.lit
            rect = QRectF(x, y - box.ascent, box.width + box.overhang, box.ascent + box.descent)
            self.links.append(PlacedLink(rect, box.link))
        for dx, dy, part in box.parts:
            left, base = x + dx, y + dy
            match part:
                case Box():
                    self._place(part, left, base, lit)
                case Ink():
                    self.texts.append(PlacedText(QPointF(left, base), part.text, part.font, lit))
                case Bar():
                    self.bars.append(PlacedBar(QRectF(left, round(base), part.width, part.height), lit))
                case Outline():
                    self.paths.append(PlacedPath(part.path.translated(left, base), lit))


class _Breaker:
    """Breaks a row that is too wide: first at each =, then at + and −, then at ·.

    Lines that begin with a relation stand under the first relation; lines that go on with a side
    stand after it.
    """

    def __init__(self, parts: list[Math], boxes: list[Box], spaces: list[float], width: float) -> None:
        self._width = width
        self._ranks = [_rank(parts, index) for index in range(len(parts))]
        self._starts: list[float] = []
        self._ends: list[float] = []
        x = 0.0
        for box, space in zip(boxes, spaces, strict=True):
            self._starts.append(x + space)
            x += space + box.width
            self._ends.append(x)
        self._lines: list[Line] = []

    def lines(self) -> list[Line]:
        """The lines; a left side so long that nothing fits beside it gets a line of its own."""
        first = next((index for index, rank in enumerate(self._ranks) if rank == 0), None)
        if first is None or first + 1 == len(self._ranks):
            return self._lines_from(first, 0.0, 0.0)
        align, indent = self._starts[first], self._starts[first + 1]
        if indent <= _WIDEST_INDENT * self._width:
            lines = self._lines_from(first, align, indent)
            if all(self._right_end(line) <= self._width for line in lines):
                return lines
        return self._lines_from(first, 0.0, indent - align)

    def _lines_from(self, first: int | None, align: float, indent: float) -> list[Line]:
        self._lines = []
        relations = [index for index, rank in enumerate(self._ranks) if rank == 0 and index > 0]
        bounds = [0, *relations, len(self._ranks)]
        for start, end in pairwise(bounds):
            is_left_side = start == 0 and first != 0
            joins_left_side = start == first and len(self._lines) == 1 and align > 0
            if not joins_left_side:
                self._lines.append(Line(0.0 if is_left_side else align, start, start))
            self._fill(start, end, 0.0 if is_left_side else indent)
        return self._lines

    def _fill(self, start: int, end: int, indent: float, rank: int = 1) -> None:
        """Add a side term by term; a term too wide for a line is added factor by factor."""
        for number, (piece_start, piece_end) in enumerate(self._pieces(start, end, rank)):
            if number > 0 and not self._fits(piece_end):
                self._lines.append(Line(indent, piece_start, piece_start))
            if rank == 1 and not self._fits(piece_end):
                self._fill(piece_start, piece_end, indent, rank=2)
            else:
                self._lines[-1] = replace(self._lines[-1], end=piece_end)

    def _pieces(self, start: int, end: int, rank: int) -> list[tuple[int, int]]:
        """The stretch cut before every operator of a rank."""
        cuts = [index for index in range(start + 1, end) if self._ranks[index] == rank]
        bounds = [start, *cuts, end]
        return [(a, b) for a, b in pairwise(bounds) if a < b]

    def _fits(self, end: int) -> bool:
        return self._right_end(replace(self._lines[-1], end=end)) <= self._width

    def _right_end(self, line: Line) -> float:
        return line.x + self._ends[line.end - 1] - self._starts[line.start]


def _rank(parts: list[Math], index: int) -> int | None:
    """How willingly a row breaks before a part: 0 relation, 1 sum or list, 2 product or chain, None never."""
    part = unlinked(parts[index])
    before = parts[index - 1] if index else None
    if isinstance(before, Symbol) and before.text == ",  ":  # between assignments
        return 1
    if not isinstance(part, Operator) or not part.breakable or part.text == "/":
        return None
    match kind_of(parts, index):
        case "relation":
            return 2 if part.text == "→" else 0  # a chain of arrows goes on as a product does
        case "binary":
            return 1 if part.text in _ADDITIVE and not is_signed(parts, index) else 2
        case _:
            return None
