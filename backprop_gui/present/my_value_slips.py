"""The slips of a calculation by hand: what comes out when a part of the formula is left out or mistaken.

A slip changes one part of the quantity's own expression, as one step or written out to the loss, wherever
that part stands. Its number is what the changed expression comes to; nothing is calculated twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.expressions import (
    ONE,
    TWO,
    ZERO,
    Apply,
    Constant,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Slope,
    Sum,
)
from backprop_gui.present.expression_parts import parts, substituted, substituted_all
from backprop_gui.present.math_text import plain
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity
from backprop_gui.steps.terms import Path, number_of, paths

MOST_PATHS = 24
MOST_SIBLINGS = 12
MOST_WORK = 60_000  # parts that are calculated in all, so that large layers answer at once
MOST_OTHERS = 400  # quantities of an iteration that are tried one by one
LEFT_OUT = "Yours is what comes out when {} is left out."


class Slip(Struct, frozen=True):
    """One mistake: how far-fetched it is, the number it leads to, what it is, and the part it is about."""

    cost: float
    value: float
    sentence: str
    part: Expression | None = None


class Slips:
    """Makes the slips of one quantity at one moment."""

    def __init__(self, scene: Scene, quantity: Quantity) -> None:
        self.scene, self.quantity = scene, quantity
        self.expression = scene.expression(quantity)
        self.right = scene.frame.numbers(quantity)
        self.paths = self._paths()

    @property
    def written_out(self) -> Expression | None:
        """The quantity as a sum of products along its paths to the loss; None where there are too many."""
        products = tuple(path.product for path in self.paths)
        if not products:
            return None
        return products[0] if len(products) == 1 else Sum(products)

    def all(self) -> list[Slip]:
        """The likely ones first."""
        found = [*self._whole(), *self._of_kind(), *self._of(self.expression)]
        if self.written_out is not None and self.written_out != self.expression:
            found += [replace(slip, cost=slip.cost + 0.2) for slip in self._of(self.written_out)]
        found += self._paths_left_out()
        found += self._other_quantities()
        return sorted(found, key=_cost)

    def called(self, expression: Expression) -> str:
        """A part by its name, with its number where that is uncovered: *σ′(z₁)* = 0.1767."""
        scene = self.scene
        name = plain(scene.formulas.symbols(expression))
        if isinstance(expression, Constant):
            return f"the {name}"
        updated = isinstance(expression, Ref) and getattr(expression.key, "aspect", "") == UPDATED
        before = "the updated " if updated else ""
        if not self.is_known(expression):
            return f"{before}*{name}*"
        value = number_of(expression, scene.frame.numbers)
        sign = "=" if scene.format.is_exact(value) else "≈"
        return f"{before}*{name}* {sign} {scene.format.text(value)}"

    def is_known(self, expression: Expression) -> bool:
        """Whether every number of a part is uncovered, so that saying it gives nothing away."""
        keys = [each.key for each in parts(expression) if isinstance(each, Ref)]
        known = (self.scene.frame.knows(key) for key in keys if isinstance(key, Quantity))
        return self.quantity not in keys and all(known)

    # --- of the whole number ---------------------------------------------------------------------

    def _whole(self) -> Iterator[Slip]:
        """The sign, a factor of two, and samples or outputs that are added up or averaged."""
        difference = next((p for p in self._factors() if _is_difference(p)), None)
        turned = ""
        if self.quantity.aspect == GRADIENT and difference is not None:
            turned = (
                f": the difference is *{plain(self.scene.formulas.symbols(difference))}*, not the reverse"
            )
        yield Slip(0.5, -self.right, f"The size is right, but not the sign{turned}.", difference)
        yield Slip(1.1, 2 * self.right, self._two(2), None)
        yield Slip(1.1, self.right / 2, self._two(0.5), None)
        samples = self.scene.frame.record.samples
        if samples > 1 and self.quantity.aspect in (VALUE, GRADIENT):
            mean = self.quantity.sample is None
            told = "added up, not averaged" if mean else f"divided by the {samples} samples already"
            value = self.right * samples if mean else self.right / samples
            yield Slip(1.0, value, f"Yours is what comes out when the samples are {told}.")
        outputs = self._outputs()
        if outputs > 1:
            averaged = "Yours is what comes out when the {} outputs are averaged; this loss adds them up."
            added = "Yours is what comes out when the {} outputs are added up; this loss averages them."
            yield Slip(1.6, self.right / outputs, averaged.format(outputs))
            yield Slip(1.6, self.right * outputs, added.format(outputs))

    def _two(self, factor: float) -> str:
        """What twice or half the right number says of the loss."""
        loss = self.scene.graph.nodes[self.scene.graph.loss].operation
        name = loss.name if loss is not None else ""
        told = "2 × the right one" if factor == 2 else "half the right one"
        if self.quantity.aspect == GRADIENT and name == "half_squared_error" and factor == 2:
            return f"Yours is {told}: the ½ of the loss and the 2 of the square cancel, so neither stays."
        if self.quantity.aspect == GRADIENT and name == "half_squared_error":
            return f"Yours is {told}: the ½ is gone once the 2 of the square has come down."
        if self.quantity.aspect == GRADIENT and name.endswith("squared_error") and factor != 2:
            return f"Yours is {told}: this loss has no ½, so the 2 of the square stays."
        return f"Yours is {told}."

    def _outputs(self) -> int:
        """How many outputs the loss compares, where that matters for the quantity."""
        graph = self.scene.graph
        shape = graph.nodes[graph.nodes[graph.loss].operands[0]].shape
        touches = self.quantity.aspect == GRADIENT or self.quantity.node == graph.loss
        size = 1
        for length in shape:
            size *= length
        return size if touches else 1

    # --- of a kind of quantity -------------------------------------------------------------------

    def _of_kind(self) -> Iterator[Slip]:
        if self.quantity.aspect == VALUE:
            yield from self._forward()
        elif self.quantity.aspect != GRADIENT:
            yield from self._update()

    def _forward(self) -> Iterator[Slip]:
        """z in place of a and a in place of z, the slope in place of the value, the matrix turned."""
        scene, quantity, graph = self.scene, self.quantity, self.scene.graph
        numbers, operation = scene.frame.numbers, graph.nodes[quantity.node].operation
        if operation is not None and operation.elementwise:
            before = replace(quantity, node=graph.nodes[quantity.node].operands[0])
            name = plain(scene.naming.symbol(before))
            yield Slip(1.0, numbers(before), f"That is *{name}*: the activation is left out.", Ref(before))
            yield from self._slope_in_place(quantity.node, before)
        for use in graph.uses[quantity.node]:
            after = graph.nodes[use.consumer]
            if after.operation is not None and after.operation.elementwise:
                later = replace(quantity, node=use.consumer)
                name = plain(scene.naming.symbol(later))
                yield Slip(1.0, numbers(later), f"That is *{name}*: the activation comes one step later.")
        if isinstance(self.expression, Sum):
            turned = substituted_all(self.expression, self._transposed)
            if turned != self.expression:
                told = "Yours is what comes out with the weights of a column in place of those of a row."
                yield Slip(2.0, number_of(turned, numbers), told)

    def _slope_in_place(self, node: int, before: Quantity) -> Iterator[Slip]:
        for term in self.scene.terms.gradient(replace(before, aspect=GRADIENT)):
            if term.consumer == node and isinstance(term.local, Slope):
                name = plain(self.scene.formulas.symbols(term.local))
                value = number_of(term.local, self.scene.frame.numbers)
                yield Slip(1.3, value, f"That is *{name}*, the slope of the activation, not its value.")

    def _transposed(self, part: Expression) -> Expression | None:
        """The weight at the mirrored place of a square matrix."""
        if not isinstance(part, Ref) or not isinstance(part.key, Quantity):
            return None
        key, shape = part.key, self.scene.graph.nodes[part.key.node].shape
        if not self.scene.is_parameter(key) or len(shape) != 2 or shape[0] != shape[1]:
            return None
        return Ref(replace(key, element=key.element[::-1]))

    def _update(self) -> Iterator[Slip]:
        """The gradient, or the step alone, in place of the new value."""
        scene, quantity = self.scene, self.quantity
        sample = 0 if scene.frame.record.samples == 1 else None
        gradient = replace(quantity, aspect=GRADIENT, sample=sample)
        name = plain(scene.naming.inline(gradient))
        value = scene.frame.numbers(gradient)
        yield Slip(
            1.0, value, f"That is the gradient *{name}* itself; the update begins with it.", Ref(gradient)
        )
        if quantity.aspect != UPDATED or not isinstance(self.expression, Sum):
            return
        old = plain(scene.naming.symbol(replace(quantity, aspect=VALUE)))
        for term in self.expression.terms:
            if isinstance(term, Negative):
                step = number_of(term.child, scene.frame.numbers)
                shown = plain(scene.formulas.symbols(term.child))
                told = f"That is the step *{shown}* alone; it is still to be subtracted from *{old}*."
                yield Slip(1.0, step, told, term.child)

    # --- of a part of an expression --------------------------------------------------------------

    def _of(self, expression: Expression) -> Iterator[Slip]:
        """Each part left out, taken twice, turned in its sign, or mistaken for its neighbour."""
        most = MOST_WORK // max(1, len(parts(expression)))
        for cost, part, new, sentence in islice(self._changes(expression), most):
            changed = substituted(expression, part, new)
            yield Slip(cost, number_of(changed, self.scene.frame.numbers), sentence, part)

    def _changes(self, expression: Expression) -> Iterator[tuple[float, Expression, Expression, str]]:
        """For each part: how far-fetched, the part, what stands in its place, and the sentence."""
        paths_added = tuple(path.product for path in self.paths) if len(self.paths) > 1 else ()
        for part in dict.fromkeys(parts(expression)):
            match part:
                case Product(factors):
                    for factor in factors:
                        if factor not in (ONE,):
                            yield 1.0, factor, ONE, LEFT_OUT.format(self._factor(factor))
                            yield 2.0, factor, Product((factor, factor)), self._twice(factor)
                case Sum(terms) if terms != paths_added:
                    yield from self._changes_of_sum(terms)
                case Quotient(top, bottom):
                    told = self._division(bottom)
                    yield 1.2, part, top, told
                case Power(_, Negative(child) as minus):
                    told = LEFT_OUT.format("the minus in the exponent")
                    yield 1.2, minus, child, told
                case Power(base, exponent) if exponent == TWO:
                    yield 1.2, part, base, f"Yours is what comes out when {self.called(base)} is not squared."
                case Apply(function, (argument,)):
                    yield 1.5, part, argument, LEFT_OUT.format(f"the function {function}")
                case Slope() | Ref():
                    yield from self._mistaken(part)

    def _factor(self, factor: Expression) -> str:
        return self.called(factor) if isinstance(factor, Constant) else f"the factor {self.called(factor)}"

    def _twice(self, factor: Expression) -> str:
        return f"Yours is what comes out when {self._factor(factor)} is taken twice."

    def _division(self, bottom: Expression) -> str:
        if self.quantity.aspect == GRADIENT and self.quantity.sample is None:
            return "Yours is what comes out when the samples are added up, not averaged."
        return LEFT_OUT.format(f"the division by {self.called(bottom)}")

    def _changes_of_sum(
        self, terms: tuple[Expression, ...]
    ) -> Iterator[tuple[float, Expression, Expression, str]]:
        for term in terms:
            child = term.child if isinstance(term, Negative) else term
            bias = isinstance(child, Ref)  # the first to be forgotten
            yield 1.05 if bias else 1.1, term, ZERO, LEFT_OUT.format(self._term(child))
            name = plain(self.scene.formulas.symbols(child))
            was, is_now = ("subtracted", "added") if isinstance(term, Negative) else ("added", "subtracted")
            turned = child if isinstance(term, Negative) else Negative(term)
            yield 1.4, term, turned, f"Yours is what comes out when *{name}* is {is_now}, not {was}."

    def _term(self, term: Expression) -> str:
        if isinstance(term, Ref) and isinstance(term.key, Quantity):
            node = self.scene.graph.nodes[term.key.node]
            if node.kind == "target":
                return f"the target {self.called(term)}"
            if self.scene.is_parameter(term.key) and len(node.shape) == 1:
                return f"the bias {self.called(term)}"
            return self.called(term)
        return self.called(term) if isinstance(term, Constant) else f"the term {self.called(term)}"

    # --- a part in place of another one ----------------------------------------------------------

    def _mistaken(self, part: Slope | Ref) -> Iterator[tuple[float, Expression, Expression, str]]:
        for cost, other in self._alternatives(part):
            told = f"Yours is what comes out with {self.called(other)} in place of {self.called(part)}."
            yield cost, part, other, told

    def _alternatives(self, part: Slope | Ref) -> Iterator[tuple[float, Expression]]:
        """What a part is easily taken for, with how far-fetched that is."""
        if isinstance(part, Slope):
            values = [each for each in parts(part.rule) if isinstance(each, Ref)]
            outputs = [value for value in values if value != part.at]
            yield from ((1.5, value) for value in dict.fromkeys(outputs))  # σ(z) in place of σ′(z)
            yield 2.2, part.at
            for output in dict.fromkeys(outputs):
                yield 2.0, substituted(part.rule, output, part.at)  # z(1 − z)
            if isinstance(part.rule, Product):  # a forgotten in a(1 − a)
                yield from ((1.8, factor) for factor in part.rule.factors if factor not in outputs)
            return
        key = part.key
        if not isinstance(key, Quantity) or key.aspect not in (VALUE, GRADIENT):
            return
        graph = self.scene.graph
        node = graph.nodes[key.node]
        if node.kind == "parameter" and key.aspect == VALUE:
            mirrored = self._transposed(part)
            if mirrored is not None and mirrored != part:
                yield 1.9, mirrored
            if self.quantity.aspect in (VALUE, GRADIENT):
                yield 2.1, Ref(replace(key, aspect=UPDATED))
        elif node.operation is not None and node.operation.elementwise:
            yield 1.6, Ref(replace(key, node=node.operands[0]))
        for element in self._siblings(key):
            sibling = replace(key, element=element)
            if sibling != self.quantity:
                yield 2.3, Ref(sibling)

    def _siblings(self, key: Quantity) -> list[tuple[int, ...]]:
        """The other elements of a small layer, or of the row and the column of a weight."""
        shape = self.scene.graph.nodes[key.node].shape
        if not shape or len(shape) > 2:
            return []
        found = []
        for axis, length in enumerate(shape):
            for place in range(min(length, MOST_SIBLINGS)):
                element = (*key.element[:axis], place, *key.element[axis + 1 :])
                if element != key.element:
                    found.append(element)
        if self.scene.is_parameter(key):
            layout, node = self.scene.graph.parameters, self.scene.graph.nodes[key.node]
            return [e for e in found if layout.place(node.parameter, e) in layout.ranks]
        return found

    # --- paths and other numbers -----------------------------------------------------------------

    def _paths(self) -> tuple[Path, ...]:
        quantity = self.quantity
        several = self.scene.frame.record.samples > 1
        if quantity.aspect != GRADIENT or (quantity.sample is None and several):
            return ()
        found = tuple(paths(self.scene.terms, quantity, MOST_PATHS + 1))
        return found if len(found) <= MOST_PATHS else ()

    def _paths_left_out(self) -> Iterator[Slip]:
        """One of several paths is forgotten, or is the only one that was followed."""
        if len(self.paths) < 2:
            return
        values = [number_of(path.product, self.scene.frame.numbers) for path in self.paths]
        for place, path in enumerate(self.paths):
            way = f"the path through *{self._way(place)}*"
            yield Slip(1.2, self.right - values[place], LEFT_OUT.format(way), path.product)
            if len(self.paths) > 2:
                told = f"Yours is what {way} adds; there are {len(self.paths)} paths."
                yield Slip(1.7, values[place], told, path.product)

    def _way(self, place: int) -> str:
        """What tells a path from the others."""
        others = [set(path.through) for number, path in enumerate(self.paths) if number != place]
        through = [key for key in self.paths[place].through if key != self.quantity]
        own = [key for key in through if not any(key in other for other in others)] or through
        naming, last = self.scene.naming, own[-1]
        return plain(naming.neuron(self.scene.graph.nodes[last.node].group, last.element))

    def _other_quantities(self) -> Iterator[Slip]:
        """The right number of something else."""
        plan = self.scene.frame.plan
        if plan.total > MOST_OTHERS:
            return
        for step in range(1, plan.total + 1):
            other = plan.quantity(step)
            if other != self.quantity:
                name = plain(self.scene.naming.inline(other))
                near = 0.0 if other.aspect == self.quantity.aspect else 0.5
                after = " after the update" if other.aspect == UPDATED else ""
                yield Slip(
                    2.5 + near, self.scene.frame.numbers(other), f"That is *{name}*{after}.", Ref(other)
                )
        if self.quantity.aspect == UPDATED:
            old = replace(self.quantity, aspect=VALUE)
            told = f"That is *{self.scene.naming.plain(old)}* as it was before the update."
            yield Slip(0.9, self.scene.frame.numbers(old), told, Ref(old))

    def _factors(self) -> list[Expression]:
        found = parts(self.expression)
        return found + (parts(self.written_out) if self.written_out is not None else [])


def _cost(slip: Slip) -> float:
    return slip.cost


def _is_difference(part: Expression) -> bool:
    """Whether a part is one number minus another, as output and target are."""
    match part:
        case Sum((Ref(), Negative(Ref()))):
            return True
    return False
