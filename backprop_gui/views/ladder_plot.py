"""Paints the ladder of gradients: a rung for each layer on an axis of powers of ten, and its factors."""

from __future__ import annotations

import math

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from backprop_gui.present.ladder import LadderPicture, LadderRow, Part, ladder_csv
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.loss_ticks import log_ticks
from backprop_gui.views.painted_plot import PaintedPlot
from backprop_gui.views.slice_axes import Brush

ROW, HEAD = 18.0, 18.0  # pixels of height at the usual text size
TALLEST_ROW = 30.0
LEAST_TRACK, GAP = 84.0, 10.0
HEADS = ("size", "factor", "= weights", "· slope")
LEAST_DECADES = 2.0
CELL_DIGITS = 3
EMPTY = LadderPicture((), 0, 1, None, NumberFormat())
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
SOLID, DASHED = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine


class Columns(Struct, frozen=True):
    """Where things stand: the names, the axis, and the numbers' right edges (those without room are 0)."""

    names: QRectF
    track: QRectF
    size: float
    factor: float
    parts: tuple[float, float]
    named: bool  # the parts by their names, not only their numbers
    row: float


class LadderPlot(PaintedPlot):
    """Shows a `LadderPicture`; its things are the layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Gradient ladder", parent)
        self._picture = EMPTY

    @property
    def picture(self) -> LadderPicture:
        """What is shown."""
        return self._picture

    def show_picture(self, picture: LadderPicture) -> None:
        """Show this ladder."""
        before, self._picture = self._picture, picture
        if before.rows is picture.rows and before.iteration == picture.iteration:
            self.remark()  # only another step
        else:
            self.renew(picture.story(), picture.summary())

    # --- what a kind of plot says ------------------------------------------------------------------

    def csv(self) -> str:
        """A row for each layer."""
        return ladder_csv(self._picture)

    def title_words(self) -> str:
        return self._picture.title if self._picture.rows else ""

    def count(self) -> int:
        return len(self._picture.rows)

    def told(self, thing: int) -> str:
        return self._picture.words(thing)

    def least_height(self, scale: float) -> float:
        return (HEAD + ROW * len(self._picture.rows) + 4) * scale

    def _row_height(self, area: QRectF, scale: float) -> float:
        room = (area.height() - (HEAD + 4) * scale) / max(1, len(self._picture.rows))
        return min(max(ROW * scale, room), TALLEST_ROW * scale)

    def place_at(self, at: QPointF) -> int:
        area = self.canvas.area
        top = area.top() + HEAD * self._scale
        if at.y() < top:
            return -1
        row = int((at.y() - top + self.canvas.scrolled) / self._row_height(area, self._scale))
        return row if 0 <= row < self.count() else -1

    def top_of(self, thing: int) -> tuple[float, float]:
        height = self._row_height(self.canvas.area, self._scale)
        return thing * height, (thing + 1) * height + HEAD * self._scale

    # --- painting ---------------------------------------------------------------------------------

    def paint_plot(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> None:
        """Head, grid, and row by row."""
        rows = self._picture.rows
        if not rows:
            return
        columns = self._columns(brush, area)
        low, high = _decades(rows)
        painter = brush.painter
        self._paint_head(brush, area, columns, low, high)
        painter.save()
        painter.setClipRect(area.adjusted(0, HEAD * brush.scale, 0, 2))
        middles = [self._middle(area, columns, place, scrolled, brush) for place in range(len(rows))]
        dots = [
            QPointF(_x(columns, row.size, low, high), middle)
            for row, middle in zip(rows, middles, strict=True)
        ]
        for place in range(len(rows)):
            self._paint_rails(brush, place, dots)
        for place in range(len(rows)):
            self._paint_row(brush, columns, place, dots)
        painter.restore()

    def paint_marks(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> None:
        """A bar before the layer on screen, and a frame around the chosen row."""
        if not self.count():
            return
        columns, here = self._columns(brush, area), self._picture.here
        if here is not None:
            middle = self._middle(area, columns, here, scrolled, brush)
            x, half = columns.names.left() - 5 * brush.scale, columns.row * 0.3
            if middle - half >= area.top() + HEAD * brush.scale - 2:
                brush.pen(brush.theme.backward, 3)
                brush.painter.drawLine(QPointF(x, middle - half), QPointF(x, middle + half))
        if not 0 <= self.chosen < self.count():
            return
        middle = self._middle(area, columns, self.chosen, scrolled, brush)
        if middle - columns.row / 2 < area.top() + HEAD * brush.scale - 2:
            return
        frame = QRectF(area.left(), middle - columns.row / 2, area.width() - 4 * brush.scale, columns.row)
        brush.pen(brush.theme.accent, 1.2)
        brush.painter.drawRoundedRect(frame.adjusted(0, 1, 0, -1), 3 * brush.scale, 3 * brush.scale)

    def _middle(self, area: QRectF, columns: Columns, place: int, scrolled: float, brush: Brush) -> float:
        return area.top() + HEAD * brush.scale + (place + 0.5) * columns.row - scrolled

    def _columns(self, brush: Brush, area: QRectF) -> Columns:
        """Share the width: names, then the axis, then as many numbers as leave it its room."""
        metrics, scale, rows = brush.metrics(), brush.scale, self._picture.rows
        gap = GAP * scale
        name = min(
            max((metrics.horizontalAdvance(row.name) for row in rows), default=0.0), 0.22 * area.width()
        )
        size = max(metrics.horizontalAdvance(_short(row.size, self.numbers)) for row in rows)
        size = max(size, metrics.horizontalAdvance(HEADS[0]))
        cell = max(metrics.horizontalAdvance(text) for text in ("×0.0000", *HEADS[1:]))
        texts = [_part_text(part, self.numbers, True) for row in rows for part in row.parts]
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=cell)
        right, parts, named = area.right() - gap, (0.0, 0.0), False
        room = area.width() - name - 5 * gap - size - cell - LEAST_TRACK * scale
        for part, with_names in ((max(widest, cell), True), (cell, False)):
            if room >= 2 * (part + gap):
                parts, named = (right - part - gap, right), with_names
                right -= 2 * (part + gap)
                break
        factor = right
        right -= cell + gap
        names = QRectF(area.left() + 8 * scale, area.top(), name, area.height())
        end = max(right - size - 1.8 * gap, names.right() + gap + 20)
        track = QRectF(names.right() + gap, area.top(), end - names.right() - gap, area.height())
        return Columns(names, track, right, factor, parts, named, self._row_height(area, scale))

    def _paint_head(self, brush: Brush, area: QRectF, columns: Columns, low: float, high: float) -> None:
        """The powers of ten, and what the columns are."""
        theme, scale, metrics = brush.theme, brush.scale, brush.metrics()
        head = QRectF(0, area.top(), 0, HEAD * scale)
        ticks = log_ticks(low, high, max(2, int(columns.track.width() / (4.6 * metrics.height()))))
        for tick in ticks:
            x = columns.track.left() + (tick - low) / (high - low) * columns.track.width()
            brush.painter.setPen(theme.border)
            brush.painter.drawLine(QPointF(round(x), head.bottom()), QPointF(round(x), area.bottom()))
            text = self.numbers.localised(f"{10**tick:.6g}" if tick >= -4 else f"10{_raised(round(tick))}")
            brush.text(head.translated(x, 0).adjusted(-60, 0, 60, 0), text, theme.muted, CENTRE)
        rights = (columns.size, columns.factor, *columns.parts)
        for right, text in zip(rights, HEADS, strict=True):
            if not right:
                continue
            brush.text(head.translated(right, 0).adjusted(-200, 0, 0, 0), text, theme.muted, RIGHT)

    def _paint_rails(self, brush: Brush, place: int, dots: list[QPointF]) -> None:
        """Lines to the rows the signal comes from: dashed where it shrinks, thick where it grows."""
        row = self._picture.rows[place]
        for above in row.above:
            shrinks = row.verdict in ("shrinks", "ends")
            colour = brush.theme.warning if row.verdict else brush.theme.backward
            brush.pen(colour, 2.6 if row.verdict == "grows" else 1.6, DASHED if shrinks else SOLID)
            brush.painter.drawLine(dots[above], dots[place])

    def _paint_row(self, brush: Brush, columns: Columns, place: int, dots: list[QPointF]) -> None:
        row, dot = self._picture.rows[place], dots[place]
        theme, metrics = brush.theme, brush.metrics()
        middle, height = dot.y(), columns.row
        strip = QRectF(0, middle - height / 2, 0, height)
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, columns.names.width() + 2)
        brush.text(strip.translated(columns.names.left(), 0).adjusted(0, 0, 200, 0), name, theme.text, LEFT)
        lost = row.verdict == "lost"
        if not lost:
            dead = row.size == 0
            brush.dot(dot, theme.warning if dead else theme.backward, filled=not dead, size=4)
        self._paint_note(brush, columns, row, dot, dots)
        size = "not finite" if lost else _short(row.size, self.numbers)
        cells = [(columns.size, size, theme.text)]
        changed = theme.warning if row.verdict else theme.text
        if math.isfinite(row.factor):
            cells.append((columns.factor, f"×{_short(row.factor, self.numbers)}", changed))
        if columns.parts[1]:
            cells += [
                (right, _part_text(part, self.numbers, columns.named), theme.muted)
                for right, part in zip(columns.parts, row.parts, strict=False)
            ]
        for right, text, colour in cells:
            brush.text(strip.translated(right, 0).adjusted(-300, 0, 0, 0), text, colour, RIGHT)

    def _paint_note(
        self, brush: Brush, columns: Columns, row: LadderRow, dot: QPointF, dots: list[QPointF]
    ) -> None:
        """What the layer does to the signal: beside its dot, away from the line that leads to it."""
        note = _note(row)
        if not note:
            return
        metrics, gap = brush.metrics(), 9 * brush.scale
        rooms = {1: columns.track.right() - dot.x(), -1: dot.x() - columns.track.left()}
        comes_from_left = bool(row.above) and dots[row.above[0]].x() < dot.x()
        away = 1 if comes_from_left else -1
        for words in dict.fromkeys((note, row.idle_short or note)):
            width = metrics.horizontalAdvance(words)
            side = next((each for each in (away, -away) if rooms[each] >= width + gap), 0)
            if side:
                left = dot.x() + gap if side > 0 else dot.x() - gap - width
                place = QRectF(left - 2, dot.y() - metrics.height() / 2, width + 4, metrics.height())
                brush.painter.fillRect(place, QColor(brush.theme.window))
                brush.text(place, words, brush.theme.warning, CENTRE)
                return


def _note(row: LadderRow) -> str:
    if row.verdict == "lost":
        return "not a finite number"
    word = {"shrinks": "shrinks", "grows": "grows", "ends": "nothing left"}.get(row.verdict, "")
    return ", ".join(each for each in (word, row.idle_short) if each)


def _decades(rows: tuple[LadderRow, ...]) -> tuple[float, float]:
    """The exponents of ten at the ends of the axis, at least a few apart."""
    sizes = [math.log10(row.size) for row in rows if row.size > 0 and math.isfinite(row.size)]
    if not sizes:
        return -LEAST_DECADES, 0.0
    # By halves, so that the axis rests while sizes change a little; at the left there is room for a word.
    low, high = math.floor(2 * (min(sizes) - 0.4)) / 2, math.ceil(2 * (max(sizes) + 0.1)) / 2
    return (min(low, high - LEAST_DECADES), high)


def _x(columns: Columns, size: float, low: float, high: float) -> float:
    """The place of a size on the axis; nothing stands at its left end."""
    if not (size > 0 and math.isfinite(size)):
        return columns.track.left()
    return columns.track.left() + (math.log10(size) - low) / (high - low) * columns.track.width()


def _short(value: float, form: NumberFormat) -> str:
    return NumberFormat(min(CELL_DIGITS, form.digits), False, form.comma).text(value)


def _part_text(part: Part, form: NumberFormat, named: bool) -> str:
    number = f"×{_short(part.factor, form)}"
    return f"{part.name} {number}" if named else number


def _raised(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
