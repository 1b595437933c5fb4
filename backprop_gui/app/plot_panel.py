"""What every plot in a tab of its own has in common: export, and going to an iteration that is clicked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from backprop_gui.app.panel import Panel
from backprop_gui.experiment.reading import write_whole
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.plot_parts import Plot

PICTURES = (".png", ".svg")


class PlotPanel(Panel):
    """A tab among the plots; a kind of plot says how it is made (`make_plot`) and shown (`show_moment`).

    A plot over iterations has a signal `iteration_requested(int)`: a click or drag leads there.
    """

    place: ClassVar = "plots"
    what: ClassVar[str]  # in the names of files and in what is said of them: "accuracy"
    turn: ClassVar = 3  # of the frames of training: another than the loss curve and the tables have

    def make_plot(self) -> Plot:
        """The plot itself."""
        raise NotImplementedError

    def make(self) -> QWidget:
        """The plot, connected."""
        plot = self.make_plot()
        plot.export_requested.connect(self._export)
        if hasattr(plot, "iteration_requested"):
            self._scrubbing = Scrubbing(self.session, self)
            plot.iteration_requested.connect(self._scrubbing.go)
        return plot

    def is_due(self) -> bool:
        """Whether it is to be shown now: while training runs, not in every frame."""
        running = self.session.running
        return not running.is_training or running.is_turn(self.turn)

    @property
    def plot(self) -> Plot:
        """The plot, made when it is first asked for."""
        plot = self.widget
        assert isinstance(plot, Plot)
        return plot

    def _export(self, kind: str) -> None:
        export_plot(self.window, self.what, kind, self.plot)


class Scrubbing(QObject):
    """Goes where a click or a drag on a plot leads. Of a drag that is faster than the paint the latest wins.

    The position within the iteration stays: who looks at gradients sees those of each iteration.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: int | None = None
        self._painted = QTimer(self)  # without an interval: once events and paints are through
        self._painted.setSingleShot(True)
        self._painted.timeout.connect(self._go_on)

    def go(self, iteration: int) -> None:
        """Go to an iteration that is done: now or, while the last move is still painted, after that."""
        if self._painted.isActive():
            self._waiting = iteration
            return
        self._painted.start()
        position = 0 if self._session.running.is_busy else self._session.position
        go_to(self._session, iteration, position)

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.go(waiting)


def export_plot(window: MainWindow, what: str, kind: str, plot: Plot) -> None:
    """Ask for a place and write a plot there as "png", "svg" or "csv"."""
    writer = _Writer(plot)
    window.controller.files.export_drawing(what, kind, writer)  # type: ignore[attr-defined]


def go_to(session: Session, iteration: int, position: int = 0) -> None:
    """Show an iteration that is done, far ones in slices."""
    session.running.pause()
    session.travelling.go(iteration, position)


@dataclass(frozen=True)
class _Writer:
    """Writes a plot; what goes wrong leaves the old file."""

    plot: Plot

    def __call__(self, path: Path) -> None:
        if path.suffix.lower() in PICTURES:
            self.plot.export_picture(path)
        else:
            write_whole(path, self.plot.csv().encode("utf-8"))
