"""When training stops by itself: conditions on the numbers of an iteration, and the first one to meet them.

`loss<0.01`, `loss rises 20`, `gradient<1e-6`, `w5 changes sign`, `a relu dies`. A loss is the batch's, before
the update, as the loss curve has it. An iteration that meets a condition is the one the run stops at:
its update is not done.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from time import perf_counter
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import forward
from backprop_gui.engine.stepper import Record, State, Stepper
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.edits import parse_number
from backprop_gui.experiment.sentences import shown
from backprop_gui.steps.training import Chunk, train

Kind = Literal["loss_below", "loss_rises", "gradient_below", "sign_changes", "relu_dies"]
Neuron = tuple[int, tuple[int, ...]]  # the node of its activation, and its element
FORMS = "loss<0.01, loss rises 20, gradient<1e-6, w5 changes sign or a relu dies"


class Condition(Struct, frozen=True):
    """`threshold` of a loss or gradient norm, `count` of rises, `parameter` by its own name."""

    kind: Kind
    threshold: float = 0.0
    count: int = 1
    parameter: str = ""


class Stop(Struct, frozen=True):
    """The first iteration that meets a condition, and what was found there.

    `value` is the loss, the gradient's norm or the parameter; `neurons` are those that are dead.
    """

    iteration: int
    condition: Condition
    value: float = math.nan
    neurons: tuple[Neuron, ...] = ()


def parse_condition(text: str) -> Condition:
    """The condition that is written. Raises InvalidEdit with a sentence."""
    words = " ".join(text.lower().replace("norm", " ").split())
    if found := re.fullmatch(r"(loss|gradient|gradients)\s*<\s*(\S+)", words):
        threshold = _positive(found[2], text)
        return Condition("loss_below" if found[1] == "loss" else "gradient_below", threshold)
    if found := re.fullmatch(r"loss rises(?: for)?(?: (\d{1,9}))?(?: times| iterations)?", words):
        count = int(found[1] or 1)
        if count == 0:
            raise InvalidEdit(f"{shown(text)} always holds; a whole number from 1 would be right")
        return Condition("loss_rises", count=count)
    if found := re.fullmatch(r"(\S+) changes sign", " ".join(text.split())):
        return Condition("sign_changes", parameter=found[1])
    if re.fullmatch(r"(a )?relu (dies|dead)", words):
        return Condition("relu_dies")
    raise InvalidEdit(f"{shown(text)} is no condition to stop on; {FORMS} would be right")


def _positive(text: str, whole: str) -> float:
    number = parse_number(text)
    if not (math.isfinite(number) and number > 0):
        raise InvalidEdit(f"{shown(whole)} is never met; a number above 0 would be right")
    return number


def check_condition(stepper: Stepper, condition: Condition) -> None:
    """Raises InvalidEdit when a condition speaks of something the network does not have."""
    if condition.kind == "sign_changes" and stepper.graph.parameters.place_of(condition.parameter) is None:
        first = next(iter(stepper.graph.parameters.names), "w1")
        raise InvalidEdit(f"there is no parameter {shown(condition.parameter)}; {first} would be right")
    if condition.kind == "relu_dies" and not relu_nodes(stepper):
        raise InvalidEdit(
            "no neuron of this network has a ReLU, so none can die; another condition would be right"
        )


def relu_nodes(stepper: Stepper) -> list[int]:
    """The activations that are 0 wherever their argument is not above 0."""
    nodes = stepper.graph.nodes
    return [i for i in stepper.graph.operations if (row := nodes[i].operation) and row.name == "relu"]


class Watch:
    """Looks at the iterations of one run, in their order, for the first that meets a condition.

    With `crossing`, a limit that a run is below from the start counts only once it was above: who goes
    on training means to. Neurons that are `known` to be dead are no news while they stay so. Raises
    InvalidEdit for a condition that does not fit the network.
    """

    def __init__(
        self,
        conditions: Sequence[Condition],
        stepper: Stepper,
        start: State,
        crossing: bool = False,
        known: Collection[Neuron] = (),
    ) -> None:
        for condition in conditions:
            check_condition(stepper, condition)
        self.conditions = tuple(conditions)
        self.met: Stop | None = None
        self._stepper = stepper
        limits = [c for c in self.conditions if c.kind in ("loss_below", "gradient_below")]
        self._below: set[Condition] = set(limits if crossing else ())  # since the start
        self._rises = 0
        self._last_loss = math.nan
        parameters = stepper.graph.parameters
        found = [(c, parameters.place_of(c.parameter)) for c in self.conditions if c.kind == "sign_changes"]
        self._places = [(condition, place) for condition, place in found if place is not None]
        self._signs = {place: float(np.sign(start.parameters[place])) for _, place in self._places}
        self._relus = relu_nodes(stepper) if any(c.kind == "relu_dies" for c in self.conditions) else []
        self._dead: set[Neuron] = set()
        if known and self._relus:
            self._dead = self._dead_neurons(start.parameters) & set(known)

    @property
    def needs_records(self) -> bool:
        """Whether the losses alone do not tell."""
        return any(c.kind in ("gradient_below", "sign_changes", "relu_dies") for c in self.conditions)

    def in_losses(self, first: int, losses: Array) -> Stop | None:
        """The first of the iterations from `first` on whose loss meets a condition."""
        stops = [stop for c in self.conditions if (stop := self._loss_stop(c, first, losses)) is not None]
        if len(losses):
            self._rises = int(self._rises_at(losses)[-1])
            self._last_loss = float(losses[-1])
        self.met = min(stops, key=lambda stop: stop.iteration, default=None)
        return self.met

    def _loss_stop(self, condition: Condition, first: int, losses: Array) -> Stop | None:
        if condition.kind == "loss_below":
            below = losses < condition.threshold
            if condition in self._below:
                above = np.flatnonzero(~below)
                if len(above) == 0:
                    return None
                self._below.discard(condition)
                below[: above[0]] = False
            hits = np.flatnonzero(below)
        elif condition.kind == "loss_rises":
            hits = np.flatnonzero(self._rises_at(losses) >= condition.count)
        else:
            return None
        return Stop(first + int(hits[0]), condition, float(losses[hits[0]])) if len(hits) else None

    def _rises_at(self, losses: Array) -> NDArray[np.intp]:
        """At each loss, how often in a row it has risen up to there."""
        up = np.diff(losses, prepend=self._last_loss) > 0
        places = np.arange(len(losses))
        last_fall = np.maximum.accumulate(np.where(up, -1 - self._rises, places))
        return np.asarray(places - last_fall, dtype=np.intp)

    def look(self, record: Record) -> Stop | None:
        """Whether this iteration meets any condition."""
        self.met = self._in_record(record)
        return self.met or self.in_losses(record.iteration, np.array([self._stepper.loss_of(record)]))

    def _in_record(self, record: Record) -> Stop | None:
        """Whether it meets a condition that needs more than its loss."""
        for condition in self.conditions:
            if condition.kind == "gradient_below":
                with np.errstate(over="ignore"):
                    norm = float(np.linalg.norm(record.parameter_gradient))
                if norm >= condition.threshold:
                    self._below.discard(condition)
                elif condition not in self._below:
                    return Stop(record.iteration, condition, norm)
        for condition, place in self._places:
            value = float(record.before.parameters[place])
            sign, before = float(np.sign(value)), self._signs[place]
            self._signs[place] = sign or before
            if sign * before < 0:
                return Stop(record.iteration, condition, value)
        if self._relus and (died := self._newly_dead(record)):
            condition = next(c for c in self.conditions if c.kind == "relu_dies")
            return Stop(record.iteration, condition, neurons=tuple(sorted(died)))
        return None

    def _newly_dead(self, record: Record) -> set[Neuron]:
        """Neurons that are 0 for every sample from now on.

        All data goes through the network only when the batch alone leaves it open.
        """
        suspects = self._suspects(record.values)
        self._dead &= suspects  # one that has come back to life may die again
        if suspects <= self._dead:
            return set()
        return self._dead_neurons(record.before.parameters) - self._dead

    def _suspects(self, values: Sequence[Array]) -> set[Neuron]:
        """Neurons that are 0 for all samples among these values."""
        found: set[Neuron] = set()
        for node in self._relus:
            silent = np.all(values[node] <= 0, axis=0)
            found |= {(node, tuple(map(int, element))) for element in np.argwhere(silent)}
        return found

    def _dead_neurons(self, parameters: Array) -> set[Neuron]:
        with np.errstate(all="ignore"):
            return self._suspects(forward(self._stepper.graph, parameters, dict(self._stepper.leaves)))


class Stopped(Struct, frozen=True, eq=False):
    """The last chunk of a run that met a condition: up to the iteration it stopped at."""

    chunk: Chunk
    stop: Stop


def train_until(
    stepper: Stepper,
    state: State,
    until: int,
    stride: int,
    seconds: float,
    stopped: Callable[[], bool],
    watch: Watch | None,
) -> Iterator[Chunk | Stopped]:
    """As `train`, up to the first iteration that meets a condition of the watch."""
    if watch is not None and watch.needs_records:
        return train_by_records(stepper, state, until, stride, seconds, stopped, watch)
    run = train(stepper, state, until, stride, seconds, stopped)
    return run if watch is None or not watch.conditions else watched(run, state, stepper, watch)


def watched(
    chunks: Iterator[Chunk], start: State, stepper: Stepper, watch: Watch
) -> Iterator[Chunk | Stopped]:
    """The chunks of a run, up to the first iteration whose loss meets a condition."""
    for chunk in chunks:
        stop = watch.in_losses(chunk.first, chunk.losses)
        if stop is not None:
            yield Stopped(cut(chunk, start, stepper, stop.iteration), stop)
            return
        yield chunk
        start = chunk.last


def cut(chunk: Chunk, start: State, stepper: Stepper, iteration: int) -> Chunk:
    """The part of a chunk, which began at `start`, that lies before `iteration`."""
    kept = tuple(state for state in chunk.keyframes if state.iteration <= iteration)
    state = kept[-1] if kept else start
    while state.iteration < iteration:
        state = stepper.advance(state, iteration - state.iteration).after
    return Chunk(chunk.first, chunk.losses[: iteration - chunk.first], kept, state)


def train_by_records(
    stepper: Stepper,
    state: State,
    until: int,
    stride: int,
    seconds: float,
    stopped: Callable[[], bool],
    watch: Watch,
) -> Iterator[Chunk | Stopped]:
    """As `train`, looking at every number of every iteration: slower, and exact."""
    while state.iteration < until and not stopped():
        first, losses, keyframes = state.iteration, [], []
        end = perf_counter() + seconds
        stop, diverged = None, False
        while state.iteration < until:
            if state.iteration % stride == 0:
                keyframes.append(state)
            record = stepper.record(state)
            if not stepper.is_finite(record):
                diverged = True
                break
            loss = stepper.loss_of(record)
            stop = watch.look(record)
            if stop is not None:
                break
            losses.append(loss)
            state = record.after
            if perf_counter() >= end or stopped():
                break
        chunk = Chunk(first, np.array(losses), tuple(keyframes), state, diverged)
        if stop is not None:
            yield Stopped(chunk, stop)
            return
        yield chunk
        if diverged:
            return
