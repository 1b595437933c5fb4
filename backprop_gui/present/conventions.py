"""What a change of notation or convention would show: example formulas, and which numbers change, and how.

Nothing is predicted: one iteration is calculated in both conventions, from the same parameters, and
all numbers that are shown of it are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import Record
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.conventions import Conventions
from backprop_gui.experiment.document import Notation
from backprop_gui.present.formulas import EQUALS
from backprop_gui.present.math_text import plain
from backprop_gui.present.math_tree import Math, row
from backprop_gui.present.naming import Naming
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import loss_word
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity, Setting

Pair: TypeAlias = tuple[Array, Array]

MOST_TERMS = 4  # of an example formula
NEARLY = 1e-4  # relative differences below are told as such
MULTIPLES = {2.0: "double", 0.5: "halve"}


class NotationPicture(Struct, frozen=True):
    """How things are called in a notation: two formulas and a line of names."""

    formulas: tuple[Math, ...]
    names: str


class Change(Struct, frozen=True):
    """How a family of numbers changes: `same`, by one `factor`, to `zero`, `nearly` not, or `other`."""

    kind: str
    factor: float = 1.0


# --- names -----------------------------------------------------------------------------------------


def notation_picture(scene: Scene, notation: Notation) -> NotationPicture:
    """Examples from the network on screen, in another notation."""
    shown = structs.replace(scene, naming=Naming(scene.graph, notation))
    examples = [*_sums(shown), *_slopes(shown)]
    trees = tuple(
        row(shown.naming.symbol(quantity), EQUALS, shown.formulas.symbols(shown.expression(quantity)))
        for quantity in examples
    )
    return NotationPicture(trees, "   ".join(dict.fromkeys(_names(shown))))


def _sums(scene: Scene) -> list[Quantity]:
    """The sum of the last dense layer that is not too long."""
    graph = scene.graph
    dense = [i for i in graph.operations if scene.naming.is_dense(graph.nodes[i].group)]
    for index in reversed(dense):
        operation = graph.nodes[index].operation
        if operation is None or operation.name != "affine":
            continue
        if graph.nodes[graph.nodes[index].operands[0]].shape[0] <= MOST_TERMS:
            return [Quantity(index, (0,), VALUE, 0)]
    return []


def _slopes(scene: Scene) -> list[Quantity]:
    """The gradient of a weight that is used once; of any parameter where there is none such."""
    found: list[Quantity] = []
    for place in map(int, reversed(scene.graph.parameters.scalars[:200])):
        gradient = scene.parameter(place, GRADIENT, 0)
        terms = scene.terms.gradient(gradient)
        if len(terms) == 1 and terms[0].upstream is not None and scene.naming.arrow(place).find("→") > 0:
            return [gradient]
        if terms and not found:
            found = [gradient]
    return found


def _names(scene: Scene) -> Iterator[str]:
    """A name of every kind the network has."""
    graph, naming = scene.graph, scene.naming
    layout = graph.parameters
    if len(layout.scalars):
        for place in (int(layout.scalars[0]), int(layout.scalars[-1])):
            yield naming.plain(scene.parameter(place, VALUE))
    dense = [i for i in graph.operations if naming.is_dense(graph.nodes[i].group)]
    for index in dense[-2:]:
        element = (0,) * len(graph.nodes[index].shape)
        yield naming.plain(Quantity(index, element))
        yield naming.plain(Quantity(index, element, GRADIENT))
    for index in graph.inputs:
        yield naming.plain(Quantity(index, (0,)))
    yield naming.plain(Quantity(graph.loss))
    yield naming.plain(Setting("learning_rate"))


# --- numbers ---------------------------------------------------------------------------------------


def headline(before: Conventions, wanted: Conventions) -> str:
    """What is changed, in a few words: `½ → none · mean → sum`."""
    halves = {True: "with ½", False: "without ½", None: ""}
    pairs = [
        ("squared error", halves[before.half], halves[wanted.half]),
        ("over the samples", before.reduction, wanted.reduction),
        ("biases", before.biases, wanted.biases),
    ]
    told = [f"{what}: {old} → {new}" for what, old, new in pairs if old != new]
    return " · ".join(told)


def undo_name(before: Conventions, wanted: Conventions) -> str:
    """What undo calls the change."""
    names = []
    if wanted.half != before.half:
        names.append("squared error with ½" if wanted.half else "squared error without ½")
    if wanted.reduction != before.reduction:
        names.append(f"{wanted.reduction} over the samples")
    if wanted.biases != before.biases:
        names.append(f"biases {wanted.biases}")
    if not names:
        return "notation"
    return names[0] if len(names) == 1 else "conventions"


def consequences(scene: Scene, wanted: Model, notation: Notation) -> tuple[str, ...]:
    """Which of the numbers shown of this iteration change in the conventions of `wanted`, and how.

    The same samples go through the network with the same parameters and optimiser.
    """
    here = scene.frame.record
    other = structs.replace(scene.model, graph=wanted.graph, batches=wanted.batches, frozen=wanted.frozen)
    there = other.stepper().record(here.before)
    renamed = structs.replace(scene, naming=Naming(wanted.graph, notation))
    return tuple(_Told(renamed, here, there).sentences())


@dataclass(frozen=True)
class _Told:
    """Compares two records of one iteration, family by family."""

    scene: Scene
    here: Record
    there: Record

    def sentences(self) -> Iterator[str]:
        graph = self.scene.graph
        values: list[Pair] = []
        each: list[Pair] = []
        for index in graph.operations:
            if index == graph.loss:
                continue
            values.append((self.here.values[index], self.there.values[index]))
            first, second = self.here.gradients[index], self.there.gradients[index]
            if first is not None and second is not None:
                each.append((first, second))
        forward, own = _change(values), _change(each)
        loss = _change([(np.array(self._loss(self.here)), np.array(self._loss(self.there)))])
        batch = _change([(self._gradients(self.here), self._gradients(self.there))])
        changed = [
            self._loss_sentence(loss),
            *self._gradient_sentences(own, batch),
            *self._update_sentences(),
        ]
        yield from filter(None, changed)
        if not any(changed):
            yield "No number of this iteration changes."
        elif forward.kind == "same":
            yield "Forward values stay as they are."

    def _loss(self, record: Record) -> float:
        return record.together(record.values[self.scene.graph.loss])

    def _gradients(self, record: Record) -> Array:
        flat: Array = record.parameter_gradient[self.scene.graph.parameters.scalars]
        return flat

    def _loss_sentence(self, change: Change) -> str:
        if change.kind == "same":
            return ""
        name = plain(self.scene.naming.loss)
        numbers = self._arrow(name, self._loss(self.here), self._loss(self.there))
        return f"The {loss_word(self.scene)} {_verb(change, 'it')}: {numbers}."

    def _gradient_sentences(self, own: Change, batch: Change) -> Iterator[str]:
        """Of every sample, and of the batch where that differs."""
        if batch.kind == "same" and own.kind == "same":
            return
        scalars = self.scene.graph.parameters.scalars
        place = self._example(self._gradients(self.here))
        name = self.scene.naming.plain(self.scene.parameter(int(scalars[place]), GRADIENT))
        numbers = self._arrow(name, self._gradients(self.here)[place], self._gradients(self.there)[place])
        if own == batch or self.here.samples == 1:
            yield f"Every gradient {_verb(batch, 'it')}: {numbers}."
            return
        yield f"The gradients of the batch {_verb(batch, 'they')}: {numbers}."
        stay = "stay as they are" if own.kind == "same" else _verb(own, "they")
        yield f"The gradients of each sample {stay}."

    def _update_sentences(self) -> Iterator[str]:
        """Of weights and of biases, together where they go together."""
        layout = self.scene.graph.parameters
        is_bias = np.isin(layout.scalars, layout.biases)
        moved, moves = (self._moves(record) for record in (self.here, self.there))
        parts = {"weights": ~is_bias, "biases": is_bias}
        found = {
            what: _change([(moved[which], moves[which])], self._rounding())
            for what, which in parts.items()
            if which.any()
        }
        groups: list[tuple[str, NDArray[np.bool_], Change]] = [
            (what, parts[what], change) for what, change in found.items()
        ]
        if len(set(found.values())) == 1:
            groups = [("all parameters", is_bias | ~is_bias, next(iter(found.values())))]
        for what, which, change in groups:
            if change.kind != "same":
                yield self._update_sentence(what, np.flatnonzero(which), moved, moves, change)

    def _update_sentence(
        self, what: str, which: NDArray[np.intp], moved: Array, moves: Array, change: Change
    ) -> str:
        rank = int(which[self._example(np.maximum(np.abs(moved), np.abs(moves))[which])])
        place = int(self.scene.graph.parameters.scalars[rank])
        name = self.scene.naming.plain(self.scene.parameter(place, VALUE))
        numbers = self._arrow(f"{name} moves by", float(moved[rank]), float(moves[rank]))
        if change.kind == "zero":
            return f"The {what} are no longer updated: {numbers}."
        if not moved[which].any():
            return f"The {what} are updated now: {numbers}."
        subject = f"The updates of {what}"
        return f"{subject} {_verb(change, 'they').replace('double', 'are twice as long')}: {numbers}."

    def _moves(self, record: Record) -> Array:
        difference = record.after.parameters - record.before.parameters
        moves: Array = difference[self.scene.graph.parameters.scalars]
        return moves

    def _rounding(self) -> float:
        """How far a move may be off, being the difference of two rounded numbers."""
        return 4 * float(np.spacing(np.abs(self.here.before.parameters).max(initial=0.0)))

    def _example(self, numbers: Array) -> int:
        """The place of the number that is told of: the subject's own, else the first that is not 0."""
        scalars = self.scene.graph.parameters.scalars
        asked = self.scene.graph.parameters.place_of(self.scene.focus) if self.scene.focus else None
        if asked is not None and len(numbers) == len(scalars):
            return self.scene.graph.parameters.ranks[asked]
        return int(np.argmax(numbers != 0))

    def _arrow(self, name: str, before: float, after: float) -> str:
        text = self.scene.format.text
        return f"{name} {text(float(before))} → {text(float(after))}"


def _change(pairs: list[Pair], rounding: float = 0.0) -> Change:
    """How numbers as a whole differ from others."""
    before = np.concatenate([np.ravel(first) for first, _ in pairs] or [np.zeros(0)])
    after = np.concatenate([np.ravel(second) for _, second in pairs] or [np.zeros(0)])
    if np.array_equal(before, after, equal_nan=True):
        return Change("same")
    if not after.any():
        return Change("zero", 0.0)
    with np.errstate(all="ignore"):
        largest = int(np.nanargmax(np.abs(before)))
        factor = float(after[largest] / before[largest])
        if np.all(np.abs(after - factor * before) <= 1e-9 * np.abs(after) + 2 * rounding):
            return Change("factor", round(factor, 6))
        if np.all(np.abs(after - before) <= NEARLY * np.abs(before) + 2 * rounding):
            return Change("nearly")
    return Change("other")


def _verb(change: Change, subject: str) -> str:
    """`doubles`, `become 3 times as large`, `changes`."""
    ending = "s" if subject == "it" else ""
    if change.kind == "zero":
        return f"become{ending} 0"
    if change.kind == "nearly":
        return f"change{ending} by less than 0.01 %"
    if change.kind == "other" or not np.isfinite(change.factor):
        return f"change{ending}, each in its own way" if subject == "they" else f"change{ending}"
    if change.factor in MULTIPLES:
        return MULTIPLES[change.factor] + ending
    if change.factor < 1 and round(1 / change.factor, 6).is_integer():
        return f"shrink{ending} to 1/{round(1 / change.factor)}"
    return f"become{ending} {change.factor:g} times as large"
