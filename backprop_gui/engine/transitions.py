"""How states of a model advance: one way for each model, whoever asks.

Training, stepping, replay and the command line all go through it, so a number is the same to the bit
however one got there. The compiled kernel is the fastest, numpy with few calls the next; a model that
neither takes on is advanced by the operation table.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from backprop_gui.engine.operation import Array

if TYPE_CHECKING:
    from backprop_gui.engine.stepper import State, Stepper

WAYS = ("kernel", "numpy", "table")
CHOSEN = "BACKPROP_GUI_ENGINE"  # one of WAYS: the fastest that is allowed


class Stretch(Struct, frozen=True, eq=False):
    """Iterations done in one go: the loss of each before its update, and the state behind them.

    There may be fewer than were asked for: none, when the next meets a number that is not finite or
    might become so. `samples` holds the losses of the last iteration's samples.
    """

    losses: Array
    samples: Array
    after: State


class Transition(Protocol):
    """A way for states to advance. It may be used by several threads at once."""

    name: str
    releases_lock: bool  # whether other threads run Python meanwhile

    def run(self, state: State, count: int) -> Stretch:
        """Up to `count` iterations from `state`: the same, however they are cut into calls."""
        ...

    def rest(self) -> None:
        """Let go of the room it works in; it is made again."""
        ...


def transition_of(stepper: Stepper) -> Transition | None:
    """The fastest way that takes on the model, None for the operation table."""
    from backprop_gui.engine.chains import chain_of

    fastest = os.environ.get(CHOSEN, WAYS[0])
    if fastest == "table":
        return None
    chain = chain_of(stepper.graph, stepper.leaves)
    if chain is None:
        return None
    if fastest != "numpy":
        from backprop_gui.engine import kernel

        found = kernel.transition_of(stepper, chain)
        if found is not None:
            return found
    from backprop_gui.engine import fast_numpy  # only where it is wanted: a start has no time for it

    return fast_numpy.transition_of(stepper, chain)
