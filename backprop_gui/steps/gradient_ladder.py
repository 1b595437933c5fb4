"""How large the gradient signal is from layer to layer on its way back, and what shrinks or grows it.

The size of ∂L/∂z of a layer is the root mean square over its neurons and the samples of the batch, each
sample's gradient undivided. From one rung to the next it changes by a factor: the slopes of the
activation between ∂L/∂a and ∂L/∂z, the weights between ∂L/∂z and ∂L/∂a of the layer before. Where a node
is used several times, a share arrives from each use, and shares may add up or cancel:

    size = meeting · √Σ (factor · size of the use)²        with meeting = 1 for a single use
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.engine.stepper import Record
from backprop_gui.steps.blocks import Block

NEARLY_FLAT = 0.01  # of an activation's largest slope


class Arrival(Struct, frozen=True):
    """What comes to a rung from one use: `factor` times the size of the gradient at node `via`."""

    via: int
    factor: float
    size: float


class Idle(Struct, frozen=True):
    """A neuron whose activation lets nothing, or next to nothing, through for any sample of the batch."""

    node: int
    element: Element
    kind: Literal["dead", "saturated"]


class Rung(Struct, frozen=True):
    """The gradient at one node: its size, where it comes from, its largest neuron, its idle neurons."""

    node: int
    size: float
    arrivals: tuple[Arrival, ...]
    meeting: float
    largest: Element
    idle: tuple[Idle, ...] = ()
    is_end: bool = False  # no layer lies between it and the inputs


def ladder(graph: Graph, record: Record, blocks: Sequence[Block]) -> tuple[Rung, ...]:
    """The rungs of all `blocks`, which are in completion order: of a layer ∂L/∂a, then ∂L/∂z.

    An identity within a layer changes nothing and has no rung of its own.
    """
    found = []
    for block in blocks:
        for node in reversed(block.nodes):
            if node == block.nodes[0] or not _is_identity(graph, node):
                found.append(_rung(graph, record, block, node))
    return tuple(found)


def size_of(gradient: Array | None) -> float:
    """The root mean square over neurons and samples, without under- or overflow of the squares."""
    if gradient is None or not gradient.size:
        return 0.0
    largest = float(np.abs(gradient).max())
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.square(gradient / largest).mean()))


@cache
def steepest(operation: str) -> float:
    """The largest slope of an activation, by its row in the operation table."""
    z = np.linspace(-8.0, 8.0, 1601)
    a = OPERATIONS[operation].forward((z,), {})
    (slopes,) = OPERATIONS[operation].pullback(np.ones_like(z), (z,), a, {})
    assert slopes is not None
    return float(np.abs(slopes).max())


def _rung(graph: Graph, record: Record, block: Block, node: int) -> Rung:
    gradient = record.gradients[node]
    size = size_of(gradient)
    source = node  # whose uses are what the gradient comes from: behind an identity, those of the identity
    while (after := _identity_behind(graph, block, source)) is not None:
        source = after
    consumers = sorted({use.consumer for use in graph.uses[source] if use.consumer in graph.reaches_loss})
    arrivals = []
    for consumer in consumers:
        share = size if len(consumers) == 1 else size_of(_share(graph, record, source, consumer))
        arrivals.append(Arrival(consumer, _ratio(share, size_of(record.gradients[consumer])), share))
    meeting = 1.0 if len(arrivals) == 1 else _ratio(size, math.hypot(*(each.size for each in arrivals)))
    largest: Element = ()
    if gradient is not None and graph.nodes[node].shape:
        sizes = np.nan_to_num(np.abs(gradient)).max(axis=0)
        largest = tuple(int(i) for i in np.unravel_index(int(sizes.argmax()), sizes.shape))
    operands = graph.nodes[block.nodes[0]].operands
    is_end = node == block.nodes[0] and all(graph.nodes[each].operation is None for each in operands)
    return Rung(node, size, tuple(arrivals), meeting, largest, _idle(graph, record, block, node), is_end)


def _share(graph: Graph, record: Record, node: int, consumer: int) -> Array | None:
    """What one use hands back to a node."""
    user, upstream = graph.nodes[consumer], record.gradients[consumer]
    if upstream is None or user.operation is None:
        return None
    operands = tuple(record.values[each] for each in user.operands)
    with np.errstate(all="ignore"):
        parts = user.operation.pullback(upstream, operands, record.values[consumer], user.attributes)
    mine = [
        part for each, part in zip(user.operands, parts, strict=True) if each == node and part is not None
    ]
    return np.sum(mine, axis=0) if mine else None


def _idle(graph: Graph, record: Record, block: Block, node: int) -> tuple[Idle, ...]:
    """Told at ∂L/∂z, behind the activation: whose slope is flat for all samples."""
    at = block.nodes.index(node)
    following = block.nodes[at + 1 : at + 2] if node == block.nodes[0] else ()
    given = graph.nodes[node].operation
    if given is not None and given.elementwise and len(block.nodes) == 1:
        following = (node,)  # an activation that is a node of its own
    if not following or _is_identity(graph, following[0]):
        return ()
    activation = graph.nodes[following[0]]
    assert activation.operation is not None
    name = activation.operation.name
    z, a = record.values[activation.operands[0]], record.values[following[0]]
    with np.errstate(all="ignore"):
        (slopes,) = activation.operation.pullback(np.ones_like(a), (z,), a, activation.attributes)
    assert slopes is not None
    flat = (slopes == 0 if name == "relu" else np.abs(slopes) < NEARLY_FLAT * steepest(name)).all(axis=0)
    kind: Literal["dead", "saturated"] = "dead" if name == "relu" else "saturated"
    return tuple(Idle(following[0], tuple(int(i) for i in each), kind) for each in np.argwhere(flat))


def _is_identity(graph: Graph, node: int) -> bool:
    operation = graph.nodes[node].operation
    return operation is not None and operation.name == "identity"


def _identity_behind(graph: Graph, block: Block, node: int) -> int | None:
    """The identity right behind a node within its layer."""
    at = block.nodes.index(node) + 1
    if at < len(block.nodes) and _is_identity(graph, block.nodes[at]):
        return block.nodes[at]
    return None


def _ratio(after: float, before: float) -> float:
    """The factor between two sizes; 0 where nothing arrives."""
    return after / before if before else 0.0
