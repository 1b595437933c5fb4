"""The experiment's own names, whatever the notation on screen: `h1.z[1]`, `w5`, `d(w5)`, neuron `h1[2]`.

Files, the command line and other programs use them; `naming` has the names on screen.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import Element, Expression, Operand, Output, Product, Ref, rewrite
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.stepper import Record
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity, Setting


def indices(element: Element) -> str:
    """`[1,2]`, counted from 1; nothing for a single number."""
    return f"[{','.join(str(index + 1) for index in element)}]" if element else ""


def neuron_name(graph: Graph, quantity: Quantity) -> str:
    """The neuron a node's quantity belongs to: `h1[2]`, `x[1]`."""
    return graph.nodes[quantity.node].group + indices(quantity.element)


def quantity_name(graph: Graph, key: Hashable) -> str:
    """What a quantity or a setting is called in a file."""
    if isinstance(key, Setting):
        return key.name
    assert isinstance(key, Quantity)
    node = graph.nodes[key.node]
    if node.kind == "parameter":
        name = graph.parameters.name_at(graph.parameters.place(node.parameter, key.element))
    else:
        name = node.name + indices(key.element)
    if key.aspect in (VALUE, UPDATED):
        return name
    if key.aspect == GRADIENT:
        return f"d({name})"
    # The optimiser's memory: m(w5) after this update, m_before(w5) before it.
    return f"{key.aspect.replace('.', '_')}({name})"


class ParameterUse(Struct, frozen=True):
    """One place where a parameter, at `place` of the flat vector, acts: upstream · local derivative."""

    place: int
    upstream: Quantity
    local: Expression
    reaches_loss: bool

    @property
    def product(self) -> Expression:
        return Product((Ref(self.upstream), self.local))


def parameter_uses(graph: Graph, record: Record, sample: int) -> Iterator[ParameterUse]:
    """All uses of all parameters for one sample, in network order: one sweep over the partials."""
    layout = graph.parameters
    for index in graph.operations:
        node = graph.nodes[index]
        arrays = {
            slot: graph.nodes[operand].parameter
            for slot, operand in enumerate(node.operands)
            if graph.nodes[operand].kind == "parameter"
        }
        if not arrays or node.operation is None:
            continue
        values = [record.values[operand] for operand in node.operands]
        operands = tuple([v if slot in arrays else v[sample] for slot, v in enumerate(values)])
        output = np.asarray(record.values[index][sample])

        def bind(key: Hashable, index: int = index) -> Expression:
            if isinstance(key, Output):
                return Ref(Quantity(index, key.element, VALUE, sample))
            assert isinstance(key, Operand)
            operand = graph.nodes[index].operands[key.slot]
            given = graph.nodes[operand].kind == "parameter"
            return Ref(Quantity(operand, key.element, VALUE, None if given else sample))

        for element in np.ndindex(node.shape):
            upstream = Quantity(index, element, GRADIENT, sample)
            for partial in node.operation.partials(element, operands, output, node.attributes):
                if partial.slot in arrays:
                    place = layout.place(arrays[partial.slot], partial.element)
                    local = rewrite(partial.local, bind)
                    yield ParameterUse(place, upstream, local, index in graph.reaches_loss)


class Ends(Struct, frozen=True):
    """A parameter's layer, the neuron that sends and the one that receives; empty where there is none."""

    layer: int | None = None
    source: str = ""
    target: str = ""


def parameter_ends(graph: Graph, record: Record) -> dict[int, Ends]:
    """For each place of the flat vector: layer, source and target; a shared parameter has no ends."""
    depth = depths(graph)
    ends: dict[int, Ends] = {}
    for use in parameter_uses(graph, record, 0):
        layer = depth[graph.nodes[use.upstream.node].group]
        if use.place in ends:  # shared, so without ends; a layer of its own only when all uses are in it
            ends[use.place] = Ends(layer if ends[use.place].layer == layer else None)
        else:
            ends[use.place] = Ends(layer, _sender(graph, use.local), neuron_name(graph, use.upstream))
    return ends


def _sender(graph: Graph, local: Expression) -> str:
    """The neuron whose strength is the slope by a weight; a bias, whose slope is 1, has none."""
    if isinstance(local, Ref) and isinstance(local.key, Quantity):
        return neuron_name(graph, local.key)
    return ""


def depths(graph: Graph) -> dict[str, int]:
    """How many layers deep each layer stands; inputs are at 0."""
    depth: dict[str, int] = {}
    for node in graph.nodes:
        if node.kind == "input":
            depth[node.group] = 0
        if node.operation is not None:
            senders = [graph.nodes[operand] for operand in node.operands]
            behind = [depth[s.group] for s in senders if s.group in depth and s.group != node.group]
            depth[node.group] = max([depth.get(node.group, 0), *(1 + d for d in behind)])
    return depth
