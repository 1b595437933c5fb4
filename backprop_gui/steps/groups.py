"""The larger step sizes: which steps of an iteration are uncovered together, by arithmetic."""

from __future__ import annotations

import numpy as np

from backprop_gui.steps.plan import Plan, StepSize


def group(plan: Plan, step: int, size: StepSize) -> tuple[int, int]:
    """(start, end) of the group that `step`, from 1, belongs to: it uncovers steps start + 1 … end."""
    if size == "operation":
        return step - 1, step
    if size in ("iteration", "epoch"):
        return 0, plan.total
    stretch = plan.stretch(step)
    if size == "phase":
        return stretch.start, stretch.end
    part = plan.part(step)
    if part.block is None:
        return (stretch.start, stretch.end) if stretch.phase == "loss" else _parameters(plan, step, size)
    if size == "layer":
        return part.start, part.end
    inside = step - 1 - part.start
    if stretch.phase == "forward":
        width = len(part.block.nodes)
        first = part.start + inside // width * width
        return first, first + width
    starts = part.block.backward_starts
    if inside >= starts[-1]:  # a shared parameter behind the last neuron
        return part.start + int(starts[-1]), part.end
    at = int(np.searchsorted(starts, inside, side="right")) - 1
    return part.start + int(starts[at]), part.start + int(starts[at + 1])


def _parameters(plan: Plan, step: int, size: StepSize) -> tuple[int, int]:
    """The group of a mean or an update step: the same array and, for neurons, the same row of it."""
    update = plan.stretch(step).phase == "update"
    start, width = (plan.update_start, len(plan.lines)) if update else (plan.mean_start, 1)
    places = plan.updated if update else plan.averaged
    layout = plan.graph.parameters
    array, element = layout.locate(int(places[(step - 1 - start) // width]))
    first, last = int(layout.offsets[array]), int(layout.offsets[array + 1])
    if size == "neuron" and len(element) > 0:
        length = (last - first) // layout.arrays[array].shape[0]
        first += element[0] * length
        last = first + length
    low, high = np.searchsorted(places, (first, last))
    return start + int(low) * width, start + int(high) * width


def next_end(plan: Plan, position: int, size: StepSize) -> int | None:
    """The nearest end of a group beyond `position`; None at the end of the iteration."""
    return None if position >= plan.total else group(plan, position + 1, size)[1]


def previous_end(plan: Plan, position: int, size: StepSize) -> int | None:
    """The nearest end of a group before `position`; None when there is none in this iteration."""
    if position == 0:
        return None
    start = group(plan, position, size)[0]
    return start if start > 0 else None
