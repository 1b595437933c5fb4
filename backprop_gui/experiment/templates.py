"""New experiments from a few words: `2-3-2 tanh softmax` is a whole network, ready for its numbers.

The sizes come first, from the inputs to the outputs. Then the activation of the hidden layers and that of
the outputs (one word is meant for both), and the loss where it is not the usual one.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.operations import ACTIVATIONS, LOSSES
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.building import MOST_UNITS
from backprop_gui.experiment.building_loss import SIGMOID_LOSSES, SOFTMAX_LOSSES, loss_fault
from backprop_gui.experiment.data_sources import Data, GeneratedData
from backprop_gui.experiment.document import (
    FORMAT,
    Dense,
    Draw,
    Experiment,
    Loss,
    Network,
    Node,
    OptimizerSettings,
    Softmax,
    Training,
)
from backprop_gui.experiment.sentences import counted, shown

MOST_LAYERS = 30
OUTPUT_ONLY = "softmax"
# What people call a loss beside its own name.
OTHER_WORDS = {
    "mse": "mean_squared_error",
    "mae": "absolute_error",
    "bce": "binary_cross_entropy",
    "ce": "cross_entropy",
    "squared": "squared_error",
    "half_squared": "half_squared_error",
    "crossentropy": "cross_entropy",
    "linear": "identity",
    "logistic": "sigmoid",
    "leakyrelu": "leaky_relu",
    "swish": "silu",
}
Weights = Literal["zeros", "draws"]


class Plan(Struct, frozen=True):
    """A network in words: sizes from inputs to outputs, two activations, the loss."""

    sizes: tuple[int, ...]
    hidden: str
    output: str
    loss: str


class Template(Struct, frozen=True):
    """Where to begin: `words` can be changed; the data is used as long as the sizes fit it."""

    name: str
    title: str
    words: str
    about: str
    weights: Weights = "draws"
    data: Data | None = None
    rate: float = 0.5
    batch_size: int = 1


TEMPLATES = (
    Template(
        "sheet",
        "Exercise sheet",
        "2-3-2 tanh softmax",
        "Your own numbers: all are 0 until you type them.",
        "zeros",
    ),
    Template("smallest", "Small network", "2-2-1 sigmoid", "Half the squared error, small weights drawn."),
    Template(
        "xor",
        "XOR",
        "2-2-1 tanh sigmoid",
        "The four rows of “either or”.",
        "draws",
        GeneratedData(generate="xor"),
        1.0,
        4,
    ),
    Template(
        "classes",
        "Classifier",
        "2-6-3 tanh softmax",
        "Points of three classes, some kept aside for testing.",
        "draws",
        GeneratedData(generate="gaussians", classes=3, rows=90, test=0.2),
        0.1,
        8,
    ),
    Template(
        "curve",
        "Regression",
        "1-8-1 tanh identity",
        "A sine curve to be learned from points.",
        "draws",
        GeneratedData(generate="sine", rows=40),
        0.05,
        8,
    ),
)


def planned(words: str) -> Plan:
    """The network that is meant. Raises InvalidEdit with what would be right."""
    text = words.strip().lower()
    found = re.match(r"\d+(?:\s*[-–—−x×→>,/ ]\s*\d+)+", text)
    if found is None:
        raise InvalidEdit(f"{shown(words.strip())} has no sizes; 2-3-2 tanh softmax would be right")
    sizes = tuple(int(number[:9]) for number in re.findall(r"\d+", found[0]))
    if len(sizes) > MOST_LAYERS + 1:
        raise InvalidEdit(f"{len(sizes) - 1} layers are too many; up to {MOST_LAYERS} would be right")
    for size in sizes:
        if not 1 <= size <= MOST_UNITS:
            raise InvalidEdit(f"{size:,} is no size for a layer; 1 to {MOST_UNITS:,} would be right")
    activations, loss = _words(text[found.end() :])
    hidden, output = _hidden_and_output(activations)
    usual = "cross_entropy" if output == OUTPUT_ONLY else "half_squared_error"
    plan = Plan(sizes, hidden, output, loss or usual)
    if plan.loss in SOFTMAX_LOSSES and len(activations) < 2:
        plan = Plan(sizes, hidden, OUTPUT_ONLY, plan.loss)
    if plan.loss == SIGMOID_LOSSES[1] and len(activations) < 2:
        plan = Plan(sizes, hidden, "identity", plan.loss)
    if (plan.output == OUTPUT_ONLY or plan.loss in SOFTMAX_LOSSES) and sizes[-1] < 2:
        raise InvalidEdit("softmax compares classes; 2 or more outputs, or sigmoid for one, would be right")
    if fault := loss_fault(_network(plan, "zeros")):
        raise InvalidEdit(fault)
    return plan


def in_words(plan: Plan) -> str:
    """The network as a line: `2 inputs → 3 tanh → 2 softmax → cross-entropy`."""
    hidden = [f"{size:,} {plan.hidden.replace('_', ' ')}" for size in plan.sizes[1:-1]]
    last = f"{plan.sizes[-1]:,} {plan.output.replace('_', ' ')}"
    inputs = counted(plan.sizes[0], "input", "inputs")
    return " → ".join([inputs, *hidden, last, LOSSES[plan.loss].name_in_words])


def from_template(
    template: Template, words: str, weights: Weights | None = None, title: str = ""
) -> Experiment:
    """The experiment of a template with these words. Raises InvalidEdit."""
    plan = planned(words)
    rows: dict[str, Any] = {"x": [[0.0] * plan.sizes[0]], "targets": [[0.0] * plan.sizes[-1]]}
    fits = uses_data(template, plan)
    training = Training(
        OptimizerSettings("gradient_descent", template.rate), batch_size=template.batch_size if fits else 1
    )
    return Experiment(
        format=FORMAT,
        title=" ".join(title.split()) or f"{template.title} {'-'.join(map(str, plan.sizes))}",
        network=_network(plan, weights or template.weights),
        data=template.data if fits and template.data is not None else rows,
        training=training,
    )


def uses_data(template: Template, plan: Plan) -> bool:
    """Whether the data of a template fits the sizes; otherwise there is one row of zeros, to be typed."""
    if template.data is None:
        return False
    usual = planned(template.words).sizes
    return (plan.sizes[0], plan.sizes[-1]) == (usual[0], usual[-1])


def copy_of(experiment: Experiment) -> Experiment:
    """The same experiment under a title that says it is a copy."""
    return replace(experiment, title=f"{experiment.title} copy")


def _words(text: str) -> tuple[list[str], str]:
    """Activations in their order, and the loss."""
    joined = re.sub(r"(?<=[a-z])[-](?=[a-z])", "_", text)
    activations: list[str] = []
    loss = ""
    for typed in re.split(r"[\s,;+]+|\band\b", joined):
        word = OTHER_WORDS.get(typed, typed)
        if word in LOSSES:
            loss = word
        elif word in ACTIVATIONS or word == OUTPUT_ONLY:
            activations.append(word)
        elif word:
            what = f"{shown(typed)} is no activation and no loss"
            raise InvalidEdit(f"{what}; a word such as sigmoid, tanh, relu, softmax or mse would be right")
    if len(activations) > 2:
        raise InvalidEdit(
            "there are more than two activations; "
            "one for the hidden layers and one for the outputs would be right"
        )
    return activations, loss


def _hidden_and_output(activations: list[str]) -> tuple[str, str]:
    if not activations:
        return "sigmoid", "sigmoid"
    if activations[0] == OUTPUT_ONLY:
        if len(activations) == 2:
            raise InvalidEdit("softmax is for the outputs; it would be right as the second word")
        return "sigmoid", OUTPUT_ONLY
    return activations[0], activations[-1]


def _network(plan: Plan, weights: Weights) -> Network:
    nodes: list[Node] = []
    sender = "x"
    last = len(plan.sizes) - 1
    for place, (inputs, units) in enumerate(zip(plan.sizes, plan.sizes[1:], strict=False), start=1):
        name = "out" if place == last else f"h{place}"
        activation = plan.hidden if place < last else plan.output
        if activation == OUTPUT_ONLY:
            activation = "identity"
        matrix: Any = Draw("xavier") if weights == "draws" else [[0.0] * inputs for _ in range(units)]
        nodes.append(Dense(name, sender, units, matrix, activation, [0.0] * units))
        sender = name
    if plan.output == OUTPUT_ONLY and plan.loss != "softmax_cross_entropy":
        nodes.append(Softmax("s", sender))
        sender = "s"
    return Network({"x": plan.sizes[0]}, nodes, Loss(plan.loss, sender))
