"""What a small move of one weight, bias or input does to everything after it.

Predicted: slope × nudge, with the slope ∂q/∂w of every quantity q downstream. All slopes come from
one backward pass that begins at all these quantities at once, each with a sample axis place of its
own, so that the operation table's own `pullback` and `partials` are all the mathematics there is.
True: computed again, forward, with the moved number. The sweep moves it by less and less and holds
the difference quotients of the loss against its gradient (Press et al., Numerical Recipes, 5.7).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from statistics import median
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Element, Operand, evaluate
from backprop_gui.engine.finite_differences import STEP, is_kink, relative_error
from backprop_gui.engine.graph import Graph, Use
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import Gradients, Values, forward, pull_back
from backprop_gui.engine.stepper import Record
from backprop_gui.steps.quantities import VALUE, Quantity

MOST_LINES = 60  # quantities that are told of one by one
MOST_NUMBERS = 4_000_000  # of the backward pass from all of them at once
PROBE = 1e-4  # the nudge that finds the strongest movers where there are more
STEPS_PER_DECADE, DECADES = 4, 12
SIZES = tuple(10.0 ** (-place / STEPS_PER_DECADE) for place in range(STEPS_PER_DECADE * DECADES + 1))


class Move(Struct, frozen=True):
    """How far one quantity goes: `slope` is its derivative by the moved number."""

    quantity: Quantity
    before: float
    after: float
    slope: float
    predicted: float

    @property
    def true(self) -> float:
        return self.after - self.before


class Cost(Struct, frozen=True):
    """What the nudge does to the loss as a whole.

    `gradient` is its derivative by the moved number, `forward` and `central` are the difference
    quotients (C(w + h) − C(w))/h and (C(w + h) − C(w − h))/2h; None where h is too small to move w.
    """

    before: float
    after: float
    gradient: float
    predicted: float
    forward: float | None
    central: float | None


class Nudge(Struct, frozen=True):
    """One number moved from `before` to `after`, and how far everything listed went."""

    leaf: Quantity
    before: float
    after: float
    moves: tuple[Move, ...]
    cost: Cost

    @property
    def step(self) -> float:
        """How far the number went, to its last bit."""
        return self.after - self.before


class SweepPoint(Struct, frozen=True):
    """The errors of both difference quotients for one size of h; None where there is no finite one."""

    size: float
    forward: float | None
    central: float | None


def moved(value: float, step: float) -> float:
    """value + step as a person adds decimals: 0.1 moved by 0.2 is 0.3, not 0.30000000000000004."""
    if not (math.isfinite(value) and math.isfinite(step)):
        return value + step
    return float(Decimal(repr(value)) + Decimal(repr(step)))


class Nudging:
    """Moves one leaf of one iteration: a parameter (sample None), or an input's element of a sample.

    `sample` is the one whose quantities are listed. The loss as a whole is that of
    the batch, as in training; for an input that of its own sample, as no other sample has it.
    """

    def __init__(self, graph: Graph, record: Record, leaf: Quantity, sample: int) -> None:
        self.graph, self.record, self.leaf, self.sample = graph, record, leaf, sample
        self.is_parameter = graph.nodes[leaf.node].kind == "parameter"
        self._downstream = downstream(graph, leaf)
        self.count = sum(int(mask.sum()) for mask in self._downstream.values())

    # --- what is moved ------------------------------------------------------------------------------

    @cached_property
    def before(self) -> float:
        """The number as it is."""
        if self.is_parameter:
            return float(self.record.before.parameters[self._place])
        return float(self.record.values[self.leaf.node][self.sample][self.leaf.element])

    @cached_property
    def _place(self) -> int:
        return self.graph.parameters.place(self.graph.nodes[self.leaf.node].parameter, self.leaf.element)

    @property
    def over_batch(self) -> bool:
        """Whether the loss as a whole is one of several samples together."""
        return self.is_parameter and self.record.samples > 1

    def values_at(self, number: float) -> Values:
        """The values of all nodes, for the whole batch, with the leaf at `number`."""
        graph, record = self.graph, self.record
        leaves = {
            i: record.values[i] for i, node in enumerate(graph.nodes) if node.kind in ("input", "target")
        }
        parameters = record.before.parameters
        if self.is_parameter:
            parameters = parameters.copy()
            parameters[self._place] = number
        else:
            leaves[self.leaf.node] = leaves[self.leaf.node].copy()
            leaves[self.leaf.node][(self.sample, *self.leaf.element)] = number
        with np.errstate(all="ignore"):
            return forward(graph, parameters, leaves)

    def cost_of(self, values: Values) -> float:
        """The loss as a whole."""
        losses = values[self.graph.loss]
        with np.errstate(all="ignore"):
            return self.record.together(losses) if self.is_parameter else float(losses[self.sample])

    @cached_property
    def gradient(self) -> float:
        """The derivative of the loss as a whole by the leaf, as the backward pass of training has it."""
        if self.is_parameter:
            return float(self.record.parameter_gradient[self._place])
        found = self.record.gradients[self.leaf.node]
        return 0.0 if found is None else float(found[(self.sample, *self.leaf.element)])

    @property
    def reaches_loss(self) -> bool:
        """Whether the leaf can move the loss at all."""
        return self.graph.loss in self._downstream

    @cached_property
    def kink(self) -> bool:
        """Whether the loss bends at the leaf's very value, so that a slope is a convention there."""
        reach = STEP * max(1.0, abs(self.before))
        below, here, above = (
            self.cost_of(self.values_at(self.before + side * reach)) for side in (-1.0, 0.0, 1.0)
        )
        return is_kink((here - below) / reach, (above - here) / reach, self.gradient)

    # --- what is listed -----------------------------------------------------------------------------

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities downstream in network order; of very many the strongest movers, and the loss."""
        everything = (
            [
                (node, tuple(map(int, element)))
                for node, mask in self._downstream.items()
                for element in np.argwhere(mask)
            ]
            if self.count <= self._most
            else self._strongest()
        )
        return tuple(Quantity(node, element, VALUE, self.sample) for node, element in everything)

    @property
    def _most(self) -> int:
        numbers = sum(math.prod(node.shape) for node in self.graph.nodes if node.kind != "parameter")
        return max(1, min(MOST_LINES, MOST_NUMBERS // numbers))

    def _strongest(self) -> list[tuple[int, Element]]:
        """Those that a small probe moves farthest."""
        probed = self.values_at(self.before + PROBE * max(1.0, abs(self.before)))
        found: list[tuple[float, int, Element]] = []
        for node, mask in self._downstream.items():
            with np.errstate(all="ignore"):
                change = np.abs(probed[node][self.sample] - self.record.values[node][self.sample])
            change = np.where(mask, np.nan_to_num(change), -1.0)
            if node == self.graph.loss:
                change = np.full_like(change, np.inf)  # the loss is always told of
            for place in np.argsort(-change, axis=None, kind="stable")[: min(self._most, int(mask.sum()))]:
                element = tuple(map(int, np.unravel_index(place, change.shape)))
                found.append((float(change[element]), node, element))
        found.sort(key=_by_change)
        return sorted((node, element) for _, node, element in found[: self._most])

    @cached_property
    def slopes(self) -> tuple[float, ...]:
        """∂q/∂leaf for every listed quantity q, from one backward pass that begins at all of them."""
        seeds = self.quantities
        if not seeds:
            return ()
        graph, count = self.graph, len(seeds)
        values = self._repeated(count)
        gradients: Gradients = [None] * len(graph.nodes)
        for place, seed in enumerate(seeds):
            if gradients[seed.node] is None:
                gradients[seed.node] = np.zeros((count, *graph.nodes[seed.node].shape))
            start: Any = gradients[seed.node]
            start[(place, *seed.element)] = 1.0
        with np.errstate(all="ignore"):
            pull_back(graph, values, gradients, sorted(self._downstream, reverse=True))
            slopes = self._arrived(gradients)
        if self.record.samples == 1 or not self.is_parameter:  # the very number of the backward pass
            slopes[[seed.node == graph.loss for seed in seeds]] = self.gradient
        return tuple(slopes.tolist())

    def _repeated(self, count: int) -> Values:
        """The sample's values, `count` times."""
        return [
            value
            if node.kind == "parameter"
            else np.broadcast_to(value[self.sample], (count, *value.shape[1:]))
            for node, value in zip(self.graph.nodes, self.record.values, strict=True)
        ]

    def _arrived(self, gradients: Gradients) -> Array:
        """What has arrived at the leaf: Σ over its uses of gradient × local derivative."""
        leaf, total = self.leaf, np.zeros(len(self.quantities))
        if not self.is_parameter:
            found = gradients[leaf.node]
            return total if found is None else _of_all(found, leaf.element).copy()
        for use in self.graph.uses[leaf.node]:
            upstream = gradients[use.consumer]
            if upstream is not None:
                for element in _used_by(self.graph, use, leaf.element):
                    total += _of_all(upstream, element) * self._local(use, element)
        return total

    def _local(self, use: Use, element: Element) -> float:
        """The derivative of one element of a use by the leaf itself."""
        node, values = self.graph.nodes[use.consumer], self.record.values
        operands = tuple(
            values[operand] if self.graph.nodes[operand].kind == "parameter" else values[operand][self.sample]
            for operand in node.operands
        )
        output = np.asarray(values[use.consumer][self.sample])
        assert node.operation is not None
        local = next(
            partial.local
            for partial in node.operation.partials(element, operands, output, node.attributes)
            if partial.slot == use.slot and partial.element == self.leaf.element
        )

        def number(key: object) -> float:
            array = operands[key.slot] if isinstance(key, Operand) else output
            return float(array[key.element])  # type: ignore[attr-defined]

        return evaluate(local, number)

    # --- moving ---------------------------------------------------------------------------------------

    def by(self, step: float) -> Nudge:
        """The leaf moved by `step`: everything listed, predicted and computed again."""
        after = moved(self.before, step)
        step = after - self.before
        before_values, values = self.record.values, self.values_at(after)
        moves = []
        for quantity, slope in zip(self.quantities, self.slopes, strict=True):
            place = (self.sample, *quantity.element)
            was, now = float(before_values[quantity.node][place]), float(values[quantity.node][place])
            moves.append(Move(quantity, was, now, slope, slope * step))
        return Nudge(self.leaf, self.before, after, tuple(moves), self._cost(after, values))

    def _cost(self, after: float, values: Values) -> Cost:
        step = after - self.before
        was, now = self.cost_of(self.record.values), self.cost_of(values)
        below = moved(self.before, -step)
        central = None
        if after != below:
            central = (now - self.cost_of(self.values_at(below))) / (after - below)
        one_sided = (now - was) / step if step else None
        return Cost(was, now, self.gradient, self.gradient * step, one_sided, central)

    def sweep(self) -> Iterator[SweepPoint]:
        """The errors of both quotients for h from 1 to 1e-12, largest first.

        Relative as everywhere (|n − g|/max(|n|, |g|)); where the gradient is 0, absolute. The
        distance is that between the numbers as they are stored, so only the loss is rounded.
        """
        here = self.cost_of(self.record.values)
        for size in SIZES:
            above, below = self.before + size, self.before - size
            upper, lower = (self.cost_of(self.values_at(number)) for number in (above, below))
            yield SweepPoint(
                size,
                self._error(upper - here, above - self.before),
                self._error(upper - lower, above - below),
            )

    def _error(self, rise: float, run: float) -> float | None:
        """How far a quotient is off; None where it is no finite number."""
        if run == 0 or not math.isfinite(rise) or not math.isfinite(run):
            return None
        slope = rise / run
        if self.gradient == 0:
            return abs(slope)
        error = relative_error(slope, self.gradient)
        return error if math.isfinite(error) else None


def valley(errors: Sequence[float | None]) -> float | None:
    """The h of `SIZES` around which a curve of errors is lowest; None when it has no point at all.

    Looked at over a decade: at a single h, two roundings may cancel by luck. Of equals the largest.
    """
    lows: list[tuple[float, float, float]] = []
    reach = STEPS_PER_DECADE // 2
    for place, size in enumerate(SIZES):
        near = [e for e in errors[max(0, place - reach) : place + reach + 1] if e is not None]
        here = errors[place]
        if here is not None:
            lows.append((median(near), here, -size))
    return -min(lows)[2] if lows else None


def downstream(graph: Graph, leaf: Quantity) -> dict[int, NDArray[np.bool_]]:
    """Which elements of which nodes a leaf can move, by node in network order; whether or not they
    reach the loss."""
    start = np.zeros(graph.nodes[leaf.node].shape, dtype=bool)
    start[leaf.element] = True
    reached: dict[int, NDArray[np.bool_]] = {leaf.node: start}
    for index in graph.operations:
        node = graph.nodes[index]
        mask = np.zeros(node.shape, dtype=bool)
        for slot, operand in enumerate(node.operands):
            if operand in reached:
                _mark(graph, Use(index, slot), reached[operand], mask)
        if mask.any():
            reached[index] = mask
    del reached[leaf.node]
    return reached


def _mark(graph: Graph, use: Use, given: NDArray[np.bool_], mask: NDArray[np.bool_]) -> None:
    """Mark what depends on the given elements; done once everything is marked."""
    for element in np.argwhere(given):
        for used in _used_by(graph, use, tuple(map(int, element))):
            mask[used] = True
        if mask.all():
            return


def _used_by(graph: Graph, use: Use, element: Element) -> list[Element]:
    """The elements of a use that depend on one element of its operand."""
    node = graph.nodes[use.consumer]
    assert node.operation is not None
    shapes = tuple(graph.nodes[operand].shape for operand in node.operands)
    return list(node.operation.uses(use.slot, element, shapes, node.attributes))


def _of_all(array: Array, element: Element) -> Array:
    """One element of every sample."""
    index: Any = (slice(None), *element)
    return np.asarray(array[index])


def _by_change(found: tuple[float, int, Element]) -> tuple[float, int, Element]:
    """Farthest first, then in network order."""
    change, node, element = found
    return (-change, node, element)
