"""The five tasks by which the speed of training is compared, each as a model with its data.

Plain gradient descent on the mean of the batch, float64, in the order of the rows. All weights are drawn
at random, in a range that trains quietly for as long as one likes.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.batches import Batches
from backprop_gui.experiment.build import Model, build
from backprop_gui.experiment.document import (
    Dense,
    Draw,
    Experiment,
    Loss,
    Network,
    OptimizerSettings,
    Training,
)


class Task(Struct, frozen=True):
    """A dense network, how many rows there are, and how many samples an update takes.

    `activation` is of all layers but the last, whose own is `output`.
    """

    name: str
    widths: tuple[int, ...]
    activation: str
    output: str
    loss: str
    rows: int
    batch: int
    rate: float

    @property
    def title(self) -> str:
        """`T1  2-2-2-1 sigmoid, batch 1`."""
        what = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}[self.activation]
        kind = ", softmax and cross-entropy" if self.loss == "softmax_cross_entropy" else ""
        sizes = "-".join(map(str, self.widths))
        return f"{self.name}  {sizes} {what}{kind}, {self.rows:,} rows, batch {self.batch}"


_CHAIN = (7, 8, 8, 8, 8, 8, 8, 1)
TASKS = (
    Task("T1", (2, 2, 2, 1), "sigmoid", "sigmoid", "half_squared_error", 1, 1, 0.5),
    Task("T2", (2, 4, 2, 1), "tanh", "tanh", "half_squared_error", 250, 10, 0.03),
    Task("T3 b10", _CHAIN, "tanh", "tanh", "half_squared_error", 300, 10, 0.03),
    Task("T3 b30", _CHAIN, "tanh", "tanh", "half_squared_error", 300, 30, 0.03),
    Task("T4", (64, 32, 10), "relu", "identity", "softmax_cross_entropy", 1797, 32, 0.05),
    Task("T5", (784, 128, 64, 10), "relu", "identity", "softmax_cross_entropy", 10_000, 64, 0.05),
)


def model_of(task: Task) -> Model:
    """The task as a model; its data are always the same."""
    generator = np.random.default_rng([7, len(task.widths), task.rows])
    nodes, before = [], "x"
    for place, units in enumerate(task.widths[1:], start=1):
        last = place == len(task.widths) - 1
        activation = task.output if last else task.activation
        draw = Draw("he" if activation == "relu" else "xavier")
        nodes.append(Dense(f"h{place}", before, units, draw, activation, Draw("zeros")))
        before = f"h{place}"
    outputs = task.widths[-1]
    network = Network({"x": task.widths[0]}, list(nodes), Loss(task.loss, before))
    training = Training(OptimizerSettings("gradient_descent", learning_rate=task.rate), seed=3)
    data = {"x": [[0.0] * task.widths[0]], "targets": [[0.0] * outputs]}
    model = build(Experiment(format=1, network=network, data=data, training=training, title=task.name))
    inputs = generator.uniform(-1, 1, (task.rows, task.widths[0]))
    if task.loss == "softmax_cross_entropy":
        targets = np.eye(outputs)[generator.integers(0, outputs, task.rows)]
    else:
        low = 0.05 if task.output == "sigmoid" else -0.9
        targets = generator.uniform(low, 0.9, (task.rows, outputs))
    leaves = {model.graph.by_name["x"]: inputs, model.graph.by_name["targets"]: targets}
    return replace(model, leaves=leaves, batches=Batches(task.rows, task.batch))
