"""Branches side by side: their rows, their loss curves, and two of them parameter by parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.present.edit_names import RunWords
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import UNKNOWN, NumberFormat
from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.present.run_lines import Line
from backprop_gui.present.tables import Rows
from backprop_gui.steps.branch import Branch, begins_alike, changes_against, fork_of, loss_at, losses_from
from backprop_gui.steps.quantities import Quantity

CURRENT_HUE = 0
FIRST_HUE = 2  # of branches; the one between belongs to the test loss
MOST_POINTS = 4096  # of a curve beside the one on screen; of a longer one extremes
LONGEST_LABEL = 18  # characters beside the end of a curve


@dataclass(frozen=True, slots=True)
class BranchesPicture:
    """The panel: all runs, and the one that is chosen against the one on screen."""

    table: TablePicture
    chosen: str
    sentence: str
    differences: TablePicture
    forgotten: str = ""  # what can be brought back


def hue_of(number: int) -> int:
    """Colour and dashes of a branch, as plots take them; without dashes is the run on screen alone."""
    hue = FIRST_HUE + number
    return hue + (hue - 1) // 3  # every fourth is solid


def branch_lines(current: Branch, others: Sequence[Branch]) -> tuple[Line, ...]:
    """The losses beside those on screen, each from where it parts from them."""
    found = []
    for branch in others:
        fork = fork_of(branch.experiment, current.experiment) or 0
        points = thinned(*losses_from(branch.timeline, fork))
        label = short_label(branch.name)
        found.append(Line(label, branch.name, *points, hue_of(branch.number), "main", branch.name))
    return tuple(found)


def fork_points(current: Branch, others: Sequence[Branch]) -> tuple[tuple[float, float], ...]:
    """Where the branches part from the run on screen: iterations, and its loss there."""
    forks = {fork_of(branch.experiment, current.experiment) for branch in others}
    known = sorted(fork for fork in forks if fork is not None and fork <= current.timeline.newest)
    return tuple((float(fork), loss_at(current.timeline, fork)) for fork in known)


def short_label(name: str) -> str:
    """A name as it has room beside a curve: its begin and its end."""
    if len(name) <= LONGEST_LABEL:
        return name
    half = LONGEST_LABEL // 2
    return f"{name[: half - 1].rstrip()}…{name[-half:].lstrip()}"


def thinned(iterations: Array, losses: Array) -> tuple[Array, Array]:
    """At most MOST_POINTS points: of each stretch the smallest and the largest, and both ends."""
    count = len(losses)
    if count <= MOST_POINTS:
        return iterations, losses
    begins = np.unique(np.linspace(0, count, MOST_POINTS // 2, endpoint=False).astype(np.intp))
    finite = np.where(np.isfinite(losses), losses, np.inf)
    kept = {0, count - 1}
    for begin, end in zip(begins, [*begins[1:], count], strict=True):
        stretch = finite[begin:end]
        kept |= {int(begin + np.argmin(stretch)), int(begin + np.argmax(stretch))}
    places = sorted(kept)
    return iterations[places], losses[places]


def differing_words(
    current: Branch, others: Sequence[Branch], model: Model, naming: Naming, form: NumberFormat
) -> dict[int, str]:
    """How each branch differs from the current run, by its number; walks through the edits of all."""
    words, found = RunWords(model, naming, form), {}
    for branch in others:
        alike = begins_alike(branch.experiment, current.experiment)
        seed = branch.experiment.training.seed
        other_seed = f"seed {seed}" if seed != current.experiment.training.seed else ""
        own, theirs = (
            changes_against(branch, current.experiment),
            changes_against(current, branch.experiment),
        )
        places = {(change.iteration, change.name) for change in own}
        without = tuple(change for change in theirs if (change.iteration, change.name) not in places)
        found[branch.number] = words.difference(own, without, alike, other_seed)
    return found


def branch_table(
    current: Branch,
    others: Sequence[Branch],
    iteration: int,
    words: Mapping[int, str],
    form: NumberFormat,
    loss: str,
) -> TablePicture:
    """A row for each run, the one on screen first; losses at the iteration on screen and at the newest."""
    here = form.count(iteration)
    columns = (
        Column("line", "line", tip="How its curve is drawn"),
        Column(
            "name", "run", editable=True, tip="F2 gives it a name of your own; such runs are kept longest"
        ),
        Column("from", "parts at", numeric=True, tip="The first iteration that differs from this one's"),
        Column("newest", "newest", numeric=True, tip="How far it has come"),
        Column("here", f"{loss} at {here}", numeric=True, tip=f"Its loss in iteration {here}"),
        Column("last", f"newest {loss}", numeric=True, tip="Its loss in its newest iteration"),
        Column("differs", "how it differs from the run on screen"),
    )
    rows = [_branch_row(current, current, iteration, "on screen", form)]
    rows += [_branch_row(branch, current, iteration, words.get(branch.number, ""), form) for branch in others]
    return TablePicture(columns, rows, lit=current.name, lit_place=0)


def _branch_row(
    branch: Branch, current: Branch, iteration: int, differs: str, form: NumberFormat
) -> TableRow:
    timeline = branch.timeline
    fork = None if branch is current else fork_of(branch.experiment, current.experiment)
    line = str(CURRENT_HUE if branch is current else hue_of(branch.number))
    here = loss_at(timeline, iteration) if iteration <= timeline.newest else None
    last = loss_at(timeline, timeline.newest)
    texts = (
        line,
        branch.name,
        UNKNOWN if fork is None else form.count(fork),
        form.count(timeline.newest),
        UNKNOWN if here is None else form.text(here),
        form.text(last),
        differs,
    )
    keys = (
        line,
        branch.name,
        math.nan if fork is None else float(fork),
        float(timeline.newest),
        math.nan if here is None else here,
        last,
        differs,
    )
    full = (
        line,
        branch.name,
        "" if fork is None else str(fork),
        str(timeline.newest),
        "" if here is None else form.full(here),
        form.full(last),
        differs,
    )
    return TableRow(branch.name, texts, keys, full)


def compared_at(current: Branch, other: Branch, iteration: int) -> int:
    """The iteration at which two runs are compared: the one on screen, as far as both have come."""
    return min(iteration, current.timeline.newest, other.timeline.newest)


def difference_sentence(current: Branch, other: Branch, iteration: int, form: NumberFormat, loss: str) -> str:
    """What is compared, and both losses: the run on screen first."""
    at = compared_at(current, other, iteration)
    here, there = (form.text(loss_at(run.timeline, at)) for run in (current, other))
    short = "" if at == iteration else f", as far as “{other.name}” has come"
    return (
        f"Iteration {form.count(at)}{short}: {loss} = {here} here (“{current.name}”), "
        f"{there} there (“{other.name}”)."
    )


def difference_table(
    current: Branch, other: Branch, iteration: int, naming: Naming, form: NumberFormat
) -> TablePicture:
    """Parameters of both runs at the beginning of the same iteration, the largest difference first."""
    at = compared_at(current, other, iteration)
    here, there = (run.timeline.state(at).parameters for run in (current, other))
    maker = _DifferenceRows(naming.graph, naming, form, here, there)
    scalars = naming.graph.parameters.scalars
    with np.errstate(all="ignore"):
        sizes = np.abs(there[scalars] - here[scalars])
    order = np.argsort(-np.nan_to_num(sizes, nan=np.inf), kind="stable")
    columns = (
        Column("parameter", "parameter"),
        Column("here", "here", numeric=True, tip=f"In “{current.name}”, the run on screen"),
        Column("there", "there", numeric=True, tip=f"In “{other.name}”"),
        Column("difference", "there − here", numeric=True, tip="The largest comes first"),
    )
    return TablePicture(columns, Rows(scalars[order], maker.row))


@dataclass(frozen=True, slots=True, eq=False)
class _DifferenceRows:
    """Makes the row of a parameter when it is looked at."""

    graph: Graph
    naming: Naming
    form: NumberFormat
    here: Array
    there: Array

    def row(self, place: int) -> TableRow:
        layout, form = self.graph.parameters, self.form
        array, element = layout.locate(place)
        shown = self.naming.plain(Quantity(self.graph.parameter_nodes[array], element))
        here, there = float(self.here[place]), float(self.there[place])
        apart = there - here
        numbers = (here, there, apart)
        texts = (shown, form.text(here), form.text(there), form.signed(apart))
        full = (layout.name_at(place), *map(form.full, numbers))
        return TableRow(layout.name_at(place), texts, (float(layout.ranks[place]), *numbers), full)
