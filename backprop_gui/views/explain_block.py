"""A block of formulas in the explain panel: a small caption, rows of formulas, a stamp."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Matrix,
    Root,
    Row,
    Script,
    Symbol,
)
from backprop_gui.present.pictures import Block
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.formula import MARGIN, FormulaView
from backprop_gui.views.labels import set_look
from backprop_gui.views.theme import LIGHT, Theme

CAPTION_PIXELS, FORMULA_PIXELS, RESULT_PIXELS, STAMP_PIXELS = 11.5, 18.0, 20.0, 13.0
RADIUS, SIDE, TOP = 8, 14, 10
ROW_GAP, CAPTION_GAP, STAMP_GAP = 2, 2, 12


class BlockView(QWidget):
    """Shows one `Block` after another; keeps its widgets."""

    target_activated = Signal(object)
    target_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._block: Block | None = None
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._phase_colour = LIGHT.text
        self._caption = QLabel(self)
        self._stamp = QLabel(self)
        for label in (self._caption, self._stamp):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._rows: list[FormulaView] = []

    def show_block(self, block: Block, phase_colour: str) -> None:
        """Show this block; the owner arranges it afterwards."""
        if block == self._block and phase_colour == self._phase_colour:
            return
        larger = self._block is None or block.result != self._block.result
        self._block, self._phase_colour = block, phase_colour
        self._caption.setText(block.caption)
        self._caption.setVisible(bool(block.caption))
        self._stamp.setText(f"✓ {block.stamp}" if block.stamp else "")
        self._stamp.setVisible(bool(block.stamp))
        while len(self._rows) < len(block.rows):
            self._rows.append(self._new_row())
        if larger:
            self._set_formula_sizes()
        for view, tree in zip(self._rows, block.rows, strict=False):
            view.set_phase_colour(phase_colour)
            view.show_formula(bold(tree) if block.result else tree)
        for place, view in enumerate(self._rows):
            view.setVisible(place < len(block.rows))

    def _new_row(self) -> FormulaView:
        view = FormulaView(self)
        view.set_theme(self._theme)
        view.set_text_size(self._formula_pixels())
        view.target_activated.connect(self.target_activated)
        view.target_asked.connect(self.target_asked)
        return view

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._set_looks()
        for view in self._rows:
            view.set_theme(theme)
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and formulas at `scale` times their plain size."""
        self._scale = scale
        self._set_looks()
        self._set_formula_sizes()

    def _set_looks(self) -> None:
        set_look(self._caption, ui_font(CAPTION_PIXELS * self._scale), self._theme.muted)
        set_look(self._stamp, ui_font(STAMP_PIXELS * self._scale), self._theme.good)

    def _formula_pixels(self) -> float:
        result = self._block is not None and self._block.result
        return (RESULT_PIXELS if result else FORMULA_PIXELS) * self._scale

    def _set_formula_sizes(self) -> None:
        for view in self._rows:
            view.set_text_size(self._formula_pixels())

    def arrange(self, width: int) -> int:
        """Give every part its place in `width`; the height that is needed."""
        side, y = SIDE, TOP
        inner = width - 2 * side
        if not self._caption.isHidden():
            height = self._caption.heightForWidth(inner)
            self._caption.setGeometry(side, y, inner, height)
            y += height + round(CAPTION_GAP * self._scale)
        rows = [view for view in self._rows if not view.isHidden()]
        for view in rows:
            height = view.heightForWidth(inner + 2 * MARGIN)
            view.setGeometry(side - MARGIN, y, inner + 2 * MARGIN, height)
            y += height + round(ROW_GAP * self._scale)
        y -= round(ROW_GAP * self._scale) if rows else 0
        if not self._stamp.isHidden():
            y = self._arrange_stamp(rows[-1] if rows else None, side, y, inner)
        return y + TOP

    def _arrange_stamp(self, beside: FormulaView | None, side: int, y: int, inner: int) -> int:
        """The stamp stands behind the last formula, or below it when there is no room."""
        gap = round(STAMP_GAP * self._scale)
        taken = (beside.sizeHint().width() if beside is not None else inner) + gap
        if beside is not None and taken + self._stamp_width() <= inner:
            row = beside.geometry()
            self._stamp.setGeometry(row.x() + taken, row.y(), self._stamp_width(), row.height())
            return y
        height = self._stamp.heightForWidth(inner)
        top = y + round(CAPTION_GAP * self._scale)
        self._stamp.setGeometry(side, top, inner, height)
        return top + height

    def _stamp_width(self) -> int:
        metrics = QFontMetrics(ui_font(STAMP_PIXELS * self._scale))
        return metrics.horizontalAdvance(self._stamp.text()) + 2

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.block))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        painter.end()


def bold(tree: Math) -> Math:
    """The same formula, all its symbols bold."""
    match tree:
        case Symbol():
            return replace(tree, bold=True)
        case Row(children):
            return Row(tuple(map(bold, children)))
        case Fraction(top, bottom):
            return Fraction(bold(top), bold(bottom))
        case Script(base, sub, sup):
            return Script(bold(base), sub and bold(sub), sup and bold(sup))
        case Bracketed(child) | Root(child) | Link(child):
            return replace(tree, child=bold(child))
        case Matrix(rows):
            return Matrix(tuple(tuple(map(bold, entries)) for entries in rows))
    return tree
