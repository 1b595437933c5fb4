"""A graph while it is being made: its nodes, its parameters, and the faults found on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from backprop_gui.engine.graph import Node
from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.parameters import ParameterArray
from backprop_gui.experiment.document import Draw, Network, Values
from backprop_gui.experiment.initial_values import drawn_values, given_values
from backprop_gui.experiment.sentences import counted, listed, shown

LARGEST_LAYER = 20_000
MOST_PARAMETERS = 20_000_000


@dataclass
class Wiring:
    """A graph while it is being made; faults are collected, not raised."""

    network: Network
    seed: int
    faults: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)  # initial value of each parameter array
    arrays: list[ParameterArray] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)  # name in the document → node it stands for
    shared: dict[str, int] = field(default_factory=dict)  # named parameter → node
    size: int = 0  # of all parameter arrays so far
    # Constants that are taken from the training rows: where to put them, which, and of which input.
    from_data: list[tuple[dict[str, Any], str, str]] = field(default_factory=list)

    @cached_property
    def generator(self) -> np.random.Generator:
        """Draws initial values; made only where some are drawn, since its import takes time."""
        return np.random.default_rng(self.seed)

    def fault(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}")

    def add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1


def parameter_node(wiring: Wiring, where: str, values: Values, shape: Shape, name: str, prefix: str) -> int:
    """The node of a parameter array, made at its first use; −1 after a fault."""
    if isinstance(values, str):
        name, prefix = values, ""
        if values not in wiring.network.parameters:
            known = listed(wiring.network.parameters)
            remedy = f"one of {known}" if known else "a list of numbers, or an entry in $.network.parameters,"
            wiring.fault(where, f"there is no parameter {shown(values)}; {remedy} would be right")
            return -1
        where, values = f"$.network.parameters.{name}", wiring.network.parameters[values]
    if not prefix and name in wiring.shared:
        node = wiring.shared[name]
        if wiring.nodes[node].shape != shape:
            wiring.fault(
                where,
                f"has {times(wiring.nodes[node].shape)} where another use of it needs {times(shape)}; "
                "uses of one parameter need one shape",
            )
            return -1
        return node
    if wiring.size + math.prod(shape) > MOST_PARAMETERS:
        wiring.fault(where, f"the network has over {MOST_PARAMETERS:,} parameters; make a layer smaller")
        return -1
    try:
        array, present = _initial(wiring, values, shape, prefix)
    except ValueError as error:
        wiring.fault(where, str(error))
        return -1
    wiring.size += array.size
    wiring.arrays.append(ParameterArray(name, shape, prefix, present))
    wiring.values.append(array)
    node = wiring.add(Node(name, "parameter", shape, name, parameter=len(wiring.arrays) - 1))
    if not prefix:
        wiring.shared[name] = node
    return node


def _initial(wiring: Wiring, values: list[Any] | Draw, shape: Shape, prefix: str) -> tuple[Array, Any]:
    """Initial values and the mask of what is present. Raises ValueError with a sentence."""
    if isinstance(values, Draw):
        drawn = drawn_values(values, shape, wiring.generator)
        if not np.isfinite(drawn).all():
            raise ValueError("draws a number that is not finite; smaller settings would be right")
        return drawn, None
    array, present = given_values(values, len(shape))
    if array.shape != shape:
        kind = ("one for each neuron", "a row per receiving neuron", "channels × input channels × taps")[
            len(shape) - 1
        ]
        if prefix == "w" and len(shape) == 1:
            kind = "one for each tap"
        raise ValueError(f"has {times(array.shape)}; {times(shape)} would be right ({kind})")
    if present is not None and prefix == "b":
        raise ValueError("holds null; a bias is a number (null in place of the list means no biases at all)")
    if present is not None and len(shape) != 2:
        raise ValueError("holds null; only weights of a dense layer can be missing: a number would be right")
    return array, present


def times(shape: Shape) -> str:
    if len(shape) == 1:
        return counted(shape[0], "number", "numbers")
    return f"{' × '.join(map(str, shape))} numbers"
