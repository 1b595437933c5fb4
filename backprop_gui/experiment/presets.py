"""The experiments that come with the program."""

from __future__ import annotations

import os
from pathlib import Path

from backprop_gui import paths
from backprop_gui.errors import FileTrouble
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.reading import read_experiment

FIRST = "worked-example"
# In the order in which a learner would meet them; what is not named here follows by name.
ORDER = (
    "worked-example",
    "chain-of-neurons",
    "two-layer-chain",
    "mazur-2-2-2",
    "averaging-over-examples",
    "mlp-three-theta",
    "reused-value",
    "skip-connection-dag",
    "softmax-classifier",
    "conv-classifier",
    "xor",
    "sine",
    "two-moons",
    "spiral",
    "iris",
    "digits",
    "digits-large",
    "vanishing-gradient",
    "dead-relu",
    "too-fast",
)


def preset_names() -> list[str]:
    """The names of all presets, in the order of teaching."""
    found = sorted(path.stem for path in paths.presets_folder().glob("*.json"))
    return [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]


def open_experiment(preset_or_file: str) -> tuple[Experiment, Path | None]:
    """The experiment of a preset's name or a file; the path is None for a preset."""
    if preset_or_file in preset_names():
        return read_experiment(paths.presets_folder() / f"{preset_or_file}.json"), None
    path = Path(preset_or_file)
    if not os.path.exists(path) and path.name == preset_or_file and not path.suffix:
        known = ", ".join(preset_names())
        raise FileTrouble(f"{preset_or_file}: is no preset and no file; the presets are {known}")
    return read_experiment(path), path
