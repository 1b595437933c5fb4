"""Where a number comes from: the terms add up to it, along every path, in every network."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings

from backprop_gui.engine.expressions import Ref
from backprop_gui.experiment.document import Dense
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.steps.references import resolve
from backprop_gui.steps.terms import count_paths, number_of, paths
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, experiment, experiments, layers, preset, references


def story_of(document, iteration: int = 0) -> Story:
    return Story(Timeline.of(document), iteration)


def close_to(value: float, parts: list[float]) -> object:
    """Within rounding of what is added up."""
    return pytest.approx(value, rel=1e-12, abs=1e-12 * sum(map(abs, parts)) + 1e-300)


@settings(max_examples=150)
@given(experiments())
def test_every_number_is_what_its_expression_comes_to(document):
    """Values, gradients, means and updates, for every step of a batch."""
    story = story_of(document)
    for step in range(1, story.plan.total + 1):
        quantity = story.plan.quantity(step)
        expression = story.terms.expression(quantity)
        assert number_of(expression, story.numbers) == pytest.approx(
            story.numbers(quantity), rel=1e-9, abs=1e-14
        )
        assert expression != Ref(quantity)


@settings(max_examples=150)
@given(experiments(most_rows=3))
def test_terms_and_paths_add_up_to_the_gradient(document):
    """One term per use, one product per path; both sums are the gradient, and the paths are counted right."""
    story = story_of(document)
    for step in range(1, story.plan.total + 1):
        quantity = story.plan.quantity(step)
        if quantity.aspect != GRADIENT or quantity.sample is None:
            continue
        gradient = story.numbers(quantity)
        terms = [number_of(term.product, story.numbers) for term in story.terms.gradient(quantity)]
        assert sum(terms) == close_to(gradient, terms)
        count = count_paths(story.terms, quantity)
        if count > 400:
            continue
        ways = list(paths(story.terms, quantity, 1000))
        assert len(ways) == count
        assert len({(way.through, way.locals) for way in ways}) == count or count_repeats(story, quantity)
        products = [number_of(way.product, story.numbers) for way in ways]
        assert sum(products) == close_to(gradient, products)


def count_repeats(story: Story, quantity: Quantity) -> bool:
    """Whether two uses of a parameter have the same slope, as when a dead input makes both alike."""
    return len({term.local for term in story.terms.gradient(quantity)}) < len(story.terms.gradient(quantity))


def test_the_paths_of_w1():
    """From w₁ two paths lead to the loss, told from the loss inwards, in network order."""
    story = story_of(preset("worked-example"))
    graph = story.graph
    quantity = resolve(graph, "d(w1)")
    found = list(paths(story.terms, quantity, 10))
    assert count_paths(story.terms, quantity) == len(found) == 2
    ways = [
        [graph.nodes[q.node].name + str([e + 1 for e in q.element]) for q in way.through] for way in found
    ]
    assert [[name for name in way if name.startswith("h2.a")] for way in ways] == [["h2.a[1]"], ["h2.a[2]"]]
    for way in found:
        factors = [number_of(local, story.numbers) for local in way.locals]
        assert len(factors) == 7  # loss, σ′, w, σ′, w, σ′, x
        assert factors[0] == pytest.approx(0.85049311458)
        assert factors[-1] == pytest.approx(0.4)
    assert len(list(paths(story.terms, quantity, 1))) == 1


def test_a_gradient_is_upstream_times_local():
    """∂L/∂w₅ = ∂L/∂z₁⁽²⁾ · a₁⁽¹⁾, and ∂L/∂a of a hidden neuron has a term for each neuron behind it."""
    story = story_of(preset("worked-example"))
    graph = story.graph
    (term,) = story.terms.gradient(resolve(graph, "d(w5)"))
    assert term.upstream == resolve(graph, "d(h2.z[1])")
    assert term.local == Ref(resolve(graph, "h1.a[1]"))
    terms = story.terms.gradient(resolve(graph, "d(h1.a[1])"))
    assert [term.upstream for term in terms] == [resolve(graph, "d(h2.z[1])"), resolve(graph, "d(h2.z[2])")]
    assert [term.local for term in terms] == [Ref(resolve(graph, "w5")), Ref(resolve(graph, "w7"))]
    (last,) = story.terms.gradient(resolve(graph, "d(out.a[1])"))
    assert last.upstream is None


def test_paths_are_counted_without_walking_them():
    """A wide net has millions of paths; the count comes at once, and listing stops where it is told to."""
    story = story_of(layers([2, *[4] * 12, 1]))
    quantity = resolve(story.graph, "d(w1)")
    assert count_paths(story.terms, quantity) == 4**11
    assert len(list(paths(story.terms, quantity, 25))) == 25


def test_a_shared_weight_has_a_term_for_every_use():
    """Used in three layers: three terms, by three local slopes, that add up."""
    nodes = [Dense(f"h{i}", f"h{i - 1}" if i > 1 else "x", 1, "theta", "tanh") for i in (1, 2, 3)]
    story = story_of(experiment(nodes, {"x": 1}, parameters={"theta": [[0.8]]}))
    quantity = resolve(story.graph, "d(theta[1,1])")
    terms = story.terms.gradient(quantity)
    assert [story.graph.nodes[term.consumer].name for term in terms] == ["h1.z", "h2.z", "h3.z"]
    assert count_paths(story.terms, quantity) == 3
    assert sum(number_of(t.product, story.numbers) for t in terms) == pytest.approx(story.numbers(quantity))


def test_per_sample_gradients_average_to_the_mean():
    """Whatever the order they are asked in."""
    story = story_of(layers([2, 3, 1], rows=3, batch_size=3))
    graph = story.graph
    for name in graph.parameters.names:
        quantity = resolve(graph, f"d({name})")
        each = [story.numbers(Quantity(quantity.node, quantity.element, GRADIENT, s)) for s in (2, 0, 1)]
        mean = story.numbers(Quantity(quantity.node, quantity.element, GRADIENT, None))
        assert sum(each) / 3 == pytest.approx(mean, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("iteration", [0, 5])
def test_an_update_uses_the_mean_gradient_and_the_rate(iteration):
    """w ← w − η·(mean gradient): parameter, rate and gradient are what the line refers to."""
    story = story_of(layers([1, 1], rows=2, batch_size=2, learning_rate=0.25), iteration)
    (place, *_) = story.plan.updated
    step = story.plan.update_start + 1
    line = story.terms.line(story.plan.quantity(step))
    before, after = story.record.before.parameters[place], story.record.after.parameters[place]
    assert number_of(line, story.numbers) == after
    assert after == pytest.approx(before - 0.25 * story.record.parameter_gradient[place], rel=1e-15)


def test_every_sample_of_a_batch_tells_its_own_terms():
    """Terms of sample 2 refer to sample 2, apart from parameters, which have none."""
    story = story_of(layers([2, 2, 1], rows=2, batch_size=2))
    for sample, name in itertools.product((0, 1), ("d(w1)", "d(h1.a[1])", "h2.z[1]")):
        quantity = resolve(story.graph, name, sample)
        made_of = references(story.terms.expression(quantity))
        assert made_of
        for part in made_of:
            parameter = story.graph.nodes[part.node].kind == "parameter"
            assert part.sample == (None if parameter else sample)
