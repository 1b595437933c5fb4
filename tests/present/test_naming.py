"""The names on screen: one for each number, the same everywhere, in formulas, text and aloud."""

from __future__ import annotations

from itertools import product

import msgspec
import numpy as np
import pytest

from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import Add, Dense, Experiment, Loss, Network, Notation
from backprop_gui.present.math_text import latex, plain
from backprop_gui.present.naming import Naming
from backprop_gui.present.plain_names import quantity_name
from backprop_gui.steps.quantities import GRADIENT, UPDATED, Quantity, Setting
from tests.networks import walkable_presets
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
    assert other.plain(weight) == "∂C₀/∂w⁽³⁾"


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


# --- other notations -------------------------------------------------------------------------------


def graph_of(name):
    """The network of a preset."""
    return Stage(name).timeline.segments[0].model.graph


def everything(graph):
    """Every value and every gradient of a network, none of them twice."""
    for index, node in enumerate(graph.nodes):
        for element in map(tuple, np.ndindex(node.shape)):
            if node.kind == "parameter":
                layout = graph.parameters
                if layout.place(node.parameter, element) not in layout.ranks:
                    continue  # a missing connection
            yield Quantity(index, element)
            if node.kind != "target" and index != graph.loss:
                yield Quantity(index, element, GRADIENT)


@pytest.mark.parametrize("name", walkable_presets())
def test_no_two_quantities_of_a_preset_share_a_name(name):
    """In every notation, on one line and aloud."""
    graph = graph_of(name)
    quantities = list(everything(graph))[:: 1 if len(graph.parameters.scalars) < 300 else 7]
    for style, delta, first in product(("numbered", "layered", "theta"), (False, True), (0, 1)):
        naming = Naming(graph, Notation(style, delta, first))
        names = [naming.plain(quantity) for quantity in quantities]
        assert len(names) == len(set(names)), style
        said = [naming.spoken(quantity) for quantity in quantities]
        assert len(said) == len(set(said)), style


@pytest.mark.parametrize(
    ("notation", "names"),
    [
        (Notation("numbered"), "w₅ b₅ x₁ z₁⁽²⁾ z_out h₁⁽²⁾ out ∂L/∂z₁⁽²⁾"),
        (Notation("numbered", True, 0), "w₅ b₅ x₀ z₀⁽²⁾ z_out h₀⁽²⁾ out δ₀⁽²⁾"),
        (Notation("layered"), "w₁₁⁽²⁾ b₁⁽³⁾ x₁ z₁⁽²⁾ z₁⁽³⁾ h₁⁽²⁾ out⁽³⁾ ∂L/∂z₁⁽²⁾"),
        (Notation("layered", True, 0), "w₀₀⁽²⁾ b₀⁽³⁾ x₀ z₀⁽²⁾ z₀⁽³⁾ h₀⁽²⁾ out⁽³⁾ δ₀⁽²⁾"),
        (Notation("theta"), "θ₁₁⁽²⁾ b₁⁽³⁾ x₁ z₂₁ z₃₁ h₁⁽²⁾ out⁽³⁾ ∂L/∂z₂₁"),
        (Notation("theta", True), "θ₁₁⁽²⁾ b₁⁽³⁾ x₁ z₂₁ z₃₁ h₁⁽²⁾ out⁽³⁾ δ₂₁"),
    ],
)
def test_the_worked_example_in_each_notation(notation, names):
    """The same weight, bias, input, sums, neurons and derivative."""
    graph = STORY.graph
    naming = Naming(graph, notation)
    layout = graph.parameters

    def parameter(name):
        array, element = layout.locate(layout.place_of(name))
        return Quantity(graph.parameter_nodes[array], element)

    z, out = graph.by_name["h2.z"], graph.by_name["out.z"]
    asked = [
        naming.plain(parameter("w5")),
        naming.plain(parameter("b5")),
        naming.plain(Quantity(graph.by_name["x"], (0,))),
        naming.plain(Quantity(z, (0,))),
        naming.plain(Quantity(out, (0,))),
        plain(naming.neuron("h2", (0,))),
        plain(naming.neuron("out", (0,))),
        naming.plain(Quantity(z, (0,), GRADIENT)),
    ]
    assert " ".join(asked) == names


def test_layered_names_say_receiver_sender_and_layer():
    """w_{jk}^{(L)} runs from neuron k of layer L − 1 to neuron j of layer L, as LaTeX and aloud."""
    naming = Naming(STORY.graph, Notation("layered"))
    layout = STORY.graph.parameters
    array, element = layout.locate(layout.place_of("w6"))  # from h1[2] to h2[1]
    weight = Quantity(STORY.graph.parameter_nodes[array], element)
    assert latex(naming.symbol(weight)) == "w_{12}^{(2)}"
    assert naming.spoken(weight) == "w 1 2 of layer 2"
    assert naming.arrow(layout.place_of("w6")) == "h₂⁽¹⁾ → h₁⁽²⁾"
    theta = Naming(STORY.graph, Notation("theta"))
    assert latex(theta.symbol(weight)) == r"\theta_{12}^{(2)}"
    assert theta.spoken(Quantity(STORY.graph.by_name["h2.a"], (0,))) == "a 1 of layer 2"


def test_a_chain_of_single_neurons_needs_no_indices():
    """a⁽ᴸ⁾ and w⁽ᴸ⁾, as its source writes them; the kernel of a convolution names its node."""
    graph = graph_of("chain-of-neurons")
    naming = Naming(graph, Notation("layered"))
    assert naming.plain(Quantity(graph.by_name["h2.a"], (0,))) == "a⁽²⁾"
    assert naming.plain(Quantity(graph.parameter_nodes[2], (0, 0))) == "w⁽³⁾"
    assert plain(naming.neuron("h2", (0,))) == "h⁽²⁾"


def test_unnamed_weights_are_not_taken_for_a_named_theta():
    """Where theta2 stands in layer 1, the weights of layer 2 stay w."""
    rows = [[1.0, 2.0], [3.0, 4.0]]
    nodes = [Dense("h1", "x", 2, "theta2"), Dense("h2", "h1", 2, rows)]
    network = Network({"x": 2}, nodes, Loss("squared_error", "h2"), parameters={"theta2": rows})
    document = Experiment(
        format=1, title="Names", network=network, data={"x": [[1.0, 2.0]], "targets": [[0.0, 0.0]]}
    )
    graph = build(document).graph
    naming = Naming(graph, Notation("theta"))
    names = [naming.plain(quantity) for quantity in everything(graph)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("notation", "field"),
    [
        (Notation(loss=""), "loss"),
        (Notation(loss="two words"), "loss"),
        (Notation(loss="*L*"), "loss"),
        (Notation(rate="α" * 40), "rate"),
        (Notation(rate="3"), "rate"),
        (Notation(loss="E", rate="E"), "rate"),
    ],
)
def test_names_that_would_break_a_formula_are_refused(notation, field):
    """One line: where, what, what would be right."""
    with pytest.raises(InvalidExperiment, match=rf"\$\.notation\.{field}: .* would be right"):
        build(msgspec.structs.replace(Stage().experiment, notation=notation))
