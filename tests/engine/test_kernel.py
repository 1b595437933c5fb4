"""The fast ways of training do what the operation table does: from any state, and over many updates."""

from __future__ import annotations

import ctypes
import itertools

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from backprop_gui.engine import fast_numpy, kernel
from backprop_gui.engine.batches import Batches
from backprop_gui.engine.chains import chain_of
from backprop_gui.engine.operations import ACTIVATIONS, LOSSES
from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.engine.stepper import State, Stepper
from backprop_gui.engine.transitions import CHOSEN, Transition
from backprop_gui.experiment.build import Model, build
from backprop_gui.experiment.document import Dense, Loss
from tests.networks import experiment, layers, preset

WAYS = ["kernel", "numpy"]
needs_kernel = pytest.mark.skipif(kernel.library() is None, reason="no compiled kernel")


def way_of(model: Model, way: str) -> tuple[Stepper, Transition]:
    """The model's stepper and one of its fast ways; skips where there is no kernel."""
    stepper = model.stepper()
    chain = chain_of(stepper.graph, stepper.leaves)
    assert chain is not None
    if way == "numpy":
        return stepper, fast_numpy.transition_of(stepper, chain)
    if kernel.library() is None:
        pytest.skip("no compiled kernel")
    found = kernel.transition_of(stepper, chain)
    if found is None:
        pytest.skip("the kernel does not take it on")
    return stepper, found


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other)) / max(float(np.linalg.norm(one)), 1e-30)


def in_lock_step(model: Model, way: str, states: int = 12) -> None:
    """From each visited state one update agrees to 1e-12 of the vector's norm, and so does the loss."""
    stepper, transition = way_of(model, way)
    state = stepper.start(model.initial)
    for _ in range(states):
        record = stepper._by_table(state)
        if not stepper.is_finite(record):
            return
        stretch = transition.run(state, 1)
        if len(stretch.losses):  # else it is left to the table
            loss = stepper.loss_of(record)
            assert stretch.losses[0] == pytest.approx(loss, rel=1e-12, abs=1e-14)
            assert stretch.samples == pytest.approx(record.values[model.graph.loss], rel=1e-11, abs=1e-13)
            assert stepper.batches.together(stretch.samples) == stretch.losses[0]
            assert apart(record.after.parameters, stretch.after.parameters) <= 1e-12
            for name, kept in record.after.optimizer.items():
                assert apart(kept, stretch.after.optimizer[name]) <= 1e-12
        state = record.after


def drawn(model: Model, seed: int) -> Model:
    """The model with targets a loss can be taken of, all of them between 0 and 1."""
    generator = np.random.default_rng(seed)
    target = model.graph.nodes[model.graph.loss].operands[1]
    leaves = {**model.leaves, target: generator.uniform(0.1, 0.9, model.leaves[target].shape)}
    return replace(model, leaves=leaves)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (5, 1), (7, 3), (40, 33)])
def test_every_activation_in_lock_step(way, activation, rows, batch):
    """Narrow and wide layers, single samples and batches, the last of an epoch smaller."""
    for widths, rate in (([2, 3, 1], 0.3), ([3, 9, 17, 5, 2], 0.02)):
        document = layers(
            widths, activation=activation, rows=rows, batch_size=batch, shuffle=rows == 7, learning_rate=rate
        )
        in_lock_step(build(document), way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh"])
@pytest.mark.parametrize(("rows", "batch"), [(3, 1), (9, 4)])
def test_every_loss_in_lock_step(way, loss, activation, rows, batch):
    """Behind any last activation; where the loss has no number the table is asked."""
    for units in (1, 3, 6):
        if loss == "softmax_cross_entropy" or units < 6:
            document = layers([2, 4, units], 3, activation, loss=loss, rows=rows, batch_size=batch)
            in_lock_step(drawn(build(document), units), way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("loss", ["cross_entropy", "half_squared_error", "binary_cross_entropy"])
def test_a_softmax_of_its_own_in_lock_step(way, batch, loss):
    """Softmax as a node, with any loss behind it."""
    document = preset("softmax-classifier")
    network = msgspec.structs.replace(document.network, loss=Loss(loss, document.network.loss.of))
    training = msgspec.structs.replace(document.training, batch_size=batch)
    model = build(msgspec.structs.replace(document, network=network, training=training, expected=[]))
    target = model.graph.nodes[model.graph.loss].operands[1]
    generator = np.random.default_rng(5)
    leaves = {i: generator.uniform(0.1, 0.9, (6, *array.shape[1:])) for i, array in model.leaves.items()}
    assert target in leaves
    in_lock_step(replace(model, leaves=leaves, batches=Batches(6, batch)), way)


OPTIONS = [
    {},
    {"frozen": ["w1", "b*"]},
    {"l1": 0.01, "l2": 0.02},
    {"clip_value": 0.01},
    {"clip_norm": 0.02, "frozen": ["w2"]},
    {"reduction": "sum"},
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options) or "plain")
def test_every_optimizer_in_lock_step(way, kind, options):
    """With penalties, clipping and what is frozen; with weight decay where there is one."""
    for batch, decay in itertools.product((1, 3), (0.0, 0.05)):
        model = build(
            layers([2, 5, 1], 1, "tanh", rows=7, batch_size=batch, kind=kind, learning_rate=0.05, **options)
        )
        settings = {**model.optimizer.settings, "weight_decay": decay}
        in_lock_step(replace(model, optimizer=OPTIMIZERS[kind].with_settings(settings)), way)


@pytest.mark.parametrize("way", WAYS)
def test_missing_connections_and_layers_without_biases(way):
    """What is not there gets no weight, and the rest is as in the table."""
    nodes = [
        Dense("h", "x", 3, [[0.5, None], [None, 0.2], [0.1, -0.4]], "tanh"),
        Dense("o", "h", 1, [[0.3, None, -0.6]], "sigmoid", [0.1]),
    ]
    for batch in (1, 4):
        model = build(experiment(nodes, {"x": 2}, rows=5, batch_size=batch, learning_rate=0.3))
        in_lock_step(model, way)
        _, transition = way_of(model, way)
        after = transition.run(model.stepper().start(model.initial), 20).after
        assert (after.parameters == 0).sum() == (model.initial == 0).sum()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["worked-example", "two-moons", "iris", "spiral"])
def test_a_thousand_states(way, name):
    """Along a real run, from each of 1,000 visited states."""
    in_lock_step(build(preset(name)), way, 1000)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("task", ["T1", "T2"])
def test_a_free_run(way, task):
    """200 updates without looking at the table stay within 1e-12."""
    from backprop_gui.steps.speed_tasks import TASKS, model_of

    chosen = next(each for each in TASKS if each.name == task)
    model = build(preset("worked-example")) if task == "T1" else model_of(chosen)
    stepper, transition = way_of(model, way)
    state = stepper.start(model.initial)
    expected = state
    for _ in range(200):
        expected = stepper._by_table(expected).after
    while state.iteration < 200:
        state = transition.run(state, 200 - state.iteration).after
    assert apart(expected.parameters, state.parameters) <= 1e-12


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("kind", ["gradient_descent", "adam"])
def test_how_a_run_is_cut_does_not_matter(way, shuffle, kind):
    """One by one, in two, or all at once: the same bits, losses too."""
    for batch, rows in ((1, 3), (4, 10), (3, 3), (32, 70)):
        document = layers(
            [3, 6, 2], rows=rows, batch_size=batch, shuffle=shuffle, kind=kind, learning_rate=0.02
        )
        model = build(document)
        found = []
        for cuts in ([1] * 90, [90], [37, 53], [2, 80, 8]):
            stepper, transition = way_of(model, way)
            state, losses = stepper.start(model.initial), []
            for cut in cuts:
                stretch = transition.run(state, cut)
                assert len(stretch.losses) == cut
                losses += stretch.losses.tolist()
                state = stretch.after
            found.append((state.parameters.tolist(), losses, state.iteration, state.updates))
        assert all(each == found[0] for each in found)


@pytest.mark.parametrize("way", [*WAYS, "table"])
@pytest.mark.parametrize(("batch", "activation"), [(1, "identity"), (4, "identity"), (4, "relu"), (1, "elu")])
def test_what_is_not_finite_stops_at_the_same_iteration(monkeypatch, way, batch, activation):
    """The run ends before the iteration that the table calls not finite; its record tells the same."""
    document = layers([2, 6, 1], 4, activation, rows=8, batch_size=batch, learning_rate=40.0)
    monkeypatch.setenv(CHOSEN, "table")
    plain = build(document).stepper()
    state = plain.start(build(document).initial)
    while plain.is_finite(record := plain.record(state)) and state.iteration < 500:
        state = record.after
    monkeypatch.setenv(CHOSEN, way)
    stepper = build(document).stepper()
    own = stepper.start(build(document).initial)
    while own.iteration < 500 and len((stretch := stepper.advance(own, 100)).losses):
        assert np.isfinite(stretch.losses).all()
        own = stretch.after
    assert own.iteration == state.iteration
    assert own.iteration == 500 or not stepper.is_finite(stepper.record(own))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", [0, 5])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, 1e200])
def test_one_number_that_is_not_finite_is_noticed(way, place, value):
    """Also behind a saturated neuron, where loss and slopes look harmless."""
    for batch in (1, 5):
        model = build(layers([3, 5, 2], 2, "sigmoid", rows=5, batch_size=batch))
        _, transition = way_of(model, way)
        parameters = model.initial.copy()
        parameters[place] = value
        stretch = transition.run(State(0, parameters), 3)
        assert len(stretch.losses) == 0
        assert np.array_equal(stretch.after.parameters, parameters, equal_nan=True)


def test_records_are_of_the_same_run(monkeypatch):
    """What is looked at ends in the state, and has the loss, that training gave."""
    for way in WAYS:
        monkeypatch.setenv(CHOSEN, way)
        model = build(layers([3, 4, 2], rows=9, batch_size=4, kind="adam", learning_rate=0.05))
        stepper = model.stepper()
        state = stepper.start(model.initial)
        stretch = stepper.advance(state, 8)
        for loss in stretch.losses:
            record = stepper.record(state)
            assert stepper.loss_of(record) == loss
            assert np.array_equal(record.lines["updated"], record.after.parameters)
            assert all(record.lines[name] is kept for name, kept in record.after.optimizer.items())
            state = record.after
        assert np.array_equal(state.parameters, stretch.after.parameters)


def test_without_a_kernel(monkeypatch):
    """Then numpy does it, and nobody has to know."""
    monkeypatch.setattr(kernel, "library", lambda: None)
    stepper = build(preset("worked-example")).stepper()
    assert stepper.transition is not None
    assert stepper.transition.name == "numpy"
    assert not stepper.releases_lock


def test_a_library_that_is_none_is_left_alone(tmp_path):
    """A damaged or foreign file is no kernel."""
    damaged = tmp_path / "_kernel.so"
    damaged.write_bytes(b"no library")
    with pytest.raises(OSError):
        kernel.opened(damaged)


@needs_kernel
@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**32 + 5])
def test_shuffled_rows_are_numpys(seed):
    """The order of the rows is drawn by the kernel as by numpy; where it cannot, numpy draws it."""
    assert kernel._drawing() is not None
    for rows, batch, first, count in (
        (7, 3, 2, 40),
        (160, 10, 16 * (2**32 - 4), 90),
        (33, 33, 5, 6),
        (1, 1, 0, 9),
    ):
        batches = Batches(rows, batch, True, seed)
        expected = np.concatenate([batches.rows_of(first + i) for i in range(count)])
        assert kernel._order(batches, first, count)[: len(expected)].tolist() == expected.tolist()


@needs_kernel
def test_several_threads_at_once():
    """The window looks at iterations while the same stepper trains."""
    from concurrent.futures import ThreadPoolExecutor

    model = build(layers([3, 9, 2], rows=20, batch_size=6, shuffle=True, kind="momentum"))
    stepper = model.stepper()
    start = stepper.start(model.initial)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda count: stepper.advance(start, count).after, [2000, 1, 1999, 2000] * 5))
    ends = {state.iteration: state.parameters.tolist() for state in found}
    assert all(state.parameters.tolist() == ends[state.iteration] for state in found)


@pytest.mark.parametrize("name", ["reused-value", "skip-connection-dag", "conv-classifier"])
def test_what_is_no_chain_is_left_to_the_table(name):
    """Branches, shared weights and convolutions."""
    assert build(preset(name)).stepper().transition is None


def _spread(low: float, high: float) -> np.ndarray:
    generator = np.random.default_rng(3)
    even = generator.uniform(low, high, 40_000)
    small = np.sign(high + low or 1.0) * np.exp(
        generator.uniform(-40, np.log(max(abs(low), abs(high))), 40_000)
    )
    return np.concatenate([even, small[(small >= low) & (small <= high)][:39_000]])[:60_000]


ELEMENTARY = [
    (np.exp, _spread(-708.0, 0.0), 2),
    (np.expm1, _spread(-60.0, 0.0), 2),
    (np.log, np.exp(_spread(-700.0, 700.0)), 1),
    (np.log1p, _spread(0.0, 1.0), 2),
    (np.tanh, _spread(-30.0, 30.0), 3),
    (lambda x: 1 / (1 + np.exp(-x)), _spread(-30.0, 30.0), 3),
]


@needs_kernel
@pytest.mark.parametrize("breadth", [0, 1, 2])
@pytest.mark.parametrize("kind", range(len(ELEMENTARY)))
def test_elementary_functions(breadth, kind):
    """Beside numpy's they are apart by some units in the last place, with whatever the processor has."""
    library = kernel.library()
    function, x, units = ELEMENTARY[kind]
    x = np.ascontiguousarray(x[: len(x) // 4 * 4])
    y = np.empty_like(x)
    library.backprop_narrow(ctypes.c_int64(breadth))
    try:
        pointers = (ctypes.c_void_p(kernel.address(array)) for array in (x, y))
        library.backprop_elementary(ctypes.c_int64(kind), ctypes.c_int64(len(x)), *pointers)
    finally:
        library.backprop_narrow(ctypes.c_int64(2))
    expected = function(x)
    assert (np.abs(y - expected) / np.spacing(np.abs(expected))).max() <= units


@needs_kernel
@pytest.mark.parametrize("breadth", [0, 1])
def test_a_lesser_processor(breadth):
    """The other instruction sets calculate the same."""
    library = kernel.library()
    library.backprop_narrow(ctypes.c_int64(breadth))
    try:
        for batch in (1, 5):
            in_lock_step(build(layers([3, 9, 2], 1, "tanh", rows=7, batch_size=batch)), "kernel")
    finally:
        library.backprop_narrow(ctypes.c_int64(2))
