"""The three CSV files — gradients, steps, loss — made row by row, iteration after iteration.

Each table knows its columns and the rows of one iteration; the window and the command line write
them through the same functions.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TextIO, TypeAlias

import numpy as np

from backprop_gui.engine.expressions import Expression, Sum
from backprop_gui.engine.finite_differences import agrees, numeric_gradients, relative_error
from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import Record
from backprop_gui.present.arithmetic import arithmetic, number_text
from backprop_gui.present.dense_terms import dense_terms, dense_uses, neuron_at
from backprop_gui.present.plain_names import (
    Ends,
    depths,
    neuron_name,
    parameter_ends,
    parameter_uses,
    quantity_name,
)
from backprop_gui.steps.all_losses import AllLosses
from backprop_gui.steps.evaluation import Evaluation
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import GRADIENT, Numbers, Quantity
from backprop_gui.steps.terms import Terms
from backprop_gui.steps.timeline import Timeline

MOST_CHECKED_UNASKED = 2_000  # parameters; beyond, finite differences are made on request
MOST_SAMPLES_SPELT_OUT = 256  # in the terms of a mean

Row: TypeAlias = Sequence[Any]
Cancelled: TypeAlias = Callable[[], bool]


class Table(Protocol):
    """What can be written as CSV."""

    columns: tuple[str, ...]

    def size(self, iteration: int) -> int:
        """How many rows there are of an iteration."""

    def rows(self, iteration: int) -> Iterator[Row]:
        """The rows of one iteration, made as they are taken."""


@dataclass
class GradientCheck:
    """What finite differences said of all gradients so far."""

    compared: int = 0
    refuted: int = 0
    largest: float = 0.0
    worst: str = ""  # where the largest difference is; once one is refuted, among those

    def note(self, numeric: float, gradient: float, loss: float, where: str) -> None:
        """Compare one pair."""
        difference = abs(numeric - gradient)
        refuted = not agrees(numeric, gradient, loss)
        first = self.compared == 0 or (refuted and self.refuted == 0)
        if first or ((refuted or not self.refuted) and not difference <= self.largest):
            self.largest, self.worst = difference, where
        self.compared += 1
        self.refuted += refuted


class GradientTable:
    """gradients.csv: a row per iteration, sample and parameter; with several samples also their mean."""

    columns: tuple[str, ...] = (
        "iteration",
        "sample",
        "parameter",
        "layer",
        "source",
        "target",
        "value",
        "gradient",
        "terms",
        "numeric_gradient",
        "relative_error",
        "new_value",
    )

    def __init__(self, timeline: Timeline, check: bool = False) -> None:
        """With `check` finite differences are made whatever the size, and `found` says what came of them."""
        self.timeline = timeline
        self.found = GradientCheck()
        model = timeline.segments[0].model
        self._graph, self._frozen = model.graph, model.frozen
        self._check = check
        self._numeric = check or len(self._graph.parameters.scalars) <= MOST_CHECKED_UNASKED
        self._uses = dense_uses(self._graph)
        self._depths = depths(self._graph) if self._uses is not None else {}
        self._ends: dict[int, Ends] = {}
        self._heads: list[tuple[int, str, Ends]] = []

    def rows(self, iteration: int) -> Iterator[Row]:
        """The rows of one iteration: all parameters of each sample, then of the mean."""
        record = self.timeline.record(iteration)
        if self._uses is None and not self._ends:
            self._ends = parameter_ends(self._graph, record)
        numeric = self._numeric_gradients(record)
        losses = record.values[self._graph.loss]
        numbers = Numbers(self._graph, record, {})
        for sample in range(record.samples):
            gradient = numbers.sample_gradient(sample)
            terms = self._terms(record, sample, numbers)
            slopes = None if numeric is None else numeric[sample]
            loss = float(losses[sample])
            label = int(record.rows[sample]) + 1
            yield from self._sheet(record, label, gradient, terms, slopes, loss)
        if record.samples > 1:
            # The average, whether an update follows it or the sum: see docs/file-format.md.
            mean = record.parameter_gradient / (record.samples if record.summed else 1)
            slopes = None if numeric is None else numeric.mean(axis=0)

            each = [numbers.sample_gradient(sample) for sample in spelt_out(record.samples)]

            def terms_of_mean(place: int) -> str:
                return mean_terms([gradient[place] for gradient in each], mean[place], record.samples)

            yield from self._sheet(record, "mean", mean, terms_of_mean, slopes, float(losses.mean()))

    def _sheet(
        self,
        record: Record,
        sample: int | str,
        gradient: Array,
        terms: Callable[[int], str],
        numeric: Array | None,
        loss: float,
    ) -> Iterator[Row]:
        """A row for each parameter."""
        iteration, updates = record.iteration, sample == "mean" or record.samples == 1
        values, slopes = record.before.parameters.tolist(), gradient.tolist()
        new = record.lines["updated"].tolist()
        for rank, (place, name, ends) in enumerate(self._told()):
            slope = slopes[place]
            checked: tuple[Any, Any] = ("", "")
            if numeric is not None:
                nudged = float(numeric[rank])
                checked = (nudged, relative_error(nudged, slope))
                if self._check:
                    self.found.note(nudged, slope, loss, f"{name} in iteration {iteration:,}")
            yield (
                iteration,
                sample,
                name,
                "" if ends.layer is None else ends.layer,
                ends.source,
                ends.target,
                values[place],
                slope,
                terms(place),
                *checked,
                new[place] if updates and not self._frozen[place] else "",
            )

    def size(self, iteration: int) -> int:
        """How many rows there are of an iteration."""
        samples = self.timeline.segment_of(iteration).model.batches.size_of(iteration)
        return len(self._graph.parameters.scalars) * (samples + (samples > 1))

    def _told(self) -> Iterator[tuple[int, str, Ends]]:
        """Place, name and ends of every parameter, kept for the next sheet."""
        yield from self._heads
        layout = self._graph.parameters
        for place in layout.scalars[len(self._heads) :].tolist():
            self._heads.append((place, layout.name_at(place), self._ends_of(place)))
            yield self._heads[-1]

    def _ends_of(self, place: int) -> Ends:
        """Layer, source and target of a parameter."""
        if self._uses is None:
            return self._ends.get(place, Ends())
        array, element = self._graph.parameters.locate(place)
        use = self._uses[array]
        source = "" if use.sender is None else neuron_at(self._graph, use.sender, element[1:])
        layer = self._depths[self._graph.nodes[use.affine].group]
        return Ends(layer, source, neuron_at(self._graph, use.affine, element[:1]))

    def _terms(self, record: Record, sample: int, numbers: Numbers) -> Callable[[int], str]:
        """For a place of the flat vector, its gradient as arithmetic of numbers."""
        if self._uses is not None:
            return dense_terms(self._graph, record, sample, self._uses).__getitem__
        texts: dict[int, str] = defaultdict(lambda: "0")
        for place, expression in gradient_expressions(record, sample, self.timeline).items():
            texts[place] = arithmetic(expression, lambda key: number_text(numbers(key)))
        return texts.__getitem__

    def _numeric_gradients(self, record: Record) -> Array | None:
        """Finite differences: a row per sample, a column per parameter; None where they are not wanted."""
        if not self._numeric:
            return None
        stepper = self.timeline.segment_of(record.iteration).stepper
        leaves = {index: data[record.rows] for index, data in stepper.leaves.items()}
        places = self._graph.parameters.scalars.tolist()
        slopes = list(numeric_gradients(self._graph, record.before.parameters, leaves, places))
        return np.array(slopes).reshape(len(places), record.samples).T


class StepTable:
    """steps.csv: a row for each operation step, with the arithmetic that makes its number."""

    columns: tuple[str, ...] = (
        "iteration",
        "sample",
        "step",
        "phase",
        "node",
        "quantity",
        "value",
        "formula",
        "numbers",
    )

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._graph = timeline.segments[0].model.graph
        self._ends: dict[int, Ends] = {}
        self._plans: dict[tuple[int, tuple[str, ...]], Plan] = {}

    def size(self, iteration: int) -> int:
        """How many rows there are of an iteration."""
        model = self.timeline.segment_of(iteration).model
        samples = model.batches.size_of(iteration)
        return Plan(self._graph, samples, model.optimizer.quantities, model.frozen).total

    def rows(self, iteration: int) -> Iterator[Row]:
        """The rows of one iteration, in the order in which its numbers are uncovered."""
        graph, record = self._graph, self.timeline.record(iteration)
        model = self.timeline.segment_of(iteration).model
        if not self._ends:
            self._ends = parameter_ends(graph, record)
        lines = model.optimizer.quantities
        plan = self._plans.get((record.samples, lines))
        if plan is None:
            plan = Plan(graph, record.samples, lines, model.frozen)
            self._plans[record.samples, lines] = plan
        numbers = Numbers(graph, record, dict(model.settings))
        terms = Terms(graph, record, model.optimizer)
        slopes: dict[int, Expression] = {}
        sample: int | None = None
        for step in range(1, plan.total + 1):
            stretch, quantity = plan.stretch(step), plan.quantity(step)
            if quantity.sample is not None and quantity.sample != sample:
                sample = quantity.sample
                slopes = gradient_expressions(record, sample, self.timeline)
            value = numbers(quantity)
            label: int | str = "" if stretch.phase == "update" else "sum" if record.summed else "mean"
            if stretch.sample is not None:
                label = int(record.rows[stretch.sample]) + 1
            formula, arithmetic_of_numbers = self._sides(quantity, value, terms, numbers, slopes)
            name = quantity_name(graph, quantity)
            node = self._node(plan, quantity)
            yield iteration, label, step, stretch.phase, node, name, value, formula, arithmetic_of_numbers

    def _node(self, plan: Plan, quantity: Quantity) -> str:
        """The neuron a step belongs to; a parameter's is the one it feeds."""
        if self._graph.nodes[quantity.node].kind == "parameter":
            return self._ends.get(plan.place(quantity), Ends()).target
        return neuron_name(self._graph, quantity)

    def _sides(
        self,
        quantity: Quantity,
        value: float,
        terms: Terms,
        numbers: Numbers,
        slopes: dict[int, Expression],
    ) -> tuple[str, str]:
        """The rule in names, and the same with numbers."""
        graph, samples = self._graph, numbers.record.samples
        expression: Expression
        if graph.nodes[quantity.node].kind == "parameter" and quantity.aspect == GRADIENT:
            if quantity.sample is None and samples > 1:
                each = [
                    numbers(Quantity(quantity.node, quantity.element, GRADIENT, sample))
                    for sample in spelt_out(samples)
                ]
                name = quantity_name(graph, quantity)
                if numbers.record.summed:
                    return f"sum({name})", " + ".join(map(number_text, each)) or number_text(value)
                return f"mean({name})", mean_terms(each, value, samples)
            place = graph.parameters.place(graph.nodes[quantity.node].parameter, quantity.element)
            expression = slopes.get(place, Sum(()))
        else:
            expression = terms.expression(quantity)
        names = arithmetic(expression, lambda key: quantity_name(graph, key))
        return names, arithmetic(expression, lambda key: number_text(numbers(key)))


class LossTable:
    """loss.csv: the batch's loss before each update, and one after the last; with it the loss of the test
    rows when there are some, and the accuracy on them (else on all training rows) when targets are classes.
    """

    columns: tuple[str, ...] = ("iteration", "epoch", "train_loss", "test_loss", "accuracy")

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._losses = AllLosses(timeline)
        self._evaluations: dict[int, Evaluation] = {}  # by the segment's start

    def size(self, iteration: int) -> int:
        """How many rows there are of an iteration."""
        return 1

    def rows(self, iteration: int) -> Iterator[Row]:
        """The one row of an iteration."""
        segment = self.timeline.segment_of(iteration)
        loss = self._losses.of(iteration)
        if segment.start not in self._evaluations:
            self._evaluations[segment.start] = Evaluation(segment.model)
        evaluation = self._evaluations[segment.start]
        found: tuple[float | None, ...] = (None, None)
        if evaluation.says_something:
            found = evaluation.of(self.timeline.state(iteration).parameters)
        cells = ("" if number is None else number for number in found)
        yield iteration, segment.model.batches.epoch_of(iteration), loss, *cells


def gradient_expressions(record: Record, sample: int, timeline: Timeline) -> dict[int, Expression]:
    """For each place of the flat vector that reaches the loss: upstream · local, summed over its uses."""
    products: dict[int, list[Expression]] = defaultdict(list)
    for use in parameter_uses(timeline.segments[0].model.graph, record, sample):
        if use.reaches_loss:
            products[use.place].append(use.product)
    return {place: Sum(tuple(parts)) for place, parts in products.items()}


def spelt_out(samples: int) -> range:
    """The samples whose gradients stand in the terms of a mean: all, or none when there are many."""
    return range(samples if samples <= MOST_SAMPLES_SPELT_OUT else 0)


def mean_terms(gradients: Sequence[float], mean: float, samples: int) -> str:
    """The average as arithmetic: `(g1 + g2)/2`, or `sum/n` when the samples are not spelt out."""
    if gradients:
        return f"({' + '.join(map(number_text, gradients))})/{samples}"
    return f"{number_text(mean * samples)}/{samples}"


def csv_writer(stream: TextIO) -> Any:
    """A writer as pandas, R and spreadsheets read it; `stream` must not change line ends."""
    return csv.writer(stream, lineterminator="\n")


def write_table(
    stream: TextIO, table: Table, iterations: Iterable[int], cancelled: Cancelled | None = None
) -> bool:
    """Write the header and the rows of these iterations; False when it was cancelled before the end."""
    writer = csv_writer(stream)
    writer.writerow(table.columns)
    for iteration in iterations:
        for count, row in enumerate(table.rows(iteration)):
            if count % 256 == 0 and cancelled is not None and cancelled():
                return False
            writer.writerow(row)
    return True


def write_gradients(
    stream: TextIO,
    timeline: Timeline,
    first: int,
    last: int,
    check: bool = False,
    cancelled: Cancelled | None = None,
) -> bool:
    """gradients.csv of iterations `first` … `last` − 1; False when it was cancelled before the end."""
    return write_table(stream, GradientTable(timeline, check), range(first, last), cancelled)


def write_steps(
    stream: TextIO, timeline: Timeline, first: int, last: int, cancelled: Cancelled | None = None
) -> bool:
    """steps.csv of iterations `first` … `last` − 1; False when it was cancelled before the end."""
    return write_table(stream, StepTable(timeline), range(first, last), cancelled)


def write_loss(
    stream: TextIO, timeline: Timeline, first: int, last: int, cancelled: Cancelled | None = None
) -> bool:
    """loss.csv from before update `first` to after update `last` − 1: last − first + 1 rows."""
    return write_table(stream, LossTable(timeline), range(first, last + 1), cancelled)
