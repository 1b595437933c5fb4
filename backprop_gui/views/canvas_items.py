"""The cards on the graph canvas: they paint themselves and tell what stands at a point."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_gui.present.canvas_layout import CardPlace
from backprop_gui.present.canvas_measures import Box, Measures
from backprop_gui.present.numbers import plain_number
from backprop_gui.present.pictures import Card, CardShape, Cell, Phase
from backprop_gui.views.canvas_look import Line, Look, rect_of
from backprop_gui.views.theme import blend

UNKNOWN = "–"
_RADIUS, _CLOSE_RADIUS = 14.0, 10.0
_RING = 6.0  # distance of the dashed ring around a lit card
_FOCUS = 4.0
READABLE = 0.3  # below this zoom no text is painted


class Target(Struct, frozen=True):
    """What stands at a point: its identity, what a click hands back, what a double-click edits."""

    kind: Literal["card", "parameter"]
    identity: str
    rect: QRectF  # in the item's coordinates
    cell: Cell | None = None
    edit: str = ""
    digits: str = ""
    tip: str = ""
    title: str = ""  # the name of what is edited


def editable_digits(text: str) -> str:
    return text.replace("−", "-").strip()


def _digits_of_caption(card: Card) -> str:
    """What a caption's field starts with: all digits where the tip has them, else those shown."""
    try:
        float(plain_number(card.tip))
    except ValueError:
        return editable_digits(card.caption.replace("*", "").rpartition("=")[2])
    return card.tip


def _cell_target(
    kind: Literal["card", "parameter"], identity: str, rect: QRectF, cell: Cell, tip: str
) -> Target:
    digits = editable_digits(cell.full or cell.text)
    lines = [line for line in (cell.full, tip) if line]
    return Target(kind, identity, rect, cell, cell.edit, digits, "\n".join(lines), cell.label)


class PointedItem(QGraphicsItem):
    """An item that tells what stands at a point of it: cards, chips and blocks."""

    def target_at(self, point: QPointF) -> Target | None:
        """What a click or the pointer at a point (in the item's coordinates) means."""
        raise NotImplementedError

    def quantity_at(self, point: QPointF) -> object | None:
        """The number at a point."""
        raise NotImplementedError


class CardItem(PointedItem):
    """An input, a neuron or the loss, with its title above and its caption below."""

    def __init__(self, shape: CardShape, place: CardPlace, measures: Measures, look: Look) -> None:
        super().__init__()
        self.shape_of_card = shape
        self.card: Card | None = None
        self._phase: Phase = "given"
        self._look = look
        self._focused = False
        x, y = place.card.centre
        self.setPos(x, y)
        self.box = rect_of(place.card).translated(-x, -y)
        self._title_box = rect_of(place.title).translated(-x, -y) if place.title else None
        self._crowded = place.compact
        self._caption_box = rect_of(place.caption).translated(-x, -y)
        self._measures = measures
        self._radius = (_CLOSE_RADIUS if measures.close else _RADIUS) * look.scale
        self._value_boxes, self._gradient_boxes = measures.cells(shape, place.card.width)
        around = self.box.united(self._caption_box)
        if self._title_box is not None:
            around = around.united(self._title_box)
        margin = (_RING + _FOCUS + 4) * look.scale
        self._bounds = around.adjusted(-margin, -margin, margin, margin)

    # ---------------------------------------------------------------- what is shown

    def show_card(self, card: Card, phase: Phase) -> None:
        if card != self.card or phase != self._phase:
            self.card, self._phase = card, phase
            self.update()

    def show_look(self, look: Look) -> None:
        self._look = look
        self.update()

    def show_focus(self, focused: bool) -> None:
        if focused != self._focused:
            self._focused = focused
            self.update()

    @property
    def lit(self) -> bool:
        return self.card is not None and self.card.emphasis == "lit"

    def target_at(self, point: QPointF) -> Target | None:
        """What a click or the pointer at a point (in the card's coordinates) means."""
        card = self.card
        if card is None:
            return None
        if card.caption and not self._crowded and self._caption_box.contains(point):
            return self._caption_target(card, self._caption_box)
        if self._title_box is not None and self._title_box.contains(point):
            return Target("card", card.identity, self._title_box, tip=card.tip)
        if not self.box.contains(point):
            return None
        for cell, rect in self._cells():
            if rect.contains(point):
                return _cell_target("card", card.identity, rect, cell, card.tip)
        return Target("card", card.identity, self.box, tip=card.tip)

    def quantity_at(self, point: QPointF) -> object | None:
        """The number at a point; beside all numbers the newest one of the card."""
        card = self.card
        if card is None:
            return None
        if card.caption and not self._crowded and self._caption_box.contains(point):
            return card.caption_quantity
        cells = [cell for cell, _ in self._cells()]
        meant = [cell for cell, rect in self._cells() if rect.contains(point)]
        known = [cell for cell in (*card.gradients, *reversed(card.values)) if cell.text != UNKNOWN]
        return next((cell.quantity for cell in (*meant, *known, *cells)), None)

    def edit_target(self) -> Target | None:
        """What F2 edits: the first cell that can be edited, or the caption."""
        for cell, rect in self._cells():
            if cell.edit:
                return self.target_at(rect.center())
        if self.card is not None and self.card.caption_edit:
            return self._caption_target(self.card, self.box if self._crowded else self._caption_box)
        return None

    def _caption_target(self, card: Card, rect: QRectF) -> Target:
        """What the caption stands for, as `target y = 0`."""
        title = card.caption.partition("=")[0].replace("*", "").strip()
        digits = _digits_of_caption(card)
        return Target("card", card.identity, rect, None, card.caption_edit, digits, card.tip, title)

    @property
    def title(self) -> str:
        """What the card is called."""
        return self.shape_of_card.title

    def _cells(self) -> list[tuple[Cell, QRectF]]:
        if self.card is None:
            return []
        cells = (*self.card.values, *self.card.gradients)
        boxes = (*self._value_boxes, *self._gradient_boxes)
        return [(cell, rect_of(box)) for cell, box in zip(cells, boxes, strict=False)]

    # ---------------------------------------------------------------- painting

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        card = self.card
        if card is None:
            return
        if option.levelOfDetailFromTransform(painter.worldTransform()) < READABLE:
            self._paint_from_afar(painter, card)
            return
        dim = card.emphasis == "dim"
        self._paint_ground(painter, card, dim)
        self._paint_titles(painter, card, dim)
        for cell, box in zip(card.values, self._value_boxes, strict=False):
            self._paint_value(painter, cell, box, dim)
        for cell, box in zip(card.gradients, self._gradient_boxes, strict=False):
            self._paint_gradient(painter, cell, box, dim)
        self._paint_marks(painter, card)

    def _paint_from_afar(self, painter: QPainter, card: Card) -> None:
        """In a large network seen whole: only where one is, and how far the wave has come."""
        look, dim = self._look, card.emphasis == "dim"
        colour = look.phase(self._phase)
        ground = look.card_ground(dim)
        if card.emphasis == "lit":
            ground = colour
        elif card.mark == "complete":
            ground = blend(colour, ground, 0.45)
        pen = QPen(
            look.ink(look.theme.accent if self._focused else look.theme.outline, dim),
            2 if self._focused else 1,
        )
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(self.box, self._radius, self._radius)

    def _paint_ground(self, painter: QPainter, card: Card, dim: bool) -> None:
        theme, scale = self._look.theme, self._look.scale
        radius = self._radius
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._look.card_ground(dim)))
        painter.drawRoundedRect(self.box, radius, radius)
        painter.setPen(QPen(QColor(blend(theme.border, theme.canvas, 0.6) if dim else theme.border), scale))
        hairline = self.box.top() + self._measures.upper(self.shape_of_card)
        inset = 1.5 * scale
        close = self._measures.close
        if self._gradient_boxes:
            left = self._gradient_boxes[0].left if close else self.box.left() + inset
            painter.drawLine(QPointF(left, hairline), QPointF(self.box.right() - inset, hairline))
        if close and self._title_box is not None:
            edge = self._title_box.right()
            painter.drawLine(QPointF(edge, self.box.top() + inset), QPointF(edge, self.box.bottom() - inset))
        for box in self._value_boxes[1:]:
            painter.drawLine(QPointF(box.left, box.top + inset), QPointF(box.left, hairline))

    def _paint_titles(self, painter: QPainter, card: Card, dim: bool) -> None:
        theme, scale, shape = self._look.theme, self._look.scale, self.shape_of_card
        painter.setPen(self._look.ink(theme.text, dim))
        title = self._look.line(shape.title, 14, "semibold", slanted=True, room=self.box.width() - 8 * scale)
        if self._title_box is not None and self._measures.close:
            self._paint_title_beside(painter, self._title_box, dim)
        elif self._title_box is not None:
            title.paint(painter, self._title_box.center().x(), self._title_box.center().y() - 3 * scale)
        else:
            title.paint(painter, self.box.center().x(), self.box.top() + 17 * scale)
        if card.caption and not self._crowded:
            painter.setPen(self._look.ink(theme.muted, dim))
            caption = self._look.sentence(card.caption, 12, self._caption_box.width())
            caption.paint(painter, self._caption_box.center().x(), self._caption_box.center().y())

    def _paint_title_beside(self, painter: QPainter, box: QRectF, dim: bool) -> None:
        """In a close plan: the title at the left of the card, and below it the operation that has a name."""
        look, scale = self._look, self._look.scale
        below = self._measures.below_title(self.shape_of_card)
        middle, room = box.center(), box.width() - 8 * scale
        level = box.top() + 14 * scale if below else middle.y()
        title = look.line(self.shape_of_card.title, 13, "semibold", slanted=True, room=room)
        title.paint(painter, middle.x(), level)
        if below:
            painter.setPen(look.ink(look.theme.muted, dim))
            look.line(below, 10, room=room).paint(painter, middle.x(), box.bottom() - 12 * scale)

    def _paint_value(self, painter: QPainter, cell: Cell, box: Box, dim: bool) -> None:
        theme, scale = self._look.theme, self._look.scale
        x, room = box.centre[0], box.width - 8 * scale
        level = box.bottom - 15 * scale
        if self._measures.close:
            level = box.bottom - 13 * scale
            x, room = self._paint_letter(painter, cell, box, dim)
        elif self.shape_of_card.kind == "neuron" and cell.label:
            painter.setPen(self._look.ink(theme.muted, dim))
            self._look.line(cell.label, 11, room=room).paint(painter, x, box.top + 15 * scale)
        known = cell.text != UNKNOWN
        line = self._look.line(cell.text, 13, "semibold" if known else "regular", room=room)
        if cell.lit:
            self._paint_lit(painter, x, level, line, 20 * scale)
        painter.setPen(self._look.ink(theme.text if known else theme.muted, dim))
        line.paint(painter, x, level)

    def _paint_letter(self, painter: QPainter, cell: Cell, box: Box, dim: bool) -> tuple[float, float]:
        """In a close plan: z or a at the left of its cell; the middle and the width of what is left."""
        look, scale = self._look, self._look.scale
        letter, meaning, _ = cell.label.partition(" = ")
        if not meaning:
            return box.centre[0], box.width - 8 * scale
        line = look.line(letter, 11)
        painter.setPen(look.ink(look.theme.muted, dim))
        line.paint_from(painter, box.left + 5 * scale, box.bottom - 13 * scale)
        taken = 5 * scale + line.width
        return box.centre[0] + taken / 2, box.width - taken - 5 * scale

    def _paint_gradient(self, painter: QPainter, cell: Cell, box: Box, dim: bool) -> None:
        theme, scale = self._look.theme, self._look.scale
        known = cell.text != UNKNOWN
        label = self._look.line(f"{cell.label} ", 11, "medium" if known else "regular")
        line = self._look.line(
            cell.text, 11, "semibold" if known else "regular", room=box.width - label.width - 6 * scale
        )
        width = label.width + line.width * line.squeeze
        left, level = box.centre[0] - width / 2, box.centre[1] - 0.5 * scale
        if cell.lit:
            rect = QRectF(left - 3 * scale, level - 9 * scale, width + 6 * scale, 18 * scale)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.lit))
            painter.drawRoundedRect(rect, 4 * scale, 4 * scale)
        # What is not yet known is as quiet as what is dimmed: the row shows only that it will come.
        painter.setPen(self._look.ink(theme.backward if known else theme.muted, dim or not known))
        label.paint_from(painter, left, level)
        line.paint_from(painter, left + label.width, level)

    def _paint_lit(self, painter: QPainter, x: float, level: float, line: Line, height: float) -> None:
        scale = self._look.scale
        width = line.width * line.squeeze + 10 * scale
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._look.theme.lit))
        painter.drawRoundedRect(
            QRectF(x - width / 2, level - height / 2, width, height), 5 * scale, 5 * scale
        )

    def _paint_marks(self, painter: QPainter, card: Card) -> None:
        """Outline and marks: lit has a dashed ring, ready a dotted outline, complete a corner dot."""
        look, scale = self._look, self._look.scale
        radius, colour = self._radius, QColor(look.phase(self._phase))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._outline(card, colour))
        painter.drawRoundedRect(self.box, radius, radius)
        if card.emphasis == "lit":
            pen = QPen(colour, 2 * scale)
            pen.setDashPattern([3.2, 2.2])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            ring = _RING * scale
            painter.drawRoundedRect(self.box.adjusted(-ring, -ring, ring, ring), radius + ring, radius + ring)
        if card.mark == "complete":
            corner = QPointF(self.box.right() - 0.3 * radius, self.box.top() + 0.3 * radius)
            painter.setPen(QPen(QColor(look.theme.canvas), 1.5 * scale))
            painter.setBrush(look.ink(look.phase(self._phase), card.emphasis == "dim"))
            painter.drawEllipse(corner, 6 * scale, 6 * scale)
        if self._focused:
            away = (_RING + _FOCUS if card.emphasis == "lit" else _FOCUS) * scale
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(look.theme.accent), 2 * scale))
            painter.drawRoundedRect(self.box.adjusted(-away, -away, away, away), radius + away, radius + away)

    def _outline(self, card: Card, colour: QColor) -> QPen:
        look, scale = self._look, self._look.scale
        dim = card.emphasis == "dim"
        if card.mark == "ready":
            pen = QPen(look.ink(look.phase(self._phase), dim), 2.6 * scale)
            pen.setDashPattern([0.05, 2.1])
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            return pen
        if card.emphasis == "lit":
            return QPen(colour, 2.2 * scale)
        if card.mark == "complete":
            return QPen(look.ink(look.phase(self._phase), dim), 1.8 * scale)
        return QPen(look.ink(look.theme.outline, dim), 1.3 * scale)
