"""What of an experiment can be plotted: asked at the launch, before anything is measured."""

from __future__ import annotations

import math

from backprop_gui.experiment.build import Model
from backprop_gui.steps.evaluation import classes_of

MOST_OUTPUTS = 4  # curves in one plot
MOST_MARKS = 10  # classes whose marks can be told apart
MOST_CLASSES = 30  # beyond, a matrix cannot be read


def output_count(model: Model) -> int:
    """How many numbers the loss is given of each row."""
    graph = model.graph
    return math.prod(graph.nodes[graph.nodes[graph.loss].operands[0]].shape)


def has_regions(model: Model) -> bool:
    """Whether there are two inputs, and classes or a single output to colour them by."""
    if _input_count(model) != 2:
        return False
    return output_count(model) == 1 or (output_count(model) <= MOST_MARKS and classes_of(model) is not None)


def has_fit(model: Model) -> bool:
    """Whether there is one input, and few enough outputs for a curve each."""
    return _input_count(model) == 1 and output_count(model) <= MOST_OUTPUTS


def has_confusion(model: Model) -> bool:
    """Whether the targets are classes, few enough for a matrix."""
    classes = classes_of(model)
    return classes is not None and len(classes.names) <= MOST_CLASSES


def _input_count(model: Model) -> int:
    return sum(math.prod(model.graph.nodes[node].shape) for node in model.graph.inputs)
