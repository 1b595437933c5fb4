"""Building a network by hand: what changes, what stays, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment import building as b
from backprop_gui.experiment.build import build
from backprop_gui.experiment.building_edges import Neuron, connect, connection_fault, cut, would_loop
from backprop_gui.experiment.building_loss import set_loss
from backprop_gui.experiment.building_moment import REMARK, rebuilt
from backprop_gui.experiment.document import Dense, Edit, Experiment, Network
from backprop_gui.steps.timeline import Timeline
from tests.networks import layers, preset


def node(experiment: Experiment, name: str) -> Any:
    """A node by its name."""
    return b.node_of(experiment.network, name)


def wires(network: Network) -> list[str]:
    """The wiring in short: `h1 of x`."""
    return [f"{n.name} of {n.of if isinstance(n.of, str) else '+'.join(n.of)}" for n in network.nodes]


WORKED = preset("worked-example")


def test_more_neurons_keep_what_is_learned():
    """New neurons come behind the old ones, with weights of few digits and biases of 0."""
    changed = b.set_units(WORKED, "h1", 3)
    old, new = node(WORKED, "h1"), node(changed, "h1")
    assert new.weights[:2] == old.weights
    assert new.biases == [*old.biases, 0]
    assert all(w and round(w, 4) == w for w in new.weights[2])
    assert [row[:2] for row in node(changed, "h2").weights] == node(WORKED, "h2").weights
    assert node(changed, "out") == node(WORKED, "out")
    assert b.set_units(WORKED, "h1", 3) == changed  # the same every time


def test_fewer_neurons_take_the_last_away():
    """What is left keeps its weights, in the layer and behind it; one in the middle may go too."""
    fewer = b.set_units(WORKED, "h1", 1)
    assert node(fewer, "h2").weights == [row[:1] for row in node(WORKED, "h2").weights]
    middle = b.remove_neuron(b.set_units(WORKED, "h1", 3), "h1", 1)
    assert [row[0] for row in node(middle, "h2").weights] == [row[0] for row in node(WORKED, "h2").weights]
    assert node(middle, "h1").weights[0] == node(WORKED, "h1").weights[0]
    with pytest.raises(InvalidEdit, match="only"):
        b.remove_neuron(fewer, "h1", 0)


def test_layer_in_between_takes_its_name_from_its_place():
    """Hidden layers are counted in network order; weights that fit go on behind the new layer."""
    changed = b.add_layer(WORKED, "h1")
    assert wires(changed.network) == ["h1 of x", "h2 of h1", "h3 of h2", "out of h3"]
    assert node(changed, "h3").weights == node(WORKED, "h2").weights
    assert node(changed, "h2").biases == [0, 0]
    assert b.remove_layer(changed, "h2").network == WORKED.network
    assert wires(b.add_layer_before(WORKED, "loss").network)[-1].endswith("of out")


def test_layer_of_another_width():
    """The columns behind it are cut, or drawn."""
    wide = b.add_layer(WORKED, "h1", units=3)
    assert [row[:2] for row in node(wide, "h3").weights] == node(WORKED, "h2").weights
    assert len(node(wide, "h3").weights[0]) == 3


def test_layers_change_places_and_back():
    """Two layers of a chain exchange places with their neurons; the output stays where it is."""
    experiment = layers([2, 3, 4, 1])
    moved = b.move_layer(experiment, "h1", 1)
    assert [len(n.weights) for n in moved.network.nodes if isinstance(n, Dense)] == [4, 3, 1]
    build(moved)
    for name, by in (("out", -1), ("h2", 1), ("h1", -1)):
        with pytest.raises(InvalidEdit):
            b.move_layer(experiment, name, by)


def test_inputs_and_outputs_bring_their_data():
    """New columns of data are 0, those too many are cut."""
    experiment = b.set_outputs(b.set_units(WORKED, "x", 3), 2)
    assert experiment.data == {"x": [[0.4, 0.1, 0]], "targets": [[0, 0]]}
    back = b.set_outputs(b.set_units(experiment, "x", 2), 1)
    assert back == WORKED
    only = b.remove_layer(WORKED, "out")
    assert isinstance(only.data, dict)
    assert only.data["targets"] == [[0, 0]]


def test_data_of_a_generator_is_written_out():
    """Rows that no longer come from a generator are numbers in the document; as many are tested with."""
    moons = preset("two-moons")
    wider = b.set_units(moons, "x", 3)
    before, after = build(moons), build(wider)
    (leaf,) = before.graph.inputs
    (new_leaf,) = after.graph.inputs
    assert np.array_equal(after.leaves[new_leaf][:, :2], before.leaves[leaf])
    assert {len(a) for a in after.test_leaves.values()} == {len(a) for a in before.test_leaves.values()}


def test_rows_of_data():
    """Rows are added as zeros at the end and taken away one by one, but for the last."""
    more = b.set_rows(WORKED, 3)
    assert more.data == {"x": [[0.4, 0.1], [0, 0], [0, 0]], "targets": [[0], [0], [0]]}
    assert b.remove_row(b.remove_row(more, 1), 1) == WORKED
    with pytest.raises(InvalidEdit, match="only row"):
        b.remove_row(WORKED, 0)


@pytest.mark.parametrize(("name", "place"), [("two-moons", 7), ("iris", 0)])
def test_removed_row_is_the_marked_one(name, place):
    """Where some rows are kept aside, too: those and all others stay what they are, in their order."""
    before = build(preset(name))
    removed = preset(name)
    for _ in range(3):
        removed = b.remove_row(removed, place)
    after = build(removed)
    for leaves, others, gone in (
        (before.leaves, after.leaves, slice(place, place + 3)),
        (before.test_leaves, after.test_leaves, slice(0)),
    ):
        for leaf, array in leaves.items():
            np.testing.assert_array_equal(others[leaf], np.delete(array, gone, axis=0))


def test_single_edge_is_cut_and_connected():
    """A missing connection is null in the matrix; connected again it is a new weight."""
    ends = Neuron("h1", 1), Neuron("h2", 0)
    less = cut(WORKED, *ends)
    assert node(less, "h2").weights[0][1] is None
    assert connection_fault(less.network, *ends, whole=False) == ""
    again = node(connect(less, *ends), "h2").weights
    assert again[0][1] not in (None, 0)
    first = node(WORKED, "h2").weights
    assert [again[0][0], *again[1]] == [first[0][0], *first[1]]
    with pytest.raises(InvalidEdit, match="are connected already"):
        connect(WORKED, *ends)
    with pytest.raises(InvalidEdit, match="no connection"):
        cut(less, *ends)


def test_skip_connection_comes_and_goes():
    """A second sender joins by a concatenate node; cut again, the network is what it was."""
    one = connect(WORKED, Neuron("x", 0), Neuron("out", 0))
    assert wires(one.network)[-2:] == ["both of h2+x", "out of both"]
    (row,) = node(one, "out").weights
    assert row[:2] == node(WORKED, "out").weights[0]
    assert row[2] is not None
    assert row[3] is None
    whole = connect(one, Neuron("x", 1), Neuron("out", 0), whole=True)
    assert node(whole, "out").weights[0][2] == row[2]
    third = connect(whole, Neuron("h1", 0), Neuron("out", 0), whole=True)
    assert wires(third.network)[-2:] == ["both of h2+x+h1", "out of both"]
    assert cut(third, Neuron("both", 2), Neuron("out", 0)) == cut(third, Neuron("x", 0), Neuron("out", 0))
    back = cut(third, Neuron("h1", 0), Neuron("out", 0), whole=True)
    assert cut(back, Neuron("x", 0), Neuron("out", 0), whole=True).network == WORKED.network


def test_loops_are_refused():
    """A connection back, or of a layer to itself, is refused with what would be right."""
    assert would_loop(WORKED.network, "out", "h1")
    assert would_loop(WORKED.network, "h1", "h1")
    assert not would_loop(WORKED.network, "h1", "out")
    with pytest.raises(InvalidEdit, match="would close a loop; a connection that leads onward"):
        connect(WORKED, Neuron("h2", 0), Neuron("h1", 0))
    assert connection_fault(WORKED.network, Neuron("h1", 0), Neuron("loss", 0), False)
    assert connection_fault(WORKED.network, Neuron("h1", 0), Neuron("x", 0), False)


def test_loss_brings_what_it_needs():
    """Softmax and σ come with the losses of probabilities, joined or not, and stay out of the others."""
    three = b.set_outputs(b.set_activation(WORKED, "out", "identity"), 3)
    apart = set_loss(three, "cross_entropy")
    assert wires(apart.network)[-1] == "s of out"
    joined = set_loss(apart, "softmax_cross_entropy")
    assert joined.network.nodes == three.network.nodes
    assert set_loss(joined, "cross_entropy") == apart
    binary = set_loss(WORKED, "binary_cross_entropy_with_logits")
    assert node(binary, "out").activation == "identity"
    assert node(set_loss(binary, "binary_cross_entropy"), "out").activation == "sigmoid"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: set_loss(e, "softmax_cross_entropy"), "2 or more outputs"),
        (lambda e: set_loss(e, "cross_entropy"), "2 or more outputs"),
        (lambda e: set_loss(b.set_activation(e, "out", "tanh"), "binary_cross_entropy"), "sigmoid for out"),
        (lambda e: b.set_activation(set_loss(e, "binary_cross_entropy"), "out", "relu"), "sigmoid for out"),
        (lambda e: set_loss(e, "hinge"), "one of half_squared_error"),
        (lambda e: b.set_units(e, "h1", 0), "1 to 1,000"),
        (lambda e: b.set_units(e, "h9", 2), "no layer h9"),
        (lambda e: b.remove_layer(b.remove_layer(b.remove_layer(e, "h1"), "h1"), "out"), "only layer"),
        (lambda e: b.rename_layer(e, "h1", "h2"), "taken"),
        (lambda e: b.rename_layer(e, "h1", "2 heads"), "no name"),
        (lambda e: b.rename_experiment(e, " "), "empty"),
        (lambda e: b.set_rows(e, 0), "1 to"),
    ],
)
def test_refusals_say_what_would_be_right(change, words):
    """Each is one sentence."""
    with pytest.raises(InvalidEdit, match=words) as caught:
        change(WORKED)
    assert "\n" not in str(caught.value)


def test_sum_needs_senders_of_one_width():
    """A neuron too many in a sum is refused, not half done."""
    with pytest.raises(InvalidEdit, match="s would not fit"):
        b.set_units(preset("skip-connection-dag"), "h1", 3)


def test_shared_parameters_are_untied_where_a_layer_changes():
    """The layer that is changed has numbers of its own from then on; the other keeps the shared ones."""
    shared = preset("mlp-three-theta")
    names = [n.weights for n in shared.network.nodes if isinstance(n, Dense)]
    assert any(isinstance(name, str) for name in names)
    first = next(n for n in shared.network.nodes if isinstance(n, Dense))
    changed = b.set_units(shared, first.name, first.units + 1)
    build(changed)


def test_names_change_everywhere():
    """An input's name stands in the network and in the data."""
    changed = b.rename_layer(b.rename_layer(WORKED, "x", "features"), "h2", "middle")
    assert wires(changed.network) == ["h1 of features", "middle of h1", "out of middle"]
    assert list(changed.data) == ["features", "targets"]
    build(changed)


# --- at a moment of a run ---------------------------------------------------------------------------------


def at(experiment: Experiment, iteration: int, change: Any) -> tuple[Experiment, Timeline]:
    """What becomes of a document that is changed at an iteration."""
    timeline = Timeline.of(experiment)
    while timeline.newest < iteration:
        assert timeline.advance()
    model = timeline.segment_of(iteration).model
    return rebuilt(experiment, model, timeline.state(iteration).parameters, iteration, change), timeline


def test_learned_values_are_the_new_initial_ones():
    """All that stays begins as it was on screen; published numbers go, and the note says so."""
    changed, timeline = at(WORKED, 5, lambda e: b.set_units(e, "h2", 3))
    learned = timeline.state(5).parameters
    assert np.ravel(node(changed, "h1").weights).tolist() == learned[:4].tolist()
    assert np.ravel(node(changed, "h2").weights[:2]).tolist() == learned[4:8].tolist()
    assert WORKED.expected
    assert changed.expected == []
    assert changed.note.endswith(REMARK)


def test_edits_are_carried_out_for_good():
    """Rate, optimiser and data as they are in force stand in the new document."""
    edits = [Edit(1, {"learning_rate": 0.25, "x[1,2]": 7.0}), Edit(9, {"w1": 3})]
    edited = msgspec.structs.replace(WORKED, edits=edits)
    changed, _ = at(edited, 2, lambda e: b.add_layer(e, "h1"))
    assert changed.training.optimizer.learning_rate == 0.25
    assert changed.data == {"x": [[0.4, 7.0]], "targets": [[0]]}
    assert changed.edits == []


def test_frozen_parameters_stay_frozen_under_their_new_names():
    """w9 is another number once a layer before it has grown."""
    training = msgspec.structs.replace(WORKED.training, frozen=["w9", "b*", "w3"])
    frozen = msgspec.structs.replace(WORKED, training=training)
    changed, _ = at(frozen, 0, lambda e: b.set_units(e, "h1", 3))
    assert changed.training.frozen == ["w13", "b*", "w3"]
    assert build(changed).frozen.sum() == 2 + 6
