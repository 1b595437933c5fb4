"""The rows of data while a document is rebuilt: all of them as numbers, whatever they come from."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from msgspec.structs import replace

from backprop_gui.engine.operation import Array
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.data_loading import load, split
from backprop_gui.experiment.data_sources import GivenData, Rows, Source
from backprop_gui.experiment.document import Experiment

Table: TypeAlias = dict[str, Rows]  # rows by the name of an input, and `targets`

MOST_NUMBERS = 2_000_000  # that are written into a document


def all_rows(experiment: Experiment, source: str = "") -> Table:
    """Every row, with those kept aside for testing. Raises InvalidEdit where they are too many to write."""
    data = experiment.data
    if isinstance(data, dict):
        return {name: list(rows) for name, rows in data.items()}
    if isinstance(data, GivenData):
        return {name: list(rows) for name, rows in data.values.items()}
    loaded = load(replace(data, test=0.0), experiment.network.inputs, source).training
    if sum(array.size for array in loaded.values()) > MOST_NUMBERS:
        raise InvalidEdit(
            f"the data is too large to be written into the experiment; "
            f"up to {MOST_NUMBERS:,} numbers would be right"
        )
    return {name: array.reshape(len(array), -1).tolist() for name, array in loaded.items()}


def with_rows(experiment: Experiment, table: Table) -> Experiment:
    """The document with these rows in it; as many as before are kept aside for testing."""
    data = experiment.data
    if isinstance(data, Source) and data.test > 0:
        test = data.test if len(table["targets"]) > 1 else 0.0
        return replace(experiment, data=GivenData(values=table, test=test, split_seed=data.split_seed))
    return replace(experiment, data=table)


def with_leaves(experiment: Experiment, model: Model, source: str = "") -> Experiment:
    """The document with the data as the model holds it, edits and all, written into it."""
    table = all_rows(experiment, source)
    count = len(table["targets"])
    places = np.arange(count)
    if isinstance(experiment.data, Source):
        numbered = {"targets": np.arange(count, dtype=np.float64)[:, None]}
        places = split(numbered, experiment.data)[0]["targets"][:, 0].astype(int)
    for leaf, array in model.leaves.items():
        name = model.graph.nodes[leaf].name
        for place, row in zip(places.tolist(), _flat(array), strict=True):
            table[name][place] = row
    return with_rows(experiment, table)


def _flat(array: Array) -> Rows:
    rows: Rows = array.reshape(len(array), -1).tolist()
    return rows
