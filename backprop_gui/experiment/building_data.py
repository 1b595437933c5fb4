"""The rows of data while a document is rebuilt: all of them as numbers, whatever they come from."""

from __future__ import annotations

from collections.abc import Sequence
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


def without_row(experiment: Experiment, place: int, source: str = "") -> Experiment:
    """The document without a row that is trained with, counted from 0 among those.

    Each of the others stays what it is: trained with, or kept aside. They may change their order for it,
    as the seed draws by their number which places are kept aside.
    """
    table = all_rows(experiment, source)
    trained, aside = _places(experiment, len(table["targets"]))
    if len(trained) == 1:
        raise InvalidEdit("this is the only row of data; one row at least would be right")
    trained = [each for each in trained if each != trained[place]]
    count, data = len(trained) + len(aside), experiment.data
    if aside and round(data.test * count) != len(aside):  # type: ignore[union-attr]
        data = replace(data, test=len(aside) / count)  # type: ignore[type-var]
        experiment = replace(experiment, data=data)
    order = np.empty(count, dtype=int)
    for places, rows in zip(_places(experiment, count), (trained, aside), strict=True):
        order[places] = rows
    return with_rows(experiment, {name: [rows[each] for each in order] for name, rows in table.items()})


def _places(experiment: Experiment, count: int) -> tuple[list[int], list[int]]:
    """Which of so many rows are trained with, and which are kept aside."""
    places = np.arange(count, dtype=np.float64)
    if not isinstance(experiment.data, Source):
        return list(range(count)), []
    parts = split({"targets": places}, experiment.data)
    trained, aside = ([int(place) for place in part.get("targets", ())] for part in parts)
    return trained, aside


def with_block(
    experiment: Experiment, first: int, column: int, block: Sequence[Sequence[float]], source: str = ""
) -> Experiment:
    """The document with a block of numbers from row `first` and a column on (both from 0), and so many rows.

    The columns are those of the inputs, then those of the targets. What is beside the block in new rows is 0.
    """
    table = all_rows(experiment, source)
    names = [*experiment.network.inputs, "targets"]
    columns = [table[name] for name in names]
    rows = [[value for part in parts for value in part] for parts in zip(*columns, strict=True)]
    rows += [[0.0] * len(rows[0]) for _ in range(first + len(block) - len(rows))]
    for place, numbers in enumerate(block, start=first):
        rows[place][column : column + len(numbers)] = numbers
    start = 0
    for name in names:
        width = len(table[name][0])
        table[name] = [row[start : start + width] for row in rows]
        start += width
    return with_rows(experiment, table)


def with_leaves(experiment: Experiment, model: Model, source: str = "") -> Experiment:
    """The document with the data as the model holds it, edits and all, written into it."""
    table = all_rows(experiment, source)
    places, _ = _places(experiment, len(table["targets"]))
    for leaf, array in model.leaves.items():
        name = model.graph.nodes[leaf].name
        for place, row in zip(places, _flat(array), strict=True):
            table[name][place] = row
    return with_rows(experiment, table)


def _flat(array: Array) -> Rows:
    rows: Rows = array.reshape(len(array), -1).tolist()
    return rows
