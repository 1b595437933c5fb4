"""How a file names a quantity, `out.a[1]`, `loss`, `w5` or `d(w5)`, and which one that is."""

from __future__ import annotations

import re

import numpy as np
from msgspec.structs import replace

from backprop_gui.engine.graph import Graph
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import Model, iteration_fault
from backprop_gui.experiment.document import Expected, Experiment
from backprop_gui.experiment.sentences import shown
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity


def resolve(graph: Graph, text: str, sample: int = 0) -> Quantity:
    """The quantity that `text` names, for the sample at a place in the batch.

    Raises InvalidEdit with a sentence when there is none of this name.
    """
    if derivative := re.fullmatch(r"d\((.*)\)", text):
        quantity = replace(_value(graph, derivative[1], sample), aspect=GRADIENT, sample=sample)
        if quantity.node not in graph.reaches_loss or graph.nodes[quantity.node].kind == "target":
            raise InvalidEdit(f"{shown(derivative[1])} has no gradient; it does not reach the loss")
        return quantity
    return _value(graph, text, sample)


def _value(graph: Graph, text: str, sample: int) -> Quantity:
    """The value that a name without `d(…)` stands for."""
    layout = graph.parameters
    place = layout.place_of(text)
    if place is not None:
        array, element = layout.locate(place)
        return Quantity(graph.parameter_nodes[array], element)
    found = re.fullmatch(r"(\w+(?:\.[za])?)(?:\[([0-9]{1,9}(?:,[0-9]{1,9})*)\])?", text)
    index = graph.by_name.get(found[1], -1) if found else -1
    if found is None or index < 0 or graph.nodes[index].kind == "parameter":
        raise InvalidEdit(
            f"there is no quantity {shown(text)}; out.a[1], loss, w5 or d(w5), with names of this network, "
            "would be right"
        )
    element = tuple(int(number) - 1 for number in found[2].split(",")) if found[2] else ()
    shape = graph.nodes[index].shape
    if len(element) != len(shape) or any(not 0 <= e < n for e, n in zip(element, shape, strict=True)):
        last = f"{found[1]}[{','.join(map(str, shape))}]" if shape else found[1]
        raise InvalidEdit(f"there is no quantity {shown(text)}; the last of its kind is {last}")
    return Quantity(index, element, VALUE, sample)


def expected_quantity(model: Model, expected: Expected) -> Quantity:
    """The quantity a published number is about. `sample` is the data row, from 1, as in the CSV files.

    Raises InvalidEdit with a sentence when there is no such quantity in its iteration.
    """
    rows = model.batches.rows_of(expected.iteration)
    places = np.flatnonzero(rows == expected.sample - 1)
    if len(places) == 0:
        known = ", ".join(str(row + 1) for row in rows[:8])
        raise InvalidEdit(
            f"sample {shown(expected.sample)} is not looked at in iteration {expected.iteration}; "
            f"of {known}{', …' if len(rows) > 8 else ''} one would be right"
        )
    return resolve(model.graph, expected.quantity, int(places[0]))


def expected_faults(experiment: Experiment, model: Model) -> list[str]:
    """What is wrong with the published numbers of a document, a line each."""
    faults: list[str] = []
    for place, expected in enumerate(experiment.expected):
        where = f"$.expected[{place}]"
        if not expected.tolerance >= 0:
            faults.append(f"{where}.tolerance: is {expected.tolerance:g}; 0 or more would be right")
        if fault := iteration_fault(expected.iteration):
            faults.append(f"{where}.iteration: {fault}")
            continue
        if not 1 <= expected.sample <= model.batches.rows:
            faults.append(
                f"{where}.sample: is {shown(expected.sample)}; 1 to {model.batches.rows:,}, "
                "a row of the data, would be right"
            )
            continue
        try:
            expected_quantity(model, expected)
        except InvalidEdit as error:
            faults.append(f"{where}.quantity: {error}")
    return faults
