"""A network of two layers that looks at several samples at once; tests write it to a file and change it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backprop_gui.experiment.reading import decode
from backprop_gui.present.naming import Naming
from backprop_gui.present.scene import Scene
from backprop_gui.session.checking import GradientCheck
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.plan import Plan
from backprop_gui.steps.quantities import Numbers
from backprop_gui.steps.timeline import Timeline


def document(**changes: Any) -> dict[str, Any]:
    """Three samples in one batch, 12 parameters; `changes` replace parts of the network."""
    hidden = {"name": "h", "op": "dense", "of": "x", "units": 2, "activation": "sigmoid"}
    last = {"name": "p", "op": "dense", "of": "h", "units": 2, "activation": "identity"}
    network = {
        "inputs": {"x": 2},
        "nodes": [
            {**hidden, "weights": [[0.5, -0.1], [0.2, 0.3]], "biases": [0.2, -0.2]},
            {**last, "weights": [[0.8, -0.6], [0.4, 0.9]], "biases": [0.1, 0.0]},
        ],
        "loss": {"op": "softmax_cross_entropy", "of": "p"},
        **changes,
    }
    data = {"x": [[0.4, 0.1], [1, 0], [-0.5, 2]], "targets": [[0, 1], [1, 0], [0, 1]]}
    training = {"optimizer": {"kind": "gradient_descent", "learning_rate": 0.5}, "batch_size": 3}
    return {"format": 1, "title": "Three at once", "network": network, "data": data, "training": training}


def drawn() -> dict[str, Any]:
    """The same with weights that are drawn with the seed."""
    found = document()
    for node in found["network"]["nodes"]:
        node["weights"] = {"init": "xavier"}
    return found


def scene(
    content: dict[str, Any], position: int | None = None, iteration: int = 0, check: bool = False
) -> Scene:
    """A moment of it, by default the end of an iteration."""
    experiment = decode(json.dumps(content).encode())
    timeline = Timeline.of(experiment)
    for _ in range(iteration):
        timeline.advance()
    model, record = timeline.segment_of(iteration).model, timeline.record(iteration)
    plan = Plan(model.graph, record.samples, model.optimizer.quantities, model.frozen)
    numbers = Numbers(model.graph, record, dict(model.settings))
    frame = Frame(plan, record, numbers, plan.total if position is None else position)
    found = GradientCheck(model, record)
    if check:
        assert len(list(found)) == found.total
    naming = Naming(model.graph, experiment.notation)
    return Scene(experiment, model, frame, naming, numeric=found.numeric, kinks=found.kinks)


def written(content: dict[str, Any], folder: Path) -> str:
    """The experiment in a file."""
    path = folder / "batch.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)
