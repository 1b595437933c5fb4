"""Editing where one looks: on the canvas and in the tables. What can't be taken stays in its field."""

from __future__ import annotations

from PySide6.QtCore import QObject

from backprop_gui.errors import BackpropError
from backprop_gui.present.naming import neuron_identity
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import VALUE, Quantity
from backprop_gui.views.main_window import MainWindow


class Editing(QObject):
    """Hands what was typed to the editor of one session, and its refusals back to where it was typed."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._editor = Editor(session)
        window.canvas.edit_requested.connect(self._edit_on_canvas)
        window.canvas.editing.ended.connect(self._go_on_to_rate)
        window.gradient_table.edit_requested.connect(self._edit_gradient_row)
        window.parameter_table.edit_requested.connect(self._edit_parameter_row)
        window.samples_table.edit_requested.connect(self._edit_sample)
        for table in (window.gradient_table, window.parameter_table, window.samples_table):
            table.edit_left.connect(window.clear_message)
        session.opened.connect(window.canvas.editing.leave)

    def open(self, iteration: int, quantity: Quantity) -> bool:
        """Open the field of a given number on the canvas, in its iteration; False where none can open.

        `quantity` is a parameter's value, an input or a target.
        """
        session, window = self.session, self.window
        session.running.halt()
        if session.iteration != iteration:
            session.seek(iteration)
        graph, plan = session.model.graph, session.plan
        node = graph.nodes[quantity.node]
        if node.kind == "parameter":
            if session.position > plan.update_start:  # there the canvas shows the value after the update
                session.seek(iteration, plan.update_start)
            identity = graph.parameters.name_at(plan.place(quantity))
        else:
            sample = quantity.sample or 0
            if session.scene().frame.shown_sample != sample:
                session.seek(iteration, plan.step_of(Quantity(graph.loss, (), VALUE, sample)) or 0)
            identity = neuron_identity(node.group, quantity.element)
        window.commands["graphView"].setChecked(False)
        return window.canvas.edit(identity) or (node.kind == "target" and window.canvas.edit("loss"))

    def _go_on_to_rate(self) -> None:
        """Behind the last number of the network comes the learning rate, where it is on screen."""
        if self.window.toolbar.isVisible():
            self.window.toolbar.edit_rate()
            self.window.show_message("The learning rate: Enter takes it, then → steps on.")

    def _edit_on_canvas(self, name: str, text: str) -> None:
        if refusal := self._refusal(name, text):
            self.window.canvas.editing.show_refused(refusal)

    def _edit_gradient_row(self, name: str, _column: str, text: str) -> None:
        if not self._told(name, text):
            self.window.gradient_table.show_refused()

    def _edit_parameter_row(self, name: str, _column: str, text: str) -> None:
        if not self._told(name, text):
            self.window.parameter_table.show_refused()

    def _edit_sample(self, row: str, column: str, text: str) -> None:
        from backprop_gui.present.samples import edited_name  # not needed to start

        if not self._told(edited_name(self.session.scene(), row, column), text):
            self.window.samples_table.show_refused()

    def _told(self, name: str, text: str) -> bool:
        """Edit, or tell in the window's bar why not; whether it was done."""
        refusal = self._refusal(name, text)
        if refusal:
            self.window.show_message(refusal, "error")
        return not refusal

    def _refusal(self, name: str, text: str) -> str:
        """Edit; the sentence that says why not, empty when it was done."""
        self.window.clear_message()  # before: the edit itself may have something to tell
        try:
            self._editor.edit(name, text)
        except BackpropError as error:
            return str(error)
        return ""
