"""Where any number comes from, part by part: down to data, first values, edits and settings.

A number is asked for in one iteration. Its parts stand in the same iteration, but for what an update
has left: the value of a trained parameter leads to its update in the iteration before, and what an
optimiser has kept to the line that it was. Parts are found when they are asked for, one level at a
time, so a number after a million updates costs no more than one of the first.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.expressions import (
    Apply,
    Constant,
    Expression,
    Power,
    Quotient,
    Ref,
    Shorthand,
    Slope,
    Sum,
    children,
)
from backprop_gui.engine.gradient_terms import TERMS
from backprop_gui.engine.stepper import Record, reached_parameters
from backprop_gui.engine.update import Line
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.document import Conv1d, Dense, Draw, Experiment, Values
from backprop_gui.experiment.edits import RATE
from backprop_gui.experiment.optimizing import OPTIMIZER
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Numbers, Quantity, Setting
from backprop_gui.steps.terms import Terms, number_of
from backprop_gui.steps.timeline import Timeline

Key: TypeAlias = Quantity | Setting | Slope
Kind = Literal[
    "calculated",  # by its expression
    "update",  # the update of the iteration before has made it
    "kept",  # the optimiser has kept it from the iteration before
    "input",
    "target",
    "given",  # a first value that stands in the experiment
    "drawn",  # a first value drawn with the seed
    "edited",  # set by hand
    "restored",  # as a saved file holds it
    "begins",  # what an optimiser keeps begins at 0
    "setting",
    "count",  # the how-manieth update of this optimiser it is
    "norm",  # the length of more gradients than anyone looks through
    "unreached",  # a gradient of 0: no connection leads on to the loss
]
KEPT_ITERATIONS = 8  # whose numbers are at hand at a time
MOST_PARTS = 5_000  # a norm of more gradients is a leaf: nobody looks through its parts
BEFORE = ".before"


class Traced(Struct, frozen=True):
    """One number of one iteration. A `Slope` is a part of a formula with a rule of its own: σ′(z)."""

    iteration: int
    key: Key


class Source(Struct, frozen=True):
    """Where a number comes from.

    `expression` is over the numbers of `iteration`; None for a leaf, where `iteration` tells of what
    was set by hand when that was. `frozen` says that no update changes it.
    """

    kind: Kind
    iteration: int
    expression: Expression | None = None
    frozen: bool = False


class Provenance:
    """Finds the sources of the numbers of one timeline."""

    def __init__(self, timeline: Timeline, experiment: Experiment) -> None:
        self.timeline = timeline
        self.experiment = experiment
        self._tools: OrderedDict[int, tuple[Terms, Numbers]] = OrderedDict()

    # What is known of an iteration ----------------------------------------------------------------

    def model(self, iteration: int) -> Model:
        """The model that computes an iteration."""
        return self.timeline.segment_of(iteration).model

    def record(self, iteration: int) -> Record:
        """The arrays of an iteration."""
        return self._at(iteration)[0].record

    def numbers(self, iteration: int) -> Numbers:
        """Looks up the numbers of an iteration by their keys, as a formula needs it."""
        return self._at(iteration)[1]

    def _at(self, iteration: int) -> tuple[Terms, Numbers]:
        if iteration not in self._tools:
            model, record = self.model(iteration), self.timeline.record(iteration)
            self._tools[iteration] = (
                Terms(model.graph, record, model.optimizer),
                _WithMean(model.graph, record, dict(model.settings)),
            )
            if len(self._tools) > KEPT_ITERATIONS:
                self._tools.popitem(last=False)
        self._tools.move_to_end(iteration)
        return self._tools[iteration]

    # Numbers and sources --------------------------------------------------------------------------

    def number(self, traced: Traced) -> float:
        """The number itself, as the record holds it; of a slope what its rule comes to."""
        numbers = self.numbers(traced.iteration)
        return number_of(traced.key, numbers) if isinstance(traced.key, Slope) else numbers(traced.key)

    def source(self, traced: Traced) -> Source:
        """Where a number comes from, one level deep."""
        key, iteration = traced.key, traced.iteration
        if isinstance(key, Slope):
            return Source("calculated", iteration, key.rule)
        if isinstance(key, Setting):
            return self._setting(key, iteration)
        node = self.model(iteration).graph.nodes[key.node]
        if node.kind == "parameter" and key.aspect == VALUE:
            return self._value_of_parameter(traced, key)
        if key.aspect.endswith(BEFORE):
            return self._kept(traced, key)
        if key.aspect == VALUE and node.operation is None:
            return self._data(key, iteration)
        terms, _ = self._at(iteration)
        if _is_batch_loss(key, terms.record, terms.graph.loss):
            return Source("calculated", iteration, batch_loss(key, terms.record.samples, terms.record.summed))
        if key.aspect == GRADIENT and key.sample is not None and not terms.gradient(key):
            return Source("unreached", iteration)
        return Source("calculated", iteration, terms.expression(key))

    def parts(self, traced: Traced) -> tuple[Traced, ...]:
        """The distinct numbers that a number is made of, in the order in which they are read."""
        source = self.source(traced)
        if source.expression is None:
            return ()
        found = leaves(source.expression)
        if not found and isinstance(traced.key, Slope):
            found = leaves(traced.key.at)  # ReLU′(z) is a plain 1, because of z
        return tuple(Traced(source.iteration, key) for key in found)

    # Each kind of leaf ----------------------------------------------------------------------------

    def _value_of_parameter(self, traced: Traced, key: Quantity) -> Source:
        iteration, model = traced.iteration, self.model(traced.iteration)
        graph = model.graph
        place = graph.parameters.place(graph.nodes[key.node].parameter, key.element)
        trained = bool(reached_parameters(graph)[place]) and not model.frozen[place]
        edited = self._edited(graph.parameters.name_at(place), iteration)
        if edited is not None and (edited == iteration or not trained):
            return Source("edited", edited, frozen=not trained)
        if trained and iteration > 0:
            updated = Traced(iteration - 1, replace(key, aspect=UPDATED))
            return self._from_before(traced, updated, "update")
        return Source(self._first_value(key), 0, frozen=not trained)

    def _first_value(self, key: Quantity) -> Kind:
        """Whether a parameter's first value stands in the experiment or is drawn."""
        network, graph = self.experiment.network, self.model(0).graph
        array = graph.parameters.arrays[graph.nodes[key.node].parameter]
        values: Values = network.parameters.get(array.name, [])
        if array.prefix:
            layer = next(node for node in network.nodes if node.name == array.name.rpartition(".")[0])
            assert isinstance(layer, Dense | Conv1d)
            values = (layer.weights if array.prefix == "w" else layer.biases) or []
        is_drawn = isinstance(values, Draw) and values.init not in ("zeros", "constant")
        return "drawn" if is_drawn else "given"

    def _kept(self, traced: Traced, key: Quantity) -> Source:
        """What the optimiser remembers of the update before; at its first there is nothing yet."""
        if self.record(traced.iteration).before.updates == 0:
            return Source("begins", traced.iteration)
        line = replace(key, aspect=key.aspect.removesuffix(BEFORE))
        return self._from_before(traced, Traced(traced.iteration - 1, line), "kept")

    def _from_before(self, traced: Traced, origin: Traced, kind: Kind) -> Source:
        """From the iteration before, unless a saved file holds something else than that came to."""
        assert isinstance(origin.key, Quantity)
        known = origin.iteration >= 0 and (
            origin.key.aspect in self.model(origin.iteration).optimizer.quantities
        )
        if not known or not _same(self.number(origin), self.number(traced)):
            return Source("restored", traced.iteration)
        return Source(kind, origin.iteration, Ref(origin.key))

    def _data(self, key: Quantity, iteration: int) -> Source:
        graph = self.model(iteration).graph
        node = graph.nodes[key.node]
        row = int(self.record(iteration).rows[key.sample or 0])
        name = f"{node.name}[{','.join(str(i + 1) for i in (row, *key.element))}]"
        edited = self._edited(name, iteration)
        if edited is not None:
            return Source("edited", edited)
        return Source("target" if node.kind == "target" else "input", iteration)

    def _setting(self, key: Setting, iteration: int) -> Source:
        if key.name == "t":
            return Source("count", iteration)
        if key.name == "gradient_norm":
            return self._norm(iteration)
        names = (RATE,) if key.name == RATE else ()
        if key.name not in TERMS:  # penalties and clipping outlast a change of the optimiser
            names = (*names, OPTIMIZER)
        by_hand = [when for name in names if (when := self._edited(name, iteration)) is not None]
        return Source("edited", max(by_hand)) if by_hand else Source("setting", iteration)

    def _norm(self, iteration: int) -> Source:
        """The length of all gradients together: √(g₁² + g₂² + …) over what is trained."""
        model, record = self.model(iteration), self.record(iteration)
        graph = model.graph
        seen = GRADIENT
        for part in model.optimizer.parts:
            if not isinstance(part, Line):
                break
            seen = part.name
        trained = reached_parameters(graph) & ~model.frozen
        places = [int(place) for place in graph.parameters.scalars if trained[place]]
        if len(places) > MOST_PARTS:
            return Source("norm", iteration)
        sample = 0 if seen == GRADIENT and record.samples == 1 else None
        squares: list[Expression] = []
        for array, element in map(graph.parameters.locate, places):
            quantity = Quantity(graph.parameter_nodes[array], element, seen, sample)
            squares.append(Power(Ref(quantity), Constant(2.0)))
        return Source("calculated", iteration, Apply("sqrt", (Sum(tuple(squares)),)))

    def _edited(self, name: str, iteration: int) -> int | None:
        """The last iteration, up to this one, at whose beginning `name` was set by hand."""
        starts = [
            segment.start
            for segment in self.timeline.segments
            if segment.start <= iteration and name in segment.changes
        ]
        return max(starts, default=None)


class _WithMean(Numbers):
    """Numbers of a record, among them the loss of the whole batch: the loss without a sample."""

    def __call__(self, key: object) -> float:
        if isinstance(key, Quantity) and _is_batch_loss(key, self.record, self.graph.loss):
            return self.record.together(self.record.values[self.graph.loss])
        return super().__call__(key)


def leaves(expression: Expression) -> tuple[Key, ...]:
    """The distinct numbers an expression is written with, in reading order; slopes are not looked into.

    What only the rule of a shorthand refers to comes behind what is written of it.
    """
    found: dict[Key, None] = {}
    stack: list[Expression] = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, Slope):
            found[part] = None
        elif isinstance(part, Ref):
            assert isinstance(part.key, Quantity | Setting)
            found[part.key] = None
        elif isinstance(part, Shorthand):
            stack += [part.rule, part.written]
        else:
            stack.extend(reversed(children(part)))
    return tuple(found)


def batch_loss(loss: Quantity, samples: int, summed: bool = False) -> Expression:
    """The loss of a batch: the mean over its samples, or their sum."""
    parts = tuple(Ref(replace(loss, sample=sample)) for sample in range(samples))
    return Sum(parts) if summed else Quotient(Sum(parts), Constant(float(samples)))


def _is_batch_loss(key: Quantity, record: Record, loss: int) -> bool:
    return key.node == loss and key.aspect == VALUE and key.sample is None and record.samples > 1


def _same(first: float, second: float) -> bool:
    return first == second or (math.isnan(first) and math.isnan(second))
