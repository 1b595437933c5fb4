"""The experiment as it stands in a file: frozen structs, nothing of the window.

The names are the file format (`format: 1`). A struct only says what may be written; whether it
makes sense is told by `build`.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from backprop_gui.experiment.data_sources import Data

FORMAT = 1


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A struct that refuses fields it does not know: a slip in a name must not pass in silence."""


class Draw(Strict, frozen=True):
    """Initial values that are drawn with the seed, or all alike."""

    init: Literal["zeros", "constant", "uniform", "normal", "xavier", "he"]
    value: float = 0.0  # constant
    low: float = -1.0  # uniform
    high: float = 1.0
    mean: float = 0.0  # normal
    deviation: float = 1.0


# A nested list of numbers (null: a missing connection), a parameter's name, or a draw.
Values: TypeAlias = list[Any] | str | Draw


class Dense(Strict, frozen=True, tag_field="op", tag="dense"):
    """A layer of neurons: z = W·input + b, a = activation(z). `weights` has a row per receiver."""

    name: str
    of: str
    units: int
    weights: Values
    activation: str = "identity"
    biases: Values | None = None


class Add(Strict, frozen=True, tag_field="op", tag="add"):
    """The sum of several nodes of one shape, element by element; a node may stand in it twice."""

    name: str
    of: list[str]


class Multiply(Strict, frozen=True, tag_field="op", tag="multiply"):
    """The product of several nodes of one shape, element by element; a node may stand in it twice."""

    name: str
    of: list[str]


class Concatenate(Strict, frozen=True, tag_field="op", tag="concatenate"):
    """Several nodes one behind the other."""

    name: str
    of: list[str]


class Conv1d(Strict, frozen=True, tag_field="op", tag="conv1d"):
    """A kernel that slides over its input, as a correlation with zeros around it.

    Over a plain input with one channel `weights` are the taps; else channels × input channels × taps.
    """

    name: str
    of: str
    kernel: int
    weights: Values
    biases: Values | None = None
    channels: int = 1
    stride: int = 1
    padding: int = 0


class AveragePool(Strict, frozen=True, tag_field="op", tag="average_pool"):
    """The mean of each `size` neighbours; windows begin `stride` apart, by default side by side."""

    name: str
    of: str
    size: int
    stride: int | None = None


class MaxPool(Strict, frozen=True, tag_field="op", tag="max_pool"):
    """The largest of each `size` neighbours."""

    name: str
    of: str
    size: int
    stride: int | None = None


class Softmax(Strict, frozen=True, tag_field="op", tag="softmax"):
    """Probabilities from the values of a node."""

    name: str
    of: str


class Activation(Strict, frozen=True, tag_field="op", tag="activation"):
    """An activation of its own behind any node."""

    name: str
    of: str
    activation: str


class Standardize(Strict, frozen=True, tag_field="op", tag="standardize"):
    """(x − mean)/deviation for each value: given numbers, or `data` for those of the training rows."""

    name: str
    of: str
    mean: list[float] | Literal["data"] = "data"
    deviation: list[float] | Literal["data"] = "data"


Node: TypeAlias = (
    Dense | Add | Multiply | Concatenate | Conv1d | AveragePool | MaxPool | Softmax | Activation | Standardize
)


def senders(node: Node) -> list[str]:
    """The names a node takes its values from, in order."""
    return [node.of] if isinstance(node.of, str) else node.of


class Loss(Strict, frozen=True):
    """The loss compares the node `of` with the targets; `delta` is where huber turns linear."""

    op: str
    of: str
    delta: float = 1.0


class Network(Strict, frozen=True):
    """Inputs by name with their number of values, shared parameters by name, nodes, and the loss.

    `differentiate` names inputs by which the loss is differentiated as well: ∂L/∂x.
    """

    inputs: dict[str, int]
    nodes: list[Node]
    loss: Loss
    parameters: dict[str, list[Any] | Draw] = {}
    differentiate: list[str] = []


class OptimizerSettings(Strict, frozen=True, omit_defaults=False):
    """Which optimiser, and its settings; what is left out has the optimiser's own default."""

    kind: str = "gradient_descent"
    learning_rate: float | UnsetType = UNSET
    momentum: float | UnsetType = UNSET
    alpha: float | UnsetType = UNSET
    beta1: float | UnsetType = UNSET
    beta2: float | UnsetType = UNSET
    epsilon: float | UnsetType = UNSET
    weight_decay: float | UnsetType = UNSET


class Training(Strict, frozen=True):
    """How the experiment is trained; `frozen` holds names of parameters, `*` stands for any text.

    The loss of a batch, and with it its gradient, is the `mean` over its samples or their `sum`.
    Before the optimiser sees a gradient, the penalties l1·|w| and l2/2·w² are added to it, then it is
    clipped: each number to ±`clip_value`, then all together to the norm `clip_norm`.
    """

    optimizer: OptimizerSettings = OptimizerSettings()
    batch_size: int = 1
    reduction: Literal["mean", "sum"] = "mean"
    shuffle: bool = False
    seed: int = 0
    iterations: int = 100
    frozen: list[str] = []
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None


class Notation(Strict, frozen=True):
    """How things are called on screen; files and what is calculated do not change with it.

    `numbered` counts weights through the network: w₁, w₂, …, z₁⁽²⁾. `layered` names them by their
    layer, receiver and sender: wⱼₖ⁽ᴸ⁾, bⱼ⁽ᴸ⁾, aⱼ⁽ᴸ⁾. `theta` has matrices θ⁽ᴸ⁾ with elements θⱼₖ⁽ᴸ⁾, and
    a₃₁ is neuron 1 of layer 3. With `delta` ∂L/∂z is written δ. `first_index` is that of neurons,
    inputs and matrix elements; layers count from 1, and numbered weights keep their numbers.
    """

    style: Literal["numbered", "layered", "theta"] = "numbered"
    delta: bool = False
    first_index: Literal[0, 1] = 1
    loss: str = "L"
    rate: str = "α"


class Expected(Strict, frozen=True):
    """A published number the program must meet: `value` of `quantity` within `tolerance`."""

    quantity: str
    value: float
    tolerance: float
    iteration: int = 0
    sample: int = 1
    printed_in: str = ""
    printed: str = ""  # the number as it is printed, when that has digits a float would lose


class Edit(Strict, frozen=True):
    """A change made by hand when `iteration` updates were done."""

    iteration: int
    set: dict[str, Any]


class SavedState(Strict, frozen=True):
    """Where training stood when the experiment was saved, by scalar name of each parameter.

    `updates` is how many the optimiser has done: `iteration`, unless it was changed on the way.
    """

    iteration: int
    parameters: dict[str, float]
    optimizer: dict[str, dict[str, float]] = {}
    updates: int | None = None


class Experiment(Strict, frozen=True, kw_only=True):
    """The whole document."""

    format: int
    title: str
    teaches: str = ""
    source: str = ""
    note: str = ""
    network: Network
    data: Data
    training: Training = Training()
    notation: Notation = Notation()
    expected: list[Expected] = []
    edits: list[Edit] = []
    state: SavedState | None = None
