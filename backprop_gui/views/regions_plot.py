"""Paints decision regions: the plane of two inputs in colours, its boundaries, and the data in marks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QWidget

from backprop_gui.present.data_points import PlottedPoints
from backprop_gui.present.regions import RegionsPicture, regions_csv
from backprop_gui.views.loss_ticks import linear_ticks, tick_texts
from backprop_gui.views.point_plot import (
    PointPlot,
    class_colour,
    mark_size,
    paint_mark,
    paint_same_marks,
    placed,
    ring,
    snug_axes,
)
from backprop_gui.views.slice_axes import Axes, Brush, paint_axes
from backprop_gui.views.theme import Theme, blend

STRONGEST, WEAKEST = 0.5, 0.1  # of a class's colour on the ground
SHADES = 256
BAR = 12.0  # pixels of width
MOST_LEGEND = 0.34  # of the width
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class RegionsPlot(PointPlot[RegionsPicture]):
    """Shows a `RegionsPicture`."""

    broken_words = "Where it is grey, the output is not a finite number."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Decision regions", parent)

    def csv_of(self, picture: RegionsPicture) -> str:
        """The grid and the points."""
        return regions_csv(picture)

    def heights_of(self, points: PlottedPoints) -> np.ndarray:
        return points.data.inputs[:, 1]

    # --- painting ---------------------------------------------------------------------------------

    def paint_plot(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> Axes | None:
        picture = self._picture
        if picture is None:
            return None
        axes = self._axes_in(brush, area, picture)
        painter = brush.painter
        paint_axes(brush, axes, picture.axes[0], "")
        painter.save()
        painter.setClipRect(axes.rect)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        image = plane_image(picture, brush.theme)
        half = axes.rect.width() / (len(picture.xs) - 1) / 2, axes.rect.height() / (len(picture.ys) - 1) / 2
        painter.drawImage(axes.rect.adjusted(-half[0], -half[1], half[0], half[1]), image)
        self._paint_lines(brush, axes, picture)
        for points in picture.points:
            self._paint_points(brush, axes, picture, points)
        painter.restore()
        brush.pen(blend(brush.theme.outline, brush.theme.window, 0.45), 1)
        painter.drawRect(axes.rect)
        corner = QPointF(axes.rect.left(), axes.rect.top() + brush.metrics().height() / 2)
        brush.label(corner, picture.axes[1], brush.theme.text, axes.rect)
        self._paint_legend(brush, area, axes, picture)
        return axes

    def paint_marks(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> None:
        """The sample on screen, and the chosen point."""
        picture = self._picture
        if picture is None:
            return
        axes = self._axes_in(brush, area, picture)
        if picture.current is not None:
            ring(
                brush,
                axes.at(*picture.current),
                brush.theme.backward,
                mark_size(brush, axes, self.count()) + 2.9,
            )
        self.paint_chosen(brush, axes)

    def _axes_in(self, brush: Brush, area: QRectF, picture: RegionsPicture) -> Axes:
        """Beside the legend."""
        left = area.adjusted(0, 0, -self._legend_width(brush, area, picture), 0)
        across, upwards = ((float(axis[0]), float(axis[-1])) for axis in (picture.xs, picture.ys))
        return snug_axes(brush, left, across, upwards)

    def _paint_lines(self, brush: Brush, axes: Axes, picture: RegionsPicture) -> None:
        """Boundaries strong, lines of equal value thin with their numbers."""
        is_value = picture.kind == "values"
        for text, pieces in picture.lines:
            if not len(pieces):
                continue
            lines = [QLineF(axes.at(*start), axes.at(*end)) for start, end in pieces.tolist()]
            brush.pen(brush.theme.text, 1.0 if is_value else 1.8)
            brush.painter.drawLines(lines)
            if text and len(lines) > 4:
                middle = max(lines, key=_height_of)
                brush.label(middle.center() + QPointF(0, 12 * brush.scale), text, brush.theme.text, axes.rect)

    def _paint_points(self, brush: Brush, axes: Axes, picture: RegionsPicture, points: PlottedPoints) -> None:
        theme, data, size = brush.theme, points.data, mark_size(brush, axes, self.count())
        xs, ys = data.inputs[:, 0], data.inputs[:, 1]
        if picture.kind == "values":
            shares = np.clip((data.targets[:, 0] - picture.low) / (picture.high - picture.low), 0.0, 1.0)
            steps = (shares * (SHADES - 1)).round().astype(np.intp)
            for step in np.unique(steps).tolist():
                same = steps == step
                colour = QColor.fromRgb(int(value_shades(theme)[step])).name()
                paint_same_marks(
                    brush, placed(axes, xs[same], ys[same]), 0, colour, False, theme.text, size + 0.6
                )
            if data.is_test:
                paint_same_marks(brush, placed(axes, xs, ys), 0, theme.text, True, theme.text, 1.2)
            return
        for own in np.unique(data.classes).tolist():
            for wrong in (False, True):
                same = (data.classes == own) & (points.wrong == wrong)
                places, rim = placed(axes, xs[same], ys[same]), theme.text if wrong else theme.window
                if wrong and data.is_test:
                    paint_same_marks(brush, places, own, theme.text, True, rim, size + 1.2)
                paint_same_marks(brush, places, own, class_colour(theme, own), data.is_test, rim, size)

    # --- legend -----------------------------------------------------------------------------------

    def _legend_width(self, brush: Brush, area: QRectF, picture: RegionsPicture) -> float:
        metrics, scale = brush.metrics(), brush.scale
        words = [text for text, *_ in self._entries(picture)]
        if picture.kind == "values":
            words += [picture.format.text(each) for each in (picture.low, picture.high)]
        widest = max((metrics.horizontalAdvance(word) for word in words), default=0.0)
        return min(widest + 26 * scale, MOST_LEGEND * area.width())

    def _entries(self, picture: RegionsPicture) -> list[tuple[str, int, bool, bool]]:
        """Text, class (-1: any), hollow, wrong."""
        classes = picture.classes
        names = classes.names if classes is not None else ()
        found = [(name, place, False, False) for place, name in enumerate(names)]
        if len(picture.test.data.rows):
            found.append(("test", -1, True, False))
        if any(points.wrong.any() for points in picture.points):
            found.append(("wrong", -1, False, True))
        return found

    def _paint_legend(self, brush: Brush, area: QRectF, axes: Axes, picture: RegionsPicture) -> None:
        theme, scale, metrics = brush.theme, brush.scale, brush.metrics()
        left = area.right() - self._legend_width(brush, area, picture)
        if picture.kind == "values":
            self._paint_bar(brush, QRectF(left, axes.rect.top(), BAR * scale, axes.rect.height()), picture)
            return
        step = metrics.height() * 1.15
        for row, (text, own, hollow, wrong) in enumerate(self._entries(picture)):
            middle = axes.rect.top() + (row + 0.5) * step
            if middle + step / 2 > area.bottom() + 2:
                return
            colour = theme.muted if own < 0 else class_colour(theme, own)
            rim = theme.text if wrong else theme.window
            at = QPointF(left + 7 * scale, middle)
            paint_mark(brush, at, max(own, 0), theme.window if wrong else colour, hollow, rim, 4.0)
            room = area.right() - left - 18 * scale
            words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            brush.text(QRectF(left + 18 * scale, middle - step / 2, room, step), words, theme.text, LEFT)

    def _paint_bar(self, brush: Brush, bar: QRectF, picture: RegionsPicture) -> None:
        """The colours of the output with their numbers."""
        theme, scale, metrics = brush.theme, brush.scale, brush.metrics()
        column = np.ascontiguousarray(value_shades(theme)[::-1].reshape(-1, 1))
        image = QImage(column.data, 1, SHADES, 4, QImage.Format.Format_RGB32)
        brush.painter.drawImage(bar, image)
        brush.painter.setPen(QPen(QColor(theme.border), 1))
        brush.painter.setBrush(Qt.BrushStyle.NoBrush)
        brush.painter.drawRect(bar)
        ticks = linear_ticks(picture.low, picture.high, max(2, int(bar.height() / (1.9 * metrics.height()))))
        for tick, text in zip(ticks, tick_texts(ticks), strict=True):
            y = bar.bottom() - (tick - picture.low) / (picture.high - picture.low) * bar.height()
            words = picture.format.localised(text).replace("-", "−")
            place = QRectF(bar.right() + 5 * scale, y - 10 * scale, 60 * scale, 20 * scale)
            brush.text(place, words, theme.muted, LEFT)
        head = QRectF(bar.left() - 40 * scale, bar.top() - metrics.height() - 3, 0, metrics.height())
        brush.text(head.adjusted(40 * scale, 0, 90 * scale, 0), picture.bar, theme.muted, LEFT)


def plane_image(picture: RegionsPicture, theme: Theme) -> QImage:
    """The plane as pixels, one for each point of the grid; grey where there is no finite number."""
    heights = picture.heights[::-1]
    span = (picture.high - picture.low) or 1.0
    with np.errstate(all="ignore"):
        shares = np.clip((heights - picture.low) / span, 0.0, 1.0)
    known = ~np.isnan(shares)
    steps = np.where(known, shares, 0.0) * (SHADES - 1)
    places = steps.round().astype(np.intp)
    if picture.kind == "two":
        colours = two_shades(theme)[places]
    elif picture.kind == "values":
        colours = value_shades(theme)[places]
    else:
        assert picture.classes is not None
        table = np.stack([class_shades(theme, place) for place in range(len(picture.classes.names))])
        colours = table[picture.winner[::-1], places]
    colours = np.ascontiguousarray(np.where(known, colours, _rgb(theme.block)).astype(np.uint32))
    rows, columns = colours.shape
    # A copy: the pixels of the array end with this function.
    return QImage(colours.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


@lru_cache(maxsize=8)
def two_shades(theme: Theme) -> NDArray[np.uint32]:
    """From the colour of the first class over the ground to that of the second."""
    ends = class_colour(theme, 0), class_colour(theme, 1)
    return np.array(
        [_between(theme, *ends, place / (SHADES - 1)) for place in range(SHADES)], dtype=np.uint32
    )


@lru_cache(maxsize=8)
def value_shades(theme: Theme) -> NDArray[np.uint32]:
    """The same two colours, stronger: from the lowest output to the highest."""
    low, high = class_colour(theme, 0), class_colour(theme, 1)
    return np.array(
        [_between(theme, low, high, place / (SHADES - 1), 0.6, 0.03) for place in range(SHADES)],
        dtype=np.uint32,
    )


@lru_cache(maxsize=64)
def class_shades(theme: Theme, place: int) -> NDArray[np.uint32]:
    """From hardly any to the most of a class's colour."""
    colour = class_colour(theme, place)
    shares = np.linspace(WEAKEST, STRONGEST, SHADES)
    return np.array([_rgb(blend(colour, theme.window, float(share))) for share in shares], dtype=np.uint32)


def _between(
    theme: Theme, low: str, high: str, share: float, most: float = STRONGEST, least: float = 0.04
) -> int:
    """A colour between two, by way of the ground."""
    strength = least + (most - least) * abs(2 * share - 1)
    return _rgb(blend(low if share < 0.5 else high, theme.window, strength))


def _rgb(colour: str) -> int:
    return 0xFF000000 | int(colour[1:], 16)


def _height_of(line: QLineF) -> float:
    return -line.center().y()
