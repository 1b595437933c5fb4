"""All plots together: beside each other, each under its title."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.plot_tabs import Page
from backprop_gui.views.theme import LIGHT, Theme

LEAST_WIDTH, LEAST_HEIGHT = 300, 170  # pixels of a plot beside others, at the usual text size
TITLE_PIXELS = 12.0


class PlotGrid(QScrollArea):
    """Plots beside each other, each under its title; as many in a row as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pages: list[Page] = []
        self._cells: list[_Cell] = []
        self._theme, self._scale = LIGHT, 1.0
        self._shape: tuple[int, ...] = ()  # how they stand
        self._ground = QWidget()
        self._ground.setAutoFillBackground(True)
        self._layout = QGridLayout(self._ground)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)  # a hairline
        self.setWidget(self._ground)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().installEventFilter(self)

    def take(self, pages: list[Page]) -> None:
        """Hold these plots, in this order."""
        known = {id(cell.page.widget): cell for cell in self._cells}
        kept = {id(page.widget) for page in pages}
        for cell in self._cells:
            if id(cell.page.widget) not in kept:
                cell.hide()
                cell.setParent(None)
                cell.deleteLater()
        self.pages = list(pages)
        self._cells = [known.get(id(page.widget)) or _Cell(page) for page in pages]
        self._dress()
        self._arrange()

    def give(self) -> list[Page]:
        """Let go of all plots."""
        pages = self.pages
        for page in pages:
            page.widget.hide()
            page.widget.setParent(self)  # until it stands elsewhere
        self.take([])
        return pages

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self._dress()

    def set_text_scale(self, scale: float) -> None:
        """Leave as much more room for each as its text needs."""
        self._scale = scale
        self._dress()
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Another width may have room for more in a row."""
        if event.type() == QEvent.Type.Resize:
            self._arrange()
        return False

    def _dress(self) -> None:
        palette = self._ground.palette()
        palette.setColor(self._ground.backgroundRole(), self._theme.border)
        self._ground.setPalette(palette)
        for cell in self._cells:
            cell.show_look(self._theme, self._scale)

    def _arrange(self) -> None:
        """Rows that are as full as each other; the last plot has what is left of its row."""
        count = len(self._cells)
        most = max(1, round(self.viewport().width() // (LEAST_WIDTH * self._scale)))
        rows = -(-count // most)
        columns = -(-count // rows) if rows else 0
        height = round(LEAST_HEIGHT * self._scale)
        shape = (rows, columns, height, *map(id, self._cells))
        if shape == self._shape:
            return
        self._shape = shape
        while self._layout.count():
            self._layout.takeAt(0)
        for place, cell in enumerate(self._cells):
            row, column = divmod(place, columns)
            width = columns - column if place == count - 1 else 1
            self._layout.addWidget(cell, row, column, 1, width)
            cell.show()
        for row in range(self._layout.rowCount()):
            self._layout.setRowMinimumHeight(row, height if row < rows else 0)
            self._layout.setRowStretch(row, int(row < rows))
        for column in range(self._layout.columnCount()):
            self._layout.setColumnStretch(column, int(column < columns))


class _Cell(QWidget):
    """A plot under its title."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.setAutoFillBackground(True)
        self._title = QLabel(page.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._title)
        column.addWidget(page.widget, 1)
        page.widget.show()

    def show_look(self, theme: Theme, scale: float) -> None:
        """Take colours and text size."""
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.window)
        self.setPalette(palette)
        set_look(self._title, ui_font(TITLE_PIXELS * scale, "semibold"), theme.text)
        self._title.setContentsMargins(round(14 * scale), round(6 * scale), 0, 0)
