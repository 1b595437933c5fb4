"""Loop-free experiments of every kind of node, drawn at random by hypothesis, and the same in PyTorch.

Values stay moderate, so that finite differences can judge; most activations are smooth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from backprop_gui.engine.operations import LOSSES
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.experiment.document import (
    Activation,
    Add,
    AveragePool,
    Concatenate,
    Conv1d,
    Dense,
    Draw,
    Experiment,
    Loss,
    MaxPool,
    Multiply,
    Network,
    Node,
    OptimizerSettings,
    Softmax,
    Standardize,
    Training,
    senders,
)
from backprop_gui.steps.timeline import Timeline

SMOOTH = ["sigmoid", "tanh", "softplus", "silu", "gelu", "identity"]
BENT = ["relu", "leaky_relu", "elu"]
SHARES = {"binary_cross_entropy", "cross_entropy"}  # losses of outputs between 0 and 1
LARGEST_VALUE = 20.0
SURE = 1e-3  # nearer to 0 or 1 a logarithm is too steep for finite differences
WIDEST = 6


@dataclass
class Sketch:
    """A network while it is drawn: the shape of every node, and which lie between 0 and 1."""

    draw: st.DrawFn
    generator: np.random.Generator
    shapes: dict[str, tuple[int, ...]]
    shares: set[str] = field(default_factory=set)
    parameters: dict[str, Any] = field(default_factory=dict)

    def any_of(self, fits: Callable[[tuple[int, ...]], bool] = lambda shape: True) -> str:
        """A node or input of a fitting shape; a newer one is as likely as all before it together."""
        fitting = [name for name, shape in self.shapes.items() if fits(shape)]
        return self.draw(st.sampled_from([fitting[-1]] * len(fitting) + fitting))

    def several(self, most: int) -> list[str]:
        """Two or more nodes of one shape, perhaps the same twice."""
        first = self.any_of()
        alike = [name for name, shape in self.shapes.items() if shape == self.shapes[first]]
        more = st.lists(st.sampled_from(alike), min_size=1, max_size=most - 1)
        return self.draw(st.permutations([first, *self.draw(more)]))

    def numbers(self, *shape: int) -> Any:
        """A nested list of numbers; round ones would meet just where a curvature jumps, as Huber's at δ."""
        return self.generator.uniform(-1, 1, shape).tolist()

    def weights(self, *shape: int, missing: bool = False) -> Any:
        """Numbers, some of them missing, or a draw; of this node alone, or shared by all of this shape."""
        values = self.numbers(*shape)
        if missing and self.draw(st.integers(0, 3)) == 0:
            values = [[None if self.generator.random() < 0.4 else w for w in row] for row in values]
        if self.draw(st.integers(0, 5)) == 0:
            values = Draw("normal", deviation=0.5)
        if self.draw(st.booleans()):
            return values
        name = "theta" + "x".join(map(str, shape))
        self.parameters.setdefault(name, values)
        return name

    def biases(self, count: int) -> Any:
        """None at all, or as many as there are outputs."""
        return None if self.draw(st.booleans()) else self.weights(count)

    def activation(self) -> str:
        """Mostly a smooth one."""
        return self.draw(st.sampled_from(BENT if self.draw(st.integers(0, 4)) == 0 else SMOOTH))


def _dense(sketch: Sketch, name: str) -> Node:
    of, units = sketch.any_of(lambda shape: len(shape) == 1), sketch.draw(st.integers(1, 3))
    weights = sketch.weights(units, sketch.shapes[of][0], missing=True)
    node = Dense(name, of, units, weights, sketch.activation(), sketch.biases(units))
    sketch.shapes[name] = (units,)
    if node.activation == "sigmoid":
        sketch.shares.add(name)
    return node


def _convolution(sketch: Sketch, name: str) -> Node:
    of = sketch.any_of()
    shape, channels, padding = (
        sketch.shapes[of],
        *sketch.draw(st.tuples(st.integers(1, 2), st.integers(0, 1))),
    )
    kernel, stride = (
        sketch.draw(st.integers(1, min(3, shape[-1] + 2 * padding))),
        sketch.draw(st.integers(1, 2)),
    )
    plain = len(shape) == 1 and channels == 1
    weights = sketch.weights(
        *((kernel,) if plain else (channels, 1 if len(shape) == 1 else shape[0], kernel))
    )
    biases = sketch.biases(channels)
    count = (shape[-1] + 2 * padding - kernel) // stride + 1
    sketch.shapes[name] = (count,) if plain else (channels, count)
    return Conv1d(name, of, kernel, weights, biases, channels, stride, padding)


def _pool(sketch: Sketch, name: str, kind: Any) -> Node:
    of = sketch.any_of()
    *channels, length = sketch.shapes[of]
    size = sketch.draw(st.integers(1, min(3, length)))
    stride = sketch.draw(st.sampled_from([None, 1, 2]))
    sketch.shapes[name] = (*channels, (length - size) // (stride or size) + 1)
    if of in sketch.shares:
        sketch.shares.add(name)
    node: Node = kind(name, of, size, stride)
    return node


def _average_pool(sketch: Sketch, name: str) -> Node:
    return _pool(sketch, name, AveragePool)


def _max_pool(sketch: Sketch, name: str) -> Node:
    return _pool(sketch, name, MaxPool)


def _add(sketch: Sketch, name: str) -> Node:
    of = sketch.several(4)
    sketch.shapes[name] = sketch.shapes[of[0]]
    return Add(name, of)


def _multiply(sketch: Sketch, name: str) -> Node:
    of = sketch.several(3)
    sketch.shapes[name] = sketch.shapes[of[0]]
    if sketch.shares.issuperset(of):
        sketch.shares.add(name)
    return Multiply(name, of)


def _concatenate(sketch: Sketch, name: str) -> Node:
    of = [sketch.any_of() for _ in range(sketch.draw(st.integers(1, 3)))]
    width = sum(int(np.prod(sketch.shapes[one])) for one in of)
    assume(width <= WIDEST)
    sketch.shapes[name] = (width,)
    if sketch.shares.issuperset(of):
        sketch.shares.add(name)
    return Concatenate(name, of)


def _softmax(sketch: Sketch, name: str) -> Node:
    of = sketch.any_of()
    sketch.shapes[name] = sketch.shapes[of]
    sketch.shares.add(name)
    return Softmax(name, of)


def _activation(sketch: Sketch, name: str) -> Node:
    node = Activation(name, sketch.any_of(), sketch.activation())
    sketch.shapes[name] = sketch.shapes[node.of]
    if node.activation == "sigmoid":
        sketch.shares.add(name)
    return node


def _standardize(sketch: Sketch, name: str) -> Node:
    of = sketch.any_of(lambda shape: len(shape) == 1)
    sketch.shapes[name] = sketch.shapes[of]
    deviation = (1.2 + np.array(sketch.numbers(*sketch.shapes[of])) / 2).tolist()
    if of in ("x", "u") and sketch.draw(st.booleans()):
        return Standardize(name, of)
    return Standardize(name, of, sketch.numbers(*sketch.shapes[of]), deviation)


KINDS = (
    _dense, _convolution, _add, _multiply, _concatenate, _softmax, _activation, _average_pool, _max_pool,
    _standardize, _dense, _dense,
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn, most_nodes: int = 6) -> Experiment:
    """One or two inputs, up to `most_nodes` nodes behind them, a loss that fits, up to three samples."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    inputs = {name: draw(st.integers(1, 4)) for name in ("x", "u")[: draw(st.integers(1, 2))]}
    sketch = Sketch(draw, generator, {name: (size,) for name, size in inputs.items()})
    nodes = [
        draw(st.sampled_from(KINDS))(sketch, f"n{place}")
        for place in range(1, draw(st.integers(1, most_nodes)) + 1)
    ]
    of = draw(st.sampled_from([nodes[-1].name, *sketch.shapes]))
    loss = _loss(sketch, of)
    rows = draw(st.integers(1, 3))
    data = {name: sketch.numbers(rows, size) for name, size in inputs.items()}
    data["targets"] = _targets(sketch, loss, rows)
    used = {name: values for name, values in sketch.parameters.items() if _is_used(name, nodes)}
    document = Experiment(
        format=1,
        title="Drawn",
        network=Network(
            inputs, draw(st.permutations(nodes)), loss, used, draw(st.sampled_from([[], [*inputs]]))
        ),
        data=data,
        training=Training(
            optimizer=OptimizerSettings(draw(st.sampled_from(sorted(OPTIMIZERS))), 0.05),
            batch_size=draw(st.integers(1, rows)),
            shuffle=draw(st.booleans()),
            seed=draw(st.integers(0, 99)),
        ),
    )
    assume(_is_moderate(document))
    return document


def _loss(sketch: Sketch, of: str) -> Loss:
    """One of those that take such values."""
    fitting = [
        name
        for name in LOSSES
        if (name not in SHARES or of in sketch.shares)
        and (name != "softmax_cross_entropy" or len(sketch.shapes[of]) == 1)
    ]
    if of in sketch.shares and sketch.draw(st.booleans()):
        fitting = sorted(SHARES)
    op = sketch.draw(st.sampled_from(fitting))
    return Loss(op, of, sketch.draw(st.sampled_from([0.5, 1.0])) if op == "huber" else 1.0)


def _targets(sketch: Sketch, loss: Loss, rows: int) -> Any:
    """Numbers, or shares where the loss wants them: of each output, or of all together."""
    width = int(np.prod(sketch.shapes[loss.of]))
    if "cross_entropy" not in loss.op:
        return sketch.numbers(rows, width)
    if sketch.draw(st.booleans()):  # classes: one 1 in every row
        return np.eye(width)[sketch.generator.integers(0, width, rows)].tolist()
    shares = sketch.generator.uniform(0.1, 1, (rows, width))
    return (shares if loss.op.startswith("binary") else shares / shares.sum(1, keepdims=True)).tolist()


def _is_used(parameter: str, nodes: list[Node]) -> bool:
    return any(parameter in (node.weights, node.biases) for node in nodes if isinstance(node, Dense | Conv1d))


def _is_moderate(document: Experiment) -> bool:
    """Whether all numbers are of a size at which finite differences are worth something."""
    timeline = Timeline.of(document)
    graph, record = timeline.segments[0].model.graph, timeline.record(0)
    if max(float(np.abs(record.values[index]).max()) for index in graph.operations) > LARGEST_VALUE:
        return False
    output = record.values[graph.nodes[graph.loss].operands[0]]
    return document.network.loss.op not in SHARES or bool(((output > SURE) & (output < 1 - SURE)).all())


def in_torch(document: Experiment, parameters: dict[str, Any], leaves: dict[str, Any]) -> Any:
    """Each sample's loss by PyTorch, from the document alone; tensors by name, `n1.W` where it has none."""
    import torch

    functional, known = torch.nn.functional, dict(leaves)

    def shared(node: Dense | Conv1d, given: Any, letter: str) -> Any:
        if given is None:
            return None
        return parameters[given if isinstance(given, str) else f"{node.name}.{letter}"]

    def value(node: Node) -> Any:
        match node:
            case Dense(of=of):
                z = functional.linear(
                    known[of], shared(node, node.weights, "W"), shared(node, node.biases, "b")
                )
                return _bent(node.activation, z)
            case Conv1d(of=of):
                taps, given = shared(node, node.weights, "W"), known[of]
                row = given.ndim == 2 and taps.ndim == 1
                result = functional.conv1d(
                    given[:, None] if given.ndim == 2 else given,
                    taps[None, None] if taps.ndim == 1 else taps,
                    shared(node, node.biases, "b"),
                    node.stride,
                    node.padding,
                )
                return result[:, 0] if row else result
            case AveragePool(of=of):
                return functional.avg_pool1d(known[of], node.size, node.stride)
            case MaxPool(of=of):
                return functional.max_pool1d(known[of], node.size, node.stride)
            case Add():
                return torch.stack([known[of] for of in node.of]).sum(0)
            case Multiply():
                return torch.stack([known[of] for of in node.of]).prod(0)
            case Concatenate():
                return torch.cat([known[of].flatten(1) for of in node.of], 1)
            case Softmax(of=of):
                return torch.softmax(known[of], -1)
            case Activation(of=of):
                return _bent(node.activation, known[of])
            case Standardize(of=of):
                return _standardized(node, known[of], document)

    waiting = list(document.network.nodes)
    while waiting:
        ready = next(node for node in waiting if set(senders(node)) <= set(known))
        known[ready.name] = value(ready)
        waiting.remove(ready)
    return _torch_loss(document.network.loss, known[document.network.loss.of], known["targets"])


def _bent(activation: str, z: Any) -> Any:
    import torch

    return z if activation == "identity" else getattr(torch.nn.functional, activation)(z)


def _standardized(node: Standardize, given: Any, document: Experiment) -> Any:
    """Mean and deviation as given, or those of all rows; where they are all alike the deviation is 1."""
    if node.mean != "data":
        return (given - given.new_tensor(node.mean)) / given.new_tensor(node.deviation)
    assert isinstance(document.data, dict)
    rows = given.new_tensor(document.data[node.of])
    alike = (rows == rows[:1]).all(0)
    return (given - rows.mean(0)) / rows.std(0, correction=0).masked_fill(alike, 1.0)


def _torch_loss(loss: Loss, a: Any, y: Any) -> Any:
    """The sum over the outputs, for each sample; mean squared error is their mean."""
    import torch

    functional, y = torch.nn.functional, y.reshape(a.shape)
    if loss.op == "softmax_cross_entropy":
        return functional.cross_entropy(a, y, reduction="none")
    each = {
        "half_squared_error": lambda: 0.5 * functional.mse_loss(a, y, reduction="none"),
        "squared_error": lambda: functional.mse_loss(a, y, reduction="none"),
        "mean_squared_error": lambda: functional.mse_loss(a, y, reduction="none"),
        "absolute_error": lambda: functional.l1_loss(a, y, reduction="none"),
        "huber": lambda: functional.huber_loss(a, y, reduction="none", delta=loss.delta),
        "binary_cross_entropy": lambda: functional.binary_cross_entropy(a, y, reduction="none"),
        "binary_cross_entropy_with_logits": lambda: functional.binary_cross_entropy_with_logits(
            a, y, reduction="none"
        ),
        "cross_entropy": lambda: -torch.xlogy(y, a),
    }[loss.op]().flatten(1)
    return each.mean(1) if loss.op == "mean_squared_error" else each.sum(1)
