"""The loss as a landscape over one parameter, or over two, all others held as they are.

It is the loss that the gradient of an iteration is the slope of: of the iteration's own batch, at its
parameters before the update. Nothing is approximated: every point is a whole forward pass, so points
are made one by one by whoever walks the measuring, and there are never many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import Record
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.optimizing import with_rate
from backprop_gui.steps.timeline import Timeline

CURVE_POINTS = 121
CLOSE_POINTS = 41  # around the update, which is often much shorter than the curve
PLANE_POINTS = 41  # along each side
FEW_PLANE_POINTS = 17  # where a forward pass takes long
LARGE_PASS = 50_000  # numbers of a forward pass from which on it takes long
MOST_TRAVELLED = 500
RECENT = 32  # iterations before the one on screen that are replayed for the path
WIDEST, NARROWEST = 1e9, 1e-6  # half of a window; the narrowest as a share of its centre
LARGEST_SHARE = 0.8  # of half the window, that the way to the landing may take
EDGE = 0.85  # of half the window: here value and landing are still well in sight


class BatchLoss:
    """The loss of one iteration's batch as a function of the parameters."""

    def __init__(self, model: Model, record: Record) -> None:
        self.model, self.record = model, record
        self._leaves = {index: data[record.rows] for index, data in model.leaves.items()}
        self._stepper = model.stepper()

    def __call__(self, parameters: Array) -> float:
        """The loss of the whole batch, as the iteration's own is made of those of its samples."""
        losses = self._stepper.losses(parameters, self._leaves)
        with np.errstate(all="ignore"):
            return float(self.record.together(losses))

    def moved(self, places: Sequence[int], values: Sequence[float]) -> float:
        """The loss with some parameters set, all others as they are."""
        parameters = self.record.before.parameters.copy()
        parameters[list(places)] = values
        return self(parameters)

    @property
    def is_large(self) -> bool:
        """Whether one pass takes long."""
        record = self.record
        numbers = sum(value.size for value in record.values) + record.before.parameters.size
        return numbers > LARGE_PASS


def after_update(model: Model, record: Record, rate: float | None = None) -> Array:
    """The parameters after the iteration's update; `rate` in place of the learning rate in force."""
    if rate is None:
        return record.after.parameters
    other = replace(model, optimizer=with_rate(model.optimizer, rate))
    return other.stepper().record(record.before).after.parameters


class Window(Struct, frozen=True):
    """What part of a parameter's values is looked at."""

    centre: float
    half: float

    @property
    def low(self) -> float:
        return self.centre - self.half

    @property
    def high(self) -> float:
        return self.centre + self.half

    def zoomed(self, factor: float) -> Window:
        """Larger or smaller around the same middle, within what float64 can tell apart."""
        return _window(self.centre, self.half * factor)

    def shows(self, *values: float) -> bool:
        """Whether all of these are well inside."""
        return all(abs(value - self.centre) <= EDGE * self.half for value in values if np.isfinite(value))


def _window(centre: float, half: float) -> Window:
    """Around a centre, neither wider than is of use nor narrower than float64 can tell apart."""
    centre = float(centre) if np.isfinite(centre) else 0.0
    return Window(centre, max(min(float(half), WIDEST), NARROWEST * max(1.0, abs(centre))))


def window_for(value: float, landing: float, before: Window | None = None) -> Window:
    """A window in which a curve is more than its tangent, and the landing is in sight.

    The one `before` is kept while it serves: axes that jump with every step cannot be read.
    """
    way = abs(landing - value) if np.isfinite(landing) else 0.0
    half = float(max(1.0, abs(value) if np.isfinite(value) else 0.0, way / LARGEST_SHARE))
    if before is not None and before.shows(value, landing) and before.half <= 4 * half:
        return before
    return _window(value, half)


def window_over(values: Array, before: Window | None = None) -> Window:
    """A window that shows a way travelled and where it leads; the one before while it serves."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    half = max(0.5, 0.6 * (high - low))
    if before is not None and before.shows(low, high) and before.half <= 2 * half:
        return before
    return _window(low / 2 + high / 2, half)


class Slice(Struct, frozen=True, eq=False):
    """The loss along one parameter; `losses` is filled while `measure` is walked."""

    loss: BatchLoss
    place: int
    xs: Array
    losses: Array

    def measure(self) -> Iterator[int]:
        """Make one point after the other."""
        parameters = self.loss.record.before.parameters.copy()
        for point, value in enumerate(self.xs):
            parameters[self.place] = value
            self.losses[point] = self.loss(parameters)
            yield point


def loss_slice(loss: BatchLoss, place: int, window: Window, points: int, *exact: float) -> Slice:
    """A slice still to be measured; the values in `exact` that lie in the window are points of it."""
    inside = [value for value in exact if window.low <= value <= window.high]
    xs = np.unique(np.concatenate([np.linspace(window.low, window.high, points), inside]))
    return Slice(loss, place, xs, np.full(len(xs), np.nan))


@dataclass(frozen=True, eq=False)
class Plane:
    """The loss over two parameters: a row for every value of the second one."""

    loss: BatchLoss
    places: tuple[int, int]
    xs: Array
    ys: Array
    losses: Array = field(repr=False)

    def measure(self) -> Iterator[int]:
        """Make one point after the other."""
        parameters = self.loss.record.before.parameters.copy()
        for row, y in enumerate(self.ys):
            parameters[self.places[1]] = y
            for column, x in enumerate(self.xs):
                parameters[self.places[0]] = x
                self.losses[row, column] = self.loss(parameters)
                yield row


def loss_plane(loss: BatchLoss, places: tuple[int, int], windows: tuple[Window, Window]) -> Plane:
    """A plane still to be measured, coarser where a forward pass takes long."""
    points = FEW_PLANE_POINTS if loss.is_large else PLANE_POINTS
    xs, ys = (np.linspace(window.low, window.high, points) for window in windows)
    return Plane(loss, places, xs, ys, np.full((points, points), np.nan))


def travelled(
    timeline: Timeline, iteration: int, places: Sequence[int], large: bool = False
) -> tuple[list[int], Array]:
    """Iterations, and where the parameters stood after so many updates: a row for each.

    From the states that are kept anyway; the last ones before `iteration` are replayed, one by one.
    """
    found = {state.iteration: state.parameters for state in timeline.landmarks(MOST_TRAVELLED - RECENT)}
    first = max(iteration - (4 if large else RECENT), 0)
    nearest = max((kept for kept in found if kept <= first), default=0)
    # A replay from a state far away would cost more than the path is worth.
    begin = first if first - nearest <= 4 * RECENT else iteration
    found.update((recent, timeline.state(recent).parameters) for recent in range(begin, iteration + 1))
    iterations = sorted(found)
    return iterations, np.array([found[each][list(places)] for each in iterations])
