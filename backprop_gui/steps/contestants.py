"""Who trains the tasks of `speed_tasks`: this program in its ways, and other programs where installed.

Each begins with the same weights, looks at the same rows in the same order, and tells its weights
afterwards. scikit-learn knows no other output layer than a plain one, so it trains that variant of a task.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.operation import Array
from backprop_gui.engine.transitions import CHOSEN
from backprop_gui.experiment.build import Model
from backprop_gui.steps.speed_tasks import Task, model_of
from backprop_gui.steps.training import train

STRIDE = 16
SECONDS = 0.05


class Run(Protocol):
    """A task under way."""

    def train(self, updates: int) -> None:
        """Do so many more updates."""

    def weights(self) -> Array:
        """All parameters now, in the order of the model's flat vector."""


class Contestant(Struct, frozen=True):
    """`start` begins a task from its first weights; None when it cannot do the task.

    `variant` is the task as it is really trained, `rounding` how far weights may be apart in the end.
    `slow` ones are compared after fewer updates.
    """

    name: str
    start: Callable[[Task, Model], Run | None]
    variant: Callable[[Task], Task] | None = None
    rounding: float = 1e-9
    slow: bool = False


@contextmanager
def _engine(way: str) -> Iterator[None]:
    """The program's own ways, one after the other."""
    before = os.environ.get(CHOSEN)
    os.environ[CHOSEN] = way
    try:
        yield
    finally:
        os.environ.pop(CHOSEN)
        if before is not None:
            os.environ[CHOSEN] = before


class _Own:
    """This program, as `run` and the window train."""

    def __init__(self, way: str, model: Model) -> None:
        self._stepper = model.stepper()
        with _engine(way):
            transition = self._stepper.transition
        self.way = "table" if transition is None else transition.name
        self._state = self._stepper.start(model.initial)

    def train(self, updates: int) -> None:
        until = self._state.iteration + updates
        for chunk in train(self._stepper, self._state, until, STRIDE, SECONDS, _never):
            self._state = chunk.last
        if self._state.iteration < until:
            raise ArithmeticError("training diverged")

    def weights(self) -> Array:
        return self._state.parameters


def _never() -> bool:
    return False


def _own(way: str) -> Callable[[Task, Model], Run | None]:
    def start(task: Task, model: Model) -> Run | None:
        run = _Own(way, model)
        return run if run.way == way else None

    return start


def own_contestants() -> list[Contestant]:
    """This program in its three ways; those that do not take on a task leave it out."""
    names = {
        "kernel": "backprop-gui",
        "numpy": "backprop-gui, numpy",
        "table": "backprop-gui, operation table",
    }
    return [Contestant(name, _own(way)) for way, name in names.items()]


def _batches(model: Model) -> tuple[list[Array], list[Array]]:
    """Inputs and targets, batch by batch."""
    graph, parts = model.graph, [model.batches.rows_of(i) for i in range(model.batches.per_epoch)]
    inputs, targets = (model.leaves[graph.by_name[name]] for name in ("x", "targets"))
    return [inputs[rows] for rows in parts], [targets[rows] for rows in parts]


def _layers(task: Task, flat: Array) -> list[tuple[Array, Array]]:
    """W (units × inputs) and b of each layer."""
    found, weights, biases = [], 0, sum(a * b for a, b in zip(task.widths, task.widths[1:], strict=False))
    for inputs, units in zip(task.widths, task.widths[1:], strict=False):
        W = flat[weights : weights + units * inputs].reshape(units, inputs)
        found.append((W.copy(), flat[biases : biases + units].copy()))
        weights, biases = weights + units * inputs, biases + units
    return found


def _flat(layers: list[tuple[Any, Any]]) -> Array:
    arrays = [W for W, _ in layers] + [b for _, b in layers]
    return np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])


class _PyTorch:
    """PyTorch's own modules and optimiser, one call after the other."""

    def __init__(self, torch: Any, task: Task, model: Model) -> None:
        torch.set_num_threads(1)
        nn, functional, parts = torch.nn, torch.nn.functional, []
        kinds = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity}
        self._linear = []
        layers = _layers(task, model.initial)
        for place, (W, b) in enumerate(layers):
            linear = nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W))
                linear.bias.copy_(torch.from_numpy(b))
            parts += [linear, kinds[task.output if place == len(layers) - 1 else task.activation]()]
            self._linear.append(linear)
        self._net = nn.Sequential(*(part for part in parts if not isinstance(part, nn.Identity)))
        inputs, targets = _batches(model)
        self._inputs = [torch.from_numpy(rows) for rows in inputs]
        if task.loss == "softmax_cross_entropy":
            self._targets = [torch.from_numpy(rows.argmax(axis=1)) for rows in targets]
            self._loss = functional.cross_entropy
        else:  # one output: the mean over all numbers is that over the rows
            self._targets = [torch.from_numpy(rows) for rows in targets]
            self._loss = lambda a, y: 0.5 * functional.mse_loss(a, y)
        self._optimizer = torch.optim.SGD(self._net.parameters(), lr=task.rate)
        self._done = 0

    def train(self, updates: int) -> None:
        for _ in range(updates):
            place = self._done % len(self._inputs)
            self._optimizer.zero_grad()
            self._loss(self._net(self._inputs[place]), self._targets[place]).backward()
            self._optimizer.step()
            self._done += 1

    def weights(self) -> Array:
        pairs = [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in self._linear]
        return _flat(pairs)


class _ScikitLearn:
    """scikit-learn's multilayer perceptron, a batch after the other by `partial_fit`."""

    def __init__(self, module: Any, task: Task, model: Model) -> None:
        classes = task.loss == "softmax_cross_entropy"
        kind = module.MLPClassifier if classes else module.MLPRegressor
        names = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
        self._net = kind(
            hidden_layer_sizes=task.widths[1:-1],
            activation=names[task.activation],
            solver="sgd",
            alpha=0.0,
            batch_size=min(task.batch, task.rows),
            learning_rate_init=task.rate,
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=False,
        )
        inputs, targets = (np.concatenate(parts) for parts in _batches(model))
        self._inputs, self._targets = inputs, targets.argmax(axis=1) if classes else targets.ravel()
        extra = {"classes": np.arange(task.widths[-1])} if classes else {}
        self._net.partial_fit(inputs, self._targets, **extra)  # makes the layers that are set now
        for place, (W, b) in enumerate(_layers(task, model.initial)):
            self._net.coefs_[place][...] = W.T
            self._net.intercepts_[place][...] = b
        self._batch, self._per_epoch, self._done = task.batch, model.batches.per_epoch, 0

    def train(self, updates: int) -> None:
        """Whole epochs at once where there is room for them, as it is meant to be used."""
        end = self._done + updates
        while self._done < end:
            first = self._done % self._per_epoch
            now = min(end - self._done, self._per_epoch - first)
            rows = slice(first * self._batch, (first + now) * self._batch)
            self._net.partial_fit(self._inputs[rows], self._targets[rows])
            self._done += now

    def weights(self) -> Array:
        pairs = zip(self._net.coefs_, self._net.intercepts_, strict=True)
        return _flat([(W.T, b) for W, b in pairs])


class _Micrograd:
    """micrograd's neurons and values; its ReLU or tanh, and σ made of its own exponent."""

    def __init__(self, engine: Any, task: Task, model: Model) -> None:
        self._value, self._task = engine.Value, task
        self._layers = [
            ([[self._value(float(w)) for w in row] for row in W], [self._value(float(x)) for x in b])
            for W, b in _layers(task, model.initial)
        ]
        self._parameters = [value for W, b in self._layers for value in [*(w for row in W for w in row), *b]]
        inputs, targets = _batches(model)
        self._inputs, self._targets = ([rows.tolist() for rows in part] for part in (inputs, targets))
        self._done = 0

    def _squash(self, z: Any) -> Any:
        value, kind = self._value, self._task.activation
        x = float(z.data)
        a = float(np.tanh(x) if kind == "tanh" else 1.0 / (1.0 + np.exp(-x)))
        out = value(a, (z,), kind)

        def backward() -> None:
            z.grad += (1.0 - a * a if kind == "tanh" else a * (1.0 - a)) * out.grad

        out._backward = backward
        return out

    def train(self, updates: int) -> None:
        for _ in range(updates):
            place = self._done % len(self._inputs)
            rows = list(zip(self._inputs[place], self._targets[place], strict=True))
            total = sum((self._loss_of(x, y) for x, y in rows), self._value(0.0))
            loss = total * (1.0 / len(rows))
            for parameter in self._parameters:
                parameter.grad = 0.0
            loss.backward()
            for parameter in self._parameters:
                parameter.data -= self._task.rate * parameter.grad
            self._done += 1

    def _loss_of(self, x: list[float], y: list[float]) -> Any:
        values: list[Any] = x
        for W, b in self._layers:
            values = [
                self._squash(sum((w * v for w, v in zip(row, values, strict=True)), bias))
                for row, bias in zip(W, b, strict=True)
            ]
        distance = values[0] - y[0]
        return distance * distance * 0.5

    def weights(self) -> Array:
        plain = [([[w.data for w in row] for row in W], [x.data for x in b]) for W, b in self._layers]
        return _flat(plain)


def with_plain_output(task: Task) -> Task:
    """The task with an output that is a weighted sum."""
    return replace(task, output="identity") if task.loss != "softmax_cross_entropy" else task


def installed_contestants() -> tuple[list[Contestant], list[str]]:
    """Other programs that this Python can import, and the names of those it cannot."""
    found: list[Contestant] = []
    missing: list[str] = []

    def offer(name: str, module: str, start: Callable[[Any, Task, Model], Run | None], **more: Any) -> None:
        try:
            imported = importlib.import_module(module)
        except ImportError:
            missing.append(name)
            return
        found.append(Contestant(name, lambda task, model: start(imported, task, model), **more))

    offer("PyTorch eager", "torch", _PyTorch)
    offer("scikit-learn", "sklearn.neural_network", _ScikitLearn, variant=with_plain_output)
    offer("micrograd", "micrograd.engine", _micrograd, slow=True)
    return found, missing


def _micrograd(engine: Any, task: Task, model: Model) -> Run | None:
    return _Micrograd(engine, task, model) if task.loss == "half_squared_error" else None


def reference(task: Task, updates: int) -> Array:
    """The weights after so many updates, by the operation table."""
    run = _Own("table", model_of(task))
    run.train(updates)
    return run.weights()
