"""The picture of the computational graph: what is uncovered and lit at a step, names, and places."""

from __future__ import annotations

import pytest

from backprop_gui.present.computation_graph import ComputationMemory, computation_picture
from backprop_gui.present.computation_layout import ComputationLayout, isotonic, lay_out
from backprop_gui.present.computation_pictures import ComputationPicture, WireState
from backprop_gui.present.naming import neuron_identity
from tests.networks import layers, name_of
from tests.present.scenes import Stage

PRESETS = ["worked-example", "two-layer-chain", "chain-of-neurons", "mlp-three-theta", "skip-connection-dag"]
PRESETS += ["softmax-classifier", "conv-classifier", "iris", "spiral", "digits", "reused-value"]


def picture(preset: str = "worked-example", position: int = 0, **more: object) -> ComputationPicture:
    return computation_picture(Stage(preset).scene(position, **more), ComputationMemory())


def wire(found: ComputationPicture, name: str) -> WireState:
    """The state of a wire by its name."""
    names = [each.name for each in found.shape.wires]
    return found.wires[names.index(name)]


def lit(found: ComputationPicture) -> set[str]:
    """What the lit nodes make, or are called."""
    return {
        found.shape.wires[node.outputs[0]].name
        for node, state in zip(found.shape.nodes, found.nodes, strict=True)
        if state.emphasis == "lit"
    }


def test_at_the_beginning_only_what_is_given_is_known():
    """Weights, inputs and target have values; everything else shows –."""
    found = picture()
    for shape, state in zip(found.shape.wires, found.wires, strict=True):
        given = not found.shape.nodes[shape.node].inputs
        assert (state.value.text != "–") == given
        assert state.gradient.text in ("–", "")
        assert state.emphasis == "plain"


def test_product_appears_with_the_sum_it_serves():
    """w₅ · a₁⁽¹⁾ is uncovered with z₁⁽²⁾, step 5 of the worked example."""
    assert wire(picture(position=4), "w₅ · a₁⁽¹⁾").value.text == "–"
    found = picture(position=5)
    assert wire(found, "w₅ · a₁⁽¹⁾").value.text == "0.541"
    assert wire(found, "w₅ · a₁⁽¹⁾").value.lit
    assert lit(found) == {"w₅ · a₁⁽¹⁾", "w₆ · a₂⁽¹⁾", "z₁⁽²⁾"}
    assert wire(found, "w₅").emphasis == "plain"
    assert wire(found, "w₇").emphasis == "dim"


def test_gradient_of_a_product_comes_with_that_of_the_sum():
    """∂z₁⁽²⁾ is step 18, ∂w₅ step 19."""
    found = picture(position=18)
    assert wire(found, "w₅ · a₁⁽¹⁾").gradient.text == wire(found, "z₁⁽²⁾").gradient.text == "0.01529"
    assert wire(found, "w₅").gradient.text == "–"
    found = picture(position=19)
    assert wire(found, "w₅").gradient.text == "0.009189"
    assert wire(found, "w₅").gradient.lit
    assert lit(found) == {"w₅", "w₅ · a₁⁽¹⁾"}


def test_shares_of_a_fork_come_with_their_sum():
    """∂a₁⁽¹⁾ is step 27: until then its two terms are covered, too."""
    assert {share.text for share in wire(picture(position=26), "a₁⁽¹⁾").shares} == {"–"}
    shares = wire(picture(position=27), "a₁⁽¹⁾").shares
    assert [share.text for share in shares] == ["0.01376", "0.001436"]
    total = sum(float(share.full) for share in shares)
    assert total == pytest.approx(float(wire(picture(position=27), "a₁⁽¹⁾").gradient.full), rel=1e-12)


def test_first_step_back_tells_the_inside_of_the_loss():
    """1 at the loss, ½ behind the square, and ∂L/∂a_out."""
    found = picture(position=12)
    assert wire(found, "L").gradient.text == "1"
    assert wire(found, "(a_out − y)²").gradient.text == "0.5"
    assert wire(found, "a_out − y").gradient.text == wire(found, "a_out").gradient.text == "0.8505"
    assert wire(found, "y").gradient.text == ""


def test_update_shows_the_new_value_at_its_leaf():
    """w₄′ is step 40; the gradient beside it stays."""
    found = picture(position=40)
    assert wire(found, "w₄").value.text == "0.4998"
    assert wire(found, "w₄").value.lit
    assert lit(found) == {"w₄"}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_quantity_shows_the_record_s_number(preset):
    """At the last step before the updates every wire of a quantity agrees with the frame."""
    stage = Stage(preset)
    plan = stage.story().plan
    scene = stage.scene(plan.update_start)
    found = computation_picture(scene, ComputationMemory())
    for state in found.wires:
        for number in (state.value, state.gradient):
            if number.quantity is not None:
                assert number.full in ("", scene.full(number.quantity))


@pytest.mark.parametrize("preset", ["worked-example", "skip-connection-dag", "softmax-classifier"])
def test_every_step_lights_a_number_of_its_own(preset):
    """Step by step something new is to be seen, and it is this step's."""
    stage = Stage(preset)
    memory, plan = ComputationMemory(), stage.story().plan
    for position in range(1, plan.total + 1):
        found = computation_picture(stage.scene(position), memory)
        quantity = plan.quantity(position)
        numbers = [n for state in found.wires for n in (state.value, state.gradient) if n.lit]
        assert any(number.quantity == quantity for number in numbers), name_of(plan, position)
        assert found.here


def test_focus_leaves_its_paths():
    """w₁ leads through h₁⁽¹⁾ to both neurons of the second layer; w₃ is quiet."""
    found = picture(position=36, focus="w1")
    assert lit(found) == {"w₁"}
    bright = {
        shape.name
        for shape, state in zip(found.shape.wires, found.wires, strict=True)
        if state.emphasis != "dim"
    }
    assert {"w₁", "z₁⁽¹⁾", "a₁⁽¹⁾", "w₅ · a₁⁽¹⁾", "w₇ · a₁⁽¹⁾", "z_out", "L"} <= bright
    assert not {"w₃", "x₁", "z₂⁽¹⁾", "b₁"} & bright
    assert "Showing every path" in found.hint


def test_focus_finds_the_box_a_weight_stands_in():
    """Grouped by neuron the box is lit, grouped by layer the matrix."""
    assert lit(picture("two-moons", focus="w1")) == {"z₁⁽¹⁾"}
    assert lit(picture("digits", focus="w1")) == {"W⁽¹⁾"}


def test_nodes_know_whom_a_click_is_about():
    """The identities are those of the network's canvas."""
    stage = Stage()
    scene = stage.scene()
    cards = {
        neuron_identity(b.group, b.element(n)) for b in scene.frame.plan.blocks for n in range(b.neurons)
    }
    names = {scene.graph.parameters.name_at(int(place)) for place in scene.graph.parameters.scalars}
    found = computation_picture(scene, ComputationMemory())
    assert {node.identity for node in found.shape.nodes} == cards | names | {"x[1]", "x[2]", "loss"}


def test_grouping_is_said():
    """The line below the graph tells what is drawn as one."""
    assert "23 operations" in picture().hint
    assert "grouped by neuron" in picture("spiral").hint
    assert "grouped by layer" in picture("digits").hint


def test_layers_name_sizes_and_ranges():
    """Grouped by layer an edge carries a size, and says on hover where its numbers lie."""
    found = picture("digits")
    state = wire(found, "W⁽¹⁾")
    assert state.value.text == "16×64"
    assert " to " in state.value.full
    assert wire(found, "z⁽¹⁾").value.text == "–"
    assert wire(picture("digits", 3), "z⁽¹⁾").value.text == "… 16×1"


def test_same_shape_in_every_step_and_iteration():
    """Only another network is laid out anew."""
    stage = Stage()
    first = computation_picture(stage.scene(), ComputationMemory()).shape
    assert computation_picture(stage.scene(30, 2), ComputationMemory()).shape == first


# ------------------------------------------------------------------------- places


def overlaps(layout: ComputationLayout) -> list[tuple[int, int]]:
    """Nodes that stand on each other."""
    boxes = layout.nodes
    return [(i, j) for i in range(len(boxes)) for j in range(i) if boxes[i].overlaps(boxes[j])]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_overlaps_and_everything_leads_to_the_right(preset, scale):
    """Nodes, and the lines with their numbers, have room of their own."""
    shape = picture(preset).shape
    layout = lay_out(shape, scale)
    assert overlaps(layout) == []
    for place, each in enumerate(shape.wires):
        stem = layout.stems[place]
        assert stem.start[0] < stem.end[0]
        for box in layout.nodes:
            inside = box.top < stem.start[1] < box.bottom
            assert not (inside and stem.start[0] + 1 < box.right and box.left < stem.end[0] - 1)
        for route, (node, _) in zip(layout.branches[place], each.uses, strict=True):
            assert route[0][0] < route[-1][0] <= layout.nodes[node].centre[0]
            assert list(route) == sorted(route, key=lambda point: point[0])
        for other in range(place):
            above = layout.stems[other]
            if above.start[0] < stem.end[0] and stem.start[0] < above.end[0]:
                assert abs(above.start[1] - stem.start[1]) > 30 * scale


def test_inputs_stand_at_the_left():
    """The first column holds the inputs of the network."""
    shape = picture().shape
    layout = lay_out(shape)
    inputs = [box.left for box, node in zip(layout.nodes, shape.nodes, strict=True) if node.is_input]
    assert max(inputs) < min(
        box.left for box, node in zip(layout.nodes, shape.nodes, strict=True) if node.inputs
    )


def test_network_in_a_row_has_no_crossings():
    """A chain is drawn without any two edges crossing more than its leaves need."""
    layout = lay_out(picture("chain-of-neurons").shape)
    assert layout.bounds.height < 300


def test_isotonic_keeps_order_and_mean():
    """Pools of violators share their mean."""
    assert isotonic([3, 1, 2, 5]) == [2, 2, 2, 5]
    assert isotonic([1, 2]) == [1, 2]
    assert isotonic([]) == []


def test_large_network_is_quick_to_group():
    """Nothing is calculated number by number where layers are drawn."""
    scene = Stage(layers([50, 60, 60, 1])).scene(1, size="operation")
    found = computation_picture(scene, ComputationMemory())
    assert len(found.shape.nodes) < 25
