"""The edges on the graph canvas: one batched item per layer, found by numpy; and the travelling pulse."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QLineF, QObject, QPointF, QRectF, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QGraphicsEllipseItem,
    QGraphicsItem,
    QGraphicsScene,
    QStyleOptionGraphicsItem,
    QWidget,
)

from backprop_gui.present.canvas_measures import Route
from backprop_gui.present.pictures import EdgeShape, Emphasis, Phase
from backprop_gui.views.canvas_look import Look
from backprop_gui.views.theme import dimmed

STRONGEST = 60  # edges drawn of a layer with more; the lit and the focused ones come on top
_LEVELS: dict[Emphasis, int] = {"dim": 0, "plain": 1, "lit": 2}
_THINNING = 0.25  # seen from afar, lines get thinner down to this share
_PULSE_MILLISECONDS = 240
PULSES = 24

Numbers = NDArray[np.float64]


def edge_width(strength: float) -> float:
    """Pixels for a weight: 1 for 0, about 4 for 1, growing with the logarithm up to 6."""
    return float(min(6.0, 1.0 + 2.5 * np.log2(1.0 + 1.4 * min(abs(strength), 10.0))))


class EdgeLayerItem(QGraphicsItem):
    """The edges between two layers, painted together: weak ones first, the lit ones last."""

    def __init__(self, edges: Sequence[EdgeShape], routes: Sequence[Route], look: Look) -> None:
        super().__init__()
        self.edges = tuple(edges)
        self._look = look
        self._phase: Phase = "given"
        self._strengths = np.zeros(len(self.edges))
        self._levels = np.ones(len(self.edges), dtype=np.int8)
        self._weighted = np.array([bool(edge.weight) for edge in self.edges])
        self._order: NDArray[np.intp] | None = None
        self._polygons = [QPolygonF([QPointF(x, y) for x, y in route]) for route in routes]
        points = np.array([point for route in routes for point in route])
        self._bounds = QRectF(QPointF(*points.min(axis=0)), QPointF(*points.max(axis=0))).adjusted(
            -8, -8, 8, 8
        )
        self._segments = np.array([[*a, *b] for route in routes for a, b in pairwise(route)])
        self._owners = np.repeat(np.arange(len(self.edges)), [len(route) - 1 for route in routes])
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    # ---------------------------------------------------------------- what is shown

    def show_strength(self, number: int, strength: float) -> None:
        if self._strengths[number] != strength:
            self._strengths[number] = strength
            self._changed()

    def show_emphasis(self, number: int, emphasis: Emphasis) -> None:
        if self._levels[number] != _LEVELS[emphasis]:
            self._levels[number] = _LEVELS[emphasis]
            self._changed()

    def show_phase(self, phase: Phase) -> None:
        if phase != self._phase:
            self._phase = phase
            if (self._levels == _LEVELS["lit"]).any():
                self._changed()

    def show_look(self, look: Look) -> None:
        self._look = look
        self._changed()

    def _changed(self) -> None:
        self._order = None
        self.update()

    def drawn(self) -> NDArray[np.intp]:
        """The numbers of the edges that are drawn, in painting order."""
        if self._order is None:
            size = np.abs(self._strengths)
            shown = np.arange(len(size))
            if len(size) > STRONGEST:
                keep = self._levels == _LEVELS["lit"]
                if (self._levels == _LEVELS["dim"]).any():  # a focus: what is plain belongs to it
                    keep |= self._levels == _LEVELS["plain"]
                keep[np.argsort(size, kind="stable")[-STRONGEST:]] = True
                shown = np.flatnonzero(keep)
            self._order = shown[np.lexsort((size[shown], self._levels[shown]))]
        return self._order

    def nearest(self, x: float, y: float, reach: float) -> tuple[float, EdgeShape] | None:
        """The nearest drawn edge within `reach` of a point, with its distance."""
        if not self._bounds.adjusted(-reach, -reach, reach, reach).contains(x, y):
            return None
        start, along = self._segments[:, :2], self._segments[:, 2:] - self._segments[:, :2]
        length = np.maximum((along**2).sum(axis=1), 1e-9)
        share = np.clip((((x, y) - start) * along).sum(axis=1) / length, 0.0, 1.0)
        foot = start + share[:, None] * along
        distance = np.hypot(foot[:, 0] - x, foot[:, 1] - y)
        shown = np.zeros(len(self.edges), dtype=bool)
        shown[self.drawn()] = True
        distance[~shown[self._owners]] = np.inf
        best = int(distance.argmin())
        if distance[best] > reach:
            return None
        return float(distance[best]), self.edges[self._owners[best]]

    # ---------------------------------------------------------------- painting

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        thicker = max(1.0, _THINNING / max(zoom, 1e-6)) * self._look.scale**0.5
        for number in self.drawn():
            painter.setPen(self._pen(number, thicker))
            polygon = self._polygons[number]
            if polygon.size() == 2:
                painter.drawLine(QLineF(polygon.at(0), polygon.at(1)))
            else:
                painter.drawPolyline(polygon)

    def _pen(self, number: int, thicker: float) -> QPen:
        """Width by strength, colour by sign; a negative weight is a line of long dashes."""
        look, theme = self._look, self._look.theme
        strength, level = self._strengths[number], self._levels[number]
        weighted = self._weighted[number]
        colour = theme.outline if not weighted else theme.negative if strength < 0 else theme.positive
        width = edge_width(strength) if weighted else 1.4
        if level == _LEVELS["lit"]:
            colour, width = look.phase(self._phase), max(width + 1.0, 3.0)
        elif level == _LEVELS["dim"]:
            colour = dimmed(colour, theme.canvas)
        pen = QPen(QColor(colour), width * thicker)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if weighted and strength < 0:
            pen.setDashPattern([max(24 / width, 4.0), max(5 / width, 1.0)])
        return pen


class Pulse(QObject):
    """A dot that runs along the edges of a step, once and shortly, after its number is shown."""

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__(scene)
        self._scene = scene
        self._ways: list[tuple[Numbers, Numbers]] = []  # points, and the length up to each
        self._dots: list[QGraphicsEllipseItem] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(20)  # the paint with the number comes first
        self._pause.timeout.connect(self._start)
        self._run = QVariantAnimation(self)
        self._run.setStartValue(0.0)
        self._run.setEndValue(1.0)
        self._run.setDuration(_PULSE_MILLISECONDS - 20)
        self._run.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._run.valueChanged.connect(self._move)
        self._run.finished.connect(self.stop)

    @property
    def running(self) -> bool:
        return self._pause.isActive() or self._run.state() == QVariantAnimation.State.Running

    def run(self, routes: Sequence[Route], colour: QColor, ground: QColor, scale: float) -> None:
        """Let a dot run along each route, from its first point to its last."""
        self.stop()
        for route in routes[:PULSES]:
            points = np.array(route)
            lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
            self._ways.append((points, lengths))
            dot = QGraphicsEllipseItem(-5 * scale, -5 * scale, 10 * scale, 10 * scale)
            dot.setBrush(colour)
            dot.setPen(QPen(ground, 2 * scale))
            dot.setZValue(2.5)  # over the chips: in a narrow gap they cover most of the way
            dot.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)  # seen from afar, too
            dot.setPos(*route[0])
            dot.setVisible(False)
            dot.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
            self._scene.addItem(dot)
            self._dots.append(dot)
        if self._dots:
            self._pause.start()

    def stop(self) -> None:
        """End at once, wherever the dots are."""
        self._pause.stop()
        self._run.stop()
        for dot in self._dots:
            self._scene.removeItem(dot)
        self._dots.clear()
        self._ways.clear()

    def _start(self) -> None:
        self._run.start()
        for dot in self._dots:
            dot.setVisible(True)

    def _move(self, share: float) -> None:
        for dot, (points, lengths) in zip(self._dots, self._ways, strict=True):
            at = share * lengths[-1]
            x = float(np.interp(at, lengths, points[:, 0]))
            y = float(np.interp(at, lengths, points[:, 1]))
            dot.setPos(x, y)
