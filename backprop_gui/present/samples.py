"""The table of a batch: a row per sample with its data, its loss and its gradients; their mean below."""

from __future__ import annotations

import math
from functools import lru_cache, partial

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import UNKNOWN
from backprop_gui.present.pictures import Column, TablePicture, TableRow, Tone
from backprop_gui.present.plain_names import indices
from backprop_gui.present.scene import Scene
from backprop_gui.present.tables import Rows
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity

MOST_COLUMNS = 200  # parameters; a wider table is read by nobody, and a row costs its width
MOST_DATA = 12  # inputs and targets; of longer samples the canvas shows one at a time
MEAN = "mean"
ROW, LOSS = "sample", "loss"  # keys of the columns before the parameters


def has_samples(scene: Scene) -> bool:
    """Whether an update looks at more than one sample, so that there is something to compare."""
    return scene.model.batches.batch_size > 1


class Layout(Struct, frozen=True, eq=False):
    """What a table has in common from step to step: columns, and when each number is uncovered.

    `data` are inputs and targets, as nodes with their elements. `sample_steps` are those of the first
    sample, the others follow in steady strides.
    """

    places: NDArray[np.intp]
    data: tuple[Quantity, ...]
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
        given = {scene.name_of(quantity): quantity for quantity in _data_of(scene.graph)}
        return replace(given[column], sample=sample) if column in given and sample is not None else None
    gradient = scene.parameter(place, GRADIENT, sample)
    return None if plan.step_of(gradient) is None else gradient


def edited_name(scene: Scene, identity: str, column: str) -> str:
    """What a cell of the data is called when it is edited: `x[2,1]` for value 1 of row 2."""
    row = int(scene.frame.record.rows[int(identity.removeprefix(ROW)) - 1]) + 1
    leaf, _, inside = column.partition("[")
    return f"{leaf}[{row},{inside}" if inside else f"{leaf}[{row}]"


def _data_of(graph: Graph) -> tuple[Quantity, ...]:
    """Every input and target of one sample; none where there are too many to stand side by side."""
    leaves = [node for node in range(len(graph.nodes)) if graph.nodes[node].kind in ("input", "target")]
    if sum(math.prod(graph.nodes[node].shape) for node in leaves) > MOST_DATA:
        return ()
    return tuple(Quantity(node, place) for node in leaves for place in np.ndindex(graph.nodes[node].shape))


@lru_cache(maxsize=4)
def _layout(naming: Naming, plan: Plan) -> Layout:
    parameters = plan.graph.parameters
    places = parameters.scalars[:MOST_COLUMNS]
    loss = naming.plain(Quantity(plan.graph.loss))
    data = _data_of(plan.graph)
    columns = [
        Column(ROW, "sample", tip="Row of the data"),
        *(_data_column(naming, quantity) for quantity in data),
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
    return Layout(places, data, tuple(columns), np.array(steps[0]), np.array(steps[None]))


def _data_column(naming: Naming, quantity: Quantity) -> Column:
    name = naming.graph.nodes[quantity.node].name + indices(quantity.element)
    return Column(name, naming.plain(quantity), True, True, "Given with the data; Enter changes it")


def _row(scene: Scene, layout: Layout, index: int) -> TableRow:
    frame, samples = scene.frame, scene.frame.record.samples
    sample = index if index < samples else None
    row = None if sample is None else int(frame.record.rows[sample]) + 1
    given = [scene.frame.numbers(replace(q, sample=sample)) for q in layout.data if sample is not None]
    data: list[float | None] = [*given] if given else [None] * len(layout.data)
    numbers = [*data, _loss(scene, sample), *_gradients(frame, layout, sample)]
    texts = [UNKNOWN if number is None else scene.format.text(number) for number in numbers]
    if sample is None:
        texts[: len(data)] = [""] * len(data)  # a mean of data is nobody's
    # A mean has no key but stays below what it is the mean of, however the samples are sorted.
    keys = [math.nan if number is None or row is None else number for number in numbers]
    plain: Tone = "plain"
    quiet = [plain] * (len(data) + 2)
    return TableRow(
        MEAN if sample is None else f"{ROW}{sample + 1}",
        (scene.batch_word if row is None else scene.count(row), *texts),
        (math.nan if row is None else float(row), *keys),
        (
            scene.batch_word if row is None else str(row),
            *("" if number is None else scene.format.full(number) for number in numbers),
        ),
        (*quiet, *map(_tone, numbers[len(data) + 1 :])),
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
