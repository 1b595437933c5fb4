"""The network as an immutable, loop-free graph of operations on arrays.

Leaves are inputs, targets and parameters; every other node applies one row of the operation table
to the nodes named in `operands` (an ordered tuple: a node may stand in it twice). Values and
gradients live beside the graph (`passes`), never in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct, field

from backprop_gui.engine.operation import Operation, Shape
from backprop_gui.engine.parameters import ParameterLayout


class Node(Struct, frozen=True, eq=False):
    """One node. `shape` is the shape for one sample; `group` names the layer it belongs to."""

    name: str
    kind: Literal["input", "target", "parameter", "operation"]
    shape: Shape
    group: str = ""
    operation: Operation | None = None
    operands: tuple[int, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    parameter: int = -1  # for a parameter: its array in the layout


class Use(Struct, frozen=True):
    """A place where a node is used: operand `slot` of node `consumer`."""

    consumer: int
    slot: int


class Graph:
    """Nodes in an order in which every node comes after its operands; the last word is `loss`."""

    def __init__(
        self,
        nodes: tuple[Node, ...],
        loss: int,
        parameters: ParameterLayout,
        differentiated: tuple[int, ...] = (),
    ) -> None:
        """`differentiated` names inputs whose gradient is told as well, after all others."""
        for index, node in enumerate(nodes):
            if any(operand >= index for operand in node.operands):
                raise ValueError(f"{node.name} stands before one of its operands")
        self.nodes = nodes
        self.loss = loss
        self.parameters = parameters
        self.differentiated = differentiated
        self.by_name = {node.name: index for index, node in enumerate(nodes)}

    @cached_property
    def uses(self) -> tuple[tuple[Use, ...], ...]:
        """For each node all its uses, in network order; `a·a` gives two."""
        found: list[list[Use]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for slot, operand in enumerate(node.operands):
                found[operand].append(Use(index, slot))
        return tuple(tuple(uses) for uses in found)

    @cached_property
    def operations(self) -> tuple[int, ...]:
        """The nodes that calculate something, in forward order."""
        return tuple(i for i, node in enumerate(self.nodes) if node.operation is not None)

    @cached_property
    def reaches_loss(self) -> frozenset[int]:
        """The nodes whose value can influence the loss; the others have no gradient."""
        reached = {self.loss}
        for index in range(len(self.nodes) - 1, -1, -1):
            if index in reached:
                reached.update(self.nodes[index].operands)
        return frozenset(reached)

    @cached_property
    def completion_order(self) -> tuple[int, ...]:
        """The backward sweep over the operations: the loss first, then in rounds every node all of
        whose downstream nodes are complete; within a round in network order.
        """
        waiting = {
            index: sum(use.consumer in self.reaches_loss for use in self.uses[index])
            for index in self.operations
            if index in self.reaches_loss
        }
        order: list[int] = []
        ready = [index for index, count in waiting.items() if count == 0]
        while ready:
            order.extend(ready)
            freed: list[int] = []
            for index in ready:
                for operand in self.nodes[index].operands:
                    if operand in waiting:
                        waiting[operand] -= 1
                        if waiting[operand] == 0:
                            freed.append(operand)
            ready = sorted(freed)
        return tuple(order)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        return tuple(i for i, node in enumerate(self.nodes) if node.kind == "input")

    @cached_property
    def parameter_nodes(self) -> tuple[int, ...]:
        """For each array of the layout, its node."""
        nodes = {node.parameter: i for i, node in enumerate(self.nodes) if node.kind == "parameter"}
        return tuple(nodes[k] for k in range(len(self.parameters.arrays)))
