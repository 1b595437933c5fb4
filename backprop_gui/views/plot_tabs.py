"""The plots below the canvas: in tabs, one at a time, or all together in a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QTabWidget, QWidget

from backprop_gui.views.loss_plot import LossPlot

if TYPE_CHECKING:
    from backprop_gui.views.plot_grid import PlotGrid


class Page:
    """A plot and what stands on its tab."""

    def __init__(self, widget: QWidget, title: str, tip: str = "") -> None:
        self.widget, self.title, self.tip = widget, title, tip


class PlotTabs(QTabWidget):
    """The loss curve; further plots become further tabs.

    Together all plots stand in a grid. What asks for tabs need not know: numbers and pages stay.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setAccessibleName("Plots")
        self._grid: PlotGrid | None = None  # while they are together
        self._front: QWidget | None = None  # the tab that was in front before
        self.loss_plot = LossPlot()
        self.loss_plot.setObjectName("lossPlot")
        self.addTab(self.loss_plot, "Loss")

    @property
    def together(self) -> bool:
        """Whether all plots are seen at once."""
        return self._grid is not None

    def show_together(self, grid: PlotGrid | None) -> None:
        """Show all plots in this grid, or with None one at a time again."""
        if self._grid is None and grid is not None:
            self._front = super().currentWidget()
            found = [(self.widget(n), self.tabText(n), self.tabToolTip(n)) for n in range(self.count())]
            pages = [Page(widget, *words) for widget, *words in found if widget is not None]
            self.clear()
            self.tabBar().hide()
            super().addTab(grid, "Plots")
            self._grid = grid
            grid.take(pages)
        elif self._grid is not None and grid is None:
            pages, front = self._grid.give(), self._front
            self._grid = None
            self.clear()
            self.tabBar().show()
            for page in pages:
                self.setTabToolTip(self.addTab(page.widget, page.title), page.tip)
            if front is not None and self.indexOf(front) >= 0:
                self.setCurrentWidget(front)

    def in_front(self) -> tuple[QWidget, ...]:
        """The plots that are seen: one, or all of them."""
        if self._grid is not None:
            return tuple(page.widget for page in self._grid.pages)
        return (super().currentWidget() or self.loss_plot,)

    # --- as tabs are asked --------------------------------------------------------------------------

    def count(self) -> int:
        """How many plots there are."""
        return super().count() if self._grid is None else len(self._grid.pages)

    def widget(self, index: int) -> QWidget | None:
        """The plot with this number."""
        return super().widget(index) if self._grid is None else self._grid.pages[index].widget

    def indexOf(self, widget: QWidget) -> int:
        """The number of a plot; -1 when it is not there."""
        if self._grid is None:
            return super().indexOf(widget)
        found = [place for place, page in enumerate(self._grid.pages) if page.widget is widget]
        return found[0] if found else -1

    def insertTab(self, index: int, widget: QWidget, title: str) -> int:  # type: ignore[override]
        """Put a plot before the one with this number; its number."""
        if self._grid is None:
            return super().insertTab(index, widget, title)
        pages = self._grid.pages
        self._grid.take([*pages[:index], Page(widget, title), *pages[index:]])
        return index

    def removeTab(self, index: int) -> None:
        """Take a plot away."""
        if self._grid is None:
            super().removeTab(index)
            return
        pages = self._grid.pages
        pages[index].widget.hide()
        pages[index].widget.setParent(self)  # as of a tab that is taken away
        self._grid.take([*pages[:index], *pages[index + 1 :]])

    def tabText(self, index: int) -> str:
        """What stands on the tab of a plot, or above it."""
        return super().tabText(index) if self._grid is None else self._grid.pages[index].title

    def setTabToolTip(self, index: int, tip: str) -> None:
        """What a plot shows, in a sentence."""
        if self._grid is None:
            super().setTabToolTip(index, tip)
        else:
            self._grid.pages[index].tip = tip

    def setCurrentWidget(self, widget: QWidget) -> None:
        """Bring a plot to the front, or into view."""
        if self._grid is None:
            super().setCurrentWidget(widget)
        else:
            self._front = widget
            self._grid.ensureWidgetVisible(widget)
