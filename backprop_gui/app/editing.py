"""Editing where one looks: on the canvas and in the tables. What can't be taken stays in its field."""

from __future__ import annotations

from PySide6.QtCore import QObject

from backprop_gui.errors import BackpropError
from backprop_gui.present.samples import edited_name
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow


class Editing(QObject):
    """Hands what was typed to the editor of one session, and its refusals back to where it was typed."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._editor = Editor(session)
        window.canvas.edit_requested.connect(self._edit_on_canvas)
        window.gradient_table.edit_requested.connect(self._edit_gradient_row)
        window.parameter_table.edit_requested.connect(self._edit_parameter_row)
        window.samples_table.edit_requested.connect(self._edit_sample)
        for table in (window.gradient_table, window.parameter_table, window.samples_table):
            table.edit_left.connect(window.clear_message)
        session.opened.connect(window.canvas.editing.leave)

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
