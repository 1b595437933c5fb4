"""The nudge bench beside the canvas: controls, number lines, the ratio beside the slope, the error curve."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from backprop_gui.present.nudge import NudgePicture
from backprop_gui.present.nudge_sweep import SweepPicture
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.nudge_controls import NudgeControls
from backprop_gui.views.nudge_lines import NudgeLines
from backprop_gui.views.nudge_sweep import NudgeSweep
from backprop_gui.views.side_page import (
    SIDE,
    TEXT_PIXELS,
    TITLE_PIXELS,
    SidePage,
    rich_text,
    scroll_only_down,
    text_label,
)
from backprop_gui.views.theme import LIGHT, Theme

NOTE_PIXELS = 12.0
LARGEST_HEAD = 0.55  # share of the height that stays in view above what is scrolled
LEAST_LINES = 130  # pixels of height at the usual text size: below, the ratio is scrolled with the lines
CALM = "Nothing is changed until you keep it."
TRAINING = "Training runs; these are the numbers from before."
SCALE_NOTE = "One scale for all lines; small moves are drawn larger than they are."


class Legend(QWidget):
    """What a mark of the number lines means: the mark, and a sentence beside it."""

    def __init__(self, mark: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark, self._theme, self._scale = mark, LIGHT, 1.0
        self._label = QLabel(self)
        self._label.setWordWrap(True)

    def show_text(self, text: str) -> None:
        """Explain the mark like this."""
        self._label.setText(text)

    def show_look(self, theme: Theme, scale: float) -> None:
        """The colours of `theme`, at `scale` times the plain size."""
        self._theme, self._scale = theme, scale
        set_look(self._label, ui_font(NOTE_PIXELS * scale), theme.muted)
        self.update()

    def arrange(self, width: int) -> int:
        """Give the sentence its place in `width`; the height that is needed."""
        left = round(16 * self._scale)
        height = self._label.heightForWidth(width - left)
        self._label.setGeometry(left, 0, width - left, height)
        return height

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale, theme = self._scale, self._theme
        x, y = 5.0 * scale, NOTE_PIXELS * scale * 0.62
        if self._mark == "true":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.backward))
            painter.drawEllipse(QPointF(x, y), 4.0 * scale, 4.0 * scale)
        elif self._mark == "was":
            painter.setPen(QPen(QColor(theme.outline), 1.6 * scale))
            painter.drawEllipse(QPointF(x, y), 3.4 * scale, 3.4 * scale)
        else:
            painter.fillRect(QRectF(x - scale, y - 5 * scale, 2 * scale, 10 * scale), QColor(theme.accent))
        painter.end()


class NudgePanel(SidePage):
    """Shows a `NudgePicture` and a `SweepPicture`; its widgets are kept from picture to picture."""

    row_pointed = Signal(int)
    step_requested = Signal(float)
    size_requested = Signal(float)  # the size alone, the direction stays
    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Nudge")
        self._foot = 0  # height below what is scrolled
        self._picture: NudgePicture | None = None
        self._sweep_picture: SweepPicture | None = None
        self._head, self._sheet = QWidget(self), QWidget()
        self._scroll = QScrollArea(self)
        self._title, self._calm = text_label(self._head), text_label(self._head)
        self.controls = NudgeControls(self._head)
        self.lines = NudgeLines(self._sheet)
        self.sweep = NudgeSweep(self._sheet)
        self._remark, self._ratio, self._caption, self._seen = (text_label(self._sheet) for _ in range(4))
        self._legends = tuple(Legend(mark, self._sheet) for mark in ("was", "true", "predicted"))
        self._set_up()

    def _set_up(self) -> None:
        self._calm.setText(CALM)
        scroll_only_down(self._scroll, self._sheet)
        self.setFocusProxy(self.controls.slider)
        self.lines.row_pointed.connect(self.row_pointed)
        self.lines.step_requested.connect(self.step_requested)
        self.controls.step_requested.connect(self.step_requested)
        self.controls.reset_requested.connect(self.reset_requested)
        self.controls.field.left.connect(self.controls.slider.setFocus)
        self.sweep.size_requested.connect(self.size_requested)
        self._set_looks()

    # --- being told ------------------------------------------------------------------------------

    def show_nudge(self, picture: NudgePicture) -> None:
        """Show this nudge."""
        self.controls.show_leaf(picture.choices, picture.leaf)
        self.controls.show_step(picture.step, picture.step_text, picture.keep)
        if picture == self._picture:
            return
        other = self._picture is None or picture.leaf != self._picture.leaf
        self._picture = picture
        self.lines.show_lines(picture)
        self._fill()
        self._arrange()
        if other:
            self._scroll.verticalScrollBar().setValue(0)
        self._describe()

    def show_training(self, training: bool) -> None:
        """Whether training runs, so that what is shown is not of this moment."""
        self._calm.setText(TRAINING if training else CALM)

    def show_sweep(self, picture: SweepPicture | None) -> None:
        """Show this error curve; None while it is being measured."""
        if picture == self._sweep_picture and picture is not None:
            return
        self._sweep_picture = picture
        self.sweep.show_sweep(picture)
        if picture is None:
            self._seen.setText("")  # its room is kept: nothing jumps
        else:
            self._fill()
            self._arrange()
            self._describe()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        for part in (self.lines, self.sweep):
            part.set_theme(theme)
        self._set_looks()
        self._fill()
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and pictures at `scale` times their plain size."""
        self._scale = scale
        for part in (self.lines, self.sweep):
            part.set_text_scale(scale)
        self._set_looks()
        self._arrange()

    # --- inside ----------------------------------------------------------------------------------

    def _describe(self) -> None:
        texts = [picture.text for picture in (self._picture, self._sweep_picture) if picture is not None]
        self.setAccessibleDescription("\n".join(texts))
        if self._picture is not None:
            self.lines.setAccessibleDescription(self._picture.text)

    def _set_looks(self) -> None:
        scale, theme = self._scale, self._theme
        set_look(self._title, ui_font(TITLE_PIXELS * 0.9 * scale, "semibold"), theme.text)
        set_look(self._caption, ui_font(TEXT_PIXELS * scale, "semibold"), theme.text)
        for label in (self._ratio, self._seen):
            set_look(label, ui_font(TEXT_PIXELS * scale), theme.text)
        for label in (self._remark, self._calm):
            set_look(label, ui_font(NOTE_PIXELS * scale), theme.muted)
        self.controls.show_look(theme, scale)
        for legend in self._legends:
            legend.show_look(theme, scale)

    def _fill(self) -> None:
        picture, sweep = self._picture, self._sweep_picture
        if picture is None:
            return
        self._title.setText(rich_text(picture.title))
        for legend, text in zip(self._legends, ("where it was", *picture.legend), strict=True):
            legend.show_text(text)
        self._remark.setText(rich_text(" ".join(part for part in (picture.remark, SCALE_NOTE) if part)))
        self._ratio.setText("<br>".join(map(rich_text, picture.sentences)))
        if sweep is not None:
            self._caption.setText(rich_text(sweep.caption))
            self._seen.setText("".join(map(_paragraph, sweep.sentences)))

    def _arrange(self) -> None:
        """Give every widget its place at once: nothing moves after the panel is painted."""
        scale = self._scale
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        inner = max(1, self.width() - SIDE - max(SIDE, bar + 2))
        head = self._arrange_head(inner)
        stays = head <= LARGEST_HEAD * self.height()
        if (self._head.parent() is self) != stays:
            self._head.setParent(self if stays else self._sheet)
            self._head.show()
        self._head.setGeometry(SIDE, 0, inner, head)
        top = head if stays else 0
        y = self._place(self.lines, 0 if stays else head, inner, self.lines.arrange(inner)) + round(6 * scale)
        ratio, room = self._ratio.heightForWidth(inner), max(0, self.height() - top)
        foot = ratio + round(18 * scale)
        if y + ratio <= room or room - foot < LEAST_LINES * scale:
            foot = 0
        self._scroll.setGeometry(0, top, self.width(), room - foot)
        self._keep_ratio(foot)
        if foot:
            self._ratio.setGeometry(SIDE, self.height() - foot + round(9 * scale), inner, ratio)
        else:
            y = self._place(self._ratio, y, inner, ratio) + round(10 * scale)
        for legend in self._legends:
            legend.resize(inner, legend.height())
            y = self._place(legend, y, inner, legend.arrange(inner))
        for label, gap in ((self._remark, 2), (self._caption, 18)):
            y = self._place(label, y + round(gap * scale), inner, label.heightForWidth(inner))
        y = self._place(self.sweep, y + round(4 * scale), inner, self.sweep.sizeHint().height())
        y = self._place(self._seen, y + round(8 * scale), inner, self._seen.heightForWidth(inner))
        self._sheet.resize(max(1, self.width() - bar), y + SIDE)

    def _keep_ratio(self, foot: int) -> None:
        """Where the lines are too many, the ratio stays in sight at the lower edge, under a line."""
        parent = self if foot else self._sheet
        if self._ratio.parentWidget() is not parent:
            self._ratio.setParent(parent)
            self._ratio.show()
        if foot != self._foot:
            self._foot = foot
            self.update()

    def _arrange_head(self, inner: int) -> int:
        """What is nudged and what it is nudged with; the height they take."""
        y = round(12 * self._scale)
        for label, gap in ((self._title, 0), (self._calm, 2)):
            height = label.heightForWidth(inner)
            label.setGeometry(0, y + round(gap * self._scale), inner, height)
            y = label.geometry().bottom() + 1
        self.controls.fit(inner)
        gap, height = round(8 * self._scale), self.controls.sizeHint().height()
        self.controls.setGeometry(0, y + gap, inner, height)
        return y + gap + height + gap

    # --- keyboard --------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Esc takes the nudge back before it clears anything in the window."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._picture is not None
            and self._picture.step
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._picture is not None and self._picture.step:
            self.reset_requested.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._foot:
            painter = QPainter(self)
            painter.setPen(QColor(self._theme.border))
            painter.drawLine(0, self.height() - self._foot, self.width(), self.height() - self._foot)
            painter.end()


def _paragraph(sentence: str) -> str:
    """A sentence with some air below it."""
    return f'<p style="margin: 0 0 5px 0">{rich_text(sentence)}</p>'
