"""Large layers on the canvas: what is a block, what is lit, and which weights are drawn."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pytest

from backprop_gui.engine.expressions import Ref
from backprop_gui.engine.linear import AFFINE
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.experiment.reading import decode
from backprop_gui.present.block_light import DIM, LIT, reached, uncovered
from backprop_gui.present.block_shapes import grid_of, image_grid
from backprop_gui.present.block_states import STRONGEST
from backprop_gui.present.canvas_layout import lay_out
from backprop_gui.present.csv_files import GradientTable
from backprop_gui.present.focus import cards_on_paths, element_of
from backprop_gui.present.naming import neuron_identity
from backprop_gui.steps.groups import group
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity
from backprop_gui.steps.timeline import Timeline
from backprop_gui.views.canvas_access import network_order
from backprop_gui.views.canvas_stops import LargeStops
from tests.present.scenes import Stage, canvas


@pytest.fixture(scope="module")
def digits():
    return Stage("digits")


def positions(total: int, count: int) -> list[int]:
    return [0, 1, total, *Random(3).sample(range(total), count)]


def test_pixels_are_a_picture_few_neurons_a_list_and_many_cells():
    """64 pixels are 8 × 8; a small network keeps its cards."""
    shapes = {card.identity: card for card in canvas(Stage("digits").scene()).shape.cards}
    assert [(shapes[name].kind, shapes[name].grid) for name in ("x", "h1", "out", "targets")] == [
        ("image", (8, 8)),
        ("list", (1, 16)),
        ("list", (1, 10)),
        ("list", (1, 10)),
    ]
    assert (shapes["x"].subtitle, shapes["h1"].subtitle) == ("8 × 8 pixels", "16 neurons, ReLU")
    assert not any(card.is_block for card in canvas(Stage("spiral").scene()).shape.cards)
    assert (image_grid((784,)), image_grid((50,)), image_grid((9,))) == ((28, 28), None, None)
    assert [grid_of(count) for count in (16, 64, 100, 128)] == [(1, 16), (8, 8), (10, 10), (8, 16)]


@pytest.mark.parametrize("name", ["worked-example", "conv-classifier", "skip-connection-dag", "iris"])
def test_paths_in_arrays_are_the_paths_in_names(name):
    """What lies between a number and the loss, from every element of every node."""
    graph = Stage(name).story().graph
    for index, node in enumerate(graph.nodes):
        if index not in graph.reaches_loss or node.kind == "target":
            continue
        for element in np.ndindex(node.shape):
            found = {
                neuron_identity(graph.nodes[at].group, tuple(int(i) for i in place))
                for at, mask in reached(graph, index, element).items()
                if graph.nodes[at].kind != "parameter"
                for place in np.argwhere(mask)
            }
            assert found == cards_on_paths(graph, Quantity(index, element)), (node.name, element)


def test_what_a_step_uncovers_is_found_without_a_look_at_each(digits):
    """The same neurons and parameters as the plan names one by one."""
    plan = digits.story().plan
    for position in positions(plan.total, 60)[1:]:
        for size in ("operation", "neuron"):
            start, end = group(plan, position, size)
            found = uncovered(plan, range(start + 1, end + 1))
            quantities = [plan.quantity(step) for step in range(start + 1, end + 1)]
            kinds = [plan.graph.nodes[quantity.node].kind for quantity in quantities]
            places = [plan.place(q) for q, kind in zip(quantities, kinds, strict=True) if kind == "parameter"]
            assert sorted(set(places)) == sorted(found.places.tolist())
            if found.block is not None:
                neurons = {
                    q.element for q, kind in zip(quantities, kinds, strict=True) if kind != "parameter"
                }
                told = {found.block.element(n) for n in range(found.first, found.end)}
                assert neurons == (told if found.nodes else set())


def test_cells_show_what_is_uncovered_and_nothing_else(digits):
    """Values, gradients and marks, neuron by neuron, are those of the frame."""
    for position in positions(digits.story().plan.total, 12):
        scene = digits.scene(position)
        frame, graph = scene.frame, scene.graph
        layers = {layer.identity: layer for layer in canvas(scene).layers}
        for block in frame.plan.blocks:
            layer = layers[block.group]
            for neuron in range(block.neurons):
                element, sample = block.element(neuron), frame.shown_sample
                values = [frame.number(Quantity(node, element, VALUE, sample)) for node in block.nodes]
                slopes = [frame.number(Quantity(node, element, GRADIENT, sample)) for node in block.nodes]
                known = [value for value in values if value is not None]
                told = [slope for slope in slopes if slope is not None]
                assert layer.values[neuron] == pytest.approx(known[-1] if known else np.nan, nan_ok=True)
                assert layer.slopes[neuron] == pytest.approx(told[0] if told else np.nan, nan_ok=True)
                assert layer.complete[neuron] == (frame.mark(block, neuron) == "complete")
        assert graph.by_name["x"] in graph.inputs


def test_the_strongest_weights_are_drawn_and_all_of_the_focused_neuron(digits):
    """Sixty by their size; with a focus on h₃ also its 64 incoming and 10 outgoing ones."""
    picture = canvas(digits.scene(500))
    weights = digits.scene(500).frame.record.before.parameters[:1024]
    strongest = set(np.argsort(-np.abs(weights))[:STRONGEST].tolist())
    first, second = picture.bundles
    assert strongest <= set(first.drawn.tolist())
    focused = canvas(digits.scene(500, focus="h1[3]"))
    first, second = focused.bundles
    assert set(range(2 * 64, 3 * 64)) | strongest == set(first.drawn.tolist())
    assert {row * 16 + 2 for row in range(10)} <= set(second.drawn.tolist())
    assert first.strengths.tolist() == weights[first.drawn].tolist()
    looked_at = {layer.identity: layer.looked_at for layer in focused.layers}
    assert (looked_at["h1"], looked_at["x"]) == (2, -1)


def test_a_focused_weight_lights_its_edge_and_shows_both_its_neurons(digits):
    """w₇₀ leads from pixel 6 to neuron 2, and stands on its edge as a chip."""
    picture = canvas(digits.scene(focus="w70"))
    layers = {layer.identity: layer for layer in picture.layers}
    assert (layers["x"].looked_at, layers["h1"].looked_at) == (5, 1)
    (number, chip), *others = picture.bundles[0].chips
    assert (number, chip.identity, others) == (69, "w70", [])
    assert picture.bundles[0].levels[picture.bundles[0].drawn == 69] == LIT
    assert (layers["x"].levels == DIM).sum() == 63


def test_known_gradients_are_those_of_the_frame(digits):
    """For samples and for the mean, at any position."""
    for position in positions(digits.story().plan.total, 12):
        scene = digits.scene(position)
        plan = scene.frame.plan
        known = plan.known_gradients(position, scene.frame.sample)
        for place in Random(position).sample(plan.graph.parameters.scalars.tolist(), 80):
            assert known[place] == scene.frame.knows(scene.gradient_of(place)), (position, place)


def test_ends_and_terms_by_arithmetic_are_those_of_all_uses(digits):
    """The file of a dense network, made in two ways, is the same to the letter."""
    timeline = Timeline.of(open_experiment("xor")[0])
    quick, general = GradientTable(timeline), GradientTable(timeline)
    general._uses = None
    assert quick._uses is not None
    assert list(quick.rows(0)) == list(general.rows(0))
    assert quick.size(0) == len(list(quick.rows(0)))


def test_one_slope_alone_is_that_of_all_partials():
    """The quick way to a slope of a wide layer."""
    operands = np.ones(3), np.ones((2, 3)), np.ones(2)
    for unit in range(2):
        for partial in AFFINE.partials((unit,), operands, np.ones(2), {}):
            assert AFFINE.local is not None
            assert AFFINE.local(partial.slot, partial.element, (unit,)) == partial.local
            assert partial.slot == 2 or isinstance(partial.local, Ref)


def test_names_places_and_ranks_are_found_by_arithmetic():
    """With missing connections, shared and named parameters; what is no name has no place."""
    for name in ("skip-connection-dag", "mlp-three-theta", "conv-classifier", "digits"):
        layout = Stage(name).story().graph.parameters
        assert [layout.name_at(place) for place in layout.scalars.tolist()] == list(layout.names)
        assert [layout.place_of(each) for each in layout.names] == layout.scalars.tolist()
        assert [layout.ranks[place] for place in layout.scalars.tolist()] == list(range(len(layout.scalars)))
        strangers = ("w0", "w99999", "theta[0]", "theta", "", "h1[1]")
        assert [layout.place_of(each) for each in strangers] == [None] * 6
    assert element_of("h1[3]") == (2,)


def wide(nodes: list[dict[str, object]], inputs: int, **network: object) -> Experiment:
    """A network with a wide layer, whatever its operations."""
    plain = {"units": 2, "weights": {"init": "xavier"}, "biases": {"init": "zeros"}, "activation": "tanh"}
    whole = [{**plain, **node} if node["op"] == "dense" else node for node in nodes]
    loss = {"op": "squared_error", "of": nodes[-1]["name"]}
    rows = np.linspace(-1, 1, inputs).round(3).tolist()
    content = {
        "format": 1,
        "title": "Wide",
        "network": {"inputs": {"x": inputs}, "nodes": whole, "loss": loss, **network},
        "data": {"x": [rows], "targets": [[0.5, -0.5]]},
        "training": {"optimizer": {"learning_rate": 0.1}},
    }
    return decode(json.dumps(content).encode(), "wide")


SPARSE = [[None if (row + column) % 3 else 0.1 for column in range(30)] for row in range(20)]
SHARED = np.linspace(-0.3, 0.3, 400).round(3).reshape(20, 20).tolist()
ODD = {
    "missing connections, softmax": wide(
        [
            {"op": "dense", "name": "h1", "of": "x", "units": 20, "weights": SPARSE},
            {"op": "softmax", "name": "s", "of": "h1"},
            {"op": "dense", "name": "out", "of": "s"},
        ],
        30,
    ),
    "shared weights, a skip": wide(
        [
            {"op": "dense", "name": "h1", "of": "x", "units": 20, "weights": "theta"},
            {"op": "dense", "name": "h2", "of": "h1", "units": 20, "weights": "theta"},
            {"op": "add", "name": "a", "of": ["h2", "x"]},
            {"op": "dense", "name": "out", "of": "a", "biases": None},
        ],
        20,
        parameters={"theta": SHARED},
    ),
    "cards beside a block": wide(
        [
            {"op": "dense", "name": "h1", "of": "x", "units": 20},
            {"op": "concatenate", "name": "c", "of": ["h1", "x"]},
            {"op": "dense", "name": "out", "of": "c"},
        ],
        4,
    ),
}


@pytest.mark.parametrize("experiment", ODD.values(), ids=ODD)
def test_odd_networks_are_drawn_in_blocks_too(experiment):
    """Every neuron and every parameter at a neuron is a stop, once; missing connections are never drawn."""
    stage = Stage(experiment)
    picture = canvas(stage.scene())
    stops = network_order(picture.shape)
    assert isinstance(stops, LargeStops)
    names = [stop.identity for stop in stops]
    assert len(set(names)) == len(names)
    assert set(stage.story().graph.parameters.names) <= set(names)
    assert [stops.number_of(name) for name in names] == list(range(len(names)))
    total = stage.story().plan.total
    for position in positions(total, 15):
        for focus in ("", *Random(position).sample(names, 2)):
            shown = canvas(stage.scene(position, focus=focus))
            for bundle, shape in zip(shown.bundles, shown.shape.bundles, strict=True):
                assert shape.missing is None or not shape.missing[bundle.drawn].any()
    assert lay_out(picture.shape, 1000, 500).cards.keys() == {card.identity for card in picture.shape.cards}
