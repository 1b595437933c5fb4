"""The text of a CSV file: found safely, decoded, cut into records, and how it was written detected."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.sentences import shown

LARGEST_FILE = 64 * 1024 * 1024  # bytes; bounded before memory is taken
SUFFIXES = (".csv", ".tsv", ".txt")
LOOKED_AT = 200  # records from which is told how a file is written
DELIMITERS = (",", ";", "\t")


class Manner(Struct, frozen=True):
    """How a file is written."""

    header: bool
    delimiter: str
    decimal: str


class CsvText(Struct, frozen=True):
    """The bytes of a file with what tells how to read them; `told` is the delimiter of a line `sep=;`."""

    name: str
    content: bytes
    encoding: str
    told: str = ""

    def records(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """The records that are not empty, with the line each begins in. Raises InvalidExperiment."""
        stream = io.TextIOWrapper(io.BytesIO(self.content), self.encoding, newline="")
        if self.told:
            stream.readline()
        skipped = 1 if self.told else 0
        reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True)
        line = 1
        try:
            for record in reader:
                cells = [cell.strip() for cell in record]
                if any(cells):
                    yield line + skipped, cells
                line = reader.line_num + 1
        except csv.Error:
            raise self.fault(
                f", line {line + skipped}: a quoted field does not end as it should; "
                'a " before and after it, and "" for one within it, would be right'
            ) from None

    def fault(self, what: str) -> InvalidExperiment:
        """A fault of this file."""
        return InvalidExperiment([f"$.data.csv: {self.name}{what}"])


def open_csv(name: str, folder: Path | None) -> CsvText:
    """The text of the file called `name` in `folder`, and of no other. Raises InvalidExperiment."""
    try:
        content = _content(_safe_path(name, folder))
    except ValueError as error:
        raise InvalidExperiment([f"$.data.csv: {error}"]) from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in content:
        encodings = []
    else:
        encodings = ["utf-8-sig", "cp1252"]  # what spreadsheets write on Windows
    for encoding in encodings:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = CsvText(name, content, encoding)
        first = io.TextIOWrapper(io.BytesIO(content), encoding, newline="").readline(20).strip().strip('"')
        told = re.fullmatch(r"sep=([,;\t])", first, re.IGNORECASE)
        return replace(text, told=told[1]) if told else text
    raise InvalidExperiment([f"$.data.csv: {name} is no text; a CSV file in UTF-8 would be right"])


def _safe_path(name: str, folder: Path | None) -> Path:
    """Where the file is. Raises ValueError with a sentence: an experiment reads beside itself only."""
    if re.search(r"[/\\:\0]", name) or name in ("", ".", "..") or name != name.strip():
        raise ValueError(
            f"{shown(name)} is no plain file name; the name of a CSV file in the experiment's own folder "
            "would be right"
        )
    if not name.lower().endswith(SUFFIXES):
        raise ValueError(f"{shown(name)} is no CSV file; a name that ends in .csv would be right")
    if folder is None:
        raise ValueError(
            f"{shown(name)} is looked for beside the experiment, which is in no folder yet; "
            "save the experiment beside it"
        )
    path = folder / name
    try:
        if not path.exists():
            raise ValueError(f"there is no file {shown(name)} beside the experiment; put it there")
        real = path.resolve()  # a link may point to another CSV of the folder, but not out of it
        csv_here = real.parent == folder.resolve() and real.name.lower().endswith(SUFFIXES)
        if not csv_here or not real.is_file():
            raise ValueError(f"{shown(name)} is no file of the experiment's own folder; put a copy there")
    except OSError as error:
        raise ValueError(f"{shown(name)} can't be read ({error.strerror or error})") from None
    return real


def _content(path: Path) -> bytes:
    """The bytes, if they are not too many. Raises ValueError with a sentence."""
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size <= LARGEST_FILE:
                content = stream.read(LARGEST_FILE + 1)
                if len(content) <= LARGEST_FILE:
                    return content
    except OSError as error:
        raise ValueError(f"{shown(path.name)} can't be read ({error.strerror or error})") from None
    raise ValueError(f"{shown(path.name)} is too large; up to {LARGEST_FILE:,} bytes would be right")


def number(cell: str, decimal: str) -> float:
    """The number in a cell, which may be infinite. Raises ValueError."""
    if "−" in cell:
        cell = cell.replace("−", "-")
    if decimal == ",":
        if "." in cell:
            raise ValueError
        cell = cell.replace(",", ".")
    if "_" in cell:  # Python's own way of grouping digits
        raise ValueError
    return float(cell)


def is_number(cell: str, decimal: str) -> bool:
    """Whether a cell holds a finite number."""
    try:
        return math.isfinite(number(cell, decimal))
    except ValueError:
        return False


def detected(
    text: CsvText,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
) -> Manner:
    """How the file is written; what is not None is known already. Raises InvalidExperiment.

    Of all ways to read it, the one that gives several columns, as many in every record, and most
    numbers among their cells.
    """
    delimiters = [delimiter or text.told] if delimiter or text.told else DELIMITERS
    decimals = [decimal] if decimal else [".", ","]
    best: tuple[float, ...] = ()
    manner = Manner(False, delimiters[0], decimals[0])
    faults: list[InvalidExperiment] = []
    for way in delimiters:
        try:
            records = [cells for _, cells in itertools.islice(text.records(way), LOOKED_AT)]
        except InvalidExperiment as fault:
            faults.append(fault)
            continue
        for sign in decimals:
            score = _score(records, sign)
            if score > best:
                best, manner = score, Manner(_has_header(records, sign), way, sign)
    if not best:
        raise faults[0]
    return manner if header is None else replace(manner, header=header)


def _score(records: Sequence[list[str]], decimal: str) -> tuple[float, ...]:
    if not records:
        return (0.0,)
    (width, same), *_ = Counter(map(len, records)).most_common(1)
    cells = [cell for record in records for cell in record if cell]
    numbers = sum(is_number(cell, decimal) for cell in cells) / len(cells)
    return (float(width > 1), round(same / len(records), 1), numbers, float(width))


def _has_header(records: Sequence[list[str]], decimal: str) -> bool:
    """Whether the first record holds names: no numbers, though there are some below, and no name twice."""
    if len(records) < 2 or any(is_number(cell, decimal) for cell in records[0]):
        return False
    first = [cell for cell in records[0] if cell]
    if len(set(first)) < len(first):
        return False
    below = any(is_number(cell, decimal) for record in records[1:] for cell in record)
    return below or not set(first) & {cell for record in records[1:] for cell in record}
