"""One row of the why-tree, measured and painted: name and number, the formula below, what it is in words."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from backprop_gui.present.math_text import plain
from backprop_gui.present.math_tree import Link, Math
from backprop_gui.present.why import WhyRow
from backprop_gui.views.explain_block import bold
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.formula_layout import FormulaLayout
from backprop_gui.views.formula_painter import paint_layout
from backprop_gui.views.theme import Theme, blend

HEAD_PIXELS, LINE_PIXELS, WORDS_PIXELS = 16.0, 15.0, 12.0
TEXT_PIXELS = 13.0  # of a formula that fits in no other way than as a wrapped line of text
SMALLEST_SHARE = 0.7  # of the letters' size, for a formula that is too wide
SIDE, TOP, GAP, INDENT, SIGN = 10, 6, 5, 17, 17
MOST_INDENT = 0.4  # of the width: deeper rows stand below each other
RADIUS = 7
LEAST = 60  # pixels of room for a formula, however deep


class _Piece(Struct, frozen=True):
    """A measured formula with its top left corner in the row."""

    origin: QPointF
    layout: FormulaLayout


class RowLayout:
    """A row at a width and a text scale: where its parts stand and how high it is."""

    def __init__(self, row: WhyRow, width: int, scale: float) -> None:
        self.row = row
        self.scale = scale
        self.width = width
        self.step = min(INDENT * scale, MOST_INDENT * width / max(1, row.depth))
        self.left = SIDE * scale + row.depth * self.step
        self.inside = self.left + SIGN * scale
        room = max(LEAST * scale, width - self.inside - SIDE * scale)
        y = TOP * scale
        self.pieces: list[_Piece] = []
        trees = [] if row.head is None else [(bold(row.head), HEAD_PIXELS)]
        trees += [(line, LINE_PIXELS) for line in row.lines]
        self.texts: list[tuple[QRectF, str]] = []
        for tree, pixels in trees:
            layout = _fitting(tree, pixels * scale, room)
            if layout is None:
                text = plain(tree)
                size = _text_height(text, TEXT_PIXELS * scale, room)
                self.texts.append((QRectF(self.inside, y, room, size), text))
                y += size + GAP * scale
            else:
                self.pieces.append(_Piece(QPointF(self.inside, y), layout))
                y += layout.height + GAP * scale
        self.first_middle = TOP * scale + (self.pieces[0].layout.height / 2 if self.pieces else 8 * scale)
        self.words = QRectF()
        if row.words or row.mark:
            height = _text_height(self.told, WORDS_PIXELS * scale, room)
            self.words = QRectF(self.inside, y, room, height)
            y += height + GAP * scale
        self.height = round(y + (TOP - GAP) * scale)

    @property
    def told(self) -> str:
        """The line in words, where and when first."""
        return " · ".join(part for part in (self.row.mark, self.row.words) if part)

    @property
    def sign(self) -> QRectF:
        """Where the triangle can be clicked."""
        return QRectF(self.left - 4 * self.scale, 0, (SIGN + 4) * self.scale, self.height)

    def link_at(self, point: QPointF) -> tuple[int, Link] | None:
        """The part of a formula at a point, with the number of its formula: 0 is the head."""
        for number, piece in enumerate(self.pieces):
            placed = piece.layout.link_at(point - piece.origin)
            if placed is not None:
                return number, placed.link
        return None


def _fitting(tree: Math, pixels: float, room: float) -> FormulaLayout | None:
    """The formula broken to the room, in smaller letters where no break helps; None if they got too small."""
    layout = FormulaLayout(tree, pixels, room)
    if layout.width <= room + 1:
        return layout
    share = room / layout.width
    return FormulaLayout(tree, pixels * share, room) if share >= SMALLEST_SHARE else None


def _text_height(text: str, pixels: float, room: float) -> float:
    metrics = QFontMetricsF(ui_font(pixels))
    return metrics.boundingRect(QRectF(0, 0, room, 100_000), _FLAGS, text).height()


_FLAGS = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft)


def paint_row(
    painter: QPainter, rect: QRectF, laid: RowLayout, theme: Theme, current: bool, focused: bool
) -> None:
    """Paint a row into `rect`; the current one has a ground, and a bar while it has the keyboard."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    scale = laid.scale
    if current:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.block))
        ground = QRectF(3 * scale, scale, laid.width - 6 * scale, laid.height - 2 * scale)
        painter.drawRoundedRect(ground, RADIUS * scale, RADIUS * scale)
        if focused:
            painter.setBrush(QColor(theme.accent))
            bar = QRectF(3 * scale, 7 * scale, 3 * scale, laid.height - 14 * scale)
            painter.drawRoundedRect(bar, 1.5 * scale, 1.5 * scale)
    _paint_rails(painter, laid, theme)
    _paint_sign(painter, laid, theme)
    for piece in laid.pieces:
        paint_layout(painter, piece.origin, piece.layout, theme)
    painter.setFont(ui_font(TEXT_PIXELS * scale))
    painter.setPen(QColor(theme.text))
    for where, text in laid.texts:
        painter.drawText(where, _FLAGS, text)
    if not laid.words.isNull():
        painter.setFont(ui_font(WORDS_PIXELS * scale))
        painter.setPen(QColor(theme.accent if laid.row.head is None else theme.muted))
        painter.drawText(laid.words, _FLAGS, laid.told)
    painter.restore()


def _paint_rails(painter: QPainter, laid: RowLayout, theme: Theme) -> None:
    """A hairline below each level one has come by."""
    painter.setPen(QPen(QColor(theme.border), max(1.0, laid.scale)))
    for level in range(laid.row.depth):
        x = SIDE * laid.scale + level * laid.step + 5 * laid.scale
        painter.drawLine(QPointF(x, 0), QPointF(x, laid.height))


def _paint_sign(painter: QPainter, laid: RowLayout, theme: Theme) -> None:
    """A triangle where there is more behind it, pointing down when it is open; a ring for a leaf."""
    scale, row = laid.scale, laid.row
    middle = QPointF(laid.left + 5 * scale, laid.first_middle)
    if row.head is None:
        middle.setY(laid.words.center().y())
    if not row.openable:
        painter.setPen(QPen(QColor(theme.muted), 1.3 * scale))
        painter.setBrush(QColor(blend(theme.muted, theme.window, 0.15)))
        painter.drawEllipse(middle, 3 * scale, 3 * scale)
        return
    long, short = 4.5 * scale, 3.2 * scale
    corners = [(-short, -long), (-short, long), (short * 1.2, 0)]
    if row.opened:
        corners = [(-long, -short), (long, -short), (0, short * 1.2)]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent))
    painter.drawPolygon(QPolygonF([middle + QPointF(*corner) for corner in corners]))
