"""What a table is painted with: cells, the head of the columns, and their widths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from backprop_gui.present.pictures import Column
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.table_model import TableModel, alignment
from backprop_gui.views.theme import LIGHT, Theme, blend

Index = QModelIndex | QPersistentModelIndex

PADDING = 8
CELL_PIXELS = 13.0
HEAD_PIXELS = 12.0
EXPONENT = re.compile(r"\de[-+−\d]|10[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]")
KEPT_ADVANCES = 10_000
REPRESENTATIVE_NUMBER = "−0.008888"  # four digits at their longest


class CellDelegate(QStyledItemDelegate):
    """Paints a cell on its ground, with a hairline below; edits by a line of text."""

    edit_requested = Signal(str, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self.show_scale(1.0)

    def show_scale(self, scale: float) -> None:
        """Text at another size."""
        self.scale = scale
        self.font = ui_font(CELL_PIXELS * scale)

    def padding(self) -> int:
        """Space at each side of a text."""
        return round(PADDING * self.scale)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, TableModel)
        theme, rect = self.theme, option.rect
        row = model.row(index.row())
        column = model.columns[index.column()]
        state = option.state
        is_lit = row.identity == model.lit and model.lit_column in ("", column.key)
        ground = theme.lit if is_lit else theme.window
        if state & QStyle.StateFlag.State_Selected:
            ground = blend(theme.accent, ground, 0.16)
        painter.fillRect(rect, QColor(ground))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(theme.border))
        text = row.texts[index.column()]
        inner = rect.adjusted(self.padding(), 0, -self.padding(), -1)
        painter.setFont(self.font)
        tone = row.tones[index.column()] if row.tones else "plain"
        painter.setPen(QColor(self._text_colour(text) if tone == "plain" else getattr(theme, tone)))
        shown = elided(text, column, painter.fontMetrics(), inner.width())
        painter.drawText(inner, alignment(column), shown)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.accent), 1.5))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -2), 3, 3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _text_colour(self, text: str) -> str:
        if text == "–":
            return self.theme.muted
        return {"✓": self.theme.good, "✗": self.theme.backward}.get(text[:1], self.theme.text)

    # --- editing ---------------------------------------------------------------------------------

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setFrame(False)
        editor.setFont(self.font)
        model = index.model()
        assert isinstance(model, TableModel)
        column, row = model.columns[index.column()], model.row(index.row())
        editor.setAccessibleName(f"{column.title} of {row.texts[0]}")
        editor.setAlignment(alignment(column))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """All digits, once: a snapshot that comes while someone types must not overwrite the typing."""
        if isinstance(editor, QLineEdit) and editor.property("before") is None:
            text = index.data(Qt.ItemDataRole.EditRole)
            editor.setProperty("before", text)
            editor.setText(text)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Ask for the edit; the table shows it when it is told so."""
        assert isinstance(model, TableModel)
        assert isinstance(editor, QLineEdit)
        typed = editor.text().strip()
        if typed != editor.property("before"):
            identity = model.row(index.row()).identity
            self.edit_requested.emit(identity, model.columns[index.column()].key, typed)

    def show_refused(self, editor: QWidget) -> None:
        """Mark a field whose text was not taken, with a tone."""
        editor.setStyleSheet(f"border: 2px solid {self.theme.backward};")
        QApplication.beep()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect)


class ColumnHead(QHeaderView):
    """The titles of the columns, quiet; a small arrow tells the order when they are sorted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.theme: Theme = LIGHT
        self.scale = 1.0
        self._hovered = -1
        self.setSectionsClickable(True)
        self.setSortIndicatorClearable(True)
        self.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setHighlightSections(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)

    def show_scale(self, scale: float) -> None:
        """Text at another size."""
        self.scale = scale
        self.setFixedHeight(round(28 * scale))

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self.viewport())
        theme = self.theme
        painter.fillRect(self.viewport().rect(), QColor(theme.window))
        self.prepare(painter)
        for section in range(self.count()):
            left = self.sectionViewportPosition(section)
            self.paint_title(painter, section, QRect(left, 0, self.sectionSize(section), self.height()))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), QColor(theme.border))
        painter.end()

    def prepare(self, painter: QPainter) -> None:
        """Take the font of the titles."""
        painter.setFont(ui_font(HEAD_PIXELS * self.scale, "semibold"))

    def paint_title(self, painter: QPainter, section: int, rect: QRect) -> None:
        """One title with its arrow."""
        model = self.model()
        assert isinstance(model, TableModel)
        column = model.columns[section]
        is_sorted = section == self.sortIndicatorSection() and self.isSortIndicatorShown()
        strong = is_sorted or section == self._hovered
        painter.setPen(QColor(self.theme.text if strong else self.theme.muted))
        pad = round(PADDING * self.scale)
        inner = rect.adjusted(pad, 0, -pad, 0)
        text = painter.fontMetrics().elidedText(column.title, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, alignment(column), text)
        if is_sorted:
            width = painter.fontMetrics().horizontalAdvance(text)
            away = 0.8 * pad + width
            x = inner.right() - away if column.numeric else inner.left() + away
            self._paint_arrow(painter, QPointF(x, rect.center().y() + 0.5))

    def _paint_arrow(self, painter: QPainter, centre: QPointF) -> None:
        size = 3.4 * self.scale
        down = self.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        tip = size * (0.6 if down else -0.6)
        wings = [QPointF(centre.x() + side * size, centre.y() - tip) for side in (-1, 1)]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(self.theme.text))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([*wings, QPointF(centre.x(), centre.y() + tip)]))
        painter.restore()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove:
            self._hover(self.logicalIndexAt(event.position().toPoint()))  # type: ignore[attr-defined]
        elif event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, section: int) -> None:
        if section != self._hovered:
            self._hovered = section
            self.viewport().update()


class ColumnWidths:
    """How wide the columns are: as their longest text so far, and no jumping from step to step.

    A column grows when a longer text comes. It shrinks when the texts have become much shorter (fewer
    digits are shown), and never because its numbers are not uncovered yet.
    """

    def __init__(self) -> None:
        self._natural: dict[str, float] = {}
        self._advances: dict[str, int] = {}  # most texts stay from step to step

    def forget(self) -> None:
        """Other rows, or another size of the text."""
        self._natural.clear()
        self._advances.clear()

    def measure(
        self, columns: Sequence[Column], texts: Sequence[tuple[str, ...]], scale: float
    ) -> list[float]:
        """The natural width of each column, in view of the rows on screen."""
        cell = QFontMetrics(ui_font(CELL_PIXELS * scale))
        head = QFontMetrics(ui_font(HEAD_PIXELS * scale, "semibold"))
        padding = 2 * PADDING * scale + 2  # and what rounding may take
        for place, column in enumerate(columns):
            least = head.horizontalAdvance(column.title) + 14.0 * scale  # room for the arrow
            if column.numeric:
                least = max(least, self._advance(REPRESENTATIVE_NUMBER, cell))
            told = {row[place] for row in texts} - {"–", ""}
            longest = max((self._advance(text, cell) for text in told), default=0)
            kept = self._natural.get(column.key, 0.0) - padding
            if not told or longest > 0.6 * kept:
                longest = max(longest, round(kept))
            self._natural[column.key] = max(least, longest) + padding
        return [self._natural[column.key] for column in columns]

    def _advance(self, text: str, metrics: QFontMetrics) -> int:
        """How long a text is in a cell."""
        if text not in self._advances:
            if len(self._advances) >= KEPT_ADVANCES:
                self._advances.clear()
            self._advances[text] = metrics.horizontalAdvance(text)
        return self._advances[text]


def fitted(natural: Sequence[float], least: Sequence[float], width: int) -> list[int]:
    """Widths that fill `width`: spare room is shared evenly, missing room taken from the widest."""
    total = sum(natural)
    if not natural:
        return []
    if total <= width:
        spare = (width - total) / total
        wide = [want * (1 + spare) for want in natural]
    elif sum(least) >= width:
        wide = list(least)
    else:
        cap = _cap(natural, least, width)
        wide = [max(floor, min(want, cap)) for want, floor in zip(natural, least, strict=True)]
    edges = [round(edge) for edge in accumulate(wide, initial=0.0)]
    return [right - left for left, right in pairwise(edges)]


def _cap(natural: Sequence[float], least: Sequence[float], width: int) -> float:
    """The width no column exceeds, so that all of them fit as far as they can."""
    low, high = 0.0, max(natural)
    for _ in range(40):
        middle = (low + high) / 2
        needed = sum(max(f, min(w, middle)) for w, f in zip(natural, least, strict=True))
        low, high = (middle, high) if needed <= width else (low, middle)
    return low


def elided(text: str, column: Column, metrics: QFontMetrics, width: int) -> str:
    """The text as it fits; an exponent at the end of a number is never cut off."""
    has_exponent = column.numeric and EXPONENT.search(text)
    mode = Qt.TextElideMode.ElideMiddle if has_exponent else Qt.TextElideMode.ElideRight
    return metrics.elidedText(text, mode, width)
