"""Edits by hand, undo, redo and restart: each replaces the experiment and branches its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.errors import InvalidEdit, InvalidExperiment
from backprop_gui.experiment.build import notation_faults
from backprop_gui.experiment.document import Experiment, Notation
from backprop_gui.experiment.edits import (
    PRIME,
    RATE,
    SEED,
    check_edit,
    current_value,
    parse_number,
    with_edit,
    with_edits,
)
from backprop_gui.experiment.optimizing import OPTIMIZER
from backprop_gui.session.history import Snapshot
from backprop_gui.session.session import Session
from backprop_gui.steps.branch import Branch
from backprop_gui.steps.timeline import Timeline


class Editor:
    """Changes the experiment of a session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def edit(self, name: str, text: str) -> None:
        """Set a parameter, the rate, an input or a target to what was typed.

        A parameter's name with a prime (`w5′`) is its value after the update, which is what the next
        iteration begins with. Raises InvalidEdit and leaves everything as it was.
        """
        value = parse_number(text)
        self.edit_many(
            {name: value},
            f"set {self.shown_name(name.removesuffix(PRIME))} to {self.session.format.text(value)}",
        )

    def edit_many(self, changes: Mapping[str, float], name: str) -> bool:
        """Set several numbers by their own names at once; undo takes all of them back as `name`.

        With a prime behind one of the names all of them belong to the next iteration. False when each
        of them is already as it should be. Raises InvalidEdit and leaves everything as it was.
        """
        session = self.session
        wanted = {
            key.removesuffix(PRIME): check_edit(session.model, key.removesuffix(PRIME), value)
            for key, value in changes.items()
        }
        session.running.halt()
        before, focus, iteration = self._snapshot(), session.focus, session.iteration
        if any(key.endswith(PRIME) for key in changes):
            iteration += 1
            if not session.reach(iteration):
                raise InvalidEdit(
                    f"{next(iter(wanted))} can't be changed after this update, which is not finite"
                )
        model, state = session.timeline.segment_of(iteration).model, session.timeline.state(iteration)
        wanted = {key: value for key, value in wanted.items() if value != current_value(model, state, key)}
        if not wanted:
            session.moved.emit()
            return False
        stays = iteration == session.iteration
        if not stays:
            session.arrive(iteration, 0)
            session.focus = focus
        session.timeline = session.timeline.branch(iteration, wanted)
        session.experiment = with_edits(session.experiment, iteration, wanted)
        session.history.record(name, before)
        self._after_edit(stays)
        return True

    def set_optimizer(self, kind: str) -> None:
        """Go on with another optimiser: with its default settings, the rate as it is, and nothing kept.

        Raises InvalidEdit and leaves everything as it was.
        """
        model = self.session.model
        check_edit(model, OPTIMIZER, kind)
        wanted = None if kind == model.optimizer.kind else {"kind": kind, RATE: model.settings[RATE]}
        self._set_from_here(OPTIMIZER, wanted, f"set the optimizer to {OPTIMIZERS[kind].title}")

    def set_seed(self, seed: int) -> None:
        """Shuffle the data by another seed from the iteration on screen on; what was learned stays.

        Raises InvalidEdit and leaves everything as it was.
        """
        seed = check_edit(self.session.model, SEED, seed)
        same = seed == self.session.model.batches.seed
        self._set_from_here(SEED, None if same else seed, f"set the seed to {seed}")

    def _set_from_here(self, name: str, value: Any, deed: str) -> None:
        """Branch at the iteration on screen; None changes nothing."""
        session = self.session
        session.running.halt()
        if value is None:
            session.moved.emit()
            return
        before = self._snapshot()
        session.timeline = session.timeline.branch(session.iteration, {name: value})
        session.experiment = with_edit(session.experiment, session.iteration, name, value)
        session.history.record(deed, before)
        self._after_edit()

    def shown_name(self, name: str) -> str:
        """How what can be edited is called on screen: w₅, x₁ of row 2, learning rate α."""
        from backprop_gui.present.edit_names import edit_name

        session = self.session
        words = "learning rate " if name == RATE else ""
        return words + edit_name(session.model, session.naming, name)

    def _snapshot(self) -> Snapshot:
        session = self.session
        return Snapshot(
            session.experiment, session.source, session.timeline, session.iteration, session.position
        )

    def _after_edit(self, stays: bool = True) -> None:
        """Everything derived is derived anew; who `stays` at the same moment goes on asking the same."""
        session = self.session
        focus, checked = session.focus, session.was_checked
        asked, rule, asking = session.asked, session.rule, session.asking and stays
        same_network = session.naming.graph is session.model.graph
        session.position = min(session.position, session.plan.total)
        session.new_revision()
        session.focus = focus if session.is_there(focus) else ""
        session.was_checked = checked
        if same_network:
            session.asked = asked if session.focus else None
            session.rule, session.asking = rule, asking
        session.changed.emit()
        session.announce_move()
        session.warn_when_stuck()

    def replace(self, experiment: Experiment, name: str, source: str = "") -> None:
        """Put another form of the document in its place, at iteration 0; `name` is what undo calls it.

        `source` is a file beside which a CSV of new data lies. Edits made at iteration 0 stay, later
        ones go with their iterations. Raises InvalidExperiment and leaves everything as it was.
        """
        session = self.session
        kept = [edit for edit in experiment.edits if edit.iteration == 0]
        experiment = msgspec.structs.replace(experiment, edits=kept, state=None)
        source = source or session.source
        timeline = Timeline.of(experiment, source)
        session.running.halt()
        session.history.record(name, self._snapshot())
        session.experiment, session.timeline, session.source = experiment, timeline, source
        session.iteration = session.position = 0
        self._after_edit(stays=False)

    def undo(self) -> None:
        """Take the newest edit back, with the iterations that had been there."""
        self.session.running.halt()
        self._restore(self.session.history.undo(self._snapshot()), back=True)

    def redo(self) -> None:
        """Make an edit again that was taken back."""
        self.session.running.halt()
        self._restore(self.session.history.redo(self._snapshot()))

    def go_to(self, run: Snapshot, name: str) -> None:
        """Put another run of the same experiment in the place of this one; `name` is what undo calls it."""
        self.session.running.halt()
        self.session.history.record(name, self._snapshot())
        self._restore(run)

    def forget(self, branch: Branch) -> None:
        """Let a branch go that is not on screen; undo has it again."""
        session = self.session
        session.history.record(f"forget “{branch.name}”", replace(self._snapshot(), forgotten=branch))
        session.branches.take_away(branch)
        session.changed.emit()

    def _restore(self, snapshot: Snapshot | None, back: bool = False) -> None:
        session = self.session
        if snapshot is None:
            return
        if snapshot.forgotten is not None:  # nothing else was done
            put = session.branches.put_back if back else session.branches.take_away
            put(snapshot.forgotten)
            session.changed.emit()
        else:
            session.experiment, session.timeline = snapshot.experiment, snapshot.timeline
            session.source = snapshot.source
            stays = (session.iteration, session.position) == (snapshot.iteration, snapshot.position)
            session.iteration, session.position = snapshot.iteration, snapshot.position
            self._after_edit(stays)

    def set_notation(self, notation: Notation) -> None:
        """Other names on screen; moment and iterations stay. Raises InvalidExperiment."""
        session = self.session
        if faults := notation_faults(notation):
            raise InvalidExperiment(faults, "")
        if notation == session.experiment.notation:
            return
        session.history.record("notation", self._snapshot())
        session.experiment = msgspec.structs.replace(session.experiment, notation=notation)
        self._after_edit(True)

    def retitle(self, title: str) -> None:
        """Another title; moment and iterations stay. Raises InvalidEdit and leaves everything as it was."""
        from backprop_gui.experiment.building import rename_experiment  # not needed to start

        session = self.session
        renamed = rename_experiment(session.experiment, title)
        if renamed == session.experiment:
            return
        session.history.record("rename", self._snapshot())
        session.experiment = renamed
        self._after_edit(True)

    def restart(self) -> None:
        """Back to iteration 0 and the initial values; later edits and iterations go."""
        session = self.session
        session.running.halt()
        before = self._snapshot()
        kept = [edit for edit in session.experiment.edits if edit.iteration == 0]
        session.timeline = session.timeline.back_to_start()
        if before.timeline.newest > 0 or before.experiment.edits != kept:
            session.history.record("restart", before)
        session.experiment = msgspec.structs.replace(session.experiment, edits=kept)
        session.iteration = session.position = 0
        self._after_edit(stays=False)
