"""Experiments for tests: built from a few words, or drawn at random by hypothesis."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backprop_gui import paths
from backprop_gui.engine.expressions import Expression, Ref, children
from backprop_gui.engine.operations import ACTIVATIONS, LOSSES
from backprop_gui.experiment.document import (
    Dense,
    Experiment,
    Loss,
    Network,
    OptimizerSettings,
    Training,
)
from backprop_gui.experiment.presets import preset_names
from backprop_gui.experiment.reading import read_experiment
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import Numbers, Quantity
from backprop_gui.steps.terms import Terms
from backprop_gui.steps.timeline import Timeline

HUGE = "digits-large"  # has millions of steps in an iteration and a hundred thousand parameters


def walkable_presets() -> list[str]:
    """The presets whose every quantity can be looked at in a moment: all but the huge one."""
    return [name for name in preset_names() if name != HUGE]


def preset(name: str) -> Experiment:
    """The experiment of a preset."""
    return read_experiment(paths.presets_folder() / f"{name}.json")


def weights_of(generator: np.random.Generator, units: int, inputs: int, missing: float = 0.0) -> list[Any]:
    """A matrix of round numbers, some of the connections missing."""
    matrix = np.round(generator.uniform(-1.5, 1.5, (units, inputs)), 3).tolist()
    return [[None if generator.random() < missing else weight for weight in row] for row in matrix]


def experiment(
    nodes: list[Dense],
    inputs: dict[str, int],
    loss: str = "half_squared_error",
    of: str = "",
    rows: int = 1,
    parameters: dict[str, Any] | None = None,
    seed: int = 0,
    **training: Any,
) -> Experiment:
    """A whole document around the nodes, with data drawn from `seed`; the loss is of the last node."""
    generator = np.random.default_rng([seed, 77])
    of = of or nodes[-1].name
    width = {**inputs, **{node.name: node.units for node in nodes}}[of]
    data = {name: generator.uniform(-1, 1, (rows, size)).tolist() for name, size in inputs.items()}
    data["targets"] = generator.uniform(-1, 1, (rows, width)).tolist()
    rate = training.pop("learning_rate", 0.1)
    settings = OptimizerSettings(training.pop("kind", "gradient_descent"), rate)
    return Experiment(
        format=1,
        title="Test",
        network=Network(inputs, nodes, Loss(loss, of), parameters or {}),
        data=data,
        training=Training(optimizer=settings, seed=seed, **training),
    )


def layers(sizes: list[int], seed: int = 0, activation: str = "tanh", **more: Any) -> Experiment:
    """A plain network of dense layers with biases."""
    generator = np.random.default_rng(seed)
    nodes = [
        Dense(
            f"h{place}",
            "x" if place == 1 else f"h{place - 1}",
            units,
            weights_of(generator, units, before),
            activation,
            generator.uniform(-1, 1, units).tolist(),
        )
        for place, (before, units) in enumerate(itertools.pairwise(sizes), start=1)
    ]
    return experiment(nodes, {"x": sizes[0]}, seed=seed, **more)


@st.composite
def experiments(draw: st.DrawFn, most_rows: int = 4) -> Experiment:
    """Networks of dense nodes wired at random: shared weights, missing ones, no biases, dead ends."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    inputs = {name: draw(st.integers(1, 3)) for name in ("x", "u")[: draw(st.integers(1, 2))]}
    sizes = dict(inputs)
    parameters: dict[str, Any] = {}
    nodes: list[Dense] = []
    for place in range(1, draw(st.integers(1, 4)) + 1):
        of = draw(st.sampled_from(sorted(sizes)))
        units = draw(st.integers(1, 3))
        weights: Any = weights_of(generator, units, sizes[of], draw(st.sampled_from([0.0, 0.0, 0.4])))
        biases: Any = draw(st.sampled_from([None, np.round(generator.uniform(-1, 1, units), 3).tolist()]))
        if draw(st.booleans()):  # shared with every other node of this shape
            weights = _shared(parameters, f"theta{units}{sizes[of]}", weights)
        if biases is not None and draw(st.booleans()):
            biases = _shared(parameters, f"beta{units}", biases)
        name = f"h{place}"
        nodes.append(Dense(name, of, units, weights, draw(st.sampled_from(sorted(ACTIVATIONS))), biases))
        sizes[name] = units
    of = draw(st.sampled_from([node.name for node in nodes]))
    losses = [name for name in ("half_squared_error", "squared_error") if name in LOSSES]
    rows = draw(st.integers(1, most_rows))
    return experiment(
        draw(st.permutations(nodes)),
        inputs,
        draw(st.sampled_from(losses)),
        of,
        rows,
        parameters,
        seed=draw(st.integers(0, 1000)),
        batch_size=draw(st.integers(1, rows)),
        shuffle=draw(st.booleans()),
        frozen=draw(st.sampled_from([[], [], ["*"], ["[wt]*"]])) if _has_weights(nodes, parameters) else [],
        learning_rate=0.25,
    )


def _shared(parameters: dict[str, Any], name: str, values: Any) -> str:
    parameters.setdefault(name, values)
    return name


def _has_weights(nodes: list[Dense], parameters: dict[str, Any]) -> bool:
    """Whether some weight is there to be frozen."""
    found = [*(n.weights for n in nodes if isinstance(n.weights, list)), *parameters.values()]
    return any(entry is not None for rows in found for row in rows if isinstance(row, list) for entry in row)


class Story:
    """One iteration of a timeline with everything that tells of it."""

    def __init__(self, timeline: Timeline, iteration: int = 0) -> None:
        self.segment = timeline.segment_of(iteration)
        self.model = self.segment.model
        self.graph = self.model.graph
        self.record = timeline.record(iteration)
        self.plan = plan_of(timeline, iteration)
        self.numbers = Numbers(self.graph, self.record, dict(self.model.settings))
        self.terms = Terms(self.graph, self.record, self.model.optimizer)


def plan_of(timeline: Timeline, iteration: int = 0) -> Plan:
    """The plan of an iteration."""
    model = timeline.segment_of(iteration).model
    samples = model.batches.size_of(iteration)
    return Plan(model.graph, samples, model.optimizer.quantities, model.frozen)


def name_of(plan: Plan, step: int) -> str:
    """What a step uncovers, as files name it: `h1.z[2]`, `loss`, `d(w5)`, `new w5`; `@2` for a sample."""
    quantity = plan.quantity(step)
    graph = plan.graph
    node = graph.nodes[quantity.node]
    if node.kind == "parameter":
        name = graph.parameters.name_at(plan.place(quantity))
    else:
        name = node.name + (f"[{','.join(str(i + 1) for i in quantity.element)}]" if quantity.element else "")
    if quantity.aspect not in ("value", "gradient"):
        return f"new {name}" if quantity.aspect == "updated" else f"{quantity.aspect} {name}"
    name = f"d({name})" if quantity.aspect == "gradient" else name
    if plan.samples == 1:
        return name
    return f"{name}@{'mean' if quantity.sample is None else quantity.sample + 1}"


def references(expression: Expression) -> list[Quantity]:
    """The quantities an expression refers to."""
    stack, found = [expression], []
    while stack:
        part = stack.pop()
        if isinstance(part, Ref) and isinstance(part.key, Quantity):
            found.append(part.key)
        stack.extend(children(part))
    return found
