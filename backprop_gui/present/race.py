"""What a race begins with, how its lanes stand, and what is said at its end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.present.numbers import UNKNOWN, NumberFormat
from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.steps.race import MOST, Lane, Standing

OTHERS = ("momentum", "adam", "gradient_descent")  # who races against the optimiser in force


class RacePicture(Struct, frozen=True):
    """How far a race is: a sentence, and its lanes with the best first; no rows before the first race."""

    sentence: str
    table: TablePicture
    running: bool = False
    usual: str = ""  # the loss that all are measured by unless another one is typed


def first_lanes(kind: str, rate: float) -> list[Lane]:
    """Lanes to begin with: what is in force, twice its rate, and two other optimisers."""
    lanes = [Lane(kind, rate), Lane(kind, 2 * rate)]
    for other in OTHERS:
        if other != kind:
            usual = OPTIMIZERS[other].settings["learning_rate"]
            lanes.append(Lane(other, usual if other == "adam" else rate))
    return lanes[:MOST]


def race_table(
    found: Sequence[Standing],
    names: Sequence[str],
    hues: Sequence[int],
    end: int,
    limit: float,
    form: NumberFormat,
    loss: str,
) -> TablePicture:
    """The ranking at iteration `end`; names and lines are those of the lanes.

    `limit` is the loss that all are measured by.
    """
    goal = f"{loss} ≤ {form.text(limit)}" if math.isfinite(limit) else loss
    columns = (
        Column("line", "line", tip="How its curve is drawn"),
        Column("lane", "lane"),
        Column("loss", f"{loss} at {form.count(end)}", numeric=True, tip="The lowest comes first"),
        Column("lowest", f"lowest {loss}", numeric=True),
        Column("lowest_at", "at iteration", numeric=True, tip="Where the loss was lowest"),
        Column("reached", f"{goal} from", numeric=True, tip="The first iteration with a loss as low as that"),
    )
    rows = [
        _row(rank, one, names[one.lane], str(hues[one.lane]), form) for rank, one in enumerate(found, start=1)
    ]
    return TablePicture(columns, rows)


def _row(rank: int, one: Standing, name: str, hue: str, form: NumberFormat) -> TableRow:
    last = form.text(one.loss) if one.diverged is None else f"diverged at {form.count(one.diverged)}"
    reached = UNKNOWN if one.reached is None else form.count(one.reached)
    about = "≈ " if one.rough and one.reached is not None else ""
    texts = (
        hue,
        name,
        last,
        form.text(one.lowest),
        form.count(one.lowest_at),
        about + reached,
    )
    keys = (
        float(rank),
        name,
        one.loss,
        one.lowest,
        float(one.lowest_at),
        math.nan if one.reached is None else float(one.reached),
    )
    full = (
        str(rank),
        name,
        form.full(one.loss),
        form.full(one.lowest),
        str(one.lowest_at),
        "" if one.reached is None else str(one.reached),
    )
    return TableRow(name, texts, keys, full)


def progress_words(done: int, whole: int, form: NumberFormat) -> str:
    """How far the lane is that is furthest behind, for the status bar."""
    return f"race · {form.count(done)} of {form.count(whole)} iterations · T or Esc stops"


def lead_sentence(found: Sequence[Standing], names: Mapping[int, str], form: NumberFormat, loss: str) -> str:
    """Who is ahead while the race runs."""
    fine = [one for one in found if one.diverged is None]
    lead = f"{names[fine[0].lane]} leads with {loss} = {form.text(fine[0].loss)}. " if fine else ""
    return f"{lead}The curves grow in the loss plot; T or Esc stops."


def result_sentence(
    found: Sequence[Standing],
    names: Mapping[int, str],
    count: int,
    stopped: bool,
    form: NumberFormat,
    loss: str,
    brief: bool = False,
) -> str:
    """Who is ahead after `count` iterations, before whom (not `brief`), and who did not come to the end."""
    fine = [one for one in found if one.diverged is None]
    broken = [one for one in found if one.diverged is not None]
    when = f"{'when the race was stopped, ' if stopped else ''}after {form.count(count)} iterations"
    parts = [_lead(fine, names, when, form, loss, brief)] if fine else []
    for one in broken:
        parts.append(f"{names[one.lane]} diverged in iteration {form.count(one.diverged or 0)}.")
    return " ".join(parts)


def _lead(
    fine: Sequence[Standing], names: Mapping[int, str], when: str, form: NumberFormat, loss: str, brief: bool
) -> str:
    first, best = fine[0], [names[one.lane] for one in fine if one.loss == fine[0].loss]
    measured = f"{loss} = {form.text(first.loss)}"
    if len(best) > 1:
        return f"{' and '.join(best)} are level {when}: {measured}."
    if len(fine) == 1 or brief:
        return f"{best[0]} is ahead {when}: {measured}."
    second, number = names[fine[1].lane], form.text(fine[1].loss)
    behind = f"just before {second}" if number == form.text(first.loss) else f"before {second} with {number}"
    return f"{best[0]} is ahead {when}: {measured}, {behind}."
