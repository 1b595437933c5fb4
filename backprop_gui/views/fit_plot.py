"""Paints the fitted curve through the data: training points filled, test points hollow."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPolygonF
from PySide6.QtWidgets import QWidget

from backprop_gui.present.data_points import PlottedPoints
from backprop_gui.present.fit import FitPicture, fit_csv
from backprop_gui.views.point_plot import (
    PointPlot,
    mark_size,
    paint_mark,
    paint_same_marks,
    placed,
    ring,
    snug_axes,
)
from backprop_gui.views.slice_axes import Axes, Brush, paint_axes

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class FitPlot(PointPlot[FitPicture]):
    """Shows a `FitPicture`."""

    broken_words = "Where the curve is missing, the output is not a finite number."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Fitted curve", parent)

    def csv_of(self, picture: FitPicture) -> str:
        """The curve and the points."""
        return fit_csv(picture)

    def heights_of(self, points: PlottedPoints) -> np.ndarray:
        return points.data.targets[:, 0]

    # --- painting ---------------------------------------------------------------------------------

    def paint_plot(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> Axes | None:
        picture = self._picture
        if picture is None:
            return None
        axes = self._axes_in(brush, area, picture)
        paint_axes(brush, axes, picture.axis, "")
        painter = brush.painter
        painter.save()
        painter.setClipRect(axes.rect.adjusted(-4, -4, 4, 4))
        for points in picture.points:
            self._paint_points(brush, axes, points)
        for output in range(picture.values.shape[1]):
            brush.pen(brush.theme.lines[output], 2, DASHES[output])
            for line in _stretches(axes, picture.xs, picture.values[:, output]):
                painter.drawPolyline(line)
        painter.restore()
        self._paint_legend(brush, axes, picture)
        return axes

    def paint_marks(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> None:
        """The sample on screen with its distances to the curves, and the chosen point."""
        picture = self._picture
        if picture is None:
            return
        axes = self._axes_in(brush, area, picture)
        if picture.current is not None:
            points, at = picture.training, picture.current
            x = float(points.data.inputs[at, 0])
            for output in range(len(picture.names)):
                target, value = float(points.data.targets[at, output]), float(points.outputs[at, output])
                if np.isfinite(value):
                    brush.pen(brush.theme.backward, 1.8)
                    brush.painter.drawLine(QLineF(axes.at(x, target), axes.at(x, value)))
                ring(
                    brush,
                    axes.at(x, target),
                    brush.theme.backward,
                    mark_size(brush, axes, self.count()) + 2.6,
                )
        self.paint_chosen(brush, axes)

    def _axes_in(self, brush: Brush, area: QRectF, picture: FitPicture) -> Axes:
        return snug_axes(
            brush, area, (float(picture.xs[0]), float(picture.xs[-1])), (picture.low, picture.high)
        )

    def _paint_points(self, brush: Brush, axes: Axes, points: PlottedPoints) -> None:
        theme, size = brush.theme, mark_size(brush, axes, self.count()) - 0.4
        data, count = points.data, points.data.targets.shape[1]
        for output in range(count):
            colour = theme.text if count == 1 else theme.lines[output]
            places = placed(axes, data.inputs[:, 0], data.targets[:, output])
            paint_same_marks(brush, places, output, colour, data.is_test, theme.window, size)

    def _paint_legend(self, brush: Brush, axes: Axes, picture: FitPicture) -> None:
        """What the signs mean, in the upper left corner, as far as there is room."""
        theme, scale, metrics = brush.theme, brush.scale, brush.metrics()
        entries = [(name, output) for output, name in enumerate(picture.names)]
        if len(picture.test.data.rows):
            entries += [("training", -1), ("test", -2)]
        left, middle = axes.rect.left() + 4 * scale, axes.rect.top() + metrics.height() / 2 + 1
        for text, output in entries:
            sign = (18 if output >= 0 else 10) * scale
            width = sign + 6 * scale + metrics.horizontalAdvance(text)
            if left + width > axes.rect.right():
                return
            ground = QColor(theme.window)
            ground.setAlphaF(0.85)
            place = QRectF(left, middle - metrics.height() / 2, width, metrics.height())
            brush.painter.fillRect(place, ground)
            brush.text(place.adjusted(sign + 4 * scale, 0, 0, 0), text, theme.muted, LEFT)
            if output >= 0:
                brush.pen(theme.lines[output], 2, DASHES[output])
                brush.painter.drawLine(QPointF(left, middle), QPointF(left + sign, middle))
            else:
                at = QPointF(left + sign / 2, middle)
                paint_mark(brush, at, 0, theme.text, output == -2, theme.window, 3.0)
            left += width + 10 * scale


def _stretches(axes: Axes, xs: np.ndarray, values: np.ndarray) -> list[QPolygonF]:
    """The curve in pieces: what is not finite is left out."""
    finite = np.isfinite(values)
    breaks = np.flatnonzero(np.diff(finite.astype(int)) != 0) + 1
    return [
        QPolygonF([axes.at(float(xs[k]), float(values[k])) for k in part])
        for part in np.split(np.arange(len(xs)), breaks)
        if finite[part[0]]
    ]
