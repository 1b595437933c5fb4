"""The weights between large layers on the graph canvas: of many thousands those that a picture draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_gui.present.canvas_measures import Route
from backprop_gui.present.layer_pictures import Bundle, BundleShape, Numbers
from backprop_gui.present.pictures import EdgeShape, Phase
from backprop_gui.views.canvas_look import Look
from backprop_gui.views.theme import blend, dimmed

_SHADES = 5  # of strength; lines of one shade are painted together
_DIM, _LIT = 0, 2
_FEW, _MANY = 8, 150  # so many lines are painted thinner
_THINNING = 0.5
_INSET = 10.0  # from the corners of a block, where no line ends


class BundleItem(QGraphicsItem):
    """The drawn weights of one layer, weak ones first and the lit ones last."""

    def __init__(
        self, shape: BundleShape, starts: Numbers, ends: Numbers, frames: tuple[QRectF, QRectF], look: Look
    ) -> None:
        """`starts` and `ends` are the points of the sending and of the receiving neurons; lines are seen
        from the right edge of the first frame to the left edge of the second.
        """
        super().__init__()
        self.shape_of_bundle = shape
        self._starts, self._ends, self._frames = starts, ends, frames
        self._half_way = (frames[0].right() + frames[1].left()) / 2
        self._look = look
        self._phase: Phase = "given"
        self._bundle = Bundle(shape.layer, np.zeros(0, np.intp), np.zeros(0), np.zeros(0, np.int8))
        corners = np.concatenate([starts, ends])
        low, high = corners.min(axis=0), corners.max(axis=0)
        self._bounds = QRectF(QPointF(*low), QPointF(*high)).adjusted(-8, -8, 8, 8)
        self.setZValue(-1)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    # ---------------------------------------------------------------- what is shown

    def show_bundle(self, bundle: Bundle, phase: Phase) -> None:
        lit = bool((bundle.levels == _LIT).any())
        same = bundle.same(self._bundle) and (phase == self._phase or not lit)
        self._bundle, self._phase = bundle, phase
        if not same:
            self.update()

    def show_look(self, look: Look) -> None:
        self._look = look
        self.update()

    @property
    def drawn(self) -> NDArray[np.intp]:
        """The numbers of the weights that are drawn, in painting order."""
        return self._bundle.drawn

    # ---------------------------------------------------------------- where they are

    def _lines(self, numbers: NDArray[np.intp]) -> Numbers:
        """Start and end of what is seen of each: (numbers, 4)."""
        targets, sources = np.divmod(numbers, self.shape_of_bundle.sources)
        start, end = self._starts[sources], self._ends[targets]
        slope = (end[:, 1] - start[:, 1]) / np.maximum(end[:, 0] - start[:, 0], 1e-9)
        found = []
        for frame, x in zip(self._frames, (self._frames[0].right(), self._frames[1].left()), strict=True):
            inset = min(_INSET, frame.height() / 4)
            level = start[:, 1] + slope * (x - start[:, 0])
            found += [np.full(len(numbers), x), np.clip(level, frame.top() + inset, frame.bottom() - inset)]
        return np.column_stack(found)

    def middle(self, number: int) -> QPointF:
        """The point on the line of a weight that is half way between the layers."""
        x1, y1, x2, y2 = self._lines(np.array([number]))[0]
        share = (self._half_way - x1) / max(x2 - x1, 1e-9)
        return QPointF(self._half_way, y1 + (y2 - y1) * share)

    def lit_routes(self, at_most: int) -> list[Route]:
        """The ways of the lit weights, the strongest first."""
        lit = np.flatnonzero(self._bundle.levels == _LIT)
        lit = lit[np.argsort(-np.abs(self._bundle.strengths[lit]), kind="stable")][:at_most]
        return [((a, b), (c, d)) for a, b, c, d in self._lines(self.drawn[lit]).tolist()]

    def edge(self, number: int) -> EdgeShape:
        """A weight as an edge."""
        shape = self.shape_of_bundle
        target, source = divmod(number, shape.sources)
        ends = f"{shape.source}[{source + 1}]", f"{shape.target}[{target + 1}]"
        return EdgeShape(f"{ends[0]}>{ends[1]}", *ends, shape.names[number], shape.layer)

    def nearest(self, x: float, y: float, reach: float) -> tuple[float, EdgeShape] | None:
        """The nearest drawn weight within `reach` of a point, with its distance."""
        if not len(self.drawn) or not self._bounds.contains(x, y):
            return None
        lines = self._lines(self.drawn)
        start, along = lines[:, :2], lines[:, 2:] - lines[:, :2]
        length = np.maximum((along**2).sum(axis=1), 1e-9)
        share = np.clip((((x, y) - start) * along).sum(axis=1) / length, 0.0, 1.0)
        foot = start + share[:, None] * along
        distance = np.hypot(foot[:, 0] - x, foot[:, 1] - y) - 1e-3 * self._bundle.levels  # lit ones lie above
        best = int(distance.argmin())
        if distance[best] > reach:
            return None
        return float(distance[best]), self.edge(int(self.drawn[best]))

    # ---------------------------------------------------------------- painting

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        bundle = self._bundle
        if not len(bundle.drawn):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        zoom = option.levelOfDetailFromTransform(painter.worldTransform())
        thicker = max(1.0, _THINNING / max(zoom, 1e-6)) * self._look.scale**0.5
        size = np.abs(bundle.strengths)
        low, high = (float(size.min()), float(size.max())) if len(size) > 1 else (0.0, float(size.max()))
        shares = (size - low) / (high - low) if high > low else np.full(len(size), 0.99)
        shades = np.minimum((shares * _SHADES).astype(int), _SHADES - 1)
        kinds = (bundle.levels.astype(int) * _SHADES + shades) * 2 + (bundle.strengths < 0)
        lines = self._lines(bundle.drawn)
        crowd = {level: int((bundle.levels == level).sum()) for level in range(3)}
        for kind in np.unique(kinds).tolist():
            rest, negative = divmod(kind, 2)
            level, shade = divmod(rest, _SHADES)
            few = level == _LIT and crowd[level] <= _FEW  # these are meant, however weak they are
            shown = _SHADES - 1 if few else shade
            painter.setPen(self._pen(level, shown, bool(negative), thicker, crowd[level] > _MANY))
            painter.drawLines([QLineF(*line) for line in lines[kinds == kind].tolist()])

    def _pen(self, level: int, shade: int, negative: bool, thicker: float, many: bool) -> QPen:
        """Width and depth of colour by strength, colour by sign; negative weights are long dashes."""
        look, theme = self._look, self._look.theme
        share = (shade + 1) / _SHADES
        colour = theme.negative if negative else theme.positive
        width = (0.5 + 1.2 * share) if many else (0.7 + 1.5 * share)
        if level == _LIT:
            colour = look.phase(self._phase)
            width += 0.0 if many else 0.8
        if level == _DIM:
            colour = blend(dimmed(colour, theme.canvas), theme.canvas, 0.35 + 0.4 * share)
            width *= 0.8
        else:
            colour = blend(colour, theme.canvas, (0.2 if level == _LIT else 0.1) + 0.65 * share)
        pen = QPen(QColor(colour), width * thicker)
        if negative and not (many and shade < _SHADES // 2):  # of a crowd only the strong ones can be told
            pen.setDashPattern([max(16 / width, 4.0), max(4 / width, 1.5)])
        return pen
