"""Holds every row of the operation table against itself, finite differences and PyTorch."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from backprop_gui.engine.expressions import Operand, Output, evaluate
from backprop_gui.engine.finite_differences import STEP, agrees
from backprop_gui.engine.operation import MOST_OPERANDS, Array
from backprop_gui.engine.operations import OPERATIONS
from tests.engine.operation_samples import SAMPLES, SHAPES, TORCH, Sample, by_torch

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def close(one: Array | float, other: Array | float) -> None:
    """Equal to 1e-9 relative plus 1e-14."""
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-14)


class Case:
    """An operation carried out on a sample's numbers, with an upstream gradient for its output."""

    def __init__(self, sample: Sample) -> None:
        self.row = OPERATIONS[sample.operation]
        self.sample = sample
        self.attributes = sample.attributes
        self.operands = sample.operands()
        self.output = self.row.forward(self.operands, self.attributes)
        self.upstream = np.random.default_rng(5).uniform(-1, 1, self.output.shape)
        self.elements = list(np.ndindex(sample.output()))

    def pullback(self) -> tuple[Array | None, ...]:
        return self.row.pullback(self.upstream, self.operands, self.output, self.attributes)

    def one(self, place: int) -> tuple[tuple[Array, ...], Array]:
        """Operands and output of one sample of the batch."""
        alone = (a if slot in self.row.parameters else a[place] for slot, a in enumerate(self.operands))
        return tuple(alone), np.asarray(self.output[place])

    def lookup(self, place: int):
        """What gives the references of an expression their numbers."""
        operands, output = self.one(place)

        def number(key: object) -> float:
            if isinstance(key, Output):
                return float(output[key.element])
            assert isinstance(key, Operand)
            return float(operands[key.slot][key.element])

        return number


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_tested(name):
    """A row that no test below sees could be wrong."""
    assert SHAPES.get(name), f"give {name} its sample shapes in operation_samples.py"
    assert name in TORCH, f"name PyTorch's function for {name} in operation_samples.py"
    assert OPERATIONS[name].name == name


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_derivative_has_a_sentence(name):
    """What the panel says about a rule stands in its row."""
    row = OPERATIONS[name]
    slots = {slot for shapes, _ in SHAPES[name] for slot in range(len(shapes))} - ({1} if row.loss else set())
    any_number = set(range(MOST_OPERANDS))
    assert set(row.why) == (any_number if slots < any_number == set(row.why) else slots)
    assert all(sentence.endswith(".") for sentence in (*row.why.values(), row.why_value))
    assert row.name_in_words


@every_sample
def test_shape_is_that_of_the_value(sample):
    """The graph is built from shapes before there are numbers."""
    case = Case(sample)
    assert case.output.shape == (sample.batch, *sample.output())
    assert case.output.dtype == np.float64


@every_sample
def test_formula_comes_to_the_value(sample):
    """The formula on screen is the calculation that was done."""
    case = Case(sample)
    for place in range(sample.batch):
        operands, output = case.one(place)
        for element in case.elements:
            formula = case.row.formula(element, operands, output, case.attributes)
            close(evaluate(formula, case.lookup(place)), float(output[element]))


@every_sample
def test_pullback_is_the_sum_of_upstream_times_partial(sample):
    """The trainer and the explanation tell the same derivative."""
    case = Case(sample)
    expected = [np.zeros_like(operand) for operand in case.operands]
    for place in range(sample.batch):
        operands, output = case.one(place)
        for element in case.elements:
            for partial in case.row.partials(element, operands, output, case.attributes):
                where = partial.element if partial.slot in case.row.parameters else (place, *partial.element)
                slope = evaluate(partial.local, case.lookup(place))
                expected[partial.slot][where] += case.upstream[(place, *element)] * slope
    for given, wanted in zip(case.pullback(), expected, strict=True):
        if given is None:
            assert not wanted.any()
        else:
            assert given.shape == wanted.shape
            close(given, wanted)


@every_sample
def test_uses_are_the_transpose_of_partials(sample):
    """Every term of a gradient is found from the operand's side too, once and in order."""
    case = Case(sample)
    operands, output = case.one(0)
    forwards = Counter(
        (element, partial.slot, partial.element)
        for element in case.elements
        for partial in case.row.partials(element, operands, output, case.attributes)
    )
    backwards = Counter(
        (use, slot, element)
        for slot, shape in enumerate(sample.shapes)
        for element in np.ndindex(shape)
        for use in case.row.uses(slot, element, sample.shapes, case.attributes)
    )
    assert forwards == backwards
    assert max(forwards.values()) == 1


@every_sample
def test_pullback_agrees_with_finite_differences(sample):
    """An answer that knows no calculus confirms the derivative."""
    case = Case(sample)
    loss = float((case.output * case.upstream).sum())
    for slot, gradient in enumerate(case.pullback()):
        if gradient is None:
            continue
        for element in np.ndindex(gradient.shape):
            if "mask" in case.attributes and slot == 1 and not case.attributes["mask"][element]:
                assert gradient[element] == 0.0
                continue
            numeric = nudged(case, slot, element)
            assert agrees(numeric, float(gradient[element]), loss)


def nudged(case: Case, slot: int, element: tuple[int, ...]) -> float:
    """The central difference by one element of one operand."""
    results = []
    for direction in (1, -1):
        operands = [operand.copy() for operand in case.operands]
        operands[slot][element] += direction * STEP
        results.append(float((case.row.forward(tuple(operands), case.attributes) * case.upstream).sum()))
    return (results[0] - results[1]) / (2 * STEP)


@every_sample
def test_value_and_pullback_are_pytorchs(sample):
    """An independent implementation gives the same numbers."""
    torch = pytest.importorskip("torch")
    case = Case(sample)
    tensors = [torch.tensor(operand, dtype=torch.float64, requires_grad=True) for operand in case.operands]
    result = by_torch(sample.operation, tensors, case.attributes)
    close(case.output, result.detach().numpy())
    result.backward(torch.tensor(case.upstream))
    for slot, gradient in enumerate(case.pullback()):
        if gradient is None:
            continue
        theirs = tensors[slot].grad.numpy()
        close(gradient, np.where(case.attributes.get("mask", True), theirs, 0.0) if slot == 1 else theirs)


@every_sample
def test_nothing_is_written_to(sample):
    """A pass that changes its operands could not be run twice."""
    case = Case(sample)
    before = [array.copy() for array in (*case.operands, case.output, case.upstream)]
    first, second = case.pullback(), case.pullback()
    case.row.forward(case.operands, case.attributes)
    for kept, array in zip(before, (*case.operands, case.output, case.upstream), strict=True):
        assert np.array_equal(kept, array)
    for one, other in zip(first, second, strict=True):
        assert one is other is None or np.array_equal(one, other)


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.elementwise])
@pytest.mark.parametrize("size", [0.0, 1e-300, 30.0, 709.0, 800.0, 1e10, 1e300])
def test_elementwise_operations_bear_any_number(name, size):
    """A saturated neuron is no overflow: value, formula and slope stay sound, without a warning."""
    row = OPERATIONS[name]
    z = np.array([[size, -size]])
    a = row.forward((z,), {})
    (slope,) = row.pullback(np.ones_like(a), (z,), a, {})
    assert np.isfinite(a).all()
    assert slope is not None
    assert np.isfinite(slope).all()
    for element in ((0,), (1,)):
        lookup = {Operand(0, element): float(z[0][element]), Output(element): float(a[0][element])}
        formula = row.formula(element, (z[0],), a[0], {})
        close(evaluate(formula, lookup.__getitem__), float(a[0][element]))
        (partial,) = row.partials(element, (z[0],), a[0], {})
        close(evaluate(partial.local, lookup.__getitem__), float(slope[0][element]))


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.loss])
def test_losses_refuse_targets_of_another_shape(name):
    """A target for each output, no silent broadcasting."""
    with pytest.raises(ValueError, match=r"targets"):
        OPERATIONS[name].shape(((3,), (1,)), {})


@pytest.mark.parametrize("shapes", [((3,), (2, 2)), ((3,), (2, 3), (3,))])
def test_affine_refuses_what_does_not_fit(shapes):
    """Weights have a column per sender, biases a number per neuron."""
    with pytest.raises(ValueError, match=r"columns|biases"):
        OPERATIONS["affine"].shape(shapes, {})
