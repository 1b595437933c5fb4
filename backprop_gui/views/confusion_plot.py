"""Paints the confusion matrix: a row for each class, a column for what it is taken for."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from backprop_gui.present.confusion import ConfusionPicture, confusion_csv
from backprop_gui.views.painted_plot import PaintedPlot
from backprop_gui.views.slice_axes import Brush
from backprop_gui.views.theme import blend

ROW, TALLEST, WIDEST = 16.0, 44.0, 120.0  # pixels of a cell at the usual text size
STRONGEST = 0.5  # of a colour behind a number
GAP = 8.0
CENTRE = Qt.AlignmentFlag.AlignCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Cells(Struct, frozen=True):
    """Where the cells stand: the first one's corner, their size, and how many of a side."""

    left: float
    top: float
    width: float
    height: float
    count: int

    def rect(self, row: int, column: int) -> QRectF:
        """One cell."""
        return QRectF(self.left + column * self.width, self.top + row * self.height, self.width, self.height)

    def at(self, place: QPointF) -> int:
        """The number of the cell at a place, row by row; -1 outside."""
        column, row = (place.x() - self.left) // self.width, (place.y() - self.top) // self.height
        inside = 0 <= column < self.count and 0 <= row < self.count
        return int(row) * self.count + int(column) if inside else -1


class ConfusionPlot(PaintedPlot):
    """Shows a `ConfusionPicture`; its things are the cells, row by row."""

    rows_requested = Signal(bool)  # those for testing
    percent_requested = Signal(bool)
    cell_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Confusion matrix", parent)
        self._picture: ConfusionPicture | None = None
        self._percent = False
        self._rows_words = ""
        self.test = self.add_switch("test rows", "Count the test rows")
        self.test.setToolTip("Count the rows kept aside for testing, in place of the training rows")
        self.test.clicked.connect(self.rows_requested)
        self.percent = self.add_switch("%", "Percent of each class")
        self.percent.setToolTip("Percent of the rows of each class, in place of counts")
        self.percent.toggled.connect(self.percent_requested)

    @property
    def picture(self) -> ConfusionPicture | None:
        """What is shown."""
        return self._picture

    def show_picture(self, picture: ConfusionPicture) -> None:
        """Show this matrix."""
        self._picture = picture
        self._rows_words = ""
        self.renew("", picture.summary())

    def show_kinds(self, test: bool, there: bool) -> None:
        """Which rows are counted, and whether there are others."""
        self.test.setVisible(there)
        self.test.setChecked(test)

    def show_percent(self, percent: bool) -> None:
        """Shares in place of counts."""
        self._percent = percent
        self.canvas.forget()

    def show_rows(self, words: str) -> None:
        """Which rows the chosen cell counts."""
        self._rows_words = words
        self.read()

    # --- what a kind of plot says ------------------------------------------------------------------

    def csv(self) -> str:
        """A row for each pair of classes."""
        return confusion_csv(self._picture) if self._picture is not None else ""

    def title_words(self) -> str:
        return self._picture.title if self._picture is not None else ""

    def count(self) -> int:
        return len(self._picture.names) ** 2 if self._picture is not None else 0

    def told(self, thing: int) -> str:
        assert self._picture is not None
        words = self._picture.words(*divmod(thing, len(self._picture.names)))
        return f"{words}, {self._rows_words}" if thing == self.chosen and self._rows_words else words

    def choose(self, thing: int) -> None:
        """Choose a cell; which rows it counts is asked for."""
        self._rows_words = ""
        super().choose(thing)
        if thing >= 0:
            self.cell_chosen.emit(thing)

    def least_height(self, scale: float) -> float:
        return (ROW * (len(self._picture.names) + 2) + 4) * scale if self._picture is not None else 0.0

    def place_at(self, at: QPointF) -> int:
        cells = self.canvas.drawn
        return cells.at(at) if isinstance(cells, Cells) else -1

    def top_of(self, thing: int) -> tuple[float, float] | None:
        cells = self.canvas.drawn
        if not isinstance(cells, Cells):
            return None
        row = thing // cells.count
        return row * cells.height, (row + 1) * cells.height + ROW * self._scale

    # --- painting ---------------------------------------------------------------------------------

    def paint_plot(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> Cells | None:
        picture = self._picture
        if picture is None:
            return None
        cells = self._cells(brush, area, picture, scrolled)
        painter = brush.painter
        painter.save()
        painter.setClipRect(area.adjusted(0, ROW * brush.scale, 0, 2))
        for row in range(cells.count):
            self._paint_row(brush, area, cells, picture, row)
        self._paint_foot(brush, cells, picture)
        painter.restore()
        self._paint_head(brush, area, cells, picture)
        return cells

    def paint_marks(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> None:
        """A frame around the chosen cell."""
        picture = self._picture
        if picture is None or not 0 <= self.chosen < self.count():
            return
        cells = self._cells(brush, area, picture, scrolled)
        rect = cells.rect(*divmod(self.chosen, cells.count))
        if rect.top() >= area.top() + ROW * brush.scale - 2:
            brush.pen(brush.theme.accent, 2)
            brush.painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _cells(self, brush: Brush, area: QRectF, picture: ConfusionPicture, scrolled: float) -> Cells:
        """As large as there is room for, between the names and the shares at the right."""
        metrics, scale, count = brush.metrics(), brush.scale, len(picture.names)
        name = min(max(metrics.horizontalAdvance(each) for each in picture.names), 0.25 * area.width())
        names = max(name, metrics.horizontalAdvance("is")) + 3 * GAP * scale
        shares = metrics.horizontalAdvance("found") + 2 * GAP * scale
        width = min((area.width() - names - shares) / count, WIDEST * scale)
        room = (area.height() - (ROW + 2) * scale) / (count + 1)
        height = min(max(ROW * scale, room), TALLEST * scale)
        return Cells(area.left() + names, area.top() + ROW * scale - scrolled, width, height, count)

    def _paint_row(
        self, brush: Brush, area: QRectF, cells: Cells, picture: ConfusionPicture, row: int
    ) -> None:
        theme, scale, metrics = brush.theme, brush.scale, brush.metrics()
        first = cells.rect(row, 0)
        name = QRectF(area.left(), first.top(), cells.left - area.left() - GAP * scale, cells.height)
        words = metrics.elidedText(picture.names[row], Qt.TextElideMode.ElideRight, name.width())
        brush.text(name, words, theme.text, RIGHT)
        for column in range(cells.count):
            rect = cells.rect(row, column)
            share = picture.matrix.share(row, column)
            colour = theme.good if row == column else theme.backward
            strength = (0.06 + (STRONGEST - 0.06) * share) if share else 0.0
            ground = blend(colour, theme.window, strength) if strength else theme.block
            inside = rect.adjusted(0.5, 0.5, -0.5, -0.5)
            brush.painter.fillRect(inside, QColor(ground))
            text = picture.text(row, column, self._percent)
            empty = not picture.matrix.counts[row, column]
            if row == column:  # what is right is framed too, not only coloured
                brush.pen(theme.good, 1.2)
                brush.painter.drawRect(inside.adjusted(0.5, 0.5, -0.5, -0.5))
            shade = theme.muted if empty else theme.text
            brush.text(rect, "·" if empty else text, shade, CENTRE)
        share_at = QRectF(cells.left + cells.count * cells.width + GAP * scale, first.top(), 0, cells.height)
        found = picture.percent(picture.matrix.recall(row))
        brush.text(share_at.adjusted(0, 0, 80 * scale, 0), _with_sign(found), theme.muted, LEFT)

    def _paint_foot(self, brush: Brush, cells: Cells, picture: ConfusionPicture) -> None:
        """Below each column how many of those predicted so are so."""
        metrics = brush.metrics()
        for column in range(cells.count):
            right = _with_sign(picture.percent(picture.matrix.precision(column)))
            text = right if metrics.horizontalAdvance(right) < cells.width else right.rstrip(" %")
            brush.text(cells.rect(cells.count, column), text, brush.theme.muted, CENTRE)
        name = cells.rect(cells.count, 0)
        left = QRectF(name.left() - 120 * brush.scale, name.top(), (120 - GAP) * brush.scale, cells.height)
        brush.text(left, "right", brush.theme.muted, RIGHT)

    def _paint_head(self, brush: Brush, area: QRectF, cells: Cells, picture: ConfusionPicture) -> None:
        """What the rows are taken for."""
        theme, scale, metrics = brush.theme, brush.scale, brush.metrics()
        height = ROW * scale
        for column, name in enumerate(picture.names):
            rect = QRectF(cells.left + column * cells.width, area.top(), cells.width, height)
            words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, rect.width())
            brush.text(rect, words, theme.text, CENTRE)
        corner = QRectF(area.left(), area.top(), cells.left - area.left() - GAP * scale, height)
        brush.text(corner, "is ↓ taken for →" if corner.width() > 100 * scale else "is ↓", theme.muted, RIGHT)
        right = QRectF(cells.left + cells.count * cells.width + GAP * scale, area.top(), 0, height)
        brush.text(right.adjusted(0, 0, 80 * scale, 0), "found", theme.muted, LEFT)


def _with_sign(percent: str) -> str:
    return percent if percent == "–" else f"{percent} %"
