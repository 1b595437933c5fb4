"""One moment of the story: plan, record and position; what is known, new, complete and ready."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec import Struct

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.stepper import Record
from backprop_gui.steps.blocks import Block
from backprop_gui.steps.groups import group
from backprop_gui.steps.plan import Plan, StepPhase, StepSize
from backprop_gui.steps.quantities import Numbers, Quantity


class Frame(Struct, frozen=True, eq=False, dict=True):
    """The first `position` steps of an iteration are uncovered, the last ones in a step of `size`."""

    plan: Plan
    record: Record
    numbers: Numbers
    position: int
    size: StepSize = "operation"

    @property
    def graph(self) -> Graph:
        return self.plan.graph

    @property
    def iteration(self) -> int:
        return self.record.iteration

    @cached_property
    def phase(self) -> Literal["given"] | StepPhase:
        """The phase of the newest step; `given` before the first."""
        return self.plan.stretch(self.position).phase if self.position else "given"

    @cached_property
    def sample(self) -> int | None:
        """The sample the newest step belongs to; the first at position 0, None in mean and update."""
        return self.plan.stretch(self.position).sample if self.position else 0

    @cached_property
    def shown_sample(self) -> int:
        """The sample whose node values are on screen."""
        sample = self.sample
        return self.record.samples - 1 if sample is None else sample

    @property
    def new(self) -> range:
        """The steps that are new at this position, from 1."""
        if self.position == 0:
            return range(0)
        return range(group(self.plan, self.position, self.size)[0] + 1, self.position + 1)

    def knows(self, quantity: Quantity) -> bool:
        """Whether the quantity is uncovered."""
        step = self.plan.step_of(quantity)
        return step is not None and step <= self.position

    def number(self, quantity: Quantity) -> float | None:
        """The quantity's value where it is uncovered."""
        return self.numbers(quantity) if self.knows(quantity) else None

    def _complete(self, block: Block, neuron: int) -> bool:
        end = self._end(block, neuron)
        return end is not None and end <= self.position

    def _end(self, block: Block, neuron: int) -> int | None:
        """The step after which a neuron is complete in the phase of this position."""
        plan, sample = self.plan, self.shown_sample
        node = block.nodes[-1]
        if self.phase == "forward":
            return plan.step_of(Quantity(node, block.element(neuron), "value", sample))
        first = plan.step_of(Quantity(node, block.element(neuron), "gradient", sample))
        if first is None:
            return None
        starts = block.backward_starts
        return first - 1 + int(starts[neuron + 1] - starts[neuron])

    def mark(self, block: Block, neuron: int) -> Literal["none", "ready", "complete"]:
        """`complete` when the phase is through with a neuron, `ready` when it could come next."""
        phase = self.phase
        if phase == "loss":
            return "complete"
        if phase == "given":
            return "ready" if self._ready_forward(block) else "none"
        if phase == "update" or self.sample is None:
            return "complete" if block in self.plan.backward_blocks else "none"
        if self._complete(block, neuron):
            return "complete"
        ready = self._ready_forward(block) if phase == "forward" else self._ready_backward(block)
        return "ready" if ready else "none"

    def _ready_forward(self, block: Block) -> bool:
        """Whether all values the block works with are known."""
        graph, sample = self.graph, self.shown_sample
        for operand in graph.nodes[block.nodes[0]].operands:
            node = graph.nodes[operand]
            last = tuple(length - 1 for length in node.shape)
            if node.operation is not None and not self.knows(Quantity(operand, last, "value", sample)):
                return False
        return True

    def _ready_backward(self, block: Block) -> bool:
        """Whether everything downstream of the block is complete."""
        if block not in self.plan.backward_blocks:
            return False
        for use in self.graph.uses[block.nodes[-1]]:
            if use.consumer == self.graph.loss or use.consumer not in self.graph.reaches_loss:
                continue
            consumer = next(b for b in self.plan.blocks if use.consumer in b.nodes)
            if not self._complete(consumer, consumer.neurons - 1):
                return False
        return True
