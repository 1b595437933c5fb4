"""Plots of one moment: rough while things move, fine at rest, at no cost while hidden."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, TypeVar

from PySide6.QtCore import QTimer

from backprop_gui.app.plot_panel import PlotPanel
from backprop_gui.engine.operation import Array
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once a tab is looked at, not for the first picture
    from backprop_gui.views.sliced import SlicedWork

Found = TypeVar("Found")

TRAINING_SECONDS = 0.15  # between two pictures while training runs
PIECE_SECONDS = 0.002  # of work at once while things move
REST_MILLISECONDS = 120  # without a move, after which the fine picture is made


class MomentPlot(PlotPanel):
    """A plot of the parameters at one moment. Its kind says how it is measured and shown.

    `measure(parameters, moving)` works in short pieces and yields between them; at its end it calls
    `show_measured`. While training it is called a few times a second, at rest once for each iteration.
    """

    rough_first: ClassVar[bool] = True  # at rest, a rough picture at once and the fine one a little later

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._work: SlicedWork | None = None
        self._shown_for: tuple[object, ...] = ()  # the moment on the plot, and whether it is rough
        self._under_way: tuple[object, ...] = ()
        self._next = 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MILLISECONDS)
        self._rest.timeout.connect(self._refine)
        session.opened.connect(self._offer_it)
        session.changed.connect(self._offer_it)
        session.running.training_changed.connect(self._training_changed)
        window.closing.connect(self.stop)
        self._offer_it()

    # --- for the kinds of plots -------------------------------------------------------------------

    def is_there(self) -> bool:
        """Whether the experiment has what is plotted."""
        raise NotImplementedError

    def measure(self, parameters: Array, iteration: int, moving: bool) -> Iterator[object]:
        """Work in pieces, then show."""
        raise NotImplementedError

    def show_again(self) -> None:
        """The measured numbers are still right: show where one is, and their look."""
        raise NotImplementedError

    def settings(self) -> tuple[object, ...]:
        """What else the picture depends on: another choice measures anew."""
        return ()

    # --- in step with the session -------------------------------------------------------------------

    def show_moment(self) -> None:
        """The picture of this iteration: known already, or begun to be measured."""
        from backprop_gui.views.sliced import SlicedWork

        session, now = self.session, perf_counter()
        if not self.is_there():
            return  # the tab is about to go
        if self._work is None:
            self._work = SlicedWork(self, PIECE_SECONDS)
        if session.running.is_training:
            if not self._work.busy and now >= self._next:
                self._next = now + TRAINING_SECONDS
                self._begin(moving=True)
            return
        key = self._key()
        if self._shown_for[:-1] == key:
            self.show_again()
            if self._shown_for[-1]:
                self._rest.start()
        elif self.rough_first:
            self._begin(moving=True)
            self._rest.start()
        elif self._under_way[:-1] != key:
            self._begin(moving=False)

    def redo(self) -> None:
        """Something of the picture was chosen anew."""
        self._shown_for = ()
        if self.is_shown():
            self.show_moment()

    def stop(self) -> None:
        """Drop what is under way."""
        self._rest.stop()
        self._under_way = ()
        if self._work is not None:
            self._work.stop()

    @property
    def settled(self) -> bool:
        """Whether the fine picture of this moment is shown."""
        return self._shown_for == (*self._key(), False)

    def _key(self) -> tuple[object, ...]:
        session = self.session
        return (session.model, session.iteration, session.timeline, session.format, *self.settings())

    def _begin(self, moving: bool) -> None:
        session = self.session
        if session.running.is_training:
            parameters = session.timeline.state(session.iteration).parameters
        else:
            parameters = session.timeline.record(session.iteration).before.parameters
        assert self._work is not None
        self._under_way = (*self._key(), moving)
        steps = self._while_right(self.measure(parameters, session.iteration, moving))
        # What is about to be painted, a step perhaps, comes first.
        self._work.start(steps, self._done, at_once=False)

    def _while_right(self, steps: Iterator[object]) -> Iterator[object]:
        """The steps, as long as they are about the experiment on screen, and looked at."""
        session = self.session
        model, timeline = session.model, session.timeline
        while self.is_shown() and session.model is model and session.timeline is timeline:
            try:
                yield next(steps)
            except StopIteration:
                return
        self._under_way = ()

    def _done(self) -> None:
        if self._under_way:
            self._shown_for, self._under_way = self._under_way, ()

    def _refine(self) -> None:
        """Things rest: the fine picture."""
        if self.is_shown() and not self.session.running.is_training and not self.settled:
            self._begin(moving=False)

    def _training_changed(self, training: bool) -> None:
        self._next = 0.0
        if not training and self.is_shown():
            self.show_moment()

    def _offer_it(self) -> None:
        there = self.is_there()
        if not there:
            self.stop()
        self.offer(there)


def sample_in_batch(session: Session) -> int:
    """The data row of the sample on screen, from 0."""
    frame = session.scene().frame
    return int(frame.record.rows[frame.shown_sample])


def go_to_row(session: Session, window: MainWindow, row: int) -> None:
    """Show where a training row goes through the network: in this iteration, or the one of its epoch.

    Where its iteration is not calculated yet, a sentence says so.
    """
    session.running.halt()
    batches, iteration = session.model.batches, session.iteration
    rows = batches.rows_of(iteration)
    if row not in rows:
        iteration = iteration_of_row(session, row)
        if iteration > session.timeline.newest:
            words = f"Row {session.format.count(row + 1)} is in the batch of iteration "
            window.show_message(f"{words}{session.format.count(iteration)}, which is not calculated yet")
            return
        session.seek(iteration)
        rows = session.model.batches.rows_of(iteration)
    sample = int((rows == row).nonzero()[0][0])
    first = session.model.graph.operations[0]
    shape = session.model.graph.nodes[first].shape
    position = session.plan.step_of(Quantity(first, (0,) * len(shape), "value", sample))
    session.seek(iteration, position or 0)


def iteration_of_row(session: Session, row: int) -> int:
    """The iteration of the epoch on screen whose batch has a data row."""
    batches = session.model.batches
    epoch = batches.epoch_of(session.iteration)
    place = int((batches.order_of(epoch) == row).nonzero()[0][0]) if batches.shuffle else row
    return epoch * batches.per_epoch + place // batches.batch_size
