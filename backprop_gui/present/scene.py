"""Everything a moment's pictures are made from: experiment, frame, names, digits, and what is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

import numpy as np
from msgspec import Struct, field

from backprop_gui.engine.expressions import Expression, Slope
from backprop_gui.engine.finite_differences import agrees
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.stepper import Record
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.document import Experiment
from backprop_gui.present.formulas import Formulas
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import UNKNOWN, NumberFormat
from backprop_gui.present.verdicts import Verdicts
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.quantities import GRADIENT, UPDATED, Quantity
from backprop_gui.steps.terms import Terms


def are_first_rows(record: Record) -> bool:
    """Whether a batch's samples are the first rows of the data in order."""
    return bool((record.rows == np.arange(len(record.rows))).all())


def sample_name(record: Record, sample: int, form: NumberFormat) -> str:
    """How a sample of a batch is called: `sample 3`, or `data row 107` where it is not the third row."""
    kind = "sample" if are_first_rows(record) else "data row"
    return f"{kind} {form.count(int(record.rows[sample]) + 1)}"


class Scene(Struct, frozen=True, eq=False, dict=True):
    """One moment with everything needed to show it.

    `focus` is the parameter or neuron that was clicked (its own name), `asked` the very number of it
    where one was clicked, `rule` the slope whose rule is opened. `numeric` holds the numeric
    derivative of each parameter's place, once the gradients of this iteration are checked; `kinks`
    the places where they mean little, because the loss bends there. `lit` are numbers that are shown on
    the canvas instead of the step's own, `marked` the part of a formula that is lit instead.
    """

    experiment: Experiment
    model: Model
    frame: Frame
    naming: Naming
    format: NumberFormat = field(default_factory=NumberFormat)
    focus: str = ""
    asked: Quantity | None = None
    unfolded: bool = False
    asking: bool = False
    rule: Slope | None = None
    numeric: Mapping[int, float] = field(default_factory=dict)
    kinks: Collection[int] = frozenset()
    lit: frozenset[Quantity] = frozenset()
    marked: Expression | None = None

    @property
    def graph(self) -> Graph:
        return self.frame.graph

    @cached_property
    def terms(self) -> Terms:
        return Terms(self.graph, self.frame.record, self.model.optimizer)

    @cached_property
    def formulas(self) -> Formulas:
        return Formulas(self.naming, self.frame.numbers, self.format)

    @cached_property
    def loss(self) -> float:
        """The batch's loss before the update."""
        return self.frame.record.together(self.frame.record.values[self.graph.loss])

    @cached_property
    def loss_after(self) -> float:
        """The loss of the same samples with the new parameters."""
        record = self.frame.record
        leaves = {index: data[record.rows] for index, data in self.model.leaves.items()}
        return record.together(self.model.stepper().losses(record.after.parameters, leaves))

    def data_row(self, sample: int) -> str:
        """The data row of a sample, from 1; empty where the batch's samples are the first rows in order."""
        record = self.frame.record
        return "" if are_first_rows(record) else self.count(int(record.rows[sample]) + 1)

    def sample_name(self, sample: int) -> str:
        """How a sample is called: `sample 3`, or `data row 107` where the batch is not the first rows."""
        return sample_name(self.frame.record, sample, self.format)

    def text(self, quantity: Quantity) -> str:
        """The quantity's number as shown, – while it is not uncovered."""
        value = self.frame.number(quantity)
        return UNKNOWN if value is None else self.format.text(value)

    def full(self, quantity: Quantity) -> str:
        """All digits of the quantity, empty while it is not uncovered."""
        value = self.frame.number(quantity)
        return "" if value is None else self.format.full(value)

    @property
    def batch_word(self) -> str:
        """How the numbers of the samples make one of the batch: `mean`, or `sum`."""
        return "sum" if self.frame.record.summed else "mean"

    def count(self, number: int) -> str:
        """A whole number as it is shown, its thousands apart."""
        return self.format.count(number)

    def parameter(self, place: int, aspect: str, sample: int | None = None) -> Quantity:
        """A parameter's quantity by its place in the flat vector."""
        array, element = self.graph.parameters.locate(place)
        return Quantity(self.graph.parameter_nodes[array], element, aspect, sample)

    def gradient_of(self, place: int) -> Quantity:
        """The gradient of a parameter that belongs to this moment: the sample's, or the mean."""
        return self.parameter(place, GRADIENT, 0 if self.frame.record.samples == 1 else self.frame.sample)

    def updated_of(self, place: int) -> Quantity:
        return self.parameter(place, UPDATED)

    def place(self, quantity: Quantity) -> int:
        """The place in the flat vector of a parameter's quantity."""
        return self.frame.plan.place(quantity)

    def is_parameter(self, quantity: Quantity) -> bool:
        return self.graph.nodes[quantity.node].kind == "parameter"

    def is_replaced(self, quantity: Quantity) -> bool:
        """Whether the number takes the place of an older one of the same name: an update's outcome."""
        kept = self.model.optimizer.state
        return self.is_parameter(quantity) and quantity.aspect in (UPDATED, *kept)

    def neuron(self, quantity: Quantity) -> str:
        """The own name of the neuron a quantity belongs to: h1[2]; for the loss, `loss`."""
        node = self.graph.nodes[quantity.node]
        return neuron_identity(node.group, quantity.element)

    @cached_property
    def verdicts(self) -> Verdicts:
        """What finite differences say of all gradients of this iteration."""
        return Verdicts(self.numeric, self.kinks, self.frame.record.parameter_gradient, self.loss)

    def is_checked(self, place: int) -> bool:
        """Whether finite differences confirm the gradient at a place, in this iteration."""
        numeric = self.numeric.get(place)
        if numeric is None:
            return False
        return agrees(numeric, float(self.frame.record.parameter_gradient[place]), self.loss)

    def name_of(self, quantity: Quantity) -> str:
        """The quantity as the document writes it: out.a[1], w5, d(w5), loss."""
        node = self.graph.nodes[quantity.node]
        if self.is_parameter(quantity):
            inner = self.graph.parameters.name_at(self.place(quantity))
        elif quantity.node == self.graph.loss:
            inner = "loss"
        else:
            inner = neuron_identity(node.name, quantity.element)
        return f"d({inner})" if quantity.aspect == GRADIENT else inner

    def expression(self, quantity: Quantity) -> Expression:
        return self.terms.expression(quantity)
