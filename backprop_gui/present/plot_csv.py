"""The numbers of a plot as CSV text."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence

from backprop_gui.present.csv_files import csv_writer


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A row of names, then the others, as the program's other CSV files are written."""
    stream = io.StringIO()
    writer = csv_writer(stream)
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def all_digits(value: float) -> str:
    """A number of a cell; empty where it is not finite."""
    return repr(float(value)) if math.isfinite(value) else ""
