"""What edits by hand are called: w₅ = 0.5, α = 0.1 from 120, Adam with α = 0.01; and runs, by their edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import RATE, SEED, data_place
from backprop_gui.experiment.optimizing import OPTIMIZER
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.branch import ORIGINAL, Change, begins_alike, fork_of
from backprop_gui.steps.quantities import Quantity

MOST_NAMED = 2  # edits in the name of a run
MOST_TOLD = 4  # edits in what is said of it


def edit_name(model: Model, naming: Naming, name: str) -> str:
    """How what can be edited is called on screen: w₅, x₁ of row 2, α, optimizer."""
    graph = model.graph
    place = graph.parameters.place_of(name)
    if place is not None:
        array, element = graph.parameters.locate(place)
        return naming.plain(Quantity(graph.parameter_nodes[array], element))
    found = data_place(model, name)
    if found is None:
        return naming.notation.rate if name == RATE else name
    leaf, (row, *element_in_row) = found
    shown = naming.plain(Quantity(leaf, tuple(element_in_row)))
    return f"{shown} of row {row + 1}" if len(model.leaves[leaf]) > 1 else shown


def optimizer_words(value: Any, form: NumberFormat, rate: str) -> str:
    """An optimiser as it is set by an edit: `Adam`, `Adam with α = 0.01`."""
    settings: Mapping[str, Any] = value if isinstance(value, Mapping) else {"kind": value}
    kind = settings.get("kind")
    title = OPTIMIZERS[kind].title if kind in OPTIMIZERS else str(kind)
    return f"{title} with {rate} = {form.text(settings[RATE])}" if RATE in settings else title


class RunWords:
    """Words for runs and their edits, with the names and numbers in force."""

    def __init__(self, model: Model, naming: Naming, form: NumberFormat) -> None:
        self._model, self._naming, self._form = model, naming, form

    def name(self, run: Experiment, parent: Experiment, first: Experiment, edit: str) -> str:
        """What a new run is called: by what was changed when it parted from its parent.

        `first` is the experiment as it was opened, `edit` what undo calls the newest change.
        """
        if not begins_alike(run, parent):
            if run.training.seed != parent.training.seed:
                return f"seed {run.training.seed}"
            return ORIGINAL if begins_alike(run, first) and run.edits == first.edits else edit or "changed"
        if run.edits == first.edits and begins_alike(run, first):
            return ORIGINAL
        if fork_of(run, parent) is None:
            return "from the start"
        theirs = {edit.iteration: edit.set for edit in parent.edits}
        new = [one for one in run.edits if one.set != theirs.get(one.iteration)]
        if new:
            last = max(new, key=lambda one: one.iteration)
            before = theirs.get(last.iteration, {})
            fresh = {name: value for name, value in last.set.items() if before.get(name) != value}
            return self._together(fresh or last.set, last.iteration)
        return self._together(run.edits[-1].set, run.edits[-1].iteration) if run.edits else "without edits"

    def lane(self, kind: str, rate: float) -> str:
        """What the run of a lane is called: `Adam, α = 0.01`."""
        return f"{OPTIMIZERS[kind].title}, {self._naming.notation.rate} = {self._form.text(rate)}"

    def difference(self, own: tuple[Change, ...], theirs: tuple[Change, ...], alike: bool, seed: str) -> str:
        """How a run differs from the current one: its own edits, and those it goes without."""
        parts = [] if alike else [seed or "another beginning"]
        parts += [self._change(change) for change in own[:MOST_TOLD]]
        without = [self._set(change.name, change.after) for change in theirs[:MOST_TOLD]]
        places = [f" at {self._form.count(change.iteration)}" for change in theirs[:MOST_TOLD]]
        parts += [f"without {words}{place}" for words, place in zip(without, places, strict=True)]
        more = max(0, len(own) - MOST_TOLD) + max(0, len(theirs) - MOST_TOLD)
        if more:
            parts.append(f"{more} more")
        return "; ".join(parts) or "the same run"

    def _together(self, values: Mapping[str, Any], iteration: int) -> str:
        told = [self._set(name, value) for name, value in list(values.items())[:MOST_NAMED]]
        if len(values) > MOST_NAMED:
            told = [told[0], f"{len(values) - 1} more"]
        words = self._form.listed(told)
        return f"{words} from {self._form.count(iteration)}" if iteration else words

    def _set(self, name: str, value: Any) -> str:
        """`w₅ = 0.5`, `Adam`."""
        if name == OPTIMIZER:
            return optimizer_words(value, self._form, self._naming.notation.rate)
        if name == SEED:
            return f"seed {value}"
        return f"{edit_name(self._model, self._naming, name)} = {self._form.text(value)}"

    def _change(self, change: Change) -> str:
        """`w₅ 0.9 → 0.5 at 120`."""
        where = f" at {self._form.count(change.iteration)}"
        if change.before is None:
            return self._set(change.name, change.after) + where
        if change.name == OPTIMIZER:
            rate = self._naming.notation.rate
            before, after = (optimizer_words(v, self._form, rate) for v in (change.before, change.after))
            return f"{before} → {after}{where}"
        if change.name == SEED:
            return f"seed {change.before} → {change.after}{where}"
        name = edit_name(self._model, self._naming, change.name)
        return f"{name} {self._form.text(change.before)} → {self._form.text(change.after)}{where}"
