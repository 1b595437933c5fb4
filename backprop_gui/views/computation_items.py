"""The items of the computational graph: operations with their numbers, and the edges between them."""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_gui.present.canvas_measures import Route
from backprop_gui.present.computation_layout import (
    CAPTION_PIXELS,
    NUMBER_PIXELS,
    SHARE_PIXELS,
    SIGN_PIXELS,
    ComputationLayout,
    Stem,
)
from backprop_gui.present.computation_pictures import (
    ComputationShape,
    NodeShape,
    NodeState,
    Number,
    WireState,
)
from backprop_gui.present.numbers import UNKNOWN
from backprop_gui.present.pictures import Emphasis, Phase
from backprop_gui.views.canvas_look import Look, rect_of
from backprop_gui.views.fonts import Weight
from backprop_gui.views.theme import dimmed

_AWAY = 9.5  # of a number from its line
_RING, _FOCUS = 4.0, 8.0
_ARROW = 5.5
LONGEST_CAPTION = 14  # signs of a name above a node


class Hit(Struct, frozen=True):
    """What stands at a point: a number of the network, or the node."""

    node: int
    number: Number | None
    tip: str


class OperationItem(QGraphicsItem):
    """One operation or leaf, with the lines that leave it and the numbers above and below them."""

    def __init__(self, index: int, shape: ComputationShape, layout: ComputationLayout, look: Look) -> None:
        super().__init__()
        self.index = index
        self.drawn: NodeShape = shape.nodes[index]
        self.box = rect_of(layout.nodes[index])
        self._stems = [layout.stems[place] for place in self.drawn.outputs]
        self._look = look
        self._phase: Phase = "given"
        self.state: NodeState | None = None
        self.wires: tuple[WireState, ...] = ()
        self._focused = False
        scale = look.scale
        around = self.box.adjusted(-12 * scale, -18 * scale, 12 * scale, 12 * scale)
        for stem in self._stems:
            around = around.united(QRectF(QPointF(*stem.start), QPointF(*stem.end)).adjusted(0, -20, 2, 20))
        self._bounds = around.adjusted(0, -4 * scale, 0, 8 * scale)

    def show_state(self, state: NodeState, wires: tuple[WireState, ...], phase: Phase) -> None:
        """Take on what is to be seen now."""
        if (state, wires) != (self.state, self.wires) or (phase != self._phase and state.emphasis == "lit"):
            self.state, self.wires = state, wires
            self.update()
        self._phase = phase

    def show_look(self, look: Look) -> None:
        self._look = look
        self.update()

    def show_focus(self, focused: bool) -> None:
        if focused != self._focused:
            self._focused = focused
            self.update()

    def hit_at(self, point: QPointF) -> Hit | None:
        """What a click or the pointer at a point means."""
        assert self.state is not None
        for wire, stem in zip(self.wires, self._stems, strict=True):
            line = QRectF(QPointF(*stem.start), QPointF(*stem.end))
            high = 2 * _AWAY * self._look.scale
            if line.adjusted(0, -high, 0, 0).contains(point):
                return Hit(self.index, wire.value, wire.tip)
            if wire.gradient.text and line.adjusted(0, 0, 0, high).contains(point):
                return Hit(self.index, wire.gradient, wire.tip)
        return Hit(self.index, None, self.state.tip) if self.box.contains(point) else None

    @property
    def place(self) -> QRectF:
        """The node and its numbers."""
        return self._bounds

    # ---------------------------------------------------------------- painting

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self.state is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for wire, stem in zip(self.wires, self._stems, strict=True):
            painter.setPen(edge_pen(self._look, wire.emphasis, self._phase))
            painter.drawLine(QPointF(*stem.start), QPointF(*stem.end))
            if self.drawn.kind != "constant":
                self._numbers(painter, wire, stem)
        self._paint_shape(painter, self.state.emphasis)

    def _numbers(self, painter: QPainter, wire: WireState, stem: Stem) -> None:
        """The value above the line and the gradient below."""
        look, theme = self._look, self._look.theme
        room = stem.end[0] - stem.start[0] - 2 * look.scale
        numbers = ((wire.value, theme.forward, -1), (wire.gradient, theme.backward, 1))
        for number, colour, side in numbers:
            known = number.text != UNKNOWN
            line = look.line(number.text, NUMBER_PIXELS, "semibold" if known else "regular", room=room)
            x, y = (stem.start[0] + stem.end[0]) / 2, stem.start[1] + side * _AWAY * look.scale
            if number.lit:
                self._paint_lit(painter, x, y, line.width * line.squeeze)
            ink = colour if known else theme.muted
            quiet = wire.emphasis == "dim" or not known
            painter.setPen(QColor(dimmed(ink, theme.canvas) if quiet else ink))
            line.paint(painter, x, y)

    def _paint_lit(self, painter: QPainter, x: float, y: float, width: float) -> None:
        """The ground behind a number of this step."""
        scale = self._look.scale
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._look.theme.lit))
        rect = QRectF(x - width / 2 - 4 * scale, y - 8 * scale, width + 8 * scale, 16 * scale)
        painter.drawRoundedRect(rect, 4 * scale, 4 * scale)

    def _paint_shape(self, painter: QPainter, emphasis: Emphasis) -> None:
        look, theme, scale = self._look, self._look.theme, self._look.scale
        dim, lit = emphasis == "dim", emphasis == "lit"
        if self.drawn.kind != "constant":
            painter.setBrush(QColor(look.card_ground(dim)))
            colour = QColor(look.phase(self._phase)) if lit else look.ink(theme.outline, dim)
            painter.setPen(QPen(colour, (2.2 if lit else 1.3) * scale))
            self._outline(painter, 0.0)
        painter.setPen(look.ink(theme.muted if self.drawn.kind == "constant" else theme.text, dim))
        slanted = self.drawn.kind == "leaf"
        if slanted:
            paint_name(painter, look, self.drawn.sign, SIGN_PIXELS, self.box.center(), "semibold")
        else:
            line = look.line(self.drawn.sign, SIGN_PIXELS, "semibold", room=self.box.width() - 4 * scale)
            line.paint(painter, self.box.center().x(), self.box.center().y())
        if self.drawn.caption:
            painter.setPen(QColor(dimmed(theme.muted, theme.canvas)) if dim else QColor(theme.muted))
            above = QPointF(self.box.center().x(), self.box.top() - 11.5 * scale)
            paint_name(painter, look, shortened(self.drawn.caption), CAPTION_PIXELS, above, "medium")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if lit:
            pen = QPen(QColor(look.phase(self._phase)), 1.6 * scale)
            pen.setDashPattern([3.2, 2.2])
            painter.setPen(pen)
            self._outline(painter, _RING * scale)
        if self._focused:
            painter.setPen(QPen(QColor(theme.accent), 2 * scale))
            self._outline(painter, _FOCUS * scale)

    def _outline(self, painter: QPainter, away: float) -> None:
        """A circle or pill for an operation, corners for leaves and boxes."""
        box = self.box.adjusted(-away, -away, away, away)
        radius = box.height() / 2 if self.drawn.kind == "operation" else 6 * self._look.scale + away
        painter.drawRoundedRect(box, radius, radius)


def shortened(text: str) -> str:
    """A caption that does not reach into the columns beside it: of a long one both ends."""
    return text if len(text) <= LONGEST_CAPTION else f"{text[: LONGEST_CAPTION - 6]}…{text[-5:]}"


def paint_name(
    painter: QPainter, look: Look, text: str, pixels: float, centre: QPointF, weight: Weight
) -> None:
    """A name on one line, a word behind `_` as its index: z_out."""
    place, lines = 0.0, []
    for part in re.split(r"(_[\w…]+)", text):
        below = part.startswith("_")
        line = look.line(part.removeprefix("_"), pixels * (0.75 if below else 1.0), weight, slanted=True)
        lines.append((line, place, 0.28 * pixels * look.scale if below else 0.0))
        place += line.width
    for line, x, y in lines:
        line.paint_from(painter, centre.x() - place / 2 + x, centre.y() + y)


def edge_pen(look: Look, emphasis: Emphasis, phase: Phase) -> QPen:
    """How a line looks: lit in the colour of the phase and thick, quiet ones pale."""
    theme, scale = look.theme, look.scale
    if emphasis == "lit":
        pen = QPen(QColor(look.phase(phase)), 2.6 * scale)
    else:
        colour = dimmed(theme.outline, theme.canvas) if emphasis == "dim" else theme.outline
        pen = QPen(QColor(colour), (1.0 if emphasis == "dim" else 1.4) * scale)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


class BranchesItem(QGraphicsItem):
    """The edges from the line behind a node to all that use it, with what each brings back."""

    def __init__(self, place: int, layout: ComputationLayout, look: Look) -> None:
        super().__init__()
        self.place, self._look = place, look
        self._paths = [curve(route) for route in layout.branches[place]]
        self._shares = [rect_of(box) if box is not None else None for box in layout.shares[place]]
        around = QRectF()
        for rect in (*(path.boundingRect() for path in self._paths), *filter(None, self._shares)):
            around = around.united(rect.adjusted(0, -1, 0, 1))  # a level line has no height
        self._bounds = around.adjusted(-4, -4, 4, 4)
        self._state: WireState | None = None
        self._phase: Phase = "given"

    def show_state(self, state: WireState, phase: Phase) -> None:
        """Take on what is to be seen now; what is lit lies above the rest."""
        before = self._state
        another_phase = phase != self._phase and "lit" in state.branches
        self._state, self._phase = state, phase
        if before is None or another_phase or _seen(before) != _seen(state):
            self.setZValue(-1 if "lit" in state.branches else -2 if "plain" in state.branches else -3)
            self.update()

    def show_look(self, look: Look) -> None:
        self._look = look
        self.update()

    def share_at(self, point: QPointF) -> int | None:
        """The branch whose share stands at a point."""
        for branch, rect in enumerate(self._shares):
            if rect is not None and rect.contains(point):
                return branch
        return None

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        state = self._state
        if state is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        levels: tuple[Emphasis, ...] = ("dim", "plain", "lit")
        for level in levels:
            pen = edge_pen(self._look, level, self._phase)
            for emphasis, path in zip(state.branches, self._paths, strict=True):
                if emphasis == level:
                    painter.setPen(pen)
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawPath(path)
                    self._arrow(painter, pen.color(), path.currentPosition())
        for share, emphasis, rect in zip(state.shares, state.branches, self._shares, strict=False):
            # Where the step is elsewhere they would only crowd the fork.
            if rect is not None and emphasis != "dim" and share.text not in ("", UNKNOWN):
                self._paint_share(painter, share, QRectF(rect))

    def _arrow(self, painter: QPainter, colour: QColor, tip: QPointF) -> None:
        size = _ARROW * self._look.scale
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        back = tip.x() - size
        painter.drawPolygon(
            QPolygonF([tip, QPointF(back, tip.y() - 0.55 * size), QPointF(back, tip.y() + 0.55 * size)])
        )

    def _paint_share(self, painter: QPainter, share: Number, rect: QRectF) -> None:
        """What a branch brings back, on its line: together they are the gradient where it begins."""
        theme, scale = self._look.theme, self._look.scale
        line = self._look.line(share.text, SHARE_PIXELS, "medium", room=rect.width() - 4 * scale)
        rect.setLeft(rect.right() - line.width * line.squeeze - 6 * scale)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(rect, 4 * scale, 4 * scale)
        painter.setPen(QColor(theme.backward))
        line.paint(painter, rect.center().x(), rect.center().y())


def _seen(state: WireState) -> tuple[object, ...]:
    """What of a wire is to be seen on its branches."""
    return state.branches, state.shares


def curve(route: Route) -> QPainterPath:
    """A route as a line that leaves and arrives level, and crosses columns level, too."""
    path = QPainterPath(QPointF(*route[0]))
    for number, (start, end) in enumerate(pairwise(route)):
        if number % 2 == 1:  # across a column it only passes through
            path.lineTo(QPointF(*end))
            continue
        bend = 0.5 * (end[0] - start[0])
        path.cubicTo(QPointF(start[0] + bend, start[1]), QPointF(end[0] - bend, end[1]), QPointF(*end))
    return path
