"""The chips on the graph canvas: a weight on its edge, or a bias below its neuron."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from backprop_gui.present.canvas_measures import Box, Measures
from backprop_gui.present.pictures import Chip, Emphasis, Phase
from backprop_gui.views.canvas_items import READABLE, UNKNOWN, PointedItem, Target, editable_digits
from backprop_gui.views.canvas_look import Line, Look
from backprop_gui.views.theme import blend


class ChipItem(PointedItem):
    """A weight on its edge or a bias below its neuron: its value, and its gradient once known."""

    def __init__(
        self, box: Box, measures: Measures, look: Look, hanging: bool = False, crowded: bool = False
    ) -> None:
        """`hanging` chips (biases) keep their upper edge when the second line comes.

        `crowded` ones have no room of their own: they show themselves only while they are lit.
        """
        super().__init__()
        self.chip: Chip | None = None
        self._phase: Phase = "given"
        self._look = look
        self._focused = False
        self._hanging = hanging
        self._crowded = crowded
        self._measures = measures
        self.setPos(*box.centre)
        self._room = QRectF(-box.width / 2, -box.height / 2, box.width, box.height)
        self.box = self._room
        self._lines: tuple[Line, ...] = ()
        margin = 6 * look.scale
        self._bounds = self._room.adjusted(-margin, -margin, margin, margin)
        self.setZValue(3 if crowded else 2)
        self.setVisible(not crowded)

    def show_chip(self, chip: Chip, phase: Phase) -> None:
        if chip != self.chip or phase != self._phase:
            self.chip, self._phase = chip, phase
            self._measure(chip)
            if self._crowded:
                self.setVisible(chip.emphasis == "lit")
            self.update()

    def show_look(self, look: Look) -> None:
        self._look = look
        if self.chip is not None:
            self._measure(self.chip)
        self.update()

    def show_focus(self, focused: bool) -> None:
        if focused != self._focused:
            self._focused = focused
            self.update()

    def _measure(self, chip: Chip) -> None:
        scale = self._look.scale
        padding = 8 * scale
        room = self._room.width() - 2 * padding
        lines = [self._look.name_and_number(chip.title, chip.value.text, 12, room)]
        if chip.gradient.text != UNKNOWN:
            label = chip.gradient.label or "∂"
            lines.append(self._look.line(f"{label} {chip.gradient.text}", 12, "semibold", room=room))
        self._lines = tuple(lines)
        # As wide as both lines need in turn would jump when the gradient comes: rather a steady width.
        width = max(line.width * line.squeeze for line in lines) + 2 * padding
        width = min(max(width, 0.8 * self._room.width()), self._room.width())
        height = len(lines) * self._measures.chip_line + 6 * scale
        top = self._room.top() if self._hanging else -height / 2
        self.box = QRectF(-width / 2, top, width, height)

    @property
    def lit(self) -> bool:
        return self.chip is not None and self.chip.emphasis == "lit"

    def target_at(self, point: QPointF) -> Target | None:
        """What a click or the pointer at a point (in the chip's coordinates) means."""
        chip = self.chip
        if chip is None or not self.box.contains(point):
            return None
        known = chip.gradient.text != UNKNOWN
        tips = [f"{chip.title} = {chip.value.full or chip.value.text}"]
        if known:
            tips.append(f"{chip.gradient.label or '∂'} {chip.gradient.full or chip.gradient.text}")
        tips += [tip for tip in ("not updated" if chip.frozen else "", chip.tip) if tip]
        digits = editable_digits(chip.value.full or chip.value.text)
        tip = "\n".join(tips)
        return Target(
            "parameter", chip.identity, self.box, chip.value, chip.value.edit, digits, tip, chip.title
        )

    def quantity_at(self, point: QPointF) -> object | None:
        """The number on the line at a point: the value, or the gradient below it."""
        if self.chip is None:
            return None
        below = self.box.top() + 3 * self._look.scale + self._measures.chip_line
        on_second = len(self._lines) > 1 and point.y() > below
        return (self.chip.gradient if on_second else self.chip.value).quantity

    @property
    def title(self) -> str:
        """What the parameter is called."""
        return self.chip.title if self.chip is not None else ""

    def edit_target(self) -> Target | None:
        """What F2 edits: the value of the parameter."""
        target = self.target_at(self.box.center())
        return target if target is not None and target.edit else None

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        chip = self.chip
        if chip is None or option.levelOfDetailFromTransform(painter.worldTransform()) < READABLE:
            return
        look, theme, scale = self._look, self._look.theme, self._look.scale
        dim, radius = chip.emphasis == "dim", 6 * scale
        painter.setBrush(QColor(look.card_ground(dim)))
        painter.setPen(self._outline(chip.emphasis))
        painter.drawRoundedRect(self.box, radius, radius)
        cells = (chip.value, chip.gradient)
        inks = (theme.text, theme.backward)
        for i, (line, cell, ink) in enumerate(zip(self._lines, cells, inks, strict=False)):
            level = self.box.top() + 3 * scale + (i + 0.5) * self._measures.chip_line
            if cell.lit:
                width = min(line.width * line.squeeze + 8 * scale, self.box.width() - 4 * scale)
                height = self._measures.chip_line - scale
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.lit))
                painter.drawRoundedRect(
                    QRectF(-width / 2, level - height / 2, width, height), 4 * scale, 4 * scale
                )
            painter.setPen(look.ink(ink, dim))
            line.paint(painter, 0, level)
        if chip.frozen:
            self._paint_lock(painter, dim)
        if self._focused:
            away = 3.5 * scale
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 2 * scale))
            painter.drawRoundedRect(self.box.adjusted(-away, -away, away, away), radius + away, radius + away)

    def _outline(self, emphasis: Emphasis) -> QPen:
        look, scale = self._look, self._look.scale
        if emphasis == "lit":
            return QPen(QColor(look.phase(self._phase)), 2 * scale)
        theme = look.theme
        colour = theme.border if emphasis == "dim" else blend(theme.outline, theme.card, 0.35)
        return QPen(QColor(colour), scale)

    def _paint_lock(self, painter: QPainter, dim: bool) -> None:
        """A small padlock on the corner of a parameter that is not updated."""
        scale, ink = self._look.scale, self._look.ink(self._look.theme.muted, dim)
        corner = self.box.topRight() + QPointF(-2 * scale, -scale)
        painter.setPen(QPen(ink, 1.4 * scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(corner + QPointF(0, -1.5 * scale), 2.4 * scale, 3 * scale)
        painter.setPen(QPen(QColor(self._look.card_ground(dim)), scale))
        painter.setBrush(ink)
        painter.drawRoundedRect(
            QRectF(corner.x() - 4.5 * scale, corner.y() - scale, 9 * scale, 7 * scale), 1.5, 1.5
        )
