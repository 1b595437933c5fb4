"""What books agree on differently, as one document has it, and the same document with other conventions.

Names (`Notation`) change nothing that is calculated. A squared error with its ½ or without, the mean or
the sum over the samples of an update, and whether biases are updated do change numbers.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.graph import Graph
from backprop_gui.experiment.document import Experiment, Notation

HALF, WHOLE = "half_squared_error", "squared_error"
Biases = Literal["updated", "frozen", "some", "none"]


class Conventions(Struct, frozen=True):
    """`half` is None where the loss is no squared error; of `biases` there may be none, or some frozen."""

    notation: Notation
    half: bool | None
    reduction: Literal["mean", "sum"]
    biases: Biases


def conventions_of(experiment: Experiment, graph: Graph) -> Conventions:
    """The conventions of a document; `graph` is its network."""
    op = experiment.network.loss.op
    biases = _biases(graph)
    frozen = {name for name in biases if _is_named(name, experiment.training.frozen)}
    told: Biases = "some"
    if len(frozen) in (0, len(biases)):
        told = "none" if not biases else "frozen" if frozen else "updated"
    half = op == HALF if op in (HALF, WHOLE) else None
    return Conventions(experiment.notation, half, experiment.training.reduction, told)


def with_conventions(experiment: Experiment, graph: Graph, wanted: Conventions) -> Experiment:
    """The document in other conventions. Published numbers that no longer hold are no longer expected."""
    before = conventions_of(experiment, graph)
    network, training = experiment.network, experiment.training
    if wanted.half is not None and before.half is not None and wanted.half != before.half:
        network = replace(network, loss=replace(network.loss, op=HALF if wanted.half else WHOLE))
    if wanted.reduction != before.reduction:
        training = replace(training, reduction=wanted.reduction)
    if "none" not in (before.biases, wanted.biases) and wanted.biases not in (before.biases, "some"):
        frozen = _without_biases(training.frozen, graph)
        if wanted.biases == "frozen":
            frozen += _pattern_of_biases(graph)
        training = replace(training, frozen=frozen)
    if network is experiment.network and training is experiment.training:
        return replace(experiment, notation=wanted.notation)
    expected = [one for one in experiment.expected if one.iteration == 0 and _is_plain_value(one.quantity)]
    if network is experiment.network and training.reduction == experiment.training.reduction:
        expected = [one for one in experiment.expected if one.iteration == 0]  # before the first update
    return replace(
        experiment, network=network, training=training, notation=wanted.notation, expected=expected
    )


def _is_plain_value(quantity: str) -> bool:
    """Whether a quantity stands before the loss: no gradient, not the loss itself."""
    return quantity != "loss" and not quantity.startswith("d(")


def _biases(graph: Graph) -> list[str]:
    return [name for name in graph.parameters.names if re.fullmatch(r"b\d+", name)]


def _is_named(name: str, patterns: list[str]) -> bool:
    """Whether a pattern of `frozen` means a parameter; as `build` reads them."""
    return any(name == pattern or fnmatchcase(name.split("[")[0], pattern) for pattern in patterns)


def _without_biases(patterns: list[str], graph: Graph) -> list[str]:
    """The patterns, without what they say of biases."""
    biases, kept = set(_biases(graph)), []
    for pattern in patterns:
        means = [name for name in graph.parameters.names if _is_named(name, [pattern])]
        others = [name for name in means if name not in biases]
        kept += [pattern] if len(others) == len(means) else others
    return kept


def _pattern_of_biases(graph: Graph) -> list[str]:
    """`b*`, where that means nothing else."""
    biases = set(_biases(graph))
    means = {name for name in graph.parameters.names if _is_named(name, ["b*"])}
    return ["b*"] if means == biases else ["b[0-9]*"]
