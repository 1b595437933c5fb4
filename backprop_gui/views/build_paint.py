"""How building looks on the canvas: handles on the neurons, the edge in the hand, and what it would do."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsView

from backprop_gui.views.canvas_items import CardItem
from backprop_gui.views.canvas_look import Look
from backprop_gui.views.canvas_scene import CanvasScene

GRIP = 12.0  # pixels around a handle that take it
_HANDLE = 5.5
_AROUND = 7.0


class Held(Struct, frozen=True):
    """The edge in the hand: from a neuron to a point, maybe over another one.

    `allowed` says whether letting go would do something; None: nothing is under the hand.
    """

    source: str
    point: QPointF
    over: str = ""
    whole: bool = False
    allowed: bool | None = None
    words: str = ""
    cutting: str = ""


def handle_of(card: CardItem) -> QPointF | None:
    """The middle of the right side of an input or neuron, on the scene; None for other cards."""
    kind, layer = card.shape_of_card.kind, card.shape_of_card.layer
    if kind == "loss" or layer == "targets":
        return None
    return card.mapToScene(QPointF(card.box.right(), card.box.center().y()))


def paint_handles(painter: QPainter, scene: CanvasScene, hovered: str) -> None:
    """A small ring on every neuron; the one under the pointer is filled."""
    look = scene.look
    radius = _HANDLE * look.scale
    accent = QColor(look.theme.accent)
    for identity, card in scene.cards.items():
        at = handle_of(card)
        if at is not None:
            painter.setPen(QPen(accent, 1.8 * look.scale))
            painter.setBrush(accent if identity == hovered else QColor(look.theme.card))
            larger = 1.35 if identity == hovered else 1.0
            painter.drawEllipse(at, radius * larger, radius * larger)


def paint_held(painter: QPainter, view: QGraphicsView, scene: CanvasScene, held: Held) -> None:
    """The edge from its neuron to the hand; dashed where it is refused or cut, with words beside it."""
    look, card = scene.look, scene.cards.get(held.source)
    start = handle_of(card) if card is not None else None
    if start is None:
        return
    refused = held.allowed is False
    breaks = refused or bool(held.cutting and held.allowed)
    colour = QColor(look.theme.negative if breaks else look.theme.accent)
    if held.over and held.over != held.source and not held.cutting:
        _paint_ring(painter, look, scene.cards.get(held.over), colour, refused)
    pen = QPen(colour, (4.0 if held.whole else 2.6) * look.scale)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if breaks:
        pen.setDashPattern([2.2, 2.2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    reach = max(abs(held.point.x() - start.x()) * 0.4, 24.0)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(reach, 0), held.point - QPointF(reach, 0), held.point)
    painter.drawPath(path)
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(held.point, 4 * look.scale, 4 * look.scale)
    if held.words:
        _paint_words(painter, view, look, held.words, held.point, colour)


def _paint_ring(painter: QPainter, look: Look, card: CardItem | None, colour: QColor, refused: bool) -> None:
    """The neuron under the hand lights up, or is refused."""
    if card is None:
        return
    away = _AROUND * look.scale
    rect = card.mapRectToScene(card.box).adjusted(-away, -away, away, away)
    pen = QPen(colour, 3 * look.scale)
    if refused:
        pen.setDashPattern([2.2, 2.2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, 18 * look.scale, 18 * look.scale)


def _paint_words(
    painter: QPainter, view: QGraphicsView, look: Look, words: str, point: QPointF, colour: QColor
) -> None:
    """A label near the hand, inside the view, at its own size however far the network is zoomed."""
    line = look.line(words, 13, "semibold", room=view.viewport().width() - 40.0)
    scale = look.scale
    width, height = line.width * line.squeeze + 20 * scale, 28 * scale
    at = QPointF(view.mapFromScene(point))
    left = min(max(at.x() - width / 2, 6.0), view.viewport().width() - width - 6)
    top = at.y() - height - 26 * scale
    if top < 6:
        top = at.y() + 26 * scale
    painter.save()
    painter.resetTransform()
    box = QRectF(left, top, width, height)
    painter.setPen(QPen(colour, 1.5 * scale))
    painter.setBrush(QColor(look.theme.card))
    painter.drawRoundedRect(box, 8 * scale, 8 * scale)
    painter.setPen(QColor(look.theme.text))
    line.paint(painter, box.center().x(), box.center().y())
    painter.restore()
