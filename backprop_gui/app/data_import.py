"""File → Import data…: a CSV is previewed, its columns get their parts, and it takes the data's place."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from backprop_gui.errors import BackpropError
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.views.dialogs import ask_data_path
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # loaded when a file is first shown
    from backprop_gui.views.data_dialog import DataDialog


class DataImport(QObject):
    """Imports data into the experiment of one session."""

    def __init__(self, session: Session, editor: Editor, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._editor, self._window = session, editor, window
        self._dialog: DataDialog | None = None
        self._path = Path()

    def ask(self) -> None:
        """Ask for a CSV file and show what it holds."""
        if path := ask_data_path(self._window):
            self.show(path)

    def show(self, path: str) -> None:
        """Show what a CSV file holds."""
        from backprop_gui.views.data_dialog import DataDialog

        self._session.running.halt()
        self._path = Path(path)
        graph = self._session.model.graph
        inputs = {graph.nodes[index].name: math.prod(graph.nodes[index].shape) for index in graph.inputs}
        outputs = math.prod(graph.nodes[graph.nodes[graph.loss].operands[1]].shape)
        try:
            self._dialog = DataDialog(self._path, self._window.theme(), inputs, outputs, self._window)
        except BackpropError as error:
            self._window.show_message(str(error), "error")
            return
        self._dialog.finished.connect(self._finish)
        self._dialog.open()

    def _finish(self, result: int) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is None:
            return
        if result == QDialog.DialogCode.Accepted:
            # Edits of the old data's numbers would mean nothing in the new.
            experiment = msgspec.structs.replace(self._session.experiment, data=dialog.chosen(), edits=[])
            try:
                self._editor.replace(
                    experiment, f"import {self._path.name}", str(self._path.with_suffix(".json"))
                )
                self._window.clear_message()
            except BackpropError as error:
                self._window.show_message(str(error), "error")
        dialog.deleteLater()
