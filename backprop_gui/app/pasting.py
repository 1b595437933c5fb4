"""Copy and paste of numbers: blocks from a spreadsheet into layers, data and tables, and back out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

from msgspec.structs import replace
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from backprop_gui.app.builder import Builder
from backprop_gui.errors import BackpropError, InvalidEdit
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import PRIME, current_value
from backprop_gui.experiment.sentences import counted
from backprop_gui.present.focus import element_of, nodes_of_card
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.tables import TableView

if TYPE_CHECKING:  # needed once something is copied or pasted, not for the first picture
    from backprop_gui.experiment.pasting import Grid, Matrix
    from backprop_gui.views.network_data import DataTable

NOWHERE = "Choose a weight, a bias, a neuron, an input or a target; then copy or paste its numbers."


class Pasting(QObject):
    """Carries out both commands for one window: where the keyboard is decides what is meant."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._editor, self._builder = Editor(session), Builder(session, window)
        window.commands["copy"].triggered.connect(self.copy)
        window.commands["paste"].triggered.connect(self.paste)

    def copy(self) -> None:
        """The selection of a table, a selected text, or the numbers of what is in focus, as rows and tabs."""
        widget = self.window.focusWidget()
        if isinstance(widget, TableView):
            widget.copy_selection()
            self.window.show_message("Cells copied")
        elif self._is_data(widget):
            QGuiApplication.clipboard().setText(widget.selection_as_text())
            self.window.show_message("Cells copied")
        elif isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
            widget.copy()
        elif isinstance(widget, QLabel) and widget.hasSelectedText():
            QGuiApplication.clipboard().setText(widget.selectedText())
        else:
            self._copy_focus()

    def paste(self) -> None:
        """Set the numbers of what is in focus to those of the clipboard; undo takes all of them back."""
        from backprop_gui.experiment.pasting import fitted, read_matrix

        widget = self.window.focusWidget()
        if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
            widget.paste()
            return
        self.window.clear_message()
        try:
            matrix = read_matrix(QGuiApplication.clipboard().text())
            if self._is_data(widget):
                self._paste_data(widget, matrix)
                return
            grids = self._grids_of_table(widget, matrix) if isinstance(widget, TableView) else None
            found = fitted(matrix, self._grids_of_focus(len(matrix)) if grids is None else grids)
            self._editor.edit_many(found.changes, found.name)
        except BackpropError as error:
            self.window.show_message(str(error), "error")
        else:
            self.window.show_message(f"Pasted {found.name.removeprefix('paste ')}")

    @staticmethod
    def _is_data(widget: QWidget | None) -> TypeGuard[DataTable]:
        """Whether the keyboard is in the data of the network panel."""
        return widget is not None and widget.objectName() == "dataTable"

    def _paste_data(self, table: DataTable, matrix: Matrix) -> None:
        """The cells from the current one on; rows that are missing are added. Raises InvalidEdit."""
        from backprop_gui.experiment.building_data import with_block
        from backprop_gui.experiment.pasting import block_grid, fitted, full_rows

        row, column, width = table.row(), table.column(), len(matrix[0])
        there = len(table.names_in(0)) - column
        if width > there:
            raise InvalidEdit(
                f"{counted(width, 'column was', 'columns were')} copied; from this cell on there "
                f"{'is' if there == 1 else 'are'} {there}, as many would be right"
            )
        if row + len(matrix) <= table.model().rowCount():
            names = [table.names_in(row + each)[column : column + width] for each in range(len(matrix))]
            found = fitted(matrix, [block_grid(names, "values of the data")])
            self._editor.edit_many(found.changes, found.name)
            self.window.show_message(f"Pasted {found.name.removeprefix('paste ')}")
            return
        block, source = full_rows(matrix), self.session.source

        def change(experiment: Experiment) -> Experiment:
            return with_block(experiment, row, column, block, source)

        rows = counted(row + len(matrix), "row", "rows")
        if refusal := self._builder.change(change, f"paste into {rows} of data"):
            raise InvalidEdit(refusal)

    # --- what is in focus -------------------------------------------------------------------------

    def _identity(self) -> str:
        """What the keyboard is on on the canvas, else what is asked about."""
        return self.window.canvas.current() or self.session.focus

    def _grids_of_focus(self, rows: int = 1) -> list[Grid]:
        """The blocks the focus may stand for; data from the row on screen downwards. Raises InvalidEdit."""
        from backprop_gui.experiment.pasting import neuron_grids, parameter_grids

        session, identity = self.session, self._identity()
        model, graph = session.model, session.model.graph
        grids = parameter_grids(model, identity)
        for node in nodes_of_card(graph, identity) if identity and not grids else ():
            leaf = graph.nodes[graph.nodes[node].operands[1] if node == graph.loss else node]
            if leaf.kind in ("input", "target"):
                grids = self._grids_of_data(leaf.name, rows)
            elif not grids:
                grids = neuron_grids(model, graph.nodes[node].group, (element_of(identity) or (0,))[0])
        if not grids:
            raise InvalidEdit(NOWHERE)
        return [self._as_shown(grid) for grid in grids]

    def _grids_of_data(self, leaf: str, rows: int) -> list[Grid]:
        from backprop_gui.experiment.pasting import data_grids

        scene = self.session.scene()
        first = int(scene.frame.record.rows[scene.frame.shown_sample])
        one = data_grids(self.session.model, leaf, first, 1)
        if rows == 1 or (one[0].one_line and one[0].shape[1] == rows):
            return one  # a column that is as long as the row is wide
        return data_grids(self.session.model, leaf, first, rows)

    def _as_shown(self, grid: Grid) -> Grid:
        """With primes where the canvas shows values after their update: what one sees is what one changes."""
        scene, layout = self.session.scene(), self.session.model.graph.parameters
        names = {name for row in grid.names for name in row if name} | set(grid.behind)
        places = [place for name in names if (place := layout.place_of(name)) is not None]
        if not any(scene.frame.knows(scene.updated_of(place)) for place in places):
            return grid
        primed = tuple(tuple(name and name + PRIME for name in row) for row in grid.names)
        return replace(grid, names=primed, behind=tuple(name + PRIME for name in grid.behind))

    def _copy_focus(self) -> None:
        self.window.clear_message()
        try:
            grid = self._grids_of_focus()[0]
        except BackpropError as error:
            self.window.show_message(str(error), "error")
            return
        is_neuron = self.session.model.graph.parameters.place_of(self._identity()) is None
        whole = grid.behind if is_neuron else ()
        rows = [(*row, *whole[place : place + 1]) for place, row in enumerate(grid.names)]
        text = "\n".join("\t".join(map(self._text, row)) for row in rows)
        QGuiApplication.clipboard().setText(text + "\n")
        self.window.show_message(f"Copied {grid.call}{' with the biases' if whole else ''}")

    def _text(self, name: str) -> str:
        """A number with all digits, as a spreadsheet takes it; nothing for a missing connection."""
        if not name:
            return ""
        session, scene = self.session, self.session.scene()
        if name.endswith(PRIME):
            place = session.model.graph.parameters.place_of(name.removesuffix(PRIME))
            assert place is not None
            value = scene.frame.numbers(scene.updated_of(place))
        else:
            value = current_value(session.model, session.timeline.state(session.iteration), name)
        return session.format.full(value).replace("−", "-")

    # --- tables -----------------------------------------------------------------------------------

    def _grids_of_table(self, table: TableView, matrix: Matrix) -> list[Grid] | None:
        """The cells from the current one on; a matrix goes into the layer. None: the table takes nothing."""
        from backprop_gui.experiment.pasting import block_grid, parameter_grids

        rows, columns, current = table.cells_from_here(len(matrix))
        if not rows or not columns:
            return None
        if table is self.window.samples_table:
            return [self._block_of_samples(rows, columns, current, matrix)]
        if table not in (self.window.gradient_table, self.window.parameter_table):
            raise InvalidEdit("This table holds no numbers of the network; the tables of parameters do")
        layer = parameter_grids(self.session.model, rows[0])
        if len(matrix[0]) > 1:
            return layer
        if len(rows) < len(matrix):
            fits = any(len(matrix) in grid.shape and grid.one_line for grid in layer)
            if not fits:
                raise InvalidEdit(
                    f"{len(matrix)} numbers were copied; from {rows[0]} on the table has "
                    f"{counted(len(rows), 'row', 'rows')}, as many would be right"
                )
            return layer
        return [block_grid([[name] for name in rows], "values"), *layer]

    def _block_of_samples(
        self, rows: Sequence[str], columns: list[str], current: str, matrix: Matrix
    ) -> Grid:
        """The cells of the data from the current one on, as many as were copied."""
        from backprop_gui.experiment.pasting import block_grid
        from backprop_gui.present.samples import MEAN, edited_name

        scene, width = self.session.scene(), len(matrix[0])
        start = columns.index(current) if current in columns else 0
        chosen = columns[start : start + width]
        samples = [row for row in rows if row != MEAN]
        if len(chosen) < width or len(samples) < len(matrix):
            there = f"{len(samples)} × {len(columns) - start}"
            raise InvalidEdit(
                f"{len(matrix)} × {width} numbers were copied; from this cell on there is room for {there}, "
                "fewer numbers or an earlier cell would be right"
            )
        names = [[edited_name(scene, row, column) for column in chosen] for row in samples[: len(matrix)]]
        return block_grid(names, "values of the samples")
