"""Edits by hand: what may be set, how a model and a state look afterwards.

An edit is `{name: value}`: a parameter (`w5`, `b3`, `theta[1,2]`), `learning_rate`, one number of the
data, `x[2,1]` for row 2, value 1 of input x, `targets[1,1]` likewise, `optimizer` with a kind or an
object such as `{"kind": "adam", "beta1": 0.8}`, which begins with nothing kept, or `seed`, by which the
data is shuffled from then on. What stands in one entry is set in the order in which it stands there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from backprop_gui.engine.stepper import State, fresh_state
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import LARGEST_SEED, Model, iteration_fault
from backprop_gui.experiment.document import Edit, Experiment
from backprop_gui.experiment.optimizing import (
    OPTIMIZER,
    exchanged,
    given,
    optimizer_edit,
    rate_fault,
    with_rate,
)
from backprop_gui.experiment.sentences import LONGEST_TEXT, is_finite_number, shown

RATE = "learning_rate"
SEED = "seed"
PRIME = "′"  # behind the name of a parameter: its value after the update


_DIGITS = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)"  # a space may stand between groups of three
_ONE_NUMBER = re.compile(rf"[+-]?(?:{_DIGITS}(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NOT_FINITE = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)


def parse_number(text: str) -> float:
    """A number as people type it: 0.5, 0,5, 1/3, −2e-3. Raises InvalidEdit with a sentence.

    Comma or point is the decimal sign, never both in one text; a space may only group digits by three.
    """
    plain = text.replace("−", "-")
    parts = [part.strip() for part in plain.split("/")]
    if "," in plain and "." in plain:
        raise InvalidEdit(f"{_quoted(text)} is no number; either a comma or a point would be right")
    if not all(map(_ONE_NUMBER.fullmatch, parts)) or len(parts) > 2:
        if len(parts) <= 2 and all(_ONE_NUMBER.fullmatch(p) or _NOT_FINITE.fullmatch(p) for p in parts):
            raise InvalidEdit(f"{_quoted(text)} is not finite; a finite number would be right")
        if len(_several(plain)) > 1:
            raise InvalidEdit(f"{_quoted(text)} is no number but several; a single one would be right")
        raise InvalidEdit(f"{_quoted(text)} is no number; 0.5, 1/3 or -2e-3 would be right")
    numbers = [float(re.sub(r"[ \u00a0\u202f]", "", part).replace(",", ".")) for part in parts]
    if len(numbers) == 2 and numbers[1] == 0:
        raise InvalidEdit(f"{_quoted(text)} divides by zero; a finite number would be right")
    value = numbers[0] / numbers[1] if len(numbers) == 2 else numbers[0]
    if not all(map(math.isfinite, (value, *numbers))):
        raise InvalidEdit(f"{_quoted(text)} is not finite; a finite number would be right")
    return value


def _several(text: str) -> list[str]:
    """The numbers of a text that holds nothing but numbers with space between them; else nothing."""
    parts = text.split()
    return parts if all(map(_ONE_NUMBER.fullmatch, parts)) else []


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= LONGEST_TEXT else f"“{text[:LONGEST_TEXT]}…”"


def check_edit(model: Model, name: str, value: Any) -> Any:
    """What is to be set: a number, or the object of an optimiser. Raises InvalidEdit with a sentence."""
    if name == OPTIMIZER:
        settings = optimizer_edit(value)
        return {"kind": settings.kind, **given(settings)}
    if name == SEED:
        return _checked_seed(value)
    if not is_finite_number(value):
        raise InvalidEdit(f"{name} can't be {shown(value)}; a finite number would be right")
    if name == RATE:
        if fault := rate_fault(float(value)):
            raise InvalidEdit(fault)
    elif model.graph.parameters.place_of(name) is None:
        _data_place(model, name)
    return float(value)


def _checked_seed(value: Any) -> int:
    whole = is_finite_number(value) and value == int(value)
    if not whole or not 0 <= value < LARGEST_SEED:
        raise InvalidEdit(f"{SEED} can't be {shown(value)}; a whole number, 0 or more, would be right")
    return int(value)


def current_value(model: Model, state: State, name: str) -> float:
    """What `name` is now. Raises InvalidEdit when there is nothing of that name."""
    if name == RATE:
        return model.settings[RATE]
    if name == SEED:
        return model.batches.seed
    place = model.graph.parameters.place_of(name)
    if place is not None:
        return float(state.parameters[place])
    leaf, element = _data_place(model, name)
    return float(model.leaves[leaf][element])


def data_place(model: Model, name: str) -> tuple[int, tuple[int, ...]] | None:
    """The leaf and the place in its data, the row first, that `x[2,1]` stands for; None where it is none."""
    try:
        return _data_place(model, name)
    except InvalidEdit:
        return None


def _data_place(model: Model, name: str) -> tuple[int, tuple[int, ...]]:
    """The leaf and the place in its data that `x[2,1]` stands for."""
    found = re.fullmatch(r"(\w+)\[(\d+(?:,\d+)*)\]", name)
    index = model.graph.by_name.get(found[1], -1) if found else -1
    if found is None or index not in model.leaves:
        raise InvalidEdit(f"there is nothing called {name}; w5, b3, x[1,2] or learning_rate would be right")
    element = tuple(int(number) - 1 for number in found[2].split(","))
    shape = model.leaves[index].shape
    if len(element) != len(shape) or any(not 0 <= e < s for e, s in zip(element, shape, strict=True)):
        limits = ", ".join(str(length) for length in shape)
        raise InvalidEdit(f"{name} is outside the data; row and value from 1 to [{limits}] would be right")
    return index, element


def edited_model(model: Model, changes: Mapping[str, Any]) -> Model:
    """The model with data, rate, optimiser and seed as set; the changes are checked already."""
    leaves, optimizer, batches = dict(model.leaves), model.optimizer, model.batches
    for name, value in changes.items():
        if name == RATE:
            optimizer = with_rate(optimizer, float(value))
        elif name == OPTIMIZER:
            optimizer = exchanged(optimizer, optimizer_edit(value))
        elif name == SEED:
            batches = replace(batches, seed=int(value))
        elif model.graph.parameters.place_of(name) is None:
            leaf, element = _data_place(model, name)
            if leaves[leaf] is model.leaves[leaf]:
                leaves[leaf] = leaves[leaf].copy()
            leaves[leaf][element] = value
    return replace(model, leaves=leaves, optimizer=optimizer, batches=batches)


def edited_state(model: Model, state: State, changes: Mapping[str, Any]) -> State:
    """The state of the edited model: with parameters as set, and of a new optimiser nothing kept yet."""
    layout = model.graph.parameters
    if OPTIMIZER in changes:
        state = replace(state, optimizer=fresh_state(model.optimizer, state.parameters), updates=0)
    places = {place: float(changes[n]) for n in changes if (place := layout.place_of(n)) is not None}
    if not places:
        return state
    parameters = np.array(state.parameters)
    for place, value in places.items():
        parameters[place] = value
    return replace(state, parameters=parameters)


def edit_faults(experiment: Experiment, model: Model) -> list[str]:
    """What is wrong with the edits of a document, a line each."""
    faults: list[str] = []
    for place, edit in enumerate(experiment.edits):
        if fault := iteration_fault(edit.iteration):
            faults.append(f"$.edits[{place}].iteration: {fault}")
        for name, value in edit.set.items():
            try:
                check_edit(model, name, value)
            except InvalidEdit as error:
                faults.append(f"$.edits[{place}].set.{name}: {error}")
    return faults


def with_edit(experiment: Experiment, iteration: int, name: str, value: Any) -> Experiment:
    """The document with one more edit; what was edited after `iteration` belongs to another future."""
    return with_edits(experiment, iteration, {name: value})


def with_edits(experiment: Experiment, iteration: int, changes: Mapping[str, Any]) -> Experiment:
    """The document with several edits made at once."""
    kept = [edit for edit in experiment.edits if edit.iteration < iteration]
    here = {k: v for edit in experiment.edits if edit.iteration == iteration for k, v in edit.set.items()}
    for name in changes:
        here.pop(name, None)  # what is set last stands last
    edits = [*kept, Edit(iteration, {**here, **changes})]
    return msgspec.structs.replace(experiment, edits=edits, state=None)
