"""Every error a user can meet, as one clear sentence: where, what, what would be right."""

from __future__ import annotations

LONGEST_FAULT = 1000  # characters


class BackpropError(Exception):
    """Base of all errors that are told to the user; the text is the sentence they read."""


class InvalidExperiment(BackpropError):
    """A file or an edit that is no valid experiment.

    `faults` holds one line a fault: `$.where: what is wrong; what would be right`.
    """

    def __init__(self, faults: list[str], source: str = "") -> None:
        self.faults = [_one_line(fault) for fault in faults]
        self.source = source
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line a fault, with the file in front."""
        return [f"{self.source}: {fault}" if self.source else fault for fault in self.faults]


def _one_line(fault: str) -> str:
    """A fault repeats names from the file, which may hold anything."""
    line = " ".join(fault.splitlines())
    return line if len(line) <= LONGEST_FAULT else line[:LONGEST_FAULT] + "…"


class InvalidEdit(BackpropError):
    """A value typed by the user that can't be taken; the experiment stays as it was."""


class FileTrouble(BackpropError):
    """A file that can't be read or written; what was there before is still there."""


class Diverged(BackpropError):
    """Training met a number that is not finite.

    `iteration` is the one in which it appeared; the iterations before it are complete.
    """

    def __init__(self, iteration: int, message: str) -> None:
        self.iteration = iteration
        super().__init__(message)
