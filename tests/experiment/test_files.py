"""Reading and writing experiments: nothing is lost on the way, and trouble with files is one sentence."""

from __future__ import annotations

import os
import string
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui import paths
from backprop_gui.errors import FileTrouble, InvalidExperiment
from backprop_gui.experiment import reading
from backprop_gui.experiment.build import build
from backprop_gui.experiment.document import Edit, Expected, Experiment, Node, SavedState
from backprop_gui.experiment.presets import open_experiment, preset_names
from backprop_gui.experiment.reading import decode, encode, read_experiment, schema, write_whole
from backprop_gui.steps.references import expected_quantity
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, experiments, preset

PRESETS = sorted(path.stem for path in paths.presets_folder().glob("*.json"))
ODD_TEXTS = [
    '[[1, 2]]  "q" {"a": [ ]}',
    "tab\tand\nline",
    "½ · ∂L/∂w₅ — “σ′”",
    "back\\slash",
    "",
    " , ]",
    "🙂",
]


def test_there_are_presets():
    """The tests over all presets would say nothing without them."""
    assert {"worked-example", "chain-of-neurons", "two-layer-chain"} <= set(PRESETS)
    assert sorted(preset_names()) == PRESETS
    assert preset_names()[0] == "worked-example"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_say_what_they_teach(name):
    """The list of presets is made of these texts."""
    document = preset(name)
    assert document.title
    assert document.teaches
    assert document.source


@pytest.mark.parametrize("name", PRESETS)
def test_published_numbers_of_presets_hold(name):
    """What a preset says was printed elsewhere is what comes out, within the printed digits."""
    document = preset(name)
    timeline = Timeline.of(document)
    for expected in document.expected:
        while timeline.newest < expected.iteration:
            assert timeline.advance()
        story = Story(timeline, expected.iteration)
        value = story.numbers(expected_quantity(story.model, expected))
        assert abs(value - expected.value) <= expected.tolerance, expected.quantity
        assert expected.tolerance < 1e-2 * max(1e-9, abs(expected.value))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_written_as_they_were(name):
    """Save gives a file that reads as the same experiment, and writing that again the same bytes."""
    document = preset(name)
    data = encode(document)
    assert decode(data) == document
    assert encode(decode(data)) == data
    assert max(map(len, data.decode().splitlines())) < 1000


@settings(max_examples=80)
@given(experiments(), st.data())
def test_any_experiment_reads_back(document, data):
    """Weights, nulls, shared parameters, edits, a saved state, and odd texts in every text field."""
    texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]))
    names = build(document).graph.parameters.names
    number = st.floats(allow_nan=False, allow_infinity=False)
    document = msgspec.structs.replace(
        document,
        title=data.draw(texts),
        teaches=data.draw(texts),
        note=data.draw(texts),
        source=data.draw(texts),
        expected=[Expected("loss", data.draw(number), 0.5, printed_in=data.draw(texts))],
        edits=data.draw(st.lists(st.builds(Edit, st.integers(0, 9), st.dictionaries(texts, number)))),
        state=data.draw(st.none() | st.just(SavedState(3, dict.fromkeys(names, data.draw(number))))),
    )
    written = encode(document)
    again = decode(written)
    assert again == document
    assert encode(again) == written
    assert msgspec.json.decode(written) == msgspec.to_builtins(document)


def test_the_schema_is_json():
    """It ships with the program and describes every field of the document."""
    described = schema()
    assert msgspec.json.decode(msgspec.json.encode(described)) == described
    fields = set(Experiment.__struct_fields__)
    definitions = described["$defs"]
    assert isinstance(definitions, dict)
    assert fields == set(definitions["Experiment"]["properties"])


def trouble(path: Path | str) -> str:
    with pytest.raises(FileTrouble) as caught:
        open_experiment(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_that_are_none(tmp_path):
    """A missing file, a folder, a name too long, a preset that does not exist: one sentence each."""
    missing = tmp_path / "missing.json"
    assert (
        trouble(missing) == f"{missing}: there is no such file; `backprop-gui presets` lists what is built in"
    )
    assert trouble(tmp_path) == f"{tmp_path}: is a folder; an experiment is a .json file"
    assert trouble("worked").startswith("worked: is no preset and no file; the presets are worked-example, ")
    assert "choose another file" in trouble(tmp_path / ("n" * 300))
    assert "is no preset and no file" in trouble("n" * 300)
    assert "choose another file" in trouble(tmp_path / "zero\0byte")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may read anything")
def test_files_that_may_not_be_read(tmp_path):
    """The system's reason, and what to do."""
    locked = tmp_path / "locked.json"
    locked.write_bytes(encode(preset("worked-example")))
    locked.chmod(0)
    assert trouble(locked) == f"{locked}: can't be read (Permission denied); choose another file"


def test_files_that_are_too_large(tmp_path, monkeypatch):
    """Bounded before memory is taken: also where the size of a file is not known beforehand."""
    monkeypatch.setattr(reading, "LARGEST_FILE", 1000)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 1001)
    told = "is too large; an experiment may have up to 1,000 bytes"
    assert trouble(large) == f"{large}: {told}"
    if Path("/dev/zero").exists():
        assert trouble("/dev/zero") == f"/dev/zero: {told}"


def test_a_file_of_any_name(tmp_path, monkeypatch):
    """Umlauts, spaces and a preset's name: presets go first, a path is always a file."""
    named = tmp_path / "Übung 1 (neu).json"
    named.write_bytes(encode(preset("chain-of-neurons")))
    assert open_experiment(str(named)) == (preset("chain-of-neurons"), named)
    monkeypatch.chdir(tmp_path)
    Path("worked-example").write_bytes(encode(preset("chain-of-neurons")))
    assert open_experiment("worked-example") == (preset("worked-example"), None)
    assert open_experiment("./worked-example")[0] == preset("chain-of-neurons")


def test_a_byte_order_mark_does_no_harm():
    """Some editors begin a file with one."""
    assert decode(b"\xef\xbb\xbf" + encode(preset("worked-example"))) == preset("worked-example")


def test_faults_carry_the_files_name(tmp_path):
    """Where more files than one are checked, every line says which."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidExperiment) as caught:
        read_experiment(wrong)
    assert str(caught.value).startswith(f"{wrong}: $.format: the field is missing")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    """A full disk leaves the old file, and no rubbish beside it."""
    path = tmp_path / "kept.json"
    write_whole(path, b"first")
    path.chmod(0o640)
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o640

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileTrouble, match=r"kept.json: can't be written \(No space left on device\)"):
        write_whole(path, b"third")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.json"]
    with pytest.raises(FileTrouble, match="choose another place"):
        write_whole(tmp_path / "no folder" / "a.json", b"")


# As in the product's description of the file format, where `s` adds h2 and x.
TWO_HEADS = string.Template("""{"format": 1, "title": "Two heads", "teaches": "…", "source": "…", "note": "…",
 "network": {
   "inputs": {"x": 2},
   "parameters": {"theta": [[0.5, -0.1], [0.2, 0.3]]},
   "nodes": [
     {"name": "h1", "op": "dense", "of": "x", "units": 2, "activation": "sigmoid", "weights": "theta",
      "biases": [0.2, 0.2]},
     {"name": "h2", "op": "dense", "of": "h1", "units": 2, "activation": "tanh", "weights": "theta",
      "biases": null},
     $add
     {"name": "out", "op": "dense", "of": "$of", "units": 1, "activation": "identity",
      "weights": [[0.8, null]], "biases": {"init": "zeros"}}],
   "loss": {"op": "half_squared_error", "of": "out"}},
 "data": {"x": [[0.4, 0.1], [1, 0]], "targets": [[0], [1]]},
 "training": {"optimizer": {"kind": "gradient_descent", "learning_rate": 0.5}, "batch_size": 2,
   "shuffle": false, "seed": 0, "iterations": 100, "frozen": ["b*"]},
 "notation": {"style": "numbered", "loss": "L", "rate": "α"},
 "expected": [{"quantity": "out.a[1]", "iteration": 0, "sample": 1, "value": 0.50874, "tolerance": 5e-6,
   "printed_in": "…"}]}""")
ADD = '{"name": "s", "op": "add", "of": ["h2", "x"]},'


def test_the_example_of_the_file_format():
    """It loads with every feature but the addition, and has the number it should."""
    timeline = Timeline.of(decode(TWO_HEADS.substitute(add="", of="h2").encode()))
    graph = timeline.segments[0].model.graph
    assert graph.parameters.names == (
        "theta[1,1]",
        "theta[1,2]",
        "theta[2,1]",
        "theta[2,2]",
        "w1",
        "b1",
        "b2",
        "b3",
    )
    assert timeline.segments[0].model.frozen[graph.parameters.place_of("b3")]
    record = timeline.record(0)
    # 0.8·(h2 + x) = 0.8·h2 + 0.8·0.4 gives the number of the example.
    assert record.values[graph.by_name["out.a"]][0, 0] + 0.32 == pytest.approx(0.50874, abs=5e-6)


def test_the_example_with_its_addition():
    """An operation the program does not know is named, with what it knows."""
    if "add" in tags():  # the whole example, once there is an addition
        timeline = Timeline.of(decode(TWO_HEADS.substitute(add=ADD, of="s").encode()))
        graph = timeline.segments[0].model.graph
        assert timeline.record(0).values[graph.by_name["out.a"]][0, 0] == pytest.approx(0.50874, abs=5e-6)
        return
    with pytest.raises(InvalidExperiment) as caught:
        decode(TWO_HEADS.substitute(add=ADD, of="s").encode())
    known = " or ".join(tags())
    assert caught.value.faults == [f"$.network.nodes[2].op: 'add' is unknown; {known} would be right"]


def tags() -> list[str]:
    """The operations a file can name."""
    return [str(kind.__struct_config__.tag) for kind in get_args(Node) or (Node,)]
