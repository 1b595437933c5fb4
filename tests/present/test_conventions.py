"""Conventions: what a sum over the samples looks like, and what a change of convention says of itself."""

from __future__ import annotations

import numpy as np

from backprop_gui.present.explain import explain_page
from backprop_gui.present.math_text import plain
from backprop_gui.present.samples import samples_table
from backprop_gui.present.tables import gradient_table
from backprop_gui.present.timeline import status_picture, timeline_picture
from backprop_gui.steps.quantities import GRADIENT, Quantity
from tests import batch_experiment

# --- a sum over the samples ------------------------------------------------------------------------


def summed_scene(position=None, check=False):
    """Three samples whose losses are added up."""
    content = batch_experiment.document()
    content["training"]["reduction"] = "sum"
    return batch_experiment.scene(content, position, check=check)


def test_a_sum_is_called_a_sum_everywhere():
    """Timeline, status, question, caption, reason and the tables; nowhere a mean."""
    whole = summed_scene()
    step = whole.frame.plan.mean_start + 1
    scene = summed_scene(step)
    timeline = timeline_picture(scene, 0)
    assert "backward sum" in " ".join(stretch.label.lower() for stretch in timeline.stretches)
    assert timeline.sample_text == "sum of 3 samples"
    assert "sum over all 3 samples" in status_picture(scene, "none").conventions
    page = explain_page(scene)
    assert page.kicker.endswith("· sum")
    assert page.question.endswith("change the loss of all samples?")
    assert page.blocks[0].caption == "The sum over the samples"
    assert samples_table(whole).rows[3].texts[0] == "sum"
    texts = [page.text, *gradient_table(whole).rows[0].texts]
    assert not any(word in text for text in texts for word in ("mean", "average"))


def test_the_sum_is_the_sum_of_the_samples_and_confirmed():
    """The step's number, its formula, and finite differences agree."""
    scene = summed_scene(check=True)
    node = scene.graph.parameter_nodes[0]
    quantity = Quantity(node, (0, 0), GRADIENT)
    each = [scene.frame.numbers(Quantity(node, (0, 0), GRADIENT, sample)) for sample in range(3)]
    assert np.isclose(scene.frame.numbers(quantity), sum(each), rtol=1e-14)
    formula = plain(scene.formulas.symbols(scene.expression(quantity)))
    assert formula == "∂L₁/∂w₁ + ∂L₂/∂w₁ + ∂L₃/∂w₁"
    assert all(scene.is_checked(int(place)) for place in scene.graph.parameters.scalars)
    assert np.isclose(scene.loss, scene.frame.record.values[scene.graph.loss].sum())
