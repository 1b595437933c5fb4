"""Work beside the window: a thread that owns what it works on and hands over immutable parts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import perf_counter
from typing import Generic, TypeVar

WAITING_PARTS = 64  # a bound: a window that does not look must not fill the memory
SWITCH_SECONDS = 0.002  # how long a key or the pointer waits for Python's lock; 5 ms is usual
BRIEF_SWITCH_SECONDS = 0.0001  # where the lock is needed between two calls of the kernel only
LONGEST_PAUSE = 0.003  # of the window, until the work pauses
LONGEST_WAIT = 0.012  # for what is under way when the work is stopped: the window must not miss a frame

Part = TypeVar("Part")

_usual_switch = sys.getswitchinterval()
_asked_switches: list[float] = []  # of the workers that are at work: one that was stopped may still end
_switch_lock = Lock()


def _ask_for_switches(seconds: float, ended: bool = False) -> None:
    """A worker begins or ends: Python's lock changes hands as often as the most eager of them asks for."""
    with _switch_lock:
        (_asked_switches.remove if ended else _asked_switches.append)(seconds)
        sys.setswitchinterval(min(_asked_switches, default=_usual_switch))


class Worker(Generic[Part]):
    """One piece of work. Only the session's thread calls its methods."""

    def __init__(
        self, work: Callable[[Callable[[], bool]], Iterator[Part]], name: str, rests: bool = True
    ) -> None:
        """Do the work, which gets a function that tells whether it was stopped; `name` is the thread's.

        `rests` tells that it needs Python's lock, so that `rest` makes it pause.
        """
        self._queue: Queue[Part] = Queue(WAITING_PARTS)
        self._stopped = Event()
        self._free = Event()
        self._free.set()
        self._resting = Event()
        self.rests = rests
        self._thread = Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Callable[[], bool]], Iterator[Part]]) -> None:
        seconds = SWITCH_SECONDS if self.rests else BRIEF_SWITCH_SECONDS
        _ask_for_switches(seconds)
        try:
            for part in work(self._is_over):
                self._hand_over(part)
        finally:
            _ask_for_switches(seconds, ended=True)

    def _hand_over(self, part: Part) -> None:
        while True:
            try:
                self._queue.put(part, timeout=0.02)
                return
            except Full:
                if self._stopped.is_set():
                    return

    def _is_over(self) -> bool:
        """Asked between two iterations: whether the run was stopped. Takes the rest it was told to take."""
        if not self._free.is_set():
            self._resting.set()
            self._free.wait()
            self._resting.clear()
        return self._stopped.is_set()

    def rest(self) -> None:
        """Pause after this iteration: two threads that fight for Python's lock would both be slow.

        Returns when it does pause, or when the iteration takes long. The compiled kernel does without the
        lock, so there it goes on.
        """
        if self.rests and self._free.is_set():
            self._free.clear()
            if self._thread.is_alive():
                self._resting.wait(LONGEST_PAUSE)

    def go_on(self) -> None:
        """End the rest."""
        self._free.set()

    def parts(self) -> list[Part]:
        """What has arrived since the last call."""
        found: list[Part] = []
        while True:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                return found

    @property
    def done(self) -> bool:
        """Whether the work is over and everything was taken."""
        return not self._thread.is_alive() and self._queue.empty()

    def stop(self) -> list[Part]:
        """End the work; what was still under way.

        An iteration that takes longer than a frame is not waited for: it ends unseen.
        """
        self._stopped.set()
        self._free.set()
        found: list[Part] = []
        end = perf_counter() + LONGEST_WAIT
        while self._thread.is_alive() and perf_counter() < end:
            found += self.parts()
            self._thread.join(0.001)
        return found + self.parts()
