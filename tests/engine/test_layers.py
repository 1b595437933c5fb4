"""Sums and products, rows of nodes, convolution, pooling and softmax: what is special about each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_gui.engine.expressions import Expression, Operand, Output, evaluate
from backprop_gui.engine.operation import MOST_OPERANDS
from backprop_gui.engine.operations import OPERATIONS
from backprop_gui.engine.windows import Windows


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 5), st.integers(0, 3))
def test_windows_know_what_they_hold(length, size, stride, padding):
    """By window and by place the same pairs are told, and gathering is the transpose of cutting."""
    if size > length + 2 * padding:
        with pytest.raises(ValueError, match="does not fit"):
            Windows(length, size, stride, padding)
        return
    windows = Windows(length, size, stride, padding)
    x = np.arange(1.0, length + 1)
    cut = windows.of(x)
    assert cut.shape == (windows.count, size)
    pairs = [(window, place) for window in range(windows.count) for _, place in windows.places(window)]
    assert sorted((w, p) for p in range(length) for w in windows.holding(p)) == pairs
    told = np.zeros_like(cut)
    for window in range(windows.count):
        for inside, place in windows.places(window):
            told[window, inside] = x[place]
    assert np.array_equal(cut, told)
    shares = np.random.default_rng(0).uniform(-1, 1, cut.shape)
    assert windows.gather(shares) @ x == pytest.approx((shares * cut).sum(), abs=1e-12)


@pytest.mark.parametrize(
    ("operation", "shapes", "attributes", "sentence"),
    [
        ("add", ((2,),), {}, "add takes 2 to 64 nodes, not 1"),
        ("add", ((2,), (3,)), {}, "add takes nodes of one size, not one of 2 and one of 3"),
        ("multiply", ((2,), (2, 6)), {}, "not one of 2 and one of 2 × 6"),
        ("multiply", ((2,),) * (MOST_OPERANDS + 1), {}, "not 65"),
        ("concatenate", (), {}, "concatenate takes 1 to 64 nodes, not 0"),
        ("conv1d", ((2, 6), (3,)), {}, "out_channels × channels × taps"),
        ("conv1d", ((2, 6), (1, 3, 3)), {}, "made for 3 channels, the input has 2"),
        ("conv1d", ((6,), (2, 2, 3)), {}, "made for 2 channels, the input has 1"),
        ("conv1d", ((6,), (3,), (2,)), {}, "there are 2 biases for 1 output channels"),
        ("conv1d", ((2,), (3,)), {}, "a window of 3 does not fit into 2 values"),
        ("conv1d", ((2,), (7,)), {"padding": 1}, "does not fit into 2 values padded by 1"),
        ("conv1d", ((6,), (3,)), {"stride": 0}, "the stride is 0; a whole number from 1 on would be right"),
        ("conv1d", ((6,), (3,)), {"padding": -1}, "the padding is -1"),
        ("conv1d", ((1, 2, 6), (3,)), {}, "a row of values, or channels"),
        ("average_pool", ((6,),), {"size": 0}, "the size is 0"),
        ("average_pool", ((1, 2, 6),), {"size": 2}, "a row of values, or channels"),
        ("max_pool", ((3,),), {"size": 4}, "a window of 4 does not fit into 3 values"),
        ("softmax", ((),), {}, "a row of values"),
        ("softmax_cross_entropy", ((2, 3), (2, 3)), {}, "one row of values"),
        ("softmax_cross_entropy", ((3,), (2,)), {}, "targets"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(operation, shapes, attributes, sentence):
    """The document's faults are told with these words."""
    with pytest.raises(ValueError, match=sentence):
        OPERATIONS[operation].shape(shapes, attributes)


def test_the_product_with_itself_has_two_slopes():
    """a·a: each use is the other factor, also where a is 0."""
    row = OPERATIONS["multiply"]
    a = np.array([[0.0, -1.5]])
    first, second = row.pullback(np.ones((1, 2)), (a, a), a * a, {})
    assert np.array_equal(first, a)
    assert np.array_equal(second, a)
    partials = list(row.partials((1,), (a[0], a[0]), a[0] ** 2, {}))
    assert [(partial.slot, partial.element) for partial in partials] == [(0, (1,)), (1, (1,))]


def test_one_node_with_channels_becomes_a_row():
    """Channels one after the other, as a dense layer needs them."""
    channels = np.arange(6.0).reshape(1, 2, 3)
    row = OPERATIONS["concatenate"]
    assert row.shape(((2, 3),), {}) == (6,)
    assert row.forward((channels,), {}).tolist() == [[0, 1, 2, 3, 4, 5]]


def test_convolution_is_a_correlation():
    """The kernel is not turned round: cᵢ = Σ θₖ x_{i+k} with zeros beyond the ends."""
    x, kernel = np.array([[1.0, 2.0, 4.0]]), np.array([10.0, 100.0, 1000.0])
    result = OPERATIONS["conv1d"].forward((x, kernel), {"padding": 1})
    assert result.tolist() == [[100 + 2000, 10 + 200 + 4000, 20 + 400]]


def test_the_edge_of_a_convolution_is_told():
    """There the formula has fewer terms than the kernel has taps."""
    row = OPERATIONS["conv1d"]
    x, kernel = np.ones(4), np.ones(3)
    assert row.remark is not None
    told = [row.remark((i,), (x, kernel), np.ones(4), {"padding": 1}) for i in range(4)]
    assert [bool(sentence) for sentence in told] == [True, False, False, True]
    assert "zeros" in told[0]


def test_the_first_of_equal_values_is_the_largest():
    """Ties go as in PyTorch, in the pullback, in the partials and in words."""
    torch = pytest.importorskip("torch")
    row, attributes = OPERATIONS["max_pool"], {"size": 3, "stride": 2}
    x = np.array([[1.0, 2.0, 2.0, 2.0, 0.0]])
    output = row.forward((x,), attributes)
    (mine,) = row.pullback(np.array([[1.0, 10.0]]), (x,), output, attributes)
    tensor = torch.tensor(x, requires_grad=True)
    torch.nn.functional.max_pool1d(tensor, 3, 2).backward(torch.tensor([[1.0, 10.0]], dtype=torch.float64))
    assert mine is not None
    assert mine.tolist() == tensor.grad.tolist() == [[0, 1, 10, 0, 0]]
    slopes = [evaluate(p.local, float) for p in row.partials((1,), (x[0],), output[0], attributes)]
    assert slopes == [1, 0, 0]
    assert row.remark is not None
    assert row.remark((1,), (x[0],), output[0], attributes).startswith("2 values are equally large")
    assert row.remark((0,), (np.array([1.0, 2.0, 0.0]),), np.array([2.0]), attributes) == ""


LOGITS = [[1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1000.0], [0.0, 1000.0, 1000.0]]


@pytest.mark.parametrize("logits", LOGITS)
@pytest.mark.parametrize("targets", [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5], [1.0, 1.0, 0.0]])
def test_softmax_and_its_loss_bear_large_logits(logits, targets):
    """Arrays and expressions agree with PyTorch where e^z overflows."""
    torch = pytest.importorskip("torch")
    z, y = np.array([logits]), np.array([targets])
    tensor = torch.tensor(z, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(tensor, torch.tensor(y), reduction="none")
    theirs.sum().backward()
    row, softmax = OPERATIONS["softmax_cross_entropy"], OPERATIONS["softmax"]
    loss, shares = row.forward((z, y), {}), softmax.forward((z,), {})
    (slopes, _) = row.pullback(np.ones(1), (z, y), loss, {})
    assert slopes is not None
    np.testing.assert_allclose(loss, theirs.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(slopes, tensor.grad.numpy(), rtol=1e-12, atol=1e-300)

    def number(expression: Expression) -> float:
        def lookup(key: object) -> float:
            assert isinstance(key, Operand)
            return float((z, y)[key.slot][0][key.element])

        return evaluate(expression, lookup)

    assert number(row.formula((), (z[0], y[0]), loss[0], {})) == pytest.approx(loss[0], rel=1e-12)
    told = [number(partial.local) for partial in row.partials((), (z[0], y[0]), loss[0], {})]
    np.testing.assert_allclose(told, slopes[0], rtol=1e-12, atol=1e-300)
    told = [number(softmax.formula((i,), (z[0],), shares[0], {})) for i in range(3)]
    np.testing.assert_allclose(told, shares[0], rtol=1e-12)


def test_the_jacobian_of_softmax():
    """∂sᵢ/∂zⱼ = sᵢ(1[i = j] − sⱼ), and what one class gains the others lose."""
    z = np.array([0.3, -1.2, 0.8])
    row = OPERATIONS["softmax"]
    s = row.forward((z[None],), {})[0]

    def lookup(key: object) -> float:
        assert isinstance(key, Output)
        return float(s[key.element])

    told = np.array([[evaluate(p.local, lookup) for p in row.partials((i,), (z,), s, {})] for i in range(3)])
    np.testing.assert_allclose(told, s[:, None] * (np.eye(3) - s), rtol=1e-14)
    np.testing.assert_allclose(told.sum(axis=0), 0, atol=1e-15)


def test_a_sure_softmax_is_told():
    """Where it is flat nothing flows back, which puzzles without a word."""
    row = OPERATIONS["softmax"]
    assert row.remark is not None
    for logits, flat in (([0.1, 0.2], False), ([20.0, 0.0], True)):
        z = np.array(logits)
        s = row.forward((z[None],), {})[0]
        assert bool(row.remark((0,), (z,), s, {})) == flat
