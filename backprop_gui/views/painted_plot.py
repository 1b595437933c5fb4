"""Plots that are painted by hand, on screen as in a file: pointing, keys and scrolling in common."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QLabel, QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.plot_parts import TEXT_PIXELS, Plot
from backprop_gui.views.slice_axes import Brush

KEY = Qt.Key
LEAST_DRAWING = 110  # pixels of height; where there is less, the sentence below gives way
CHOOSING_KEYS = frozenset({KEY.Key_Up, KEY.Key_Down, KEY.Key_Return, KEY.Key_Enter})


class PaintedPlot(Plot):
    """A plot whose kind says how it is painted (`paint_plot`) and what a place in it is (`place_at`, `told`).

    Things in it (points, cells, rows) are chosen by ↑ and ↓ or a click, and activated by Enter or a
    double click. `least_height` is what it needs; where there is less, it scrolls.
    """

    activated = Signal(int)  # the thing that was chosen

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.numbers = NumberFormat()
        self.chosen = -1
        self.pointed: QPointF | None = None
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setMinimumWidth(1)
        self.canvas = PlotCanvas(self, f"{title} drawing")
        self.body.addWidget(self.canvas, 1)
        self.body.addWidget(self._sentence)
        self.setFocusProxy(self.canvas)
        self._sentence.hide()

    # --- for the kinds of plots -------------------------------------------------------------------

    def paint_plot(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> object:
        """Paint what stands still; `scrolled` pixels of it are above the area.

        What it returns, of the drawing on screen, is kept as `canvas.drawn`: where things stand.
        """
        raise NotImplementedError

    def paint_marks(self, brush: Brush, area: QRectF, scrolled: float = 0.0) -> None:
        """Paint what changes often on top of it: the choice, where one is."""

    def least_height(self, scale: float) -> float:
        """The pixels of height it needs at a text size."""
        return 0.0

    def count(self) -> int:
        """How many things can be chosen."""
        return 0

    def place_at(self, at: QPointF) -> int:
        """The thing at a place of the drawing; -1 for none."""
        return -1

    def told(self, thing: int) -> str:
        """A thing in words."""
        return ""

    def told_at(self, at: QPointF) -> str:
        """A place in words, where there is no thing."""
        return ""

    def title_words(self) -> str:
        """What is read out while nothing is pointed at or chosen."""
        return ""

    def top_of(self, thing: int) -> tuple[float, float] | None:
        """Where a thing begins and ends in a drawing that scrolls."""
        return None

    def headline(self) -> str:
        """What stands above an exported plot."""
        return self.title_words()

    # --- being told -------------------------------------------------------------------------------

    def renew(self, sentence: str = "", summary: str = "") -> None:
        """The picture has changed: paint all of it, say this below it, and this to screen readers."""
        if self.chosen >= self.count():
            self.chosen = -1
        if self._sentence.text() != sentence:
            self._sentence.setText(sentence)
            self._fit_sentence()
        if summary != self.accessibleDescription():
            self.setAccessibleDescription(summary)
            self.canvas.setAccessibleDescription(summary)
        self.canvas.forget()
        self.read()

    def remark(self) -> None:
        """Only what changes often has changed."""
        self.canvas.viewport().update()
        self.read()

    def read(self) -> None:
        """Read out what is pointed at, else what is chosen, else what is plotted."""
        words = ""
        if self.pointed is not None:
            thing = self.place_at(self.pointed)
            words = self.told(thing) if thing >= 0 else self.told_at(self.pointed)
        elif self.chosen >= 0:
            words = self.told(self.chosen)
        self.read_out(words or self.title_words())

    def choose(self, thing: int) -> None:
        """Choose a thing; -1: none."""
        self.chosen = thing
        self.canvas.bring_into_view(thing)
        self.remark()

    def set_number_format(self, form: NumberFormat) -> None:
        """Numbers in this format; the picture comes with it."""
        self.numbers = form
        self.canvas.forget()

    def show_look(self) -> None:
        """Take colours and text size."""
        super().show_look()
        if hasattr(self, "canvas"):
            set_look(self._sentence, ui_font(TEXT_PIXELS * self._scale), self._theme.text)
            self._sentence.setContentsMargins(
                round(14 * self._scale), 2, round(10 * self._scale), round(5 * self._scale)
            )
            self.canvas.forget()
            self._fit_sentence()

    def brush(self, painter: QPainter, scale: float | None = None) -> Brush:
        """What to paint with."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return Brush(painter, self._theme, self._scale if scale is None else scale, self.numbers)

    def paint_export(self, painter: QPainter, area: QRect, scale: float) -> None:
        """Paint all of it into a file, smaller where it would not fit, and the sentence below it."""
        inside = QRectF(area).adjusted(4 * scale, 0, 0, -4 * scale)
        font, words = ui_font(TEXT_PIXELS * scale), self._sentence.text()
        if words:
            room = inside.adjusted(10 * scale, 0, -12 * scale, 0)
            flags = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignBottom)
            taken = QFontMetricsF(font).boundingRect(room, flags, words)
            painter.setFont(font)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(room, flags, words)
            inside.setBottom(taken.top() - 4 * scale)
        needed = self.least_height(scale)
        brush = self.brush(painter, scale * min(1.0, inside.height() / needed) if needed else scale)
        self.paint_plot(brush, inside)
        self.paint_marks(brush, inside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_sentence()

    def _fit_sentence(self) -> None:
        """Where there is little height the drawing has it, and the sentence is a tip on it."""
        text = self._sentence.text()
        height = self._sentence.heightForWidth(max(1, self.width()))
        wanted = max(LEAST_DRAWING * min(self._scale, 1.5), self.least_height(self._scale))
        fits = self.height() - self._head.sizeHint().height() - height >= wanted
        self._sentence.setVisible(fits and bool(text))
        self.canvas.setToolTip("" if fits else text)


class PlotCanvas(QAbstractScrollArea):
    """The drawing. What stands still is kept as pixels, so that marks and a pointer move at no cost."""

    own_keys = CHOOSING_KEYS

    def __init__(self, plot: PaintedPlot, name: str) -> None:
        super().__init__(plot)
        self._plot = plot
        self._ground: QPixmap | None = None
        self.drawn: object = None
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    @property
    def area(self) -> QRectF:
        """Where it is painted, in pixels of the viewport."""
        inset = 4 * self._plot._scale
        return QRectF(self.viewport().rect()).adjusted(inset, 0, 0, -2)

    @property
    def scrolled(self) -> float:
        """How many pixels are above."""
        return float(self.verticalScrollBar().value())

    def forget(self) -> None:
        """Paint all of it anew."""
        self._ground = None
        self._fit()
        self.viewport().update()

    def bring_into_view(self, thing: int) -> None:
        """Scroll as far as a thing needs."""
        place = self._plot.top_of(thing) if thing >= 0 else None
        if place is None:
            return
        bar, (top, bottom) = self.verticalScrollBar(), place
        height = self.viewport().height()
        if top < bar.value():
            bar.setValue(round(top))
        elif bottom > bar.value() + height:
            bar.setValue(round(bottom - height))

    def _fit(self) -> None:
        needed = round(self._plot.least_height(self._plot._scale))
        height = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setPageStep(height)
        bar.setSingleStep(round(18 * self._plot._scale))
        bar.setRange(0, max(0, needed - height))

    def _scrolled(self) -> None:
        self._ground = None
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        viewport, ratio = self.viewport(), self.devicePixelRatioF()
        if self._ground is None:
            self._ground = QPixmap(viewport.size() * ratio)
            self._ground.setDevicePixelRatio(ratio)
            self._ground.fill(QColor(self._plot._theme.window))
            below = QPainter(self._ground)
            self.drawn = self._plot.paint_plot(self._plot.brush(below), self.area, self.scrolled)
            below.end()
        painter = QPainter(viewport)
        painter.drawPixmap(0, 0, self._ground)
        self._plot.paint_marks(self._plot.brush(painter), self.area, self.scrolled)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._plot._theme.accent), 2, j=Qt.PenJoinStyle.MiterJoin))
            painter.drawRect(viewport.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.forget()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._plot.pointed = event.position()
        self._plot.remark()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._plot.choose(self._plot.place_at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        thing = self._plot.place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and thing >= 0:
            self._plot.activated.emit(thing)

    def leaveEvent(self, event: QEvent) -> None:
        self._plot.pointed = None
        self._plot.remark()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBar().maximum():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ and ↓ choose one thing after the other, Enter activates the chosen one."""
        key, plot = event.key(), self._plot
        count = plot.count()
        if key in (KEY.Key_Up, KEY.Key_Down) and count:
            step = 1 if key == KEY.Key_Down else -1
            begin = 0 if step > 0 else count - 1
            plot.pointed = None
            plot.choose((plot.chosen + step) % count if plot.chosen >= 0 else begin)
        elif key in (KEY.Key_Return, KEY.Key_Enter) and plot.chosen >= 0:
            plot.activated.emit(plot.chosen)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(200, 100)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 40)
