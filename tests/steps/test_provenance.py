"""Where a number comes from: the whole tree, calculated from its leaves, comes to the number at its root."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from backprop_gui.engine.expressions import evaluate
from backprop_gui.experiment.build import saved_state
from backprop_gui.experiment.document import Edit, Experiment, OptimizerSettings
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.provenance import Provenance, Source, Traced
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity, Setting
from backprop_gui.steps.references import resolve
from backprop_gui.steps.timeline import Timeline
from tests.networks import preset

EXACT = 1e-12


def opened(experiment: Experiment, iterations: int = 0) -> Provenance:
    """The provenance of an experiment with so many updates done."""
    timeline = Timeline.of(experiment)
    while timeline.newest < iterations:
        assert timeline.advance()
    return Provenance(timeline, experiment)


def plan_of(provenance: Provenance, iteration: int) -> Plan:
    model = provenance.model(iteration)
    return Plan(model.graph, provenance.record(iteration).samples, model.optimizer.quantities, model.frozen)


def asked(provenance: Provenance, name: str, iteration: int = 0) -> Traced:
    """A number by the name a file gives it."""
    return Traced(iteration, resolve(provenance.model(iteration).graph, name))


def updated(provenance: Provenance, name: str, iteration: int) -> Traced:
    key = asked(provenance, name, iteration).key
    assert isinstance(key, Quantity)
    return Traced(iteration, replace(key, aspect=UPDATED))


def calculated(
    provenance: Provenance, roots: list[Traced]
) -> tuple[dict[Traced, float], dict[Traced, Source]]:
    """Every number of the trees below the roots, from the leaves upwards, by their expressions alone."""
    numbers: dict[Traced, float] = {}
    sources: dict[Traced, Source] = {}
    stack = list(roots)
    while stack:
        here = stack[-1]
        if here in numbers:
            stack.pop()
            continue
        missing = [part for part in provenance.parts(here) if part not in numbers]
        if missing:
            stack += missing
            continue
        source = sources[here] = provenance.source(here)
        if source.expression is None:
            numbers[here] = provenance.number(here)
        else:
            parts = {part.key: numbers[part] for part in numbers if part.iteration == source.iteration}
            numbers[here] = evaluate(source.expression, parts.__getitem__)
        stack.pop()
    return numbers, sources


def with_optimizer(name: str, **settings: Any) -> Experiment:
    experiment = preset(name)
    training = msgspec.structs.replace(experiment.training, optimizer=OptimizerSettings(**settings))
    return msgspec.structs.replace(experiment, training=training)


EXPERIMENTS = {
    "worked-example": preset("worked-example"),
    "momentum": with_optimizer("worked-example", kind="momentum", learning_rate=0.5),
    "adam": with_optimizer("worked-example", kind="adam", learning_rate=0.01),
    "softmax-classifier": preset("softmax-classifier"),
    "conv-classifier": preset("conv-classifier"),
    "skip-connection-dag": preset("skip-connection-dag"),
}


@pytest.mark.parametrize("iteration", [0, 3])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_whole_tree_comes_to_the_number_at_its_root(name, iteration):
    """Every number of the iteration, from data, first values and settings alone, through all updates."""
    provenance = opened(EXPERIMENTS[name], iteration)
    plan = plan_of(provenance, iteration)
    roots = [Traced(iteration, plan.quantity(step)) for step in range(1, plan.total + 1)]
    numbers, sources = calculated(provenance, roots)
    for traced, number in numbers.items():
        scale = max([abs(numbers[part]) for part in provenance.parts(traced)], default=0.0)
        assert number == pytest.approx(provenance.number(traced), rel=EXACT, abs=EXACT * min(scale, 1.0))
    kinds = {source.kind for source in sources.values() if source.expression is None}
    assert kinds <= {"input", "target", "given", "drawn", "setting", "count", "begins", "unreached"}
    assert all(source.kind != "calculated" for source in sources.values() if source.expression is None)


def test_a_trained_weight_leads_to_the_update_that_made_it():
    """Through the iteration before, down to its first value at iteration 0."""
    provenance = opened(preset("worked-example"), 3)
    here = asked(provenance, "w5", 3)
    for before in (2, 1, 0):
        assert provenance.source(here).kind == "update"
        (update,) = provenance.parts(here)
        assert update == updated(provenance, "w5", before)
        here, gradient, rate = _by_kind(provenance.parts(update))
        assert here == asked(provenance, "w5", before)
        assert gradient.iteration == before
        assert rate == Traced(before, Setting("learning_rate"))
    assert provenance.source(here) == Source("given", 0)


def _by_kind(parts: tuple[Traced, ...]) -> tuple[Traced, Traced, Traced]:
    """The value, the gradient and the rate among the parts of an update."""
    value = next(p for p in parts if isinstance(p.key, Quantity) and p.key.aspect == VALUE)
    gradient = next(p for p in parts if isinstance(p.key, Quantity) and p.key.aspect == GRADIENT)
    return value, gradient, next(p for p in parts if isinstance(p.key, Setting))


def test_what_an_optimiser_keeps_leads_to_the_line_before():
    """And at its first update to nothing at all."""
    provenance = opened(EXPERIMENTS["adam"], 2)
    weight = asked(provenance, "w5", 1).key
    assert isinstance(weight, Quantity)
    kept = Quantity(weight.node, weight.element, "m.before")
    assert provenance.parts(Traced(1, kept)) == (Traced(0, Quantity(weight.node, weight.element, "m")),)
    assert provenance.source(Traced(0, kept)).kind == "begins"


def test_edits_are_where_numbers_come_from():
    """A weight set at iteration 2 has no past; its neighbours have; rate and data tell when they were set."""
    edits = [Edit(2, {"w5": 0.25, "x[1,1]": 0.9, "learning_rate": 0.1})]
    provenance = opened(msgspec.structs.replace(preset("worked-example"), edits=edits), 4)
    assert provenance.source(asked(provenance, "w5", 2)) == Source("edited", 2)
    assert provenance.source(asked(provenance, "w6", 2)).kind == "update"
    assert provenance.source(asked(provenance, "w5", 3)).kind == "update"
    x1, x2 = (asked(provenance, f"x[{place}]", 3) for place in (1, 2))
    assert provenance.source(x1) == Source("edited", 2)
    assert provenance.source(x2).kind == "input"
    assert provenance.source(asked(provenance, "x[1]", 1)).kind == "input"
    assert provenance.source(Traced(1, Setting("learning_rate"))).kind == "setting"
    assert provenance.source(Traced(3, Setting("learning_rate"))) == Source("edited", 2)


def test_frozen_parameters_keep_their_first_value():
    """They lead to no update, however many there were."""
    experiment = preset("worked-example")
    training = msgspec.structs.replace(experiment.training, frozen=["b*"])
    provenance = opened(msgspec.structs.replace(experiment, training=training), 3)
    assert provenance.source(asked(provenance, "b1", 3)) == Source("given", 0, frozen=True)


def test_drawn_weights_are_told_from_given_ones():
    """A layer's weights may be drawn while its biases stand in the file."""
    provenance = opened(preset("digits"))
    graph = provenance.model(0).graph
    kinds = {}
    for array, node in zip(graph.parameters.arrays, graph.parameter_nodes, strict=True):
        first = Quantity(node, (0,) * len(array.shape))
        kinds[array.prefix] = provenance.source(Traced(0, first)).kind
    assert kinds == {"w": "drawn", "b": "given"}


def test_a_restored_state_is_a_leaf_where_its_past_would_come_to_something_else():
    """A file's state that was changed by hand does not follow from the updates before it."""
    experiment = preset("worked-example")
    before = opened(experiment, 2)
    state = saved_state(before.model(2), before.timeline.state(2))
    honest = opened(msgspec.structs.replace(experiment, state=state))
    assert honest.source(asked(honest, "w5", 2)).kind == "update"
    forged = msgspec.structs.replace(state, parameters={**state.parameters, "w5": 7.0})
    other = opened(msgspec.structs.replace(experiment, state=forged))
    assert other.source(asked(other, "w5", 2)).kind == "restored"
    assert other.source(asked(other, "w6", 2)).kind == "update"


def test_the_loss_of_a_batch_is_the_mean_of_its_samples():
    """Asked for without a sample, as the curve shows it."""
    provenance = opened(preset("averaging-over-examples"))
    graph = provenance.model(0).graph
    whole = Traced(0, Quantity(graph.loss))
    parts = provenance.parts(whole)
    assert [part.key.sample for part in parts if isinstance(part.key, Quantity)] == list(range(len(parts)))
    assert provenance.number(whole) == pytest.approx(
        math.fsum(map(provenance.number, parts)) / len(parts), rel=EXACT
    )


def test_clipping_by_norm_leads_to_all_gradients():
    """The norm is made of every gradient that is trained."""
    experiment = preset("worked-example")
    training = msgspec.structs.replace(experiment.training, clip_norm=0.05)
    provenance = opened(msgspec.structs.replace(experiment, training=training), 1)
    norm = Traced(1, Setting("gradient_norm"))
    assert len(provenance.parts(norm)) == 15
    numbers, _ = calculated(provenance, [norm])
    assert numbers[norm] == pytest.approx(provenance.number(norm), rel=EXACT)


def test_a_number_far_from_the_start_opens_level_by_level():
    """No recursion: a thousand updates are walked one at a time."""
    provenance = opened(preset("worked-example"), 1500)
    here, steps = asked(provenance, "w5", 1500), 0
    while parts := provenance.parts(here):
        here = next(p for p in parts if isinstance(p.key, Quantity) and p.key.aspect in (VALUE, UPDATED))
        steps += 1
    assert steps == 3000
    assert here == asked(provenance, "w5", 0)


def test_the_loss_of_a_batch_may_be_a_sum():
    """Where gradients are summed, the loss is, too."""
    experiment = preset("averaging-over-examples")
    training = msgspec.structs.replace(experiment.training, reduction="sum")
    provenance = opened(msgspec.structs.replace(experiment, training=training))
    whole = Traced(0, Quantity(provenance.model(0).graph.loss))
    numbers, _ = calculated(provenance, [whole])
    assert numbers[whole] == pytest.approx(provenance.number(whole), rel=EXACT)
    assert provenance.number(whole) == pytest.approx(sum(map(provenance.number, provenance.parts(whole))))
