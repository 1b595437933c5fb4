"""Little number lines, one below the other: where each quantity was, where it went, where its slope led."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QStaticText,
    QTextOption,
)
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from backprop_gui.present.nudge import NudgeLine, NudgePicture
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.asking import with_why
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.side_page import rich_text
from backprop_gui.views.theme import LIGHT, Theme, blend

NAME_PIXELS, TRUE_PIXELS, PREDICTED_PIXELS = 13.0, 12.5, 11.5
WAS, WENT, HANDLE = 4.0, 5.0, 6.5  # radii of the dots
LEAST_LINE, MARK, GAP, PAD = 84, 13, 12, 6
_LOWERED = re.compile("<sub>.*?</sub>")
_PLAIN_FIGURES = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
USUAL_SIGNS = 11  # room that numbers keep, so that a nudge that is dragged lets nothing jump


def place_of(move: float, reach: float) -> float:
    """Where a move ends on a line, from −1 to 1: small moves are drawn larger than they are."""
    return math.copysign(math.sqrt(min(abs(move) / reach, 1.0)), move)


def move_at(place: float, reach: float) -> float:
    """The move that ends there, in two significant digits."""
    return float(f"{math.copysign(place * place, place) * reach:.1e}") if place else 0.0


def _written(name: str) -> str:
    """A name as rich text; within a lowered word its small figures would be too small."""
    return _LOWERED.sub(_with_plain_figures, rich_text(f"*{name}*"))


def _fitting(name: str, font: QFont, most: float) -> QStaticText:
    """A name to be painted; a long one loses its middle, for its end tells it from others."""
    text, kept, option = QStaticText(), len(name), QTextOption()
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    text.setTextOption(option)
    while True:
        shown = name if kept >= len(name) else f"{name[: kept - 4]}…{name[-3:]}"
        text.setText(_written(shown))
        text.setTextFormat(Qt.TextFormat.RichText)
        text.prepare(font=font)
        width = text.size().width()
        if width <= most or kept <= 8:
            return text
        kept = max(8, min(kept - 1, int(kept * most / width)))


def _with_plain_figures(lowered: re.Match[str]) -> str:
    return lowered[0].translate(_PLAIN_FIGURES)


class NudgeLines(QWidget):
    """Paints the lines of a `NudgePicture`; the dot on the first can be dragged, ↑ and ↓ select a line."""

    row_pointed = Signal(int)  # under the pointer, else selected by keys; −1: none
    step_requested = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Number lines")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._lines: tuple[NudgeLine, ...] = ()
        self._reach = 0.1
        self._frozen: float | None = None  # the reach while a dot is dragged
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._selected = self._hovered = self._told = -1
        self._names: list[QStaticText] = []
        self._name_width = self._number_width = 0.0
        self._stacked = False

    # --- being told ------------------------------------------------------------------------------

    def show_lines(self, picture: NudgePicture) -> None:
        """Show these lines; the owner arranges them afterwards."""
        about = [line.quantity for line in picture.lines]
        if about != [line.quantity for line in self._lines]:
            self._selected = self._hovered = -1
            self._tell()
        self._lines, self._reach = picture.lines, picture.reach
        self.update()

    def pointed(self) -> int:
        """The line that is pointed at or selected; −1 for none."""
        return self._hovered if self._hovered >= 0 else self._selected

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and marks at `scale` times their plain size."""
        self._scale = scale
        self.update()

    def arrange(self, width: int) -> int:
        """Share `width` among names, lines and numbers; the height that is needed."""
        scale = self._scale
        font = ui_font(NAME_PIXELS * scale)
        most = 0.36 * width - PAD * scale
        self._names = [_fitting(line.name, font, most) for line in self._lines]
        names = [text.size().width() for text in self._names]
        self._name_width = min(max(names, default=0.0) + PAD * scale, 0.36 * width)
        self._number_width = self._widest_number()
        room = width - self._name_width - self._number_width - 2 * GAP * scale
        self._stacked = room < LEAST_LINE * scale
        return math.ceil(len(self._lines) * self._row_height())

    # --- geometry --------------------------------------------------------------------------------

    def _widest_number(self) -> float:
        true, predicted = (
            QFontMetricsF(ui_font(pixels * self._scale)) for pixels in (TRUE_PIXELS, PREDICTED_PIXELS)
        )
        widths = [true.horizontalAdvance("0") * USUAL_SIGNS]
        for line in self._lines:
            widths += [true.horizontalAdvance(line.text), predicted.horizontalAdvance(line.predicted)]
        return max(widths) + MARK * self._scale

    def _row_height(self) -> float:
        return (54.0 if self._stacked else 34.0) * self._scale

    def _row(self, place: int) -> QRectF:
        height = self._row_height()
        return QRectF(0, place * height, self.width(), height)

    def _track(self, place: int) -> tuple[float, float, float]:
        """Left end, right end and height of a number line."""
        row, margin = self._row(place), HANDLE * self._scale
        left = self._name_width + GAP * self._scale
        right = self.width() if self._stacked else self.width() - self._number_width - GAP * self._scale
        y = row.top() + (14.0 * self._scale if self._stacked else row.height() / 2)
        return left + margin, right - margin, y

    def _x(self, place: int, move: float) -> float:
        left, right, _ = self._track(place)
        at = place_of(move, self._frozen or self._reach)
        return (left + right) / 2 + at * (right - left) / 2

    def handle(self) -> QPointF:
        """Where the dot that can be dragged stands."""
        return QPointF(self._x(0, self._lines[0].true), self._track(0)[2]) if self._lines else QPointF()

    # --- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, line in enumerate(self._lines):
            if self._row(place).intersects(QRectF(event.rect())):
                self._paint_ground(painter, place)
                self._paint_name(painter, place)
                self._paint_line(painter, place, line)
                self._paint_numbers(painter, place, line)
        painter.end()

    def _paint_ground(self, painter: QPainter, place: int) -> None:
        focused = self.hasFocus() and place == self._selected
        if place != self.pointed() and not focused:
            return
        painter.setBrush(QColor(self._theme.block))
        painter.setPen(QPen(QColor(self._theme.accent), 1.5) if focused else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(self._row(place).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_name(self, painter: QPainter, place: int) -> None:
        text, row = self._names[place], self._row(place)
        painter.setFont(ui_font(NAME_PIXELS * self._scale))
        painter.setPen(QColor(self._theme.text))
        y = self._track(place)[2] - text.size().height() / 2
        painter.save()
        painter.setClipRect(QRectF(0, row.top(), self._name_width + 2, row.height()))
        painter.drawStaticText(QPointF(PAD * self._scale / 2, y), text)
        painter.restore()

    def _paint_line(self, painter: QPainter, place: int, line: NudgeLine) -> None:
        theme, scale = self._theme, self._scale
        left, right, y = self._track(place)
        was = QPointF((left + right) / 2, y)
        painter.setPen(QPen(QColor(blend(theme.outline, theme.window, 0.45)), max(1.0, scale)))
        painter.drawLine(QPointF(left - HANDLE * scale, y), QPointF(right + HANDLE * scale, y))
        painter.setPen(QPen(QColor(theme.outline), 1.6 * scale))
        painter.setBrush(QColor(theme.window))
        painter.drawEllipse(was, WAS * scale, WAS * scale)
        if math.isfinite(line.true):
            painter.setPen(QPen(QColor(theme.window), 1.0 * scale))
            painter.setBrush(QColor(theme.backward))
            radius = (HANDLE if place == 0 else WENT) * scale
            if line.true or place == 0:
                painter.drawEllipse(QPointF(self._x(place, line.true), y), radius, radius)
        if math.isfinite(line.expected) and line.expected:
            self._paint_prediction(painter, self._x(place, line.expected), y, 9.0 * scale)

    def _paint_prediction(self, painter: QPainter, x: float, y: float, half: float) -> None:
        """A short upright bar, open in the middle where the dot is."""
        pen = QPen(QColor(self._theme.accent), 2.0 * self._scale)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        for direction in (-1, 1):
            painter.drawLine(QPointF(x, y + direction * half), QPointF(x, y + direction * half * 0.35))

    def _paint_numbers(self, painter: QPainter, place: int, line: NudgeLine) -> None:
        theme, scale, row = self._theme, self._scale, self._row(place)
        true, predicted = ui_font(TRUE_PIXELS * scale), ui_font(PREDICTED_PIXELS * scale)
        width = self.width() - PAD * scale if self._stacked else self._number_width
        left = self.width() - width
        top = row.top() + (24.0 if self._stacked else 2.0) * scale
        upper = QRectF(left, top, width, 15.0 * scale)
        if not line.predicted:
            upper.setHeight((15.0 if self._stacked else 30.0) * scale)
            painter.setPen(QColor(theme.text))
            self._write(painter, upper, line.text, ui_font(TRUE_PIXELS * scale, "semibold"))
            return
        middle = QPointF(left + 4 * scale, upper.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.backward))
        painter.drawEllipse(middle, 3.2 * scale, 3.2 * scale)
        painter.setPen(QColor(theme.text))
        self._write(painter, upper.adjusted(MARK * scale, 0, 0, 0), line.text, true)
        lower = upper.translated(0, 15.0 * scale)
        painter.setPen(QPen(QColor(theme.accent), 2.0 * scale))
        painter.drawLine(
            QPointF(middle.x(), lower.center().y() - 4 * scale),
            QPointF(middle.x(), lower.center().y() + 4 * scale),
        )
        painter.setPen(QColor(theme.muted))
        self._write(painter, lower.adjusted(MARK * scale, 0, 0, 0), line.predicted, predicted)

    @staticmethod
    def _write(painter: QPainter, rect: QRectF, text: str, font: object) -> None:
        """Text that is too long loses its middle: sign, first digits and exponent stay."""
        painter.setFont(font)  # type: ignore[arg-type]
        short = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short)

    # --- pointer ---------------------------------------------------------------------------------

    def _row_at(self, y: float) -> int:
        place = int(y // self._row_height())
        return place if 0 <= place < len(self._lines) else -1

    def _on_handle(self, at: QPointF) -> bool:
        """Whether the pointer is on the first line, from where its dot can be dragged."""
        left, right, y = self._track(0)
        return abs(at.y() - y) <= 12 * self._scale and left - HANDLE <= at.x() <= right + HANDLE

    def quantity_at(self, point: QPoint) -> Quantity | None:
        """The number whose line is at a point."""
        place = self._row_at(point.y())
        return self._lines[place].quantity if place >= 0 else None

    def selected_point(self) -> QPoint | None:
        """Where the line stands that the keys have selected."""
        return self._row(self._selected).center().toPoint() if self._selected >= 0 else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._lines:
            return
        self._select(self._row_at(event.position().y()))
        if self._on_handle(event.position()):
            self._frozen = self._reach
            self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._frozen is not None:
            self._drag(event)
            return
        on = bool(self._lines) and self._on_handle(event.position())
        self.setCursor(Qt.CursorShape.SizeHorCursor if on else Qt.CursorShape.ArrowCursor)
        self._hovered = self._row_at(event.position().y())
        self._tell()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._frozen is not None and event.button() == Qt.MouseButton.LeftButton:
            self._frozen = None
            self.update()

    def _drag(self, event: QMouseEvent) -> None:
        assert self._frozen is not None
        left, right, _ = self._track(0)
        place = (event.position().x() - (left + right) / 2) / max(1.0, (right - left) / 2)
        self.step_requested.emit(move_at(min(max(place, -1.0), 1.0), self._frozen))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self._tell()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._row_at(event.pos().y())
            tip = with_why(self._lines[place].tip, True) if place >= 0 else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    # --- keyboard --------------------------------------------------------------------------------

    def _select(self, place: int) -> None:
        """Select a line, bring it into view, and say what it tells."""
        self._selected = place
        self._tell()
        self.update()
        if place < 0:
            return
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        row = self._row(place).translated(QPointF(self.pos())).toRect()
        if area is not None:
            area.ensureVisible(row.center().x(), row.center().y(), 0, row.height())
        line = self._lines[place]
        told = f"{line.spoken}: {line.text}" + (f", predicted {line.predicted}" if line.predicted else "")
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, told))

    def _tell(self) -> None:
        pointed = self.pointed()
        if pointed != self._told:
            self._told = pointed
            self.update()
            self.row_pointed.emit(pointed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step and self._lines:
            self._select(min(max(self._selected + step, 0), len(self._lines) - 1))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_keys and self._selected < 0 and self._lines:
            self._select(0)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._selected = -1
            self._tell()
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._selected = self._hovered = -1
        self._frozen = None
        self._tell()
