"""From a document to a model that can be computed: graph, data as arrays, optimiser, what is frozen.

Every fault of the document is told at once, a line each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from backprop_gui.engine.batches import Batches
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.engine.standardize import training_constants
from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.engine.update import Settings, Update
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.data_loading import LoadedData, load, split
from backprop_gui.experiment.data_sources import Data, GivenData, Rows
from backprop_gui.experiment.document import Experiment, Network, Notation, SavedState, Training
from backprop_gui.experiment.optimizing import kind_at, optimizer_faults, term_faults, update_of
from backprop_gui.experiment.sentences import counted, listed, shown
from backprop_gui.experiment.wiring import wire
from backprop_gui.experiment.workbench import LARGEST_LAYER

MOST_ITERATIONS = 10**12
LARGEST_SEED = 2**63
MOST_NUMBERS = 100_000_000  # values of one iteration's nodes, all samples together
MOST_ROW_FAULTS = 10


class Model(Struct, frozen=True, eq=False):
    """A document made ready to compute.

    `initial` is the flat vector of initial parameters; `leaves` the whole data of every input and
    target node; `frozen` marks the places that are never updated. `test_leaves` are the rows kept
    aside for testing, empty without a split; `class_names` names the outputs when they are classes.
    """

    graph: Graph
    initial: Array
    leaves: Mapping[int, Array]
    batches: Batches
    optimizer: Update
    frozen: NDArray[np.bool_]
    test_leaves: Mapping[int, Array] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """The numbers of the training itself: learning rate, momentum, penalties, …, those in force."""
        return self.optimizer.settings

    def stepper(self) -> Stepper:
        """What carries out iterations of this model."""
        return Stepper(self.graph, self.leaves, self.batches, self.optimizer, self.frozen)

    def unreached(self) -> list[str]:
        """The document's nodes that cannot reach the loss."""
        outside = [i for i in self.graph.operations if i not in self.graph.reaches_loss]
        return list(dict.fromkeys(self.graph.nodes[i].group for i in outside))


def build(experiment: Experiment, source: str = "") -> Model:
    """The model of a document; raises InvalidExperiment with all its faults.

    `source` is the file or preset it comes from: faults begin with it, and a CSV is looked for beside it.
    """
    training, network = experiment.training, experiment.network
    faults = _training_faults(training) + notation_faults(experiment.notation)
    seed = training.seed if 0 <= training.seed < LARGEST_SEED else 0  # else a fault is told already
    graph, initial, wiring_faults, from_data = wire(network, seed)
    faults += wiring_faults
    data = _leaves(experiment.data, network.inputs, _leaf_shapes(network, graph), source, faults)
    rows = len(data.training.get("targets", ()))
    if graph is None:
        raise InvalidExperiment(faults, source)
    frozen = _frozen(training.frozen, graph, faults)
    if experiment.state is not None:
        _state_faults(experiment.state, graph, kind_at(experiment, experiment.state.iteration), faults)
    for attributes, field_name, name in from_data:
        if name in data.training:
            mean, deviation = training_constants(data.training[name])
            attributes[field_name] = mean if field_name == "mean" else deviation
    samples = min(training.batch_size, rows)
    numbers = sum(math.prod(node.shape) for node in graph.nodes if node.kind != "parameter")
    if samples * numbers > MOST_NUMBERS:
        faults.append(
            f"$.training.batch_size: {samples:,} samples of {numbers:,} values each are too many to compute "
            f"at once; up to {max(1, MOST_NUMBERS // numbers):,} would be right"
        )
    if faults:
        raise InvalidExperiment(faults, source)
    return Model(
        graph,
        initial,
        {graph.by_name[name]: array for name, array in data.training.items()},
        Batches(rows, samples, training.shuffle, training.seed, training.reduction == "sum"),
        update_of(training),
        frozen,
        {graph.by_name[name]: array for name, array in data.test.items()},
        data.class_names,
    )


def iteration_fault(iteration: int) -> str:
    """What is wrong with the number of an iteration; empty when nothing is."""
    if not 0 <= iteration <= MOST_ITERATIONS:
        return f"is {shown(iteration)}; 0 to {MOST_ITERATIONS:,} would be right"
    return ""


def _training_faults(training: Training) -> list[str]:
    faults = optimizer_faults(training.optimizer, "$.training.optimizer") + term_faults(training)
    if training.batch_size < 1:
        faults.append(f"$.training.batch_size: is {shown(training.batch_size)}; 1 or more would be right")
    if fault := iteration_fault(training.iterations):
        faults.append(f"$.training.iterations: {fault}")
    if not 0 <= training.seed < LARGEST_SEED:
        faults.append(
            f"$.training.seed: is {shown(training.seed)}; "
            f"a whole number from 0 to {LARGEST_SEED - 1} would be right"
        )
    return faults


def notation_faults(notation: Notation) -> list[str]:
    """What is wrong with the names of loss and rate: they stand in every formula, so they are short."""
    faults = [
        f"$.notation.{field_name}: {shown(name)} is no name for a formula; "
        f"a letter or a short word such as {examples} would be right"
        for field_name, name, examples in (
            ("loss", notation.loss, "L, C₀ or cost"),
            ("rate", notation.rate, "α, η or lr"),
        )
        if not re.fullmatch(r"[^\W\d_][\w()′]{0,11}", name)
    ]
    if notation.loss == notation.rate:
        fault = f"{shown(notation.rate)} is the loss already; another name would be right"
        faults.append(f"$.notation.rate: {fault}")
    return faults


def _leaf_shapes(network: Network, graph: Graph | None) -> dict[str, Shape | None]:
    """The shape of one row for each input and the targets; None where a fault leaves it unknown."""
    if graph is not None:
        return {node.name: node.shape for node in graph.nodes if node.kind in ("input", "target")}
    sizes = {name: (size,) if 1 <= size <= LARGEST_LAYER else None for name, size in network.inputs.items()}
    return {**sizes, "targets": None}


def _leaves(
    data: Data, inputs: Mapping[str, int], shapes: Mapping[str, Shape | None], source: str, faults: list[str]
) -> LoadedData:
    """The data of each input and of the targets, in the shape of their nodes."""
    before = len(faults)
    try:
        if isinstance(data, dict):
            return LoadedData(_given_leaves(data, "$.data", shapes, faults))
        if isinstance(data, GivenData):
            given = _given_leaves(data.values, "$.data.values", shapes, faults)
            return LoadedData(*split(given, data)) if len(faults) == before else LoadedData({})
        loaded = load(data, inputs, source)
    except InvalidExperiment as error:
        faults += error.faults
        return LoadedData({})
    width = loaded.training["targets"].shape[1]
    outputs = shapes["targets"]
    if outputs is not None and math.prod(outputs) != width:
        have = f"the data has {counted(width, 'target', 'targets')} a row"
        faults.append(f"$.data: {have}; {math.prod(outputs):,} would be right, one for each output")

    def shaped(arrays: Mapping[str, Array]) -> dict[str, Array]:
        known = {name: shape for name, shape in shapes.items() if shape is not None and name in arrays}
        return {name: arrays[name].reshape(-1, *shape) for name, shape in known.items()}

    if len(faults) > before:
        return LoadedData({})
    return LoadedData(shaped(loaded.training), shaped(loaded.test), loaded.class_names)


def _given_leaves(
    data: Mapping[str, Rows], where: str, shapes: Mapping[str, Shape | None], faults: list[str]
) -> dict[str, Array]:
    """The data that stands in the document."""
    leaves: dict[str, Array] = {}
    for name in data:
        if name not in shapes:
            faults.append(
                f"{where}.{name}: no input has this name; "
                f"remove it, or one of {listed(shapes)} would be right"
            )
    rows = len(data.get("targets", ()))
    if "targets" in data and rows == 0:
        faults.append(f"{where}.targets: has no rows; a row per sample would be right")
    for name, shape in shapes.items():
        if name not in data:
            faults.append(f"{where}: there is nothing for '{name}'; give it a row per sample")
            continue
        found = _row_faults(data[name], None if shape is None else math.prod(shape))
        if len(data[name]) != rows and data.get("targets"):
            have = counted(len(data[name]), "row", "rows")
            found.append(f": has {have}; {rows:,} would be right, as targets has")
        faults += [f"{where}.{name}{fault}" for fault in found]
        if not found and shape is not None:
            leaves[name] = np.array(data[name], dtype=np.float64).reshape(-1, *shape)
    return leaves


def _row_faults(rows: Rows, width: int | None) -> list[str]:
    """What is wrong within rows of data, the first few of them, each beginning with its place."""
    faults: list[str] = []
    for place, row in enumerate(rows):
        if width is not None and len(row) != width:
            have = counted(len(row), "number", "numbers")
            faults.append(f"[{place}]: has {have}; {width:,} would be right")
        elif not all(map(math.isfinite, row)):
            faults.append(f"[{place}]: holds a number that is not finite; finite numbers would be right")
    more = len(faults) - MOST_ROW_FAULTS
    if more > 0:
        rest = counted(more, "more row has", "more rows have")
        return [*faults[:MOST_ROW_FAULTS], f": {rest} such a fault"]
    return faults


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
                f"$.training.frozen[{place}]: no parameter is called {shown(pattern)}; "
                "w5, b* or a parameter's name would be right"
            )
        frozen[hit] = True
    return frozen


def _state_faults(state: SavedState, graph: Graph, kind: object, faults: list[str]) -> None:
    """Whether a saved state fits the network and the optimiser."""
    names = set(graph.parameters.names)
    if fault := iteration_fault(state.iteration):
        faults.append(f"$.state.iteration: {fault}")
    if state.updates is not None and not 0 <= state.updates <= max(0, state.iteration):
        right = f"0 to {max(0, state.iteration):,}, the iteration,"
        faults.append(f"$.state.updates: is {shown(state.updates)}; {right} would be right")
    if isinstance(kind, str) and kind in OPTIMIZERS and state.iteration > 0:
        kept = OPTIMIZERS[kind].with_settings({}).state
        faults.extend(
            f"$.state.optimizer.{name}: {kind} keeps nothing of this name; remove it"
            for name in state.optimizer
            if name not in kept
        )
        faults.extend(
            f"$.state.optimizer: there is nothing for '{name}'; {kind} needs a number for each parameter"
            for name in kept
            if name not in state.optimizer
        )
    for where, given in (
        ("parameters", state.parameters),
        *((f"optimizer.{k}", v) for k, v in state.optimizer.items()),
    ):
        if missing := [name for name in graph.parameters.names if name not in given]:
            what = "is missing; give it a number" if len(missing) == 1 else "are missing; give each a number"
            faults.append(f"$.state.{where}: {listed(missing)} {what}")
        if odd := [shown(name) for name in given if name not in names]:
            what = "is no parameter" if len(odd) == 1 else "are no parameters"
            faults.append(f"$.state.{where}: {listed(odd)} {what} of the network; remove what is too much")


def saved_state(model: Model, state: State) -> SavedState:
    """The state as it is written to a file."""
    layout = model.graph.parameters

    def named(flat: Array) -> dict[str, float]:
        return dict(zip(layout.names, flat[layout.scalars].tolist(), strict=True))

    optimizer = {name: named(flat) for name, flat in state.optimizer.items()}
    updates = None if state.updates == state.iteration else state.updates
    return SavedState(state.iteration, named(state.parameters), optimizer, updates)


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
    updates = saved.iteration if saved.updates is None else saved.updates
    return State(saved.iteration, flat(saved.parameters), optimizer, updates)
