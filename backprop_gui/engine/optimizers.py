"""The optimisers, in rising order of difficulty: each turns a gradient into new parameters.

Each row gives the update for whole vectors (`update`) and the same as lines of expressions for
one parameter (`lines`), over the references `parameter`, `gradient`, the settings, and the state
before the update (`m.before`). A line called `updated` is the new value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backprop_gui.engine.expressions import Expression, Product, Ref, difference
from backprop_gui.engine.operation import Array

Settings = Mapping[str, float]
State = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One row of the table.

    `update(parameters, gradient, state, settings)` gives every line's array by name; lines named
    in `state` are what is kept for the next update.
    """

    kind: str
    title: str
    settings: Mapping[str, float]  # names and defaults, besides the learning rate
    state: tuple[str, ...]
    update: Callable[[Array, Array, State, Settings], dict[str, Array]]
    lines: tuple[tuple[str, Expression], ...]
    why: str

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of what is uncovered for each parameter; the last is `updated`."""
        return tuple(name for name, _ in self.lines)


def _gradient_descent(
    parameters: Array, gradient: Array, state: State, settings: Settings
) -> dict[str, Array]:
    return {"updated": parameters - settings["learning_rate"] * gradient}


ROWS = (
    Optimizer(
        kind="gradient_descent",
        title="Gradient descent",
        settings={},
        state=(),
        update=_gradient_descent,
        lines=(
            (
                "updated",
                difference(Ref("parameter"), Product((Ref("learning_rate"), Ref("gradient")))),
            ),
        ),
        why="A step downhill: against the slope, as long as the learning rate says.",
    ),
)

OPTIMIZERS = {row.kind: row for row in ROWS}
