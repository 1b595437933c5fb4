"""The command that shows all plots together instead of one plot and the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.views.plot_grid import PlotGrid


class PlotsTogether(QObject):
    """Lives as long as its window."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._grid: PlotGrid | None = None
        window.commands["plotsTogether"].toggled.connect(self._show)

    def _show(self, on: bool) -> None:
        if on and self._grid is None:
            from backprop_gui.views.plot_grid import PlotGrid

            self._grid = PlotGrid(self._window)
            self._grid.hide()
            self._window.add_part(self._grid)
        self._window.plot_tabs.show_together(self._grid if on else None)
        self._window.give_to_plots(on)
