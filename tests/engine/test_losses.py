"""Losses at their kinks, at the ends of probabilities, and far out."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_gui.engine.expressions import Expression, Operand, evaluate
from backprop_gui.engine.operation import Array
from backprop_gui.engine.operations import LOSSES
from tests.engine.operation_samples import by_torch


def of(name: str, a: list[float], y: list[float], **attributes: float) -> tuple[float, Array]:
    """The loss of one sample and its slopes, held against the expressions."""
    row = LOSSES[name]
    operands = (np.array(a), np.array(y))
    batch = (operands[0][None], operands[1][None])
    with np.errstate(divide="ignore"):
        value = row.forward(batch, attributes)
        slopes, none = row.pullback(np.ones(1), batch, value, attributes)
    assert none is None
    assert slopes is not None

    def number(expression: Expression) -> float:
        def lookup(key: object) -> float:
            assert isinstance(key, Operand)
            return float(operands[key.slot][key.element])

        return evaluate(expression, lookup)

    locals_ = [partial.local for partial in row.partials((), operands, value[0], attributes)]
    shown = [number(local) for local in locals_]
    np.testing.assert_allclose(number(row.formula((), operands, value[0], attributes)), value[0], rtol=1e-12)
    np.testing.assert_allclose(shown, slopes[0], rtol=1e-12, atol=1e-300)
    return float(value[0]), slopes[0]


def remark_on(name: str, a: list[float], y: list[float], **attributes: float) -> str:
    row = LOSSES[name]
    assert row.remark is not None
    return row.remark((), (np.array(a), np.array(y)), np.zeros(()), attributes)


def agrees_with_pytorch(name: str, a: list[float], y: list[float], **attributes: float) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([a], dtype=torch.float64, requires_grad=True)
    theirs = by_torch(name, [tensor, torch.tensor([y], dtype=torch.float64)], attributes)
    theirs.sum().backward()
    value, slopes = of(name, a, y, **attributes)
    np.testing.assert_allclose(value, theirs.item(), rtol=1e-12)
    np.testing.assert_allclose(slopes, tensor.grad.numpy()[0], rtol=1e-12, atol=1e-300)


def test_absolute_error_at_its_kink():
    """|x|′(0) = 0, and it is said so, for the output it is."""
    value, slopes = of("absolute_error", [0.5, 2.0, -1.0], [0.5, 1.0, 1.0])
    assert value == 3
    assert slopes.tolist() == [0, 1, -1]
    remark = remark_on("absolute_error", [2.0, 0.5], [1.0, 0.5])
    assert remark.startswith("Output 2: the output meets its target")
    assert remark_on("absolute_error", [2.0], [1.0]) == ""
    agrees_with_pytorch("absolute_error", [0.5, 2.0], [0.5, 1.0])


@pytest.mark.parametrize("delta", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("distance", [0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 100.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_huber_on_both_branches_and_where_they_meet(delta, distance, sign):
    """PyTorch's definition: the square up to δ, δ(|x| − ½δ) beyond, one slope at ±δ."""
    agrees_with_pytorch("huber", [sign * distance], [0.0], delta=delta)
    assert bool(remark_on("huber", [sign * distance], [0.0], delta=delta)) == (distance >= delta)


def test_huber_turns_linear_at_1_unless_told():
    """PyTorch's default."""
    assert of("huber", [3.0], [0.0])[0] == 2.5
    assert of("huber", [3.0], [0.0], delta=2.0)[0] == 4.0


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan"), float("inf")])
def test_huber_refuses_a_senseless_delta(delta):
    """One sentence, before anything is computed."""
    with pytest.raises(ValueError, match=r"delta is .*; a finite number above 0 would be right"):
        LOSSES["huber"].shape(((1,), (1,)), {"delta": delta})


def test_mean_squared_error_averages_over_the_outputs():
    """Value and slopes are those of the squared error, over the number of outputs."""
    a, y = [0.5, 2.0, -1.0, 0.1], [0.0, 1.0, 1.0, 0.7]
    whole, slopes = of("squared_error", a, y)
    mean, shares = of("mean_squared_error", a, y)
    assert mean == pytest.approx(whole / 4, rel=1e-15)
    np.testing.assert_allclose(shares, slopes / 4, rtol=1e-15)


@pytest.mark.parametrize("a", [0.0, 1e-50, 1e-30, 1e-10, 0.5, 1 - 1e-10, 1.0])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_binary_cross_entropy_at_the_ends(a, y):
    """PyTorch's value with the logarithm held at −100; the slope is the derivative of that value."""
    torch = pytest.importorskip("torch")
    value, slopes = of("binary_cross_entropy", [a], [y])
    tensor = torch.tensor([[a]], dtype=torch.float64, requires_grad=True)
    theirs = by_torch("binary_cross_entropy", [tensor, torch.tensor([[y]], dtype=torch.float64)], {})
    assert value == pytest.approx(theirs.item(), rel=1e-12)
    assert np.isfinite(slopes).all()
    held = a < np.exp(-100) or a == 1
    assert bool(remark_on("binary_cross_entropy", [a], [y])) == held
    if a * (1 - a) > 1e-12:  # below, PyTorch bounds the slope and keeps the value
        theirs.sum().backward()
        assert slopes[0] == pytest.approx(tensor.grad.item(), rel=1e-12)
    elif not held:
        assert slopes[0] == pytest.approx((a - y) / (a * (1 - a)), rel=1e-12)


def test_binary_cross_entropy_is_flat_where_the_logarithm_is_held():
    """Only the part that is held has no slope."""
    for a, y, expected in ((0.0, 1.0, (100, 0)), (1.0, 0.0, (100, 0)), (0.0, 0.0, (0, 1))):
        value, slopes = of("binary_cross_entropy", [a], [y])
        assert (value, *slopes) == expected


def test_a_probability_outside_0_to_1_is_told():
    """Its logarithm does not exist."""
    assert "outside 0 to 1" in remark_on("binary_cross_entropy", [1.5], [1.0])


@pytest.mark.parametrize("z", [-1000.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1000.0])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_logits_may_be_as_large_as_they_like(z, y):
    """Binary cross-entropy on logits neither overflows nor loses its slope."""
    agrees_with_pytorch("binary_cross_entropy_with_logits", [z, -z], [y, y])


def test_binary_cross_entropy_in_one_step_or_two():
    """σ and then the loss on probabilities is the loss on logits."""
    z, y = np.array([-3.0, 0.2, 4.0]), [1.0, 0.0, 1.0]
    a = 1 / (1 + np.exp(-z))
    value, slopes = of("binary_cross_entropy", a.tolist(), y)
    fused, by_logits = of("binary_cross_entropy_with_logits", z.tolist(), y)
    assert value == pytest.approx(fused, rel=1e-12)
    np.testing.assert_allclose(slopes * a * (1 - a), by_logits, rtol=1e-12)


def test_cross_entropy_looks_at_the_true_class_only():
    """A probability of 0 for another class is no trouble; for the true class it is infinite, and told."""
    assert of("cross_entropy", [0.0, 0.5, 0.5], [0.0, 1.0, 0.0])[1].tolist() == [0, -2, 0]
    assert of("cross_entropy", [1.0, 0.0], [0.0, 1.0])[0] == np.inf
    assert "counts as 0" in remark_on("cross_entropy", [0.0, 1.0], [0.0, 1.0])
    assert "softmax_cross_entropy avoids this" in remark_on("cross_entropy", [1.0, 0.0], [0.0, 1.0])
    assert remark_on("cross_entropy", [0.4, 0.6], [0.0, 1.0]) == ""


def test_every_loss_tells_its_term_in_general():
    """The status bar says what one output adds."""
    for row in LOSSES.values():
        assert row.each_output is not None
