"""A look at a CSV file before its data is taken: columns, first rows, how it is written, likely roles."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from backprop_gui.experiment.csv_text import Manner, detected, is_number, open_csv

Role: TypeAlias = Literal["input", "target", "unused"]

LOOKED_AT = 1_000  # rows from which is told what a column holds
MOST_CLASSES = 20  # more different values are told as numbers or texts, not as classes
TARGET_NAMES = {"class", "klasse", "label", "target", "targets", "output", "species", "y"}
COUNTER_NAMES = {"", "id", "nr", "no", "index", "row"}


class PreviewColumn(Struct, frozen=True):
    """One column: how it is called, whether it holds numbers, its different values if they are few."""

    name: str
    numeric: bool
    values: tuple[str, ...]
    role: Role

    @property
    def may_be_classes(self) -> bool:
        """Whether each different value could be an output of its own."""
        return 2 <= len(self.values) <= MOST_CLASSES


class Preview(Struct, frozen=True):
    """What can be seen of a file; `rows` are its first ones as text, `total` is how many there are."""

    name: str
    manner: Manner
    encoding: str
    columns: tuple[PreviewColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def preview(
    path: Path,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    rows: int = 12,
) -> Preview:
    """Look at a file; what is None is detected. Raises InvalidExperiment when it can't be read."""
    text = open_csv(path.name, path.parent)
    manner = detected(text, header, delimiter, decimal)
    records = (cells for _, cells in text.records(manner.delimiter))
    seen = list(itertools.islice(records, LOOKED_AT + 1))
    total = len(seen) + sum(1 for _ in records)
    if not seen:
        raise text.fault(" is empty; a row per sample would be right")
    names = seen.pop(0) if manner.header else [f"column {k}" for k in range(1, len(seen[0]) + 1)]
    total -= manner.header
    columns = [
        _column(name, [row[k] for row in seen if k < len(row)], manner) for k, name in enumerate(names)
    ]
    guessed = [
        PreviewColumn(column.name, column.numeric, column.values, role)
        for column, role in zip(columns, _roles(columns, seen), strict=True)
    ]
    first = tuple(tuple(row[: len(names)]) for row in seen[:rows])
    return Preview(path.name, manner, text.encoding, tuple(guessed), first, total)


def _column(name: str, cells: Sequence[str], manner: Manner) -> PreviewColumn:
    """What a column holds, its role left open."""
    filled = [cell for cell in cells if cell]
    numeric = bool(filled) and 2 * sum(is_number(cell, manner.decimal) for cell in filled) >= len(filled)
    different = set(filled)
    values: tuple[str, ...] = ()
    if len(different) <= MOST_CLASSES:
        whole = numeric and all(re.fullmatch(r"[+-]?\d+", cell) for cell in different)
        values = tuple(sorted(different, key=int)) if whole else () if numeric else tuple(sorted(different))
    return PreviewColumn(name, numeric, values, "unused")


def _roles(columns: Sequence[PreviewColumn], rows: Sequence[Sequence[str]]) -> list[Role]:
    """The target is what is called so, else the last column of labels, else the last; numbers are inputs."""
    usable = [k for k, column in enumerate(columns) if column.numeric or column.may_be_classes]
    named = [k for k in usable if columns[k].name.strip().lower() in TARGET_NAMES]
    labels = [k for k in usable if not columns[k].numeric]
    target = next((found[-1] for found in (named, labels, usable) if found), -1)
    return [
        "target"
        if place == target
        else "input"
        if column.numeric and not _counts_rows(column, [row[place] for row in rows if place < len(row)])
        else "unused"
        for place, column in enumerate(columns)
    ]


def _counts_rows(column: PreviewColumn, cells: Sequence[str]) -> bool:
    """Whether a column only numbers the rows."""
    if column.name.strip().lower() not in COUNTER_NAMES or len(cells) < 2:
        return False
    if not all(cell.isdecimal() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return all(after == before + 1 for before, after in itertools.pairwise(numbers))
