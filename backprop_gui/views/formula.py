"""Formulas on screen: painted from their layout, with parts that can be pointed at, clicked and tabbed to."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from backprop_gui.present.math_text import latex, plain, spoken
from backprop_gui.present.math_tree import Math
from backprop_gui.views.asking import add_why, with_why
from backprop_gui.views.formula_layout import FormulaLayout, PlacedLink
from backprop_gui.views.formula_painter import PAD, ground, paint_formula, paint_layout
from backprop_gui.views.theme import LIGHT, Theme, blend

__all__ = ["FormulaView", "paint_formula"]

MARGIN = 4  # room around the formula for the ground of a lit part and for the focus ring
_KEPT_LAYOUTS = 16  # of one formula, at the widths it is asked for
_SMALLEST_SHARE = 0.7  # of the text size, for a formula that fits in no other way


class FormulaView(QWidget):
    """Shows a formula. Its links answer to the pointer, and to Tab and Enter.

    At rest links look like the rest of the formula; while the pointer or the focus is in the view
    all of them are underlined with dots.
    """

    target_activated = Signal(object)
    target_asked = Signal(object)  # the same by Ctrl+click or the menu: why this number?

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tree: Math | None = None
        self._theme = LIGHT
        self._phase_colour = ""
        self._pixels = 19.0
        self._layouts: dict[tuple[float, int | None], FormulaLayout] = {}
        self._focused = -1
        self._hovered: PlacedLink | None = None
        self._offered: object | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)

    # ---------------------------------------------------------------- what is shown

    def show_formula(self, tree: Math | None) -> None:
        """Show a formula, or nothing."""
        if tree == self._tree:
            return
        self._tree = tree
        self.setAccessibleName(plain(tree) if tree is not None else "")
        self.setAccessibleDescription(spoken(tree) if tree is not None else "")
        self._forget_layouts()
        targets = self._targets()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if targets else Qt.FocusPolicy.NoFocus)
        self._focused = 0 if targets and self.hasFocus() else -1

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def set_phase_colour(self, colour: str) -> None:
        """The colour of lit parts; an empty text means the theme's colour for the backward phase."""
        self._phase_colour = colour
        self.update()

    def set_text_size(self, pixels: float) -> None:
        """The size of the letters."""
        if pixels != self._pixels:
            self._pixels = pixels
            self._forget_layouts()

    def copy_latex(self) -> None:
        """Put the formula on the clipboard as LaTeX."""
        if self._tree is not None:
            QGuiApplication.clipboard().setText(latex(self._tree))

    def copy_text(self) -> None:
        """Put the formula on the clipboard as one line of text."""
        if self._tree is not None:
            QGuiApplication.clipboard().setText(plain(self._tree))

    # ---------------------------------------------------------------- size and layout

    def sizeHint(self) -> QSize:
        return self._size(self._layout(None))

    def minimumSizeHint(self) -> QSize:
        narrow = self._layout(0)
        width = 2 * MARGIN + ceil(narrow.width * _SMALLEST_SHARE) if narrow is not None else 0
        return QSize(width, self._size(self._layout(None)).height())

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._size(self._fitted(width)).height()

    def link_rects(self) -> list[QRectF]:
        """Where the parts that lead somewhere are in the view, in the order of Tab."""
        origin = self._origin()
        return [placed.rect.translated(origin) for placed in self._targets()]

    def _size(self, layout: FormulaLayout | None) -> QSize:
        if layout is None:
            return QSize(0, 0)
        return QSize(ceil(layout.width) + 2 * MARGIN, ceil(layout.height) + 2 * MARGIN)

    def _fitted(self, width: int) -> FormulaLayout | None:
        """The layout for a width; where no break makes it fit, in smaller letters."""
        layout = self._layout(max(0, width - 2 * MARGIN))
        room = max(1, width - 2 * MARGIN)
        if layout is None or layout.width <= room + 1:
            return layout
        return self._layout(room, max(_SMALLEST_SHARE, room / layout.width))

    def _layout(self, width: int | None, share: float = 1.0) -> FormulaLayout | None:
        if self._tree is None:
            return None
        key = (share, width)
        if key not in self._layouts:
            if len(self._layouts) >= _KEPT_LAYOUTS:
                self._layouts.clear()
            self._layouts[key] = FormulaLayout(self._tree, self._pixels * share, width)
        return self._layouts[key]

    def _forget_layouts(self) -> None:
        self._layouts.clear()
        if self._hovered is not None:
            self._hovered = None
            self.unsetCursor()
        self.updateGeometry()
        self.update()

    def _origin(self) -> QPointF:
        layout = self._fitted(self.width())
        free = self.height() - layout.height if layout is not None else 0.0
        return QPointF(MARGIN, round(free / 2))

    def _targets(self) -> list[PlacedLink]:
        layout = self._fitted(self.width())
        return layout.targets() if layout is not None else []

    def _link_at(self, point: QPointF) -> PlacedLink | None:
        layout = self._fitted(self.width())
        return layout.link_at(point - self._origin()) if layout is not None else None

    # ---------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self._fitted(self.width())
        if layout is None:
            return
        painter = QPainter(self)
        origin = self._origin()
        if self.underMouse() or self.hasFocus():
            self._paint_links(painter, origin, layout)
        paint_layout(painter, origin, layout, self._theme, self._phase_colour)
        targets = layout.targets()
        if self.hasFocus() and 0 <= self._focused < len(targets):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRoundedRect(ground(targets[self._focused]).translated(origin), 4, 4)
        painter.end()

    def _paint_links(self, painter: QPainter, origin: QPointF, layout: FormulaLayout) -> None:
        """Dots under every link, and a quiet ground under the one pointed at."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for placed in layout.targets():
            rect = ground(placed).translated(origin)
            if placed is self._hovered and not placed.link.lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(blend(self._theme.accent, self._theme.block, 0.14)))
                painter.drawRoundedRect(rect, 4, 4)
            style = Qt.PenStyle.SolidLine if placed is self._hovered else Qt.PenStyle.DotLine
            painter.setPen(QPen(QColor(self._theme.accent), 1, style))
            y = round(rect.bottom()) + 0.5
            painter.drawLine(QPointF(rect.left() + PAD, y), QPointF(rect.right() - PAD, y))

    # ---------------------------------------------------------------- pointer and keys

    def enterEvent(self, event: QEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self._target_at(event.position())
        if hovered is self._hovered:
            return
        self._hovered = hovered
        if hovered is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Accepted on a link only, so that the release comes here as well.
        event.setAccepted(self._target_at(event.position()) is not None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        placed = self._target_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and placed is not None:
            asks = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            (self.target_asked if asks else self.target_activated).emit(placed.link.target)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            placed = self._link_at(QPointF(event.pos()))
            if placed is not None and placed.link.tip:
                area = ground(placed).translated(self._origin()).toRect()
                tip = with_why(placed.link.tip, placed.link.target is not None)
                QToolTip.showText(event.globalPos(), tip, self, area)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        targets = self._targets()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._focused < len(targets):
            self.target_activated.emit(targets[self._focused].link.target)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes through the links first, and on to the next widget after the last."""
        wanted = self._focused + (1 if next else -1)
        if self.hasFocus() and 0 <= wanted < len(self._targets()):
            self._focus_link(wanted)
            return True
        return super().focusNextPrevChild(next)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._focus_link(len(self._targets()) - 1)
        elif self._focused < 0 or event.reason() == Qt.FocusReason.TabFocusReason:
            self._focus_link(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._tree is None:
            return
        menu = QMenu(self)
        by_keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        self._offered = self.focused_target() if by_keyboard else self.target_at(event.pos())
        if self._offered is not None:
            add_why(menu).triggered.connect(self._ask)
            menu.addSeparator()
        menu.addAction("Copy as LaTeX").triggered.connect(self.copy_latex)
        menu.addAction("Copy as text").triggered.connect(self.copy_text)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def target_at(self, position: QPoint) -> object | None:
        """What the part at a point leads to."""
        placed = self._target_at(QPointF(position))
        return placed.link.target if placed is not None else None

    def focused_target(self) -> object | None:
        """What the part with the keyboard leads to."""
        targets = self._targets()
        return targets[self._focused].link.target if 0 <= self._focused < len(targets) else None

    def _ask(self) -> None:
        self.target_asked.emit(self._offered)

    def _focus_link(self, index: int) -> None:
        """Move the focus ring, and say what is in it."""
        self._focused = index
        self.update()
        targets = self._targets()
        if 0 <= index < len(targets):
            words = QAccessibleAnnouncementEvent(self, f"link: {spoken(targets[index].link.child)}")
            QAccessible.updateAccessibility(words)

    def _target_at(self, point: QPointF) -> PlacedLink | None:
        placed = self._link_at(point)
        return placed if placed is not None and placed.link.target is not None else None
