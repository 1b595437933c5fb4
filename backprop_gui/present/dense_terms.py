"""Where the gradients of plain dense networks come from, by arithmetic on arrays: upstream · strength.

The general way looks at every use of every parameter. Where each array of parameters is used once, by an
affine operation, ends and terms of a hundred thousand of them are told by their place alone, and the
texts are the same to the letter.
"""

from __future__ import annotations

from msgspec import Struct

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.linear import AFFINE
from backprop_gui.engine.stepper import Record
from backprop_gui.present.arithmetic import number_text


class DenseUse(Struct, frozen=True):
    """The one use of an array of parameters: node `affine` and its operand `sender`; biases have none."""

    affine: int
    sender: int | None


def dense_uses(graph: Graph) -> tuple[DenseUse, ...] | None:
    """For each array of parameters its use; None where an array is used otherwise or more than once."""
    found: list[DenseUse] = []
    for node in graph.parameter_nodes:
        uses = graph.uses[node]
        operation = graph.nodes[uses[0].consumer].operation if len(uses) == 1 else None
        if operation is None or operation.name != AFFINE.name or uses[0].slot not in (1, 2):
            return None
        consumer = uses[0].consumer
        sender = graph.nodes[consumer].operands[0] if uses[0].slot == 1 else None
        found.append(DenseUse(consumer, sender))
    return tuple(found)


def dense_terms(graph: Graph, record: Record, sample: int, uses: tuple[DenseUse, ...]) -> list[str]:
    """For each place of the flat vector its gradient as arithmetic, for one sample."""
    texts: list[str] = []
    for use, array in zip(uses, graph.parameters.arrays, strict=True):
        gradient = record.gradients[use.affine]
        if use.affine not in graph.reaches_loss or gradient is None:
            texts += ["0"] * array.size
            continue
        upstream = [number_text(each) for each in gradient[sample].ravel().tolist()]
        strength = ["1"]
        if use.sender is not None:
            values = record.values[use.sender][sample]
            strength = [number_text(each) for each in values.ravel().tolist()]
        texts += [f"{first}*{second}" for first in upstream for second in strength]
    return texts


def neuron_at(graph: Graph, node: int, element: Element) -> str:
    """The neuron an element of a node belongs to: `h1[2]`."""
    return f"{graph.nodes[node].group}[{','.join(str(index + 1) for index in element)}]"
