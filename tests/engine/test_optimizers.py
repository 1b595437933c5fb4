"""Every optimiser with every setting: its lines are its update, and the update is PyTorch's."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from backprop_gui.engine.expressions import evaluate
from backprop_gui.engine.gradient_terms import TERMS
from backprop_gui.engine.optimizers import OPTIMIZERS, SYMBOLS
from backprop_gui.engine.stepper import State
from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import OptimizerSettings
from tests.engine.operation_samples import TORCH
from tests.networks import layers

TERM_CHOICES = {"l1": 0.02, "l2": 0.1, "clip_value": 0.4, "clip_norm": 0.5}
COMBINATIONS = [
    {name: TERM_CHOICES[name] for name in names}
    for size in range(len(TERMS) + 1)
    for names in itertools.combinations(TERMS, size)
]


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("terms", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_the_lines_are_the_update(kind, terms, weight_decay):
    """Every formula comes to what its vector form gives, from random states, early and late."""
    update = OPTIMIZERS[kind].with_settings({"learning_rate": 0.3, "weight_decay": weight_decay, **terms})
    assert update.quantities[-1] == "updated"
    generator = np.random.default_rng(0)
    for number in (1, 2, 50):
        parameters, gradient = generator.normal(size=(2, 5))
        parameters[0] = gradient[1] = 0.0
        state = {name: np.abs(generator.normal(size=5)) for name in update.state}
        arrays, shared = update.update(parameters, gradient, state, number)
        assert tuple(arrays) == update.quantities
        for place in range(5):
            known = {"parameter": float(parameters[place]), "gradient": float(gradient[place])}
            known |= {**update.settings, **shared}
            known |= {f"{name}.before": float(state[name][place]) for name in update.state}
            for line in update.lines:
                known[line.name] = evaluate(line.formula, known.__getitem__)
                assert known[line.name] == pytest.approx(arrays[line.name][place], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_only_what_is_in_force_has_a_line(kind):
    """No penalty, clipping or decay, no line of it; and every line has a sign, a question and a reason."""
    row = OPTIMIZERS[kind]
    plain = row.with_settings({"weight_decay": 0})
    assert not {"penalized", "clipped", "scaled", "decayed", "shrunk"} & set(plain.quantities)
    whole = row.with_settings({"weight_decay": 0.1, **TERM_CHOICES})
    assert whole.quantities[:3] == ("penalized", "clipped", "scaled")
    assert len(set(whole.quantities)) == len(whole.quantities) == len(plain.quantities) + 4
    for line in whole.lines[:-1]:
        assert SYMBOLS[line.name]
        assert line.question.endswith("?")
        assert line.why.endswith(".")


def test_the_norm_is_that_of_the_trained():
    """A frozen parameter takes no part in the norm and stays, whatever a penalty would do to it."""
    update = OPTIMIZERS["momentum"].with_settings({"l2": 0.5, "clip_norm": 1.0})
    model = build(layers([2, 2, 1], frozen=["w1", "b*"]))
    changed = replace(model, optimizer=update)
    state = changed.stepper().start(model.initial)
    for _ in range(3):
        record = changed.stepper().record(state)
        free = record.lines["penalized"][~model.frozen]
        assert record.shared["gradient_norm"] == pytest.approx(float(np.sqrt((free**2).sum())), rel=1e-14)
        assert np.array_equal(record.after.parameters[model.frozen], model.initial[model.frozen])
        assert not record.after.optimizer["velocity"][model.frozen].any()
        assert (record.after.parameters[~model.frozen] != state.parameters[~model.frozen]).all()
        state = record.after


CASES = [
    ("gradient_descent", {}, {}),
    ("gradient_descent", {"weight_decay": 0.1}, {"l1": 0.01, "l2": 0.1}),
    ("momentum", {}, {}),
    ("momentum", {"momentum": 0.8, "weight_decay": 0.1}, {"clip_norm": 0.2}),
    ("nesterov", {}, {}),
    ("nesterov", {"momentum": 0.5, "weight_decay": 0.01}, {"l1": 0.001, "clip_value": 0.05}),
    ("rmsprop", {}, {}),
    ("rmsprop", {"alpha": 0.9, "epsilon": 1e-4, "weight_decay": 0.1}, {"l2": 0.01}),
    ("adagrad", {}, {}),
    ("adagrad", {"epsilon": 1e-6, "weight_decay": 0.1}, {"clip_value": 0.1, "clip_norm": 0.15}),
    ("adam", {}, {}),
    (
        "adam",
        {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6, "weight_decay": 0.05},
        {"l1": 0.01, "clip_norm": 0.1},
    ),
    ("adamw", {}, {}),
    ("adamw", {"weight_decay": 0.2}, {"l2": 0.01, "clip_value": 0.05, "clip_norm": 0.1}),
    ("adamw", {"weight_decay": 0.0}, {}),
]


@pytest.mark.parametrize(("kind", "settings", "terms"), CASES)
def test_in_lock_step_with_pytorch(kind, settings, terms):
    """From each of 200 visited states, the first among them, one update agrees to 1e-12 of the norm."""
    torch = pytest.importorskip("torch")
    document = layers([2, 3, 2], rows=5, batch_size=2, shuffle=True, frozen=["w2", "b1"])
    training = msgspec.structs.replace(
        document.training, optimizer=OptimizerSettings(kind, 0.05, **settings), **terms
    )
    model = build(msgspec.structs.replace(document, training=training))
    stepper = model.stepper()
    state = stepper.start(model.initial)
    for _ in range(200):
        record = stepper.record(state)
        free = torch.tensor(state.parameters[~model.frozen], requires_grad=True)
        whole = torch.tensor(state.parameters).masked_scatter(torch.tensor(~model.frozen), free)
        theirs_loss(model, record, whole).backward()
        with torch.no_grad():
            free.grad += terms.get("l2", 0) * free + terms.get("l1", 0) * torch.sign(free)
        if "clip_value" in terms:
            torch.nn.utils.clip_grad_value_([free], terms["clip_value"])
        if "clip_norm" in terms:
            torch.nn.utils.clip_grad_norm_([free], terms["clip_norm"])
        optimizer = theirs(kind, settings, free)
        put_state(optimizer, free, state, ~model.frozen)
        optimizer.step()
        ours = record.after.parameters[~model.frozen]
        expected = free.detach().numpy()
        assert np.linalg.norm(ours - expected) <= 1e-12 * np.linalg.norm(expected)
        state = record.after


def theirs_loss(model, record, flat):
    """PyTorch's loss of the record's rows, from its own operations."""
    torch, graph, layout = pytest.importorskip("torch"), model.graph, model.graph.parameters
    tensors: list = []
    for index, node in enumerate(graph.nodes):
        if node.operation is not None:
            tensors.append(TORCH[node.operation.name](*(tensors[operand] for operand in node.operands)))
        elif node.kind == "parameter":
            start, end = layout.offsets[node.parameter : node.parameter + 2]
            tensors.append(flat[start:end].reshape(node.shape))
        else:
            tensors.append(torch.tensor(model.leaves[index][record.rows]))
    return tensors[graph.loss].mean()


def theirs(kind, settings, free):
    """PyTorch's optimiser; what is not set has PyTorch's default."""
    torch = pytest.importorskip("torch")
    said = dict(settings)
    if "epsilon" in said:
        said["eps"] = said.pop("epsilon")
    if "beta1" in said:
        said["betas"] = (said.pop("beta1"), said.pop("beta2"))
    if kind in ("momentum", "nesterov"):
        said = {"momentum": 0.9, "nesterov": kind == "nesterov", **said}
    names = {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW"}
    return getattr(torch.optim, names.get(kind, "SGD"))([free], lr=0.05, **said)


def put_state(optimizer, free, state: State, trained) -> None:
    """Our state as PyTorch keeps it; before the first update there is none, but for Adagrad."""
    torch = pytest.importorskip("torch")
    names = {
        "velocity": "momentum_buffer",
        "square_average": "square_avg",
        "square_sum": "sum",
        "m": "exp_avg",
        "v": "exp_avg_sq",
    }
    if state.updates:
        kept = {names[name]: torch.tensor(array[trained]) for name, array in state.optimizer.items()}
        if "momentum_buffer" not in kept and kept:
            kept["step"] = torch.tensor(float(state.updates))
        optimizer.state[free] = kept


def test_defaults_are_pytorchs():
    """What a file leaves out is what PyTorch takes; but plain SGD has no momentum to speak of."""
    torch = pytest.importorskip("torch")
    for kind, row in OPTIMIZERS.items():
        names = {"learning_rate": "lr", "epsilon": "eps"}
        parameter = torch.zeros(1, requires_grad=True)
        classes = {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW"}
        defaults = getattr(torch.optim, classes.get(kind, "SGD"))([parameter]).defaults
        for name, value in row.settings.items():
            if name.startswith("beta"):
                assert defaults["betas"][int(name[-1]) - 1] == value
            elif name != "momentum":
                assert defaults[names.get(name, name)] == value
