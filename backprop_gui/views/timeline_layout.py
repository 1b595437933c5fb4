"""Where the steps of an iteration stand on the timeline bar: plain arithmetic, no Qt.

With room every step is a tick of its own. With less, the ticks of a stretch become one bar; with
many samples the stretches of a sample become one, and at last all samples together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from backprop_gui.present.pictures import Phase, Stretch

LEAST_TICK = 4.0  # px from one tick to the next; narrower ones merge
LEAST_SPAN = 5.0  # px of a bar with the gap behind it; narrower ones merge
MOST_GAPS = 0.2  # share of the width that gaps may take
SAMPLE_PHASES = ("forward", "loss", "backward")


class Span(Struct, frozen=True):
    """Steps `start` + 1 … `start` + `count`, from `left` to `right`; merged ones have no phase."""

    left: float
    right: float
    start: int
    count: int
    phase: Phase | None
    label: str

    @property
    def pitch(self) -> float:
        """Width of one step."""
        return (self.right - self.left) / self.count


class Layout(Struct, frozen=True):
    """All spans from left to right, and whether their steps are ticks of their own."""

    spans: tuple[Span, ...]
    ticks: bool

    def position_at(self, x: float) -> int:
        """The position whose newest step is at `x`: 0 left of the first step."""
        if not self.spans or x < self.spans[0].left:
            return 0
        span = self.spans[bisect_right([span.left for span in self.spans], x) - 1]
        inside = min(max(x - span.left, 0.0), span.right - span.left)
        return span.start + min(span.count, 1 + int(inside / span.pitch))

    def place_of(self, position: int) -> tuple[float, float]:
        """From where to where step `position` reaches; 0 is the left end."""
        if not self.spans:
            return 0.0, 0.0
        if position <= 0:
            return self.spans[0].left, self.spans[0].left
        span = self.spans[max(0, bisect_right([span.start for span in self.spans], position - 1) - 1)]
        left = span.left + (position - 1 - span.start) * span.pitch
        return left, min(left + span.pitch, span.right)


def lay_out(stretches: Sequence[Stretch], width: float, label_width: Callable[[str], float]) -> Layout:
    """The first arrangement, from fine to coarse, that fits into `width`.

    `label_width` tells the width of a label with the gap behind it.
    """
    kept = [stretch for stretch in stretches if stretch.count > 0]
    if not kept or width < 1:
        return Layout((), False)
    steps = sum(stretch.count for stretch in kept)
    most = width / LEAST_SPAN  # spans that can be told apart
    if len(kept) <= most:
        fine = [Span(0, 0, stretch.start, stretch.count, stretch.phase, stretch.label) for stretch in kept]
        gaps = _gaps(fine, 6.0, 14.0)
        if sum(gaps) <= MOST_GAPS * width and (width - sum(gaps)) / steps >= LEAST_TICK:
            return Layout(_spread(fine, gaps, width, label_width), True)
        if _fits(fine, width):
            return Layout(_spread(fine, _gaps(fine, 2.0, 6.0), width, label_width), False)
    for merge in (_samples, _all_samples):
        if merge is _all_samples or sum(stretch.phase == "forward" for stretch in kept) <= most:
            spans = merge(kept)
            if _fits(spans, width):
                return Layout(_spread(spans, _gaps(spans, 2.0, 6.0), width, label_width), False)
    return Layout((Span(0, width, kept[0].start, steps, None, ""),), False)


def _fits(spans: Sequence[Span], width: float) -> bool:
    return sum(_gaps(spans, 2.0, 6.0)) <= MOST_GAPS * width and len(spans) * LEAST_SPAN <= width


def _gaps(spans: Sequence[Span], between_phases: float, between_samples: float) -> list[float]:
    return [
        between_samples if after.phase == "forward" and before.phase != "forward" else between_phases
        for before, after in pairwise(spans)
    ]


def _spread(
    spans: Sequence[Span], gaps: Sequence[float], width: float, label_width: Callable[[str], float]
) -> tuple[Span, ...]:
    """Widths by the number of steps, though none narrower than its label where that is affordable."""
    room = width - sum(gaps)
    least = [label_width(span.label) if span.phase is not None else LEAST_SPAN - 2 for span in spans]
    if sum(least) > 0.6 * room:
        least = [min(LEAST_SPAN - 2, room / len(spans))] * len(spans)
    pitch = _pitch([span.count for span in spans], least, room)
    placed, left = [], 0.0
    for span, floor, gap in zip(spans, least, [*gaps, 0.0], strict=True):
        right = left + max(floor, span.count * pitch)
        placed.append(Span(left, right, span.start, span.count, span.phase, span.label))
        left = right + gap
    return tuple(placed)


def _pitch(counts: Sequence[int], least: Sequence[float], room: float) -> float:
    """The width of a step with which all spans fill `room`, given their least widths."""
    low, high = 0.0, room
    for _ in range(50):
        middle = (low + high) / 2
        used = sum(max(floor, count * middle) for count, floor in zip(counts, least, strict=True))
        low, high = (middle, high) if used <= room else (low, middle)
    return low


def _belongs_to_sample(stretches: Sequence[Stretch]) -> list[bool]:
    """Forward, loss and backward of a sample do; the mean, which follows a backward stretch, does not."""
    before = [None, *(stretch.phase for stretch in stretches)]
    return [
        stretch.phase in SAMPLE_PHASES and not (stretch.phase == last == "backward")
        for stretch, last in zip(stretches, before, strict=False)
    ]


def _samples(stretches: Sequence[Stretch]) -> list[Span]:
    """Forward, loss and backward of a sample as one; the first of them carries the label for all."""
    merged: list[Span] = []
    label = _samples_label(stretches)
    for stretch, own in zip(stretches, _belongs_to_sample(stretches), strict=True):
        if own and merged and merged[-1].phase is None and stretch.phase != "forward":
            last = merged[-1]
            merged[-1] = Span(0, 0, last.start, last.count + stretch.count, None, last.label)
        else:
            phase = None if own else stretch.phase
            merged.append(Span(0, 0, stretch.start, stretch.count, phase, label if own else stretch.label))
            label = "" if own else label
    return merged


def _all_samples(stretches: Sequence[Stretch]) -> list[Span]:
    """All samples as one; mean and updates stay."""
    own = _belongs_to_sample(stretches)
    count = sum(stretch.count for stretch, is_own in zip(stretches, own, strict=True) if is_own)
    rest = [
        Span(0, 0, stretch.start, stretch.count, stretch.phase, stretch.label)
        for stretch, is_own in zip(stretches, own, strict=True)
        if not is_own
    ]
    return [Span(0, 0, stretches[0].start, count, None, _samples_label(stretches)), *rest] if count else rest


def _samples_label(stretches: Sequence[Stretch]) -> str:
    number = sum(stretch.phase == "forward" for stretch in stretches)
    return f"Forward, loss, backward of {number:,} samples"
