"""The one table a new operation needs in the tests: its sample shapes, and what PyTorch calls it.

Activations and losses get their shapes from what they are; only their PyTorch function stands here.
It gets the operands as tensors, and the attributes it knows by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np

from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.operations import ACTIVATIONS, LOSSES, OPERATIONS

TORCH: dict[str, Callable[..., Any]] = {
    "affine": lambda x, w, b=None: _torch().nn.functional.linear(x, w, b),
    "add": lambda *parts: sum(parts[1:], start=parts[0]),
    "multiply": lambda *factors: math.prod(factors[1:], start=factors[0]),
    "concatenate": lambda *parts: _torch().cat([part.flatten(1) for part in parts], dim=1),
    "conv1d": lambda x, w, b=None, stride=1, padding=0: _convolution(x, w, b, stride, padding),
    "average_pool": lambda x, size, stride=None: _torch().nn.functional.avg_pool1d(x, size, stride),
    "max_pool": lambda x, size, stride=None: _torch().nn.functional.max_pool1d(x, size, stride),
    "softmax": lambda z: _torch().softmax(z, -1),
    "standardize": lambda x, mean, deviation: (x - _torch().tensor(mean)) / _torch().tensor(deviation),
    "identity": lambda z: z * 1.0,
    "sigmoid": lambda z: _torch().sigmoid(z),
    "tanh": lambda z: _torch().tanh(z),
    "relu": lambda z: _torch().relu(z),
    "softplus": lambda z: _torch().nn.functional.softplus(z),
    "silu": lambda z: _torch().nn.functional.silu(z),
    "gelu": lambda z: _torch().nn.functional.gelu(z),
    "elu": lambda z: _torch().nn.functional.elu(z),
    "leaky_relu": lambda z: _torch().nn.functional.leaky_relu(z),
    "half_squared_error": lambda a, y: 0.5 * ((a - y) ** 2).flatten(1).sum(1),
    "squared_error": lambda a, y: ((a - y) ** 2).flatten(1).sum(1),
    "mean_squared_error": lambda a, y: ((a - y) ** 2).flatten(1).mean(1),
    "absolute_error": lambda a, y: (a - y).abs().flatten(1).sum(1),
    "huber": lambda a, y, delta=1.0: _per_sample("huber_loss", a, y, delta=delta),
    "binary_cross_entropy": lambda a, y: _per_sample("binary_cross_entropy", a, y),
    "binary_cross_entropy_with_logits": lambda a, y: _per_sample("binary_cross_entropy_with_logits", a, y),
    "cross_entropy": lambda a, y: -(_torch().special.xlogy(y, a)).flatten(1).sum(1),
    "softmax_cross_entropy": lambda z, y: _per_sample("cross_entropy", z, y),
}


def _torch() -> Any:
    import torch

    return torch


def by_torch(operation: str, tensors: list[Any], attributes: Mapping[str, Any]) -> Any:
    """What PyTorch makes of the operands."""
    function = TORCH[operation]
    known = signature(function).parameters
    return function(*tensors, **{name: value for name, value in attributes.items() if name in known})


def _per_sample(loss: str, a: Any, y: Any, **attributes: Any) -> Any:
    """PyTorch's loss, summed over the outputs only."""
    each = getattr(_torch().nn.functional, loss)(a, y, reduction="none", **attributes)
    return each.flatten(1).sum(1) if each.ndim > 1 else each


def _convolution(x: Any, kernel: Any, bias: Any, stride: int, padding: int) -> Any:
    """PyTorch knows channels only; without them there is one."""
    channels = x if x.ndim == 3 else x[:, None]
    taps = kernel if kernel.ndim == 3 else kernel[None, None]
    result = _torch().nn.functional.conv1d(channels, taps, bias, stride, padding)
    return result if kernel.ndim == 3 else result[:, 0]


@dataclass(frozen=True)
class Sample:
    """Shapes of one use of an operation: per sample, and whole for the slots that hold parameters."""

    operation: str
    shapes: tuple[Shape, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 3

    def __str__(self) -> str:
        given = "".join(f"-{n}" if n == "mask" else f"-{n}{v}" for n, v in self.attributes.items())
        return f"{self.operation}-{'-'.join('x'.join(map(str, s)) for s in self.shapes)}-b{self.batch}{given}"

    def operands(self, seed: int = 0) -> tuple[Array, ...]:
        """Numbers for every slot."""
        generator = np.random.default_rng([seed, *map(len, self.shapes), self.batch])
        row = OPERATIONS[self.operation]
        found = []
        for slot, shape in enumerate(self.shapes):
            whole = shape if slot in row.parameters else (self.batch, *shape)
            low, high = RANGES.get((self.operation, slot), (-2.0, 2.0))
            found.append(generator.uniform(low, high, whole))
        if "mask" in self.attributes:
            found[1][~self.attributes["mask"]] = 0.0
        return tuple(found)

    def output(self) -> Shape:
        """The shape of one sample's output."""
        return OPERATIONS[self.operation].shape(self.shapes, self.attributes)


MASK = np.array([[True, False, True], [False, False, False]])

SHAPES: dict[str, list[tuple[tuple[Shape, ...], dict[str, Any]]]] = {
    "affine": [
        (((1,), (1, 1), (1,)), {}),
        (((3,), (2, 3), (2,)), {}),
        (((3,), (2, 3)), {}),
        (((3,), (2, 3), (2,)), {"mask": MASK}),
        (((3,), (2, 3)), {"mask": MASK}),
        (((5,), (4, 5), (4,)), {}),
    ],
    "add": [(((3,), (3,)), {}), (((2, 3),) * 3, {})],
    "multiply": [(((3,), (3,)), {}), (((2, 3),) * 3, {}), (((2,),) * 4, {})],
    "concatenate": [(((3,), (1,), (2,)), {}), (((2, 3), (2,)), {}), (((3, 2),), {})],
    "conv1d": [
        (((6,), (3,)), {"padding": 1}),
        (((6,), (3,), (1,)), {"stride": 2}),
        (((5,), (2, 1, 3), (2,)), {"padding": 2}),
        (((2, 6), (3, 2, 3), (3,)), {"padding": 1, "stride": 2}),
        (((2, 5), (1, 2, 2)), {"stride": 3}),
        (((1,), (3,)), {"padding": 1}),
    ],
    **{
        name: [
            (((6,),), {"size": 2}),
            (((7,),), {"size": 3, "stride": 2}),
            (((2, 5),), {"size": 2, "stride": 3}),
            (((4,),), {"size": 4}),
        ]
        for name in ("average_pool", "max_pool")
    },
    "softmax": [(((1,),), {}), (((4,),), {}), (((2, 3),), {})],
    "standardize": [(((3,),), {"mean": np.array([0.5, -1.0, 2.0]), "deviation": np.array([0.5, 2.0, 1.0])})],
    **{name: [(((1,),), {}), (((4,),), {}), (((2, 3),), {})] for name in ACTIVATIONS},
    **{name: [(((1,), (1,)), {}), (((4,), (4,)), {})] for name in LOSSES},
}
SHAPES["huber"] += [(((4,), (4,)), {"delta": 0.5}), (((4,), (4,)), {"delta": 2.0})]

# Where an operand must lie, when not every number will do: (operation, slot) → lowest and highest.
RANGES: dict[tuple[str, int], tuple[float, float]] = {
    ("binary_cross_entropy", 0): (0.05, 0.95),
    ("binary_cross_entropy", 1): (0.0, 1.0),
    ("cross_entropy", 0): (0.05, 0.95),
    ("cross_entropy", 1): (0.0, 1.0),
}

SAMPLES = [
    Sample(name, shapes, attributes, batch)
    for name in OPERATIONS
    for shapes, attributes in SHAPES.get(name, [])
    for batch in (1, 3)
]
