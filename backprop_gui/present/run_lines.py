"""Lines over the iterations of a run, as plots show them: losses, accuracy, histories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.present.plot_csv import all_digits, csv_text

Role: TypeAlias = Literal["main", "raw", "dim", "lit", "bound"]
Shape: TypeAlias = Literal["zero", "free", "percent"]

BLOCK = 32  # numbers that are smoothed at once


class Line(Struct, frozen=True, eq=False):
    """One line. `name` stands at its end (empty: nowhere), `own_name` heads its column in a file.
    `hue` chooses colour and dashes, so that lines differ by more than colour. `role`: "main" as it
    is, "raw" thin behind a smoothed one, "dim" beside a "lit" one, "bound" the rim of all.
    """

    name: str
    own_name: str
    iterations: Array
    values: Array
    hue: int = 0
    role: Role = "main"
    said: str = ""  # in the readout, where that is not `name`


class LinesPicture(Struct, frozen=True, eq=False):
    """Lines over iterations. `title` says what is plotted, `summary` the same for screen readers.

    `shape`: the axis begins at zero, fits the numbers, or runs from 0 to 100 %.
    """

    lines: tuple[Line, ...]
    title: str
    shape: Shape = "free"
    summary: str = ""
    marks: tuple[tuple[float, float], ...] = ()  # where lines part: iterations and values
    magnitudes: bool = False  # a logarithmic axis shows |values|
    close: bool = False  # the axis fits the lines that are not dim, the others where they are in sight


class Smoother:
    """The running mean with weights that fade by 1 − 1/span a step, without the pull of its beginning.

    y_t = Σ_k β^k x_{t−k} / Σ_k β^k with β = 1 − 1/span, over k = 0 … t: as TensorBoard does, debiased.
    What is not finite spoils only itself and counts as what stood before it. Of a curve that has
    grown only what is new is worked through.
    """

    def __init__(self, span: int) -> None:
        self.span = span
        self._fade = 1.0 - 1.0 / span
        self._means: Array = np.empty(0)
        self._forget()

    def _forget(self) -> None:
        self._count, self._sum, self._weight = 0, 0.0, 0.0
        self._end = (0.0, 0.0)

    def of(self, iterations: Array, values: Array) -> Array:
        """The smoothed values, as many as there are."""
        count = self._count
        if len(values) < count or (count and (iterations[count - 1], values[count - 1]) != self._end):
            self._forget()
            count = 0
        if len(self._means) < len(values):
            room = np.empty(2 * len(values))
            room[:count] = self._means[:count]
            self._means = room
        settled = len(values) - 1  # the newest loss may be of a state that is edited yet
        self._take(values, count, settled)
        means = self._means[: len(values)].copy()
        if settled > 0:
            self._end = (float(iterations[settled - 1]), float(values[settled - 1]))
        if len(values):
            fresh, *_ = _faded(values[settled:], self._fade, self._sum, self._weight)
            means[settled:] = fresh
        return means

    def _take(self, values: Array, begin: int, end: int) -> None:
        if end > begin:
            fresh, self._sum, self._weight = _faded(values[begin:end], self._fade, self._sum, self._weight)
            self._means[begin:end] = fresh
            self._count = end


def smoothed(values: Array, span: int) -> Array:
    """A whole curve smoothed at once; see Smoother."""
    return Smoother(span).of(np.arange(len(values), dtype=np.float64), values) if span > 1 else values


def _faded(values: Array, fade: float, total: float, weight: float) -> tuple[Array, float, float]:
    """The means, and the faded sum and its weight to go on with; block by block, as matrices."""
    clean = _filled(values, total / weight if weight else None)
    blocks = -(-len(clean) // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[: len(clean)] = clean
    steps = np.arange(BLOCK)
    gaps = steps[:, None] - steps[None, :]
    weights = np.where(gaps >= 0, fade ** np.maximum(gaps, 0), 0.0)
    within = padded.reshape(blocks, BLOCK) @ weights.T
    carried, carry, across = np.empty(blocks), total, fade**BLOCK
    for block, last in enumerate(within[:, -1].tolist()):
        carried[block] = carry
        carry = across * carry + last
    sums = (within + carried[:, None] * fade ** (steps + 1)).ravel()[: len(clean)]
    faded = fade ** np.arange(1.0, len(clean) + 1)
    whole = faded * weight + (1 - faded) / (1 - fade)
    return np.where(np.isfinite(values), sums / whole, values), float(sums[-1]), float(whole[-1])


def _filled(values: Array, before: float | None) -> Array:
    """What is not finite replaced by the last finite number before it, or the first one."""
    finite = np.isfinite(values)
    if finite.all():
        return values
    if not finite.any():
        return np.full_like(values, before or 0.0)
    last = np.maximum.accumulate(np.where(finite, np.arange(len(values)), -1))
    first = values[finite][0] if before is None else before
    return np.where(last >= 0, values[last], first)


def decimated(xs: Array, ys: Array, left: float, right: float, columns: int) -> tuple[Array, Array]:
    """The points from `left` to `right`, one more at each side; many ones by the extremes of each column.

    `xs` ascends; a curve through the result looks as one through all points where a column is a pixel.
    """
    first = max(0, int(np.searchsorted(xs, left)) - 1)
    last = min(len(xs), int(np.searchsorted(xs, right, side="right")) + 1)
    xs, ys = xs[first:last], ys[first:last]
    width = len(xs) // max(1, columns)
    if width < 4:
        return xs, ys
    whole = len(xs) // width * width
    begins = np.arange(0, whole, width)
    folded = ys[:whole].reshape(-1, width)
    places = np.concatenate([begins + folded.argmin(axis=1), begins + folded.argmax(axis=1)])
    places = np.sort(np.concatenate([[0], places, np.arange(whole, len(xs))]))
    return xs[places], ys[places]


def nearest(iterations: Array, iteration: float) -> int:
    """The place of the nearest iteration, -1 without any."""
    if not len(iterations):
        return -1
    after = int(np.searchsorted(iterations, iteration))
    if after == len(iterations) or (
        after and iteration - iterations[after - 1] <= iterations[after] - iteration
    ):
        return after - 1
    return after


def lines_csv(lines: Sequence[Line]) -> str:
    """A row for each iteration of any line, a column for each line; empty where it has no number."""
    whole = np.unique(np.concatenate([line.iterations for line in lines])) if lines else np.empty(0)
    columns = [_column(line, whole) for line in lines]
    rows = ([str(round(at)), *each] for at, *each in zip(whole.tolist(), *columns, strict=True))
    return csv_text(["iteration", *(line.own_name for line in lines)], rows)


def _column(line: Line, whole: Array) -> list[str]:
    places = np.searchsorted(whole, line.iterations)
    texts = [""] * len(whole)
    for place, value in zip(places.tolist(), line.values.tolist(), strict=True):
        texts[place] = all_digits(value)
    return texts


# --- pictures -------------------------------------------------------------------------------------


def loss_picture(
    iterations: Array,
    losses: Array,
    means: Array | None,
    name: str,
    tests: tuple[Array, Array] | None = None,
    summary: str = "",
    beside: tuple[Line, ...] = (),
    forks: tuple[tuple[float, float], ...] = (),
) -> LinesPicture:
    """The loss of each batch, smoothed with the raw line thin behind; the test loss where it is measured.

    `beside` are the losses of other runs, which part from this one at `forks`; it stands out among them.
    """
    role: Role = "lit" if beside else "main"
    test_name, plain_name = f"test {name}", name if tests is None else f"train {name}"
    end = "train" if tests is not None else "on screen" if beside else ""
    lines = []
    if means is None:
        lines.append(Line(end, "train_loss", iterations, losses, role=role, said=plain_name))
    else:
        lines.append(Line("", "train_loss", iterations, losses, role="raw", said=plain_name))
        said = f"smoothed {plain_name}"
        lines.append(Line(end, "train_loss_smoothed", iterations, means, role=role, said=said))
    if tests is not None:
        lines.append(Line("test", "test_loss", *tests, hue=1, role="lit", said=test_name))
    return LinesPicture((*lines, *beside), name, "zero", summary, forks)


def as_arrays(points: Iterable[tuple[int, float]]) -> tuple[Array, Array]:
    """Iterations and numbers."""
    pairs = list(points)
    return np.array([float(at) for at, _ in pairs]), np.array([value for _, value in pairs], dtype=np.float64)
