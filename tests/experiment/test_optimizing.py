"""What a file may say of optimisers, penalties and clipping, and the line each slip gives."""
# ruff: noqa: E501 - a table of sentences, one a line

from __future__ import annotations

import copy
import json

import pytest

from backprop_gui import paths
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.steps.timeline import Timeline

WORKED = json.loads((paths.presets_folder() / "worked-example.json").read_text(encoding="utf-8"))
NUMBERS = {**{f"w{i}": 1.0 for i in range(1, 11)}, **{f"b{i}": 1.0 for i in range(1, 6)}}


def opened(optimizer, **more):
    """The timeline of the worked example with another training, edits or state."""
    document = copy.deepcopy(WORKED)
    document["training"] |= {"optimizer": optimizer, **more.pop("training", {})}
    return Timeline.of(decode(json.dumps(document | more).encode()))


FAULTS = [
    (
        {"kind": "adam", "beta1": 1.2},
        {},
        "$.training.optimizer.beta1: is 1.2; 0 up to 1 (excluded) would be right",
    ),
    (
        {"kind": "adamw", "beta2": 1},
        {},
        "$.training.optimizer.beta2: is 1; 0 up to 1 (excluded) would be right",
    ),
    ({"kind": "rmsprop", "alpha": -0.5}, {}, "$.training.optimizer.alpha: is -0.5; 0 to 1 would be right"),
    (
        {"kind": "adam", "epsilon": -1},
        {},
        "$.training.optimizer.epsilon: is -1; a finite number of 0 or more would be right",
    ),
    (
        {"kind": "nesterov", "momentum": -1},
        {},
        "$.training.optimizer.momentum: is -1; a finite number of 0 or more would be right",
    ),
    (
        {"kind": "adagrad", "weight_decay": -1},
        {},
        "$.training.optimizer.weight_decay: is -1; a finite number of 0 or more would be right",
    ),
    (
        {"kind": "momentum", "beta1": 0.9},
        {},
        "$.training.optimizer.beta1: momentum has no such setting; remove it, or one of learning_rate, momentum, weight_decay would be right",
    ),
    (
        {"kind": "adam", "beta3": 0.9},
        {},
        "$.training.optimizer.beta3: there is no such field; remove it, or mind the spelling",
    ),
    (
        {"kind": "adam", "beta1": "0.9"},
        {},
        "$.training.optimizer.beta1: holds a text; a number would be right",
    ),
    ({}, {"training": {"l1": -1}}, "$.training.l1: is -1; a finite number of 0 or more would be right"),
    ({}, {"training": {"l2": -1}}, "$.training.l2: is -1; a finite number of 0 or more would be right"),
    (
        {},
        {"training": {"clip_norm": 0}},
        "$.training.clip_norm: is 0; a finite number above 0, or null for none, would be right",
    ),
    (
        {},
        {"training": {"clip_value": -2}},
        "$.training.clip_value: is -2; a finite number above 0, or null for none, would be right",
    ),
    (
        {},
        {"edits": [{"iteration": 1, "set": {"optimizer": "sgd"}}]},
        "$.edits[0].set.optimizer: optimizer.kind: 'sgd' is unknown; one of gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw would be right",
    ),
    (
        {},
        {"edits": [{"iteration": 1, "set": {"optimizer": 3}}]},
        "$.edits[0].set.optimizer: optimizer can't be 3; one of gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw would be right",
    ),
    (
        {},
        {"edits": [{"iteration": 1, "set": {"optimizer": {"kind": "adam", "beta1": True}}}]},
        "$.edits[0].set.optimizer: optimizer.beta1: can't be true; a finite number would be right",
    ),
    (
        {},
        {"edits": [{"iteration": 1, "set": {"optimizer": {"kind": "adam", "beta": 1}}}]},
        "$.edits[0].set.optimizer: optimizer.beta: there is no such setting; remove it, or mind the spelling",
    ),
    (
        {"kind": "momentum"},
        {"state": {"iteration": 3, "parameters": NUMBERS}},
        "$.state.optimizer: there is nothing for 'velocity'; momentum needs a number for each parameter",
    ),
    (
        {},
        {"state": {"iteration": 3, "parameters": NUMBERS, "updates": 4}},
        "$.state.updates: is 4; 0 to 3, the iteration, would be right",
    ),
    (
        {},
        {
            "edits": [{"iteration": 2, "set": {"optimizer": "momentum"}}],
            "state": {"iteration": 3, "parameters": NUMBERS},
        },
        "$.state.optimizer: there is nothing for 'velocity'; momentum needs a number for each parameter",
    ),
]


@pytest.mark.parametrize(("optimizer", "more", "line"), FAULTS)
def test_faults_are_told_in_one_line(optimizer, more, line):
    """Where, what, and what would be right."""
    with pytest.raises(InvalidExperiment) as caught:
        opened(optimizer, **copy.deepcopy(more))
    assert caught.value.faults == [line]


def test_what_is_left_out_has_the_optimizers_default():
    """Settings that a file leaves out stay out when it is saved, and have PyTorch's values."""
    assert opened({"kind": "adam"}).segments[0].model.settings == {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
    }
    assert opened({"kind": "adamw"}).segments[0].model.settings["weight_decay"] == 0.01
    document = copy.deepcopy(WORKED)
    document["training"]["optimizer"] = {"kind": "adam", "beta2": 0.99}
    again = json.loads(encode(decode(json.dumps(document).encode())))
    assert again["training"]["optimizer"] == {"kind": "adam", "beta2": 0.99}
