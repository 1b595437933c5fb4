"""Where the ticks of a plot stand and what is written at them: plain arithmetic, no Qt."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor, isfinite, log10


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers (1, 2, 2.5, 5 times a power of ten) from `low` to `high`."""
    span = high - low
    if not isfinite(span) or span <= 0 or most < 2:
        return [low] if isfinite(low) else []
    exponent = floor(log10(span / most))
    steps = (factor * 10.0**power for power in (exponent, exponent + 1) for factor in (1, 2, 2.5, 5))
    for step in steps:
        first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [multiple * step for multiple in range(first, last + 1)]
    return [low]


def whole_ticks(low: float, high: float, most: int) -> list[float]:
    """The same in whole numbers."""
    if high - low < most:
        return [float(number) for number in range(ceil(low), floor(high) + 1)][:most]
    return [tick for tick in linear_ticks(low, high, most) if tick == round(tick)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Exponents of ten between the exponents `low` and `high`; within one decade also of 2 and 5."""
    first, last = ceil(low - 1e-9), floor(high + 1e-9)
    if last - first < 1:
        fine = [decade + log10(f) for decade in range(floor(low), ceil(high) + 1) for f in (1, 2, 5)]
        return [tick for tick in fine if low - 1e-9 <= tick <= high + 1e-9][-most:]
    stride = max(1, ceil((last - first + 1) / most))
    return [float(decade) for decade in range(first, last + 1) if decade % stride == 0]


def tick_texts(ticks: list[float]) -> list[str]:
    """All with the same number of decimals, enough to tell them apart: 0.00, 0.05, 0.10."""
    largest = max(map(abs, ticks), default=0.0)
    step = min((abs(after - tick) for tick, after in pairwise(ticks)), default=largest)
    kind = "e" if largest >= 1e6 or 0 < largest < 1e-3 else "f"
    enough = (n for n in range(16) if all(abs(float(f"{t:.{n}{kind}}") - t) <= 1e-3 * step for t in ticks))
    decimals = next(enough, 15)
    return [_without_zeros(f"{tick:.{decimals}{kind}}") if tick or kind == "f" else "0" for tick in ticks]


def log_texts(exponents: list[float]) -> list[str]:
    """The numbers themselves: 0.01, 0.1, 1."""
    return [_short(10**exponent) for exponent in exponents]


def _short(number: float) -> str:
    """As %g has it, without the zero before a short exponent: 1e-6."""
    return _without_zeros(f"{number:.6g}")


def _without_zeros(text: str) -> str:
    """The text with a short exponent: 1e-06 becomes 1e-6."""
    head, sign, exponent = text.partition("e")
    return f"{head}e{int(exponent)}" if sign else head
