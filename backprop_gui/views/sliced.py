"""Long work cut into short slices, so that the window stays awake meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

from PySide6.QtCore import QObject, QTimer

SLICE_SECONDS = 0.006  # leaves room for a step and its paint within a frame of 16 ms


class SlicedWork(QObject):
    """Walks one iterator at a time; short work may be done before `start` returns."""

    def __init__(self, parent: QObject | None = None, seconds: float = SLICE_SECONDS) -> None:
        """`seconds` is how long a slice takes, about."""
        super().__init__(parent)
        self._steps: Iterator[object] | None = None
        self._done: Callable[[], None] | None = None
        self._seconds = seconds
        self._timer = QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._work)

    @property
    def busy(self) -> bool:
        """Whether the work is not finished."""
        return self._steps is not None

    def start(self, steps: Iterator[object], done: Callable[[], None], at_once: bool = True) -> None:
        """Walk `steps` to its end, then call `done`; what was under way is dropped.

        Not `at_once`: what is about to be painted is painted before.
        """
        self._steps, self._done = steps, done
        self._timer.start()
        if at_once:
            self._work()

    def stop(self) -> None:
        """Drop what is under way."""
        self._steps = self._done = None
        self._timer.stop()

    def _work(self) -> None:
        if self._steps is None or self._done is None:
            return
        end = perf_counter() + self._seconds
        for _ in self._steps:
            if perf_counter() >= end:
                return
        done = self._done
        self.stop()
        done()
