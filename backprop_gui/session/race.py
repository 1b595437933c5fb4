"""A race under way: its lanes are branches that grow together, trained in one thread beside the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.sentences import counted
from backprop_gui.present.edit_names import RunWords
from backprop_gui.session.worker import Worker
from backprop_gui.steps.branch import Branch, are_comparable
from backprop_gui.steps.race import (
    FEWEST,
    MOST,
    Lane,
    Standing,
    common_end,
    common_loss,
    entrant_of,
    lane_changes,
    lane_start,
    race,
    standings,
)
from backprop_gui.steps.training import Chunk

if TYPE_CHECKING:
    from backprop_gui.session.session import Session

CHUNK_SECONDS = 0.004
FRAME_MILLISECONDS = 60  # between two looks at what has arrived
RACE_TO_FRAME = 3.0  # how much longer the race runs than it rests for a frame


class Race(QObject):
    """One race at a time. Whoever looks at other moments meanwhile does not disturb it."""

    started = Signal()
    grown = Signal()  # lanes have come further
    ended = Signal()  # all are there, or it was stopped; not when another experiment was opened

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.lanes: list[Branch] = []
        self.start_iteration = self.until = 0
        self.diverged: dict[int, int] = {}  # by lane: the iteration whose numbers are not finite
        self._worker: Worker[tuple[int, Chunk]] | None = None
        self._arrivals = QTimer(self)
        self._arrivals.setSingleShot(True)
        self._arrivals.timeout.connect(self._take_arrivals)
        session.opened.connect(self._forget)
        session.changed.connect(self._forget_other_network)

    @property
    def is_running(self) -> bool:
        """Whether lanes are still on their way."""
        return self._worker is not None

    def start(self, lanes: Sequence[Lane], iterations: int) -> None:
        """Send lanes off from the moment on screen, for so many iterations.

        Raises InvalidEdit for lanes that can't race, and then nothing has happened.
        """
        session = self._session
        if not FEWEST <= len(lanes) <= MOST:
            number = counted(len(lanes), "lane", "lanes")
            raise InvalidEdit(f"a race with {number} is none; {FEWEST} to {MOST} would be right")
        if len(set(lanes)) < len(lanes):
            raise InvalidEdit("two lanes are the same; another rate or optimizer for one would be right")
        if iterations < 1:
            raise InvalidEdit(f"a race over {iterations} iterations has no winner; 1 or more would be right")
        model, words = session.model, RunWords(session.model, session.naming, session.format)
        changes = [lane_changes(model, lane) for lane in lanes]
        self.stop()
        session.running.halt()
        here = session.iteration
        self.lanes = []
        for lane, change in zip(lanes, changes, strict=True):
            experiment, timeline = lane_start(session.experiment, session.timeline, here, change)
            name = words.lane(lane.kind, lane.rate)
            self.lanes.append(session.branches.branch(name, experiment, timeline))
            session.branches.add(self.lanes[-1:])
        self.start_iteration, self.until, self.diverged = here, here + iterations, {}
        entrants = [entrant_of(lane.timeline) for lane in self.lanes]
        until = self.until

        def run(stopped: Callable[[], bool]) -> Iterator[tuple[int, Chunk]]:
            return race(entrants, until, CHUNK_SECONDS, stopped)

        rests = not all(entrant.stepper.releases_lock for entrant in entrants)
        self._worker = Worker(run, "race", rests)
        self._arrivals.start(FRAME_MILLISECONDS)
        self.started.emit()

    def stop(self) -> None:
        """End the race where it is; each lane stays as far as it has come."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            self._take(worker.stop())
            self._end()

    def standings(self, threshold: float | None = None) -> list[Standing]:
        """The lanes, best first, as they stand now; see `steps.race.standings`."""
        timelines = [lane.timeline for lane in self.lanes]
        return standings(timelines, self.start_iteration, self.diverged, threshold)

    def common_loss(self) -> float:
        """The lowest loss that all lanes have reached which did not diverge."""
        return common_loss([lane.timeline for lane in self.lanes], self.start_iteration, self.diverged)

    def end(self) -> int:
        """The iteration that all lanes have come to which did not diverge."""
        return common_end([lane.timeline for lane in self.lanes], self.diverged)

    def _take_arrivals(self) -> None:
        worker = self._worker
        if worker is None:
            return
        began = perf_counter()
        worker.rest()
        done = worker.done
        self._take(worker.parts())
        if done:
            self._worker = None
            self._end()
            return
        self.grown.emit()
        worker.go_on()
        spent = 1000 * (perf_counter() - began)
        self._arrivals.start(round(max(FRAME_MILLISECONDS, RACE_TO_FRAME * spent)))

    def _take(self, parts: list[tuple[int, Chunk]]) -> None:
        for place, chunk in parts:
            self.lanes[place].timeline.take(chunk)
            if chunk.diverged:
                self.diverged[place] = chunk.last.iteration

    def _end(self) -> None:
        self._arrivals.stop()
        self.ended.emit()

    def _forget_other_network(self) -> None:
        """Lanes of a network that was rebuilt meanwhile have nothing to say of this one."""
        here = self._session.timeline
        if self.lanes and not are_comparable(self.lanes[0].timeline, here):
            self._forget()

    def _forget(self) -> None:
        """Another experiment: the lanes are none of its branches, what is under way is thrown away."""
        self._arrivals.stop()
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.stop()
            self.lanes = []
            self.ended.emit()
        self.lanes = []
