"""What an update is made of: lines, one behind the other, from the gradient to the new parameters.

Each line is told twice: as a formula for one parameter, and as the same on whole vectors. What the
formulas refer to: `parameter`, `gradient` (the derivative of the loss), the settings by name, the
lines before (`m`), what an earlier update kept of a line (`m.before`), and numbers that all
parameters share (`t`, the how-manieth update it is; `gradient_norm`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Expression
from backprop_gui.engine.operation import Array

Settings: TypeAlias = Mapping[str, float]
Known: TypeAlias = Mapping[str, Any]  # arrays and numbers by the names of the references


class Line(Struct, frozen=True):
    """A number of every parameter. The line called `updated` is the new value.

    `symbol` is how it is written before the parameter's name: m, m̂; what follows a `_` is a
    subscript. In `question` and `why` the parameter's name takes the place of `{name}`.
    """

    name: str
    symbol: str
    formula: Expression
    array: Callable[[Known], Array]
    question: str
    why: str
    kept: bool = False  # for the next update


class Shared(Struct, frozen=True):
    """A number that all parameters share, of those that are trained."""

    name: str
    number: Callable[[Known], float]


Part: TypeAlias = Line | Shared


class Update(Struct, frozen=True, eq=False, dict=True):
    """An optimiser with its settings, behind the penalties and the clipping that are in force."""

    kind: str
    title: str
    why: str
    settings: Settings
    parts: tuple[Part, ...]

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        return tuple(part for part in self.parts if isinstance(part, Line))

    @cached_property
    def quantities(self) -> tuple[str, ...]:
        """The names of what is uncovered for each parameter; the last is `updated`."""
        return tuple(line.name for line in self.lines)

    @cached_property
    def state(self) -> tuple[str, ...]:
        """The lines that are kept for the next update; they begin at zero."""
        return tuple(line.name for line in self.lines if line.kept)

    def line(self, name: str) -> Line:
        """The line of that name."""
        return next(line for line in self.lines if line.name == name)

    def update(
        self,
        parameters: Array,
        gradient: Array,
        state: Mapping[str, Array],
        number: int,
        trained: NDArray[np.bool_] | None = None,
    ) -> tuple[dict[str, Array], dict[str, float]]:
        """Every line's array, and the shared numbers, for update `number` (from 1) of this optimiser.

        `trained` marks the parameters that take part, None for all; the others have lines too, which
        mean nothing. Nothing that is given is written to.
        """
        known: dict[str, Any] = {"parameter": parameters, "gradient": gradient, "t": float(number)}
        known["trained"] = slice(None) if trained is None else trained
        known.update(self.settings)
        for name in self.state:
            known[f"{name}.before"] = state[name]
        shared = {"t": known["t"]}
        for part in self.parts:
            if isinstance(part, Line):
                known[part.name] = part.array(known)
            else:
                known[part.name] = shared[part.name] = part.number(known)
        return {name: known[name] for name in self.quantities}, shared
