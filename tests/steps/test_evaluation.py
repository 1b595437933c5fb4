"""Test loss and accuracy: on the rows they should be of, and only where they mean something."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from backprop_gui.experiment.build import build
from backprop_gui.experiment.reading import decode
from backprop_gui.present.csv_files import write_loss
from backprop_gui.steps import evaluation
from backprop_gui.steps.evaluation import Evaluation, are_classes
from backprop_gui.steps.timeline import Timeline


def experiment(data, inputs=2, units=1, **training):
    """One sigmoid layer on the data."""
    node = {"name": "out", "op": "dense", "of": "x", "units": units, "activation": "sigmoid"}
    node |= {"weights": {"init": "xavier"}, "biases": {"init": "zeros"}}
    network = {"inputs": {"x": inputs}, "nodes": [node], "loss": {"op": "half_squared_error", "of": "out"}}
    document = {"format": 1, "title": "T", "network": network, "data": data, "training": training}
    return decode(json.dumps(document).encode())


def loss_rows(timeline, last):
    """loss.csv as dictionaries."""
    stream = io.StringIO(newline="")
    write_loss(stream, timeline, 0, last)
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


def test_a_split_fills_test_loss_and_accuracy():
    """The numbers are those of the test rows with the parameters before each update."""
    timeline = Timeline.of(experiment({"shipped": "iris", "test": 0.2}, 4, 3, batch_size=30))
    for _ in range(5):
        assert timeline.advance()
    model = timeline.segments[0].model
    x, y = (model.test_leaves[model.graph.by_name[name]] for name in ("x", "targets"))
    rows = loss_rows(timeline, 5)
    assert len(rows) == 6
    for iteration, row in enumerate(rows):
        state = timeline.state(iteration)
        weights, biases = (model.graph.parameters.view(state.parameters, k) for k in (0, 1))
        a = 1 / (1 + np.exp(-(x @ weights.T + biases)))
        assert float(row["test_loss"]) == pytest.approx((0.5 * (a - y) ** 2).sum() / 30)
        assert float(row["accuracy"]) == (a.argmax(axis=1) == y.argmax(axis=1)).sum() / 30


def test_without_a_split_accuracy_is_of_the_training_rows():
    """All of them, not only the batch; there is no test loss."""
    rows = loss_rows(Timeline.of(experiment({"generate": "or"})), 0)
    assert rows[0]["test_loss"] == ""
    model = build(experiment({"generate": "or"}))
    parameters = np.array([10.0, 10.0, -5.0])
    assert Evaluation(model).of(parameters) == (None, 1.0)
    assert Evaluation(model).of(-parameters) == (None, 0.0)
    assert Evaluation(model).of(np.array([10.0, 0.0, -5.0])) == (None, 0.75)


def test_what_is_no_class_has_no_accuracy():
    """A curve, or a single target that happens to be 0, is nothing to be right or wrong about."""
    assert loss_rows(Timeline.of(experiment({"generate": "line"}, 1)), 0)[0]["accuracy"] == ""
    with_split = loss_rows(Timeline.of(experiment({"generate": "line", "test": 0.5}, 1)), 0)[0]
    assert with_split["accuracy"] == ""
    assert float(with_split["test_loss"]) > 0
    given = {"x": [[1, 2]], "targets": [[0]]}
    assert loss_rows(Timeline.of(experiment(given)), 0)[0]["accuracy"] == ""


@pytest.mark.parametrize(
    ("targets", "classes"),
    [
        ([[0], [1]], True),
        ([[0], [0]], False),
        ([[0], [0.5]], False),
        ([[1, 0], [0, 1]], True),
        ([[1, 1], [0, 1]], False),
        ([[1, 0], [1, 0]], False),
    ],
)
def test_targets_that_are_classes(targets, classes):
    """0 or 1, or a single 1 a row, and not all alike."""
    assert are_classes(np.array(targets, dtype=float)) is classes


def test_many_rows_go_through_in_parts(monkeypatch):
    """In parts the numbers are the same."""
    model = build(experiment({"generate": "two_moons", "test": 0.5}))
    whole = Evaluation(model).of(model.initial)
    monkeypatch.setattr(evaluation, "MOST_VALUES_AT_ONCE", 20)
    assert Evaluation(model).of(model.initial) == pytest.approx(whole, rel=1e-13)
