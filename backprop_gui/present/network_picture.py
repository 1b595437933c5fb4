"""The network as a list from the inputs to the loss, and its data as a table: what one builds with."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import LOSSES
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.building_loss import SOFTMAX_LOSSES
from backprop_gui.experiment.document import Activation, Dense, Experiment, Node, Softmax, senders
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.quantities import Quantity

POINT = NumberFormat()


class LayerRow(Struct, frozen=True):
    """A line of the list. `units` is 0 and `activation` empty where there is none to choose.

    `about` tells what cannot be chosen: "joins h2 and x".
    """

    name: str
    kind: Literal["input", "layer", "other"]
    units: int = 0
    activation: str = ""
    biases: bool | None = None
    about: str = ""


class DataColumn(Struct, frozen=True):
    """A column of the data: its head as on the canvas, and its place in the data of an input or target."""

    head: str
    leaf: str
    place: tuple[int, ...]  # from 1

    def name(self, row: int) -> str:
        """The own name of the number in a row (from 1): x[1,2]."""
        return f"{self.leaf}[{','.join(map(str, (row, *self.place)))}]"


class DataPicture(Struct, frozen=True, eq=False):
    """The rows that are trained with; the texts of a row are made when it is looked at."""

    columns: tuple[DataColumn, ...]
    values: Array  # rows × columns
    aside: int = 0  # rows kept aside for testing
    form: NumberFormat = POINT

    def text(self, row: int, column: int) -> str:
        """One number with all its digits, as it is typed."""
        return self.form.full(float(self.values[row, column])).replace("−", "-")


class NetworkPicture(Struct, frozen=True, eq=False):
    """Everything the network panel shows. `joined` is None where nothing can be joined with the loss."""

    title: str
    rows: tuple[LayerRow, ...]
    loss: str
    joined: bool | None
    outputs: int
    data: DataPicture


def network_picture(
    experiment: Experiment, model: Model, naming: Naming, form: NumberFormat = POINT
) -> NetworkPicture:
    """The network of an experiment with the data in force."""
    network = experiment.network
    rows = [LayerRow(name, "input", size) for name, size in network.inputs.items()]
    rows += [_row(node) for node in network.nodes]
    op = network.loss.op
    joined = op == "softmax_cross_entropy" if op in SOFTMAX_LOSSES else None
    data = _data(model, naming, form)
    outputs = sum(column.leaf == "targets" for column in data.columns)
    return NetworkPicture(
        experiment.title, tuple(rows), "cross_entropy" if joined else op, joined, outputs, data
    )


def loss_choices() -> list[tuple[object, str]]:
    """The losses to choose from, by name; softmax with cross-entropy in one step is a form of it."""
    hidden = ("softmax_cross_entropy",)
    titles = {name: row.name_in_words for name, row in LOSSES.items() if name not in hidden}
    return [(name, title[:1].upper() + title[1:]) for name, title in titles.items()]


def _row(node: Node) -> LayerRow:
    match node:
        case Dense():
            return LayerRow(node.name, "layer", node.units, node.activation, node.biases is not None)
        case Activation():
            return LayerRow(node.name, "other", 0, node.activation, None, f"of {node.of}")
        case Softmax():
            return LayerRow(node.name, "other", about=f"softmax of {node.of}")
    kind = str(node.__struct_config__.tag).replace("_", " ")
    words = {"concatenate": "joins", "add": "adds", "multiply": "multiplies", "standardize": "standardises"}
    return LayerRow(
        node.name, "other", about=f"{words.get(kind, f'{kind} of')} {' and '.join(senders(node))}"
    )


def _data(model: Model, naming: Naming, form: NumberFormat) -> DataPicture:
    """Inputs first, then targets, as in a table on paper."""
    graph = model.graph
    columns: list[DataColumn] = []
    parts: list[Any] = []
    for leaf in [*graph.inputs, graph.nodes[graph.loss].operands[1]]:
        node, array = graph.nodes[leaf], model.leaves[leaf]
        for element in np.ndindex(node.shape):
            place = tuple(int(i) for i in element)
            columns.append(
                DataColumn(naming.plain(Quantity(leaf, place)), node.name, tuple(i + 1 for i in place))
            )
        parts.append(array.reshape(len(array), -1))
    aside = len(next(iter(model.test_leaves.values()), ()))
    return DataPicture(tuple(columns), np.concatenate(parts, axis=1), aside, form)
