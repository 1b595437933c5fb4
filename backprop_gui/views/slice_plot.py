"""The slice plot: which parameter, against which other, the drawing, and a sentence on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.views.fonts import ui_font
from backprop_gui.views.icons import icon
from backprop_gui.views.labels import set_look
from backprop_gui.views.plot_files import drawing_scale, write_png, write_svg
from backprop_gui.views.side_page import rich_text
from backprop_gui.views.slice_canvas import ZOOM, Picture, SliceCanvas
from backprop_gui.views.slice_painter import paint_picture
from backprop_gui.views.theme import LIGHT, Theme

TEXT_PIXELS = 12.0
LEAST_DRAWING = 92  # pixels of height; below, the sentence gives way
Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()


class NamesModel(QAbstractListModel):
    """The names of the parameters, each made when it is looked at; perhaps a row before them."""

    def __init__(self, none: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._none = none
        self._names: Sequence[str] = ()

    def show_names(self, names: Sequence[str]) -> None:
        """Offer these."""
        self.beginResetModel()
        self._names = names
        self.endResetModel()

    def rowCount(self, parent: Index = _TOP) -> int:
        return 0 if parent.isValid() else len(self._names) + bool(self._none)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) or not index.isValid():
            return None
        row = index.row() - bool(self._none)
        return self._none if row < 0 else self._names[row]


class ParameterBox(QComboBox):
    """A list of parameters to choose from, however many there are."""

    def __init__(self, none: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names = NamesModel(none, self)
        self.setModel(self.names)
        view = QListView(self)
        view.setUniformItemSizes(True)
        self.setView(view)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(2)
        self.setMaxVisibleItems(12)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what is behind."""
        event.ignore()


class SlicePlot(QWidget):
    """Shows a `SlicePicture` or a `PlanePicture`; asks for another parameter, stretch or file."""

    parameter_requested = Signal(int)  # its rank among the parameters
    against_requested = Signal(int)  # likewise; −1: none
    zoom_requested = Signal(float)
    export_requested = Signal(str)  # "png", "svg" or "csv"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Slice through the loss")
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._picture: Picture | None = None
        self.parameter, self.against = ParameterBox(), ParameterBox("none")
        self._versus = QLabel("against")
        self._in, self._out, self._fit, self._export = (QToolButton() for _ in range(4))
        self.canvas = SliceCanvas()
        self._sentence = QLabel()
        self._set_up()
        self._set_looks()

    def _set_up(self) -> None:
        self.setFocusProxy(self.canvas)
        self.parameter.setAccessibleName("Parameter that varies")
        self.parameter.setToolTip("The parameter that varies, all others held")
        self.against.setAccessibleName("Against a second parameter")
        self.against.setToolTip("A second parameter: lines of equal loss, and the way training took")
        self.parameter.activated.connect(self.parameter_requested)
        self.against.activated.connect(self._request_against)
        self.canvas.zoom_requested.connect(self.zoom_requested)
        for button, name, tip, slot in (
            (self._in, "Zoom in", "Closer (+)", self._zoom_in),
            (self._out, "Zoom out", "Farther (−)", self._zoom_out),
            (self._fit, "Whole curve", "What fits (0)", self._zoom_fit),
        ):
            button.setAccessibleName(name)
            button.setToolTip(tip)
            button.clicked.connect(slot)
        self._export.setAccessibleName("Export the slice")
        self._export.setToolTip("Export the plot")
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._export)
        menu.addAction("PNG…").triggered.connect(self._request_png)
        menu.addAction("SVG…").triggered.connect(self._request_svg)
        menu.addAction("CSV…").triggered.connect(self._request_csv)
        self._export.setMenu(menu)
        self._head = QHBoxLayout()
        for widget in (self.parameter, self._versus, self.against):
            self._head.addWidget(widget)
        self._head.addStretch(1)
        for button in (self._out, self._in, self._fit, self._export):
            button.setProperty("quiet", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._head.addWidget(button)
        self._sentence.setTextFormat(Qt.TextFormat.RichText)
        self._sentence.setWordWrap(True)
        self._sentence.setMinimumWidth(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addWidget(self.canvas, 1)
        column.addWidget(self._sentence)

    # --- being told ------------------------------------------------------------------------------

    def show_names(self, names: Sequence[str], current: int, against: int) -> None:
        """Offer the parameters by rank; `against` is −1 for none."""
        for box in (self.parameter, self.against):
            if box.names._names is not names:
                box.names.show_names(names)
        self.parameter.setCurrentIndex(current)
        self.against.setCurrentIndex(against + 1)

    def show_picture(self, picture: Picture | None) -> None:
        """Show this slice or plane, and say what it says."""
        self._picture = picture
        self.canvas.show_picture(picture)
        sentence = picture.sentence if picture is not None else ""
        self._sentence.setText(rich_text(sentence))
        self.canvas.setAccessibleDescription(picture.summary if picture is not None else "")
        self.setAccessibleDescription(self.canvas.accessibleDescription())
        self._fit_sentence()

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._set_looks()

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        self._set_looks()

    # --- export ----------------------------------------------------------------------------------

    def export_png(self, path: str | Path, size: QSize) -> None:
        """Write the plot as a picture of this many pixels, in the colours of the theme."""
        write_png(path, size, self._paint_export)

    def export_svg(self, path: str | Path) -> None:
        """Write the plot as SVG, in the colours of the theme."""
        write_svg(path, "Slice through the loss", self.logicalDpiX(), self._paint_export)

    def _paint_export(self, painter: QPainter, size: QSize) -> None:
        scale = drawing_scale(size)
        painter.fillRect(QRect(0, 0, size.width(), size.height()), QColor(self._theme.window))
        if self._picture is not None:
            area = QRectF(0, 0, size.width(), size.height()).adjusted(12 * scale, 8 * scale, 0, -6 * scale)
            paint_picture(painter, area, self._picture, self._theme, scale)

    # --- inside ----------------------------------------------------------------------------------

    def _set_looks(self) -> None:
        theme, scale = self._theme, self._scale
        font = ui_font(TEXT_PIXELS * scale)
        set_look(self._versus, font, theme.muted)
        set_look(self._sentence, font, theme.text)
        icons = ((self._in, "zoom-in"), (self._out, "zoom-out"), (self._fit, "fit"), (self._export, "export"))
        for button, name in icons:
            button.setIcon(icon(name, theme.muted))
            button.setIconSize(QSize(round(16 * scale), round(16 * scale)))
        self._head.setContentsMargins(round(14 * scale), 4, round(8 * scale), 2)
        self._head.setSpacing(round(5 * scale))
        self._sentence.setContentsMargins(round(14 * scale), 5, round(10 * scale), round(6 * scale))
        self.canvas.show_look(theme, scale)
        self._fit_sentence()
        self.update()

    def _fit_sentence(self) -> None:
        """Where there is little height the drawing has it, and the sentence is a tip on it."""
        height = self._sentence.heightForWidth(max(1, self.width()))
        room = self.height() - self._head.sizeHint().height() - height
        fits = room >= LEAST_DRAWING * min(self._scale, 1.5)
        self._sentence.setVisible(fits and bool(self._sentence.text()))
        self.canvas.setToolTip("" if fits else self._sentence.text())
        buttons = (self._out, self._in, self._fit)
        fixed = (self.parameter, self._versus, self.against, *buttons, self._export)
        wanted = sum(each.sizeHint().width() + self._head.spacing() for each in fixed)
        narrow = self.width() < wanted + round(22 * self._scale)
        for button in buttons:
            button.setVisible(not narrow)

    def minimumSizeHint(self) -> QSize:
        """The head may be cut at huge text rather than push the tables aside."""
        return QSize(round(120 * self._scale), 80)

    def _request_against(self, row: int) -> None:
        self.against_requested.emit(row - 1)

    def _zoom_in(self) -> None:
        self.zoom_requested.emit(1 / ZOOM**2)

    def _zoom_out(self) -> None:
        self.zoom_requested.emit(ZOOM**2)

    def _zoom_fit(self) -> None:
        self.zoom_requested.emit(0.0)

    def _request_png(self) -> None:
        self.export_requested.emit("png")

    def _request_svg(self) -> None:
        self.export_requested.emit("svg")

    def _request_csv(self) -> None:
        self.export_requested.emit("csv")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_sentence()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        painter.end()
