"""`compare`: several experiments trained one after the other, their losses in one tidy table."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from backprop_gui.errors import Diverged, FileTrouble
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.present.csv_files import LossTable, Row
from backprop_gui.present.headless import loss_at, loss_rows, updates_wanted
from backprop_gui.present.output_files import OutputFile
from backprop_gui.present.progress import ProgressLine
from backprop_gui.steps.running import run
from backprop_gui.steps.stopping import Watch, parse_condition
from backprop_gui.steps.timeline import Timeline


class Comparison(Struct, frozen=True):
    """What is to be compared, and where the losses go: a row per experiment and iteration."""

    experiments: Sequence[str]
    loss: str
    iterations: int | None = None
    until: Sequence[str] = ()
    quiet: bool = False


def compare(request: Comparison, stopped: Callable[[], bool]) -> list[str]:
    """Train all of them and write the table; sentences on those that did not come to their end.

    Raises a BackpropError for what is wrong before anything is trained.
    """
    runs = [_Run(name, request) for name in request.experiments]
    troubles: list[str] = []
    with contextlib.ExitStack() as stack:
        file = OutputFile(request.loss)
        stack.callback(file.discard)
        if any(run.path is not None and file.identity == str(run.path.resolve()) for run in runs):
            raise FileTrouble(f"{request.loss}: is one of the experiments; name another file for --loss")
        file.write_rows([("experiment", *LossTable.columns)])
        for name, each in zip(_told_apart(request.experiments), runs, strict=True):
            if trouble := each.train(stopped, request.quiet):
                troubles.append(f"{name}: {trouble}")
            line = ProgressLine(sys.stderr, 0, not request.quiet)
            try:
                rows = line.counted(each.rows(), each.done + 1, f"{name}: writing {request.loss}")
                file.write_rows((name, *row) for row in rows)
            finally:
                line.end()
        file.mark()
        file.complete()
    return troubles


def _told_apart(names: Sequence[str]) -> list[str]:
    """An experiment that stands there twice gets a number."""
    return [
        f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


class _Run:
    """One of the experiments: trained, then told row by row."""

    def __init__(self, name: str, request: Comparison) -> None:
        experiment, self.path = open_experiment(name)
        self._timeline = Timeline.of(experiment, name)
        self._first = self._timeline.newest
        asked = request.iterations
        self._wanted = updates_wanted(asked, bool(request.until), experiment.training.iterations)
        conditions = [parse_condition(text) for text in request.until]
        stepper = self._timeline.segment_of(self._first).stepper
        state = self._timeline.state(self._first)
        self._watch = Watch(conditions, stepper, state) if conditions else None
        self._until = " or ".join(request.until)

    def train(self, stopped: Callable[[], bool], quiet: bool) -> str:
        """Do the updates; why they did not come to their end."""
        timeline = self._timeline
        line = ProgressLine(sys.stderr, self._wanted, not quiet)
        try:
            for _ in run(timeline, self._wanted, stopped, watch=self._watch):
                if line.is_due():
                    line.report(timeline.newest - self._first, loss_at(timeline, timeline.newest))
        except Diverged as error:
            return f"diverged in iteration {error.iteration:,}; a smaller learning rate would be right"
        finally:
            line.end()
        done = self.done
        if self._watch is not None and self._watch.met is not None:
            return ""
        if done < self._wanted:
            return f"interrupted after {done:,} of {self._wanted:,} iterations"
        return f"{self._until} was not met within {done:,} iterations" if self._watch else ""

    def rows(self) -> Iterator[Row]:
        """A row per iteration; the last one only when its loss is a number."""
        return loss_rows(self._timeline, self._first)

    @property
    def done(self) -> int:
        """How many updates were made."""
        return self._timeline.newest - self._first
