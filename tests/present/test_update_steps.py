"""How an optimiser's inner quantities are shown: signs, questions, sentences, speech and files."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.experiment.document import OptimizerSettings
from backprop_gui.experiment.edits import with_edit
from backprop_gui.present.csv_files import write_gradients, write_steps
from backprop_gui.present.explain import explain_page
from backprop_gui.present.math_text import latex, plain, spoken
from backprop_gui.present.naming import Naming
from backprop_gui.present.scene import Scene
from backprop_gui.present.timeline import conventions
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.quantities import Numbers, Quantity, Setting
from backprop_gui.steps.timeline import Timeline
from tests.networks import plan_of, preset


def scene_at(kind, step=None, iteration=0, focus="", asked=None, training=None, target=0.0, **settings):
    """The worked example with another optimiser, at a step."""
    document = preset("worked-example")
    optimizer = OptimizerSettings(kind, settings.pop("learning_rate", 0.1), **settings)
    changed = msgspec.structs.replace(document.training, optimizer=optimizer, **(training or {}))
    assert isinstance(document.data, dict)
    data = {**document.data, "targets": [[target]]}
    document = msgspec.structs.replace(document, training=changed, data=data)
    timeline = Timeline.of(document)
    record, model, plan = timeline.record(iteration), timeline.segments[0].model, plan_of(timeline)
    numbers = Numbers(model.graph, record, dict(model.settings))
    frame = Frame(plan, record, numbers, plan.total if step is None else step)
    naming = Naming(model.graph, document.notation)
    return Scene(document, model, frame, naming, focus=focus, asked=asked)


def pages(kind, first, last, **more):
    return [explain_page(scene_at(kind, step, **more)) for step in range(first, last + 1)]


def rules(page):
    return plain(page.blocks[0].rows[0])


def test_adam_is_told_line_by_line():
    """m, v, both corrected, and the new value; each with its rule."""
    assert [rules(page) for page in pages("adam", 37, 41)] == [
        "m(w₁) ← β₁ · m(w₁) + (1 − β₁) · ∂L/∂w₁",
        "v(w₁) ← β₂ · v(w₁) + (1 − β₂) · (∂L/∂w₁)²",
        "m̂(w₁) = m(w₁)/(1 − β₁ᵗ)",
        "v̂(w₁) = v(w₁)/(1 − β₂ᵗ)",
        "w₁ ← w₁ − α · m̂(w₁)/(√(v̂(w₁)) + ε)",
    ]


def test_terms_before_the_optimizer_are_told_in_their_order():
    """Penalty, clipping by value, clipping by norm, weight decay, and only then the velocity."""
    training = {"l1": 0.01, "l2": 0.1, "clip_value": 0.5, "clip_norm": 1.0}
    told = [rules(page) for page in pages("momentum", 37, 42, training=training, weight_decay=0.1)]
    assert told == [
        "g_penalized(w₁) = ∂L/∂w₁ + λ₂ · w₁ + λ₁ · sign(w₁)",
        "g_clipped(w₁) = max(−g_max, min(g_max, g_penalized(w₁)))",
        "g_scaled(w₁) = g_clipped(w₁) · min(1, (‖g‖_max/(‖g‖ + 1e−6)))",
        "g_decayed(w₁) = g_scaled(w₁) + λ · w₁",
        "v(w₁) ← μ · v(w₁) + g_decayed(w₁)",
        "w₁ ← w₁ − α · v(w₁)",
    ]
    in_force = conventions(scene_at("momentum", training=training, weight_decay=0.1))
    assert in_force[-5:] == (
        "weight decay λ = 0.1",
        "L1 penalty λ₁ = 0.01",
        "L2 penalty λ₂ = 0.1",
        "gradients clipped to g_max = 0.5",
        "gradients clipped to the norm ‖g‖_max = 1",
    )


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_line_has_a_page(kind):
    """A question with the parameter's name in it, a reason, a rule, numbers and a result."""
    training = {"l2": 0.1, "clip_value": 0.5, "clip_norm": 1.0}
    count = len(scene_at(kind, training=training, weight_decay=0.1).model.optimizer.lines)
    for page in pages(kind, 37, 36 + count, training=training, weight_decay=0.1):
        assert page.question.endswith("?")
        assert "{" not in page.question + page.why
        assert page.why
        assert len(page.blocks) == 3
        assert page.announcement.startswith("Step ")
    assert page.question == "What is *w₁* after the update?"


def test_signs_are_said_and_copied():
    """m of w 5, not m times w 5; hats and norms as LaTeX has them."""
    scene = scene_at("adam")
    weight = scene.parameter(scene.graph.parameters.place_of("w5"), "value")
    corrected = scene.naming.symbol(Quantity(weight.node, weight.element, "m_hat"))
    assert spoken(corrected) == "m hat of w 5"
    assert latex(corrected) == r"\hat{m} (w_{5})"
    clipped = scene.naming.symbol(Quantity(weight.node, weight.element, "clipped"))
    assert spoken(clipped) == "g clipped of w 5"
    assert plain(scene.naming.symbol(Setting("learning_rate"))) == "α"
    assert spoken(scene.naming.symbol(Setting("beta1"))) == "beta 1"


def test_what_was_kept_can_be_asked_about():
    """A click on the m of before leads to where it comes from."""
    for iteration, told in (
        (0, "This optimiser has done no update yet: it begins at 0."),
        (2, "The update before this one has left it."),
    ):
        scene = scene_at("adam", iteration=iteration)
        weight = scene.parameter(scene.graph.parameters.place_of("w5"), "m.before")
        page = explain_page(scene_at("adam", iteration=iteration, focus="w5", asked=weight))
        assert (page.phase, page.why) == ("given", told)
        assert page.question == "What does the optimiser remember of the gradients of *w₅*?"


def test_a_gradient_promises_only_what_the_update_does():
    """The decay may be stronger than the gradient: then the update does not follow the slope."""
    assert explain_page(scene_at("gradient_descent", 19)).meaning.endswith("so the update lowers it.")
    page = explain_page(scene_at("gradient_descent", 19, target=1.0, weight_decay=2.0))
    assert page.meaning == "Raising *w₅* lowers the loss; the update lowers it all the same."
    page = explain_page(scene_at("gradient_descent", 19, target=1.0))
    assert page.meaning == "Raising *w₅* lowers the loss, so the update raises it."


def rows(write, timeline, last):
    stream = io.StringIO(newline="")
    assert write(stream, timeline, 0, last)
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


def test_files_follow_the_optimizer_of_each_iteration():
    """steps.csv has the lines that were in force, gradients.csv the value that came of them."""
    document = with_edit(preset("worked-example"), 1, "optimizer", "momentum")
    timeline = Timeline.of(document)
    while timeline.newest < 2:
        timeline.advance()
    steps = rows(write_steps, timeline, 2)
    updates = [[row["quantity"] for row in steps if row["iteration"] == str(i)][36:] for i in (0, 1)]
    assert updates[0][:2] == ["w1", "w2"]
    assert updates[1][:4] == ["velocity(w1)", "w1", "velocity(w2)", "w2"]
    velocity = next(row for row in steps if row["quantity"] == "velocity(w5)")
    assert velocity["formula"] == "momentum*velocity_before(w5) + d(w5)"
    assert eval(velocity["numbers"]) == float(velocity["value"])
    for row in rows(write_gradients, timeline, 2):
        state = timeline.state(int(row["iteration"]) + 1)
        place = timeline.segments[0].model.graph.parameters.place_of(row["parameter"])
        assert float(row["new_value"]) == state.parameters[place]
