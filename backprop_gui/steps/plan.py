"""In which order an iteration's numbers are uncovered: ranges over blocks, found by arithmetic.

A plan depends on the network, the number of samples, the optimiser and what is frozen. Step 1
uncovers the first quantity; position p means that the first p steps are uncovered. Nothing is made
per step until it is looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_gui.engine.graph import Graph
from backprop_gui.steps.blocks import Block, blocks_of, input_blocks
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity

StepPhase = Literal["forward", "loss", "backward", "update"]
StepSize = Literal["operation", "neuron", "layer", "phase", "iteration", "epoch"]
STEP_SIZES: tuple[StepSize, ...] = ("operation", "neuron", "layer", "phase", "iteration", "epoch")


class Stretch(Struct, frozen=True):
    """Steps `start` + 1 … `end` of one phase of one sample (None: the mean over samples, or the update)."""

    phase: StepPhase
    sample: int | None
    start: int
    end: int


class Part(Struct, frozen=True):
    """Steps `start` + 1 … `end`, of one block in one phase; block None: loss, mean or update."""

    stretch: Stretch
    block: Block | None
    start: int
    end: int


class Plan:
    """The order of one iteration's steps."""

    def __init__(self, graph: Graph, samples: int, lines: tuple[str, ...], frozen: NDArray[np.bool_]) -> None:
        """`lines` names the optimiser's quantities for each parameter, `updated` the last."""
        self.graph = graph
        self.samples = samples
        # Every picture asks for the steps of the same quantities again and again.
        self.step_of = lru_cache(maxsize=1 << 16)(self._find_step)
        self.lines = lines
        self.blocks = blocks_of(graph)
        rank = {index: place for place, index in enumerate(graph.completion_order)}
        self.backward_blocks = tuple(
            sorted((b for b in self.blocks if b.nodes[0] in rank), key=lambda b: rank[b.nodes[0]])
        )
        self.backward_blocks += input_blocks(graph)
        self._forward_starts = _running([block.forward_count for block in self.blocks])
        self._backward_starts = _running([block.backward_count for block in self.backward_blocks])
        self.forward_count = self._forward_starts[-1]
        self.sample_count = self.forward_count + 1 + self._backward_starts[-1]
        scalars = graph.parameters.scalars
        has_gradient = np.zeros(graph.parameters.size, dtype=bool)
        for block in self.backward_blocks:
            for places in block.rows:
                has_gradient[np.concatenate(places)] = True
            if block.trailing is not None:
                has_gradient[block.trailing] = True
        self.with_gradient = scalars[has_gradient[scalars]]
        self.averaged = self.with_gradient if samples > 1 else scalars[:0]
        self.updated = scalars[has_gradient[scalars] & ~frozen[scalars]]
        self.mean_start = samples * self.sample_count
        self.update_start = self.mean_start + len(self.averaged)
        self.total = self.update_start + len(self.updated) * len(lines)

    # What stands where ------------------------------------------------------------------

    def stretch(self, step: int) -> Stretch:
        """The phase (of one sample) that step number `step`, from 1, belongs to."""
        index = step - 1
        if index >= self.update_start:
            return Stretch("update", None, self.update_start, self.total)
        if index >= self.mean_start:
            return Stretch("backward", None, self.mean_start, self.update_start)
        sample, inside = divmod(index, self.sample_count)
        base = sample * self.sample_count
        if inside < self.forward_count:
            return Stretch("forward", sample, base, base + self.forward_count)
        if inside == self.forward_count:
            return Stretch("loss", sample, base + inside, base + inside + 1)
        return Stretch("backward", sample, base + self.forward_count + 1, base + self.sample_count)

    def stretches(self) -> list[Stretch]:
        """All phases in order."""
        found: list[Stretch] = []
        position = 0
        while position < self.total:
            found.append(self.stretch(position + 1))
            position = found[-1].end
        return found

    def part(self, step: int) -> Part:
        """The block, in its phase, that a step belongs to."""
        stretch = self.stretch(step)
        if stretch.phase in ("loss", "update") or stretch.sample is None:
            return Part(stretch, None, stretch.start, stretch.end)
        forward = stretch.phase == "forward"
        starts = self._forward_starts if forward else self._backward_starts
        blocks = self.blocks if forward else self.backward_blocks
        at = bisect_right(starts, step - 1 - stretch.start) - 1
        return Part(stretch, blocks[at], stretch.start + starts[at], stretch.start + starts[at + 1])

    def quantity(self, step: int) -> Quantity:
        """What step number `step`, from 1, uncovers."""
        part = self.part(step)
        phase, sample, inside = part.stretch.phase, part.stretch.sample, step - 1 - part.start
        block = part.block
        if phase == "loss":
            return Quantity(self.graph.loss, (), VALUE, sample)
        if block is None:
            lines = self.lines if phase == "update" else (GRADIENT,)
            places = self.updated if phase == "update" else self.averaged
            return self._parameter(int(places[inside // len(lines)]), lines[inside % len(lines)], None)
        if phase == "forward":
            neuron, which = divmod(inside, len(block.nodes))
            return Quantity(block.nodes[which], block.element(neuron), VALUE, sample)
        starts = block.backward_starts
        if inside >= starts[-1]:
            assert block.trailing is not None
            return self._parameter(int(block.trailing[inside - starts[-1]]), GRADIENT, sample)
        neuron = int(np.searchsorted(starts, inside, side="right")) - 1
        inside -= int(starts[neuron])
        if inside < len(block.nodes):
            return Quantity(block.nodes[-1 - inside], block.element(neuron), GRADIENT, sample)
        return self._parameter(block.place_at(neuron, inside - len(block.nodes)), GRADIENT, sample)

    def _parameter(self, place: int, aspect: str, sample: int | None) -> Quantity:
        array, element = self.graph.parameters.locate(place)
        return Quantity(self.graph.parameter_nodes[array], element, aspect, sample)

    def place(self, quantity: Quantity) -> int:
        """The place in the flat vector of a parameter's quantity."""
        return self.graph.parameters.place(self.graph.nodes[quantity.node].parameter, quantity.element)

    def _find_step(self, quantity: Quantity) -> int | None:
        """The step that uncovers a quantity; 0 for what is given, None for what is never uncovered."""
        node = self.graph.nodes[quantity.node]
        if quantity.sample is not None and not 0 <= quantity.sample < self.samples:
            return None
        if node.kind == "parameter":
            return self._step_of_parameter(quantity)
        if node.operation is None and quantity.aspect == VALUE:
            return 0
        base = (quantity.sample or 0) * self.sample_count
        if quantity.node == self.graph.loss:
            return base + self.forward_count + 1 if quantity.aspect == VALUE else None
        if quantity.aspect == VALUE:
            at, block = self._home[quantity.node]
            inside = block.neuron(quantity.element) * len(block.nodes) + block.nodes.index(quantity.node)
            return base + self._forward_starts[at] + inside + 1
        if quantity.node not in self._way_back:
            return None
        at, block = self._way_back[quantity.node]
        inside = int(block.backward_starts[block.neuron(quantity.element)])
        inside += len(block.nodes) - 1 - block.nodes.index(quantity.node)
        return base + self.forward_count + 1 + self._backward_starts[at] + inside + 1

    def _step_of_parameter(self, quantity: Quantity) -> int | None:
        place = self.place(quantity)
        if _find(self.graph.parameters.scalars, place) is None:
            return None  # a missing connection
        if quantity.aspect == VALUE or quantity.aspect.endswith(".before"):
            return 0
        if quantity.aspect == GRADIENT:
            if quantity.sample is None and self.samples > 1:
                rank = _find(self.averaged, place)
                return None if rank is None else self.mean_start + rank + 1
            return self._step_of_sample_gradient(quantity, place)
        rank = _find(self.updated, place)
        if rank is None or quantity.aspect not in self.lines:
            return None
        return self.update_start + rank * len(self.lines) + self.lines.index(quantity.aspect) + 1

    def _step_of_sample_gradient(self, quantity: Quantity, place: int) -> int | None:
        home = self._parameter_home.get(quantity.node)
        if home is None:
            return None
        at, block = home
        base = (quantity.sample or 0) * self.sample_count + self.forward_count + 1 + self._backward_starts[at]
        if block.trailing is not None:
            rank = _find(block.trailing, place)
            if rank is not None:
                return base + int(block.backward_starts[-1]) + rank + 1
        neuron = quantity.element[0]
        inside = int(block.backward_starts[neuron]) + len(block.nodes)
        return base + inside + block.rank_of(neuron, place) + 1

    def known_gradients(self, position: int, sample: int | None) -> NDArray[np.bool_]:
        """Which places of the flat vector have their gradient of a sample (None: the mean) uncovered."""
        known = np.zeros(self.graph.parameters.size, dtype=bool)
        if sample is None and self.samples > 1:
            known[self.averaged[: max(0, position - self.mean_start)]] = True
            return known
        base = (sample or 0) * self.sample_count + self.forward_count + 1
        for block, start in zip(self.backward_blocks, self._backward_starts, strict=False):
            told = position - base - start - block.backward_starts - len(block.nodes)
            for neuron in range(block.neurons if block.rows and told[0] > 0 else 0):
                known[block.parameters_of(neuron)[: max(0, int(told[neuron]))]] = True
            if block.trailing is not None:
                behind = position - base - start - int(block.backward_starts[-1])
                known[block.trailing[: max(0, behind)]] = True
        return known

    def known_updates(self, position: int) -> NDArray[np.intp]:
        """The places whose parameter is updated."""
        return self.updated[: max(0, position - self.update_start) // max(1, len(self.lines))]

    @cached_property
    def _home(self) -> dict[int, tuple[int, Block]]:
        return {node: (at, block) for at, block in enumerate(self.blocks) for node in block.nodes}

    @cached_property
    def _way_back(self) -> dict[int, tuple[int, Block]]:
        return {node: (at, block) for at, block in enumerate(self.backward_blocks) for node in block.nodes}

    @cached_property
    def _parameter_home(self) -> dict[int, tuple[int, Block]]:
        """The block that uncovers each parameter node's gradient, with its place on the way back."""
        homes: dict[int, tuple[int, Block]] = {}
        for at, block in enumerate(self.backward_blocks):
            told = [np.concatenate(places)[:1] for places in block.rows]  # empty without connections
            told += [] if block.trailing is None else [block.trailing]
            for place in np.concatenate(told) if told else ():
                homes[self._node_at(int(place))] = (at, block)
        return homes

    def _node_at(self, place: int) -> int:
        return self.graph.parameter_nodes[self.graph.parameters.locate(place)[0]]


def _running(counts: list[int]) -> list[int]:
    """The sums before each entry, and the whole at the end."""
    return [0, *accumulate(counts)]


def _find(places: NDArray[np.intp], place: int) -> int | None:
    """The rank of `place` in a sorted array."""
    at = int(np.searchsorted(places, place))
    return at if at < len(places) and places[at] == place else None
