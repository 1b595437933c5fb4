"""The ledger of paths: its sums are the gradient, and the strongest are found without walking the others."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings

from backprop_gui.experiment.document import Dense
from backprop_gui.steps.path_ledger import Ledger, ledger, sample_sums
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.steps.references import resolve
from backprop_gui.steps.terms import count_paths, number_of, paths
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, experiment, layers, preset, walkable_presets
from tests.random_graphs import documents


def assert_is_whole(account: Ledger) -> None:
    """Shown and remainder are the gradient, and so is what the slopes of all paths come to."""
    parts = [each.product for each in account.shown]
    room = 1e-12 * account.size + 1e-300
    assert account.adds_up or account.gradient == account.total
    assert abs(math.fsum(parts) + account.remainder - account.gradient) <= room
    assert account.remainder == 0 or account.further > 0
    assert account.further >= 0


def gradients(story: Story) -> list[Quantity]:
    """Every gradient of one sample that a step uncovers."""
    found = (story.plan.quantity(step) for step in range(1, story.plan.total + 1))
    return [each for each in found if each.aspect == GRADIENT and each.sample is not None]


@pytest.mark.parametrize("name", walkable_presets())
def test_sums_are_the_gradients_in_every_preset(name):
    """With few paths shown and with many, for quantities of every kind."""
    story = Story(Timeline.of(preset(name)))
    asked = gradients(story)
    for quantity in asked[:: max(1, len(asked) // 40)]:
        for most in (1, 6):
            account = ledger(story.terms, story.numbers, quantity, most)
            assert account is not None
            assert_is_whole(account)


@settings(max_examples=60)
@given(documents())
def test_strongest_paths_of_random_graphs_are_those_brute_force_finds(document):
    """Whatever the nodes: shared weights, repeated operands, pooling, missing connections."""
    story = Story(Timeline.of(document))
    for quantity in gradients(story):
        count = count_paths(story.terms, quantity)
        if count > 200:
            continue
        every = [number_of(path.product, story.numbers) for path in paths(story.terms, quantity, count)]
        for most in (3, count):
            account = ledger(story.terms, story.numbers, quantity, most)
            assert account is not None
            assert account.count == count
            assert_is_whole(account)
            assert account.size == pytest.approx(sum(map(abs, every)), rel=1e-9, abs=1e-300)
            strongest = sorted(map(abs, every), reverse=True)[:most]
            assert [abs(each.product) for each in account.shown] == pytest.approx(strongest, rel=1e-9)


def test_the_account_of_w1():
    """Two paths by hand: through the upper neuron and through the lower one."""
    story = Story(Timeline.of(preset("worked-example")))
    account = ledger(story.terms, story.numbers, resolve(story.graph, "d(w1)"), 10)
    assert account is not None
    number = {
        n: story.numbers(resolve(story.graph, n)) for n in ("w5", "w7", "w9", "w10", "x[1]", "out.a[1]")
    }
    a1, a2, a3 = (story.numbers(resolve(story.graph, f"{n}")) for n in ("h2.a[1]", "h2.a[2]", "h1.a[1]"))
    out = story.numbers(resolve(story.graph, "out.a[1]"))
    last = out * out * (1 - out)
    upper = last * number["w9"] * a1 * (1 - a1) * number["w5"] * a3 * (1 - a3) * number["x[1]"]
    lower = last * number["w10"] * a2 * (1 - a2) * number["w7"] * a3 * (1 - a3) * number["x[1]"]
    assert [each.product for each in account.shown] == pytest.approx([upper, lower], rel=1e-12)
    assert account.remainder == 0.0


@pytest.mark.parametrize("weight", [None, 0.3, 0.0])
def test_very_many_paths_are_counted_and_the_strongest_found_at_once(weight):
    """10²⁰ paths, none of them walked needlessly; all equally strong, or all zero, too."""
    sizes = [2, *[10] * 21, 1]
    nodes = [
        Dense(
            f"h{k}", f"h{k - 1}" if k > 1 else "x", units, [[weight] * before] * units, "tanh", [0.1] * units
        )
        for k, (before, units) in enumerate(pairwise(sizes), start=1)
    ]
    story = Story(Timeline.of(layers(sizes) if weight is None else experiment(nodes, {"x": 2})))
    account = ledger(story.terms, story.numbers, resolve(story.graph, "d(w1)"), 12)
    assert account is not None
    assert account.count == 10**20
    assert_is_whole(account)
    products = [abs(each.product) for each in account.shown]
    assert products == sorted(products, reverse=True)
    assert len({each.path.through for each in account.shown}) == 12


def test_a_wide_network_has_its_ledger():
    """784-128-64-10: thousands of paths from a weight of the first layer, in a moment."""
    story = Story(Timeline.of(layers([784, 128, 64, 10], activation="sigmoid")))
    account = ledger(story.terms, story.numbers, resolve(story.graph, "d(w1)"), 24)
    assert account is not None
    assert account.count == 64 * 10
    assert len(account.shown) == 24
    assert_is_whole(account)


def test_more_than_can_be_looked_at_is_refused(monkeypatch):
    """A limit on the slopes, not on the paths."""
    monkeypatch.setattr("backprop_gui.steps.path_ledger.MOST_TERMS", 20)
    story = Story(Timeline.of(layers([2, 6, 6, 1])))
    assert ledger(story.terms, story.numbers, resolve(story.graph, "d(w1)"), 3) is None


def test_dead_paths_come_last_and_count():
    """A slope of zero is a path all the same; what does not reach the loss has none."""
    story = Story(Timeline.of(preset("dead-relu")))
    for quantity in gradients(story):
        account = ledger(story.terms, story.numbers, quantity, 50)
        assert account is not None
        assert len(account.shown) == account.count == count_paths(story.terms, quantity)
        sizes = [abs(each.product) for each in account.shown]
        assert sizes == sorted(sizes, reverse=True)


def test_sample_sums_average_to_the_mean():
    """A sum for each sample of the batch."""
    story = Story(Timeline.of(layers([2, 3, 1], rows=3, batch_size=3)))
    for name in story.graph.parameters.names:
        sums = sample_sums(story.numbers, resolve(story.graph, f"d({name})"))
        assert len(sums.sums) == 3
        assert sum(sums.sums) / 3 == pytest.approx(sums.whole, rel=1e-12, abs=1e-16)
