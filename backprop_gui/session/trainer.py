"""Training beside the window: the run of one timeline, in immutable chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.session.worker import Worker
from backprop_gui.steps.stopping import Stopped, Watch, train_until
from backprop_gui.steps.training import Chunk

CHUNK_SECONDS = 0.008


class Trainer(Worker[Chunk | Stopped]):
    """One run."""

    def __init__(
        self, stepper: Stepper, state: State, until: int, stride: int, watch: Watch | None = None
    ) -> None:
        """Train from a state up to iteration `until`, or to the first iteration that `watch` stops at."""

        def run(stopped: Callable[[], bool]) -> Iterator[Chunk | Stopped]:
            return train_until(stepper, state, until, stride, CHUNK_SECONDS, stopped, watch)

        super().__init__(run, "training", rests=not stepper.releases_lock)
