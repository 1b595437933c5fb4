"""Painting a measured formula: on screen, on paper and into SVG alike."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from backprop_gui.present.math_tree import Math
from backprop_gui.views.formula_layout import FormulaLayout, PlacedLink
from backprop_gui.views.theme import Theme

PAD = 3.0  # how far the ground of a lit part reaches out of it


def paint_formula(
    painter: QPainter, rect: QRectF, tree: Math, theme: Theme, pixels: float, phase_colour: str = ""
) -> float:
    """Paint a formula from the top left of `rect`, broken to its width; gives the height it took."""
    layout = FormulaLayout(tree, pixels, rect.width())
    paint_layout(painter, rect.topLeft(), layout, theme, phase_colour)
    return layout.height


def paint_layout(
    painter: QPainter, origin: QPointF, layout: FormulaLayout, theme: Theme, phase_colour: str = ""
) -> None:
    """Paint a measured formula with its top left corner at `origin`."""
    text, lit = QColor(theme.text), QColor(phase_colour or theme.backward)
    painter.save()
    painter.translate(origin)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.lit))
    for placed in layout.links:
        if placed.link.lit:
            painter.drawRoundedRect(ground(placed), 4, 4)
    for path in layout.paths:
        painter.fillPath(path.path, lit if path.lit else text)
    for bar in layout.bars:
        painter.fillRect(bar.rect, lit if bar.lit else text)
    for piece in layout.texts:
        painter.setFont(piece.font)
        painter.setPen(lit if piece.lit else text)
        painter.drawText(piece.point, piece.text)
    painter.restore()


def ground(placed: PlacedLink) -> QRectF:
    """The rounded rectangle behind a link, where it is lit, pointed at or focused."""
    return placed.rect.adjusted(-PAD, -PAD, PAD, PAD)
