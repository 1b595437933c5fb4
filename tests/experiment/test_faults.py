"""Every fault of an experiment file: one line each, saying where, what, and what would be right."""
# ruff: noqa: E501 - a table of sentences, one a line

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from backprop_gui import paths
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.reading import decode
from backprop_gui.steps.timeline import Timeline

WORKED = json.loads((paths.presets_folder() / "worked-example.json").read_text(encoding="utf-8"))
STATE: dict[str, Any] = {
    "iteration": 3,
    "parameters": {**{f"w{i}": 1 for i in range(1, 11)}, **{f"b{i}": 1 for i in range(1, 6)}},
}


def changed(where: str, value: Any) -> dict[str, Any]:
    """The worked example with one place set; `…` in place of a value takes it away."""
    document = copy.deepcopy(WORKED)
    *way, last = [int(step) if step.isdigit() else step for step in where.split(".")]
    holder = document
    for step in way:
        holder = holder[step]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return document


def faults_of(document: dict[str, Any] | bytes | str) -> list[str]:
    """The faults that opening it tells."""
    if isinstance(document, dict):
        document = json.dumps(document)
    data = document if isinstance(document, bytes) else document.encode()
    with pytest.raises(InvalidExperiment) as caught:
        Timeline.of(decode(data))
    return caught.value.faults


FIRST = "network.nodes.0"
# where, the value put there, and the line it gives
FAULTS: list[tuple[str, Any, str]] = [
    ("title", ..., "$.title: the field is missing; add it"),
    ("network.loss.of", ..., "$.network.loss.of: the field is missing; add it"),
    (f"{FIRST}.weights", ..., "$.network.nodes[0].weights: the field is missing; add it"),
    ("titel", "x", "$.titel: there is no such field; remove it, or mind the spelling"),
    (f"{FIRST}.bias", [1, 2], "$.network.nodes[0].bias: there is no such field; remove it, or mind the spelling"),
    ("title", 3, "$.title: holds a whole number; a text would be right"),
    ("title", None, "$.title: holds null; a text would be right"),
    ("format", 2, "$.format: 2 is newer than this program reads; it reads up to 1, so update the program"),
    ("format", 0, "$.format: 0 is no format; 1 would be right"),
    ("format", "1", "$.format: holds a text; a whole number would be right"),
    ("format", ..., '$.format: the field is missing; begin with {"format": 1, …}'),
    ("network", [], "$.network: holds a list; an object {…} would be right"),
    ("network.parameters", None, "$.network.parameters: holds null; an object {…} would be right"),
    ("training.shuffle", 1, "$.training.shuffle: holds a whole number; true or false would be right"),
    # names and wiring
    (f"{FIRST}.op", "conv9d", "$.network.nodes[0].op: 'conv9d' is unknown; … would be right"),
    (f"{FIRST}.activation", "sigmoidal", "$.network.nodes[0].activation: 'sigmoidal' is unknown; one of … would be right"),
    ("network.loss.op", "error", "$.network.loss.op: 'error' is unknown; one of … would be right"),
    ("training.optimizer.kind", "sgd", "$.training.optimizer.kind: 'sgd' is unknown; one of gradient_descent… would be right"),
    ("notation.style", "loud", "$.notation.style: 'loud' is unknown; numbered… would be right"),
    (f"{FIRST}.of", "y", "$.network.nodes[0].of: there is no node or input 'y'; one of x, h1, h2, out would be right"),
    (f"{FIRST}.of", None, "$.network.nodes[0].of: holds null; a text would be right"),
    ("network.loss.of", "y", "$.network.loss.of: there is no node 'y'; one of x, h1, h2, out would be right"),
    (f"{FIRST}.of", "out", "$.network.nodes: h1 → out → h2 → h1 is a loop; a node that takes its values from outside would be right"),
    (f"{FIRST}.of", "h1", "$.network.nodes: h1 → h1 is a loop; a node that takes its values from outside would be right"),
    ("network.nodes.1.name", "h1", "$.network.nodes[1].name: 'h1' is taken; every name stands for one thing"),
    (f"{FIRST}.name", "x", "$.network.nodes[0].name: 'x' is taken; every name stands for one thing"),
    (f"{FIRST}.name", "loss", "$.network.nodes[0].name: 'loss' is taken; every name stands for one thing"),
    (f"{FIRST}.name", "a b", "$.network.nodes[0].name: 'a b' is no name; letters and digits, a letter first, would be right"),
    (f"{FIRST}.name", "", "$.network.nodes[0].name: '' is no name; letters and digits, a letter first, would be right"),
    (f"{FIRST}.name", "a\nb", "$.network.nodes[0].name: 'a\\nb' is no name; letters and digits, a letter first, would be right"),
    ("network.inputs.targets", 1, "$.network.inputs.targets: 'targets' is taken; every name stands for one thing"),
    ("network.parameters", {"x": [[1]]}, "$.network.parameters.x: 'x' is taken; every name stands for one thing"),
    ("network.parameters", {"w5": [[1]]}, "$.network.parameters.w5: 'w5' is how a numbered weight or bias is called; a word such as theta would be right"),
    ("network.parameters", {"q": [[1]]}, "$.network.parameters.q: is used by no node; use it or remove it"),
    ("network.parameters", {"q": "r"}, "$.network.parameters.q: holds a text; an object {…} or a list would be right"),
    # sizes
    (f"{FIRST}.units", 0, "$.network.nodes[0].units: is 0; 1 to 20,000 would be right"),
    (f"{FIRST}.units", 10**12, "$.network.nodes[0].units: is 1000000000000; 1 to 20,000 would be right"),
    (f"{FIRST}.units", 10**400, "$.network.nodes[0].units: is a number of over 21 digits; 1 to 20,000 would be right"),
    (f"{FIRST}.units", 1.5, "$.network.nodes[0].units: holds a number; a whole number would be right"),
    ("network.inputs.x", 0, "$.network.inputs.x: has 0 values; 1 to 20,000 would be right"),
    ("network.inputs.x", "2", "$.network.inputs.x: holds a text; a whole number would be right"),
    (f"{FIRST}.weights", [[1, 2, 3], [4, 5, 6]], "$.network.nodes[0].weights: has 2 × 3 numbers; 2 × 2 numbers would be right (a row per receiving neuron)"),
    (f"{FIRST}.weights", [[1, 2], [3]], "$.network.nodes[0].weights: row [1] has 1 number where the first has 2; 2 would be right"),
    (f"{FIRST}.weights", [1, 2], "$.network.nodes[0].weights: place [0] holds 1; a list of numbers would be right"),
    (f"{FIRST}.weights", [], "$.network.nodes[0].weights: holds an empty list; a list of rows, each a list of numbers, would be right"),
    (f"{FIRST}.weights", [[1, "a"], [3, 4]], "$.network.nodes[0].weights: place [0][1] holds 'a'; a finite number, or null for no connection, would be right"),
    (f"{FIRST}.weights", [[1, True], [3, 4]], "$.network.nodes[0].weights: place [0][1] holds true; a finite number, or null for no connection, would be right"),
    (f"{FIRST}.weights", [[1, 10**400], [3, 4]], "$.network.nodes[0].weights: place [0][1] holds a number of over 21 digits; a finite number, or null for no connection, would be right"),
    (f"{FIRST}.weights", [[1, 2], None], "$.network.nodes[0].weights: place [1] holds null; a list of 2 numbers would be right"),
    (f"{FIRST}.weights", None, '$.network.nodes[0].weights: holds null; a list of rows of numbers, the name of a parameter, or {"init": …} would be right'),
    (f"{FIRST}.weights", "theta", "$.network.nodes[0].weights: there is no parameter 'theta'; a list of numbers, or an entry in $.network.parameters, would be right"),
    (f"{FIRST}.weights", {"init": "big"}, "$.network.nodes[0].weights.init: 'big' is unknown; zeros or constant or uniform or normal or xavier or he would be right"),
    (f"{FIRST}.weights", {"init": "uniform", "low": 2}, "$.network.nodes[0].weights: can't draw from 2 to 1; a smaller range, low below high, would be right"),
    (f"{FIRST}.weights", {"init": "uniform", "low": -1e308, "high": 1e308}, "$.network.nodes[0].weights: can't draw from -1e+308 to 1e+308; a smaller range, low below high, would be right"),
    (f"{FIRST}.weights", {"init": "normal", "deviation": -1}, "$.network.nodes[0].weights: has a deviation of -1; 0 or more would be right"),
    (f"{FIRST}.biases", [1], "$.network.nodes[0].biases: has 1 number; 2 numbers would be right (one for each neuron)"),
    (f"{FIRST}.biases", [1, None], "$.network.nodes[0].biases: holds null; a bias is a number (null in place of the list means no biases at all)"),
    (f"{FIRST}.biases", [[1], [2]], "$.network.nodes[0].biases: place [0] holds a list; a finite number would be right"),
    (f"{FIRST}.biases", 0, '$.network.nodes[0].biases: holds a whole number; a list of numbers, the name of a parameter, {"init": …}, or null for none would be right'),
    # data
    ("data.targets", [[0, 1]], "$.data.targets[0]: has 2 numbers; 1 would be right"),
    ("data.targets", [[0], [1]], "$.data.x: has 1 row; 2 would be right, as targets has"),
    ("data.targets", [], "$.data.targets: has no rows; a row per sample would be right"),
    ("data.targets", ..., "$.data: there is nothing for 'targets'; give it a row per sample"),
    ("data.x", ..., "$.data: there is nothing for 'x'; give it a row per sample"),
    ("data.z", [[1]], "$.data.z: no input has this name; remove it, or one of x, targets would be right"),
    ("data.x", [[1, "a"]], "$.data.x[0][1]: holds a text; a number would be right"),
    ("data.x", [[1, None]], "$.data.x[0][1]: holds null; a number would be right"),
    ("data.x", 1, "$.data.x: holds a whole number; a list would be right"),
    # training
    ("training.optimizer.learning_rate", 0, "$.training.optimizer.learning_rate: the learning rate is 0; a finite number above 0 would be right"),
    ("training.optimizer.learning_rate", -1, "$.training.optimizer.learning_rate: the learning rate is -1; a finite number above 0 would be right"),
    ("training.batch_size", 0, "$.training.batch_size: is 0; 1 or more would be right"),
    ("training.iterations", -1, "$.training.iterations: is -1; 0 to 1,000,000,000,000 would be right"),
    ("training.seed", -1, "$.training.seed: is -1; a whole number from 0 to 9223372036854775807 would be right"),
    ("training.frozen", ["q*"], "$.training.frozen[0]: no parameter is called 'q*'; w5, b* or a parameter's name would be right"),
    ("training.frozen", ["w1", "w11"], "$.training.frozen[1]: no parameter is called 'w11'; w5, b* or a parameter's name would be right"),
    # edits and state
    ("edits", {}, "$.edits: holds an object {…}; a list would be right"),
    ("edits", [{"iteration": -1, "set": {}}], "$.edits[0].iteration: is -1; 0 to 1,000,000,000,000 would be right"),
    ("edits", [{"iteration": 1, "set": None}], "$.edits[0].set: holds null; an object {…} would be right"),
    ("edits", [{"iteration": 1, "set": {"w11": 1}}], "$.edits[0].set.w11: there is nothing called w11; w5, b3, x[1,2] or learning_rate would be right"),
    ("edits", [{"iteration": 1, "set": {"w1": "1"}}], "$.edits[0].set.w1: w1 can't be '1'; a finite number would be right"),
    ("edits", [{"iteration": 1, "set": {"w1": 10**400}}], "$.edits[0].set.w1: w1 can't be a number of over 21 digits; a finite number would be right"),
    ("edits", [{"iteration": 1, "set": {"x[2,1]": 1}}], "$.edits[0].set.x[2,1]: x[2,1] is outside the data; row and value from 1 to [1, 2] would be right"),
    ("edits", [{"iteration": 1, "set": {"learning_rate": 0}}], "$.edits[0].set.learning_rate: the learning rate is 0; a finite number above 0 would be right"),
    ("state", {**STATE, "iteration": -3}, "$.state.iteration: is -3; 0 to 1,000,000,000,000 would be right"),
    ("state", {**STATE, "parameters": {**STATE["parameters"], "w11": 1}}, "$.state.parameters: 'w11' is no parameter of the network; remove what is too much"),
    ("state", {"iteration": 3, "parameters": {**STATE["parameters"], "w2": "a"}}, "$.state.parameters.w2: holds a text; a number would be right"),
    ("state", {**STATE, "optimizer": {"m": STATE["parameters"]}}, "$.state.optimizer.m: gradient_descent keeps nothing of this name; remove it"),
]  # fmt: skip


def pattern(line: str) -> str:
    """The line as a regular expression in which a `… would be right` leaves the list of names open."""
    return re.escape(line).replace("…\\ would", ".*\\ would")


@pytest.mark.parametrize(("where", "value", "line"), FAULTS)
def test_a_fault_is_one_line(where, value, line):
    """Where, what, and what would be right; and nothing else."""
    (fault,) = faults_of(changed(where, value))
    assert re.fullmatch(pattern(line), fault) or fault == line, fault


KERNELS: list[tuple[dict[str, Any], str]] = [
    ({"weights": [1, None]}, "weights: holds null; only weights of a dense layer can be missing: a number would be right"),
    ({"weights": [[[1, None]], [[1, 2]]], "channels": 2}, "weights: holds null; only weights of a dense layer can be missing: a number would be right"),
    ({"weights": [1, 2, 3]}, "weights: has 3 numbers; 2 numbers would be right (one for each tap)"),
    ({"weights": [[[1, 2]]], "channels": 2}, "weights: has 1 × 1 × 2 numbers; 2 × 1 × 2 numbers would be right (channels × input channels × taps)"),
    ({"weights": [1, 2], "biases": [None]}, "biases: holds null; a bias is a number (null in place of the list means no biases at all)"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "line"), KERNELS)
def test_a_fault_of_a_kernel_is_one_line(fields, line):
    """A convolution has taps and channels, and none of its taps is missing."""
    document = copy.deepcopy(WORKED)
    kernel = {"op": "conv1d", "name": "c", "of": "x", "kernel": 2, **fields}
    document["network"] |= {"nodes": [kernel], "loss": {"op": "squared_error", "of": "c"}}
    document["expected"] = []
    assert line in [fault.removeprefix("$.network.nodes[0].") for fault in faults_of(document)]


TEXTS: list[tuple[bytes, str]] = [
    (b"", "$: the file is empty; an experiment is an object {…}"),
    (b" \n", "$: the file is empty; an experiment is an object {…}"),
    (b"[]", "$: holds no experiment; it should be an object {…}"),
    (b"null", "$: holds no experiment; it should be an object {…}"),
    (b'{"format": 1,\n "title": "a",,}', "$: line 2, column 15: this is no JSON (Expecting property name enclosed in double quotes); mend the text there"),
    (b'{"format": 1', "$: line 1, column 13: this is no JSON (Expecting ',' delimiter); mend the text there"),
    (b'{"format": 1} x', "$: line 1, column 15: this is no JSON (Extra data); mend the text there"),
    (b"{'format': 1}", "$: line 1, column 2: this is no JSON (Expecting property name enclosed in double quotes); mend the text there"),
    (b'{"format": 1, "title": "\xff"}', "$: byte 24 is not UTF-8; save the file as UTF-8 text"),
    ('{"format": 1}'.encode("utf-16"), "$: byte 0 is not UTF-8; save the file as UTF-8 text"),
    (b'{"format": 1, "title": ' + b"[" * 100_000, "$: is nested too deeply; an experiment has a few levels"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "line"), TEXTS)
def test_what_is_no_json_is_told_with_its_place(data, line):
    """Line and column, as an editor shows them."""
    assert faults_of(data) == [line]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("place", ["0.4", "0.5"])
def test_literals_that_are_no_numbers(literal, place):
    """Some programs write them into JSON; every number in an experiment is finite."""
    text = json.dumps(WORKED).replace(place, literal, 1)
    line = "every number in an experiment is finite, such as 0.5 or -2e-3"
    assert faults_of(text) == [f"$: line 1 holds {literal}; {line}"]


@pytest.mark.parametrize("literal", ["1e999", "-1e999", "1" + "0" * 5000])
@pytest.mark.parametrize(
    ("place", "where"),
    [("[[0.4,", "$.data.…[0][0]"), ("[[0.5,", "$.network.nodes[0].weights[0][0]"), ("[0.6]", "$.network.nodes[2].biases[0]")],
)  # fmt: skip
def test_numbers_beyond_a_float(literal, place, where):
    """Too large for a float64 is not silently infinite."""
    digits = place.strip("[],")
    text = json.dumps(WORKED).replace(place, place.replace(digits, literal), 1)
    assert faults_of(text) == [f"{where}: holds a number that is too large; up to 1.8e308 is possible"]


def test_nested_deeply_within_a_matrix():
    """Depth that is no fault of JSON is a fault of the matrix, or too deep, but never a crash."""
    for depth in (3, 50, 500, 5000, 200_000):
        text = json.dumps(changed(f"{FIRST}.weights", "@")).replace('"@"', "[" * depth + "]" * depth)
        (fault,) = faults_of(text)
        assert "list" in fault or "nested" in fault


def test_several_faults_are_all_told():
    """A person who mends one should not meet the next on trying again."""
    document = changed("training.optimizer.learning_rate", -1)
    document["training"]["batch_size"] = 0
    document["network"]["nodes"][0]["weights"] = [[1]]
    document["network"]["nodes"][1]["activation"] = "soft"
    document["network"]["loss"]["op"] = "hard"
    document["data"]["x"] = [[1, 2, 3], [1, 2]]
    found = [fault.split(": ")[0] for fault in faults_of(document)]
    assert found == [
        "$.training.optimizer.learning_rate",
        "$.training.batch_size",
        "$.network.nodes[0].weights",
        "$.network.nodes[1].activation",
        "$.network.loss.op",
        "$.data.x[0]",
        "$.data.x",
    ]


def test_faults_of_edits_and_published_numbers_are_told_together():
    """What is checked against a sound network is checked at once."""
    document = changed(
        "edits", [{"iteration": 1, "set": {"w99": 1, "b1": None}}, {"iteration": -1, "set": {}}]
    )
    document["expected"][0]["quantity"] = "out.a[9]"
    assert [fault.split(": ")[0] for fault in faults_of(document)] == [
        "$.edits[0].set.w99",
        "$.edits[0].set.b1",
        "$.edits[1].iteration",
        "$.expected[0].quantity",
    ]


def test_many_faulty_rows_are_summed_up():
    """A file of a thousand wrong rows gives the first of them and a count."""
    document = changed("data", {"x": [[1, 2]] * 1000, "targets": [[1, 2]] * 1000})
    faults = faults_of(document)
    assert len(faults) == 11
    assert faults[9] == "$.data.targets[9]: has 2 numbers; 1 would be right"
    assert faults[10] == "$.data.targets: 990 more rows have such a fault"


def wide(rows: int) -> dict[str, Any]:
    """A network with 20,000 neurons in its middle."""
    middle = {"name": "h", "op": "dense", "of": "x", "units": 20_000, "weights": {"init": "zeros"}}
    last = {"name": "out", "op": "dense", "of": "h", "units": 1, "weights": {"init": "zeros"}}
    document = changed("expected", [])
    document["network"] = {
        "inputs": {"x": 1},
        "nodes": [middle, last],
        "loss": {"op": "squared_error", "of": "out"},
    }
    document["data"] = {"x": [[1]] * rows, "targets": [[0]] * rows}
    return document


def test_too_many_parameters_are_refused_before_memory_is_taken():
    """400 million weights drawn from a file of a few bytes."""
    document = wide(1)
    document["network"]["nodes"][1]["units"] = 20_000
    document["data"]["targets"] = [[0] * 20_000]
    (fault,) = faults_of(document)
    assert fault == (
        "$.network.nodes[1].weights: the network has over 20,000,000 parameters; make a layer smaller"
    )


def test_too_many_samples_at_once_are_refused_before_memory_is_taken():
    """A batch whose values would fill the memory: the size that would do is told, and does."""
    document = wide(3000)
    document["training"]["batch_size"] = 3000
    (fault,) = faults_of(document)
    told = re.fullmatch(r"\$\.training\.batch_size: 3,000 samples .*; up to ([\d,]+) would be right", fault)
    assert told is not None
    document["training"]["batch_size"] = int(told[1].replace(",", ""))
    assert Timeline.of(decode(json.dumps(document).encode())).newest == 0


def test_a_batch_larger_than_the_data_is_all_of_it():
    """However large it is said to be."""
    timeline = Timeline.of(decode(json.dumps(changed("training.batch_size", 10**18)).encode()))
    assert timeline.record(0).samples == 1


def test_a_file_is_named_before_each_fault():
    """As the command line prints them: file, place, fault."""
    with pytest.raises(InvalidExperiment) as caught:
        decode(b"[]", "mine.json")
    assert caught.value.lines() == ["mine.json: $: holds no experiment; it should be an object {…}"]


def test_a_line_stays_a_line():
    """Names from the file may hold line breaks, or be endless: the fault is one line, of bearable length."""
    document = changed("data.a\nb" + "c" * 5000, [[1]])
    (fault,) = faults_of(document)
    assert "\n" not in fault
    assert len(fault) < 1100
