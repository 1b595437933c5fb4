"""One row of the why-tree, measured and painted: name and number, the formula below, what it is in words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from backprop_gui.present.math_tree import Link
from backprop_gui.present.why import WhyRow
from backprop_gui.views.explain_block import bold
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.formula_layout import FormulaLayout
from backprop_gui.views.formula_painter import paint_layout
from backprop_gui.views.theme import Theme, blend

HEAD_PIXELS, LINE_PIXELS, WORDS_PIXELS = 16.0, 15.0, 12.0
SIDE, TOP, GAP, INDENT, SIGN = 10, 6, 5, 17, 17
MOST_INDENT = 0.4  # of the width: deeper rows stand below each other
RADIUS = 7
LEAST = 60  # pixels of room for a formula, however deep


@dataclass(frozen=True, slots=True)
class _Piece:
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
        for tree, pixels in trees:
            layout = FormulaLayout(tree, pixels * scale, room)
            self.pieces.append(_Piece(QPointF(self.inside, y), layout))
            y += layout.height + GAP * scale
        self.first_middle = TOP * scale + (self.pieces[0].layout.height / 2 if self.pieces else 8 * scale)
        self.words = QRectF()
        if row.words or row.mark:
            measured = QFontMetricsF(ui_font(WORDS_PIXELS * scale)).boundingRect(
                QRectF(0, 0, room, 10_000), _FLAGS, self.told
            )
            self.words = QRectF(self.inside, y, room, measured.height())
            y += measured.height() + GAP * scale
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
