"""Rebuilding at a moment: what is learned there is what the rebuilt network begins with.

`rebuilt` takes the document to the parameters, data and settings in force at the iteration on screen,
carries a change out, and lets go of what no longer holds: edits, saved state, published numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TypeAlias

import numpy as np
from msgspec.structs import replace

from backprop_gui.engine.operation import Array
from backprop_gui.errors import InvalidEdit, InvalidExperiment
from backprop_gui.experiment.build import Model, build
from backprop_gui.experiment.building_data import with_leaves
from backprop_gui.experiment.building_draft import network_of
from backprop_gui.experiment.building_loss import loss_fault
from backprop_gui.experiment.document import Experiment, OptimizerSettings
from backprop_gui.experiment.edits import RATE
from backprop_gui.experiment.optimizing import OPTIMIZER
from backprop_gui.experiment.wiring import wire

Change: TypeAlias = Callable[[Experiment], Experiment]

REMARK = "The network was changed by hand since: what is said above is of the network before."
_FIRST_TAG = 2.0**40  # numbers from here on stand for places of the old network, while frozen ones are sought


def rebuilt(
    experiment: Experiment, model: Model, parameters: Array, iteration: int, change: Change, source: str = ""
) -> Experiment:
    """The document after a change, with the values of an iteration as its initial ones.

    `model` and `parameters` are those in force there. What the document says of published numbers goes
    with the network they are of, and its note tells so. Raises InvalidEdit with a sentence.
    """
    settled_here = settled(experiment, model, parameters, iteration, source)
    changed = change(settled_here)
    if changed.network != settled_here.network or changed.data != settled_here.data:
        note = changed.note if REMARK in changed.note else f"{changed.note} {REMARK}"
        changed = replace(changed, expected=[], note=note if changed.note else "")
    if model.frozen.any():
        changed = _with_frozen(changed, settled_here, model, change)
    if (fault := loss_fault(changed.network)) and not loss_fault(settled_here.network):
        raise InvalidEdit(fault)
    try:
        build(changed, source)
    except InvalidExperiment as error:
        where, _, what = error.faults[0].partition(": ")
        raise InvalidEdit(what or where) from None
    return changed


def settled(
    experiment: Experiment, model: Model, parameters: Array, iteration: int, source: str = ""
) -> Experiment:
    """The document as it is in force at an iteration: numbers in place of draws, edits carried out."""
    network = network_of(experiment.network, model.graph.parameters, parameters)
    names = {name for edit in experiment.edits if edit.iteration <= iteration for name in edit.set}
    training = experiment.training
    if names & {RATE, OPTIMIZER}:
        known = OptimizerSettings.__struct_fields__
        given = {name: value for name, value in model.settings.items() if name in known}
        training = replace(training, optimizer=OptimizerSettings(model.optimizer.kind, **given))
    made = replace(experiment, network=network, training=training, edits=[], state=None)
    scalars = {
        RATE,
        OPTIMIZER,
        *(name for name in names if model.graph.parameters.place_of(name) is not None),
    }
    return with_leaves(made, model, source) if names - scalars else made


def _with_frozen(changed: Experiment, before: Experiment, model: Model, change: Change) -> Experiment:
    """The patterns of frozen parameters, those of single ones by the names they have now.

    Numbered parameters are counted through the network, so w5 may be w7 afterwards. The change is
    carried out once more on numbers that say which place they come from.
    """
    layout = model.graph.parameters
    tags = _FIRST_TAG + np.arange(layout.size)
    tagged = change(replace(before, network=network_of(before.network, layout, tags)))
    wired = wire(tagged.network, tagged.training.seed)
    if wired.graph is None:
        return changed  # its faults are told where it is built
    now = wired.graph.parameters
    origin = {name: float(wired.initial[place]) for name, place in zip(now.names, now.scalars, strict=True)}
    new_names = {int(value - _FIRST_TAG): name for name, value in origin.items() if value >= _FIRST_TAG}
    patterns: list[str] = []
    for pattern in changed.training.frozen:
        place = None if "*" in pattern else layout.place_of(pattern)
        if place is not None:
            pattern = new_names.get(place, "")
        if any(name == pattern or fnmatchcase(name.split("[")[0], pattern) for name in now.names):
            patterns.append(pattern)
    return replace(changed, training=replace(changed.training, frozen=patterns))
