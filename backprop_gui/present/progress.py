"""How far a run is, on one line of a terminal: a bar, the loss, and how fast it goes."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TextIO, TypeVar

SECONDS_BETWEEN_REPORTS = 0.1
SECONDS_OF_SPEED = 2.0  # over which the speed is averaged
SHORTEST_BAR, LONGEST_BAR = 8, 30
ROWS_BETWEEN_LOOKS = 256
PARTS = " ▏▎▍▌▋▊▉█"  # eighths of a character


Counted = TypeVar("Counted")


class ProgressLine:
    """Rewrites one line of a stream; silent where that is no terminal."""

    def __init__(self, stream: TextIO, total: int, wanted: bool = True) -> None:
        self._stream, self._total = stream, total
        self._shows = wanted and stream.isatty()
        self._reported = 0.0
        self._seen: deque[tuple[float, int]] = deque([(monotonic(), 0)])

    def is_due(self) -> bool:
        """Whether it is time for another report."""
        return self._shows and monotonic() - self._reported >= SECONDS_BETWEEN_REPORTS

    def report(self, done: int, loss: float | None) -> None:
        """Show that `done` updates are done, and the loss before the next."""
        self._reported = now = monotonic()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > SECONDS_OF_SPEED:
            self._seen.popleft()
        then, before = self._seen[0]
        speed = (done - before) / max(now - then, 1e-9)
        width = shutil.get_terminal_size().columns - 1
        line = progress_text(done, self._total, loss, speed, width)
        print(f"\r\033[K{line}", end="", file=self._stream, flush=True)

    def counted(self, rows: Iterable[Counted], total: int, what: str) -> Iterator[Counted]:
        """The rows as they pass, and meanwhile how many have."""
        for done, row in enumerate(rows):
            if done % ROWS_BETWEEN_LOOKS == 0 and self.is_due():
                self._reported = monotonic()
                width = shutil.get_terminal_size().columns - 1
                line = f"{what}: {done:,} of {total:,} rows"[: max(width, 0)]
                print(f"\r\033[K{line}", end="", file=self._stream, flush=True)
            yield row

    def end(self) -> None:
        """Leave the line empty."""
        if self._shows:
            print("\r\033[K", end="", file=self._stream, flush=True)


def progress_text(done: int, total: int, loss: float | None, speed: float, width: int) -> str:
    """`████▌      45 %  450 of 1,000 · loss 0.0123 · 12,300/s`, in at most `width` characters.

    Where there is little room the words go first, then the count, the speed, the loss; the bar stays.
    """
    share = done / total if total else 1.0
    level = [] if loss is None else [f"loss {loss:.4g}"]
    forms: tuple[list[str], ...] = (
        [f"{done:,} of {total:,} iterations", *level, f"{speed:,.0f} updates/s"],
        [f"{done:,} of {total:,}", *level, f"{speed:,.0f}/s"],
        [f"{done:,}", *level, f"{speed:,.0f}/s"],
        [*level, f"{speed:,.0f}/s"],
        level,
        [],
    )
    percent = f"{int(100 * share):3d} %"
    text = percent
    for words in forms:
        text = "  ".join([percent, " · ".join(words)]).rstrip()
        if len(text) + 1 + SHORTEST_BAR <= width:
            return f"{_bar(share, min(LONGEST_BAR, width - len(text) - 1))} {text}"
    return text if len(text) <= width else percent.strip()[: max(0, width)]


def _bar(share: float, room: int) -> str:
    eighths = int(min(max(share, 0.0), 1.0) * room * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (PARTS[part] if part else "")).ljust(room, "░")
