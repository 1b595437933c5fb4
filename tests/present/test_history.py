"""The picture of histories: which lines there are, which stand out, and what is said."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.experiment.presets import open_experiment
from backprop_gui.present.history import Wanted, history_picture, places_of
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.run_samples import Spread
from backprop_gui.steps.timeline import Timeline


@pytest.fixture(scope="module")
def graph_and_naming():
    """The worked example: w1 … w10, b1 … b5."""
    experiment = open_experiment("worked-example")[0]
    graph = Timeline.of(experiment).segments[0].model.graph
    return graph, Naming(graph, experiment.notation)


def names(graph, places):
    return [graph.parameters.name_at(place) for place in places]


def measured(graph, *iterations):
    """Every number is its iteration plus a hundredth of its place."""
    rows = [(at, at + np.arange(graph.parameters.size) / 100) for at in iterations]
    return [(at, Spread(row, float(row.min()), float(row.max()))) for at, row in rows]


def test_a_neuron_means_its_weights_and_its_bias(graph_and_naming):
    """A parameter itself alone; the loss or an input nothing."""
    graph, _ = graph_and_naming
    assert sorted(names(graph, places_of(graph, "h2[1]"))) == ["b3", "w5", "w6"]
    assert names(graph, places_of(graph, "b5")) == ["b5"]
    assert places_of(graph, "loss") == places_of(graph, "x[1]") == places_of(graph, "") == ()


def test_all_parameters_of_a_small_network_have_lines_and_the_picked_stand_out(graph_and_naming):
    """The number here is exact, whatever was measured beside it, and stands in the headline."""
    graph, naming = graph_and_naming
    w5, b5 = (graph.parameters.place_of(name) for name in ("w5", "b5"))
    here = np.full(graph.parameters.size, 0.25)
    wanted = Wanted(gradients=True, focused=(w5,), pinned=(b5,))
    picture = history_picture(measured(graph, 0, 8, 16), (5, here), wanted, naming, NumberFormat())
    roles = dict(zip(names(graph, picture.places), (line.role for line in picture.lines.lines), strict=True))
    assert len(roles) == 15
    assert {name for name, role in roles.items() if role == "dim"} == set(roles) - {"w5", "b5"}
    line = picture.lines.lines[picture.places.index(w5)]
    assert (line.own_name, line.iterations.tolist()) == ("d(w5)", [0, 5, 8, 16])
    assert line.values[1] == 0.25
    assert picture.lines.title == "∂L/∂w₅ = 0.25, ∂L/∂b₅ = 0.25 · every 8 iterations"


def test_of_a_large_network_the_rim_and_the_picked(graph_and_naming, monkeypatch):
    """Without any picked it says how to pick."""
    graph, naming = graph_and_naming
    monkeypatch.setattr("backprop_gui.present.history.MOST_LINES", 4)
    some = measured(graph, 0, 1)
    nothing = history_picture(some, None, Wanted(), naming, NumberFormat())
    assert nothing.places == (-1, -1)
    assert "click a weight" in nothing.lines.title
    one = history_picture(some, None, Wanted(focused=(3,)), naming, NumberFormat())
    assert one.places == (-1, -1, 3)
    assert [line.role for line in one.lines.lines] == ["bound", "bound", "lit"]
