"""Plots with the data as points on axes: marks that differ by shape and colour, chosen by key or click."""

from __future__ import annotations

import math
from typing import ClassVar, Generic, Protocol, TypeVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from backprop_gui.engine.operation import Array
from backprop_gui.present.data_points import PlottedPoints
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.painted_plot import PaintedPlot
from backprop_gui.views.slice_axes import Axes, Brush, placed_axes
from backprop_gui.views.theme import Theme

FEW = 40  # points
NEAR = 10.0  # pixels within which a point is meant
MARK, SMALL_MARK = 3.6, 2.6  # half the size of a mark
SHAPES = ("circle", "square", "triangle", "diamond", "down", "plus", "star", "cross", "hexagon", "bar")


class PointPicture(Protocol):
    """What pictures with the data as points have in common."""

    @property
    def points(self) -> tuple[PlottedPoints, PlottedPoints]:
        """Training and test points."""
        raise NotImplementedError

    @property
    def measured(self) -> Array:
        """The network's outputs; the same array while only the sample on screen is another one."""
        raise NotImplementedError

    @property
    def title(self) -> str: ...

    @property
    def format(self) -> NumberFormat: ...

    @property
    def broken(self) -> bool:
        """Whether an output is not a finite number."""
        raise NotImplementedError

    def words(self, test: bool, place: int) -> str:
        """A point in words."""
        raise NotImplementedError

    def words_at(self, x: float, y: float) -> str:
        """A place in words."""
        raise NotImplementedError

    def summary(self) -> str:
        """What a screen reader is told."""
        raise NotImplementedError


P = TypeVar("P", bound=PointPicture)


class PointPlot(PaintedPlot, Generic[P]):
    """Its things are the training points, then the test points; a training row can be gone to."""

    row_requested = Signal(int)  # a training row, from 0
    broken_words: ClassVar[str]  # what stands below a picture with outputs that are not finite numbers

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._picture: P | None = None
        self.activated.connect(self._activate)

    @property
    def picture(self) -> P | None:
        """What is shown."""
        return self._picture

    def show_picture(self, picture: P) -> None:
        """Show this picture."""
        before, self._picture = self._picture, picture
        if before is not None and before.measured is picture.measured and before.format == picture.format:
            self.remark()  # only another sample
        else:
            self.renew(self.broken_words if picture.broken else "", picture.summary())

    # --- for the kinds of plots -------------------------------------------------------------------

    def heights_of(self, points: PlottedPoints) -> np.ndarray:
        """How high each point stands."""
        raise NotImplementedError

    def csv_of(self, picture: P) -> str:
        """The numbers of a picture, and its points."""
        raise NotImplementedError

    # --- what a plot says -------------------------------------------------------------------------

    def csv(self) -> str:
        return self.csv_of(self._picture) if self._picture is not None else ""

    def title_words(self) -> str:
        return self._picture.title if self._picture is not None else ""

    def shown_points(self) -> tuple[PlottedPoints, ...]:
        """Training and test points; nothing while there is no picture."""
        return self._picture.points if self._picture is not None else ()

    # --- things -----------------------------------------------------------------------------------

    def count(self) -> int:
        return sum(len(points.data.rows) for points in self.shown_points())

    def told(self, thing: int) -> str:
        assert self._picture is not None
        return self._picture.words(*self._split(thing))

    def position(self, thing: int) -> tuple[float, float]:
        """Where a point stands, in the numbers of the axes."""
        test, place = self._split(thing)
        points = self.shown_points()[test]
        return float(points.data.inputs[place, 0]), float(self.heights_of(points)[place])

    def place_at(self, at: QPointF) -> int:
        axes = self._axes_on_screen()
        if axes is None or not self.count():
            return -1
        xs = np.concatenate([points.data.inputs[:, 0] for points in self.shown_points()])
        ys = np.concatenate([self.heights_of(points) for points in self.shown_points()])
        right = (xs - axes.low) / (axes.high - axes.low) * axes.rect.width() + axes.rect.left()
        down = axes.rect.bottom() - (ys - axes.bottom) / (axes.top - axes.bottom) * axes.rect.height()
        apart = np.hypot(right - at.x(), down - at.y())
        nearest = int(apart.argmin())
        return nearest if apart[nearest] <= NEAR * self._scale else -1

    def _axes_on_screen(self) -> Axes | None:
        drawn = self.canvas.drawn
        return drawn if isinstance(drawn, Axes) and self.shown_points() else None

    def _split(self, thing: int) -> tuple[bool, int]:
        training = len(self.shown_points()[0].data.rows)
        return (False, thing) if thing < training else (True, thing - training)

    def _activate(self, thing: int) -> None:
        test, place = self._split(thing)
        if not test:
            self.row_requested.emit(int(self.shown_points()[0].data.rows[place]))

    def told_at(self, at: QPointF) -> str:
        axes = self._axes_on_screen()
        if axes is None or self._picture is None or not axes.rect.contains(at):
            return ""
        share = (axes.rect.bottom() - at.y()) / max(axes.rect.height(), 1.0)
        return self._picture.words_at(axes.value_at(at.x()), axes.bottom + share * (axes.top - axes.bottom))

    def paint_chosen(self, brush: Brush, axes: Axes) -> None:
        """A ring around the chosen point."""
        if 0 <= self.chosen < self.count():
            x, y = self.position(self.chosen)
            ring(brush, axes.at(x, y), brush.theme.accent, 7.5)


def snug_axes(brush: Brush, area: QRectF, across: tuple[float, float], upwards: tuple[float, float]) -> Axes:
    """The rectangle left beside the numbers of its axes; what they are is written inside of it."""
    return placed_axes(brush, area.adjusted(0, -brush.metrics().height(), 0, 0), across, upwards)


def mark_size(brush: Brush, axes: Axes, count: int) -> float:
    """Half the size of a mark: smaller where many stand in little room."""
    return SMALL_MARK if count > FEW and axes.rect.height() < 110 * brush.scale else MARK


def ring(brush: Brush, at: QPointF, colour: str, radius: float) -> None:
    """A ring around a point, set off from what is below it."""
    size = radius * brush.scale
    brush.pen(brush.theme.window, 4)
    brush.painter.drawEllipse(at, size, size)
    brush.pen(colour, 2)
    brush.painter.drawEllipse(at, size, size)


def paint_mark(
    brush: Brush, at: QPointF, shape: int, colour: str, hollow: bool, rim: str, half: float = MARK
) -> None:
    """A mark of a class: filled for a training row, hollow for a test row."""
    paint_same_marks(brush, [(at.x(), at.y())], shape, colour, hollow, rim, half)


def paint_same_marks(
    brush: Brush,
    places: list[tuple[float, float]],
    shape: int,
    colour: str,
    hollow: bool,
    rim: str,
    half: float = MARK,
) -> None:
    """Many marks that look the same, at places of the drawing."""
    theme, scale, painter = brush.theme, brush.scale, brush.painter
    path = mark_path(SHAPES[shape % len(SHAPES)], QPointF(0, 0), half * scale)
    painter.setBrush(QColor(theme.window if hollow else colour))
    edge = colour if hollow else rim
    painter.setPen(QPen(QColor(edge), (1.4 if hollow else 1.0) * scale, j=Qt.PenJoinStyle.RoundJoin))
    for x, y in places:
        painter.drawPath(path.translated(x, y))


def placed(axes: Axes, xs: np.ndarray, ys: np.ndarray) -> list[tuple[float, float]]:
    """Where points stand in the drawing; those far outside are left out."""
    rect = axes.rect
    across, upwards = (xs - axes.low) / (axes.high - axes.low), (ys - axes.bottom) / (axes.top - axes.bottom)
    near = (np.abs(across - 0.5) < 1) & (np.abs(upwards - 0.5) < 1)
    right = rect.left() + across[near] * rect.width()
    down = rect.bottom() - upwards[near] * rect.height()
    return list(zip(right.tolist(), down.tolist(), strict=True))


def mark_path(shape: str, at: QPointF, half: float) -> QPainterPath:
    """The outline of a mark, about as large for every shape."""
    path = QPainterPath()
    x, y = at.x(), at.y()
    if shape == "circle":
        path.addEllipse(at, half, half)
    elif shape == "square":
        path.addRect(x - 0.9 * half, y - 0.9 * half, 1.8 * half, 1.8 * half)
    elif shape == "bar":
        path.addRect(x - 0.45 * half, y - 1.3 * half, 0.9 * half, 2.6 * half)
    elif shape in ("plus", "cross"):
        wide, thick = 1.25 * half, 0.48 * half
        turn = math.pi / 4 if shape == "cross" else 0.0
        corners = [
            (-thick, -wide),
            (thick, -wide),
            (thick, -thick),
            (wide, -thick),
            (wide, thick),
            (thick, thick),
        ]
        corners += [
            (thick, wide),
            (-thick, wide),
            (-thick, thick),
            (-wide, thick),
            (-wide, -thick),
            (-thick, -thick),
        ]
        turned = [
            (a * math.cos(turn) - b * math.sin(turn), a * math.sin(turn) + b * math.cos(turn))
            for a, b in corners
        ]
        _add_corners(path, [(x + a, y + b) for a, b in turned])
    else:
        count, radius, turn = {
            "triangle": (3, 1.3, -90),
            "down": (3, 1.3, 90),
            "diamond": (4, 1.25, -90),
            "hexagon": (6, 1.1, 0),
            "star": (10, 1.45, -90),
        }[shape]
        corners = []
        for corner in range(count):
            angle = math.radians(turn + 360 * corner / count)
            far = radius * half * (0.5 if shape == "star" and corner % 2 else 1.0)
            corners.append((x + far * math.cos(angle), y + far * math.sin(angle)))
        _add_corners(path, corners)
    return path


def _add_corners(path: QPainterPath, corners: list[tuple[float, float]]) -> None:
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.closeSubpath()


def class_colour(theme: Theme, place: int) -> str:
    """The colour of a class; beyond the colours its mark tells it apart."""
    order = (0, 2, 1, 3, 4, 5)
    return theme.lines[order[place % len(order)] % len(theme.lines)]
