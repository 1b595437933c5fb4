"""The tab of the confusion matrix: which classes are taken for which, at the iteration on screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from backprop_gui.app.moment_plot import MomentPlot, go_to_row
from backprop_gui.engine.operation import Array
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.plot_parts import Plot

if TYPE_CHECKING:  # needed once the tab is looked at, not for the first picture
    from backprop_gui.steps.confusion import Confusion
    from backprop_gui.views.confusion_plot import ConfusionPlot

VALUES_AT_ONCE = 50_000  # of all nodes in one piece of work: about a millisecond


class ConfusionPanel(MomentPlot):
    """Lives as long as its window; a tab where targets are classes."""

    name: ClassVar = "confusionMatrix"
    title: ClassVar = "Confusion"
    tip: ClassVar = "Which classes are taken for which"
    what: ClassVar = "confusion"
    rough_first: ClassVar[bool] = False

    def __init__(self, session: Session, window: MainWindow) -> None:
        self._test = False
        self._found: tuple[Confusion, int] | None = None
        super().__init__(session, window)

    def is_there(self) -> bool:
        from backprop_gui.steps.plottable import has_confusion

        return has_confusion(self.session.model)

    def make_plot(self) -> Plot:
        """The plot, connected."""
        from backprop_gui.views.confusion_plot import ConfusionPlot

        plot = ConfusionPlot()
        plot.rows_requested.connect(self._choose_rows)
        plot.percent_requested.connect(plot.show_percent)
        plot.cell_chosen.connect(self._show_rows)
        plot.activated.connect(self._go_to_first)
        return plot

    def settings(self) -> tuple[object, ...]:
        return (self._counts_test,)

    @property
    def _counts_test(self) -> bool:
        return self._test and bool(self.session.model.test_leaves)

    @property
    def _leaves(self) -> Mapping[int, Array]:
        model = self.session.model
        return model.test_leaves if self._counts_test else model.leaves

    def measure(self, parameters: Array, iteration: int, moving: bool) -> Iterator[object]:
        """All rows, some at a time."""
        from backprop_gui.steps.confusion import count_classes

        found = None
        for part in count_classes(self.session.model, parameters, self._leaves, VALUES_AT_ONCE):
            found = part
            yield None
        assert found is not None
        self._found = found, iteration
        self._show()

    def show_again(self) -> None:
        """Nothing of it changes within an iteration."""

    def _show(self) -> None:
        from backprop_gui.present.confusion import ConfusionPicture

        assert self._found is not None
        matrix, iteration = self._found
        self._plot.show_kinds(self._counts_test, bool(self.session.model.test_leaves))
        self._plot.show_picture(ConfusionPicture(matrix, iteration, self._counts_test, self.session.format))
        if self._plot.chosen >= 0 and not self.session.running.is_training:
            self._show_rows(self._plot.chosen)

    @property
    def _plot(self) -> ConfusionPlot:
        return cast("ConfusionPlot", self.plot)

    def _choose_rows(self, test: bool) -> None:
        self._test = test
        self.redo()

    def _rows_of(self, cell: int) -> list[int]:
        """The rows, from 0, that a cell of the matrix on screen counts."""
        from backprop_gui.steps.confusion import rows_in

        if self._found is None:
            return []
        matrix, iteration = self._found
        parameters = self.session.timeline.state(iteration).parameters
        place = divmod(cell, len(matrix.names))
        return [int(row) for row in rows_in(self.session.model, parameters, self._leaves, place)]

    def _show_rows(self, cell: int) -> None:
        """Name the rows of a cell; not while they change with every frame."""
        picture = self._plot.picture
        if picture is not None and not self.session.running.is_training:
            self._plot.show_rows(picture.rows_words(self._rows_of(cell)))

    def _go_to_first(self, cell: int) -> None:
        """To the first training row of a cell; test rows never go through a training step."""
        self.session.running.halt()
        rows = self._rows_of(cell)
        if self._counts_test:
            self.window.show_message("Test rows are only counted: no iteration learns from them")
        elif rows:
            go_to_row(self.session, self.window, rows[0])
