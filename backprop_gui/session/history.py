"""Undo and redo: the document and its timeline as they were, nothing is calculated backwards."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.experiment.document import Experiment
from backprop_gui.steps.branch import Branch
from backprop_gui.steps.timeline import Timeline


class Snapshot(Struct, frozen=True, eq=False):
    """A moment before or after an edit: the document, where its data is, its timeline, where one was.

    `forgotten` is the branch that went, where that is all that was done.
    """

    experiment: Experiment
    source: str
    timeline: Timeline
    iteration: int
    position: int
    forgotten: Branch | None = None


class History:
    """Edits that can be taken back, and those taken back, each with its name."""

    def __init__(self) -> None:
        self._done: list[tuple[str, Snapshot]] = []
        self._undone: list[tuple[str, Snapshot]] = []

    def clear(self) -> None:
        """Another experiment: nothing to take back."""
        self._done.clear()
        self._undone.clear()

    def record(self, name: str, before: Snapshot) -> None:
        """An edit was made; what had been undone is gone."""
        before.timeline.rest()
        self._done.append((name, before))
        self._undone.clear()

    def undo(self, now: Snapshot) -> Snapshot | None:
        """The moment before the newest edit."""
        return self._exchange(self._done, self._undone, now)

    def redo(self, now: Snapshot) -> Snapshot | None:
        """The moment after the newest edit that was taken back."""
        return self._exchange(self._undone, self._done, now)

    @staticmethod
    def _exchange(
        source: list[tuple[str, Snapshot]], target: list[tuple[str, Snapshot]], now: Snapshot
    ) -> Snapshot | None:
        if not source:
            return None
        name, snapshot = source.pop()
        now.timeline.rest()
        target.append((name, replace(now, forgotten=snapshot.forgotten)))
        return snapshot

    @property
    def undo_name(self) -> str:
        return self._done[-1][0] if self._done else ""

    @property
    def redo_name(self) -> str:
        return self._undone[-1][0] if self._undone else ""
