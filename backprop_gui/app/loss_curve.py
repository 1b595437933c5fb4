"""The plot of the loss, kept in step with the session while it is looked at; hidden it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.app.plot_panel import Scrubbing, export_plot
from backprop_gui.app.sampling import Sampling
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.steps.run_samples import Quality, RunSamples
    from backprop_gui.views.loss_plot import Points

MANY_LOSSES = 20_000  # from here on the live curve is drawn at a slower pace
PLOT_TURN = 3  # the tables have others


class LossCurve(QObject):
    """Lives as long as its window. The losses of the run, those of the rows kept aside, and where one is."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window, self._plot = session, window, window.loss_plot
        self._tests: RunSamples[Quality] | None = None  # once test losses are looked at
        self._sampling = Sampling(session, self._plot.isVisible, self)
        self._sampling.found.connect(self._show_tests)
        plot = self._plot
        self._scrubbing = Scrubbing(session, self)
        plot.iteration_requested.connect(self._scrubbing.go)
        plot.smoothing_requested.connect(plot.set_smoothing)
        plot.log_requested.connect(plot.set_log)
        plot.export_requested.connect(self._export)
        plot.shown.connect(self._show_all)
        session.opened.connect(self._take_experiment)
        session.changed.connect(self._show_all)
        session.trained.connect(self._show_growth)
        session.moved.connect(self._show_here)
        session.running.frame_painted.connect(self._show_live)
        session.running.training_changed.connect(self._training_changed)

    def _show_all(self) -> None:
        """The curve up to the newest iteration, whose loss is known before its update."""
        plot, session = self._plot, self._session
        plot.set_loss_name(session.experiment.notation.loss)
        if not plot.isVisible():
            return
        newest = session.timeline.newest
        stepper = session.timeline.segment_of(newest).stepper
        last = stepper.loss_of(session.timeline.record(newest))
        self._look()
        plot.show_losses(*session.timeline.losses(last), self._test_losses())
        plot.show_here(session.iteration)

    def _show_growth(self) -> None:
        if not self._session.running.is_training:
            self._show_all()

    def _show_here(self) -> None:
        if self._plot.isVisible() and not self._session.running.is_training:
            self._plot.show_here(self._session.iteration)

    def _show_live(self) -> None:
        """While training the curve grows; a long one not in every frame."""
        session = self._session
        if session.timeline.newest <= MANY_LOSSES or session.running.is_turn(PLOT_TURN):
            self._show_all()

    def _training_changed(self, training: bool) -> None:
        self._plot.show_live(training)
        if not training:
            self._show_all()

    # --- the rows kept aside ----------------------------------------------------------------------

    def _take_experiment(self) -> None:
        self._tests = None
        self._show_all()

    def _look(self) -> None:
        """From now on the test losses of this run are measured, where rows are kept aside."""
        if not self._session.model.test_leaves:
            self._tests = None
        elif self._tests is None:
            from backprop_gui.steps.run_samples import evaluations

            self._tests = evaluations()
        self._sampling.look(self._tests)

    def _test_losses(self) -> Points | None:
        if self._tests is None:
            return None
        from backprop_gui.present.run_lines import as_arrays

        return as_arrays((at, loss) for at, (loss, _) in self._tests.samples() if loss is not None)

    def _show_tests(self) -> None:
        tests = self._test_losses()
        if tests is not None and self._plot.isVisible():
            self._plot.show_tests(tests)

    def _export(self, kind: str) -> None:
        export_plot(self._window, "loss", kind, self._plot)
