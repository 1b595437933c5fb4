"""A small experiment that tests write to a file, spoil, and run."""

from __future__ import annotations

import csv
import json
from pathlib import Path


def document(**training):
    """A small experiment that can be spoilt."""
    node = {"op": "dense", "units": 1, "activation": "identity", "biases": [0.1]}
    nodes = [
        {"name": "h", "of": "x", "weights": [[0.8]], **node},
        {"name": "out", "of": "h", "weights": [[1.5]], **node},
    ]
    network = {"inputs": {"x": 1}, "nodes": nodes, "loss": {"op": "squared_error", "of": "out"}}
    data = {"x": [[0.2], [0.9], [-0.7]], "targets": [[0.4], [0.8], [0.1]]}
    settings = {"optimizer": {"learning_rate": 0.05}, "iterations": 7, **training}
    return {"format": 1, "title": "Small", "network": network, "data": data, "training": settings}


def written(content, name="small.json"):
    """The experiment in a file of the current folder."""
    Path(name).write_text(json.dumps(content), encoding="utf-8")
    return name


def rows_of(path):
    """A CSV file as dictionaries."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
