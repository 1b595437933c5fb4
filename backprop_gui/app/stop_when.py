"""Stopping training on a condition: the dialog, what is in force, and what is said when it comes true."""

from __future__ import annotations

from PySide6.QtCore import QObject

from backprop_gui.errors import InvalidEdit
from backprop_gui.present.stopping import condition_rows, condition_words, stop_sentence, stopped_focus
from backprop_gui.session.session import Session
from backprop_gui.steps.stopping import Condition, Stop, check_condition, parse_condition, relu_nodes
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.stop_dialog import StopDialog

TRAIN_TIP = "Make many updates at once"


class StopWhen(QObject):
    """Keeps the conditions of one window; another experiment begins without any."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._texts: dict[str, str] = {}  # what was typed, by kind
        self._dialog: StopDialog | None = None
        window.commands["stopWhen"].triggered.connect(self.open)
        session.opened.connect(self._forget)
        session.changed.connect(self._keep_what_fits)
        session.running.condition_met.connect(self._tell)

    def open(self) -> None:
        """Show the dialog."""
        if self._dialog is None:
            self._dialog = StopDialog(self.window)
            self._dialog.conditions_requested.connect(self.set_conditions)
        self._show()
        self._dialog.show()
        self._dialog.raise_()

    def set_conditions(self, texts: list[str]) -> None:
        """Put conditions in force, as they are written; with a wrong one the others hold."""
        found: list[Condition] = []
        fault = ""
        stepper = self.session.model.stepper()
        for text in texts:
            try:
                condition = parse_condition(text)
                check_condition(stepper, condition)
            except InvalidEdit as error:
                fault = str(error)
                continue
            found.append(condition)
            self._texts[condition.kind] = self._typed(condition, text)
        self.session.running.conditions = tuple(found)
        self._show_in_force()
        if self._dialog is not None:
            self._dialog.show_fault(f"{fault[:1].upper()}{fault[1:]}." if fault else "")

    def _typed(self, condition: Condition, text: str) -> str:
        """What stands in the field of a condition."""
        rows = condition_rows("", False)
        before, _, behind = next(row.written for row in rows if row.kind == condition.kind).partition("{}")
        return text.removeprefix(before).removesuffix(behind) if before or behind else text

    def _show(self) -> None:
        assert self._dialog is not None
        parameters = self.session.model.graph.parameters
        rows = condition_rows(next(iter(parameters.names), ""), self.session.format.comma)
        kinds = {condition.kind for condition in self.session.running.conditions}
        possible = [row.kind for row in rows]
        if not relu_nodes(self.session.model.stepper()):
            possible.remove("relu_dies")
        on: dict[str, str] = {kind: self._texts.get(kind, "") for kind in kinds}
        self._dialog.show_rows(rows, on, possible)

    def _show_in_force(self) -> None:
        """The Train button says when it will stop by itself."""
        session = self.session
        loss = session.experiment.notation.loss
        words = [condition_words(c, session.format, loss) for c in session.running.conditions]
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
        session.told.emit(stop_sentence(stop, graph, session.naming, session.format), "warning")
