"""Where the data of an experiment comes from: its own file, a CSV beside it, a generator, shipped data.

A struct only says what may be written; `data_loading` turns it into arrays.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Rows: TypeAlias = list[list[float]]
Delimiter: TypeAlias = Literal[",", ";", "\t"]
Decimal: TypeAlias = Literal[".", ","]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What all sources know: the share of the rows that is kept aside for testing, drawn with a seed."""

    test: float = 0.0
    split_seed: int = 0


class GivenData(Source, frozen=True, kw_only=True):
    """Numbers in the file itself, as in the plain form, where some rows are kept aside for testing."""

    values: dict[str, Rows]


class CsvData(Source, frozen=True, kw_only=True):
    """A CSV file beside the experiment; a column is called by its name or its number, from 1.

    What is absent is detected. `classes` makes a column of labels (or numbers) into one output for
    each class in this order; a column of labels is taken so anyway, the classes sorted. Without
    `one_hot` two classes are one output, 0 or 1.
    """

    csv: str
    inputs: dict[str, list[str | int]]
    targets: list[str | int]
    header: bool | None = None
    delimiter: Delimiter | None = None
    decimal: Decimal | None = None
    classes: list[str] | None = None
    one_hot: bool = True


class GeneratedData(Source, frozen=True, kw_only=True):
    """Points made with a seed; `noise` is the deviation of what is added to them.

    Two classes are one output, 0 or 1, unless `one_hot` asks for one output each; more always are.
    """

    generate: Literal["xor", "and", "or", "two_moons", "circles", "spiral", "gaussians", "line", "sine"]
    rows: int | None = None
    noise: float | None = None
    seed: int = 0
    classes: int | None = None
    one_hot: bool | None = None


class ShippedData(Source, frozen=True, kw_only=True):
    """Real data that comes with the program; the classes are one output each."""

    shipped: Literal["iris", "digits", "digits_28"]


Data: TypeAlias = dict[str, Rows] | GivenData | CsvData | GeneratedData | ShippedData

# The field by which a source is told from the plain form, where every name is that of an input.
SOURCES: dict[str, type[Source]] = {
    "values": GivenData,
    "csv": CsvData,
    "generate": GeneratedData,
    "shipped": ShippedData,
}
