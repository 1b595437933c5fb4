"""The one table a new operation needs in the tests: its sample shapes, and what PyTorch calls it.

Activations and losses get their shapes from what they are; only their PyTorch function stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_gui.engine.operation import Array, Shape
from backprop_gui.engine.operations import ACTIVATIONS, LOSSES, OPERATIONS

TORCH: dict[str, Callable[..., Any]] = {
    "affine": lambda x, w, b=None: _torch().nn.functional.linear(x, w, b),
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
}


def _torch() -> Any:
    import torch

    return torch


@dataclass(frozen=True)
class Sample:
    """Shapes of one use of an operation: per sample, and whole for the slots that hold parameters."""

    operation: str
    shapes: tuple[Shape, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    batch: int = 3

    def __str__(self) -> str:
        mask = "-mask" if "mask" in self.attributes else ""
        return f"{self.operation}-{'-'.join('x'.join(map(str, s)) for s in self.shapes)}-b{self.batch}{mask}"

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
    **{name: [(((1,),), {}), (((4,),), {}), (((2, 3),), {})] for name in ACTIVATIONS},
    **{name: [(((1,), (1,)), {}), (((4,), (4,)), {})] for name in LOSSES},
}

# Where an operand must lie, when not every number will do: (operation, slot) → lowest and highest.
RANGES: dict[tuple[str, int], tuple[float, float]] = {}

SAMPLES = [
    Sample(name, shapes, attributes, batch)
    for name in OPERATIONS
    for shapes, attributes in SHAPES.get(name, [])
    for batch in (1, 3)
]
