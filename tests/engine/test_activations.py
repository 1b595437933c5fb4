"""Activations at their kinks and far out, and the error function numpy lacks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backprop_gui.engine.activations import ROWS, erf
from backprop_gui.engine.expressions import ONE, ZERO, Constant, Slope
from backprop_gui.engine.operations import ACTIVATIONS
from tests.engine.operation_samples import by_torch


def slope_at(name: str, z: float) -> float:
    row = ACTIVATIONS[name]
    place = np.array([[z]])
    (slope,) = row.pullback(np.ones((1, 1)), (place,), row.forward((place,), {}), {})
    assert slope is not None
    return float(slope[0, 0])


def rule_at(name: str, z: float) -> object:
    row = ACTIVATIONS[name]
    place = np.array([z])
    (partial,) = row.partials((0,), (place,), row.forward((place,), {}), {})
    assert isinstance(partial.local, Slope)
    return partial.local.rule


def remark_at(name: str, z: float) -> str:
    row = ACTIVATIONS[name]
    place = np.array([z])
    assert row.remark is not None
    return row.remark((0,), (place,), row.forward((place,), {}), {})


def test_error_function_is_that_of_the_standard_library():
    """To the last bit, in any shape."""
    z = np.linspace(-6, 6, 1201).reshape(1, -1)
    assert erf(z).shape == z.shape
    assert erf(z).dtype == np.float64
    assert erf(z)[0].tolist() == [math.erf(x) for x in z[0]]
    assert erf(np.array(0.5)).shape == ()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("z", [0.0, -0.0, 1e-12, -1e-12, 5.0, -5.0, 1000.0, -1000.0])
def test_conventions_at_kinks_and_ends_are_pytorchs(name, z):
    """At 0 each slope is the one PyTorch takes, and far out nothing overflows."""
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[z]], dtype=torch.float64, requires_grad=True)
    theirs = by_torch(name, [tensor], {})
    theirs.sum().backward()
    mine = ACTIVATIONS[name].forward((np.array([[z]]),), {})
    np.testing.assert_allclose(mine, theirs.detach().numpy(), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(slope_at(name, z), tensor.grad.item(), rtol=1e-9, atol=1e-14)


def test_slopes_at_kinks():
    """ReLU′(0) = 0; leaky ReLU takes its lower slope; ELU is smooth."""
    assert slope_at("relu", 0.0) == 0
    assert slope_at("leaky_relu", 0.0) == 0.01
    assert slope_at("elu", 0.0) == 1


def test_the_rule_is_the_branch_in_force():
    """A slope with branches is told as what it comes to at this place."""
    assert [rule_at("relu", z) for z in (1.5, 0.0, -1.5)] == [ONE, ZERO, ZERO]
    assert [rule_at("leaky_relu", z) for z in (1.5, 0.0)] == [ONE, Constant(0.01)]
    assert rule_at("elu", 1.5) == ONE
    assert rule_at("elu", -1.5) != ONE


def test_remarks_on_kinks_and_flat_places():
    """A place with a convention, or where nothing flows back, is told; others are not."""
    assert "kink" in remark_at("relu", 0.0)
    assert "kink" in remark_at("leaky_relu", 0.0)
    assert "nothing flows back" in remark_at("relu", -2.0)
    for name in ("sigmoid", "tanh"):
        assert "saturated" in remark_at(name, 9.0)
        assert "saturated" in remark_at(name, -9.0)
    for row in ROWS:
        assert remark_at(row.name, 0.7) == ""
