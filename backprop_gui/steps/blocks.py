"""How the graph is walked: blocks of nodes that are told neuron by neuron.

A block is an affine node with the elementwise nodes behind it (a dense layer): neuron by neuron
z, a; backward ∂a, ∂z, its weights, its bias. Every other operation is a block of its own, element
by element. A parameter belongs to the block of its last use on the way back, where it is complete.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph, Node
from backprop_gui.engine.linear import AFFINE
from backprop_gui.engine.operation import Shape


class Block(Struct, frozen=True, eq=False, dict=True):
    """One block. `nodes` in forward order, all of one shape; a neuron is one element of them.

    `rows` holds, for each parameter array told neuron by neuron, its flat place of element 0 and
    the places kept in each neuron's row; `trailing` the flat places told after the last neuron.
    """

    group: str
    nodes: tuple[int, ...]
    shape: Shape
    rows: tuple[tuple[NDArray[np.intp], ...], ...] = ()
    trailing: NDArray[np.intp] | None = None

    @property
    def neurons(self) -> int:
        return math.prod(self.shape)

    def element(self, neuron: int) -> Element:
        """The element of the block's nodes that neuron number `neuron` stands for."""
        return tuple(int(i) for i in np.unravel_index(neuron, self.shape))

    def neuron(self, element: Element) -> int:
        """The number of the neuron at an element."""
        return int(np.ravel_multi_index(element, self.shape)) if element else 0

    @property
    def forward_count(self) -> int:
        return self.neurons * len(self.nodes)

    @cached_property
    def backward_starts(self) -> NDArray[np.intp]:
        """The number of backward steps before each neuron, and before what trails."""
        counts = np.full(self.neurons, len(self.nodes))
        for places in self.rows:
            counts = counts + np.array([len(row) for row in places])
        return np.concatenate([[0], np.cumsum(counts)])

    @property
    def backward_count(self) -> int:
        return int(self.backward_starts[-1]) + (0 if self.trailing is None else len(self.trailing))

    def parameters_of(self, neuron: int) -> NDArray[np.intp]:
        """The flat places of the parameters told with a neuron: its weights, then its bias."""
        return np.concatenate([places[neuron] for places in self.rows] or [np.zeros(0, dtype=np.intp)])

    def place_at(self, neuron: int, rank: int) -> int:
        """The flat place of a neuron's parameter number `rank`."""
        for places in self.rows:
            if rank < len(places[neuron]):
                return int(places[neuron][rank])
            rank -= len(places[neuron])
        raise IndexError(rank)

    def rank_of(self, neuron: int, place: int) -> int:
        """The number of a flat place among a neuron's parameters."""
        before = 0
        for places in self.rows:
            row = places[neuron]
            at = int(np.searchsorted(row, place))
            if at < len(row) and row[at] == place:
                return before + at
            before += len(row)
        raise IndexError(place)


def blocks_of(graph: Graph) -> tuple[Block, ...]:
    """All blocks but the loss, in forward order."""
    taken: set[int] = set()
    chains: list[tuple[int, ...]] = []
    for index in graph.operations:
        if index in taken or index == graph.loss:
            continue
        chain = [index]
        if _is_affine(graph.nodes[index]):
            chain += _elementwise_behind(graph, index)
        taken.update(chain)
        chains.append(tuple(chain))
    owners = _owners(graph, chains)
    return tuple(_block(graph, chain, owners.get(chain[0], [])) for chain in chains)


def _is_affine(node: Node) -> bool:
    return node.operation is not None and node.operation.name == AFFINE.name


def input_blocks(graph: Graph) -> tuple[Block, ...]:
    """The inputs whose gradients are told: last on the way back, for everything uses them first."""
    return tuple(
        Block(graph.nodes[index].group, (index,), graph.nodes[index].shape)
        for index in graph.differentiated
        if index in graph.reaches_loss
    )


def _elementwise_behind(graph: Graph, index: int) -> list[int]:
    """The elementwise nodes of the same layer that alone use the node before them."""
    behind: list[int] = []
    while len(graph.uses[index]) == 1:
        following = graph.uses[index][0].consumer
        node = graph.nodes[following]
        if node.operation is None or not node.operation.elementwise or node.group != graph.nodes[index].group:
            break
        behind.append(following)
        index = following
    return behind


def _owners(graph: Graph, chains: list[tuple[int, ...]]) -> dict[int, list[int]]:
    """For each chain, by its first node, the parameter nodes whose last use on the way back it is."""
    rank = {index: place for place, index in enumerate(graph.completion_order)}
    first_of = {index: chain[0] for chain in chains for index in chain}
    owned: dict[int, list[int]] = {}
    for node in graph.parameter_nodes:
        users = [use.consumer for use in graph.uses[node] if use.consumer in rank]
        if users:
            last = max(users, key=rank.__getitem__)
            owned.setdefault(first_of[last], []).append(node)
    return owned


def _block(graph: Graph, chain: tuple[int, ...], owned: list[int]) -> Block:
    head = graph.nodes[chain[0]]
    layout = graph.parameters
    rows: list[tuple[NDArray[np.intp], ...]] = []
    trailing: list[NDArray[np.intp]] = []
    # A neuron's weights come before its bias, also when these are shared and the bias was met first.
    for node in sorted(owned, key=head.operands.index) if _is_affine(head) else owned:
        array = layout.arrays[graph.nodes[node].parameter]
        offset = int(layout.offsets[graph.nodes[node].parameter])
        if _is_affine(head):
            width = math.prod(array.shape[1:])
            cuts = np.searchsorted(array.kept, np.arange(1, array.shape[0]) * width)
            rows.append(tuple(np.split(offset + array.kept, cuts)))
        else:
            trailing.append(offset + array.kept)
    return Block(
        head.group,
        chain,
        head.shape,
        tuple(rows),
        np.concatenate(trailing) if trailing else None,
    )
