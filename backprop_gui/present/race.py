"""What a race begins with, how its lanes stand, and what is said at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.present.numbers import UNKNOWN, NumberFormat
from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.steps.race import MOST, Lane, Standing

OTHERS = ("momentum", "adam", "gradient_descent")  # who races against the optimiser in force


@dataclass(frozen=True, slots=True)
class RacePicture:
    """How far a race is: a sentence, and its lanes with the best first; no rows before the first race."""

    sentence: str
    table: TablePicture
    running: bool = False


def first_lanes(kind: str, rate: float) -> list[Lane]:
    """Lanes to begin with: what is in force, twice its rate, and two other optimisers."""
    lanes = [Lane(kind, rate), Lane(kind, 2 * rate)]
    for other in OTHERS:
        if other != kind:
            usual = OPTIMIZERS[other].settings["learning_rate"]
            lanes.append(Lane(other, usual if other == "adam" else rate))
    return lanes[:MOST]


def race_table(
    found: Sequence[Standing], names: Sequence[str], limit: float, form: NumberFormat, loss: str
) -> TablePicture:
    """The ranking; `limit` is the loss that all are measured by."""
    goal = f"{loss} ≤ {form.text(limit)}" if math.isfinite(limit) else loss
    columns = (
        Column("place", "place", numeric=True),
        Column("lane", "lane"),
        Column("loss", f"{loss} at the end", numeric=True),
        Column("lowest", f"lowest {loss}", numeric=True),
        Column("lowest_at", "at iteration", numeric=True, tip="Where the loss was lowest"),
        Column("reached", f"{goal} from", numeric=True, tip="The first iteration with a loss as low as that"),
        Column("remark", ""),
    )
    rows = [_row(rank, one, names[one.lane], form) for rank, one in enumerate(found, start=1)]
    return TablePicture(columns, rows)


def _row(rank: int, one: Standing, name: str, form: NumberFormat) -> TableRow:
    remark = "" if one.diverged is None else f"diverged in iteration {form.count(one.diverged)}"
    reached = UNKNOWN if one.reached is None else form.count(one.reached)
    about = "≈ " if one.rough and one.reached is not None else ""
    texts = (
        str(rank),
        name,
        form.text(one.loss),
        form.text(one.lowest),
        form.count(one.lowest_at),
        about + reached,
        remark,
    )
    keys = (
        float(rank),
        name,
        one.loss,
        one.lowest,
        float(one.lowest_at),
        math.nan if one.reached is None else float(one.reached),
        remark,
    )
    full = (
        str(rank),
        name,
        form.full(one.loss),
        form.full(one.lowest),
        str(one.lowest_at),
        "" if one.reached is None else str(one.reached),
        remark,
    )
    return TableRow(name, texts, keys, full)


def progress_words(done: int, whole: int, form: NumberFormat) -> str:
    """How far the lane is that is furthest behind, for the status bar."""
    return f"race · {form.count(done)} of {form.count(whole)} iterations · Esc stops"


def result_sentence(
    found: Sequence[Standing], names: Mapping[int, str], form: NumberFormat, loss: str, stopped: bool
) -> str:
    """Who is ahead, and who did not come to the end."""
    fine = [one for one in found if one.diverged is None]
    broken = [one for one in found if one.diverged is not None]
    parts = []
    if fine:
        verb = "was ahead when the race was stopped" if stopped else "ends lowest"
        parts.append(f"{names[fine[0].lane]} {verb}: {loss} = {form.text(fine[0].loss)}.")
    for one in broken:
        parts.append(f"{names[one.lane]} diverged in iteration {form.count(one.diverged or 0)}.")
    return " ".join(parts)
