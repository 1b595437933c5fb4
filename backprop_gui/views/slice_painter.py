"""Paints slices of the loss: the curve with tangent and update, or the lines of equal loss with a trail.

Everything is painted anew in any size on any device, so that a picture in a file is laid out for itself.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from backprop_gui.present.loss_slice import AFTER, NOW, PlanePicture, SlicePicture
from backprop_gui.views.slice_axes import Axes, Brush, paint_axes, placed_axes
from backprop_gui.views.theme import Theme, blend

CLOSE_SHARE = 0.4  # of the width, for the close-up
NEAR = 30.0  # pixels between value and landing below which the update is shown in a close-up as well
HEADROOM, FOOTROOM = 0.12, 0.1


def paint_picture(
    painter: QPainter, area: QRectF, picture: SlicePicture | PlanePicture, theme: Theme, scale: float
) -> Axes:
    """Paint into an area; where the numbers of the (larger) plot stand."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    brush = Brush(painter, theme, scale, picture.format)
    if isinstance(picture, PlanePicture):
        return _paint_plane(brush, area, picture)
    return _paint_slice(brush, area, picture)


# --- one parameter --------------------------------------------------------------------------------


def _paint_slice(brush: Brush, area: QRectF, picture: SlicePicture) -> Axes:
    xs = picture.curve[0]
    width = float(xs[-1] - xs[0]) or 1.0
    way = abs(picture.landing - picture.value) if picture.landing is not None else 0.0
    is_tiny = picture.close is not None and way > 0 and way / width * area.width() < NEAR * brush.scale
    main = QRectF(area)
    if is_tiny:
        main.setWidth(area.width() * (1 - CLOSE_SHARE))
    axes = _axes_of(brush, main, picture, picture.curve)
    paint_axes(brush, axes, picture.name, picture.loss)
    _paint_curve(brush, axes, picture, picture.curve, whole=not is_tiny)
    if is_tiny and picture.close is not None:
        side = QRectF(main.right(), area.top(), area.width() - main.width(), area.height())
        close = _axes_of(brush, side, picture, picture.close)
        times = brush.format.text(float(f"{(axes.high - axes.low) / (close.high - close.low):.2g}"))
        paint_axes(brush, close, picture.name, f"close up ×{times}", outline=True)
        _paint_curve(brush, close, picture, picture.close, whole=True)
    return axes


def _axes_of(brush: Brush, area: QRectF, picture: SlicePicture, curve: tuple[np.ndarray, np.ndarray]) -> Axes:
    """High enough for the curve and the points on it."""
    xs, losses = curve
    marked = [picture.here] if xs[0] <= picture.value <= xs[-1] else []
    finite = np.concatenate([losses[np.isfinite(losses)], [each for each in marked if np.isfinite(each)]])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    span = high - low
    if span <= 1e-12 * max(abs(high), 1e-300):
        span = abs(high) or 1.0
        low, high = low - span / 2, high + span / 2
    upwards = (low - FOOTROOM * span, high + HEADROOM * span)
    return placed_axes(brush, area, (float(xs[0]), float(xs[-1])), upwards)


def _paint_curve(
    brush: Brush, axes: Axes, picture: SlicePicture, curve: tuple[np.ndarray, np.ndarray], whole: bool
) -> None:
    """The curve, the tangent, and where one is; `whole`: also the update, which is long enough to be seen."""
    painter, theme = brush.painter, brush.theme
    painter.save()
    painter.setClipRect(axes.rect.adjusted(-5, -1, 5, 1))
    brush.pen(theme.accent, 2)
    for line in _stretches(axes, *curve):
        painter.drawPolyline(line)
    now = axes.at(picture.value, picture.here)
    if np.isfinite(picture.slope) and np.isfinite(picture.here):
        ends = [axes.at(x, picture.here + picture.slope * (x - picture.value)) for x in (axes.low, axes.high)]
        brush.pen(theme.backward, 1.5, Qt.PenStyle.DashLine)
        painter.drawLine(*ends)
    landing = picture.landing
    if landing is not None and np.isfinite(picture.here) and landing != picture.value:
        over = QPointF(axes.x(landing), now.y())
        if np.isfinite(picture.landing_loss):
            on_curve = axes.at(landing, picture.landing_loss)
            if whole:
                brush.pen(theme.update, 1.2, Qt.PenStyle.DotLine)
                painter.drawLine(over, on_curve)
            brush.dot(on_curve, theme.update, filled=False)
        if whole:
            brush.arrow(now, over, theme.update)
    if np.isfinite(picture.here):
        brush.dot(now, theme.backward, filled=True)
    painter.restore()
    _paint_words(brush, axes, picture, now, whole)


def _paint_words(brush: Brush, axes: Axes, picture: SlicePicture, now: QPointF, whole: bool) -> None:
    """The dots by name, each on the side where the other is not."""
    if not axes.is_inside(picture.value, picture.here):
        return
    theme, landing = brush.theme, picture.landing
    aside, above = 22 * brush.scale, 14 * brush.scale
    leftwards = landing is not None and landing < picture.value
    direction = 1 if leftwards else -1
    word = brush.label(QPointF(now.x() + direction * aside, now.y() - above), NOW, theme.backward, axes.rect)
    if not whole or landing is None or landing == picture.value or not np.isfinite(picture.landing_loss):
        return
    at = axes.at(landing, picture.landing_loss)
    if axes.rect.adjusted(-8, -8, 8, 8).contains(at):
        arrow = _around(now, brush.scale).united(_around(QPointF(at.x(), now.y()), brush.scale))
        taken = (word, arrow, _around(at, brush.scale))
        _paint_after(brush, axes, QPointF(-direction * 2 * aside, above), at, taken)


def _paint_after(brush: Brush, axes: Axes, away: QPointF, at: QPointF, taken: tuple[QRectF, ...]) -> None:
    """Where the update leads, by name: the first way to write it beside the dot that hides nothing."""
    wide = brush.metrics().horizontalAdvance(AFTER) + 6 * brush.scale
    text = AFTER if wide <= 0.8 * axes.rect.width() else AFTER.split()[0]
    narrow = 0.6 * brush.metrics().horizontalAdvance(text) + 8 * brush.scale
    ways = [away, QPointF(away.x(), -away.y())]
    ways += [QPointF(side * narrow, 0) for side in (-1, 1)]
    ways += [QPointF(-away.x(), away.y()), QPointF(-away.x(), -away.y())]
    for way in ways:
        rect = brush.label_rect(at + way, text, axes.rect)
        if not any(rect.intersects(other) for other in taken):
            brush.label(at + way, text, brush.theme.update, axes.rect)
            return


def _around(at: QPointF, scale: float) -> QRectF:
    """The room of a dot."""
    return QRectF(at - QPointF(5 * scale, 5 * scale), at + QPointF(5 * scale, 5 * scale))


def _stretches(axes: Axes, xs: np.ndarray, losses: np.ndarray) -> list[QPolygonF]:
    """The curve in pieces: what is not finite is left out."""
    finite = np.isfinite(losses)
    breaks = np.flatnonzero(np.diff(finite.astype(int)) != 0) + 1
    found = []
    for part in np.split(np.arange(len(xs)), breaks):
        if len(part) and finite[part[0]]:
            found.append(QPolygonF([axes.at(float(xs[k]), float(losses[k])) for k in part]))
    return found


# --- two parameters -------------------------------------------------------------------------------


def _paint_plane(brush: Brush, area: QRectF, picture: PlanePicture) -> Axes:
    painter, theme = brush.painter, brush.theme
    across = float(picture.xs[0]), float(picture.xs[-1])
    upwards = float(picture.ys[0]), float(picture.ys[-1])
    axes = placed_axes(brush, area, across, upwards)
    paint_axes(brush, axes, picture.names[0], picture.names[1], outline=True)
    painter.save()
    painter.setClipRect(axes.rect)
    for place, level in enumerate(picture.levels):
        share = 0.95 - 0.6 * place / max(1, len(picture.levels) - 1)
        brush.pen(blend(theme.accent, theme.window, share), 1.4)
        painter.drawLines([QLineF(axes.at(*start), axes.at(*end)) for start, end in level.pieces.tolist()])
    _paint_levels(brush, axes, picture)
    _paint_trail(brush, axes, picture)
    painter.restore()
    return axes


def _paint_levels(brush: Brush, axes: Axes, picture: PlanePicture) -> None:
    """The losses at their lines, where they do not stand on each other."""
    taken: list[QRectF] = [
        QRectF(axes.at(*picture.now) - QPointF(30, 20), axes.at(*picture.now) + QPointF(30, 20))
    ]
    inner = axes.rect.adjusted(16, 8, -16, -8)
    for level in picture.levels:
        middles = level.pieces.mean(axis=1) if len(level.pieces) else np.empty((0, 2))
        order = np.argsort(np.abs(middles[:, 1] - picture.ys.mean()))
        for index in order[:: max(1, len(order) // 24)]:
            at = axes.at(*middles[index].tolist())
            size = brush.metrics().size(0, level.text)
            rect = QRectF(
                at.x() - size.width() / 2 - 3, at.y() - size.height() / 2, size.width() + 6, size.height()
            )
            if inner.contains(rect) and not any(rect.intersects(other) for other in taken):
                taken.append(brush.label(at, level.text, brush.theme.muted, axes.rect))
                break


def _paint_trail(brush: Brush, axes: Axes, picture: PlanePicture) -> None:
    """Where training has been, where one is, and where the update leads."""
    theme, now = brush.theme, axes.at(*picture.now)
    points = [axes.at(*point) for point in picture.path.tolist() if np.isfinite(point).all()]
    brush.pen(theme.text, 1.3)
    brush.painter.drawPolyline(QPolygonF(points))
    for point in points if len(points) <= 60 else points[:1]:
        brush.dot(point, theme.text, filled=True, size=2.5)
    above, far = QPointF(0, -13 * brush.scale), 46 * brush.scale
    if len(points) > 1 and (points[0] - now).manhattanLength() > far:
        brush.label(points[0] + above, f"iteration {picture.iterations[0]}", theme.text, axes.rect)
    # The words stand on both sides of where one is: the longer ones where there is more room.
    side = 1 if now.x() < axes.rect.center().x() else -1
    if picture.landing is not None:
        landing = axes.at(*picture.landing)
        brush.arrow(now, landing, theme.update)
        brush.dot(landing, theme.update, filled=False)
        _label_beside(brush, axes, landing, side, AFTER, theme.update)
    brush.dot(now, theme.backward, filled=True)
    _label_beside(brush, axes, now, -side, NOW, theme.backward)


def _label_beside(brush: Brush, axes: Axes, at: QPointF, side: int, text: str, colour: str) -> None:
    """A word to the right (1) or left (−1) of a mark."""
    away = brush.metrics().horizontalAdvance(text) / 2 + 12 * brush.scale
    brush.label(at + QPointF(side * away, 0), text, colour, axes.rect)
