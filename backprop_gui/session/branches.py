"""The futures an experiment has had: each stays under a name, and one can go back to any of them.

The session knows one run at a time. Whenever another timeline takes its place — by an edit, restart,
new initial values, undo — the run that was there stays here as a branch, provided that it had come
further than the moment at which the two part. Timelines are kept as they are, never copied or
computed again, so what one goes back to is what was left, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.document import Experiment
from backprop_gui.session.history import Snapshot
from backprop_gui.steps.branch import ORIGINAL, Branch, are_comparable, copy_of, fork_of, nbytes_of
from backprop_gui.steps.timeline import Timeline

if TYPE_CHECKING:
    from backprop_gui.session.race import Race
    from backprop_gui.session.session import Session

MOST_BRANCHES = 12
MOST_BYTES = 256 * 1024 * 1024
LONGEST_NAME = 60


class Branches(QObject):
    """The run on screen and those beside it."""

    changed = Signal()  # there are others, or others are current, or one has another name
    raced = Signal()  # lanes of a race have come further, or to their end

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._keeps_current = False
        self._race: Race | None = None
        self._start_anew()
        session.opened.connect(self._start_anew)
        session.changed.connect(self._follow)

    # --- what there is ----------------------------------------------------------------------------

    @property
    def current(self) -> Branch:
        """The run on screen."""
        return self._current

    @property
    def others(self) -> list[Branch]:
        """The branches beside it that have the same parameters, oldest first."""
        here = self._session.timeline
        return [branch for branch in self._others if are_comparable(branch.timeline, here)]

    def find(self, name: str) -> Branch | None:
        """The run of this name, the current one too."""
        return next((each for each in (self._current, *self.others) if each.name == name), None)

    @property
    def race(self) -> Race:
        """The race of this session, made when it is first asked for."""
        if self._race is None:
            from backprop_gui.session.race import Race

            self._race = Race(self._session)
            self._race.grown.connect(self.raced)
            self._race.ended.connect(self.raced)
        return self._race

    @property
    def is_racing(self) -> bool:
        """Whether lanes are on their way."""
        return self._race is not None and self._race.is_running

    def _end_race_of(self, branch: Branch) -> None:
        """What is on screen, or forgotten, grows in no race."""
        if self._race is not None and branch in self._race.lanes:
            self._race.stop()

    # --- what is asked for --------------------------------------------------------------------------

    def keep(self) -> Branch:
        """Keep the run on screen, as far as it has come, as a branch; the run itself goes on."""
        session, current = self._session, self._current
        session.running.halt()
        newest = session.format.count(session.timeline.newest)
        name = self._unique(f"{current.name} up to {newest}")
        branch = self.branch(name, session.experiment, copy_of(session.timeline))
        branch.named = True
        self.add([branch])
        return branch

    def branch(self, name: str, experiment: Experiment, timeline: Timeline) -> Branch:
        """A run of its own with a name that no other has; it is not among the branches yet."""
        return Branch(next(self._numbers), self._unique(name), experiment, self._session.source, timeline)

    def add(self, branches: list[Branch]) -> None:
        """Put runs among the branches."""
        self._others += branches
        self._settle(branches)

    def go_to(self, name: str) -> None:
        """Put a branch on screen, at the same iteration as far as it goes; the run there becomes a branch.

        Undo brings it back. Names on screen and title stay. Raises InvalidEdit when there is no such branch.
        """
        from backprop_gui.session.editor import Editor

        session, branch = self._session, self._found(name)
        if branch is self._current:
            return
        self._end_race_of(branch)
        session.running.halt()  # before looking where one is: training ends on a newer iteration
        iteration = min(session.iteration, branch.timeline.newest)
        position = session.position if iteration == session.iteration else 0
        title, notation = session.experiment.title, session.experiment.notation
        experiment = msgspec.structs.replace(branch.experiment, title=title, notation=notation)
        self._keeps_current = True
        Editor(session).go_to(
            Snapshot(experiment, branch.source, branch.timeline, iteration, position),
            f"go to “{branch.name}”",
        )

    def rename(self, name: str, new: str) -> None:
        """Give a run a name of one's own. Raises InvalidEdit when it is empty, too long or taken."""
        branch, new = self._found(name), " ".join(new.split())
        if new == name:
            return
        if not new:
            raise InvalidEdit("a branch can't be without a name; a word or two would be right")
        if len(new) > LONGEST_NAME:
            raise InvalidEdit(f"the name has {len(new)} characters; at most {LONGEST_NAME} would be right")
        if self._unique(new) != new:
            raise InvalidEdit(f"“{new}” is the name of another branch; a name of its own would be right")
        branch.name, branch.named = new, True
        self.changed.emit()

    def forget(self, name: str) -> None:
        """Let a branch go, and a race with it that it runs in; undo has it again. Not the run on screen.

        Raises InvalidEdit when it is that one, or there is none of this name.
        """
        from backprop_gui.session.editor import Editor

        branch = self._found(name)
        if branch is self._current:
            raise InvalidEdit("the run on screen can't be forgotten; go to another branch before")
        self._end_race_of(branch)
        Editor(self._session).forget(branch)

    def take_away(self, branch: Branch) -> None:
        """Have a branch no longer; who calls keeps it for undo."""
        if branch in self._others:
            self._others.remove(branch)
            self.changed.emit()

    def put_back(self, branch: Branch) -> None:
        """Have a branch again that was forgotten."""
        if all(each.timeline is not branch.timeline for each in (self._current, *self._others)):
            branch.name = self._unique(branch.name)
            self._others.append(branch)
            self._settle([branch])

    # --- what happens -------------------------------------------------------------------------------

    def _start_anew(self) -> None:
        """Another experiment: one run, without branches."""
        session = self._session
        self._numbers = count()
        self._others: list[Branch] = []
        self._first = session.experiment
        self._current = Branch(
            next(self._numbers), ORIGINAL, session.experiment, session.source, session.timeline
        )
        self.changed.emit()

    def _follow(self) -> None:
        """The experiment has changed; when with it the timeline has, the one before may stay as a branch."""
        session, old = self._session, self._current
        keeps, self._keeps_current = self._keeps_current, False
        if session.timeline is old.timeline:
            old.experiment, old.source = session.experiment, session.source
            return
        known = next((each for each in self._others if each.timeline is session.timeline), None)
        if known is not None:
            self._others.remove(known)
            known.experiment, known.source = session.experiment, session.source
        stays = keeps or old.named or self._has_future(old)
        base = old.experiment if stays or old.base is None else old.base  # who goes leaves its edits behind
        self._current = known or self._new_run(base)
        if stays:
            old.timeline.rest()
            self._others.append(old)
        self._settle([old])

    def _has_future(self, old: Branch) -> bool:
        """Whether a run has come further than the moment at which the current one parts from it."""
        fork = fork_of(old.experiment, self._session.experiment)
        return old.timeline.newest > (self._session.timeline.newest if fork is None else fork)

    def _new_run(self, base: Experiment) -> Branch:
        """The run on screen as a branch that is called by what it does otherwise than `base`."""
        from backprop_gui.present.edit_names import RunWords

        session = self._session
        words = RunWords(session.model, session.naming, session.format)
        undo = session.history.undo_name
        name = words.name(session.experiment, base, self._first, undo)
        name = "from the start" if undo == "restart" else name
        branch = self.branch(name, session.experiment, session.timeline)
        branch.base = base
        return branch

    def _found(self, name: str) -> Branch:
        branch = self.find(name)
        if branch is None:
            raise InvalidEdit(f"there is no branch “{name}”; one of those in the table would be right")
        return branch

    def _unique(self, name: str) -> str:
        """The name, with a number behind it where another run is called so."""
        taken = {each.name for each in (*self._others, getattr(self, "_current", None)) if each is not None}
        names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
        return next(each for each in names if each not in taken)

    def _settle(self, spared: Sequence[Branch]) -> None:
        """Put the branches in order and within bounds, each with a line that none of the others has."""
        self._others.sort(key=_number)
        self._trim(spared)
        taken: set[int] = set()
        for branch in sorted(self._others, key=_has_no_line):  # who has a line keeps it
            if branch.line < 0 or branch.line in taken:
                branch.line = next(line for line in count() if line not in taken)
            taken.add(branch.line)
        self.changed.emit()

    def _trim(self, spared: Sequence[Branch] = ()) -> None:
        """Stay within bounds: the oldest branch that nobody has named goes first, and it is said."""
        while reason := self._too_much():
            may_go = [each for each in self._others if each not in spared] or self._others
            gone = next((each for each in may_go if not each.named), may_go[0])
            self._others.remove(gone)
            self._session.told.emit(
                f"The branch “{gone.name}” is gone: {reason}. The oldest goes first, named ones last.", "info"
            )

    def _too_much(self) -> str:
        """Which bound is passed; empty: none."""
        if len(self._others) > MOST_BRANCHES:
            return f"at most {MOST_BRANCHES} branches are kept"
        if len(self._others) > 1 and nbytes_of(each.timeline for each in self._others) > MOST_BYTES:
            return "there is no room for more"
        return ""


def _number(branch: Branch) -> int:
    return branch.number


def _has_no_line(branch: Branch) -> bool:
    return branch.line < 0
