"""An experiment file is data from a stranger: whatever it holds, it loads or is refused with sentences."""
# ruff: noqa: E501 - a document on few lines

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backprop_gui import paths
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.steps.timeline import Timeline

RICH: dict[str, Any] = {
    "format": 1,
    "title": "Rich",
    "network": {
        "inputs": {"x": 2, "u": 1},
        "parameters": {"theta": [[0.5, -0.1], [0.2, None]], "beta": {"init": "uniform", "low": -1, "high": 1}},
        "nodes": [
            {"name": "h1", "op": "dense", "of": "x", "units": 2, "activation": "tanh", "weights": "theta", "biases": "beta"},
            {"name": "h2", "op": "dense", "of": "h1", "units": 2, "weights": "theta", "biases": "beta"},
            {"name": "side", "op": "dense", "of": "u", "units": 3, "weights": {"init": "xavier"}, "biases": None},
            {"name": "out", "op": "dense", "of": "h2", "units": 1, "weights": [[0.8, None]], "biases": {"init": "zeros"}},
        ],
        "loss": {"op": "half_squared_error", "of": "out"},
    },
    "data": {"x": [[0.4, 0.1], [1, 0], [0, 1]], "u": [[1], [2], [3]], "targets": [[0], [1], [0.5]]},
    "training": {"batch_size": 2, "shuffle": True, "seed": 4, "frozen": ["w*"], "optimizer": {"kind": "gradient_descent", "learning_rate": 0.5}},
    "notation": {"style": "numbered"},
    "expected": [{"quantity": "d(out.a[1])", "value": 0.5, "tolerance": 0.1, "sample": 1}],
    "edits": [{"iteration": 2, "set": {"w1": 0.5, "x[1,2]": 3, "learning_rate": 0.1}}],
}  # fmt: skip

SEEDS = [RICH, *(json.loads(path.read_text(encoding="utf-8")) for path in sorted(paths.presets_folder().glob("*.json")))]  # fmt: skip

HUGE = [10**12, -(10**12), 2**63, 2**64, 10**21, 10**400, 1e308, -1e308, 5e-324]
WORDS = [
    "",
    "x",
    "h1",
    "out",
    "loss",
    "targets",
    "theta",
    "w1",
    "w5",
    "b*",
    "*",
    "[",
    "[!",
    "a b",
    "a\nb",
    "…",
    "d(w1)",
]
WORDS += [
    "dense",
    "sigmoid",
    "numbered",
    "x[1,1]",
    "learning_rate",
    "x" * 300,
    "\u0000",
    "١",
    "constructor",
    "__class__",
]
simple = st.sampled_from([None, True, False, 0, 1, 2, -1, 0.5, *HUGE, *WORDS])
values = st.recursive(
    simple,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2),
    max_leaves=6,
)
drawn = st.fixed_dictionaries(
    {"init": st.sampled_from(["zeros", "constant", "uniform", "normal", "xavier", "he"])},
    optional=dict.fromkeys(("value", "low", "high", "mean", "deviation"), simple),
)


def places_of(document: Any) -> list[tuple[Any, Any]]:
    """Every holder and key within a document."""
    found: list[tuple[Any, Any]] = []
    stack = [document]
    while stack:
        holder = stack.pop()
        entries = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, value in entries:
            found.append((holder, key))
            if isinstance(value, dict | list):
                stack.append(value)
    return found


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    """A sound document with one to three places changed, taken away, doubled or added to."""
    document = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        places = places_of(document)
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["set", "set", "set", "draw", "remove", "add", "move"])):
            case "set":
                holder[key] = draw(values)
            case "draw":
                holder[key] = draw(drawn)
            case "remove":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(WORDS))] = draw(values)
            case "add":
                holder.append(draw(values))
            case "move":
                other, place = draw(st.sampled_from(places))
                holder[key] = (
                    copy.deepcopy(other[place]) if place in other or isinstance(other, list) else None
                )
    return document


def opened(data: bytes) -> Timeline | None:
    """The timeline of a file; None when it was refused in sound sentences."""
    faults: list[str] = []
    try:
        document = decode(data)
        timeline = Timeline.of(document)
    except InvalidExperiment as refusal:
        faults = refusal.faults
    else:
        assert decode(encode(document)) == document
        return timeline
    assert faults
    for fault in faults:
        assert fault.startswith("$")
        assert len(fault.splitlines()) == 1
        assert ": " in fault
        assert "; " in fault
        assert "`" not in fault
    return None


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutations())
def test_changed_files_load_or_are_refused(document):
    """Wrong types, huge numbers and odd names at any place; what loads can be computed."""
    timeline = opened(json.dumps(document).encode())
    if timeline is not None:
        timeline.record(min(timeline.newest, 3))


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), st.data())
def test_changed_bytes_load_or_are_refused(document, data):
    """Files cut off, overwritten and interspersed with bytes."""
    text = bytearray(json.dumps(document, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 1, 2, 30, len(text)]))
        piece = [b"", b"\xff", b"\x00", b'"', b"[", b"}", b",", b"NaN", b"1e999", b"\\ud800", b"-", b"0" * 30]
        text[at : at + length] = data.draw(st.sampled_from(piece) | st.binary(max_size=4))
    opened(bytes(text))


@settings(max_examples=200)
@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b'{"format": 1e999}')
@example(b'{"format": ' + b"1" * 5000 + b"}")
@example(b'{"format": 1, "x": ' + b"[" * 100_000)
def test_any_bytes_are_refused(data):
    """Nothing this short is an experiment."""
    assert opened(data) is None


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [100, 900, 1100, 100_000])
def test_nested_deeply_at_every_place(opening, depth):
    """As deep as the interpreter's stack, and deeper."""
    closing = "]" if opening == "[" else "}"
    for holder, key in places_of(copied := copy.deepcopy(RICH)):
        kept, holder[key] = holder[key], "@"
        text = json.dumps(copied).replace('"@"', opening * depth + "1" + closing * depth)
        holder[key] = kept
        opened(text.encode())


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "NaN", "1" + "0" * 400, "1" + "0" * 5000, str(2**64), "1e308"]
)
def test_numbers_out_of_range_at_every_place(number):
    """Of integers, floats and texts alike."""
    for holder, key in places_of(copied := copy.deepcopy(RICH)):
        kept, holder[key] = holder[key], "@"
        text = json.dumps(copied).replace('"@"', number)
        holder[key] = kept
        timeline = opened(text.encode())
        if timeline is not None:
            timeline.record(0)
