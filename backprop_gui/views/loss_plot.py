"""The loss plot: a head with readout, log switch and export; the curve is made after the window shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QByteArray,
    QCoreApplication,
    QEvent,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.views.asking import Asking
from backprop_gui.views.fonts import SANS, ui_font
from backprop_gui.views.icons import icon
from backprop_gui.views.labels import set_look
from backprop_gui.views.theme import LIGHT, Theme

if TYPE_CHECKING:
    from backprop_gui.views.loss_curve import LossCurve

TEXT_PIXELS = 12.0
TEST_LEGEND = "dashed: test loss"
SVG_SIZE = QSize(800, 450)
_FONT_FAMILY = re.compile(f'font-family="{SANS}[^"]*"')


class LossPlot(QWidget):
    """Shows the loss over the iterations; a click or drag on the curve asks for an iteration."""

    iteration_requested = Signal(int)
    iteration_asked = Signal(object)  # why this loss?
    log_requested = Signal(bool)
    export_requested = Signal(str)  # "png" or "svg"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lossPlot")
        self.setAccessibleName("Loss plot")
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._name = "loss"
        self._log = False
        self._here: int | None = None
        self._iterations: NDArray[np.float64] = np.empty(0)
        self._losses: NDArray[np.float64] = np.empty(0)
        self._tests: NDArray[np.float64] | None = None
        self._curve: LossCurve | None = None
        self._numbers = NumberFormat()
        self._readout = QLabel(self)
        self._legend = QLabel(TEST_LEGEND, self)
        self._log_box = QCheckBox("log", self)
        self._export = QToolButton(self)
        self._set_up_head()
        self._set_looks()

    def _set_up_head(self) -> None:
        self._log_box.setAccessibleName("Logarithmic loss axis")
        self._log_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._log_box.clicked.connect(self.log_requested)
        self._export.setProperty("quiet", True)
        self._export.setAccessibleName("Export the loss plot")
        self._export.setToolTip("Export the plot")
        self._export.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._export)
        menu.addAction("PNG…").triggered.connect(self._request_png)
        menu.addAction("SVG…").triggered.connect(self._request_svg)
        self._export.setMenu(menu)
        self._legend.hide()
        head = QHBoxLayout()
        head.setContentsMargins(14, 4, 8, 0)
        head.setSpacing(8)
        head.addWidget(self._readout, 1)
        for widget in (self._legend, self._log_box, self._export):
            head.addWidget(widget)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(head)
        self._column.addStretch(1)

    def prepare(self) -> None:
        """Build the plot; this imports pyqtgraph and is called when the window already shows."""
        if self._curve is None:
            self._curve = self._made_curve(self)
            self._curve.iteration_picked.connect(self.iteration_requested)
            self._curve.hovered.connect(self._show_readout)
            self._asking = Asking(self._curve, self._curve.iteration_at)
            self._asking.asked.connect(self.iteration_asked)
            self._column.takeAt(1)
            self._column.addWidget(self._curve, 1)

    def _made_curve(self, parent: QWidget | None = None) -> LossCurve:
        """A curve that shows what this plot shows."""
        from backprop_gui.views.loss_curve import LossCurve

        curve = LossCurve(parent)
        curve.show_look(self._theme, self._scale)
        curve.show_numbers(self._numbers)
        curve.show_log(self._log)
        curve.show_losses(self._iterations, self._losses, self._tests)
        curve.show_here(self._here)
        return curve

    # --- being told ------------------------------------------------------------------------------

    def show_losses(
        self,
        iterations: NDArray[np.integer] | NDArray[np.floating],
        losses: NDArray[np.floating],
        test_losses: NDArray[np.floating] | None = None,
    ) -> None:
        """Show the losses of these iterations, which are in ascending order."""
        self._iterations = np.asarray(iterations, dtype=np.float64)
        self._losses = np.asarray(losses, dtype=np.float64)
        self._tests = None if test_losses is None else np.asarray(test_losses, dtype=np.float64)
        self._legend.setVisible(self._tests is not None)
        if self._curve is not None:
            self._curve.show_losses(self._iterations, self._losses, self._tests)
        self.setAccessibleDescription(self._summary())

    def show_here(self, iteration: int) -> None:
        """Mark the iteration one is at."""
        self._here = iteration
        if self._curve is not None:
            self._curve.show_here(iteration)

    def set_log(self, log: bool) -> None:
        """Show the losses by their powers of ten, or from zero."""
        self._log = log
        self._log_box.setChecked(log)
        if self._curve is not None:
            self._curve.show_log(log)

    def set_loss_name(self, name: str) -> None:
        """The loss as the experiment's notation calls it."""
        self._name = name
        self._show_readout(-1)

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._set_looks()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self._set_looks()

    def set_number_format(self, form: NumberFormat) -> None:
        """Write losses and iterations with the signs of this format; it has few digits of its own."""
        self._numbers = form
        self._show_readout(-1)
        if self._curve is not None:
            self._curve.show_numbers(form)

    # --- export ----------------------------------------------------------------------------------

    def export_png(self, path: str | Path, size: QSize) -> None:
        """Write the plot as a picture of this many pixels, in the colours of the theme."""
        image = QImage(size, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_export(painter, size)
        painter.end()
        writer = QImageWriter(str(path), QByteArray(b"png"))
        if not writer.write(image):
            raise OSError(f"{path}: {writer.errorString()}")

    def export_svg(self, path: str | Path) -> None:
        """Write the plot as SVG, in the colours of the theme."""
        from PySide6.QtSvg import QSvgGenerator  # only where a drawing is written

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(SVG_SIZE)
        generator.setViewBox(QRect(0, 0, SVG_SIZE.width(), SVG_SIZE.height()))
        generator.setResolution(self.logicalDpiX())  # pyqtgraph records its axes in it
        generator.setTitle("Loss")
        painter = QPainter()
        if not painter.begin(generator):
            raise OSError(f"{path}: the picture cannot be written")
        self._paint_export(painter, SVG_SIZE)
        painter.end()
        text = Path(path).read_text(encoding="utf-8")
        fonts = f'font-family="{SANS},Inter,sans-serif"'  # elsewhere the shipped font is not there
        Path(path).write_text(_FONT_FAMILY.sub(fonts, text), encoding="utf-8")

    def _paint_export(self, painter: QPainter, size: QSize) -> None:
        """A curve of its own is laid out in the wanted size; the one on screen stays as it is."""
        scale = max(1.0, size.width() / SVG_SIZE.width())
        head = QRectF(0, 0, size.width(), 26 * scale)
        curve = self._made_curve()
        curve.show_look(self._theme, scale)
        curve.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        curve.resize(size.width(), size.height() - round(head.height()))
        curve.show()  # lays it out
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        painter.fillRect(QRectF(QPointF(0, 0), QSizeF(size)), QColor(self._theme.window))
        painter.setFont(ui_font(TEXT_PIXELS * scale))
        painter.setPen(QColor(self._theme.muted))
        inner = head.adjusted(14 * scale, 6 * scale, -26 * scale, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft, self._name)
        if self._tests is not None:
            painter.setPen(QColor(self._theme.update))
            painter.drawText(inner, Qt.AlignmentFlag.AlignRight, TEST_LEGEND)
        curve.render(painter, QRectF(0, round(head.height()), curve.width(), curve.height()))
        curve.hide()
        curve.deleteLater()

    # --- inside ----------------------------------------------------------------------------------

    def _set_looks(self) -> None:
        theme, scale = self._theme, self._scale
        font = ui_font(TEXT_PIXELS * scale)
        for widget in (self._readout, self._log_box):
            set_look(widget, font, theme.muted)
        set_look(self._legend, font, theme.update)
        side = round(16 * scale)
        self._export.setIcon(icon("export", theme.muted))
        self._export.setIconSize(QSize(side, side))
        self._show_readout(-1)
        if self._curve is not None:
            self._curve.show_look(theme, scale)
        self.update()

    def _show_readout(self, place: int) -> None:
        """The point under the pointer in words; the name of the loss when there is none."""
        if 0 <= place < len(self._iterations):
            words = f"{self._iteration(place)} · {self._name} {self._loss(place)}"
        else:
            words = self._name
        self._readout.setText(words)

    def _summary(self) -> str:
        """What a screen reader says about the curve."""
        if not len(self._iterations):
            return "No losses yet."
        ends = self._numbers.listed(f"{self._loss(place)} at {self._iteration(place)}" for place in (0, -1))
        return f"{self._name} {ends}."

    def _iteration(self, place: int) -> str:
        return f"iteration {self._numbers.count(round(self._iterations[place]))}"

    def _loss(self, place: int) -> str:
        return self._numbers.localised(f"{self._losses[place]:.4g}")

    def _request_png(self) -> None:
        self.export_requested.emit("png")

    def _request_svg(self) -> None:
        self.export_requested.emit("svg")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        painter.end()
