"""Stopping training on a condition: the dialog, what is in force, and what is said when it comes true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.errors import InvalidEdit
from backprop_gui.present.stopping import (
    ConditionRow,
    condition_rows,
    condition_words,
    own_name,
    stop_sentence,
    stopped_focus,
)
from backprop_gui.session.session import Session
from backprop_gui.steps.stopping import Condition, Stop, check_condition, parse_condition, relu_nodes
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # loaded when it is first opened
    from backprop_gui.views.stop_dialog import StopDialog

TRAIN_TIP = "Make many updates at once"


class StopWhen(QObject):
    """Keeps the conditions of one window; another experiment begins without any."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._texts: dict[str, str] = {}  # what was typed, by kind
        self._dialog: StopDialog | None = None
        self._said = ""  # of the last stop
        window.commands["stopWhen"].triggered.connect(self.open)
        session.opened.connect(self._forget)
        session.changed.connect(self._keep_what_fits)
        session.running.condition_met.connect(self._tell)
        session.running.training_changed.connect(self._go_on)

    def open(self) -> None:
        """Show the dialog."""
        if self._dialog is None:
            from backprop_gui.views.stop_dialog import StopDialog

            self._dialog = StopDialog(self.window)
            self._dialog.conditions_requested.connect(self.set_conditions)
        self._dialog.set_text_scale(self.window.look.scale)
        if not self._dialog.isVisible():  # else it stays as it is, with what is wrong
            self._show()
            self._dialog.show_fault("")
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        self._dialog.begin()

    def set_conditions(self, wanted: list[tuple[str, str]]) -> None:
        """Put conditions in force, by kind and what was typed; with a wrong one the others hold."""
        found: list[Condition] = []
        faults: list[str] = []
        session = self.session
        stepper = session.model.stepper()
        rows = {str(row.kind): row for row in self._rows()}
        for kind, typed in wanted:
            named = kind == "sign_changes"
            value = own_name(typed, session.model.graph, session.naming) if named else typed
            try:
                condition = parse_condition(rows[kind].text(value))
                check_condition(stepper, condition)
            except InvalidEdit:
                faults.append(rows[kind].fault(typed))
                continue
            found.append(condition)
            self._texts[kind] = typed
        session.running.conditions = tuple(found)
        session.running.known_dead.clear()
        self._show_in_force()
        if self._dialog is not None:
            self._dialog.show_fault("\n".join(faults))

    def _rows(self) -> tuple[ConditionRow, ...]:
        """The conditions, with values to begin with."""
        parameters = self.session.model.graph.parameters
        return condition_rows(next(iter(parameters.names), ""), self.session.format.comma)

    def _show(self) -> None:
        assert self._dialog is not None
        rows = self._rows()
        kinds = {condition.kind for condition in self.session.running.conditions}
        possible = [row.kind for row in rows]
        if not relu_nodes(self.session.model.stepper()):
            possible.remove("relu_dies")
        on: dict[str, str] = {kind: self._texts.get(kind, "") for kind in kinds}
        self._dialog.show_rows(rows, on, possible)

    def _show_in_force(self) -> None:
        """The Train button says when it will stop by itself."""
        session = self.session
        graph, naming = session.model.graph, session.naming
        words = [condition_words(c, graph, naming, session.format) for c in session.running.conditions]
        action = self.window.commands["train"]
        until = f"; stops when {' or '.join(words)}" if words else ""
        action.setToolTip(f"{TRAIN_TIP}{until} (T)")

    def _forget(self) -> None:
        self.set_conditions([])

    def _keep_what_fits(self) -> None:
        """A network that was rebuilt may lack what a condition speaks of."""
        running, stepper = self.session.running, self.session.model.stepper()
        kept = []
        for condition in running.conditions:
            try:
                check_condition(stepper, condition)
            except InvalidEdit:
                continue
            kept.append(condition)
        running.conditions = tuple(kept)
        self._show_in_force()
        if self._dialog is not None and self._dialog.isVisible():
            self._show()

    def _tell(self, stop: Stop) -> None:
        session = self.session
        graph = session.model.graph
        if focus := stopped_focus(stop, graph):
            session.set_focus(focus)
        self._said = stop_sentence(stop, graph, session.naming, session.format)
        session.told.emit(self._said, "warning")

    def _go_on(self, training: bool) -> None:
        """Who trains on has read where it stopped."""
        if training and self._said and self.window.message_bar.text() == self._said:
            self.window.clear_message()
