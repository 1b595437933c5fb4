"""The compiled kernel: finds it, tells it of a model, and lets it run.

It is built when the package is installed and a C compiler is there (setup.py); without it everything
works the same, only slower. It is plain C, called through ctypes, which releases Python's lock.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.batches import Batches
from backprop_gui.engine.chains import Chain
from backprop_gui.engine.operation import Array
from backprop_gui.engine.transitions import Stretch

if TYPE_CHECKING:
    from backprop_gui.engine.stepper import State, Stepper

# In the order of kernel_source/model.h.
ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "softmax")
LOSSES = (
    "half_squared_error",
    "squared_error",
    "absolute_error",
    "huber",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "softmax_cross_entropy",
)
OPTIMIZERS = ("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")
NUMBERS = ("rate", "decay", "momentum", "alpha", "beta1", "beta2", "epsilon", "l1", "l2", "clip_value")
KNOWN = {"learning_rate", "weight_decay", *NUMBERS, "clip_norm"}
MOST_LAYERS = 64
OTHER_KERNEL = "BACKPROP_GUI_KERNEL"  # names one that was built elsewhere; for scripts/sanitize

MOST_PRODUCTS = 12_000_000  # of a layer and batch; beyond, BLAS is faster
MOST_PRODUCTS_NARROW = 500_000  # where the processor has no AVX2
MOST_PACKED = 64 * 1024 * 1024  # bytes of data laid out batch by batch
PACKED_AFTER = 64  # iterations
MOST_ROWS = 1 << 20  # whose order is told in one call
FEW_EPOCHS = 2
MOST_DRAWN = 1 << 32  # seeds and epochs below it
SMALLEST_EPSILON = 1e-100  # with less, denormals in the root would decide


class _Model(ctypes.Structure):
    """`struct model` of kernel_source/model.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("layers", "loss", "optimizer", "batch", "rows", "size")),
        *((name, ctypes.c_int64) for name in ("inner_size", "plain", "summed")),
        *((name, ctypes.c_double) for name in ("loss_scale", "huber", *NUMBERS, "clip_norm")),
        *((name, ctypes.c_void_p) for name in ("widths", "activations", "biased", "starts")),
        *((name, ctypes.c_void_p) for name in ("places", "trained")),
    )


class _Data(ctypes.Structure):
    """`struct data` of kernel_source/model.h."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("inputs", "targets", "order")),
        *((name, ctypes.c_int64) for name in ("place", "packed")),
    )


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The compiled kernel, None where it was not built or does not load."""
    here = Path(__file__).parent
    named = os.environ.get(OTHER_KERNEL)
    for path in [Path(named)] if named else [here / f"_kernel{suffix}" for suffix in EXTENSION_SUFFIXES]:
        if path.is_file():
            try:
                return opened(path)
            except (OSError, AttributeError):
                return None  # built for another system, or by an older version of this program
    return None


def opened(path: Path) -> ctypes.CDLL:
    """A compiled kernel; raises OSError or AttributeError when it is none, or not of this version."""
    found = ctypes.CDLL(str(path))
    for name in ("version", "breadth", "room", "run", "orders"):
        getattr(found, f"backprop_{name}").restype = ctypes.c_int64
    if found.backprop_version() != ctypes.sizeof(_Model):
        raise OSError(f"{path} belongs to another version")
    found.backprop_room.argtypes = [ctypes.c_void_p]
    pointers, numbers = [ctypes.c_void_p], [ctypes.c_int64]
    found.backprop_run.argtypes = [*pointers * 3, *numbers * 2, *pointers * 5]
    found.backprop_orders.argtypes = [*numbers * 4, *pointers]
    return found


def transition_of(stepper: Stepper, chain: Chain) -> Kernel | None:
    """The kernel for this model; None when there is no kernel or it does not take the model on."""
    found = library()
    if found is None:
        return None
    batch, settings = min(stepper.batches.batch_size, stepper.batches.rows), stepper.optimizer.settings
    known = (
        chain.loss in (*LOSSES, "mean_squared_error")
        and stepper.optimizer.kind in OPTIMIZERS
        and len(chain.layers) <= MOST_LAYERS
        and all(layer.activation in ACTIVATIONS for layer in chain.layers)
        and set(settings) <= KNOWN
        and settings.get("epsilon", 1.0) >= SMALLEST_EPSILON
    )
    products = max(layer.inputs * layer.units for layer in chain.layers) * batch
    most = MOST_PRODUCTS if found.backprop_breadth() else MOST_PRODUCTS_NARROW
    return Kernel(found, stepper, chain) if known and products <= most else None


def address(array: NDArray[Any] | None) -> int | None:
    """Where an array's numbers stand, None for NULL."""
    return None if array is None else int(array.__array_interface__["data"][0])


class _Places:
    """How the parameters stand within the kernel: the layers' matrices, filled up to vectors of four."""

    def __init__(self, chain: Chain, single: bool, size: int) -> None:
        self.starts: list[int] = []
        self.places: NDArray[np.int64] = np.zeros(size, dtype=np.int64)
        end = 0
        for layer in chain.layers:
            self.starts.append(end)
            values = layer.inputs + (layer.biases >= 0)
            across, down = -(-values // 4) * 4, -(-layer.units // 4) * 4
            unit, value = np.ogrid[: layer.units, : layer.inputs]
            inside = value * down + unit if single else unit * across + value
            weights = slice(layer.weights, layer.weights + layer.units * layer.inputs)
            self.places[weights] = end + inside.ravel()
            if layer.biases >= 0:
                units = np.arange(layer.units)
                inside = layer.inputs * down + units if single else units * across + layer.inputs
                self.places[layer.biases : layer.biases + layer.units] = end + inside
            end += values * down if single else layer.units * across
        self.end = end


class _Room:
    """What one call at a time writes to."""

    def __init__(self, doubles: int, batch: int) -> None:
        self.work = np.zeros(doubles)
        self.samples = np.empty(batch)
        self.data = _Data()
        self.work_address, self.samples_address = address(self.work), address(self.samples)
        self.data_address = ctypes.addressof(self.data)


class Kernel:
    """States of one model, advanced by the compiled kernel."""

    name = "kernel"
    releases_lock = True

    def __init__(self, compiled: ctypes.CDLL, stepper: Stepper, chain: Chain) -> None:
        self._run = compiled.backprop_run
        self._batches = stepper.batches
        self._batch = min(stepper.batches.batch_size, stepper.batches.rows)
        self._kept = stepper.optimizer.state
        self._inputs, self._targets = chain.inputs, chain.targets
        self._packed: tuple[Array, Array] | None = None
        self._asked = 0  # iterations, until the data are packed
        self._per_epoch = stepper.batches.per_epoch
        self._given = self._addresses()
        self._arrays: list[NDArray[np.int64]] = []  # the model's, which must live as long as it
        self._model = self._told(stepper, chain)
        self._model_address = ctypes.addressof(self._model)
        self._doubles = compiled.backprop_room(self._model_address)
        self._rooms: list[_Room] = []

    def _told(self, stepper: Stepper, chain: Chain) -> _Model:
        """The model as the kernel wants to know it."""
        places = _Places(chain, self._batch == 1, stepper.graph.parameters.size)
        trained: NDArray[np.int64] | None = None
        if stepper.trained is not None:
            trained = np.zeros(places.end, dtype=np.int64)
            trained[places.places] = np.where(stepper.trained, -1, 0)
        activations = [ACTIVATIONS.index(layer.activation) for layer in chain.layers]
        if chain.softmax:
            activations[-1] = ACTIVATIONS.index("softmax")
        numbers = _numbers(stepper.optimizer.settings)
        mean = chain.loss == "mean_squared_error"
        changing = ("decay", "l1", "l2", "clip_value", "clip_norm")
        plain = stepper.optimizer.kind == "gradient_descent" and trained is None
        return _Model(
            layers=len(chain.layers),
            loss=LOSSES.index("squared_error" if mean else chain.loss),
            optimizer=OPTIMIZERS.index(stepper.optimizer.kind),
            batch=self._batch,
            rows=self._batches.rows,
            size=stepper.graph.parameters.size,
            inner_size=places.end,
            plain=plain and not any(numbers[name] for name in changing),
            summed=self._batches.summed,
            loss_scale=1.0 / chain.widths[-1] if mean else 1.0,
            huber=float(chain.attributes.get("delta", 1.0)),
            **numbers,
            widths=self._integers(chain.widths),
            activations=self._integers(activations),
            biased=self._integers([int(layer.biases >= 0) for layer in chain.layers]),
            starts=self._integers(places.starts),
            places=self._integers(places.places),
            trained=None if trained is None else self._vectors(trained),
        )

    def _integers(self, numbers: Any) -> int | None:
        """Integers for the kernel, and where they stand."""
        self._arrays.append(np.array(numbers, dtype=np.int64))
        return address(self._arrays[-1])

    def _vectors(self, mask: NDArray[np.int64]) -> int:
        """The same, beginning where a vector of four may be loaded."""
        room = np.zeros(len(mask) + 4, dtype=np.int64)
        skipped = -(address(room) or 0) % 32 // 8
        room[skipped : skipped + len(mask)] = mask
        self._arrays.append(room)
        return (address(room) or 0) + 8 * skipped

    def run(self, state: State, count: int) -> Stretch:
        """Up to `count` iterations; fewer before a number that is suspect, or when many rows are shuffled."""
        count = max(1, min(count, MOST_ROWS // self._batch))
        try:
            room = self._rooms.pop()
        except IndexError:  # none yet, or another thread was faster
            room = _Room(self._doubles, self._batch)
        order = self._prepare(room.data, state.iteration, count)
        parameters, losses = state.parameters.copy(), np.empty(count)
        kept = [state.optimizer[name].copy() for name in self._kept]
        states = [address(array) for array in kept] + [None, None]
        done = self._run(
            self._model_address,
            room.data_address,
            room.work_address,
            count,
            state.updates,
            address(parameters),
            states[0],
            states[1],
            address(losses),
            room.samples_address,
        )
        del order  # until here the kernel has read it
        samples = room.samples[: self._batches.size_of(state.iteration + max(0, done - 1))].copy()
        self._rooms.append(room)
        optimizer = dict(zip(self._kept, kept, strict=True))
        after = type(state)(state.iteration + done, parameters, optimizer, state.updates + done)
        return Stretch(losses if done == count else losses[:done], samples, after)

    def rest(self) -> None:
        """Let go of the rooms; packed data stay, which take long to make."""
        self._rooms.clear()

    def _prepare(self, data: _Data, iteration: int, count: int) -> NDArray[np.int64] | None:
        """Tell which rows the iterations look at; what is returned must live until they have run."""
        data.place = iteration % self._per_epoch
        order = _order(self._batches, iteration, count) if self._batches.shuffle else None
        data.order = address(order)
        if self._asked < PACKED_AFTER:  # a single step does not wait for it
            self._asked += count
            if self._asked >= PACKED_AFTER:
                self._packed = self._pack()
                self._given = self._addresses()
        data.inputs, data.targets, data.packed = self._given
        return order

    def _addresses(self) -> tuple[int | None, int | None, int]:
        """Where the data stand, and whether they are packed."""
        inputs, targets = self._packed or (self._inputs, self._targets)
        return address(inputs), address(targets), int(self._packed is not None)

    def _pack(self) -> tuple[Array, Array] | None:
        """The data batch by batch, values × samples, as the kernel calculates; None where that is no use."""
        if self._batches.shuffle or self._batch == 1:
            return None
        filled = -(-self._batch // 4) * 4
        filled += 0 if filled % 32 else 4  # as PLACES() has it
        count = self._batches.per_epoch
        if count == 1 or 8 * count * filled * (self._inputs.shape[1] + 1) > MOST_PACKED:
            return None
        found: list[Array] = []
        for rows, ones in ((self._inputs, 1), (self._targets, 0)):
            padded = np.zeros((count * self._batch, rows.shape[1]))
            padded[: len(rows)] = rows
            room = np.zeros(count * (rows.shape[1] + ones) * filled + 4)
            skipped = -(address(room) or 0) % 32 // 8
            packed = room[skipped : skipped + len(room) - 4].reshape(count, -1, filled)
            cut = padded.reshape(count, self._batch, -1).transpose(0, 2, 1)
            packed[:, : rows.shape[1], : self._batch] = cut
            packed[:, rows.shape[1] :] = 1.0
            found.append(packed)
        return found[0], found[1]


def _numbers(settings: Mapping[str, float]) -> dict[str, float]:
    """The settings by the kernel's names, 0 for what is not in force."""
    known = {name: float(settings.get(name, 0.0)) for name in (*NUMBERS, "clip_norm")}
    return {**known, "rate": settings["learning_rate"], "decay": settings.get("weight_decay", 0.0)}


@lru_cache(maxsize=1)
def _drawing() -> Any | None:
    """The kernel's function that draws the orders of epochs; None where they are not those of numpy."""
    found = library()
    for rows, seed, epoch in ((1, 0, 0), (5, 7, 3), (130, MOST_DRAWN - 1, 41)) if found else ():
        drawn = np.empty(rows, dtype=np.int64)
        expected = Batches(rows, 1, True, seed).order_of(epoch)
        can = found.backprop_orders(rows, seed, epoch, 1, address(drawn)) if found else 0
        if not can or not np.array_equal(drawn, expected):
            return None
    return found.backprop_orders if found else None


def _order(batches: Batches, iteration: int, count: int) -> NDArray[np.int64]:
    """The rows of `count` iterations, one behind the other."""
    first, place = divmod(iteration, batches.per_epoch)
    epochs = -(-(place + count) // batches.per_epoch)
    begin = place * batches.batch_size
    few = epochs <= FEW_EPOCHS  # these are remembered
    drawing = None if few or max(batches.seed, first + epochs) >= MOST_DRAWN else _drawing()
    if drawing is not None:
        orders = np.empty(epochs * batches.rows, dtype=np.int64)
        drawing(batches.rows, batches.seed, first, epochs, address(orders))
        return orders[begin:]
    parts = [batches.order_of(epoch) for epoch in range(first, first + epochs)]
    return np.concatenate([parts[0][begin:], *parts[1:]]).astype(np.int64, copy=False)
