"""Any loop-free network of any nodes: engine, steps, pictures, files and PyTorch tell one story."""

from __future__ import annotations

import csv
import io
from itertools import combinations
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui.engine.expressions import FUNCTIONS
from backprop_gui.engine.finite_differences import STEP, agrees, is_kink, numeric_gradients, one_sided_slopes
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import forward
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.present.canvas import canvas_picture
from backprop_gui.present.canvas_layout import lay_out
from backprop_gui.present.canvas_memory import CanvasMemory
from backprop_gui.present.canvas_shape import canvas_shape
from backprop_gui.present.csv_files import write_gradients, write_steps
from backprop_gui.present.explain import explain_page
from backprop_gui.present.math_speech import spoken
from backprop_gui.present.math_text import latex
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.overview import overview
from backprop_gui.present.pictures import ExplainPage
from backprop_gui.present.plain_names import quantity_name
from backprop_gui.present.samples import samples_table
from backprop_gui.present.scene import Scene
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import timeline_picture
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.groups import next_end, previous_end
from backprop_gui.steps.plan import STEP_SIZES, Plan, StepSize
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity
from backprop_gui.steps.terms import count_paths, number_of, paths
from backprop_gui.steps.timeline import Timeline
from tests.calculator import calculated
from tests.networks import Story, references
from tests.random_graphs import documents, in_torch

MOST_PATHS = 200
MOST_STEPS = 12  # of one size that are shown


def nudged_losses(story: Story, node: int, place: int) -> list[Array]:
    """Each sample's loss with one number of the data a little lower, as it is, a little higher."""
    leaves = {index: data[story.record.rows] for index, data in story.model.leaves.items()}
    losses = []
    for step in (-STEP, 0.0, STEP):
        leaves[node] = leaves[node].copy()
        leaves[node][:, place] += step
        losses.append(forward(story.graph, story.record.before.parameters, leaves)[story.graph.loss])
        leaves[node] = story.model.leaves[node][story.record.rows]
    return losses


@settings(max_examples=150)
@given(documents())
def test_finite_differences_confirm_every_parameter(document: Experiment) -> None:
    """For each sample; where they do not, the loss bends at this very value."""
    story = Story(Timeline.of(document))
    graph, parameters = story.graph, story.record.before.parameters
    leaves = {index: data[story.record.rows] for index, data in story.model.leaves.items()}
    losses, places = story.record.values[graph.loss], graph.parameters.scalars.tolist()
    for place, numeric in zip(places, numeric_gradients(graph, parameters, leaves, places), strict=True):
        for sample, slope in enumerate(numeric.tolist()):
            gradient = float(story.numbers.sample_gradient(sample)[place])
            if not agrees(slope, gradient, float(losses[sample])):
                left, right = one_sided_slopes(graph, parameters, leaves, place)
                name = graph.parameters.name_at(place)
                assert is_kink(left[sample], right[sample], gradient), f"{name}: {gradient}, {slope}"


@settings(max_examples=100)
@given(documents())
def test_finite_differences_confirm_every_input(document: Experiment) -> None:
    """∂L/∂x of inputs that are differentiated; those that do not reach the loss have none."""
    story = Story(Timeline.of(document))
    for node in story.graph.differentiated:
        gradients = story.record.gradients[node]
        for place in range(story.graph.nodes[node].shape[0]):
            lower, here, upper = nudged_losses(story, node, place)
            for sample in range(story.record.samples):
                gradient = 0.0 if gradients is None else float(gradients[sample, place])
                numeric = float(upper[sample] - lower[sample]) / (2 * STEP)
                if not agrees(numeric, gradient, float(here[sample])):
                    assert is_kink(
                        float(here[sample] - lower[sample]) / STEP,
                        float(upper[sample] - here[sample]) / STEP,
                        gradient,
                    )


@settings(max_examples=100)
@given(documents())
def test_every_number_is_its_expression_and_every_gradient_its_terms(document: Experiment) -> None:
    """Forward, loss, backward, mean and update; paths to the loss where there are few."""
    story = Story(Timeline.of(document))
    for step in range(1, story.plan.total + 1):
        quantity = story.plan.quantity(step)
        value = story.numbers(quantity)
        shown = number_of(story.terms.expression(quantity), story.numbers)
        if quantity.aspect != GRADIENT or quantity.sample is None:
            assert shown == pytest.approx(value, rel=1e-10, abs=1e-13)
            continue
        terms = [number_of(term.product, story.numbers) for term in story.terms.gradient(quantity)]
        assert terms or value == 0  # every connection onwards is missing
        assert sum(terms) == near(value, terms)
        assert shown == near(value, terms)
        count = count_paths(story.terms, quantity)
        if count <= MOST_PATHS:
            products = [
                number_of(p.product, story.numbers) for p in paths(story.terms, quantity, MOST_PATHS + 1)
            ]
            assert len(products) == count
            assert sum(products) == near(value, products)


def near(value: float, parts: list[float]) -> object:
    """Within rounding of what is added up, also of differences inside the parts."""
    return pytest.approx(value, rel=1e-10, abs=1e-12 * sum(map(abs, parts)) + 1e-13)


@settings(max_examples=150)
@given(documents())
def test_the_plan_tells_everything_once(document: Experiment) -> None:
    """Each step uncovers a quantity of its own, whose parts are known by then, and finds back to it."""
    story = Story(Timeline.of(document))
    plan, graph = story.plan, story.graph
    told = [plan.quantity(step) for step in range(1, plan.total + 1)]
    assert [plan.step_of(quantity) for quantity in told] == list(range(1, plan.total + 1))
    for step, quantity in enumerate(told, start=1):
        earlier = [plan.step_of(part) for part in references(story.terms.expression(quantity))]
        # An output stands in the rule of its own slope, never in its own value.
        assert all(place is not None and place < step for place in earlier)
    for sample in range(plan.samples):
        for index in graph.operations:
            for element in np.ndindex(graph.nodes[index].shape):
                assert Quantity(index, element, VALUE, sample) in told
                gradient = Quantity(index, element, GRADIENT, sample)
                assert (gradient in told) == (index in graph.reaches_loss and index != graph.loss)
    for size in STEP_SIZES:
        ends = ends_of(plan, size)
        assert ends[-1:] == [plan.total]
        assert [previous_end(plan, end, size) or 0 for end in ends] == [0, *ends[:-1]]


@settings(max_examples=100)
@given(documents())
def test_every_number_has_a_name_of_its_own(document: Experiment) -> None:
    """On screen and in files: no two values of a sample are called alike."""
    graph = Story(Timeline.of(document)).graph
    naming = Naming(graph, document.notation)
    values = [
        Quantity(index, tuple(map(int, element)))
        for index, node in enumerate(graph.nodes)
        if node.kind != "parameter"
        for element in np.ndindex(node.shape)
    ]
    layout = graph.parameters
    for place in layout.scalars.tolist():
        array, element = layout.locate(place)
        values.append(Quantity(graph.parameter_nodes[array], element))
    for name in (naming.plain, lambda quantity: quantity_name(graph, quantity)):
        assert len({name(quantity) for quantity in values}) == len(values)


def ends_of(plan: Plan, size: StepSize) -> list[int]:
    """The positions that steps of a size lead to."""
    ends, position = [], next_end(plan, 0, size)
    while position is not None:
        ends.append(position)
        position = next_end(plan, position, size)
    return ends


@settings(max_examples=60)
@given(documents(), st.sampled_from([(560, 380), (1000, 480)]))
def test_no_cards_overlap(document: Experiment, view: tuple[int, int]) -> None:
    """Every neuron has a card of its own, and every edge a card at both its ends."""
    story = Story(Timeline.of(document))
    shape = canvas_shape(story.graph, Naming(story.graph, document.notation), NumberFormat())
    names = [card.identity for card in shape.cards]
    edges = [edge.identity for edge in shape.edges]
    assert len(set(names)) == len(names)
    assert len(set(edges)) == len(edges)
    assert {end for edge in shape.edges for end in (edge.source, edge.target)} <= set(names)
    parameters = set(story.graph.parameters.names)
    assert {edge.weight for edge in shape.edges} - {""} <= parameters
    layout = lay_out(shape, *view)
    titled = not layout.measures.close  # else titles stand on their cards
    boxes = [(name, place.card) for name, place in layout.cards.items()]
    boxes += [(name, place.title) for name, place in layout.cards.items() if place.title and titled]
    overlaps = [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other)]
    assert overlaps == []


@settings(max_examples=12)
@given(documents(most_nodes=5), st.randoms(use_true_random=False))
def test_every_step_can_be_shown(document: Experiment, chance: Random) -> None:
    """Page, canvas and tables of steps of every size, of what is asked and what is clicked."""
    timeline = Timeline.of(document)
    story, naming = Story(timeline), Naming(timeline.segments[0].model.graph, document.notation)
    shape, memory = canvas_shape(story.graph, naming, NumberFormat()), CanvasMemory()
    names = [*(card.identity for card in shape.cards), *story.graph.parameters.names]
    for size in STEP_SIZES:
        ends = [0, *ends_of(story.plan, size)]
        for position in sorted(chance.sample(ends, min(MOST_STEPS, len(ends)))):
            frame = Frame(story.plan, story.record, story.numbers, position, size)
            for more in ({}, {"asking": True}, {"unfolded": True}, {"focus": chance.choice(names)}):
                scene = Scene(document, story.model, frame, naming, **more)
                assert page_is_whole(explain_page(scene))
                canvas = canvas_picture(scene, shape, memory)
                assert len(canvas.cards) == len(shape.cards)
            for table in (gradient_table(scene), parameter_table(scene), samples_table(scene)):
                assert all(len(row.texts) == len(table.columns) for row in table.rows)
            timeline_picture(scene, timeline.newest)
    assert overview(document, timeline)


def page_is_whole(page: ExplainPage) -> bool:
    """A question, words, and formulas that can be read aloud and copied."""
    rows = [each for block in page.blocks for each in block.rows]
    return bool(page.question and page.announcement and page.text) and all(
        spoken(r) and latex(r) for r in rows
    )


@settings(max_examples=60)
@given(documents())
def test_terms_in_files_come_to_the_gradient(document: Experiment) -> None:
    """In gradients.csv arithmetic alone, in steps.csv with functions."""
    timeline = Timeline.of(document)
    gradients, steps = io.StringIO(newline=""), io.StringIO(newline="")
    assert write_gradients(gradients, timeline, 0, 1)
    for row in csv.DictReader(io.StringIO(gradients.getvalue())):
        value, size = calculated(row["terms"])
        assert abs(value - float(row["gradient"])) <= 1e-12 * size
        assert not row["terms"].startswith("-")
    assert write_steps(steps, timeline, 0, 1)
    for row in csv.DictReader(io.StringIO(steps.getvalue())):
        shown = eval(row["numbers"], dict(FUNCTIONS))
        assert shown == pytest.approx(float(row["value"]), rel=1e-10, abs=1e-13)


@settings(max_examples=100)
@given(documents())
def test_an_experiment_reads_back(document: Experiment) -> None:
    """Every field of every kind of node, and the same numbers from it."""
    again = decode(encode(document))
    assert again == document
    one, other = (Timeline.of(each).record(0) for each in (document, again))
    assert np.array_equal(one.after.parameters, other.after.parameters)


@settings(max_examples=100)
@given(documents())
def test_pytorch_confirms_losses_and_gradients(document: Experiment) -> None:
    """The document itself, written with PyTorch's own functions."""
    torch = pytest.importorskip("torch")
    story = Story(Timeline.of(document))
    graph, record = story.graph, story.record
    named = {graph.nodes[index].name: index for index in (*graph.parameter_nodes, *graph.inputs)}
    named["targets"] = graph.nodes[graph.loss].operands[1]
    tensors = {name: torch.tensor(record.values[index], requires_grad=True) for name, index in named.items()}
    losses = in_torch(document, tensors, tensors)
    assert losses.detach().numpy() == pytest.approx(record.values[graph.loss], rel=1e-12, abs=1e-14)
    if losses.requires_grad:
        losses.sum().backward()
    for name, index in named.items():
        ours, theirs = record.gradients[index], tensors[name].grad
        if name == "targets":
            continue
        if ours is None or theirs is None:
            assert not np.any(ours if theirs is None else theirs.numpy())
            continue
        present = kept(story, index)
        assert ours.ravel()[present] == pytest.approx(
            theirs.numpy().ravel()[present], rel=1e-10, abs=1e-13
        ), name


def kept(story: Story, index: int) -> Any:
    """The places of an array that are there: PyTorch knows no missing connections."""
    parameter = story.graph.nodes[index].parameter
    return slice(None) if parameter < 0 else story.graph.parameters.arrays[parameter].kept
