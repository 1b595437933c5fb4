"""Generated and shipped data, the split, and the description of data in an experiment file."""
# ruff: noqa: E501 - a table of sentences, one a line

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from backprop_gui.errors import FileTrouble, InvalidExperiment
from backprop_gui.experiment.build import build
from backprop_gui.experiment.data_loading import bring_along, load
from backprop_gui.experiment.data_sources import CsvData, GeneratedData, GivenData, ShippedData
from backprop_gui.experiment.reading import decode, encode, read_experiment, schema
from backprop_gui.steps.timeline import Timeline

KINDS = ["xor", "and", "or", "two_moons", "circles", "spiral", "gaussians", "line", "sine"]
CSV = "a,b,class\n" + "".join(f"{k},{k * k},{'no' if k % 2 else 'yes'}\n" for k in range(10))
CSV_DATA = {"csv": "m.csv", "inputs": {"x": ["a", "b"]}, "targets": ["class"], "classes": ["yes", "no"]}


def document(data, inputs=2, units=1, **more):
    """An experiment with one layer around the data, as a file has it."""
    drawn = {"init": "xavier"}
    node = {
        "name": "out",
        "op": "dense",
        "of": "x",
        "units": units,
        "activation": "sigmoid",
        "weights": drawn,
    }
    network = {"inputs": {"x": inputs}, "nodes": [node], "loss": {"op": "half_squared_error", "of": "out"}}
    return json.dumps({"format": 1, "title": "Test", "network": network, "data": data, **more}).encode()


def faults_of(data, source="", **more):
    with pytest.raises(InvalidExperiment) as caught:
        build(decode(document(data, **more)), source)
    return caught.value.faults


def arrays(source, width=2):
    """Inputs and targets of a source."""
    loaded = load(source, {"x": width})
    return loaded.training["x"], loaded.training["targets"]


@pytest.mark.parametrize(
    ("kind", "targets"), [("xor", [0, 1, 1, 0]), ("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1])]
)
def test_truth_tables_have_their_four_rows(kind, targets):
    """Exactly, without noise, unless more is asked for."""
    x, y = arrays(GeneratedData(generate=kind))
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.ravel().tolist() == targets
    x, y = arrays(GeneratedData(generate=kind, rows=10, noise=0.1))
    assert y.ravel().tolist() == (targets * 3)[:10]
    assert 0 < np.abs(x - np.round(x)).max() < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_generators_depend_on_the_seed_alone(kind):
    """The same seed gives the same bits, another one other numbers; the targets of classes stay."""
    width = 1 if kind in ("line", "sine") else 2
    first, again, other = (
        arrays(GeneratedData(generate=kind, rows=20, noise=0.2, seed=seed), width) for seed in (3, 3, 4)
    )
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one, two)
    assert any(not np.array_equal(one, two) for one, two in zip(first, other, strict=True))
    assert len(first[0]) == 20


def test_shapes_lie_where_they_should():
    """Without noise the points are on their curves, and classes take turns."""
    x, y = arrays(GeneratedData(generate="circles", noise=0, classes=3, rows=30))
    assert np.hypot(*x.T) == pytest.approx((y.argmax(axis=1) + 1) / 3)
    assert y.argmax(axis=1).tolist() == [0, 1, 2] * 10
    x, y = arrays(GeneratedData(generate="gaussians", noise=0, classes=4, rows=4))
    assert x == pytest.approx(np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), abs=1e-12)
    x, y = arrays(GeneratedData(generate="two_moons", noise=0, rows=40))
    upper = y.ravel() == 0
    assert np.hypot(*x[upper].T) == pytest.approx(1)
    assert np.hypot(x[~upper, 0] - 1, x[~upper, 1] - 0.5) == pytest.approx(1)
    x, y = arrays(GeneratedData(generate="spiral", noise=0, rows=40))
    assert x[y.ravel() == 0] == pytest.approx(-x[y.ravel() == 1], abs=1e-12)
    x, y = arrays(GeneratedData(generate="line", noise=0), 1)
    assert y == pytest.approx(2 * x + 1)
    x, y = arrays(GeneratedData(generate="sine", noise=0), 1)
    assert y == pytest.approx(np.sin(np.pi * x))


def test_two_classes_are_one_output_or_two():
    """As asked; more are always one output each."""
    assert arrays(GeneratedData(generate="xor", one_hot=True))[1].tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]
    assert arrays(GeneratedData(generate="spiral", classes=5, rows=5))[1].tolist() == np.eye(5).tolist()


def test_the_flowers_and_the_digits():
    """Shapes, classes and their counts are those of the published data."""
    iris = load(ShippedData(shipped="iris"), {"x": 4})
    assert iris.class_names == ("setosa", "versicolor", "virginica")
    assert iris.training["x"].shape == (150, 4)
    assert iris.training["targets"].sum(axis=0).tolist() == [50, 50, 50]
    assert iris.training["x"].mean(axis=0) == pytest.approx([5.8433, 3.0573, 3.758, 1.1993], abs=1e-4)
    digits = load(ShippedData(shipped="digits"), {"x": 64})
    assert digits.training["x"].shape == (1797, 64)
    assert (digits.training["x"].min(), digits.training["x"].max()) == (0, 16)
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.training["targets"].sum(axis=0).tolist() == counts


def test_the_larger_digits_are_the_same_pictures():
    """28 × 28 pixels from 0 to 1: every place lies between the pixels around it, the mean stays."""
    small = load(ShippedData(shipped="digits"), {"x": 64}).training["x"].reshape(-1, 8, 8) / 16
    large = load(ShippedData(shipped="digits_28"), {"x": 784})
    pixels = large.training["x"].reshape(-1, 28, 28)
    assert pixels.shape == (1797, 28, 28)
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert pixels[:, 0, 0] == pytest.approx(small[:, 0, 0])  # the corners are those of the small picture
    assert pixels[:, -1, -1] == pytest.approx(small[:, -1, -1])
    assert pixels.mean(axis=(1, 2)) == pytest.approx(small.mean(axis=(1, 2)), abs=0.02)


def test_columns_go_to_the_inputs_in_order():
    """A network with several inputs shares the columns out."""
    loaded = load(ShippedData(shipped="iris"), {"sepal": 2, "petal": 2})
    assert loaded.training["sepal"][0].tolist() == [5.1, 3.5]
    assert loaded.training["petal"][0].tolist() == [1.4, 0.2]


def test_a_share_is_kept_aside():
    """Every row is in one part, in the order of the data; which ones follows from the seed."""
    whole = load(ShippedData(shipped="iris"), {"x": 4}).training["x"]
    parts = [load(ShippedData(shipped="iris", test=0.2, split_seed=seed), {"x": 4}) for seed in (0, 0, 1)]
    assert [(len(p.training["x"]), len(p.test["x"])) for p in parts] == [(120, 30)] * 3
    assert np.array_equal(parts[0].test["x"], parts[1].test["x"])
    assert not np.array_equal(parts[0].test["x"], parts[2].test["x"])
    together = np.concatenate([parts[0].training["x"], parts[0].test["x"]])
    assert sorted(map(tuple, together)) == sorted(map(tuple, whole))
    places = [whole.tolist().index(row) for row in parts[0].test["x"].tolist()]
    assert places == sorted(places)


def test_numbers_in_the_file_can_be_split_too():
    """The plain form within `values`; its faults say so."""
    values = {"x": [[k, k] for k in range(4)], "targets": [[k] for k in range(4)]}
    model = build(decode(document({"values": values, "test": 0.25})))
    assert (model.batches.rows, {len(array) for array in model.test_leaves.values()}) == (3, {1})
    assert model.class_names == ()
    values["x"][1] = [1]
    assert faults_of({"values": values, "test": 0.25}) == [
        "$.data.values.x[1]: has 1 number; 2 would be right"
    ]


FAULTS = [
    ({"generate": "xorr"}, "$.data.generate: 'xorr' is unknown; one of xor, and, or, two_moons, circles, spiral, gaussians, line, sine would be right"),
    ({"generate": 3}, "$.data.generate: holds a whole number; a text would be right"),
    ({"generate": "xor", "row": 3}, "$.data.row: there is no such field; remove it, or mind the spelling"),
    ({"generate": "xor", "csv": "a.csv"}, "$.data.generate: there is no such field; remove it, or mind the spelling"),
    ({"generate": "xor", "rows": 0}, "$.data.rows: is 0; 1 to 100,000 would be right"),
    ({"generate": "xor", "rows": 10**9}, "$.data.rows: is 1000000000; 1 to 100,000 would be right"),
    ({"generate": "xor", "noise": -1}, "$.data.noise: is -1.0; 0 to 1,000,000 would be right"),
    ({"generate": "xor", "seed": -1}, "$.data.seed: is -1; 0 to 9223372036854775807 would be right"),
    ({"generate": "xor", "classes": 3}, "$.data.classes: is 3; 2 would be right for xor"),
    ({"generate": "spiral", "classes": 1}, "$.data.classes: is 1; 2 to 10 would be right for spiral"),
    ({"generate": "spiral", "classes": 3, "one_hot": False}, "$.data.one_hot: 3 classes can't be one output; true would be right"),
    ({"generate": "line", "classes": 3}, "$.data.classes: line has no classes; remove it"),
    ({"generate": "line"}, "$.network.inputs: take 2 values; line has 1 input value, as many would be right"),
    ({"generate": "spiral", "classes": 3}, "$.data: the data has 3 targets a row; 1 would be right, one for each output"),
    ({"generate": "xor", "test": 1}, "$.data.test: is 1.0; a share from 0 to below 1 would be right"),
    ({"generate": "xor", "rows": 1, "test": 0.5}, "$.data.test: there is one row only; 0 would be right"),
    ({"generate": "xor", "test": 0.5, "split_seed": -1}, "$.data.split_seed: is -1; 0 to 9223372036854775807 would be right"),
    ({"shipped": "mnist"}, "$.data.shipped: 'mnist' is unknown; iris or digits or digits_28 would be right"),
    ({"csv": "m.csv", "inputs": {"x": [1, 2]}}, "$.data.targets: the field is missing; add it"),
    ({**CSV_DATA, "inputs": {"x": [1.5]}}, "$.data.inputs.x[0]: holds a number; a whole number or a text would be right"),
    ({**CSV_DATA, "delimiter": "|"}, "$.data.delimiter: '|' is unknown; , or ; or a tab would be right"),
    ({**CSV_DATA, "inputs": {"u": [1, 2]}}, "$.data.inputs.u: no input has this name; remove it, or one of x would be right"),
    ({**CSV_DATA, "inputs": {"x": [1]}}, "$.data.inputs.x: has 1 column; 2 would be right"),
    (CSV_DATA, "$.data.csv: 'm.csv' is looked for beside the experiment, which is in no folder yet; save the experiment beside it"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "line"), FAULTS)
def test_a_fault_is_one_line(data, line):
    """Where, what, and what would be right."""
    assert faults_of(data)[0] == line


@pytest.mark.parametrize(
    "data",
    [
        GeneratedData(generate="two_moons", rows=50, noise=0.1, seed=3, test=0.2),
        ShippedData(shipped="iris", test=0.5, split_seed=9),
        GivenData(values={"x": [[1.0, 2.0]], "targets": [[0.0]]}),
        CsvData(csv="m.csv", inputs={"x": ["a", 2]}, targets=["class"], delimiter="\t", classes=["a", "b"]),
        {"x": [[1.0, 2.0]], "targets": [[0.0]]},
    ],
)
def test_the_description_is_what_is_saved(data):
    """Not the numbers; and it reads back as it was."""
    written = document(data) if isinstance(data, dict) else encode_with(data)
    experiment = decode(written)
    assert experiment.data == data
    assert type(experiment).__name__ == "Experiment"
    assert decode(encode(experiment)) == experiment
    assert len(encode(experiment)) < 1000


def encode_with(data):
    """A document with the data given as a struct."""
    return document(msgspec.to_builtins(data))


def test_an_input_may_be_called_like_a_source():
    """Rows are rows, whatever their name; only a word or an object is a source."""
    text = document({"csv": [[1, 2]], "targets": [[0]]}).replace(b'"x"', b'"csv"')
    assert build(decode(text)).batches.rows == 1


def test_the_schema_knows_every_kind_of_data():
    """An editor that checks by the schema takes what the program takes."""
    described: Any = schema()
    kinds = [
        entry.get("$ref", "") for entry in described["$defs"]["Experiment"]["properties"]["data"]["anyOf"]
    ]
    assert [kind.rpartition("/")[2] for kind in kinds] == [
        "",
        "GivenData",
        "CsvData",
        "GeneratedData",
        "ShippedData",
    ]
    assert all(kind.rpartition("/")[2] in described["$defs"] for kind in kinds[1:])


def test_an_experiment_with_a_csv_beside_it(tmp_path):
    """Read by its own folder, from wherever the program was started; single numbers can be edited."""
    (tmp_path / "m.csv").write_text(CSV, encoding="utf-8")
    path = tmp_path / "e.json"
    edits = [{"iteration": 0, "set": {"x[2,1]": 7}}]
    path.write_bytes(document({**CSV_DATA, "test": 0.2}, units=2, edits=edits))
    model = Timeline.of(read_experiment(path), str(path)).segment_of(0).model
    graph = model.graph
    assert model.batches.rows == 8
    assert model.class_names == ("yes", "no")
    assert model.leaves[graph.by_name["x"]][1, 0] == 7
    assert {graph.nodes[index].name for index in model.test_leaves} == {"x", "targets"}
    assert len(model.test_leaves[graph.by_name["targets"]]) == 2


def test_a_preset_does_not_read_the_current_folder(tmp_path, monkeypatch):
    """A preset's own folder is that of the presets."""
    (tmp_path / "m.csv").write_text(CSV, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (fault,) = faults_of(CSV_DATA, "worked-example", units=2)
    assert fault == "$.data.csv: there is no file 'm.csv' beside the experiment; put it there"
    assert build(decode(document(CSV_DATA, units=2)), "own.json").batches.rows == 10


def test_a_csv_is_brought_along(tmp_path):
    """Saved into another folder the experiment keeps its data, and never at the cost of another file."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    (old / "m.csv").write_text(CSV, encoding="utf-8")
    data = decode(document(CSV_DATA)).data
    source, target = str(old / "e.json"), new / "copy.json"
    bring_along(data, source, target)
    assert (new / "m.csv").read_bytes() == (old / "m.csv").read_bytes()
    bring_along(data, source, target)  # the same file again
    bring_along(data, source, old / "copy.json")
    bring_along(ShippedData(shipped="iris"), "", target)
    (new / "m.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(FileTrouble, match="is there already with other content; choose another folder"):
        bring_along(data, source, target)
    assert (new / "m.csv").read_text(encoding="utf-8") == "mine"
    (old / "m.csv").unlink()
    with pytest.raises(FileTrouble, match=r"would lack its data: there is no file 'm\.csv' beside"):
        bring_along(data, source, tmp_path / "third.json")
