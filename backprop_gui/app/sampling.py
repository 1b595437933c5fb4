"""Measuring along a run for the plots: a little in each frame of training, the rest when nothing trains."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

from PySide6.QtCore import QObject, QTimer, Signal

from backprop_gui.session.session import Session

if TYPE_CHECKING:
    from backprop_gui.steps.run_samples import RunSamples

TRAINING_SECONDS = 0.003  # of a frame
IDLE_SECONDS = 0.006  # leaves room for a step and its paint within a frame of 16 ms
SHOWN_SECONDS = 0.15  # between two pictures while measuring goes on


class Sampling(QObject):
    """Keeps the samples of a session's run up to date while they are looked at, and only then."""

    found = Signal()  # there is more to show
    _all: ClassVar[WeakSet[Sampling]] = WeakSet()

    def __init__(self, session: Session, is_seen: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._is_seen = session, is_seen
        self._all.add(self)
        self._samples: tuple[RunSamples[Any], ...] = ()
        self._shown_at = 0.0
        self._news = False
        self._timer = QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._work_idle)
        session.trained.connect(self._work_in_frame)
        session.running.training_changed.connect(self._training_changed)

    def look(self, *samples: RunSamples[Any] | None) -> None:
        """These samples are looked at; what they lack is measured from now on. None: no more."""
        self._samples = tuple(each for each in samples if each is not None)
        if not self._samples:
            self._timer.stop()
        elif not self._session.running.is_training:
            for each in self._samples:
                each.follow(self._session.timeline)
            if not self._is_complete():
                self._timer.start()

    def _is_complete(self) -> bool:
        return all(each.is_complete for each in self._samples)

    def _work_in_frame(self) -> None:
        """While training runs: a bounded piece of each frame."""
        if not self._samples or not self._session.running.is_training or not self._is_seen():
            return
        now = perf_counter()
        for each in self._samples:
            if now - self._shown_at > SHOWN_SECONDS:
                each.follow(self._session.timeline, newest=False)
            found = each.work(TRAINING_SECONDS / (len(self._samples) * self._seen()), training=True)
            self._news = found or self._news
        self._tell(now)

    def _seen(self) -> int:
        """How many plots share the frame."""
        others = [each for each in self._all if each._session is self._session and each._samples]
        return max(1, sum(1 for each in others if each._is_seen()))

    def _work_idle(self) -> None:
        if not self._samples or self._session.running.is_training or not self._is_seen():
            self._timer.stop()
            return
        missing = next((each for each in self._samples if not each.is_complete), None)
        if missing is not None:
            self._news = missing.work(IDLE_SECONDS) or self._news
        if self._is_complete():
            self._timer.stop()
            self._shown_at = 0.0
        self._tell(perf_counter())

    def _tell(self, now: float) -> None:
        if now - self._shown_at > SHOWN_SECONDS:
            self._shown_at = now
            if self._news:
                self._news = False
                self.found.emit()

    def _training_changed(self, training: bool) -> None:
        if not training and self._is_seen():
            self.look(*self._samples)
            self._news = True
            self.found.emit()
