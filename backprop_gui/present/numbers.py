"""Numbers as they are read: rounded for display only, with all digits at hand."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

MINUS = "−"
UNKNOWN = "–"  # stands where a number is not uncovered yet


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """Significant digits, 2 to 17, without trailing zeros."""

    digits: int = 4

    def text(self, value: float) -> str:
        """`0.009189`, `−1.213`, `1.5e−7`: short, with a true minus sign."""
        if not math.isfinite(value):
            return {math.inf: "∞", -math.inf: f"{MINUS}∞"}.get(value, "not a number")
        if self.digits >= 17:
            return full(value)
        size = abs(value)
        if size and (size < 1e-4 or size >= 10 ** max(6, self.digits)):
            mantissa, exponent = f"{value:.{self.digits - 1}e}".split("e")
            text = f"{_trimmed(mantissa)}e{int(exponent)}"
        else:
            text = f"{value:.{self.digits}g}"
            if "e" in text:
                text = (
                    f"{float(text):.0f}" if size >= 1 else f"{value:.{self.digits - 1 - exponent_of(value)}f}"
                )
            text = _trimmed(text)
        return "0" if text in ("-0", "0") else text.replace("-", MINUS)

    def is_exact(self, value: float) -> bool:
        """Whether the shown text is the whole number, but for the last bit of its binary form."""
        try:
            return math.isclose(float(self.text(value).replace(MINUS, "-")), value, rel_tol=1e-15)
        except ValueError:
            return True

    def signed(self, value: float) -> str:
        """With a plus sign where it is positive."""
        return f"+{self.text(value)}" if value > 0 else self.text(value)

    @property
    def longest(self) -> int:
        """The most characters a number takes: sign, `0.0000`, the digits; or with an exponent."""
        return self.digits + 6


def spoken_number(text: str) -> str:
    """Numbers as they are said: `−1.5e−7` is "minus 1.5 times 10 to the minus 7"."""
    return re.sub(r"(?<=\d)e(?=[−\d])", " times 10 to the ", text).replace(MINUS, "minus ")


def exponent_of(value: float) -> int:
    """The decimal exponent of the first digit."""
    return math.floor(math.log10(abs(value))) if value else 0


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def full(value: float) -> str:
    """All digits: the shortest text that reads back to the same number."""
    if not math.isfinite(value):
        return NumberFormat().text(value)
    text = repr(value)
    return text.removesuffix(".0").replace("-", MINUS)
