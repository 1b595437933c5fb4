"""One iteration, whole: batches, the mean gradient, the update, what is frozen, and where numbers end."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backprop_gui.engine.batches import Batches
from backprop_gui.engine.operations import ACTIVATIONS, LOSSES
from backprop_gui.engine.stepper import State
from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import Dense
from tests.engine.operation_samples import TORCH
from tests.networks import experiment, layers, preset


@given(st.integers(1, 12), st.integers(1, 12), st.booleans(), st.integers(0, 99))
def test_an_epoch_looks_at_every_row_once(rows, size, shuffle, seed):
    """Nothing is left out at the end of an epoch, nothing is carried into the next."""
    batches = Batches(rows, min(size, rows), shuffle, seed)
    for epoch in range(3):
        first = epoch * batches.per_epoch
        seen = [batches.rows_of(first + i) for i in range(batches.per_epoch)]
        assert sorted(np.concatenate(seen).tolist()) == list(range(rows))
        assert all(batches.epoch_of(first + i) == epoch for i in range(batches.per_epoch))
        assert [len(part) for part in seen] == [batches.size_of(first + i) for i in range(len(seen))]
        if not shuffle:
            assert np.concatenate(seen).tolist() == list(range(rows))


def test_the_order_follows_from_seed_and_epoch_alone():
    """Asked out of turn, and by another object, an epoch has the same order; others have another."""
    one, other = Batches(50, 7, True, 3), Batches(50, 7, True, 3)
    later = [one.rows_of(i) for i in (800, 3, 0, 41)]
    again = [other.rows_of(i) for i in (0, 3, 41, 800)]
    assert [a.tolist() for a in later] == [again[i].tolist() for i in (3, 1, 0, 2)]
    whole = [np.concatenate([Batches(50, 50, True, s).rows_of(e)]) for s in (3, 4) for e in (0, 1)]
    assert len({tuple(order) for order in whole}) == 4


def test_the_gradient_is_the_mean_over_the_batch():
    """Three samples at once are as the average of three batches of one."""
    document = layers([2, 3, 1], rows=3, batch_size=3)
    model, single = build(document), build(layers([2, 3, 1], rows=3, batch_size=1))
    whole = model.stepper().record(model.stepper().start(model.initial))
    state = single.stepper().start(single.initial)
    parts = [single.stepper().record(State(i, state.parameters)).parameter_gradient for i in range(3)]
    np.testing.assert_allclose(whole.parameter_gradient, np.mean(parts, axis=0), rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(
        whole.after.parameters, model.initial - 0.1 * whole.parameter_gradient, rtol=1e-15
    )
    assert model.stepper().loss_of(whole) == pytest.approx(float(np.mean(whole.values[model.graph.loss])))


def test_a_sum_over_the_batch_is_as_many_times_the_mean():
    """Loss, gradient and the length of a plain update; the samples' own numbers stay."""
    document = layers([2, 3, 1], rows=3, batch_size=3)
    summing = msgspec.structs.replace(
        document, training=msgspec.structs.replace(document.training, reduction="sum")
    )
    records = []
    for each in (document, summing):
        model = build(each)
        stepper = model.stepper()
        records.append((stepper.record(stepper.start(model.initial)), stepper))
    (mean, averaging), (total, adding) = records
    np.testing.assert_allclose(total.parameter_gradient, 3 * mean.parameter_gradient, rtol=1e-15)
    assert adding.loss_of(total) == pytest.approx(3 * averaging.loss_of(mean), rel=1e-15)
    assert adding.loss_of(total) == total.together(total.values[adding.graph.loss])
    moved, before = (record.after.parameters - record.before.parameters for record in (total, mean))
    np.testing.assert_allclose(moved, 3 * before, rtol=1e-12, atol=1e-16)
    for one, other in zip(mean.values, total.values, strict=True):
        np.testing.assert_array_equal(one, other)


def test_frozen_parameters_stay():
    """What is frozen keeps its value to the bit while the others move."""
    model = build(layers([2, 2, 1], frozen=["w1", "b*"]))
    record = model.stepper().record(model.stepper().start(model.initial))
    moved = record.after.parameters != model.initial
    names = model.graph.parameters.names
    assert [name for name, has in zip(names, moved, strict=True) if not has] == ["w1", "b1", "b2", "b3"]


def test_missing_connections_stay_away():
    """A connection that is not there gets no weight by training."""
    model = build(experiment([Dense("out", "x", 2, [[0.5, None], [None, 0.2]], "tanh")], {"x": 2}))
    stepper = model.stepper()
    state = stepper.start(model.initial)
    for _ in range(5):
        state = stepper.record(state).after
    assert state.parameters.reshape(2, 2)[[0, 1], [1, 0]].tolist() == [0, 0]


def test_a_record_does_not_write_to_what_it_was_given():
    """State and data are shared between iterations: they are read only in practice."""
    model = build(layers([2, 2, 1], rows=4, batch_size=2, shuffle=True))
    state = model.stepper().start(model.initial)
    data = {index: array.copy() for index, array in model.leaves.items()}
    kept = state.parameters.copy()
    first, second = (model.stepper().record(state) for _ in range(2))
    assert np.array_equal(first.after.parameters, second.after.parameters)
    assert np.array_equal(kept, state.parameters)
    assert all(np.array_equal(data[index], array) for index, array in model.leaves.items())


@pytest.mark.parametrize(
    ("parameters", "finite"),
    [
        ([1.0, 2.0], True),
        ([1e308, 1e308], True),
        ([1e308, 1e308, -1e308, -1e308], True),
        ([1.0, np.inf], False),
        ([np.inf, -np.inf], False),
        ([np.nan, 1.0], False),
    ],
)
def test_what_is_finite(parameters, finite):
    """Large numbers that overflow only when added up are no divergence; one that is not finite is."""
    model = build(layers([1, 1]))
    record = model.stepper().record(model.stepper().start(model.initial))
    changed = type(record)(
        record.before,
        State(1, np.array(parameters)),
        record.rows,
        record.values,
        record.gradients,
        record.parameter_gradient,
        record.lines,
    )
    assert model.stepper().is_finite(changed) is finite


def test_the_first_updates_of_the_worked_example():
    """The numbers in the texts: prediction, loss, the gradient of w5, and the loss after one update."""
    model = build(preset("worked-example"))
    stepper = model.stepper()
    record = stepper.record(stepper.start(model.initial))
    layout, graph = model.graph.parameters, model.graph
    assert float(record.values[graph.by_name["out.a"]][0, 0]) == pytest.approx(0.85049311458, abs=5e-12)
    assert stepper.loss_of(record) == pytest.approx(0.361669, abs=1e-6)
    assert record.parameter_gradient[layout.place_of("w5")] == pytest.approx(0.009189, abs=5e-7)
    assert stepper.loss_of(stepper.record(record.after)) == pytest.approx(0.3483, abs=5e-5)


def in_lock_step(document, states: int) -> None:
    """Train beside PyTorch, each from the same state: one update agrees to 1e-12 of the vector's norm."""
    torch = pytest.importorskip("torch")
    model = build(document)
    stepper, graph, layout = model.stepper(), model.graph, model.graph.parameters
    state = stepper.start(model.initial)
    for _ in range(states):
        record = stepper.record(state)
        flat = torch.tensor(state.parameters, requires_grad=True)
        optimizer = torch.optim.SGD([flat], lr=model.settings["learning_rate"])
        tensors: list = []
        for index, node in enumerate(graph.nodes):
            if node.operation is not None:
                tensors.append(TORCH[node.operation.name](*(tensors[operand] for operand in node.operands)))
            elif node.kind == "parameter":
                start, end = layout.offsets[node.parameter : node.parameter + 2]
                tensors.append(flat[start:end].reshape(node.shape))
            else:
                tensors.append(torch.tensor(model.leaves[index][record.rows]))
        tensors[graph.loss].mean().backward()
        optimizer.step()
        theirs = flat.detach().numpy()
        assert np.linalg.norm(record.after.parameters - theirs) <= 1e-12 * np.linalg.norm(theirs)
        state = record.after


def test_in_lock_step_with_pytorch():
    """200 updates of the worked example, one by one."""
    in_lock_step(preset("worked-example"), 200)


def test_in_lock_step_with_pytorch_over_shuffled_batches():
    """Batches of unequal size: both take the mean over the samples that are there."""
    in_lock_step(layers([3, 4, 2], rows=5, batch_size=2, shuffle=True, learning_rate=0.3), 50)


@settings(max_examples=25)
@given(st.sampled_from(sorted(ACTIVATIONS)), st.sampled_from(sorted(LOSSES)), st.integers(0, 10**6))
def test_small_steps_go_downhill(activation, loss, seed):
    """With a small rate no update raises the loss: the gradient has the right sign."""
    document = layers([2, 3, 1], seed, activation, rows=3, batch_size=3, loss=loss, learning_rate=1e-4)
    stepper = build(document).stepper()
    state = stepper.start(build(document).initial)
    losses = []
    for _ in range(3):
        record = stepper.record(state)
        losses.append(stepper.loss_of(record))
        state = record.after
    assert losses == sorted(losses, reverse=True)


def test_an_infinite_sum_behind_a_saturated_neuron_is_no_finite_iteration():
    """σ(∞) is a plain 1 and its slope 0: loss and parameters are finite, the sum is not."""
    document = preset("worked-example")
    model = build(document)
    parameters = model.initial.copy()
    parameters[0] = 1e308
    leaves = {index: data * 1e3 for index, data in model.leaves.items()}
    stepper = replace(model, leaves=leaves).stepper()
    record = stepper.record(stepper.start(parameters))
    assert np.isinf(record.values[model.graph.by_name["h1.z"]]).any()
    assert np.isfinite(record.after.parameters).all()
    assert not stepper.is_finite(record)
