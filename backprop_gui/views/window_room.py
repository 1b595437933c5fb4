"""How the parts of the window share its room: canvas and panels above, plots and tables below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

LEAST_TOP, LEAST_BOTTOM = 120, 140  # pixels of height at the usual text size, beside each other


class WindowRoom:
    """Three splitters. The room is shared by proportion until somebody moves one of them."""

    def __init__(self, stage: QWidget, side: QWidget, plots: QWidget, tables: QWidget) -> None:
        self._above = _splitter(Qt.Orientation.Horizontal, stage, side)
        self._below = _splitter(Qt.Orientation.Horizontal, plots, tables)
        self.whole = _splitter(Qt.Orientation.Vertical, self._above, self._below)
        self._dragged = False  # somebody moved a splitter: their sizes hold from now on
        self._tables_first = False  # where there is room for one row only
        self._tables = tables
        self._beside: list[int] = []  # the widths of plots and tables, while there are no tables

    def follow(self, moved: Callable[[], object]) -> None:
        """Call `moved` when somebody moves a splitter."""
        for splitter in self._splitters:
            splitter.splitterMoved.connect(moved)

    def give_to_plots(self, all_of_it: bool) -> None:
        """Whether the plots have the room of the tables too, and more height."""
        self._beside = self._below.sizes() if all_of_it else []
        self._tables.setVisible(not all_of_it)

    @property
    def _splitters(self) -> tuple[QSplitter, ...]:
        return (self._above, self.whole, self._below)

    def keep_sizes(self) -> None:
        """From now on the sizes are somebody's own."""
        self._dragged = True

    def put_first(self, part: QWidget) -> None:
        """Where there is room for one row only, show the one with this part."""
        self._tables_first = self._below.isAncestorOf(part)

    def share(self, width: int, height: int, scale: float, projecting: bool) -> None:
        """Share `width` × `height` pixels at a text size of `scale`."""
        both = height >= (LEAST_TOP + LEAST_BOTTOM) * scale and not projecting
        tables_alone = self._tables_first and not both and not projecting
        self._below.setVisible(both or tables_alone)
        self._above.setVisible(not tables_alone)
        if self._dragged:
            return
        side = round(min(max(0.32 * width, 340 * scale), 420 * scale, 0.42 * width))
        most = height - LEAST_TOP * scale
        below = round(min(max(0.3 * height, 160 * scale), 260 * scale, most))
        if self._beside:
            below = round(min(0.5 * height, most))
        plots = round(0.305 * width)
        self._above.setSizes([width - side, side])
        self.whole.setSizes([height - below, below])
        self._below.setSizes([plots, width - plots])

    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Sizes to be remembered; none while nobody has chosen any."""
        if not self._dragged:
            return {}
        names = ("side_by_side", "top_and_bottom", "bottom")
        sizes = {name: tuple(s.sizes()) for name, s in zip(names, self._splitters, strict=True)}
        return {**sizes, "bottom": tuple(self._beside)} if self._beside else sizes

    def restore(self, kept: Sequence[Sequence[int]]) -> None:
        """Take the sizes of an earlier window: above, whole, below."""
        if all(len(sizes) == 2 for sizes in kept):
            self._dragged = True
            for splitter, sizes in zip(self._splitters, kept, strict=True):
                splitter.setSizes(list(sizes))


def _splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(1)
    for widget in widgets:
        splitter.addWidget(widget)
    splitter.setStretchFactor(0, 1)
    return splitter
