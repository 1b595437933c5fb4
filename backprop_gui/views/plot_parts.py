"""What all plots have in common: a head with readout and tools, and export as PNG, SVG and CSV."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from backprop_gui.views.fonts import ui_font
from backprop_gui.views.icons import icon
from backprop_gui.views.labels import set_look
from backprop_gui.views.plot_files import drawing_scale, write_png, write_svg
from backprop_gui.views.theme import LIGHT, Theme

TEXT_PIXELS = 12.0
PICTURE_SIZE = QSize(1200, 700)  # of a PNG
HEAD_PIXELS = 26.0  # room above an exported plot for its readout
KINDS = ("png", "svg", "csv")


class Readout(QLabel):
    """One line of words that ends in … where there is no room for all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        """It may be cut rather than push the tools aside."""
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """It takes what the tools leave."""
        return QSize(0, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self.text() if text != self.text() else "")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


class Plot(QWidget):
    """A plot with its head: what is read out at the left, the tools and the export at the right.

    A plot of its own kind puts its drawing into `body`, its switches beside the export by `add_tool`, and
    says how it is painted into a file (`paint_export`) and what its numbers are (`csv`).
    """

    export_requested = Signal(str)  # "png", "svg" or "csv"

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        """`title` names it for screen readers and in files: "Accuracy"."""
        super().__init__(parent)
        self._title = title
        self.setAccessibleName(f"{title} plot")
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._tools: list[QWidget] = []
        self._readout = Readout(self)
        self._export = self._export_button()
        self._head = QHBoxLayout()
        self._head.addWidget(self._readout, 1)
        self._head.addWidget(self._export)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addLayout(self.body, 1)
        Plot.show_look(self)

    # --- for the kinds of plots -------------------------------------------------------------------

    def paint_export(self, painter: QPainter, area: QRect, scale: float) -> None:
        """Paint the plot, without its head, into `area` with text at `scale` times its plain size."""
        raise NotImplementedError

    def csv(self) -> str:
        """The numbers as they are plotted: one header, a row each, all digits."""
        raise NotImplementedError

    def show_look(self) -> None:
        """Colours or text size have changed; to be called by those who override it."""
        theme, scale = self._theme, self._scale
        font = ui_font(TEXT_PIXELS * scale)
        for widget in (self._readout, *self._tools):
            set_look(widget, font, theme.muted)
        side = round(16 * scale)
        self._export.setIcon(icon("export", theme.muted))
        self._export.setIconSize(QSize(side, side))
        self._head.setContentsMargins(round(14 * scale), 4, round(8 * scale), 0)
        self._head.setSpacing(round(8 * scale))
        self.update()

    def add_tool(self, widget: QWidget) -> None:
        """Put a switch or a choice before the export."""
        self._tools.append(widget)
        self._head.insertWidget(self._head.count() - 1, widget)
        set_look(widget, ui_font(TEXT_PIXELS * self._scale), self._theme.muted)

    def add_switch(self, text: str, name: str) -> QCheckBox:
        """A switch with a short text; `name` is its accessible name."""
        box = QCheckBox(text, self)
        box.setAccessibleName(name)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_tool(box)
        return box

    def read_out(self, words: str) -> None:
        """Say this at the left of the head."""
        if words != self._readout.text():
            self._readout.setText(words)
            self._readout.setToolTip(words)

    # --- being told -------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.show_look()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self.show_look()

    def minimumSizeHint(self) -> QSize:
        """The head may be cut at huge text rather than push the tables aside."""
        return QSize(round(120 * self._scale), 80)

    # --- export -----------------------------------------------------------------------------------

    def export_picture(self, path: Path) -> None:
        """Write a picture or a drawing, as the name's ending says. Raises OSError."""
        if path.suffix.lower() == ".svg":
            self.export_svg(path)
        else:
            self.export_png(path, PICTURE_SIZE)

    def export_png(self, path: str | Path, size: QSize) -> None:
        """Write the plot as a picture of this many pixels, in the colours of the theme. Raises OSError."""
        write_png(path, size, self._paint_whole)

    def export_svg(self, path: str | Path) -> None:
        """Write the plot as SVG, in the colours of the theme. Raises OSError."""
        write_svg(path, self._title, self.logicalDpiX(), self._paint_whole)

    def headline(self) -> str:
        """What stands above an exported plot."""
        return self._readout.text()

    def _paint_whole(self, painter: QPainter, size: QSize) -> None:
        """The ground, the headline, and below it the plot."""
        scale = drawing_scale(size)
        painter.fillRect(QRect(0, 0, size.width(), size.height()), QColor(self._theme.window))
        font = ui_font(TEXT_PIXELS * scale)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.muted))
        room = QRectF(14 * scale, 6 * scale, size.width() - 40 * scale, HEAD_PIXELS * scale)
        words = QFontMetricsF(font).elidedText(self.headline(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, words)
        top = round(HEAD_PIXELS * scale)
        self.paint_export(painter, QRect(0, top, size.width(), size.height() - top), scale)

    # --- inside -----------------------------------------------------------------------------------

    def _export_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("exportPlot")
        button.setProperty("quiet", True)
        button.setAccessibleName(f"Export the {self._title.lower()} plot")
        button.setToolTip("Export the plot")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        slots = (self._request_png, self._request_svg, self._request_csv)
        for kind, slot in zip(KINDS, slots, strict=True):
            menu.addAction(f"{kind.upper()}…").triggered.connect(slot)
        button.setMenu(menu)
        return button

    def _request_png(self) -> None:
        self.export_requested.emit("png")

    def _request_svg(self) -> None:
        self.export_requested.emit("svg")

    def _request_csv(self) -> None:
        self.export_requested.emit("csv")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        painter.end()
