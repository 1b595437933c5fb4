"""Training beside the window: a thread that owns its state and hands over immutable chunks."""

from __future__ import annotations

import sys
from queue import Empty, Full, Queue
from threading import Event, Thread

from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.steps.stopping import Stopped, Watch, train_until
from backprop_gui.steps.training import Chunk

CHUNK_SECONDS = 0.004
WAITING_CHUNKS = 64  # a bound: a window that does not look must not fill the memory
SWITCH_SECONDS = 0.002  # how long a key or the pointer waits for Python's lock; 5 ms is usual
BRIEF_SWITCH_SECONDS = 0.0002  # where the lock is needed between two calls of the kernel only


class Trainer:
    """One run. Only the session's thread calls its methods."""

    def __init__(
        self, stepper: Stepper, state: State, until: int, stride: int, watch: Watch | None = None
    ) -> None:
        """Train from a state up to iteration `until`, or to the first iteration that `watch` stops at."""
        self._queue: Queue[Chunk | Stopped] = Queue(WAITING_CHUNKS)
        self._stopped = Event()
        self._free = Event()
        self._free.set()
        self.rests = not stepper.releases_lock
        self._thread = Thread(
            target=self._run, args=(stepper, state, until, stride, watch), name="training", daemon=True
        )
        self._thread.start()

    def _run(self, stepper: Stepper, state: State, until: int, stride: int, watch: Watch | None) -> None:
        usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS if self.rests else BRIEF_SWITCH_SECONDS)
        try:
            for chunk in train_until(stepper, state, until, stride, CHUNK_SECONDS, self._is_over, watch):
                self._hand_over(chunk)
        finally:
            sys.setswitchinterval(usual)

    def _hand_over(self, chunk: Chunk | Stopped) -> None:
        while True:
            try:
                self._queue.put(chunk, timeout=0.02)
                return
            except Full:
                if self._stopped.is_set():
                    return

    def _is_over(self) -> bool:
        """Asked between two iterations: whether the run was stopped. Takes the rest it was told to take."""
        if not self._free.is_set():
            self._free.wait()
        return self._stopped.is_set()

    def rest(self) -> None:
        """Pause after this iteration: two threads that fight for Python's lock would both be slow.

        The compiled kernel does without the lock, so there it goes on.
        """
        if self.rests:
            self._free.clear()

    def go_on(self) -> None:
        """End the rest."""
        self._free.set()

    def chunks(self) -> list[Chunk | Stopped]:
        """What has arrived since the last call."""
        found: list[Chunk | Stopped] = []
        while True:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                return found

    @property
    def done(self) -> bool:
        """Whether the run is over and everything was taken."""
        return not self._thread.is_alive() and self._queue.empty()

    def stop(self) -> list[Chunk | Stopped]:
        """End the run on an iteration boundary; what was still under way."""
        self._stopped.set()
        self._free.set()
        found: list[Chunk | Stopped] = []
        while self._thread.is_alive():
            found += self.chunks()
            self._thread.join(0.001)
        return found + self.chunks()
