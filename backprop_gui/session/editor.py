"""Edits by hand, undo, redo and restart: each replaces the experiment and branches its timeline."""

from __future__ import annotations

import msgspec

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import check_edit, current_value, parse_number, with_edit
from backprop_gui.session.history import Snapshot
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import Quantity
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
        session = self.session
        value = check_edit(session.model, name.removesuffix("′"), parse_number(text))
        session.running.halt()
        before = self._snapshot()
        if name.endswith("′"):
            name = name.removesuffix("′")
            if not session.reach(session.iteration + 1):
                raise InvalidEdit(f"{name} can't be changed after this update, which is not finite")
            session.arrive(session.iteration + 1, 0)
        if value == current_value(session.model, session.timeline.state(session.iteration), name):
            session.moved.emit()
            return
        session.timeline = session.timeline.branch(session.iteration, {name: value})
        session.experiment = with_edit(session.experiment, session.iteration, name, value)
        session.history.record(f"set {self._shown_name(name)} to {session.format.text(value)}", before)
        self._after_edit()

    def set_optimizer(self, kind: str) -> None:
        """Go on with another optimiser: with its default settings, the rate as it is, and nothing kept.

        Raises InvalidEdit and leaves everything as it was.
        """
        session = self.session
        check_edit(session.model, "optimizer", kind)
        session.running.halt()
        if kind == session.model.optimizer.kind:
            session.moved.emit()
            return
        before = self._snapshot()
        value = {"kind": kind, "learning_rate": session.model.settings["learning_rate"]}
        session.timeline = session.timeline.branch(session.iteration, {"optimizer": value})
        session.experiment = with_edit(session.experiment, session.iteration, "optimizer", value)
        session.history.record(f"set the optimizer to {session.model.optimizer.title}", before)
        self._after_edit()

    def _shown_name(self, name: str) -> str:
        """How an edited quantity is called on screen."""
        session = self.session
        place = session.model.graph.parameters.place_of(name)
        if place is not None:
            array, element = session.model.graph.parameters.locate(place)
            return session.naming.plain(Quantity(session.model.graph.parameter_nodes[array], element))
        return f"learning rate {session.experiment.notation.rate}" if name == "learning_rate" else name

    def _snapshot(self) -> Snapshot:
        session = self.session
        return Snapshot(
            session.experiment, session.source, session.timeline, session.iteration, session.position
        )

    def _after_edit(self) -> None:
        session = self.session
        focus, checked = session.focus, session.was_checked
        session.position = min(session.position, session.plan.total)
        session.new_revision()
        session.focus = focus if session.is_there(focus) else ""
        session.was_checked = checked
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
        self._after_edit()

    def undo(self) -> None:
        """Take the newest edit back, with the iterations that had been there."""
        self.session.running.halt()
        self._restore(self.session.history.undo(self._snapshot()))

    def redo(self) -> None:
        """Make an edit again that was taken back."""
        self.session.running.halt()
        self._restore(self.session.history.redo(self._snapshot()))

    def _restore(self, snapshot: Snapshot | None) -> None:
        session = self.session
        if snapshot is not None:
            session.experiment, session.timeline = snapshot.experiment, snapshot.timeline
            session.source = snapshot.source
            session.iteration, session.position = snapshot.iteration, snapshot.position
            self._after_edit()

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
        self._after_edit()
