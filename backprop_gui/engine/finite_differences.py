"""Derivatives without calculus: nudge one parameter up and down and see how the loss moves.

Central difference (L(w + h) − L(w − h)) / 2h with h near the cube root of the machine epsilon, where
truncation and rounding balance (Press et al., Numerical Recipes, section 5.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.engine.passes import forward

STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
TRUNCATION = 1e-6  # of the gradient, at most, by which a numeric derivative may be off
ROUNDING = 1e-9  # of the loss, at least 1, likewise


def numeric_gradients(
    graph: Graph, parameters: Array, leaves: Mapping[int, Array], places: Iterable[int]
) -> Iterator[Array]:
    """For each place of the flat vector, the numeric derivative of every sample's loss.

    `leaves` holds the samples; each result has one number a sample, undivided.
    """
    nudged, given = parameters.copy(), dict(leaves)
    with np.errstate(all="ignore"):
        for place in places:
            centre = parameters[place]
            step = STEP * max(1.0, abs(centre))
            above, below = centre + step, centre - step
            nudged[place] = above
            upper = forward(graph, nudged, given)[graph.loss]
            nudged[place] = below
            lower = forward(graph, nudged, given)[graph.loss]
            nudged[place] = centre
            yield (upper - lower) / (above - below)


def one_sided_slopes(
    graph: Graph, parameters: Array, leaves: Mapping[int, Array], place: int
) -> tuple[Array, Array]:
    """The slopes of every sample's loss to the left and to the right of one parameter's value."""
    nudged, given = parameters.copy(), dict(leaves)
    losses, centre = [], parameters[place]
    step = STEP * max(1.0, abs(centre))
    with np.errstate(all="ignore"):
        for nudged[place] in (centre - step, centre, centre + step):
            losses.append(forward(graph, nudged, given)[graph.loss])
        return (losses[1] - losses[0]) / step, (losses[2] - losses[1]) / step


def is_kink(left: float, right: float, gradient: float) -> bool:
    """Whether the loss bends at this very value: slopes that differ, with the gradient at or between them."""
    largest = max(abs(left), abs(right))
    apart = abs(right - left) > 0.01 * largest
    return apart and min(left, right) - 0.001 * largest <= gradient <= max(left, right) + 0.001 * largest


def relative_error(numeric: float, gradient: float) -> float:
    """|n − g| / max(|n|, |g|); 0 when both are 0."""
    largest = max(abs(numeric), abs(gradient))
    return abs(numeric - gradient) / largest if largest else 0.0


def agrees(numeric: float, gradient: float, loss: float) -> bool:
    """Whether a numeric derivative confirms the gradient within truncation and rounding."""
    return abs(numeric - gradient) <= TRUNCATION * abs(gradient) + ROUNDING * max(1.0, abs(loss))
