"""A plot of lines over iterations: a click or drag asks for an iteration, ↑ and ↓ read line after line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.run_lines import Line, LinesPicture, lines_csv, nearest
from backprop_gui.views.asking import TIP
from backprop_gui.views.plot_parts import Plot

if TYPE_CHECKING:
    from backprop_gui.views.line_curve import LineCurve

MOST_TOLD = 12  # lines a screen reader is told of
KEY = Qt.Key


class LinePlot(Plot):
    """Shows named lines and where one is. While it is hidden nothing is drawn."""

    iteration_requested = Signal(int)
    shown = Signal()  # it has become visible: what it shows may be of long ago
    own_keys = frozenset({KEY.Key_Up, KEY.Key_Down, KEY.Key_Plus, KEY.Key_Equal, KEY.Key_Minus, KEY.Key_0})

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._picture = LinesPicture((), "")
        self._here: int | None = None
        self._log = self._live = False
        self._numbers = NumberFormat()
        self._curve: LineCurve | None = None
        self._stale = True  # what is drawn is not what is known
        self._read = -1  # the line that ↑ and ↓ have chosen
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip("Click or drag: to that iteration · wheel: zoom · ↑ ↓: read the lines here")

    def prepare(self) -> None:
        """Build the curves; this imports pyqtgraph and is called when the window already shows."""
        if self._curve is None:
            self._curve = self._made_curve(self)
            self._curve.iteration_picked.connect(self.iteration_requested)
            self._curve.hovered.connect(self._show_point)
            self._stale = False
            self.body.addWidget(self._curve, 1)

    def _made_curve(self, parent: QWidget | None = None) -> LineCurve:
        """Curves that show what this plot shows."""
        from backprop_gui.views.line_curve import LineCurve

        curve = LineCurve(parent)
        curve.show_numbers(self._numbers)
        curve.show_log(self._log)
        curve.show_lines(self._picture)
        curve.show_here(self._here)
        curve.show_look(self._theme, self._scale)
        return curve

    # --- being told -------------------------------------------------------------------------------

    @property
    def picture(self) -> LinesPicture:
        """What is plotted."""
        return self._picture

    def show_lines(self, picture: LinesPicture) -> None:
        """Show these lines."""
        self._picture = picture
        self._refresh()
        if not self._live:
            self.setAccessibleDescription(picture.summary or self.summary())

    def show_here(self, iteration: int) -> None:
        """Mark the iteration one is at."""
        self._here = iteration
        if self._curve is not None:
            self._curve.show_here(iteration)
        if self._read >= 0:
            self._read_here()

    def show_live(self, live: bool) -> None:
        """Whether the lines are growing: then they are drawn by thinner pens."""
        self._live = live
        if self._curve is not None:
            self._curve.show_live(live)

    def set_log(self, log: bool) -> None:
        """Show the numbers by their powers of ten, or as they are."""
        self._log = log
        if self._curve is not None:
            self._curve.show_log(log)

    def set_number_format(self, form: NumberFormat) -> None:
        """Write numbers and iterations with the signs of this format; it has few digits of its own."""
        self._numbers = form
        self._show_words()
        if self._curve is not None:
            self._curve.show_numbers(form)

    def show_look(self) -> None:
        """Take colours and text size."""
        super().show_look()
        self._show_words()
        if self._curve is not None:
            self._curve.show_look(self._theme, self._scale)

    def _refresh(self) -> None:
        """Draw now, or when it is looked at."""
        self._stale = not self.isVisible() or self._curve is None
        if self._curve is not None and not self._stale:
            self._curve.show_lines(self._picture)
        if self._read < 0 and self._picture.title != self._readout.text():
            self._show_words()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self._curve is not None:
            self._stale = False
            self._curve.show_lines(self._picture)
        if not event.spontaneous():
            self.shown.emit()

    # --- export -----------------------------------------------------------------------------------

    def headline(self) -> str:
        """What is plotted."""
        return self._picture.title

    def csv(self) -> str:
        """A row for each iteration, a column for each line."""
        return lines_csv(self._picture.lines)

    def paint_export(self, painter: QPainter, area: QRect, scale: float) -> None:
        """Curves of their own are laid out in the wanted size; those on screen stay as they are."""
        curve = self._made_curve()
        curve.show_look(self._theme, scale)
        curve.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        curve.resize(area.size())
        curve.show()  # lays it out
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        curve.render(painter, QRectF(area))
        curve.hide()
        curve.deleteLater()

    # --- words ------------------------------------------------------------------------------------

    def summary(self) -> str:
        """What a screen reader says about the lines: where each begins and ends."""
        told = [self._told(line) for line in self._picture.lines[:MOST_TOLD] if line.role != "raw"]
        left_out = len(self._picture.lines) - MOST_TOLD
        told += [f"{self._numbers.count(left_out)} more lines."] if left_out > 0 else []
        return " ".join(part for part in told if part) or "Nothing to plot yet."

    def _told(self, line: Line) -> str:
        if not len(line.values):
            return ""
        points = (f"{self._value(line, place)} at {self._iteration(line, place)}" for place in (0, -1))
        return f"{self._said(line)} {self._numbers.listed(points)}."

    def _said(self, line: Line) -> str:
        return line.said or line.name or self._picture.title

    def _iteration(self, line: Line, place: int) -> str:
        return f"iteration {self._numbers.count(round(line.iterations[place]))}"

    def _value(self, line: Line, place: int) -> str:
        text = self._numbers.localised(f"{line.values[place]:.4g}").replace("-", "−")
        return f"{text} %" if self._picture.shape == "percent" else text

    def _show_point(self, index: int, place: int) -> None:
        """The point under the pointer in words."""
        self._show_words(index, place)

    def _show_words(self, index: int = -1, place: int = -1) -> None:
        """A point in words; without one, what is plotted."""
        lines = self._picture.lines
        if 0 <= index < len(lines) and 0 <= place < len(lines[index].values):
            line = lines[index]
            told = f"{self._iteration(line, place)} · {self._said(line)} {self._value(line, place)}"
            self.read_out(f"{told} · {TIP}" if self.can_ask(index) else told)
        else:
            self.read_out(self._picture.title)

    def can_ask(self, index: int) -> bool:
        """Whether one can ask where the numbers of a line come from."""
        return False

    # --- keyboard ---------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ and ↓ read out the lines where one is, + and − zoom, 0 shows all."""
        key, curve = event.key(), self._curve
        if key in (KEY.Key_Up, KEY.Key_Down):
            count = len(self._picture.lines)
            step = 1 if key == KEY.Key_Down else -1
            self._read = (
                (self._read + step) % count if self._read >= 0 and count else (0 if step > 0 else count - 1)
            )
            self._read_here()
        elif curve is not None and key in (KEY.Key_Plus, KEY.Key_Equal, KEY.Key_Minus):
            curve.zoom(key != KEY.Key_Minus)
        elif curve is not None and key == KEY.Key_0:
            curve.show_all()
        else:
            super().keyPressEvent(event)

    def _read_here(self) -> None:
        """The chosen line, at the measured iteration nearest to the one on screen."""
        if 0 <= self._read < len(self._picture.lines):
            line = self._picture.lines[self._read]
            self._show_words(self._read, nearest(line.iterations, self._here or 0))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._read = -1
        self._show_words()
        super().focusOutEvent(event)
