"""The names on screen: one for each number, the same everywhere, in formulas, text and aloud."""

from __future__ import annotations

import pytest

from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import Add, Dense, Experiment, Loss, Network
from backprop_gui.present.naming import Naming
from backprop_gui.present.plain_names import quantity_name
from backprop_gui.steps.quantities import GRADIENT, UPDATED, Quantity, Setting
from tests.present.scenes import Stage

STORY = Stage().story()
NAMING = Naming(STORY.graph, Stage().experiment.notation)


def at(node, *element, aspect="value"):
    """A quantity of the worked example."""
    return Quantity(STORY.graph.by_name[node], element, aspect, 0)


@pytest.mark.parametrize(
    ("step", "shown", "aloud", "own"),
    [
        (1, "z₁⁽¹⁾", "z 1 of layer 1", "h1.z[1]"),
        (8, "a₂⁽²⁾", "a 2 of layer 2", "h2.a[2]"),
        (9, "z_out", "z out", "out.z[1]"),
        (11, "L", "L", "loss"),
        (19, "∂L/∂w₅", "derivative of L by w 5", "d(w5)"),
        (28, "∂L/∂z₁⁽¹⁾", "derivative of L by z 1 of layer 1", "d(h1.z[1])"),
        (46, "w₁₀", "w 10", "w10"),
        (51, "b₅", "b 5", "b5"),
    ],
)
def test_the_names_of_the_worked_example(step, shown, aloud, own):
    """On one line, in words, and as files call it."""
    quantity = STORY.plan.quantity(step)
    assert NAMING.plain(quantity) == shown
    assert NAMING.spoken(quantity) == aloud
    assert quantity_name(STORY.graph, quantity) == own


def test_every_number_of_an_iteration_has_a_name_of_its_own():
    """Two quantities are never called the same, but a parameter before and after its update."""
    for name in ("worked-example", "chain-of-neurons", "two-layer-chain"):
        stage = Stage(name)
        story, naming = stage.story(), Naming(stage.story().graph, stage.experiment.notation)
        quantities = [story.plan.quantity(step) for step in range(1, story.plan.total + 1)]
        names = [naming.plain(q) for q in quantities if q.aspect != UPDATED]
        assert len(names) == len(set(names))
        spoken = [naming.spoken(q) for q in quantities if q.aspect != UPDATED]
        assert len(spoken) == len(set(spoken))


def test_neurons_and_where_parameters_sit():
    """`h₁⁽¹⁾ → h₁⁽²⁾` for a weight, `→ out` for a bias."""
    arrows = [NAMING.arrow(int(place)) for place in STORY.graph.parameters.scalars]
    by_name = dict(zip(STORY.graph.parameters.names, arrows, strict=True))
    assert by_name["w5"] == "h₁⁽¹⁾ → h₁⁽²⁾"
    assert by_name["w2"] == "x₂ → h₁⁽¹⁾"
    assert by_name["b5"] == "→ out"


def test_the_rate_and_the_loss_are_called_as_the_source_calls_them():
    """α and L; η and C₀ in the video series."""
    assert NAMING.plain(Setting("learning_rate")) == "α"
    stage = Stage("chain-of-neurons")
    other = Naming(stage.story().graph, stage.experiment.notation)
    assert other.plain(Setting("learning_rate")) == "η"
    loss = Quantity(stage.story().graph.loss, (), "value", 0)
    assert other.plain(loss) == "C₀"
    weight = next(stage.story().plan.quantity(s) for s in range(1, 99) if _is_weight(stage, s))
    assert other.plain(weight).startswith("∂C₀/∂w")


def _is_weight(stage, step):
    quantity = stage.story().plan.quantity(step)
    return quantity.aspect == GRADIENT and stage.story().graph.nodes[quantity.node].kind == "parameter"


def test_another_node_called_h2_is_not_taken_for_a_neuron_of_layer_2():
    """Two values on one screen never share a name."""
    weights = [[1.0, 2.0], [3.0, 4.0]]
    nodes = [Dense("h1", "x", 2, weights), Dense("h9", "h1", 2, weights), Add("h2", ["h1", "h9"])]
    network = Network({"x": 2}, nodes, Loss("half_squared_error", "h2"))
    document = Experiment(
        format=1, title="Names", network=network, data={"x": [[1.0, 2.0]], "targets": [[0.0, 0.0]]}
    )
    graph = build(document).graph
    naming = Naming(graph, document.notation)
    names = [naming.plain(Quantity(graph.by_name[name], (0,))) for name in ("h1.a", "h9.a", "h2.a")]
    assert len(set(names)) == 3
    assert naming.neuron("h2", (0,)) != naming.neuron("h9", (0,))
