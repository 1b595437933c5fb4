"""The rows of a CSV file as arrays: columns found, numbers read, class labels made into outputs."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct, field

from backprop_gui.engine.operation import Array
from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.csv_text import CsvText, Manner, detected, is_number, number, open_csv
from backprop_gui.experiment.data_sources import CsvData
from backprop_gui.experiment.sentences import counted, listed, shown

MOST_NUMBERS = 2_000_000  # of all rows together
MOST_CLASSES = 1_000
MOST_LINE_FAULTS = 10


class Samples(Struct, frozen=True, eq=False):
    """Rows of data: an array per input, the targets, and what the outputs are called if they are classes."""

    inputs: Mapping[str, Array]
    targets: Array
    class_names: tuple[str, ...] = ()


class _Columns(Struct, frozen=True):
    """Where the data stands in a record: the places of all inputs in a row, and of the targets."""

    names: Sequence[str]  # one per column; a number where the file has no names
    inputs: Sequence[int]
    targets: Sequence[int]


class _Reading(Struct):
    """What was read so far."""

    text: CsvText
    numbers: array[float] = field(default_factory=lambda: array("d"))
    targets: list[list[str]] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("q"))
    faults: list[str] = field(default_factory=list)
    more: int = 0

    def fault(self, line: int, what: str) -> None:
        if len(self.faults) < MOST_LINE_FAULTS:
            self.faults.append(f"$.data.csv: {self.text.name}, line {line}: {what}")
        else:
            self.more += 1

    def finish(self) -> None:
        """Raises InvalidExperiment when there are faults."""
        if self.more:
            rest = counted(self.more, "more line has", "more lines have")
            self.faults.append(f"$.data.csv: {self.text.name}: {rest} such a fault")
        if self.faults:
            raise InvalidExperiment(self.faults)


def read_csv(source: CsvData, folder: Path | None) -> Samples:
    """The data a description stands for; the file lies in `folder`. Raises InvalidExperiment."""
    text = open_csv(source.csv, folder)
    manner = _manner(source, text)
    records = text.records(manner.delimiter)
    first = next(records, None)
    if first is None:
        raise text.fault(" is empty; a row per sample would be right")
    names = first[1] if manner.header else [str(place) for place in range(1, len(first[1]) + 1)]
    columns = _columns(source, names, manner.header)
    reading = _Reading(text)
    if not manner.header:
        _take(reading, columns, manner, *first)
    for line, cells in records:
        _take(reading, columns, manner, line, cells)
    if not reading.lines and not reading.faults:
        raise text.fault(" has a header but no rows; a row per sample would be right")
    targets, class_names = _targets(source, reading, columns, manner.decimal)
    reading.finish()
    values = np.frombuffer(reading.numbers, dtype=np.float64).reshape(len(reading.lines), -1)
    ends = np.cumsum([len(wanted) for wanted in source.inputs.values()])
    inputs = {
        name: np.ascontiguousarray(values[:, end - len(wanted) : end])
        for (name, wanted), end in zip(source.inputs.items(), ends.tolist(), strict=True)
    }
    return Samples(inputs, targets, class_names)


def _manner(source: CsvData, text: CsvText) -> Manner:
    """How the file is written: as the description says, else as it looks."""
    header = source.header
    if header is None and any(isinstance(one, str) for one in _wanted(source)):
        header = True  # columns that are called by name have names
    return detected(text, header, source.delimiter, source.decimal)


def _wanted(source: CsvData) -> list[str | int]:
    return [*(one for wanted in source.inputs.values() for one in wanted), *source.targets]


def _columns(source: CsvData, names: Sequence[str], header: bool) -> _Columns:
    """The places of the columns that are asked for. Raises InvalidExperiment."""
    faults: list[str] = []

    def places(where: str, wanted: Sequence[str | int]) -> list[int]:
        if not wanted:
            faults.append(f"{where}: names no column; one or more would be right")
        found = [_place(one, names, header) for one in wanted]
        faults.extend(f"{where}[{i}]: {place}" for i, place in enumerate(found) if isinstance(place, str))
        return [place for place in found if isinstance(place, int)]

    inputs = [
        place for name, wanted in source.inputs.items() for place in places(f"$.data.inputs.{name}", wanted)
    ]
    targets = places("$.data.targets", source.targets)
    for name in {names[place] for place in set(inputs) & set(targets)}:
        faults.append(f"$.data.targets: column {shown(name)} is an input already; another would be right")
    if faults:
        raise InvalidExperiment(faults)
    return _Columns(names, inputs, targets)


def _place(wanted: str | int, names: Sequence[str], header: bool) -> int | str:
    """The place of a column, or what is wrong with how it is called."""
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return wanted - 1
        return f"there is no column {shown(wanted)}; 1 to {len(names):,} would be right"
    found = [place for place, name in enumerate(names) if name == wanted.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = " or ".join(str(place + 1) for place in found)
        return f"several columns are called {shown(wanted)}; a number, {numbers}, would be right"
    if not header:
        return (
            f"there is no column {shown(wanted)}, the file has no header; 1 to {len(names):,} would be right"
        )
    return f"there is no column {shown(wanted)}; one of {listed(names)} would be right"


def _take(reading: _Reading, columns: _Columns, manner: Manner, line: int, cells: list[str]) -> None:
    """Take one record; the numbers of its inputs, and its targets as text for now."""
    width = len(columns.names)
    if len(cells) < width or any(cells[width:]):  # separators too many at the end do no harm
        have = counted(len(cells), "column", "columns")
        reading.fault(line, f"has {have}; {width:,} would be right, as the first line has")
        return
    if (len(reading.lines) + 1) * (len(columns.inputs) + len(columns.targets)) > MOST_NUMBERS:
        raise reading.text.fault(f" holds too much; up to {MOST_NUMBERS:,} numbers would be right")
    values = []
    for place in columns.inputs:
        try:
            value = number(cells[place], manner.decimal)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            reading.fault(line, _no_number(cells[place], columns.names[place], manner.decimal))
            return
        values.append(value)
    reading.numbers.extend(values)
    reading.targets.append([cells[place] for place in columns.targets])
    reading.lines.append(line)


def _no_number(cell: str, column: str, decimal: str) -> str:
    """What is wrong with a cell that holds no finite number."""
    if not cell:
        return f"column {shown(column)} is empty; a number would be right"
    example = "0,5" if decimal == "," else "0.5"
    other = "." if decimal == "," else ","
    if is_number(cell, other):
        return (
            f"{shown(cell)} in column {shown(column)} is written with a decimal "
            f'{"point" if other == "." else "comma"}; "decimal": "{other}", or {example}, would be right'
        )
    try:
        number(cell, decimal)
    except ValueError:
        return f"{shown(cell)} in column {shown(column)} is no number; one such as {example} would be right"
    return f"{shown(cell)} in column {shown(column)} is not finite; a number such as {example} would be right"


def _targets(
    source: CsvData, reading: _Reading, columns: _Columns, decimal: str
) -> tuple[Array, tuple[str, ...]]:
    """The targets as numbers, and the names of the classes when they are classes; faults are noted."""
    if source.classes is not None and len(columns.targets) != 1:
        raise InvalidExperiment(["$.data.targets: classes stand in one column; one column would be right"])
    if len(columns.targets) == 1:
        labels = [cells[0] for cells in reading.targets]
        if source.classes is not None or _are_labels(labels, decimal):
            return _classes(source, reading, labels, columns.names[columns.targets[0]])
    values = array("d")
    for line, cells in zip(reading.lines, reading.targets, strict=True):
        for place, cell in zip(columns.targets, cells, strict=True):
            if not is_number(cell, decimal):
                reading.fault(line, _no_number(cell, columns.names[place], decimal))
                break
            values.append(number(cell, decimal))
    if reading.faults:
        return np.zeros((0, 1)), ()
    return np.frombuffer(values, dtype=np.float64).reshape(-1, len(columns.targets)), ()


def _are_labels(cells: Sequence[str], decimal: str) -> bool:
    """Whether a column holds class labels: mostly no numbers. A slip or two leaves it a column of numbers."""
    filled = [cell for cell in cells if cell]
    return 2 * sum(is_number(cell, decimal) for cell in filled) < len(filled)


def _classes(
    source: CsvData, reading: _Reading, labels: Sequence[str], column: str
) -> tuple[Array, tuple[str, ...]]:
    """One output per class; or with two classes one output, if that is asked for."""
    names = source.classes if source.classes is not None else sorted({label for label in labels if label})
    if len(set(names)) < len(names) or not all(names):
        raise InvalidExperiment(["$.data.classes: a class is empty or stands there twice; remove it"])
    if not names or len(names) > MOST_CLASSES:
        what = f"column {shown(column)} makes {counted(len(names), 'class', 'classes')}"
        raise InvalidExperiment([f"$.data.targets: {what}; 1 to {MOST_CLASSES:,} would be right"])
    if not source.one_hot and len(names) != 2:
        what = f"{counted(len(names), 'class', 'classes')} can't be one output; true would be right"
        raise InvalidExperiment([f"$.data.one_hot: {what}"])
    if len(labels) * len(names) > MOST_NUMBERS * 10:
        raise reading.text.fault(f" makes too many targets; up to {MOST_NUMBERS * 10:,} would be right")
    places = {name: place for place, name in enumerate(names)}
    indices = array("q")
    for line, label in zip(reading.lines, labels, strict=True):
        place = places.get(label)
        if place is not None:
            indices.append(place)
        elif not label:
            reading.fault(
                line, f"column {shown(column)} is empty; a class such as {shown(names[0])} would be right"
            )
        else:
            reading.fault(line, f"{shown(label)} is no class; one of {listed(names)} would be right")
    return class_targets(np.array(indices, dtype=np.intp), len(names), source.one_hot), tuple(names)


def class_targets(
    indices: np.ndarray[tuple[int, ...], np.dtype[np.intp]], classes: int, one_hot: bool
) -> Array:
    """A row per sample: one output for each class, 1 for its own; or the number of the class itself."""
    if not one_hot:
        return indices.astype(np.float64).reshape(-1, 1)
    targets = np.zeros((len(indices), classes))
    targets[np.arange(len(indices)), indices] = 1.0
    return targets
