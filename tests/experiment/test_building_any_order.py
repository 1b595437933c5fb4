"""Any network, rebuilt in any order of changes, can be computed, and what no change touched stays."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui.engine.operations import ACTIVATIONS, LOSSES
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment import building as b
from backprop_gui.experiment.building_draft import Draft, with_numbers
from backprop_gui.experiment.building_edges import Neuron, connect, cut
from backprop_gui.experiment.building_loss import set_loss
from backprop_gui.experiment.building_moment import rebuilt
from backprop_gui.experiment.document import Dense, Experiment, senders
from backprop_gui.steps.timeline import Timeline
from tests.random_graphs import documents


def change(draw: Any, e: Experiment) -> tuple[str, Any]:
    """The layer a change is about, and the change."""
    nodes, inputs = [n.name for n in e.network.nodes], list(e.network.inputs)
    name = draw(st.sampled_from(nodes + inputs))
    other, number, whole = (
        draw(st.sampled_from(nodes or inputs)),
        draw(st.integers(0, 4)),
        draw(st.booleans()),
    )
    here = Neuron(name, draw(st.integers(0, Draft(e).width(name) - 1)))
    there = Neuron(other, draw(st.integers(0, Draft(e).width(other) - 1)))
    return draw(
        st.sampled_from(
            [
                (name, lambda e: b.add_layer(e, name)),
                (name, lambda e: b.add_layer_before(e, name)),
                (name, lambda e: b.remove_layer(e, name)),
                (name, lambda e: b.move_layer(e, name, 1 if whole else -1)),
                (name, lambda e: b.set_units(e, name, number)),
                (name, lambda e: b.remove_neuron(e, name, here.place)),
                (name, lambda e: b.set_activation(e, name, draw(st.sampled_from(sorted(ACTIVATIONS))))),
                (name, lambda e: b.set_biases(e, name, whole)),
                (e.network.loss.of, lambda e: b.set_outputs(e, number)),
                (e.network.loss.of, lambda e: set_loss(e, draw(st.sampled_from(sorted(LOSSES))))),
                (other, lambda e: connect(e, here, there, whole)),
                (other, lambda e: cut(e, here, there, whole)),
                ("", lambda e: b.set_rows(e, number)),
            ]
        )
    )


def touched(e: Experiment, name: str) -> set[str]:
    """The layers whose weights a change at `name` may alter: itself, its neighbours, theirs behind sums."""
    by_name = {n.name: n for n in e.network.nodes}
    found = {name}
    if name in by_name:
        found.update(senders(by_name[name]))
    for _ in by_name:
        for node in e.network.nodes:
            through = {
                s
                for s in senders(node)
                if s in found and not (s != name and isinstance(by_name.get(s), Dense))
            }
            if through:
                found.add(node.name)
    for once in list(found):  # a layer that changes places is followed by the receivers of its neighbour
        found.update(n.name for n in e.network.nodes if once in senders(n))
    return found


def matrices(e: Experiment, names: set[str] | None = None) -> list[str]:
    """The weights and biases of layers, written out."""
    parameters: Any = e.network.parameters

    def numbers(values: Any) -> Any:
        return parameters[values] if isinstance(values, str) else values

    dense = [n for n in e.network.nodes if isinstance(n, Dense) and (names is None or n.name in names)]
    return [repr((numbers(n.weights), numbers(n.biases))) for n in dense]


@settings(max_examples=60)
@given(st.data(), documents())
def test_any_order_of_changes(data, experiment):
    """Each change is refused, or leaves a network that runs, with the other layers as they were."""
    for _ in range(data.draw(st.integers(1, 5))):
        timeline = Timeline.of(experiment)
        parameters = timeline.state(0).parameters
        about, act = change(data.draw, experiment)
        before = with_numbers(experiment)
        try:
            after = rebuilt(experiment, timeline.segments[0].model, parameters, 0, act)
        except InvalidEdit:
            continue
        Timeline.of(after).advance()
        rest = {n.name for n in before.network.nodes} - touched(before, about)
        left = matrices(after)
        for matrix in matrices(before, rest):
            assert matrix in left
        experiment = after
