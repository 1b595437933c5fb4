"""The tab of accuracy: how many rows come into the right class, along the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from backprop_gui.app.plot_panel import PlotPanel
from backprop_gui.app.sampling import Sampling
from backprop_gui.session.session import Session
from backprop_gui.views.line_plot import LinePlot
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.experiment.build import Model
    from backprop_gui.steps.run_samples import Quality, RunSamples


class AccuracyPanel(PlotPanel):
    """Lives as long as its window; a tab where targets are classes."""

    name: ClassVar = "accuracyPlot"
    title: ClassVar = "Accuracy"
    tip: ClassVar = "How many rows the network puts into the right class"
    what: ClassVar = "accuracy"

    def __init__(self, session: Session, window: MainWindow) -> None:
        self._train: RunSamples[Quality] | None = None
        self._test: RunSamples[Quality] | None = None
        self._asked: Model | None = None  # whether its targets are classes is known
        super().__init__(session, window)
        self._sampling = Sampling(session, self.is_shown, self)
        self._sampling.found.connect(self._show_lines)
        session.opened.connect(self._forget)
        session.changed.connect(self._offer_classes)
        self._offer_classes()

    def make_plot(self) -> LinePlot:
        """The plot, with its curves: it is made when the window shows already."""
        plot = LinePlot("Accuracy")
        plot.prepare()
        return plot

    def show_moment(self) -> None:
        """Where one is, and what is known of the run."""
        if not self.is_due():
            return
        from backprop_gui.steps.run_samples import evaluations

        if self._train is None:
            self._train, self._test = evaluations(test=False), evaluations()
        training = self.session.running.is_training
        self._plot.show_live(training)
        self._sampling.look(self._test if self.session.model.test_leaves else None, self._train)
        if not training:
            self._show_lines()
        self._plot.show_here(self.session.iteration)

    def _show_lines(self) -> None:
        """The accuracies that are measured."""
        if self._train is None or self._test is None or not self.is_shown():
            return
        from backprop_gui.present.accuracy import accuracy_picture

        tested = bool(self.session.model.test_leaves)
        train, test = self._train.samples(), self._test.samples() if tested else None
        self._plot.show_lines(accuracy_picture(train, test, self.session.model, self.session.format))

    @property
    def _plot(self) -> LinePlot:
        return cast(LinePlot, self.plot)

    def _forget(self) -> None:
        self._train = self._test = None
        self._offer_classes()

    def _offer_classes(self) -> None:
        """Whether targets are classes; only data that were changed can make it otherwise."""
        model = self.session.model
        if self._asked is None or self._asked.leaves is not model.leaves:
            from backprop_gui.steps.evaluation import Evaluation

            self.offer(Evaluation(model).has_classes)
        self._asked = model
