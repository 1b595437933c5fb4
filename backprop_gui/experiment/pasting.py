"""Numbers from a spreadsheet: how a text becomes a matrix, and where a matrix fits.

A *grid* is a block of numbers of the experiment that can be set together, as own names in rows: the
weights of a layer (a row for each receiving neuron, as in a file), its biases, rows of the data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.edits import parse_number
from backprop_gui.experiment.sentences import counted

MOST_CELLS = 1_000_000
_EMPTY = {"", "–", "-", "null", "None"}  # where a connection is missing
Matrix = list[list[float | None]]


class Grid(Struct, frozen=True):
    """Own names in rows; an empty name is a missing connection. `behind` is a further column, the biases."""

    title: str
    names: tuple[tuple[str, ...], ...]
    behind: tuple[str, ...] = ()
    owner: str = ""
    meaning: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, without what stands behind."""
        return len(self.names), len(self.names[0])

    @property
    def one_line(self) -> bool:
        """Whether it may lie or stand: one row, or one column."""
        return 1 in self.shape and not self.behind

    @property
    def call(self) -> str:
        """What it is called: `2×3 weights of h1`, `2 biases of h1`."""
        rows, columns = self.shape
        count = str(rows * columns) if rows * columns > 1 else ""
        size = f"{rows}×{columns}" if columns > 1 and rows > 1 else count
        return " ".join(part for part in (size, self.title, self.owner and f"of {self.owner}") if part)


class Pasted(Struct, frozen=True):
    """What is to be set, and what undo calls it."""

    changes: dict[str, float]
    name: str


def read_matrix(text: str) -> Matrix:
    """The rows of a text from a spreadsheet or a file; None for an empty cell.

    Cells stand apart by tabs, semicolons, commas or spaces. A comma is a decimal sign unless it is what
    stands between the cells. Raises InvalidEdit with a sentence that names row and column.
    """
    plain = re.sub(r"\]\s*,?", "\n", text).replace("[", "")
    lines = [line for line in plain.replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        raise InvalidEdit("nothing was copied; a block of numbers would be right")
    rows = _cells(lines, listed="[" in text)
    if sum(map(len, rows)) > MOST_CELLS:
        raise InvalidEdit(f"over {MOST_CELLS:,} cells were copied; as many as fit would be right")
    for place, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            have = f"row 1 has {len(rows[0])} cells and row {place} has {len(row)}"
            raise InvalidEdit(f"{have}; rows of one length would be right")
    return [[_number(cell, r, c) for c, cell in enumerate(row, 1)] for r, row in enumerate(rows, 1)]


def _cells(lines: list[str], listed: bool) -> list[list[str]]:
    """The texts of the cells; in what is `listed` as a program writes it, a comma stands between them."""
    for separator in ("\t", ";"):
        if any(separator in line for line in lines):
            return [[cell.strip() for cell in line.split(separator)] for line in lines]
    spaced = [line.split() for line in lines]
    cells = [cell for row in spaced for cell in row]
    between = any(cell.endswith(",") or cell.count(",") > 1 or {",", "."} <= set(cell) for cell in cells)
    if between or listed:
        return [[cell.strip() for cell in line.strip().rstrip(",").split(",")] for line in lines]
    return spaced


def _number(cell: str, row: int, column: int) -> float | None:
    if cell in _EMPTY:
        return None
    try:
        return parse_number(cell)
    except InvalidEdit as error:
        raise InvalidEdit(f"row {row}, column {column}: {error}") from None


def full_rows(matrix: Matrix) -> list[list[float]]:
    """A matrix with a number in every cell. Raises InvalidEdit with the place of the first without one."""
    for row, cells in enumerate(matrix, start=1):
        if None in cells:
            raise InvalidEdit(f"row {row}, column {cells.index(None) + 1} is empty; a number would be right")
    return [[cell for cell in cells if cell is not None] for cells in matrix]


def fitted(matrix: Matrix, grids: Sequence[Grid]) -> Pasted:
    """The first of the grids that a matrix fits, filled with it. Raises InvalidEdit with the right shape."""
    rows, columns = len(matrix), len(matrix[0])
    for grid in grids:
        if (rows, columns) == grid.shape:
            return _filled(grid, matrix, behind=False)
        if grid.behind and (rows, columns) == (grid.shape[0], grid.shape[1] + 1):
            return _filled(grid, matrix, behind=True)
        if grid.one_line and (columns, rows) == grid.shape:
            return _filled(grid, [list(cells) for cells in zip(*matrix, strict=True)], behind=False)
    raise InvalidEdit(_misfit(rows, columns, grids[0]))


def _misfit(rows: int, columns: int, grid: Grid) -> str:
    """Why a matrix does not go into the grid that is meant first, and what would."""
    wanted = grid.shape
    right = _size(*wanted) + (f" ({grid.meaning})" if grid.meaning and not grid.one_line else "")
    if grid.behind:
        right += f", or {_size(wanted[0], wanted[1] + 1)} with the biases behind them,"
    title = f"{grid.title} of {grid.owner}" if grid.owner else grid.title
    turned = ((columns, rows) == wanted) or (grid.behind and (columns, rows) == (wanted[0], wanted[1] + 1))
    swap = ", rows and columns swapped" if turned else ""
    return f"{_size(rows, columns)} were copied{swap}; for the {title} {right} would be right"


def _size(rows: int, columns: int) -> str:
    return counted(1, "number", "numbers") if rows == columns == 1 else f"{rows} × {columns} numbers"


def _filled(grid: Grid, matrix: Matrix, behind: bool) -> Pasted:
    changes: dict[str, float] = {}
    for row, cells in enumerate(matrix):
        names = (*grid.names[row], *((grid.behind[row],) if behind else ()))
        for column, (name, value) in enumerate(zip(names, cells, strict=True)):
            where = f"row {row + 1}, column {column + 1}"
            if name and value is None:
                raise InvalidEdit(f"{where} is empty; a number would be right")
            if name and value is not None:
                changes[name] = value
            elif value:
                raise InvalidEdit(f"{where}: there is no connection; an empty cell would be right")
    call = grid.call
    if behind:
        call = call.replace(
            f"{grid.title} of", f"{grid.title} and {counted(len(grid.behind), 'bias', 'biases')} of"
        )
    return Pasted(changes, f"paste {call}")


# --- what there is to paste into ------------------------------------------------------------------


def parameter_grids(model: Model, name: str) -> list[Grid]:
    """For a weight: the weights of its layer, its biases, itself. For a bias the biases come first."""
    layout = model.graph.parameters
    place = layout.place_of(name)
    if place is None:
        return []
    array, _ = layout.locate(place)
    weights, biases = _layer_of(model, model.graph.parameter_nodes[array])
    first = _grid_of(model, weights, biases) if weights >= 0 else None
    second = _grid_of(model, biases) if biases >= 0 else None
    own = model.graph.parameter_nodes[array]
    ordered = (second, first) if own == biases else (first, second)
    return [*(grid for grid in ordered if grid is not None), Grid(f"value of {name}", ((name,),))]


def neuron_grids(model: Model, group: str, row: int) -> list[Grid]:
    """For a neuron of a dense layer: the weights of its layer, its own row of them, the biases."""
    graph = model.graph
    for node in graph.nodes:
        if node.group == group and node.operation is not None and node.operation.name == "affine":
            weights = node.operands[1]
            biases = node.operands[2] if len(node.operands) > 2 else -1
            whole = _grid_of(model, weights, biases)
            behind = whole.behind[row : row + 1]
            own = Grid("weights", (whole.names[row],), behind, f"neuron {row + 1} of {group}")
            # The biases of a square layer would be taken for the neuron's own row: they come last.
            return [whole, own, *([_grid_of(model, biases)] if biases >= 0 else [])]
    return []


def _layer_of(model: Model, parameter: int) -> tuple[int, int]:
    """The weights and the biases that belong together, as nodes; −1 where there are none, or several."""
    graph = model.graph
    pairs = set()
    for node in graph.nodes:
        given = [operand for operand in node.operands if graph.nodes[operand].kind == "parameter"]
        if parameter in given:
            pairs.add((given[0], given[1] if len(given) > 1 else -1))
    weights, biases = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    if len(pairs) == 1:
        return pairs.pop()
    return (weights.pop() if len(weights) == 1 else -1), (biases.pop() if len(biases) == 1 else -1)


def _grid_of(model: Model, parameter: int, biases: int = -1) -> Grid:
    """A parameter array as a grid: a row for each receiving neuron or channel; a vector is a column."""
    layout, node = model.graph.parameters, model.graph.nodes[parameter]
    array = layout.arrays[node.parameter]
    rows = array.shape[0]
    columns = math.prod(array.shape[1:])
    present = np.ones(array.shape, dtype=bool) if array.present is None else array.present
    names = [
        layout.name_at(layout.place(node.parameter, place)) if present[place] else ""
        for place in np.ndindex(array.shape)
    ]
    split = tuple(tuple(names[row * columns : (row + 1) * columns]) for row in range(rows))
    behind: tuple[str, ...] = ()
    if biases >= 0 and len(array.shape) == 2:
        behind = tuple(name for (name,) in _grid_of(model, biases).names)
    title = {"w": "weights", "b": "biases"}.get(array.prefix, "values")
    owner = array.name.partition(".")[0]
    meaning = "a row for each neuron, a column for each input" if len(array.shape) == 2 else ""
    return Grid(title, split, behind, owner, meaning)


def data_grids(model: Model, leaf: str, first: int, rows: int) -> list[Grid]:
    """`rows` rows of an input or of the targets, from row `first` (from 0) on; with and without targets."""
    graph = model.graph
    leaves = [node for node in model.leaves if graph.nodes[node].kind == "input"]
    targets = [node for node in model.leaves if graph.nodes[node].kind == "target"]
    there = len(model.leaves[graph.by_name[leaf]])
    if first + rows > there:
        left = counted(there - first, "row", "rows")
        is_are = "is" if there - first == 1 else "are"
        raise InvalidEdit(
            f"{rows} rows were copied; from row {first + 1} on there {is_are} {left}, as many would be right"
        )
    own = _rows_of(model, [graph.by_name[leaf]], first, rows)
    whole = _rows_of(model, [*leaves, *targets], first, rows)
    return [own, whole]


def _rows_of(model: Model, leaves: list[int], first: int, rows: int) -> Grid:
    names = []
    for row in range(first, first + rows):
        names.append(tuple(name for leaf in leaves for name in _row_names(model, leaf, row)))
    called = " and ".join(model.graph.nodes[leaf].name for leaf in leaves)
    where = f"row {first + 1}" if rows == 1 else f"rows {first + 1} to {first + rows}"
    return Grid("values", tuple(names), owner=f"{called}, {where}", meaning="a row for each sample")


def _row_names(model: Model, leaf: int, row: int) -> list[str]:
    name, shape = model.graph.nodes[leaf].name, model.leaves[leaf].shape[1:]
    return [f"{name}[{','.join(str(i + 1) for i in (row, *place))}]" for place in np.ndindex(shape)]


def block_grid(rows: Sequence[Sequence[str]], what: str) -> Grid:
    """Cells of a table side by side and below each other."""
    return Grid(what, tuple(tuple(row) for row in rows))
