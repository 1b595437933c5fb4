"""The table of a batch: a row per sample with its loss and its gradients, and their mean below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import UNKNOWN
from backprop_gui.present.pictures import Column, TablePicture, TableRow, Tone
from backprop_gui.present.scene import Scene
from backprop_gui.present.tables import Rows
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity

MOST_COLUMNS = 200  # parameters; a wider table is read by nobody, and a row costs its width
MEAN = "mean"
ROW, LOSS = "sample", "loss"  # keys of the columns before the parameters


def has_samples(scene: Scene) -> bool:
    """Whether an update looks at more than one sample, so that there is something to compare."""
    return scene.model.batches.batch_size > 1


@dataclass(frozen=True, eq=False)
class Layout:
    """What a table has in common from step to step: columns, and when each number is uncovered.

    `sample_steps` are those of the first sample, the others follow in steady strides.
    """

    places: NDArray[np.intp]
    columns: tuple[Column, ...]
    sample_steps: Array
    mean_steps: Array


def samples_table(scene: Scene) -> TablePicture:
    """The gradients of every sample of the batch; – until a number is uncovered."""
    layout = _layout(scene.naming, scene.frame.plan)
    samples = scene.frame.record.samples
    rows = Rows(np.arange(samples + (samples > 1)), partial(_row, scene, layout))
    return TablePicture(layout.columns, rows, *_lit(scene))


def samples_remark(scene: Scene) -> str:
    """What the table does not show; empty when it shows all."""
    total = len(scene.graph.parameters.scalars)
    return (
        f"The first {scene.count(MOST_COLUMNS)} of {scene.count(total)} parameters"
        if total > MOST_COLUMNS
        else ""
    )


def sample_quantity(scene: Scene, identity: str, column: str) -> Quantity | None:
    """What stands in a cell; for the head of a row its first number. None where nothing is calculated."""
    plan, samples = scene.frame.plan, scene.frame.record.samples
    mean = identity == MEAN
    sample = None if mean else int(identity.removeprefix(ROW)) - 1
    if (samples if sample is None else sample + 1) > samples:
        return None
    if column == ROW:
        first = (plan.mean_start if sample is None else sample * plan.sample_count) + 1
        return plan.quantity(first) if first <= plan.total else None
    if column == LOSS:
        return Quantity(scene.graph.loss, (), VALUE, samples - 1 if sample is None else sample)
    place = scene.graph.parameters.place_of(column)
    if place is None:
        return None
    gradient = scene.parameter(place, GRADIENT, sample)
    return None if plan.step_of(gradient) is None else gradient


@lru_cache(maxsize=4)
def _layout(naming: Naming, plan: Plan) -> Layout:
    parameters = plan.graph.parameters
    places = parameters.scalars[:MOST_COLUMNS]
    loss = naming.plain(Quantity(plan.graph.loss))
    columns = [
        Column(ROW, "sample", tip="Row of the data"),
        Column(LOSS, loss, numeric=True, tip="The loss of each sample"),
    ]
    steps: dict[int | None, list[float]] = {0: [], None: []}
    for place in map(int, places):
        array, element = parameters.locate(place)
        node = plan.graph.parameter_nodes[array]
        tip = f"{naming.plain(Quantity(node, element, GRADIENT))} of each sample"
        columns.append(
            Column(parameters.name_at(place), naming.plain(Quantity(node, element)), numeric=True, tip=tip)
        )
        for sample, found in steps.items():
            step = plan.step_of(Quantity(node, element, GRADIENT, sample))
            found.append(math.inf if step is None else step)
    return Layout(places, tuple(columns), np.array(steps[0]), np.array(steps[None]))


def _row(scene: Scene, layout: Layout, index: int) -> TableRow:
    frame, samples = scene.frame, scene.frame.record.samples
    sample = index if index < samples else None
    row = None if sample is None else int(frame.record.rows[sample]) + 1
    numbers = [_loss(scene, sample), *_gradients(frame, layout, sample)]
    texts = [UNKNOWN if number is None else scene.format.text(number) for number in numbers]
    # A mean has no key but stays below what it is the mean of, however the samples are sorted.
    keys = [math.nan if number is None or row is None else number for number in numbers]
    return TableRow(
        MEAN if sample is None else f"{ROW}{sample + 1}",
        (scene.batch_word if row is None else scene.count(row), *texts),
        (math.nan if row is None else float(row), *keys),
        (
            scene.batch_word if row is None else str(row),
            *("" if number is None else scene.format.full(number) for number in numbers),
        ),
        ("plain", "plain", *map(_tone, numbers[1:])),
    )


def _gradients(frame: Frame, layout: Layout, sample: int | None) -> list[float | None]:
    """The gradients of a sample, or their means, as far as they are uncovered."""
    steps = layout.mean_steps if sample is None else layout.sample_steps + sample * frame.plan.sample_count
    known = steps <= frame.position
    if not known.any():
        return [None] * len(known)
    flat = frame.record.parameter_gradient if sample is None else frame.numbers.sample_gradient(sample)
    numbers = flat[layout.places].tolist()
    return [number if there else None for number, there in zip(numbers, known.tolist(), strict=True)]


def _loss(scene: Scene, sample: int | None) -> float | None:
    """The loss of a sample, or their mean as soon as all of them are uncovered."""
    last = scene.frame.record.samples - 1
    loss = Quantity(scene.graph.loss, (), VALUE, last if sample is None else sample)
    if not scene.frame.knows(loss):
        return None
    return scene.loss if sample is None else scene.frame.numbers(loss)


def _tone(number: float | None) -> Tone:
    if not number or math.isnan(number):
        return "plain"
    return "positive" if number > 0 else "negative"


def _lit(scene: Scene) -> tuple[str, int, str]:
    """The row of the newest step with its place, and its column where it is a number of the table."""
    frame = scene.frame
    if scene.focus or frame.position == 0 or frame.phase == "update":
        return "", -1, ""
    if frame.size not in ("operation", "neuron", "layer"):
        return "", -1, ""
    newest = frame.plan.quantity(frame.position)
    row = MEAN if frame.sample is None else f"{ROW}{frame.sample + 1}"
    place = frame.record.samples if frame.sample is None else frame.sample
    if frame.phase == "loss":
        return row, place, LOSS
    is_gradient = newest.aspect == GRADIENT and scene.is_parameter(newest)
    return row, place, scene.graph.parameters.name_at(scene.place(newest)) if is_gradient else ""
