"""Going to an iteration that takes a while to compute again: in slices, with progress, until called off."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from backprop_gui.session.session import Session

AT_ONCE_SECONDS = 0.04  # a jump this short is made without a word
SLICE_SECONDS = 0.02


class Travelling(QObject):
    """One journey at a time. The moment on screen stays until the new one is at hand."""

    progressed = Signal(int, int)  # iterations that were computed again, and of how many
    ended = Signal()  # arrived, or called off

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._way: Iterator[int] | None = None
        self._to = (0, 0)
        self._whole = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        for happened in (session.moved, session.changed, session.opened):
            happened.connect(self.call_off)

    @property
    def is_under_way(self) -> bool:
        """Whether an iteration is being computed again."""
        return self._way is not None

    def go(self, iteration: int, position: int = 0) -> None:
        """Go to a moment of the iterations that are done; at once where that is quick."""
        session = self._session
        self.call_off()
        session.running.halt()
        iteration = min(max(iteration, 0), session.timeline.newest)
        self._to = iteration, position
        self._whole = session.timeline.distance(iteration)
        self._way = session.timeline.approach(iteration)
        self._walk(AT_ONCE_SECONDS)
        if self._way is not None:
            self._timer.start(0)

    def call_off(self) -> None:
        """Stay where one is."""
        if self._way is not None:
            self._way = None
            self._timer.stop()
            self.ended.emit()

    def _go_on(self) -> None:
        self._walk(SLICE_SECONDS)

    def _walk(self, seconds: float) -> None:
        """Compute for so long; arrive when the iteration is at hand."""
        end = perf_counter() + seconds
        assert self._way is not None
        for left in self._way:
            if perf_counter() >= end and left > 0:
                self.progressed.emit(self._whole - left, self._whole)
                return
        self.call_off()
        self._session.seek(*self._to)
