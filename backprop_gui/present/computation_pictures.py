"""What the view of the computational graph is told to show: its shape, and its state at a moment."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

from msgspec import Struct

from backprop_gui.present.pictures import Emphasis, Phase


class NodeShape(Struct, frozen=True):
    """An operation or a leaf. `sign` stands in it, `caption` above it (of a leaf: nothing).

    `identity` is the parameter, neuron or loss it belongs to, as a click hands it back; `inputs` and
    `outputs` are places of wires. Inputs of the network stand at the far left.
    """

    kind: Literal["leaf", "constant", "operation", "box"]
    sign: str
    caption: str
    identity: str
    spoken: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    is_input: bool = False
    is_parameter: bool = False


class WireShape(Struct, frozen=True):
    """An intermediate result: the node it comes from, the (node, port) pairs that use it.

    `name` is what it is called or how it is formed, `w₅ · a₁⁽¹⁾`; `has_gradient` tells whether there is
    a number below the line, `has_shares` whether each branch brings a share of its own.
    """

    node: int
    uses: tuple[tuple[int, int], ...]
    name: str
    spoken: str
    has_gradient: bool
    has_shares: bool


class ComputationShape(Struct, frozen=True):
    """Everything about the graph that does not change from step to step."""

    grouping: Literal["operations", "neurons", "layers"]
    nodes: tuple[NodeShape, ...]
    wires: tuple[WireShape, ...]
    number_width: int = 9  # the longest number to be expected, in characters


class NodeState(Struct, frozen=True):
    """How a node stands now; `tip` is shown when the pointer rests on it."""

    emphasis: Emphasis
    tip: str = ""


class Number(Struct, frozen=True):
    """A number at an edge: `–` while it is covered; `quantity` is handed back on a click."""

    text: str
    full: str = ""
    lit: bool = False
    quantity: Hashable | None = None


class WireState(Struct, frozen=True):
    """The numbers at an edge: the value above, the gradient below, and what each branch brings back."""

    emphasis: Emphasis
    value: Number
    gradient: Number
    shares: tuple[Number, ...] = ()
    branches: tuple[Emphasis, ...] = ()
    tip: str = ""


class ComputationPicture(Struct, frozen=True):
    """The computational graph at one step. `here` names the nodes of this step, to be kept in sight."""

    shape: ComputationShape
    nodes: tuple[NodeState, ...]
    wires: tuple[WireState, ...]
    phase: Phase = "given"
    hint: str = ""
    here: tuple[int, ...] = ()
