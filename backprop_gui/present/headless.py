"""`run` without a window: train, write the files, say in a line what came of it."""

from __future__ import annotations

import contextlib
import math
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import msgspec
from msgspec import Struct

from backprop_gui.errors import Diverged, FileTrouble
from backprop_gui.experiment.build import saved_state
from backprop_gui.experiment.data_loading import bring_along
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.experiment.reading import encode
from backprop_gui.present.csv_files import GradientCheck, GradientTable, LossTable, Row, StepTable, Table
from backprop_gui.present.output_files import STANDARD_OUTPUT, OutputFile, WriteFailed
from backprop_gui.present.plain_names import quantity_name
from backprop_gui.present.progress import ProgressLine
from backprop_gui.steps.running import first_not_finite, is_given_too_large, run
from backprop_gui.steps.stopping import Watch, parse_condition
from backprop_gui.steps.timeline import Timeline

MOST_UPDATES_UNTIL = 1_000_000  # of `--until` without a number of iterations


@contextlib.contextmanager
def interruptions() -> Iterator[list[int]]:
    """Collects Ctrl+C and the wish to end, so that the files can be completed; the second Ctrl+C insists."""
    received: list[int] = []

    def receive(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    before = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(ValueError):  # only the main thread may
                before[number] = signal.signal(number, receive)
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Request(Struct, frozen=True):
    """What is to be run, and where its numbers go (None: nowhere)."""

    experiment: str
    iterations: int | None = None
    gradients: str | None = None
    steps: str | None = None
    loss: str | None = None
    save: str | None = None
    check: bool = False
    quiet: bool = False
    until: Sequence[str] = ()


class Outcome(Struct, frozen=True):
    """Sentences on why it is no full success; empty when it is one."""

    interrupted: str = ""
    not_met: str = ""
    refuted: str = ""


def carry_out(request: Request, stopped: Callable[[], bool]) -> Outcome:
    """Run an experiment; raises a BackpropError for what is wrong, after the files were completed."""
    experiment, path = open_experiment(request.experiment)
    timeline = Timeline.of(experiment, request.experiment)
    first = timeline.newest
    updates = updates_wanted(request.iterations, bool(request.until), experiment.training.iterations)
    with contextlib.ExitStack() as stack:
        files = _opened(request, path, stack)
        session = _Run(timeline, updates, request, files)
        trouble: BaseException | None = None
        try:
            session.train(stopped)
        except (Diverged, WriteFailed, BrokenPipeError, KeyboardInterrupt) as error:
            trouble = error
        done = timeline.newest - first
        trouble = _completed(experiment, request.experiment, session, first, trouble)
    if isinstance(trouble, Diverged):
        raise Diverged(trouble.iteration, _why_diverged(timeline, trouble, done, updates)) from None
    met = session.watch is not None and session.watch.met is not None
    if isinstance(trouble, KeyboardInterrupt) or (trouble is None and done < updates and not met):
        kept = "; the files hold these" if files else ""
        return Outcome(interrupted=f"interrupted after {done:,} of {updates:,} iterations{kept}")
    if trouble is not None:
        raise trouble
    found = session.check.found if session.check else None
    if found and found.refuted:
        return Outcome(refuted=_refuted(found))
    _summarise(session, first, found)
    if session.watch is not None and not met:
        return Outcome(not_met=f"{' or '.join(request.until)} was not met within {done:,} iterations")
    return Outcome()


def updates_wanted(asked: int | None, until: bool, usual: int) -> int:
    """How many updates are made at most: as asked; up to a condition, enough; else as the experiment says."""
    if asked is not None:
        return asked
    return MOST_UPDATES_UNTIL if until else usual


def _opened(request: Request, source: Path | None, stack: contextlib.ExitStack) -> dict[str, OutputFile]:
    """The files to be written, all begun, so that a wrong place is told before the work."""
    files: dict[str, OutputFile] = {}
    taken: dict[str, str] = {}
    for option in ("gradients", "steps", "loss", "save"):
        target = getattr(request, option)
        if target is None:
            continue
        file = OutputFile(target)
        stack.callback(file.discard)
        if file.identity in taken:
            raise FileTrouble(
                f"{target}: is named for --{taken[file.identity]} and --{option}; name two files"
            )
        if option != "save" and source is not None and file.identity == str(source.resolve()):
            raise FileTrouble(f"{target}: is the experiment itself; name another file for --{option}")
        taken[file.identity] = option
        files[option] = file
    return files


class _Run:
    """One run: its timeline, tables, files and progress."""

    def __init__(
        self, timeline: Timeline, updates: int, request: Request, files: dict[str, OutputFile]
    ) -> None:
        self.timeline = timeline
        self.updates = updates
        self.files = files
        self.quiet = request.quiet
        self.check = GradientTable(timeline, True) if request.check else None
        self._first = timeline.newest
        self._tables: list[tuple[Table, OutputFile | None]] = []
        if "gradients" in files:
            self._tables.append((self.check or GradientTable(timeline), files["gradients"]))
        elif self.check:
            self._tables.append((self.check, None))
        if "steps" in files:
            self._tables.append((StepTable(timeline), files["steps"]))
        self.line = ProgressLine(sys.stderr, updates, not request.quiet)
        self._until = request.until
        conditions = [parse_condition(text) for text in request.until]
        stepper, start = timeline.segment_of(self._first).stepper, timeline.state(self._first)
        self.watch = Watch(conditions, stepper, start) if conditions else None

    def met(self) -> str:
        """Which condition the run has stopped on, as it was written."""
        met = None if self.watch is None else self.watch.met
        if self.watch is None or met is None:
            return ""
        return f"; stopped on {self._until[self.watch.conditions.index(met.condition)]}"

    def train(self, stopped: Callable[[], bool]) -> None:
        """Do the updates; the rows of an iteration are written before its update is done."""
        for table, file in self._tables:
            if file is not None:
                file.write_rows([table.columns])
                file.mark()
        try:
            look = self._look if self._tables else None
            for _ in run(self.timeline, self.updates, stopped, look, self.watch):
                self._report()
        finally:
            self.line.end()

    def _look(self, iteration: int) -> None:
        for table, file in self._tables:
            if file is None:
                for _ in table.rows(iteration):
                    pass
            else:
                file.write_rows(table.rows(iteration))
        for _, file in self._tables:
            if file is not None:
                file.mark()

    def _report(self) -> None:
        """How far it is, on a terminal."""
        if self.line.is_due():
            newest = self.timeline.newest
            self.line.report(newest - self._first, loss_at(self.timeline, newest))


def _completed(
    experiment: Experiment, source: str, session: _Run, first: int, trouble: BaseException | None
) -> BaseException | None:
    """Finish all files, whatever happened; the first trouble."""
    timeline, files = session.timeline, session.files
    steps: list[Callable[[], None]] = [
        file.complete for name, file in files.items() if name in ("gradients", "steps")
    ]
    if "loss" in files:
        steps.append(lambda: _write_loss(files["loss"], timeline, first, session.line))
    if "save" in files:
        steps.append(lambda: _write_experiment(files["save"], experiment, timeline, source))
    for step in steps:
        try:
            step()
        except (WriteFailed, BrokenPipeError) as error:
            trouble = trouble or error
    if trouble is None and not math.isfinite(loss_at(timeline, timeline.newest)):
        trouble = Diverged(timeline.newest, "")
    return trouble


def loss_at(timeline: Timeline, iteration: int) -> float:
    """The batch's loss before an iteration's update."""
    return timeline.segment_of(iteration).stepper.loss_of(timeline.record(iteration))


def loss_rows(timeline: Timeline, first: int) -> Iterator[Row]:
    """The rows of loss.csv from an iteration on; the one after the last update only when it is a number."""
    table, newest = LossTable(timeline), timeline.newest
    for iteration in range(first, newest + math.isfinite(loss_at(timeline, newest))):
        yield from table.rows(iteration)


def _write_loss(file: OutputFile, timeline: Timeline, first: int, line: ProgressLine) -> None:
    """loss.csv, whole."""
    rows = loss_rows(timeline, first)
    try:
        file.write_rows([LossTable.columns])
        file.write_rows(line.counted(rows, timeline.newest - first + 1, f"writing {file.target}"))
    finally:
        line.end()
    file.mark()
    file.complete()


def _write_experiment(file: OutputFile, experiment: Experiment, timeline: Timeline, source: str) -> None:
    """The experiment with the state it reached, and its data beside it."""
    if file.target != STANDARD_OUTPUT:
        bring_along(experiment.data, source, Path(file.target))
    model, newest = timeline.segments[0].model, timeline.newest
    state = saved_state(model, timeline.state(newest)) if newest else None
    file.write_text(encode(msgspec.structs.replace(experiment, state=state)).decode("utf-8"))
    file.mark()
    file.complete()


def _why_diverged(timeline: Timeline, error: Diverged, done: int, updates: int) -> str:
    """Which number is not finite, and what would be right."""
    found = first_not_finite(timeline, timeline.record(error.iteration))
    what, right = "a number is not finite", "a smaller learning rate"
    if found is not None:
        quantity, value = found
        name = quantity_name(timeline.segments[0].model.graph, quantity)
        what = f"{'the new ' if quantity.aspect == 'updated' else ''}{name} is {value}"
        if is_given_too_large(timeline, error.iteration, quantity):
            right = "smaller weights or data"
    return (
        f"diverged after {done:,} of {updates:,} iterations: in iteration {error.iteration:,} {what}; "
        f"{right} would be right"
    )


def _refuted(found: GradientCheck) -> str:
    return (
        f"{found.refuted:,} of {found.compared:,} gradients are not confirmed by finite differences; "
        f"the largest difference is {found.largest:.3g}, of {found.worst}"
    )


def _summarise(session: _Run, first: int, found: GradientCheck | None) -> None:
    """What came of it, on standard output; nothing there when a file goes to it."""
    if session.quiet:
        return
    timeline = session.timeline
    stream = sys.stdout
    if any(file.target == STANDARD_OUTPUT for file in session.files.values()):
        stream = sys.stderr
        if not stream.isatty() and found is None:
            return
    before, after = loss_at(timeline, first), loss_at(timeline, timeline.newest)
    count = timeline.newest - first
    words = f"{count:,} iteration{'' if count == 1 else 's'}, loss {before:.4g} → {after:.4g}"
    print(f"{words}{session.met()}", file=stream)
    if found is not None:
        worst = f"; largest difference {found.largest:.3g}, of {found.worst}" if found.compared else ""
        gradients = f"{found.compared:,} gradient{'' if found.compared == 1 else 's'}"
        print(f"{gradients} confirmed by finite differences{worst}", file=stream)
