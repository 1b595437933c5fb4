"""Pages of layers of every kind: what they say is true of that kind, and of weights that layers share."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from backprop_gui.experiment.reading import decode
from backprop_gui.present.explain import explain_page
from backprop_gui.present.math_text import plain
from backprop_gui.present.pictures import ExplainPage
from backprop_gui.steps.groups import next_end
from backprop_gui.steps.references import resolve
from tests.present.scenes import Stage, numbers_in


def dense(name: str, of: str, weights: Any, biases: Any = None) -> dict[str, Any]:
    """A layer of two as a file has it."""
    node = {"name": name, "op": "dense", "of": of, "units": 2, "weights": weights, "biases": biases}
    return {**node, "activation": "tanh"}


def stage(nodes: list[dict[str, Any]], width: int, **training: Any) -> Stage:
    """A network of these nodes behind four inputs; the loss is of the last."""
    network = {"inputs": {"x": 4}, "nodes": nodes, "loss": {"op": "squared_error", "of": nodes[-1]["name"]}}
    named = {node["weights"] for node in nodes if isinstance(node.get("weights"), str)}
    network["parameters"] = {name: [[0.5, None], [0.3, -0.4]] for name in named}
    data = {"x": [[0.9, -0.2, 0.5, 0.4]], "targets": [[0.1] * width]}
    document = {"format": 1, "title": "Test", "network": network, "data": data, "training": training}
    return Stage(decode(json.dumps(document).encode()))


def pages(shown: Stage) -> dict[str, ExplainPage]:
    """The pages of an iteration, layer by layer, by phase and question."""
    plan, found, position = shown.story().plan, {}, next_end(shown.story().plan, 0, "layer")
    while position is not None:
        page = explain_page(shown.scene(position, size="layer"))
        found[f"{page.phase}: {page.question.replace('*', '')}"] = page
        position = next_end(plan, position, "layer")
    return found


POOLED = [
    {"op": "conv1d", "name": "c", "of": "x", "kernel": 2, "weights": [0.5, -0.3], "biases": [0.1]},
    {"op": "max_pool", "name": "m", "of": "c", "size": 2},
]


def test_a_layer_says_what_its_own_kind_does():
    """Only dense layers have weighted sums with activations."""
    found = pages(stage(POOLED, 1))
    assert found["forward: What does layer c do?"].why.startswith("The kernel slides along the input")
    assert found["forward: What is m?"].why == "The largest of the neighbours in the window."
    assert not any("weighted sums" in page.text for page in found.values())
    backward = found["backward: How much does layer c change the loss?"]
    assert backward.why.endswith("where it is used. Then the weights and biases of the layer.")


def test_a_value_that_no_window_holds_has_a_gradient_of_0():
    """The third value of the convolution is left out by the pool: 0 stands in its formula, not nothing."""
    found = pages(stage(POOLED, 1))["backward: How much does layer c change the loss?"]
    rows = [[plain(each) for each in block.rows] for block in found.blocks]
    assert ["∂L/∂c₃ = 0", "= 0", "= 0"] in rows
    shown = stage(POOLED, 1)
    step = shown.story().plan.step_of(resolve(shown.story().graph, "d(c.a[3])"))
    page = explain_page(shown.scene(step))
    assert page.why == "It does not reach the loss, so its gradient is 0."


def test_the_update_of_a_kernel_names_it():
    """W of the convolution c, which has no number among the dense layers; its one bias by itself."""
    found = pages(stage(POOLED, 1))
    rules = [plain(page.blocks[0].rows[0]) for name, page in found.items() if name.startswith("update")]
    assert rules == ["W_c ← W_c − α · ∂L/∂W_c", "b₁ ← b₁ − α · ∂L/∂b₁"]


SHARED = [
    {"op": "average_pool", "name": "p", "of": "x", "size": 2},
    dense("h1", "p", "theta2"),
    dense("h2", "h1", "theta2"),
]


def test_shared_weights_are_called_by_their_name_and_added_up():
    """One layer's share is told as such; the last to be complete tells the whole gradient."""
    shown = stage(SHARED, 2)
    found, record = pages(shown), shown.story().record
    forward = plain(found["forward: What does layer h1 do?"].blocks[0].rows[0])
    assert forward == "z⁽¹⁾ = θ⁽²⁾p"
    first = found["backward: How much does layer h2 change the loss?"]
    last = found["backward: How much does layer h1 change the loss?"]
    captions = [block.caption for block in first.blocks]
    assert captions[-1] == "The weights, shared: what this layer adds"
    assert "∂L/∂θ⁽²⁾" not in first.text
    shares = [numbers_in(page.blocks[2].rows[-1])[-4:] for page in (first, last)]
    total = numbers_in(last.blocks[3].rows[0])
    assert last.blocks[3].caption == "The weights: all uses added up"
    assert np.array(shares).sum(axis=0) == pytest.approx(total, rel=1e-12)
    assert total == pytest.approx(record.parameter_gradient.tolist(), rel=1e-15)


def test_a_partly_frozen_array_is_updated_line_by_line():
    """The equation of the whole matrix would be wrong for what is frozen."""
    nodes = [SHARED[0], dense("h1", "p", [[0.5, 0.2], [0.3, -0.4]], [0.1, 0.2])]
    captions = {}
    for frozen in ([], ["w3"]):
        found = pages(stage(nodes, 2, frozen=frozen))
        captions[bool(frozen)] = [
            page.blocks[0].caption for name, page in found.items() if name.startswith("update")
        ]
    assert captions == {
        False: ["The update of the whole array"] * 2,
        True: ["", "The update of the whole array"],
    }
