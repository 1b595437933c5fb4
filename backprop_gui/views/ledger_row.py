"""One row of the path ledger: the way, its slopes, what they come to, and a small signed bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from backprop_gui.present.ledger import LedgerRow
from backprop_gui.present.math_text import plain
from backprop_gui.present.math_tree import Math, Symbol
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.formula import MARGIN, FormulaView
from backprop_gui.views.labels import set_look
from backprop_gui.views.theme import LIGHT, Theme, blend

CHAIN_PIXELS, FORMULA_PIXELS, RULE_PIXELS, VALUE_PIXELS, SHARE_PIXELS = 15.0, 16.0, 15.0, 14.0, 12.0
RADIUS, SIDE, TOP = 8, 14, 9
BAR_WIDTH, SHORT_BAR, BAR_HEIGHT = 104, 56, 7


class LedgerRowView(QWidget):
    """Shows one `LedgerRow` after another; tells when the pointer comes and goes."""

    entered = Signal(object)  # this row
    left = Signal(object)
    pressed = Signal(object)
    target_activated = Signal(object)
    target_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: LedgerRow | None = None
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._marked = self._focused = False
        self._bar = QRect()
        self._label, self._value, self._share = QLabel(self), QLabel(self), QLabel(self)
        for label in (self._label, self._value, self._share):
            label.setTextFormat(Qt.TextFormat.PlainText)
            # Otherwise the pointer would leave the row for its label.
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label.setWordWrap(True)
        self._formulas: list[FormulaView] = []

    @property
    def row(self) -> LedgerRow | None:
        """What is shown."""
        return self._row

    def show_row(self, row: LedgerRow) -> None:
        """Show this row; the owner arranges it afterwards."""
        if row == self._row:
            return
        self._row = row
        is_words = isinstance(row.chain, Symbol)
        self._label.setText(plain(row.chain) if is_words else "")
        self._label.setVisible(is_words)
        self._value.setText(row.value)
        self._share.setText(row.share_text)
        self._value.setVisible(bool(row.value))
        self._share.setVisible(bool(row.share_text))
        self.setToolTip(row.full)
        self.setAccessibleName(row.spoken)
        trees = self._trees()
        while len(self._formulas) < len(trees):
            self._formulas.append(self._new_formula())
        for view, (tree, pixels) in zip(self._formulas, trees, strict=False):
            view.set_text_size(pixels * self._scale)
            view.show_formula(tree)
        for place, view in enumerate(self._formulas):
            view.setVisible(place < len(trees))
        self.update()

    def show_marked(self, marked: bool, focused: bool) -> None:
        """Whether the row is pointed at or selected, and whether the keyboard is there."""
        if (marked, focused) != (self._marked, self._focused):
            self._marked, self._focused = marked, focused
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._set_looks()
        for view in self._formulas:
            view.set_theme(theme)
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and formulas at `scale` times their plain size."""
        self._scale = scale
        self._set_looks()
        for view, (_, pixels) in zip(self._formulas, self._trees(), strict=False):
            view.set_text_size(pixels * scale)

    def arrange(self, width: int) -> int:
        """Give every part its place in `width`; the height that is needed."""
        inner, y = width - 2 * SIDE, TOP
        in_words = not self._label.isHidden()
        value_width = self._value.sizeHint().width() if not self._value.isHidden() else 0
        if in_words:  # the words at the left, their number at the right, in one line where both fit
            wanted = QFontMetrics(self._label.font()).horizontalAdvance(self._label.text()) + 4
            room = inner - self._foot_width(value_width) - round(12 * self._scale)
            beside = not self._value.isHidden() and wanted <= room
            if not beside:
                room = inner
            height = self._label.heightForWidth(room)
            self._label.setGeometry(SIDE, y, room, height)
            if beside:
                self._arrange_foot(width - SIDE - self._foot_width(value_width), y, height)
                return y + height + TOP
            y += height + round(3 * self._scale)
        for view in self._formulas:
            if not view.isHidden():
                height = view.heightForWidth(inner + 2 * MARGIN)
                view.setGeometry(SIDE - MARGIN, y, inner + 2 * MARGIN, height)
                y += height
        if not self._value.isHidden():
            height = self._value.sizeHint().height()
            y += round(3 * self._scale)
            self._arrange_foot(SIDE, y, height)
            y += height
        return y + TOP - (2 if self._value.isHidden() else 0)

    # --- inside ----------------------------------------------------------------------------------

    def _trees(self) -> list[tuple[Math, float]]:
        """The formulas from top to bottom, and how large they are."""
        row = self._row
        if row is None or isinstance(row.chain, Symbol):
            return []
        found: list[tuple[Math, float]] = [(row.chain, CHAIN_PIXELS)]
        found += [(tree, FORMULA_PIXELS) for tree in (row.factors, row.numbers) if tree is not None]
        return found + [(tree, RULE_PIXELS) for tree in row.rule]

    def _new_formula(self) -> FormulaView:
        view = FormulaView(self)
        view.set_theme(self._theme)
        view.target_activated.connect(self.target_activated)
        view.target_asked.connect(self.target_asked)
        return view

    def _set_looks(self) -> None:
        scale, theme = self._scale, self._theme
        set_look(self._label, ui_font(VALUE_PIXELS * scale), theme.text)
        set_look(self._value, ui_font(VALUE_PIXELS * scale, "semibold"), theme.text)
        set_look(self._share, ui_font(SHARE_PIXELS * scale), theme.muted)

    def _foot_width(self, value_width: int) -> int:
        """Number, a short bar and share beside each other, behind words."""
        gap, share = round(10 * self._scale), self._share_width()
        return value_width + gap + round(SHORT_BAR * self._scale) + gap + share

    def _share_width(self) -> int:
        return QFontMetrics(self._share.font()).horizontalAdvance("100 %") + 2

    def _arrange_foot(self, x: int, y: int, height: int) -> None:
        """The number, then the bar and the share at the right edge, so that bars stand below each other."""
        gap, share, bar = round(10 * self._scale), self._share_width(), round(BAR_WIDTH * self._scale)
        right = self.width() - SIDE
        self._value.setGeometry(x, y, self._value.sizeHint().width(), height)
        self._share.setGeometry(right - share, y, share, height)
        thick = round(BAR_HEIGHT * self._scale)
        left = max(right - share - gap - bar, x + self._value.width() + gap)
        self._bar = QRect(left, y + (height - thick) // 2, max(0, right - share - gap - left), thick)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.accent), 2) if self._focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.lit if self._marked else theme.block))
        painter.drawRoundedRect(area, RADIUS, RADIUS)
        if self._marked:  # a mark beside the colour
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.backward))
            painter.drawRoundedRect(QRectF(area.left(), area.top() + 8, 3, area.height() - 16), 1.5, 1.5)
        if self._row is not None and self._row.share_text:
            self._paint_bar(painter, self._row.share)
        painter.end()

    def _paint_bar(self, painter: QPainter, share: float) -> None:
        """From the middle to the right where the path raises, to the left where it lowers."""
        theme, bar = self._theme, QRectF(self._bar)
        ground = theme.lit if self._marked else theme.block
        middle = bar.center().x()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(blend(theme.outline, ground, 0.22)))
        painter.drawRoundedRect(bar, 2, 2)
        length = max(2.0, abs(share) * bar.width() / 2)
        painter.setBrush(QColor(theme.positive if share > 0 else theme.negative))
        painter.drawRect(QRectF(middle if share > 0 else middle - length, bar.top(), length, bar.height()))
        painter.setBrush(QColor(theme.text))
        painter.drawRect(QRectF(middle - 0.75, bar.top() - 2, 1.5, bar.height() + 4))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.entered.emit(self)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit(self)
