"""The timeline bar: the steps of an iteration as a row of ticks, and where one is in it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.pictures import TimelinePicture
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.iteration_editor import IterationEditor
from backprop_gui.views.theme import LIGHT, Theme, blend
from backprop_gui.views.timeline_layout import Layout, Span, lay_out

HEIGHT, SIDE, INFO_GAP = 60.0, 14.0, 32.0
LABEL_TOP, LABEL_HEIGHT, ROW_TOP, ROW_HEIGHT = 12.0, 16.0, 31.0, 13.0
LABEL_PIXELS, INFO_PIXELS = 11.0, 13.0
LABEL_GAP = 5.0
PALE = 0.24  # of the phase's colour, for steps that are not uncovered

_BLANK = TimelinePicture(iteration=0, newest=0, position=0, total=0, stretches=())


def _is_of_sample(span: Span) -> bool:
    """Whether a span belongs to one of several samples: its label ends in the sample's number."""
    return span.label.split()[-1].isdecimal()


class TimelineBar(QWidget):
    """Shows a `TimelinePicture`; a click or drag on the row asks for a position."""

    position_requested = Signal(int)
    iteration_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._numbers = NumberFormat()
        self._picture = _BLANK
        self._layout = Layout((), False)
        self._info_width = 0.0
        self._asked: int | None = None  # the position asked for last while the button is down
        self._editor = IterationEditor(self)
        self._editor.changed.connect(self.update)
        self._editor.iteration_entered.connect(self._request_iteration)
        self.set_text_scale(1.0)

    # --- being told ------------------------------------------------------------------------------

    def show_timeline(self, picture: TimelinePicture) -> None:
        """Show where one is."""
        if picture == self._picture:
            return
        other_steps = picture.stretches != self._picture.stretches
        self._picture = picture
        if self._widen_info() or other_steps:
            self._lay_out()
        if picture.description != self.accessibleDescription():
            self.setAccessibleDescription(picture.description)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._editor.set_look(self._theme, INFO_PIXELS * self._scale)
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self._label_font = ui_font(LABEL_PIXELS * scale, "semibold")
        self._strong_font = ui_font(INFO_PIXELS * scale, "semibold")
        self._plain_font = ui_font(INFO_PIXELS * scale)
        self.setFixedHeight(round(HEIGHT * scale))
        self._info_width = 0.0
        self._widen_info()
        self._editor.set_look(self._theme, INFO_PIXELS * self._scale)
        self._lay_out()
        self.update()

    def set_number_format(self, form: NumberFormat) -> None:
        """Write the thousands of iterations and steps as this format does."""
        self._numbers = self._editor.numbers = form
        self._info_width = 0.0
        self._widen_info()
        self._lay_out()
        self.update()

    def edit_iteration(self) -> None:
        """Open the editor for the number of the iteration (Ctrl+G)."""
        self._place_editor()
        self._editor.open_for(self._picture.iteration, self._picture.newest)

    # --- where things are ------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(round(900 * self._scale), round(HEIGHT * self._scale))

    def minimumSizeHint(self) -> QSize:
        return QSize(round(self._info_width + 120 * self._scale), round(HEIGHT * self._scale))

    def _row(self) -> QRectF:
        """The row of ticks."""
        left = SIDE * self._scale
        right = self.width() - left - self._info_width - INFO_GAP * self._scale
        return QRectF(left, ROW_TOP * self._scale, max(0.0, right - left), ROW_HEIGHT * self._scale)

    def _info(self) -> QRectF:
        """The two lines of text at the right, level with labels and ticks."""
        right = self.width() - SIDE * self._scale
        top = LABEL_TOP * self._scale
        return QRectF(right - self._info_width, top, self._info_width, 36 * self._scale)

    def _lay_out(self) -> None:
        self._layout = lay_out(self._picture.stretches, self._row().width(), self._label_width)

    def _label_width(self, label: str) -> float:
        return QFontMetricsF(self._label_font).horizontalAdvance(label) + (LABEL_GAP + 1) * self._scale

    def _iteration_text(self) -> str:
        return f"Iteration {self._numbers.count(self._picture.iteration)}"

    def _sample_text(self) -> str:
        return f" · {self._picture.sample_text}" if self._picture.sample_text else ""

    def _widen_info(self) -> bool:
        """Room for the longest text so far, and for the digits to come, so that the ticks keep still."""
        picture = self._picture
        strong, plain = QFontMetricsF(self._strong_font), QFontMetricsF(self._plain_font)
        longest = self._numbers.count(max(picture.newest, picture.iteration))
        iteration = f"Iteration {longest}"
        first = strong.horizontalAdvance(iteration) + plain.horizontalAdvance(self._sample_text())
        second = plain.horizontalAdvance(f"step {picture.total} of {picture.total}")
        wanted = max(first, second, plain.horizontalAdvance(picture.step_text)) + 2
        if wanted <= self._info_width:
            return False
        self._info_width = wanted
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()
        self._place_editor()

    # --- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        row = self._row()
        painter.translate(row.left(), 0)
        self._paint_labels(painter, row.width())
        self._paint_steps(painter, row)
        self._paint_marker(painter, row)
        painter.translate(-row.left(), 0)
        self._paint_info(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 6, 6)
        painter.end()

    def _colour(self, span: Span) -> str:
        if span.phase is None or span.phase == "given":
            return self._theme.muted
        return str(getattr(self._theme, span.phase))

    def _paint_labels(self, painter: QPainter, width: float) -> None:
        """Labels reach up to the next label; one without room is left out."""
        metrics = QFontMetricsF(self._label_font)
        painter.setFont(self._label_font)
        gap, labels = LABEL_GAP * self._scale, self._labels()
        ends = [*(left - gap for left, _, _ in labels[1:]), width]
        for (left, text, colour), right in zip(labels, ends, strict=False):
            room = right - left + 0.5
            if metrics.horizontalAdvance(text) > room:
                continue
            painter.setPen(QColor(colour))
            place = QRectF(left, LABEL_TOP * self._scale, room + gap, LABEL_HEIGHT * self._scale)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _labels(self) -> list[tuple[float, str, str]]:
        """Where a label begins, its text and colour: of phases, or of samples too narrow for these."""
        metrics = QFontMetricsF(self._label_font)
        spans = [span for span in self._layout.spans if span.label]
        narrow = any(
            metrics.horizontalAdvance(span.label) > span.right - span.left
            for span in spans
            if _is_of_sample(span) and span.phase == "backward"
        )
        return [
            (span.left, f"Sample {span.label.split()[-1]}", self._theme.muted)
            if narrow and _is_of_sample(span)
            else (span.left, span.label, self._colour(span))
            for span in spans
            if not narrow or span.phase == "forward" or not _is_of_sample(span)
        ]

    def _paint_steps(self, painter: QPainter, row: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for span in self._layout.spans:
            full = QColor(self._colour(span))
            pale = QColor(blend(self._colour(span), self._theme.window, PALE))
            done = min(max(self._picture.position - span.start, 0), span.count)
            if self._layout.ticks:
                self._paint_ticks(painter, row, span, done, full, pale)
            else:
                edge = span.left + done * span.pitch
                self._paint_piece(painter, row, span.left, span.right, pale)
                self._paint_piece(painter, row, span.left, edge, full)

    def _paint_ticks(
        self, painter: QPainter, row: QRectF, span: Span, done: int, full: QColor, pale: QColor
    ) -> None:
        gap = 2.0 if span.pitch >= 8 else 1.0
        for step in range(span.count):
            left = round(span.left + step * span.pitch)
            right = round(span.left + (step + 1) * span.pitch)
            last = step == span.count - 1
            self._paint_piece(painter, row, left, right - (0 if last else gap), full if step < done else pale)

    def _paint_piece(self, painter: QPainter, row: QRectF, left: float, right: float, ground: QColor) -> None:
        if right > left:
            radius = min(2.5 * self._scale, (right - left) / 2)
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(left, row.top(), right - left, row.height()), radius, radius)

    def _paint_marker(self, painter: QPainter, row: QRectF) -> None:
        """A small arrow below the newest step: where one is, without colour."""
        if not self._layout.spans:
            return
        left, right = self._layout.place_of(self._picture.position)
        size = 4.0 * self._scale
        centre = (left + right) / 2 - (1 if self._layout.ticks and right > left else 0)
        tip = QPointF(centre, row.bottom() + 2 * self._scale)
        base = tip.y() + 1.25 * size
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.text))
        painter.drawPolygon(QPolygonF([tip, QPointF(tip.x() - size, base), QPointF(tip.x() + size, base)]))
        if not self._layout.ticks:
            line = QRectF(centre - 0.75, row.top() - 2, 1.5, row.height() + 6)
            painter.fillRect(line, QColor(self._theme.text))

    def _paint_info(self, painter: QPainter) -> None:
        theme, box = self._theme, self._info()
        half = box.height() / 2
        upper = QRectF(box.left(), box.top(), box.width(), half)
        lower = upper.translated(0, half)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        editing = self._editor.isVisible()
        if editing:
            painter.setFont(self._strong_font)
            painter.setPen(QColor(theme.text))
            away = self._editor.width() + 8 * self._scale
            painter.drawText(upper.adjusted(-200 * self._scale, 0, -away, 0), right, "Iteration")
        else:
            painter.setFont(self._plain_font)
            painter.setPen(QColor(theme.text))
            painter.drawText(upper, right, self._sample_text())
            sample = QFontMetricsF(self._plain_font).horizontalAdvance(self._sample_text())
            painter.setFont(self._strong_font)
            painter.drawText(upper.adjusted(-20, 0, -sample, 0), right, self._iteration_text())
        painter.setFont(self._strong_font if editing and self._editor.wrong else self._plain_font)
        painter.setPen(QColor(theme.warning if editing and self._editor.wrong else theme.muted))
        painter.drawText(lower, right, self._editor.range_text() if editing else self._picture.step_text)

    # --- mouse -----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._on_row(event.position()):
            self._asked = self._picture.position
            self._ask_for(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._asked is not None:
            self._ask_for(event.position())
        elif self._on_row(event.position()):
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self._info().contains(event.position()):
            self.setCursor(Qt.CursorShape.IBeamCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._asked = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._info().contains(event.position()):
            self.edit_iteration()
        else:
            self.mousePressEvent(event)

    def _on_row(self, point: QPointF) -> bool:
        """On a tick, its label, or left of the first, which means position 0."""
        row = self._row()
        return point.x() <= row.right() + 4 and bool(self._layout.spans)

    def _ask_for(self, point: QPointF) -> None:
        position = self._layout.position_at(point.x() - self._row().left())
        if position != self._asked:
            self._asked = position
            self.position_requested.emit(position)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def _tip(self, point: QPointF) -> str:
        if not self._on_row(point):
            return "Double-click to go to an iteration" if self._info().contains(point) else ""
        position = self._layout.position_at(point.x() - self._row().left())
        if position == 0:
            return "nothing uncovered yet"
        stretch = next((s for s in self._picture.stretches if s.start < position <= s.start + s.count), None)
        label = f" · {stretch.label.lower()}" if stretch is not None and stretch.label else ""
        step, total = self._numbers.count(position), self._numbers.count(self._picture.total)
        return f"step {step} of {total}{label}"

    # --- going to an iteration -------------------------------------------------------------------

    def _place_editor(self) -> None:
        box = self._info()
        width, height = round(84 * self._scale), round(22 * self._scale)
        self._editor.setGeometry(round(box.right()) - width, round(box.top()) - 3, width, height)

    def _request_iteration(self, iteration: int) -> None:
        if iteration != self._picture.iteration:
            self.iteration_requested.emit(iteration)
