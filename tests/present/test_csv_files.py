"""The three CSV files: their columns, their arithmetic, and that they agree with independent judges."""

from __future__ import annotations

import csv
import io
import json
import math
import re

import msgspec
import numpy as np
import pytest

from backprop_gui.engine.expressions import (
    Apply,
    Constant,
    Negative,
    Power,
    Product,
    Quotient,
    Ref,
    Slope,
    Sum,
    difference,
)
from backprop_gui.experiment.presets import open_experiment
from backprop_gui.experiment.reading import decode
from backprop_gui.present import csv_files
from backprop_gui.present.arithmetic import arithmetic, number_text
from backprop_gui.present.csv_files import GradientTable, write_gradients, write_loss, write_steps
from backprop_gui.steps.timeline import Timeline
from tests.calculator import calculated


def dense(name, of, units, weights, biases=None, activation="identity"):
    """A layer as a file has it."""
    node = {"name": name, "op": "dense", "of": of, "units": units, "activation": activation}
    return node | {"weights": weights, "biases": biases}


def timeline_of(**changes):
    """Two layers with a batch of three, unless changed."""
    generator = np.random.default_rng(3)
    drawn = {"init": "normal"}
    nodes = [dense("h", "x", 3, drawn, drawn, "tanh"), dense("o", "h", 2, drawn, drawn, "sigmoid")]
    network = {"inputs": {"x": 2}, "nodes": nodes, "loss": {"op": "half_squared_error", "of": "o"}}
    rows = changes.pop("rows", 3)
    training = {
        "optimizer": {"learning_rate": 0.1},
        "batch_size": changes.pop("batch_size", rows),
        "seed": 5,
        **changes.pop("training", {}),
    }
    data = {name: generator.normal(size=(rows, 2)).tolist() for name in ("x", "targets")}
    network |= changes
    document = {"format": 1, "title": "Test", "network": network, "data": data, "training": training}
    return Timeline.of(decode(json.dumps(document).encode()))


def shared_timeline():
    """A weight matrix that two layers share, a missing connection, and a node beside the way to the loss."""
    return timeline_of(
        parameters={"theta": [[0.5, -0.1], [0.2, 0.3]]},
        nodes=[
            dense("h1", "x", 2, "theta", [0.2, 0.1], "sigmoid"),
            dense("h2", "h1", 2, "theta", None, "tanh"),
            dense("side", "h1", 1, [[1, 1]], [0]),
            dense("o", "h2", 2, [[0.8, None], [0.4, -0.7]], [0, 0]),
        ],
    )


def preset(name="worked-example"):
    return Timeline.of(open_experiment(name)[0])


def read(write, timeline, first=0, last=1, **options):
    """The rows a writer makes, by column."""
    stream = io.StringIO(newline="")
    assert write(stream, timeline, first, last, **options)
    assert "\r" not in stream.getvalue()
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


TIMELINES = {"worked example": preset, "batch": timeline_of, "shared": shared_timeline}


@pytest.mark.parametrize("make", TIMELINES.values(), ids=TIMELINES)
def test_terms_come_to_the_gradient(make):
    """Anyone with a pocket calculator finds the gradient from its terms."""
    for row in read(write_gradients, make(), 0, 3):
        value, size = calculated(row["terms"])
        assert abs(value - float(row["gradient"])) <= 1e-12 * size
        assert value == eval(row["terms"])
        assert not row["terms"].startswith("-")


def test_terms_come_to_the_gradient_where_sums_cancel():
    """In wide layers a sample's gradient is taken from the batch's numbers, not from a pass of its own."""
    drawn = {"init": "normal"}
    wide = [dense("a", "x", 30, drawn, None, "tanh"), dense("b", "a", 30, drawn, None, "tanh")]
    wide.append(dense("o", "b", 2, drawn))
    for row in read(write_gradients, timeline_of(nodes=wide, rows=9)):
        value, size = calculated(row["terms"])
        assert abs(value - float(row["gradient"])) <= 2e-15 * size


@pytest.mark.parametrize("make", TIMELINES.values(), ids=TIMELINES)
def test_finite_differences_confirm_the_gradients(make):
    """The numeric column is there, close, and its error is what the contract says."""
    for row in read(write_gradients, make(), 0, 2):
        numeric, gradient = float(row["numeric_gradient"]), float(row["gradient"])
        assert numeric == pytest.approx(gradient, rel=1e-6, abs=1e-9)
        largest = max(abs(numeric), abs(gradient))
        assert float(row["relative_error"]) == (abs(numeric - gradient) / largest if largest else 0.0)


def test_pytorch_confirms_the_gradients():
    """The worked example's gradients and the new values are those of an independent program."""
    torch = pytest.importorskip("torch")
    experiment = open_experiment("worked-example")[0]
    layers = experiment.network.nodes
    weights = [torch.tensor(n.weights, dtype=torch.float64, requires_grad=True) for n in layers]
    biases = [torch.tensor(n.biases, dtype=torch.float64, requires_grad=True) for n in layers]
    data = experiment.data
    assert isinstance(data, dict)
    a = torch.tensor(data["x"], dtype=torch.float64)
    for weight, bias in zip(weights, biases, strict=True):
        a = torch.sigmoid(a @ weight.T + bias)
    (0.5 * (a - torch.tensor(data["targets"], dtype=torch.float64)) ** 2).sum().backward()
    tensors = [*weights, *biases]
    gradients = [g for t in tensors for g in t.grad.flatten().tolist()]
    after = [v for t in tensors for v in (t - 0.5 * t.grad).flatten().tolist()]
    rows = read(write_gradients, preset())
    assert [float(row["gradient"]) for row in rows] == pytest.approx(gradients, rel=1e-12)
    assert [float(row["new_value"]) for row in rows] == pytest.approx(after, rel=1e-14)


def test_a_row_says_where_its_parameter_stands():
    """Names, layers and neurons count from 1, weights by receiver, then by sender."""
    rows = read(write_gradients, preset())
    places = {r["parameter"]: (r["sample"], r["layer"], r["source"], r["target"]) for r in rows}
    assert list(places) == [f"w{k}" for k in range(1, 11)] + [f"b{k}" for k in range(1, 6)]
    assert places["w2"] == ("1", "1", "x[2]", "h1[1]")
    assert places["w5"] == ("1", "2", "h1[1]", "h2[1]")
    assert places["w10"] == ("1", "3", "h2[2]", "out[1]")
    assert places["b3"] == ("1", "2", "", "h2[1]")
    assert rows[4]["terms"] == "0.01528654429611958*0.6010878788483698"


def test_the_columns_of_the_contract():
    """Others read the files by these names, in this order."""
    stream = io.StringIO(newline="")
    write_gradients(stream, preset(), 0, 0)
    write_steps(stream, preset(), 0, 0)
    write_loss(stream, preset(), 0, -1)
    assert stream.getvalue().split("\n") == [
        "iteration,sample,parameter,layer,source,target,value,gradient,terms,numeric_gradient,relative_error,new_value",
        "iteration,sample,step,phase,node,quantity,value,formula,numbers",
        "iteration,epoch,train_loss,test_loss,accuracy",
        "",
    ]


def test_a_batch_has_rows_for_each_sample_and_for_the_mean():
    """Samples are data rows; the mean is their average, and only it knows the new value."""
    timeline = timeline_of(rows=5, batch_size=2, training={"shuffle": True})
    rows = read(write_gradients, timeline, 0, 2)
    batches = timeline.segments[0].model.batches
    names = timeline.segments[0].model.graph.parameters.names
    assert [row["sample"] for row in rows] == [
        label
        for iteration in (0, 1)
        for label in [*(str(row + 1) for row in batches.rows_of(iteration)), "mean"]
        for _ in names
    ]
    one, two, mean = (rows[k * len(names) : (k + 1) * len(names)] for k in range(3))
    for first, second, both in zip(one, two, mean, strict=True):
        average = (float(first["gradient"]) + float(second["gradient"])) / 2
        assert float(both["gradient"]) == pytest.approx(average, rel=1e-13)
        assert re.fullmatch(r"\(\S+ \+ \S+\)/2", both["terms"])
        assert (first["new_value"], second["new_value"]) == ("", "")
        assert float(both["new_value"]) == float(both["value"]) - 0.1 * float(both["gradient"])


def test_many_samples_are_summed_up_in_the_mean():
    """Beyond 256 samples the terms of a mean are sum/n."""
    rows = read(write_gradients, timeline_of(rows=257))
    means = [row for row in rows if row["sample"] == "mean"]
    assert len(rows) == 258 * len(means)
    for row in means:
        assert re.fullmatch(r"\(?[-.e\d]+\)?/257", row["terms"])
        assert calculated(row["terms"])[0] == pytest.approx(float(row["gradient"]), rel=1e-12)


def test_shared_missing_and_unreached_parameters():
    """A shared one has no ends and a term per use; a missing one has no row; an unreached one is 0."""
    rows = read(write_gradients, shared_timeline())
    first = {row["parameter"]: row for row in rows if row["sample"] == "1"}
    assert (first["theta[1,2]"]["source"], first["theta[1,2]"]["target"]) == ("", "")
    assert first["theta[1,2]"]["terms"].count("*") == 2
    assert [n for n in first if n.startswith("w")] == ["w1", "w2", "w3", "w4", "w5"]
    assert (first["w4"]["source"], first["w4"]["target"], first["w4"]["layer"]) == ("h2[1]", "o[2]", "3")
    assert (first["w1"]["target"], first["w1"]["gradient"], first["w1"]["terms"]) == ("side[1]", "0.0", "0")


def test_a_frozen_parameter_has_no_new_value():
    """What is not updated stays empty, with its gradient still told."""
    rows = read(write_gradients, timeline_of(rows=1, training={"frozen": ["b*"]}))
    assert {row["parameter"][0] for row in rows if row["new_value"] == ""} == {"b"}
    assert all(float(row["gradient"]) for row in rows)


def test_large_networks_are_checked_only_when_asked(monkeypatch):
    """Finite differences cost two forward passes a parameter."""
    monkeypatch.setattr(csv_files, "MOST_CHECKED_UNASKED", 14)
    assert {row["numeric_gradient"] for row in read(write_gradients, preset())} == {""}
    assert "" not in {row["numeric_gradient"] for row in read(write_gradients, preset(), check=True)}


def test_a_wrong_gradient_is_found(monkeypatch):
    """The check would notice a backward pass that is off by a thousandth."""
    timeline = preset()
    record = timeline.record(0)
    record.parameter_gradient[4] *= 1.001
    table = GradientTable(timeline, check=True)
    list(table.rows(0))
    assert (table.found.compared, table.found.refuted) == (15, 1)
    assert table.found.worst == "w5 in iteration 0"


@pytest.mark.parametrize("make", TIMELINES.values(), ids=TIMELINES)
def test_numbers_of_a_step_come_to_its_value(make):
    """The arithmetic beside each step makes the number of that step."""
    functions = {"exp": math.exp, "tanh": math.tanh}
    for row in read(write_steps, make(), 0, 2):
        assert eval(row["numbers"], functions) == pytest.approx(float(row["value"]), rel=1e-12, abs=1e-14)


def test_names_of_a_step_come_to_its_value():
    """The formula holds when each name is replaced by the number the same file gives for it."""
    timeline = preset()
    model = timeline.segments[0].model
    known = {"x[1]": 0.4, "x[2]": 0.1, "targets[1]": 0.0, "learning_rate": 0.5}
    known |= zip(model.graph.parameters.names, model.initial.tolist(), strict=True)
    new: dict[str, float] = {}
    for row in read(write_steps, timeline):
        named = r"d\([^()]+\)|[a-zA-Z]\w*(?:\.\w+)?(?:\[[\d,]+\])?"
        text = re.sub(named, lambda m: m[0] if m[0] == "exp" else f"known[{m[0]!r}]", row["formula"])
        value = eval(text, {"known": known, "exp": math.exp})
        assert value == pytest.approx(float(row["value"]), rel=1e-12)
        (new if row["phase"] == "update" else known)[row["quantity"]] = value
    assert len(new) == 15


def test_steps_of_the_worked_example():
    """51 steps: 10 forward, the loss, 25 backward from the output inwards, 15 updates."""
    rows = read(write_steps, preset())
    assert [row["step"] for row in rows] == [str(k) for k in range(1, 52)]
    assert [row["quantity"] for row in rows[:2]] == ["h1.z[1]", "h1.a[1]"]
    assert rows[0]["formula"] == "w1*x[1] + w2*x[2] + b1"
    assert [row["quantity"] for row in rows[10:16]] == [
        "loss", "d(out.a[1])", "d(out.z[1])", "d(w9)", "d(w10)", "d(b5)"
    ]  # fmt: skip
    assert [row["node"] for row in rows[16:36:5]] == ["h2[1]", "h2[2]", "h1[1]", "h1[2]"]
    assert rows[18]["formula"] == "d(h2.z[1])*h1.a[1]"
    assert (rows[40]["quantity"], rows[40]["formula"]) == ("w5", "w5 - learning_rate*d(w5)")
    assert (rows[40]["phase"], rows[40]["sample"], rows[40]["node"]) == ("update", "", "h2[1]")


def test_steps_of_a_batch():
    """Forward, loss and backward for each sample, then a mean step per parameter, then the updates."""
    rows = read(write_steps, timeline_of(rows=2))
    phases = list(dict.fromkeys((row["sample"], row["phase"]) for row in rows))
    assert phases == [
        ("1", "forward"), ("1", "loss"), ("1", "backward"),
        ("2", "forward"), ("2", "loss"), ("2", "backward"),
        ("mean", "backward"), ("", "update"),
    ]  # fmt: skip
    mean = next(row for row in rows if row["sample"] == "mean")
    assert (mean["quantity"], mean["formula"]) == ("d(w1)", "mean(d(w1))")


def test_where_samples_are_added_up_the_row_mean_stays_the_average():
    """An update follows the sum; `mean` keeps its meaning, and steps and losses tell of the sum."""
    timeline = timeline_of(rows=3, training={"reduction": "sum"})
    averaging = read(write_gradients, timeline_of(rows=3))
    for row, other in zip(read(write_gradients, timeline), averaging, strict=True):
        assert (row["sample"], row["terms"]) == (other["sample"], other["terms"])
        assert float(row["gradient"]) == pytest.approx(float(other["gradient"]), rel=1e-13)
        assert float(row["relative_error"]) < 1e-6
        if row["sample"] == "mean":
            moved = float(row["value"]) - float(row["new_value"])
            assert moved == pytest.approx(0.1 * 3 * float(row["gradient"]), rel=1e-9)
    steps = [row for row in read(write_steps, timeline) if row["sample"] == "sum"]
    assert steps[0]["formula"] == "sum(d(w1))"
    for row in steps:
        assert calculated(row["numbers"])[0] == pytest.approx(float(row["value"]), rel=1e-12)
    losses = [float(row["value"]) for row in read(write_steps, timeline) if row["phase"] == "loss"]
    assert float(read(write_loss, timeline, 0, 1)[0]["train_loss"]) == pytest.approx(sum(losses), rel=1e-15)


def test_loss_has_a_row_before_each_update_and_one_after_the_last():
    """The last row is what the updates have led to; epochs count whole passes through the data."""
    rows = read(write_loss, preset("two-layer-chain"), 0, 4)
    assert [(row["iteration"], row["epoch"]) for row in rows] == [
        ("0", "0"), ("1", "0"), ("2", "0"), ("3", "1"), ("4", "1")
    ]  # fmt: skip
    assert {row["test_loss"] + row["accuracy"] for row in rows} == {""}
    timeline = preset("two-layer-chain")
    record = timeline.record(4)
    assert float(rows[4]["train_loss"]) == timeline.segments[0].stepper.loss_of(record)


def test_floats_read_back_to_the_same_bits():
    """No digit is lost on the way to a file."""
    timeline = timeline_of()
    graph, record = timeline.segments[0].model.graph, timeline.record(0)
    rows = [row for row in read(write_gradients, timeline) if row["sample"] == "mean"]
    scalars = graph.parameters.scalars
    assert [float(row["gradient"]) for row in rows] == record.parameter_gradient[scalars].tolist()
    assert [float(row["new_value"]) for row in rows] == record.after.parameters[scalars].tolist()


def test_edits_are_in_the_rows():
    """A weight set by hand at iteration 2 is the value of iteration 2."""
    experiment = open_experiment("worked-example")[0]
    edit = {"iteration": 2, "set": {"w5": -3.0, "learning_rate": 0.25}}
    document = msgspec.to_builtins(experiment) | {"edits": [edit]}
    rows = read(write_gradients, Timeline.of(decode(json.dumps(document).encode())), 1, 3)
    w5 = [row for row in rows if row["parameter"] == "w5"]
    assert w5[0]["value"] != "-3.0"
    assert w5[1]["value"] == "-3.0"
    assert float(w5[1]["new_value"]) == -3.0 - 0.25 * float(w5[1]["gradient"])


def test_writing_can_be_cancelled():
    """A long export ends soon after it was told to."""
    stream = io.StringIO()
    assert not write_gradients(stream, preset(), 0, 10, cancelled=lambda: True)
    assert stream.getvalue().count("\n") == 1


a, b = Ref("a"), Ref("b")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Sum((a, Product((a, b)), Negative(b))), "a + a*b - b"),
        (difference(a, Sum((a, b))), "a - (a + b)"),
        (Product((Constant(2.0), difference(a, b))), "2*(a - b)"),
        (Product((a, Constant(-0.5))), "a*(-0.5)"),
        (Negative(a), "(-a)"),
        (Quotient(Constant(1.0), Product((a, b))), "1/(a*b)"),
        (Quotient(Sum((a, b)), Constant(2.0)), "(a + b)/2"),
        (Power(difference(a, b), Constant(2.0)), "(a - b)**2"),
        (Power(Constant(math.e, "e"), Negative(a)), "exp(-a)"),
        (Apply("tanh", (Constant(-1.0),)), "tanh(-1)"),
        (Slope("sigmoid", a, Product((b, difference(Constant(1.0), b)))), "b*(1 - b)"),
        (Product((Constant(0.5, "½"), Power(a, Constant(2.0)))), "0.5*a**2"),
        (Sum(()), "0"),
    ],
)
def test_arithmetic_has_just_the_brackets_it_needs(expression, text):
    """Other programs must read from it what was meant."""
    assert arithmetic(expression, str) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0.1, "0.1"), (-2.0, "(-2.0)"), (1e-20, "1e-20"), (-0.0, "(-0.0)")]
)
def test_numbers_are_written_whole(number, text):
    """The shortest text that reads back to the same float, in brackets when it begins with a minus."""
    assert number_text(number) == text
