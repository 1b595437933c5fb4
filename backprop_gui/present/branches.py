"""Branches side by side: their rows, their loss curves, and two of them parameter by parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.edits import RATE, SEED, data_place
from backprop_gui.present.edit_names import RunWords, edit_name
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import UNKNOWN, NumberFormat
from backprop_gui.present.pictures import Column, TablePicture, TableRow
from backprop_gui.present.run_lines import Line
from backprop_gui.present.tables import Rows
from backprop_gui.steps.branch import Branch, begins_alike, changes_against, fork_of, loss_at, losses_from
from backprop_gui.steps.quantities import Quantity

CURRENT_HUE = 0
HUES = (2, 3, 5, 7, 10, 9, 11, 6)  # of branches: dashed, in other colours than the loss and the test loss
LONGEST_LABEL = 18  # characters beside the end of a curve


class BranchesPicture(Struct, frozen=True):
    """The panel: all runs, and the one that is chosen against the one on screen."""

    table: TablePicture
    chosen: str
    sentence: str
    differences: TablePicture


def hue_of(branch: Branch) -> int:
    """Colour and dashes of a branch, as plots take them; without dashes is the run on screen alone."""
    return HUES[branch.line % len(HUES)]


def branch_lines(current: Branch, others: Sequence[Branch]) -> tuple[Line, ...]:
    """The losses beside those on screen, each from where it parts from them, or goes on beyond them."""
    found, newest = [], current.timeline.newest
    for branch in others:
        fork = fork_of(branch.experiment, current.experiment)
        begin = min(newest if fork is None else fork, newest, branch.timeline.newest)
        points = losses_from(branch.timeline, begin)
        label = short_label(branch.name)
        found.append(Line(label, branch.name, *points, hue_of(branch), "main", branch.name))
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
        Column("here", f"{loss} at {here}", numeric=True, tip=f"Its loss in iteration {here}"),
        Column("last", f"newest {loss}", numeric=True, tip="Its loss in its newest iteration"),
        Column("differs", "how it differs", tip="From the run on screen"),
    )
    rows = [_branch_row(current, current, iteration, "on screen", form)]
    rows += [_branch_row(branch, current, iteration, words.get(branch.number, ""), form) for branch in others]
    return TablePicture(columns, rows, lit=current.name, lit_place=0)


def _branch_row(
    branch: Branch, current: Branch, iteration: int, differs: str, form: NumberFormat
) -> TableRow:
    timeline = branch.timeline
    fork = None if branch is current else fork_of(branch.experiment, current.experiment)
    line = str(CURRENT_HUE if branch is current else hue_of(branch))
    here = loss_at(timeline, iteration) if iteration <= timeline.newest else None
    last = loss_at(timeline, timeline.newest)
    texts = (
        line,
        branch.name,
        UNKNOWN if fork is None else form.count(fork),
        UNKNOWN if here is None else form.text(here),
        form.text(last),
        differs,
    )
    keys = (
        line,
        branch.name,
        math.nan if fork is None else float(fork),
        math.nan if here is None else here,
        last,
        differs,
    )
    full = (
        line,
        branch.name,
        "" if fork is None else str(fork),
        "" if here is None else form.full(here),
        form.full(last),
        differs,
    )
    return TableRow(branch.name, texts, keys, full)


def compared_at(current: Branch, other: Branch, iteration: int) -> int:
    """The iteration at which two runs are compared: the one on screen, as far as both have come."""
    return min(iteration, current.timeline.newest, other.timeline.newest)


def difference_sentence(
    current: Branch, other: Branch, iteration: int, differs: str, form: NumberFormat
) -> str:
    """When the chosen run is compared, and how it came to differ."""
    at = compared_at(current, other, iteration)
    ends = ", where it ends" if at == other.timeline.newest < iteration else ""
    return f"“{other.name}” beside the run on screen, at iteration {form.count(at)}{ends} · {differs}"


def difference_table(
    current: Branch, other: Branch, iteration: int, naming: Naming, form: NumberFormat
) -> TablePicture:
    """What differs at the beginning of the same iteration: losses, settings, data, then the parameters.

    Of the parameters only those that differ, the largest difference first. The losses always stand there.
    """
    at = compared_at(current, other, iteration)
    head = _HeadRows(current, other, at, naming, form).rows()
    here, there = (run.timeline.state(at).parameters for run in (current, other))
    maker = _DifferenceRows(head, naming, form, here, there)
    scalars = naming.graph.parameters.scalars
    with np.errstate(all="ignore"):
        sizes = np.nan_to_num(np.abs(there[scalars] - here[scalars]), nan=np.inf)
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    columns = (
        Column("what", "what"),
        Column("here", "here", numeric=True, tip=f"In “{current.name}”, the run on screen"),
        Column("there", "there", numeric=True, tip=f"In “{other.name}”"),
        Column("difference", "difference", numeric=True, tip="there − here; the largest comes first"),
    )
    places = np.concatenate([-1 - np.arange(len(head)), scalars[order]])
    return TablePicture(columns, Rows(places, maker.row))


class _HeadRows(Struct, frozen=True, eq=False):
    """The rows before the parameters."""

    current: Branch
    other: Branch
    at: int
    naming: Naming
    form: NumberFormat

    def rows(self) -> list[TableRow]:
        runs, notation, count = (self.current, self.other), self.naming.notation, self.form.count
        ends = [run.timeline.newest for run in runs]
        one, other = (run.timeline.segment_of(self.at).model for run in runs)
        losses = self._losses(self.at, self.at)
        found = [self._numbers("loss", f"{notation.loss} at {count(self.at)}", *losses)]
        if ends != [self.at, self.at]:
            found.append(self._numbers("newest loss", f"newest {notation.loss}", *self._losses(*ends)))
        if one.optimizer.kind != other.optimizer.kind:
            found.append(self._words("optimizer", one.optimizer.title, other.optimizer.title))
        if one.settings[RATE] != other.settings[RATE]:
            found.append(self._numbers(RATE, notation.rate, one.settings[RATE], other.settings[RATE]))
        if one.batches.seed != other.batches.seed:
            found.append(self._words(SEED, str(one.batches.seed), str(other.batches.seed)))
        return found + self._data(one, other)

    def _losses(self, here: int, there: int) -> tuple[float, float]:
        return loss_at(self.current.timeline, here), loss_at(self.other.timeline, there)

    def _data(self, one: Model, other: Model) -> list[TableRow]:
        """Inputs and targets that were set by hand in one of both."""
        found, edits = [], (*self.current.experiment.edits, *self.other.experiment.edits)
        names = dict.fromkeys(name for edit in edits if edit.iteration <= self.at for name in edit.set)
        for name in names:
            place = data_place(one, name)
            if place is not None and place[0] in other.leaves:
                here, there = (float(model.leaves[place[0]][place[1]]) for model in (one, other))
                if here != there:
                    found.append(self._numbers(name, edit_name(one, self.naming, name), here, there))
        return found

    def _numbers(self, identity: str, title: str, here: float, there: float) -> TableRow:
        return _row_of(identity, title, -1.0, here, there, self.form)

    @staticmethod
    def _words(name: str, here: str, there: str) -> TableRow:
        texts = (name, here, there, "")
        return TableRow(name, texts, (-1.0, math.nan, math.nan, math.nan), texts)


class _DifferenceRows(Struct, frozen=True, eq=False):
    """Makes a row when it is looked at: of a parameter by its place, of those before by −1, −2, …"""

    head: Sequence[TableRow]
    naming: Naming
    form: NumberFormat
    here: Array
    there: Array

    def row(self, place: int) -> TableRow:
        if place < 0:
            return self.head[-1 - place]
        graph = self.naming.graph
        layout = graph.parameters
        array, element = layout.locate(place)
        shown = self.naming.plain(Quantity(graph.parameter_nodes[array], element))
        here, there = float(self.here[place]), float(self.there[place])
        return _row_of(layout.name_at(place), shown, float(layout.ranks[place]), here, there, self.form)


def _row_of(
    identity: str, title: str, rank: float, here: float, there: float, form: NumberFormat
) -> TableRow:
    apart = there - here
    texts = (title, form.text(here), form.text(there), form.signed(apart))
    full = (identity, form.full(here), form.full(there), form.full(apart))
    return TableRow(identity, texts, (rank, here, there, apart), full)
