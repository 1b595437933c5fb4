"""From a document to a model that can be computed: graph, data as arrays, optimiser, what is frozen.

Every fault of the document is told at once, a line each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.batches import Batches
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.optimizers import OPTIMIZERS, Optimizer
from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.document import Experiment, Rows, SavedState, Training
from backprop_gui.experiment.wiring import wire


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A document made ready to compute.

    `initial` is the flat vector of initial parameters; `leaves` the whole data of every input and
    target node; `frozen` marks the places that are never updated.
    """

    graph: Graph
    initial: Array
    leaves: Mapping[int, Array]
    batches: Batches
    optimizer: Optimizer
    settings: Mapping[str, float]
    frozen: NDArray[np.bool_]

    def stepper(self) -> Stepper:
        """What carries out iterations of this model."""
        return Stepper(self.graph, self.leaves, self.batches, self.optimizer, self.settings, self.frozen)

    def unreached(self) -> list[str]:
        """The document's nodes that cannot reach the loss."""
        outside = [i for i in self.graph.operations if i not in self.graph.reaches_loss]
        return list(dict.fromkeys(self.graph.nodes[i].group for i in outside))


def build(experiment: Experiment, source: str = "") -> Model:
    """The model of a document; raises InvalidExperiment with all its faults."""
    faults = _training_faults(experiment.training)
    graph, initial, wiring_faults = wire(experiment.network, experiment.training.seed)
    faults += wiring_faults
    if graph is None:
        raise InvalidExperiment(faults, source)
    leaves, rows = _leaves(experiment.data, graph, faults)
    frozen = _frozen(experiment.training.frozen, graph, faults)
    if experiment.state is not None:
        _state_faults(experiment.state, graph, faults)
    if faults:
        raise InvalidExperiment(faults, source)
    training = experiment.training
    batches = Batches(rows, min(training.batch_size, rows), training.shuffle, training.seed)
    settings = {"learning_rate": float(training.optimizer.learning_rate)}
    return Model(graph, initial, leaves, batches, OPTIMIZERS[training.optimizer.kind], settings, frozen)


def rate_fault(rate: float) -> str:
    """What is wrong with a learning rate; empty when nothing is."""
    if not math.isfinite(rate) or rate <= 0:
        return f"the learning rate is {rate:g}; a finite number above 0 would be right"
    return ""


def _training_faults(training: Training) -> list[str]:
    faults = []
    if training.optimizer.kind not in OPTIMIZERS:
        known = ", ".join(OPTIMIZERS)
        faults.append(
            f"$.training.optimizer.kind: '{training.optimizer.kind}' is unknown; one of {known} would be right"
        )
    if fault := rate_fault(training.optimizer.learning_rate):
        faults.append(f"$.training.optimizer.learning_rate: {fault}")
    if training.batch_size < 1:
        faults.append(f"$.training.batch_size: is {training.batch_size}; 1 or more would be right")
    if not 0 <= training.iterations <= 10**12:
        faults.append(f"$.training.iterations: is {training.iterations}; 0 or more would be right")
    if not 0 <= training.seed < 2**63:
        faults.append(f"$.training.seed: is {training.seed}; a whole number from 0 would be right")
    return faults


def _leaves(data: Mapping[str, Rows], graph: Graph, faults: list[str]) -> tuple[dict[int, Array], int]:
    """The data of each input and target node, and the number of rows."""
    leaves: dict[int, Array] = {}
    wanted = {node.name: i for i, node in enumerate(graph.nodes) if node.kind in ("input", "target")}
    for name in data:
        if name not in wanted:
            faults.append(f"$.data.{name}: no input has this name; {', '.join(wanted)} would be right")
    rows = len(data.get("targets", ()))
    if "targets" in data and rows == 0:
        faults.append("$.data.targets: has no rows; a row per sample would be right")
    for name, index in wanted.items():
        if name not in data:
            faults.append(f"$.data: there is nothing for '{name}'; give it a row per sample")
            continue
        width = math.prod(graph.nodes[index].shape)
        found = len(faults)
        for place, row in enumerate(data[name]):
            if len(row) != width:
                faults.append(f"$.data.{name}[{place}]: has {len(row)} numbers; {width} would be right")
            elif not all(map(math.isfinite, row)):
                faults.append(f"$.data.{name}[{place}]: holds a number that is not finite")
        if len(data[name]) != rows:
            faults.append(f"$.data.{name}: has {len(data[name])} rows; {rows} would be right, as targets has")
        if len(faults) == found:
            leaves[index] = np.array(data[name], dtype=np.float64).reshape(rows, *graph.nodes[index].shape)
    return leaves, rows


def _frozen(patterns: list[str], graph: Graph, faults: list[str]) -> NDArray[np.bool_]:
    """Which places of the flat vector the patterns name."""
    layout = graph.parameters
    frozen = np.zeros(layout.size, dtype=bool)
    for place, pattern in enumerate(patterns):
        hit = [
            scalar
            for scalar, name in zip(layout.scalars, layout.names, strict=True)
            if name == pattern or fnmatchcase(name.split("[")[0], pattern)
        ]
        if not hit:
            faults.append(
                f"$.training.frozen[{place}]: no parameter is called '{pattern}'; w5, b* or a parameter's name would be right"
            )
        frozen[hit] = True
    return frozen


def _state_faults(state: SavedState, graph: Graph, faults: list[str]) -> None:
    """Whether a saved state fits the network."""
    names = set(graph.parameters.names)
    if state.iteration < 0:
        faults.append(f"$.state.iteration: is {state.iteration}; 0 or more would be right")
    for where, given in (
        ("parameters", state.parameters),
        *((f"optimizer.{k}", v) for k, v in state.optimizer.items()),
    ):
        if odd := set(given) ^ names:
            one = sorted(odd)[0]
            what = (
                "is missing; give it a number"
                if one in names
                else "is no parameter of the network; remove it"
            )
            faults.append(f"$.state.{where}: '{one}' {what}")


def saved_state(model: Model, state: State) -> SavedState:
    """The state as it is written to a file."""
    layout = model.graph.parameters

    def named(flat: Array) -> dict[str, float]:
        return dict(zip(layout.names, flat[layout.scalars].tolist(), strict=True))

    optimizer = {name: named(flat) for name, flat in state.optimizer.items()}
    return SavedState(state.iteration, named(state.parameters), optimizer)


def restored_state(model: Model, saved: SavedState) -> State:
    """The state that a file holds, as arrays."""
    layout = model.graph.parameters

    def flat(given: Mapping[str, float]) -> Array:
        array = np.zeros(layout.size)
        array[layout.scalars] = [given[name] for name in layout.names]
        return array

    optimizer = {
        name: flat(saved.optimizer[name]) for name in model.optimizer.state if name in saved.optimizer
    }
    return State(saved.iteration, flat(saved.parameters), optimizer)
