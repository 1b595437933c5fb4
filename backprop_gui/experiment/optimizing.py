"""From the training settings of a document, or of an edit, to an optimiser that can be computed with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from backprop_gui.engine.gradient_terms import TERMS
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.engine.update import Update
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.document import Experiment, OptimizerSettings, Training
from backprop_gui.experiment.sentences import is_finite_number, listed, shown

OPTIMIZER = "optimizer"


def update_of(training: Training) -> Update:
    """The optimiser of a document without faults."""
    terms = {name: getattr(training, name) for name in TERMS}
    return OPTIMIZERS[training.optimizer.kind].with_settings({**given(training.optimizer), **terms})


def given(settings: OptimizerSettings) -> dict[str, float]:
    """The numbers that are set, by name."""
    fields = {name: getattr(settings, name) for name in settings.__struct_fields__ if name != "kind"}
    return {name: value for name, value in fields.items() if value is not UNSET}


def rate_fault(rate: float) -> str:
    """What is wrong with a learning rate; empty when nothing is."""
    if not math.isfinite(rate) or rate <= 0:
        return f"the learning rate is {rate:g}; a finite number above 0 would be right"
    return ""


def optimizer_faults(settings: OptimizerSettings, where: str) -> list[str]:
    """What is wrong with an optimiser and its settings, a line each."""
    faults: list[str] = []
    row = OPTIMIZERS.get(settings.kind)
    if row is None:
        faults.append(
            f"{where}.kind: {shown(settings.kind)} is unknown; one of {listed(OPTIMIZERS)} would be right"
        )
    for name, value in given(settings).items():
        if name == "learning_rate":
            fault = rate_fault(value)
        elif row is not None and name not in row.settings:
            fault = (
                f"{row.kind} has no such setting; remove it, or one of {listed(row.settings)} would be right"
            )
        else:
            fault = _range_fault(name, value)
        if fault:
            faults.append(f"{where}.{name}: {fault}")
    return faults


def _range_fault(name: str, value: float) -> str:
    """Whether a setting is in its range, which is PyTorch's."""
    if name in ("beta1", "beta2"):
        right, is_right = "0 up to 1 (excluded)", 0 <= value < 1
    elif name == "alpha":
        right, is_right = "0 to 1", 0 <= value <= 1
    else:
        right, is_right = "a finite number of 0 or more", value >= 0 and math.isfinite(value)
    return "" if is_right else f"is {value:g}; {right} would be right"


def term_faults(training: Training) -> list[str]:
    """What is wrong with penalties and clipping, a line each."""
    faults = [
        f"$.training.{name}: {fault}"
        for name in ("l1", "l2")
        if (fault := _range_fault(name, getattr(training, name)))
    ]
    for name in ("clip_value", "clip_norm"):
        limit = getattr(training, name)
        if limit is not None and not (limit > 0 and math.isfinite(limit)):
            faults.append(
                f"$.training.{name}: is {limit:g}; a finite number above 0, or null for none, would be right"
            )
    return faults


def optimizer_edit(value: Any) -> OptimizerSettings:
    """The settings that an edit asks for: a kind, or an object. Raises InvalidEdit with a sentence."""
    entry = {"kind": value} if isinstance(value, str) else value
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kind"), str):
        raise InvalidEdit(f"optimizer can't be {shown(value)}; one of {listed(OPTIMIZERS)} would be right")
    for name, number in entry.items():
        if name not in OptimizerSettings.__struct_fields__:
            raise InvalidEdit(f"optimizer.{name}: there is no such setting; remove it, or mind the spelling")
        if name != "kind" and not is_finite_number(number):
            raise InvalidEdit(f"optimizer.{name}: can't be {shown(number)}; a finite number would be right")
    settings = OptimizerSettings(**entry)
    if faults := optimizer_faults(settings, "optimizer"):
        raise InvalidEdit(faults[0])
    return settings


def exchanged(update: Update, settings: OptimizerSettings) -> Update:
    """Another optimiser: it keeps the rate unless it names one, and what is done before the optimiser."""
    names = ("learning_rate", *TERMS)
    kept = {name: value for name, value in update.settings.items() if name in names}
    return OPTIMIZERS[settings.kind].with_settings({**kept, **given(settings)})


def with_rate(update: Update, rate: float) -> Update:
    """The same optimiser with another learning rate."""
    decay = {"weight_decay": 0.0, **update.settings}  # what is off stays off, whatever the default
    return OPTIMIZERS[update.kind].with_settings({**decay, "learning_rate": rate})


def kind_at(experiment: Experiment, iteration: int) -> Any:
    """The optimiser in force at an iteration; edits may hold faults, which are told elsewhere."""
    kind: Any = experiment.training.optimizer.kind
    for edit in sorted(experiment.edits, key=lambda edit: edit.iteration):
        if edit.iteration <= iteration and OPTIMIZER in edit.set:
            value = edit.set[OPTIMIZER]
            kind = value.get("kind", kind) if isinstance(value, Mapping) else value
    return kind
