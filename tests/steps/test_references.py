"""Names of quantities in files: each finds its number, and what names nothing gets a sentence."""

from __future__ import annotations

import msgspec
import pytest

from backprop_gui.errors import InvalidEdit, InvalidExperiment
from backprop_gui.experiment.document import Dense, Expected
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.steps.references import expected_quantity, resolve
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, experiment, layers, preset

WORKED = Story(Timeline.of(preset("worked-example")))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("out.a[1]", 0.85049311458),
        ("loss", 0.361669),
        ("w5", 0.9),
        ("b5", 0.6),
        ("x[1]", 0.4),
        ("d(w5)", 0.009189),
        ("d(out.a[1])", 0.85049311458),
        ("d(loss)", 1.0),
    ],
)
def test_names_of_the_worked_example(text, value):
    """Values, parameters, inputs and gradients are found by the names of the file format."""
    assert WORKED.numbers(resolve(WORKED.graph, text)) == pytest.approx(value, abs=5e-7)


def test_every_step_has_a_name_that_finds_it():
    """What the plan uncovers of sample 2 is what its name resolves to."""
    story = Story(Timeline.of(layers([2, 2, 1], rows=2, batch_size=2)))
    graph = story.graph
    for name in ("h1.z[2]", "h2.a[1]", "loss", "d(h1.a[2])", "d(w3)", "d(b1)"):
        quantity = resolve(graph, name, 1)
        assert quantity.sample == 1
        step = story.plan.step_of(quantity)
        assert story.plan.quantity(step) == quantity
    assert resolve(graph, "w3", 1) == Quantity(graph.by_name["h1.W"], (1, 0))
    assert resolve(graph, "d(w3)", 1).aspect == GRADIENT


def test_named_parameters():
    """A shared matrix is named with row and column."""
    nodes = [Dense("h1", "x", 2, "theta", "tanh"), Dense("h2", "h1", 2, "theta")]
    story = Story(Timeline.of(experiment(nodes, {"x": 2}, parameters={"theta": [[0.1, 0.2], [0.3, 0.4]]})))
    assert story.numbers(resolve(story.graph, "theta[2,1]")) == 0.3
    assert resolve(story.graph, "d(theta[2,1])").element == (1, 0)


NOTHING = """
    nope w99 w0 x out.a out.a[2] out.a[0] out.a[-1] out.a[1,1] out.a[99999999999999999999] out.q[1] h1.W[1,1]
    loss[1] loss. d() d(w5 d(d(w5))
"""


@pytest.mark.parametrize("text", [*NOTHING.split(), "", " loss", "out.a[1]\n"])
def test_names_of_nothing(text):
    """A sentence says what would be right; nothing is guessed."""
    with pytest.raises(InvalidEdit, match=r"no quantity .*; .*(would be right|the last of its kind is)"):
        resolve(WORKED.graph, text)


def test_what_does_not_reach_the_loss_has_no_gradient():
    """Targets are given, and dead ends have no influence: asking for their gradient is told apart."""
    nodes = [Dense("dead", "x", 1, [[0.5]]), Dense("out", "x", 1, [[0.5]])]
    graph = Story(Timeline.of(experiment(nodes, {"x": 1}))).graph
    for text in ("d(dead.a[1])", "d(w1)", "d(targets[1])"):
        with pytest.raises(InvalidEdit, match="has no gradient; it does not reach the loss"):
            resolve(graph, text)
    assert resolve(graph, "dead.a[1]").node == graph.by_name["dead.a"]


def test_sample_is_a_row_of_the_data():
    """With shuffled batches the row is looked for in its iteration's batch."""
    document = layers([1, 1], rows=4, batch_size=2, shuffle=True, seed=3)
    model = Timeline.of(document).segments[0].model
    for iteration in range(4):
        rows = model.batches.rows_of(iteration)
        for place, row in enumerate(rows):
            expected = Expected("h1.a[1]", 0.0, 1.0, iteration, int(row) + 1)
            assert expected_quantity(model, expected).sample == place
        absent = next(row for row in range(4) if row not in rows)
        with pytest.raises(
            InvalidEdit, match=f"sample {absent + 1} is not looked at in iteration {iteration}"
        ):
            expected_quantity(model, Expected("loss", 0.0, 1.0, iteration, absent + 1))


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        (
            Expected("out.a[3]", 1, 1),
            "quantity: there is no quantity 'out.a[3]'; the last of its kind is out.a[1]",
        ),
        (Expected("loss", 1, -1), "tolerance: is -1; 0 or more would be right"),
        (Expected("loss", 1, 1, -1), "iteration: is -1; 0 to 1,000,000,000,000 would be right"),
        (
            Expected("loss", 1, 1, 0, 2),
            "sample: is 2; 1 to 1, a row of the data, would be right",
        ),
    ],
)
def test_published_numbers_are_checked_when_a_file_is_opened(expected, fault):
    """A slip in `expected` is told with its place, not met later as a number that never matches."""
    document = preset("worked-example")
    faulty = msgspec.structs.replace(document, expected=[*document.expected, expected])
    with pytest.raises(InvalidExperiment) as caught:
        Timeline.of(faulty, "f.json")
    assert caught.value.lines() == [f"f.json: $.expected[1].{fault}"]
