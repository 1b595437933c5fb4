"""Training of dense chains by numpy in few calls, all in place: without the kernel, or where BLAS is faster.

Arrays hold values × samples, the bias is one more column of W against a row of ones, and layers lie one
behind the other in flat vectors, so that one call serves them all: the update, and the look whether any
number is suspect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.chains import SUSPECT, Chain, Layer
from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import ACTIVATIONS, LOSSES, OPERATIONS
from backprop_gui.engine.transitions import Stretch

if TYPE_CHECKING:
    from backprop_gui.engine.stepper import State, Stepper

MOST_AT_ONCE = 4096  # iterations of a call
LARGEST_SQUARE = SUSPECT**2

# Slope and loss as factors of the distance and of its square; the mean's are over the outputs, too.
SQUARES = {"half_squared_error": (1.0, 0.5), "squared_error": (2.0, 1.0), "mean_squared_error": (2.0, 1.0)}


def transition_of(stepper: Stepper, chain: Chain) -> FastNumpy:
    """States of this chain, advanced by numpy."""
    return FastNumpy(stepper, chain)


class FastNumpy:
    """States of one model, advanced by numpy."""

    name = "numpy"
    releases_lock = False

    def __init__(self, stepper: Stepper, chain: Chain) -> None:
        self._stepper, self._chain = stepper, chain
        self._batches = stepper.batches
        self.places = _places(chain, stepper.graph.parameters.size)
        self.optimizer = stepper.optimizer
        settings = stepper.optimizer.settings
        self.plain = (
            stepper.optimizer.kind == "gradient_descent"
            and stepper.trained is None
            and set(settings) == {"learning_rate"}
        )
        self.trained = stepper.trained[self.places] if stepper.trained is not None else None
        self._rooms: list[dict[int, _Room]] = []
        self._cut: dict[int, tuple[Array, Array]] = {}

    def run(self, state: State, count: int) -> Stretch:
        """Up to `count` iterations; fewer before a number that is suspect."""
        try:
            rooms = self._rooms.pop()
        except IndexError:  # none yet, or another thread was faster
            rooms = {}
        with np.errstate(all="ignore"):
            stretch = self._stretch(rooms, state, max(1, min(count, MOST_AT_ONCE)))
        self._rooms.append(rooms)
        return stretch

    def rest(self) -> None:
        """Let go of the buffers and of the data that were cut."""
        self._rooms.clear()
        self._cut = {}

    def _stretch(self, rooms: dict[int, _Room], state: State, count: int) -> Stretch:
        parameters = state.parameters[self.places]
        kept = {name: array[self.places] for name, array in state.optimizer.items()}
        losses = np.empty(count)
        done, updates = 0, state.updates
        while done < count:
            samples = self._batches.size_of(state.iteration + done)
            room = rooms.get(samples)
            if room is None:
                room = rooms[samples] = self._new_room(samples)
            inputs, targets = self._data(state.iteration + done)
            losses[done] = loss = room.differentiate(parameters, inputs, targets)
            if not (loss < SUSPECT and room.is_moderate()):
                break
            if self.plain:
                np.subtract(parameters, room.gradient, out=parameters)
            else:
                moved = self._moved(parameters, room.gradient, kept, updates + 1)
                if moved is None:
                    break
                parameters, kept = moved
            done, updates = done + 1, updates + 1
            sample_losses = room.losses
        outer = [_outer(array, self.places) for array in (parameters, *kept.values())]
        after = type(state)(
            state.iteration + done, outer[0], dict(zip(kept, outer[1:], strict=True)), updates
        )
        return Stretch(losses[:done], sample_losses.copy() if done else losses[:0], after)

    def _new_room(self, samples: int) -> _Room:
        """Buffers for batches of this size; with the plain rule the gradient has the learning rate in it."""
        divisor = 1.0 if self._batches.summed else float(samples)
        rate = self.optimizer.settings["learning_rate"] if self.plain else 1.0
        return _Room(self._chain, samples, divisor, rate)

    def _data(self, iteration: int) -> tuple[Array, Array]:
        """Inputs with a row of ones, and targets, values × samples; batches that come back are cut once."""
        if not self._batches.shuffle:
            place, cut = iteration % self._batches.per_epoch, self._cut
            if place not in cut:
                cut[place] = self._columns(self._batches.rows_of(iteration))
            return cut[place]
        return self._columns(self._batches.rows_of(iteration))

    def _columns(self, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        inputs = np.ones((self._chain.inputs.shape[1] + 1, len(rows)))
        inputs[:-1] = self._chain.inputs[rows].T
        return inputs, np.ascontiguousarray(self._chain.targets[rows].T)

    def _moved(
        self, parameters: Array, gradient: Array, kept: dict[str, Array], number: int
    ) -> tuple[Array, dict[str, Array]] | None:
        """The update by the optimiser's own lines; None when a number is suspect."""
        lines, _ = self.optimizer.update(parameters, gradient, kept, number, self.trained)
        fresh = {name: lines[name] for name in ("updated", *kept)}
        if self.trained is not None:
            before = {"updated": parameters, **kept}
            fresh = {name: np.where(self.trained, fresh[name], before[name]) for name in fresh}
        if not all(float(array.dot(array)) < LARGEST_SQUARE for array in fresh.values()):
            return None
        return fresh.pop("updated"), fresh


def _places(chain: Chain, size: int) -> NDArray[np.intp]:
    """For each place within, layer by layer with the bias as the last column, the place outside."""
    parts: list[NDArray[np.intp]] = []
    for layer in chain.layers:
        weights = layer.weights + np.arange(layer.units * layer.inputs).reshape(layer.units, layer.inputs)
        columns = [weights]
        if layer.biases >= 0:
            columns.append(layer.biases + np.arange(layer.units).reshape(-1, 1))
        parts.append(np.hstack(columns).ravel())
    return np.concatenate(parts)


def _outer(inner: Array, places: NDArray[np.intp]) -> Array:
    outer = np.empty_like(inner)
    outer[places] = inner
    return outer


class _Room:
    """Buffers and bound calls for batches of one size."""

    def __init__(self, chain: Chain, samples: int, divisor: float, rate: float) -> None:
        self._chain = chain
        self._divisor = divisor
        self._factor = np.array(rate / divisor)
        outputs = chain.widths[-1] if chain.loss == "mean_squared_error" else 1
        self._squares = tuple(factor / outputs for factor in SQUARES.get(chain.loss, ()))
        self._samples = samples
        self.losses = np.zeros(samples)
        sizes = [layer.units * (layer.inputs + (layer.biases >= 0)) for layer in chain.layers]
        units = sum(layer.units for layer in chain.layers) * samples
        self._watched = np.zeros(sum(sizes) + units)  # gradients and sums, to be looked at together
        self.gradient = self._watched[: sum(sizes)]
        sums, ends = self._watched[sum(sizes) :], np.cumsum([0, *sizes])
        self.layers: list[_LayerRoom] = []
        end = 0
        for place, layer in enumerate(chain.layers):
            z = sums[end : end + layer.units * samples].reshape(layer.units, samples)
            end += layer.units * samples
            view = slice(int(ends[place]), int(ends[place + 1]))
            self.layers.append(_LayerRoom(layer, z, self.gradient, view))
        self._own: Array | None = None

    def is_moderate(self) -> bool:
        """Whether no gradient and no sum is too large, or no number at all."""
        return float(self._watched.dot(self._watched)) < LARGEST_SQUARE

    def differentiate(self, parameters: Array, inputs: Array, targets: Array) -> float:
        """The loss of the batch; afterwards `gradient` holds that of the parameters, divided."""
        if parameters is not self._own:  # with the plain rule the same vector again and again
            self._own = parameters
            for layer in self.layers:
                layer.look_at(parameters)
        before = inputs
        for layer in self.layers:
            layer.forward(before)
            before = layer.values
        last = self.layers[-1]
        loss = self._compare(last, targets)
        np.multiply(last.deltas, self._factor, out=last.deltas)
        for place in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[place]
            layer.gradients(self.layers[place - 1].values if place else inputs)
            if place:
                layer.backward(self.layers[place - 1])
        return loss

    def _compare(self, last: _LayerRoom, targets: Array) -> float:
        """The loss; the slope by the last z goes to its deltas."""
        chain, a, d = self._chain, last.outputs, last.deltas
        if self._squares and not chain.softmax:
            slope, factor = self._squares
            np.subtract(a, targets, out=d)
            squares = d * d
            total = squares[0] if len(squares) == 1 else np.add.reduce(squares, axis=0)
            self.losses = total * factor
            if slope != 1:
                d *= slope
        elif chain.loss == "softmax_cross_entropy":
            self.losses = _compare_shares(a, targets, d)
        else:
            outputs = OPERATIONS["softmax"].forward((a.T,), {}) if chain.softmax else a.T
            row, operands = LOSSES[chain.loss], (outputs, targets.T)
            self.losses = row.forward(operands, chain.attributes)
            upstream = row.pullback(np.ones(self._samples), operands, self.losses, chain.attributes)[0]
            assert upstream is not None
            if chain.softmax:
                (upstream,) = OPERATIONS["softmax"].pullback(upstream, (a.T,), outputs, {})
                assert upstream is not None
            d[...] = upstream.T
        last.times_slope()
        return self._together()

    def _together(self) -> float:
        return float(np.add.reduce(self.losses)) / self._divisor


def _compare_shares(z: Array, targets: Array, deltas: Array) -> Array:
    """Softmax and cross-entropy at once: the loss of each sample; the slopes go to `deltas`."""
    shifted = z - np.maximum.reduce(z, axis=0)
    np.exp(shifted, out=deltas)
    sums, totals = np.add.reduce(deltas, axis=0), np.add.reduce(targets, axis=0)
    deltas *= totals / sums
    deltas -= targets
    shifted *= targets
    result: Array = totals * np.log(sums) - np.add.reduce(shifted, axis=0)
    return result


class _LayerRoom:
    """What one layer writes to, with its calls bound beforehand."""

    def __init__(self, layer: Layer, z: Array, gradient: Array, view: slice) -> None:
        self._layer, self._view = layer, view
        self._shape = (layer.units, layer.inputs + (layer.biases >= 0))
        self._z = z
        self.values = np.ones((layer.units + 1, z.shape[1]))
        self.outputs = self.values[:-1]
        self.deltas, self._slopes = np.zeros_like(z), np.zeros_like(z)
        self._gradient = gradient[view].reshape(self._shape)
        self._row = ACTIVATIONS[layer.activation]
        self._activate, self._slope = IN_PLACE.get(layer.activation, (None, None))
        self._weights: Callable[..., Array]
        self._back: Callable[..., Array]

    def look_at(self, parameters: Array) -> None:
        """Take the weights from this flat vector."""
        weights = parameters[self._view].reshape(self._shape)
        self._weights = weights.dot
        self._back = weights[:, : self._layer.inputs].T.dot

    def forward(self, before: Array) -> None:
        """z and a."""
        self._weights(before if self._layer.biases >= 0 else before[:-1], out=self._z)
        if self._activate is not None:
            self._activate(self._z, self.outputs)
        else:
            self.outputs[...] = self._row.forward((self._z,), {})

    def times_slope(self) -> None:
        """From the derivative by a to that by z, in `deltas`."""
        if self._slope is not None:
            self._slope(self.outputs, self._slopes, self.deltas)
        else:
            (deltas,) = self._row.pullback(self.deltas, (self._z,), self.outputs, {})
            assert deltas is not None
            self.deltas[...] = deltas

    def backward(self, before: _LayerRoom) -> None:
        """What arrives at the layer before, down to its z."""
        self._back(self.deltas, out=before.deltas)
        before.times_slope()

    def gradients(self, before: Array) -> None:
        """The gradients of weights and biases."""
        self.deltas.dot((before if self._layer.biases >= 0 else before[:-1]).T, out=self._gradient)


_ONE, _ZERO = np.array(1.0), np.array(0.0)


def _sigmoid(z: Array, a: Array) -> None:
    np.negative(z, out=a)
    np.exp(a, out=a)
    np.add(a, _ONE, out=a)
    np.reciprocal(a, out=a)


def _sigmoid_slope(a: Array, room: Array, deltas: Array) -> None:
    np.subtract(_ONE, a, out=room)
    np.multiply(room, a, out=room)
    np.multiply(deltas, room, out=deltas)


def _tanh(z: Array, a: Array) -> None:
    np.tanh(z, out=a)


def _tanh_slope(a: Array, room: Array, deltas: Array) -> None:
    np.multiply(a, a, out=room)
    np.subtract(_ONE, room, out=room)
    np.multiply(deltas, room, out=deltas)


def _relu(z: Array, a: Array) -> None:
    np.maximum(z, _ZERO, out=a)


def _relu_slope(a: Array, room: Array, deltas: Array) -> None:
    np.sign(a, out=room)
    np.multiply(deltas, room, out=deltas)


def _identity(z: Array, a: Array) -> None:
    np.copyto(a, z)


def _identity_slope(a: Array, room: Array, deltas: Array) -> None:
    """Nothing is to be done."""


Activate = Callable[[Array, Array], None]
Slope = Callable[[Array, Array, Array], None]

# a from z, and deltas times the slope, without new arrays.
IN_PLACE: dict[str, tuple[Activate | None, Slope | None]] = {
    "sigmoid": (_sigmoid, _sigmoid_slope),
    "tanh": (_tanh, _tanh_slope),
    "relu": (_relu, _relu_slope),
    "identity": (_identity, _identity_slope),
}
