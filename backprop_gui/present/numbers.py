"""Numbers as they are read: rounded for display only, with all digits at hand.

`NumberFormat` is how somebody wants to read them: so many significant digits or so many decimals,
with a decimal point or a decimal comma. Files know neither: they have all digits, and a point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from msgspec import Struct

MINUS = "−"
UNKNOWN = "–"  # stands where a number is not uncovered yet
ALL_DIGITS = 17  # as many tell any float64 from its neighbours
LONGEST_FIXED = 1e6  # with a fixed number of decimals; beyond, an exponent is shorter


class NumberFormat(Struct, frozen=True):
    """`digits` significant digits without trailing zeros, or with `fixed` so many decimals; 2 to 17."""

    digits: int = 4
    fixed: bool = False
    comma: bool = False

    def text(self, value: float) -> str:
        """`0.009189`, `−1.213`, `1.5e−7`: short, with a true minus sign; with fixed decimals `0.0092`."""
        if not math.isfinite(value):
            return {math.inf: "∞", -math.inf: f"{MINUS}∞"}.get(value, "not a number")
        return self._signs(self._fixed(value) if self.fixed else self._significant(value))

    def full(self, value: float) -> str:
        """All digits, with the decimal sign of this format."""
        return self._signs(_whole(value)) if math.isfinite(value) else self.text(value)

    def is_exact(self, value: float) -> bool:
        """Whether the shown text is the whole number, but for the last bit of its binary form."""
        try:
            return math.isclose(float(plain_number(self.text(value))), value, rel_tol=1e-15)
        except ValueError:
            return True

    def signed(self, value: float) -> str:
        """With a plus sign where it is positive."""
        return f"+{self.text(value)}" if value > 0 else self.text(value)

    def listed(self, texts: Iterable[str]) -> str:
        """Numbers one behind the other, with a sign between them that is not taken for a decimal comma."""
        return ("; " if self.comma else ", ").join(texts)

    def count(self, number: int) -> str:
        """A whole number with its thousands apart: 1,234; where a comma is decimal, by a narrow space."""
        return f"{number:,}".replace(",", "\u202f") if self.comma else f"{number:,}"

    def localised(self, text: str) -> str:
        """A number or a formula written with decimal points, in this format's decimal sign."""
        return re.sub(r"(?<=\d)\.(?=\d)", ",", text) if self.comma else text

    @property
    def words(self) -> str:
        """What the status bar says of it: `4 significant digits`."""
        kind = "decimals" if self.fixed else "significant digits"
        return f"{self.digits} {kind}"

    @property
    def longest(self) -> int:
        """The most characters a number takes: sign, `0.0000`, the digits; or with an exponent."""
        return self.digits + (8 if self.fixed else 6)

    def _signs(self, text: str) -> str:
        text = text.replace("-", MINUS)
        return text.replace(".", ",") if self.comma else text

    def _fixed(self, value: float) -> str:
        if abs(round(value, self.digits)) < LONGEST_FIXED:
            return f"{value or 0.0:.{self.digits}f}"  # no −0.0000 for a zero, but for what is rounded to it
        mantissa, exponent = f"{value:.{self.digits}e}".split("e")
        return f"{mantissa}e{int(exponent)}"

    def _significant(self, value: float) -> str:
        if self.digits >= ALL_DIGITS:
            return _whole(value)
        size = abs(value)
        if size and (size < 1e-4 or size >= 10 ** max(6, self.digits)):
            mantissa, exponent = f"{value:.{self.digits - 1}e}".split("e")
            return f"{_trimmed(mantissa)}e{int(exponent)}"
        text = f"{value:.{self.digits}g}"
        if "e" in text:
            text = f"{float(text):.0f}" if size >= 1 else f"{value:.{self.digits - 1 - exponent_of(value)}f}"
        text = _trimmed(text)
        return "0" if text == "-0" else text


def plain_number(shown: str) -> str:
    """A shown number as programs read it: with a point and a plain minus."""
    return shown.replace(MINUS, "-").replace(",", ".")


def spoken_number(text: str) -> str:
    """Numbers as they are said: `−1.5e−7` is "minus 1.5 times 10 to the minus 7"."""
    return re.sub(r"(?<=\d)e(?=[−\d])", " times 10 to the ", text).replace(MINUS, "minus ")


def exponent_of(value: float) -> int:
    """The decimal exponent of the first digit."""
    return math.floor(math.log10(abs(value))) if value else 0


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def full(value: float) -> str:
    """All digits with a decimal point: the shortest text that reads back to the same number."""
    return NumberFormat().full(value)
