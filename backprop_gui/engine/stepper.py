"""One iteration of training, computed whole: forward, loss, backward, update.

The same stepper trains, replays and fills the records that are looked at, so that going back
gives bit-equal numbers. How states advance is decided once (`transitions`): where a fast way takes on
the model, the operation table still gives what is looked at, but the new state is that way's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from backprop_gui.engine.batches import Batches, together
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import Gradients, Values, backward, forward, parameter_gradient
from backprop_gui.engine.transitions import Stretch, Transition, transition_of
from backprop_gui.engine.update import Update


class State(Struct, frozen=True, eq=False):
    """Where training stands after `iteration` updates. The arrays are never written to.

    `optimizer` holds what the optimiser keeps, `updates` how many updates it has done: fewer than
    `iteration` when it was changed on the way.
    """

    iteration: int
    parameters: Array
    optimizer: Mapping[str, Array] = field(default_factory=dict)
    updates: int = 0


class Record(Struct, frozen=True, eq=False):
    """All arrays of one iteration. Node values and gradients per sample; the parameter gradient of the
    whole batch: the mean over its samples, or their sum.

    `lines` holds the optimiser's inner quantities and `updated`, flat like the parameters; `shared`
    its numbers that belong to all parameters together.
    """

    before: State
    after: State
    rows: NDArray[np.intp]
    values: Values
    gradients: Gradients
    parameter_gradient: Array
    lines: Mapping[str, Array]
    shared: Mapping[str, float] = field(default_factory=dict)
    summed: bool = False  # the batch's loss and gradient are sums over the samples, not means

    @property
    def iteration(self) -> int:
        return self.before.iteration

    @property
    def samples(self) -> int:
        return len(self.rows)

    def together(self, numbers: Array) -> float:
        """The loss of the batch, or a derivative of it, from those of its samples."""
        return together(numbers, self.summed)


def fresh_state(optimizer: Update, parameters: Array) -> dict[str, Array]:
    """What an optimiser keeps before its first update."""
    return {name: np.zeros_like(parameters) for name in optimizer.state}


def reached_parameters(graph: Graph) -> NDArray[np.bool_]:
    """Which places hold parameters that reach the loss: no update ever changes the others."""
    layout = graph.parameters
    reached = np.zeros(layout.size, dtype=bool)
    reached[layout.scalars] = True  # a missing connection is no parameter
    for array, node in enumerate(graph.parameter_nodes):
        if node not in graph.reaches_loss:
            reached[layout.offsets[array] : layout.offsets[array + 1]] = False
    return reached


class Stepper:
    """Carries out iterations of one network on one set of data with one optimiser."""

    def __init__(
        self,
        graph: Graph,
        leaves: Mapping[int, Array],
        batches: Batches,
        optimizer: Update,
        frozen: NDArray[np.bool_],
    ) -> None:
        """`leaves` gives the whole data (rows first) of every input and target node by index."""
        self.graph = graph
        self._summed = [
            index
            for index in graph.operations
            if (operation := graph.nodes[index].operation) is not None
            and not operation.elementwise
            and not operation.loss
        ]
        self.leaves = leaves
        self.batches = batches
        self.optimizer = optimizer
        trained = reached_parameters(graph) & ~frozen
        self.trained = None if trained.all() else trained

    @cached_property
    def transition(self) -> Transition | None:
        """How states advance; None: by the operation table."""
        return transition_of(self)

    @property
    def releases_lock(self) -> bool:
        """Whether other threads run Python while states advance."""
        return self.transition is not None and self.transition.releases_lock

    def rest(self) -> None:
        """Let go of what is made again when states advance: nobody is looking."""
        if (transition := self.__dict__.get("transition")) is not None:
            transition.rest()

    def advance(self, state: State, count: int) -> Stretch:
        """Up to `count` iterations from `state`; none, when the next meets a number that is not finite.

        The way that is chosen may do fewer than asked for: ask again.
        """
        if self.transition is not None:
            stretch = self.transition.run(state, count)
            if len(stretch.losses):
                return stretch
        record = self._by_table(state)
        if not self.is_finite(record):
            return Stretch(np.zeros(0), np.zeros(0), state)
        return Stretch(np.array([self.loss_of(record)]), record.values[self.graph.loss], record.after)

    def start(self, parameters: Array, iteration: int = 0) -> State:
        """The state with fresh optimiser state."""
        return State(iteration, parameters, fresh_state(self.optimizer, parameters))

    def record(self, state: State) -> Record:
        """The iteration that begins at `state`, whole; loss and new state are those of `advance`."""
        record = self._by_table(state)
        stretch = None if self.transition is None else self.transition.run(state, 1)
        if stretch is None or len(stretch.losses) == 0:  # what may not be finite is judged by the table
            return record
        record.values[self.graph.loss] = stretch.samples
        lines = {**record.lines, "updated": stretch.after.parameters, **stretch.after.optimizer}
        return replace(record, after=stretch.after, lines=lines)

    def _by_table(self, state: State) -> Record:
        """The iteration by the operation table alone."""
        graph = self.graph
        rows = self.batches.rows_of(state.iteration)
        leaves = {index: data[rows] for index, data in self.leaves.items()}
        with np.errstate(all="ignore"):
            values = forward(graph, state.parameters, leaves)
            gradients = backward(graph, values)
            mean = parameter_gradient(graph, gradients)
            if len(rows) > 1 and not self.batches.summed:
                mean /= len(rows)
            lines, shared = self.optimizer.update(
                state.parameters, mean, state.optimizer, state.updates + 1, self.trained
            )
        if self.trained is not None:
            lines["updated"] = np.where(self.trained, lines["updated"], state.parameters)
            for name in self.optimizer.state:
                lines[name] = np.where(self.trained, lines[name], state.optimizer[name])
        kept = {name: lines[name] for name in self.optimizer.state}
        after = State(state.iteration + 1, lines["updated"], kept, state.updates + 1)
        return Record(state, after, rows, values, gradients, mean, lines, shared, self.batches.summed)

    def loss_of(self, record: Record) -> float:
        """The batch's loss before the update: the mean over its samples, or their sum."""
        with np.errstate(all="ignore"):
            losses = record.values[self.graph.loss]
            return float(losses[0]) if len(losses) == 1 else self.batches.together(losses)

    def is_finite(self, record: Record) -> bool:
        """Whether loss, sums of the layers and the new state are finite: one sum tells, for both kinds.

        An activation may hide an infinite sum behind a plain 1, so its operand is looked at.
        """
        hidden = [record.values[index] for index in self._summed]
        arrays = [*hidden, record.after.parameters, *record.after.optimizer.values()]
        loss = self.loss_of(record)
        with np.errstate(all="ignore"):
            total = loss + sum(float(np.add.reduce(array, axis=None)) for array in arrays)
        # Large finite numbers may overflow in the sum alone.
        return math.isfinite(total) or (
            math.isfinite(loss) and all(bool(np.isfinite(array).all()) for array in arrays)
        )

    def losses(self, parameters: Array, leaves: Mapping[int, Array]) -> Array:
        """The loss of each sample of `leaves` with the given parameters."""
        with np.errstate(all="ignore"):
            return forward(self.graph, parameters, dict(leaves))[self.graph.loss]
