"""What the sentences on faults have in common: values and lists of names, short enough for one line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

LONGEST_TEXT = 40
MOST_NAMES = 12
MOST_DIGITS = 21  # more are told, not written: Python refuses to write some of them at all


def shown(value: Any) -> str:
    """A value of a file as a word or two, written as JSON writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            cut = value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
            return f"'{json.dumps(cut, ensure_ascii=False)[1:-1]}'"  # a line break is written as \n
        case int() if abs(value) >= 10**MOST_DIGITS:
            return f"a number of over {MOST_DIGITS} digits"
        case list():
            return "a list"
        case dict():
            return "an object {…}"
    return str(value)


def listed(names: Iterable[str]) -> str:
    """Names in a row, the first of them when there are many."""
    known = list(names)
    return ", ".join(known[:MOST_NAMES]) + (", …" if len(known) > MOST_NAMES else "")


def counted(number: int, one: str, many: str) -> str:
    """`1 row`, `3 rows`."""
    return f"{number:,} {one if number == 1 else many}"


def is_finite_number(value: Any) -> bool:
    """Whether a value of a file is a number a float64 can hold; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
