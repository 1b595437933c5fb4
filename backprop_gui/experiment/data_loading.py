"""From the description of a source to arrays for training and testing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from msgspec import Struct, field

from backprop_gui.engine.operation import Array
from backprop_gui.errors import FileTrouble, InvalidExperiment
from backprop_gui.experiment.csv_data import Samples, read_csv
from backprop_gui.experiment.csv_text import open_csv
from backprop_gui.experiment.data_sources import CsvData, Data, GeneratedData, ShippedData, Source
from backprop_gui.experiment.generated_data import LARGEST_SEED, generated
from backprop_gui.experiment.presets import preset_names
from backprop_gui.experiment.reading import write_whole
from backprop_gui.experiment.sentences import counted, listed, shown
from backprop_gui.experiment.shipped_data import shipped
from backprop_gui.paths import presets_folder


class LoadedData(Struct, frozen=True, eq=False):
    """Rows for each input by name and for `targets`: to train with, and kept aside for testing."""

    training: Mapping[str, Array]
    test: Mapping[str, Array] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()


def folder_of(source: str) -> Path | None:
    """The folder of an experiment's file or preset; None for one that no file holds yet."""
    if not source:
        return None
    return presets_folder() if source in preset_names() else Path(source).parent


def load(
    data: CsvData | GeneratedData | ShippedData, inputs: Mapping[str, int], source: str = ""
) -> LoadedData:
    """The arrays of a source. Raises InvalidExperiment with all faults.

    `inputs` says how many values each input takes, `source` which file or preset the experiment is from.
    """
    if isinstance(data, CsvData):
        if faults := _name_faults(data, inputs):
            raise InvalidExperiment(faults)
        samples = read_csv(data, folder_of(source))
    else:
        made, word = (
            (generated(data), data.generate)
            if isinstance(data, GeneratedData)
            else (shipped(data), data.shipped)
        )
        points, targets, names = made
        samples = Samples(_dealt(points, inputs, word), targets, names)
    training, test = split({**samples.inputs, "targets": samples.targets}, data)
    return LoadedData(training, test, samples.class_names)


def _name_faults(data: CsvData, inputs: Mapping[str, int]) -> list[str]:
    """Whether the description names each input of the network, with as many columns as it takes."""
    faults = [
        f"$.data.inputs.{name}: no input has this name; remove it, or one of {listed(inputs)} would be right"
        for name in data.inputs
        if name not in inputs
    ]
    for name, size in inputs.items():
        if name not in data.inputs:
            faults.append(f"$.data.inputs: there is nothing for {shown(name)}; name its columns")
        elif len(data.inputs[name]) != size:
            have = counted(len(data.inputs[name]), "column", "columns")
            faults.append(f"$.data.inputs.{name}: has {have}; {size:,} would be right")
    return faults


def _dealt(points: Array, inputs: Mapping[str, int], word: str) -> dict[str, Array]:
    """The columns handed to the inputs in their order. Raises InvalidExperiment when they do not fit."""
    if sum(inputs.values()) != points.shape[1] or min(inputs.values()) < 1:
        wanted = counted(points.shape[1], "input value", "input values")
        taken = " + ".join(str(size) for size in inputs.values())
        raise InvalidExperiment(
            [f"$.network.inputs: take {taken or 'no'} values; {word} has {wanted}, as many would be right"]
        )
    ends = np.cumsum(list(inputs.values())).tolist()
    return {
        name: np.ascontiguousarray(points[:, end - size : end])
        for (name, size), end in zip(inputs.items(), ends, strict=True)
    }


def split(rows: Mapping[str, Array], data: Source) -> tuple[dict[str, Array], dict[str, Array]]:
    """Rows to train with and rows to test with, each in the order of the data. Raises InvalidExperiment."""
    count = len(rows["targets"])
    faults = []
    if not 0 <= data.test < 1:
        faults.append(f"$.data.test: is {shown(data.test)}; a share from 0 to below 1 would be right")
    elif data.test > 0 and count < 2:
        faults.append("$.data.test: there is one row only; 0 would be right")
    if not 0 <= data.split_seed < LARGEST_SEED:
        faults.append(
            f"$.data.split_seed: is {shown(data.split_seed)}; 0 to {LARGEST_SEED - 1} would be right"
        )
    if faults:
        raise InvalidExperiment(faults)
    if data.test == 0:
        return dict(rows), {}
    aside = min(max(1, round(data.test * count)), count - 1)
    tested = np.zeros(count, dtype=bool)
    tested[np.random.default_rng(data.split_seed).permutation(count)[:aside]] = True
    return {n: a[~tested] for n, a in rows.items()}, {n: a[tested] for n, a in rows.items()}


def bring_along(data: Data, source: str, target: Path) -> None:
    """Copy the CSV of an experiment from `source` beside the file `target` it is saved to, whole.

    Nothing is done for other data, or where the file is there already. Raises FileTrouble, also when
    a file of that name with other content would be lost.
    """
    if not isinstance(data, CsvData):
        return
    beside = target.parent / data.csv
    folder = folder_of(source)
    if folder is not None and beside.parent.resolve() == folder.resolve():
        return
    try:
        content = open_csv(data.csv, folder).content
    except InvalidExperiment as error:
        what = error.faults[0].partition(": ")[2]
        raise FileTrouble(f"{target}: would lack its data: {what}") from None
    try:
        if not beside.exists():
            write_whole(beside, content)
        elif beside.read_bytes() != content:
            raise FileTrouble(f"{beside}: is there already with other content; choose another folder")
    except OSError as error:
        raise FileTrouble(
            f"{beside}: can't be read ({error.strerror or error}); choose another folder"
        ) from None
