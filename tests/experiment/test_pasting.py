"""Numbers from a spreadsheet: every manner of writing them, every shape that fits, and what is refused."""

from __future__ import annotations

import json

import pytest

from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import build
from backprop_gui.experiment.pasting import (
    block_grid,
    data_grids,
    fitted,
    neuron_grids,
    parameter_grids,
    read_matrix,
)
from backprop_gui.experiment.reading import decode


def model(weights=((0.1, 0.2), (0.3, 0.4), (0.5, 0.6)), biases=(0, 0, 0)):
    """2 inputs, a layer of 3, one output, two rows of data."""
    dense = {"op": "dense", "activation": "sigmoid"}
    nodes = [
        {**dense, "name": "h1", "of": "x", "units": 3, "weights": weights, "biases": biases},
        {**dense, "name": "out", "of": "h1", "units": 1, "weights": [[1, 2, 3]], "biases": [0]},
    ]
    network = {"inputs": {"x": 2}, "nodes": nodes, "loss": {"op": "half_squared_error", "of": "out"}}
    data = {"x": [[1, 2], [3, 4]], "targets": [[0], [1]]}
    return build(
        decode(json.dumps({"format": 1, "title": "t", "network": network, "data": data}).encode()), ""
    )


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1\t2\n3\t4\n", [[1, 2], [3, 4]]),
        ("0,5\t0,25\r\n1/3\t−2e-3\r\n", [[0.5, 0.25], [1 / 3, -0.002]]),
        ("0,5;0,25\n1;2", [[0.5, 0.25], [1, 2]]),
        ("0,5 0,25\n1  2", [[0.5, 0.25], [1, 2]]),
        ("0.5,0.25\n1,2.5", [[0.5, 0.25], [1, 2.5]]),
        ("1, 2, 3\n4, 5, 6", [[1, 2, 3], [4, 5, 6]]),
        ("1,2,3", [[1, 2, 3]]),
        ("0,5", [[0.5]]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("[[1,2],[3,4]]", [[1, 2], [3, 4]]),
        ("1\t\n\t4", [[1, None], [None, 4]]),
        ("1;null\n–;4", [[1, None], [None, 4]]),
        ("1\t2\n\n", [[1, 2]]),
    ],
)
def test_what_is_read(text, rows):
    """Tabs, semicolons, commas, spaces; decimal commas where no comma stands between the cells."""
    assert read_matrix(text) == rows


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing was copied"),
        (" \n ", "nothing was copied"),
        ("1\t2\n3", "row 1 has 2 cells and row 2 has 1; rows of one length would be right"),
        ("1\t2\n3\tx", "row 2, column 2: “x” is no number"),
        ("1\t2 3", "row 1, column 2: “2 3” is no number but several"),
        ("nan\t1", "row 1, column 1: “nan” is not finite"),
    ],
)
def test_what_is_not_read(text, why):
    """One sentence with row and column."""
    with pytest.raises(InvalidEdit, match="would be right") as caught:
        read_matrix(text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def pasted(grids, text):
    """Changes and name of what a text comes to."""
    found = fitted(read_matrix(text), grids)
    return found.changes, found.name


def test_a_matrix_goes_into_the_weights_of_a_layer():
    """A row for each receiving neuron, as in a file; whichever of its weights is in focus."""
    changes, name = pasted(parameter_grids(model(), "w4"), "1\t2\n3\t4\n5\t6")
    assert changes == {f"w{k}": k for k in range(1, 7)}
    assert name == "paste 3×2 weights of h1"


def test_a_further_column_are_the_biases():
    """And the name says so."""
    changes, name = pasted(neuron_grids(model(), "h1", 0), "1\t2\t7\n3\t4\t8\n5\t6\t9")
    assert changes == {f"w{k}": k for k in range(1, 7)} | {"b1": 7, "b2": 8, "b3": 9}
    assert name == "paste 3×2 weights and 3 biases of h1"


@pytest.mark.parametrize("text", ["7\t8\t9", "7\n8\n9"])
@pytest.mark.parametrize("name", ["b2", "w4"])
def test_a_row_or_a_column_goes_into_the_biases(name, text):
    """Lying or standing."""
    assert pasted(parameter_grids(model(), name), text) == (
        {"b1": 7, "b2": 8, "b3": 9},
        "paste 3 biases of h1",
    )


def test_a_neuron_takes_its_own_row_and_a_weight_its_own_number():
    """What is in focus decides."""
    assert pasted(neuron_grids(model(), "h1", 1), "7\t8")[0] == {"w3": 7, "w4": 8}
    changes, _ = pasted(neuron_grids(model(), "h1", 1), "7\t8\t9")
    assert changes == {"w3": 7, "w4": 8, "b2": 9}
    assert pasted(neuron_grids(model(), "h1", 1), "7\n8\n9")[1] == "paste 3 biases of h1"
    assert pasted(parameter_grids(model(), "w4"), "0,5") == ({"w4": 0.5}, "paste value of w4")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "1\t2\t3\n4\t5\t6",
            "2 × 3 numbers were copied, rows and columns swapped; for the weights of h1 3 × 2",
        ),
        (
            "1\t2\n3\t4",
            "2 × 2 numbers were copied; for the weights of h1 3 × 2 numbers (a row for each neuron",
        ),
        ("1\t2\n3\t\n5\t6", "row 2, column 2 is empty; a number would be right"),
    ],
)
def test_what_does_not_fit_is_told_the_right_shape(text, why):
    """A transposed matrix is no guess of ours."""
    with pytest.raises(InvalidEdit) as caught:
        fitted(read_matrix(text), parameter_grids(model(), "w1"))
    assert why in str(caught.value)
    assert str(caught.value).endswith("would be right")


def test_missing_connections_stay_missing():
    """Their cells are empty, as they are when they are copied; a number there is refused."""
    grids = parameter_grids(model([[0.1, None], [0.3, 0.4], [0.5, 0.6]]), "w1")
    assert pasted(grids, "1\t\n3\t4\n5\t6")[0] == {"w1": 1, "w2": 3, "w3": 4, "w4": 5, "w5": 6}
    with pytest.raises(InvalidEdit, match="row 1, column 2: there is no connection"):
        pasted(grids, "1\t2\n3\t4\n5\t6")


def test_rows_of_data_are_pasted_with_or_without_their_targets():
    """From the row on screen downwards, as far as there are rows."""
    assert pasted(data_grids(model(), "x", 1, 1), "7\t8") == (
        {"x[2,1]": 7, "x[2,2]": 8},
        "paste 2 values of x, row 2",
    )
    changes, name = pasted(data_grids(model(), "x", 0, 2), "1\t2\t3\n4\t5\t6")
    assert changes == {
        "x[1,1]": 1,
        "x[1,2]": 2,
        "targets[1,1]": 3,
        "x[2,1]": 4,
        "x[2,2]": 5,
        "targets[2,1]": 6,
    }
    assert name == "paste 2×3 values of x and targets, rows 1 to 2"
    with pytest.raises(InvalidEdit, match="from row 2 on there is 1 row"):
        data_grids(model(), "x", 1, 2)


def test_a_layer_without_biases_has_no_column_for_them():
    """Then the further column does not fit."""
    with pytest.raises(InvalidEdit) as caught:
        fitted(read_matrix("1\t2\t3\n" * 3), parameter_grids(model(biases=None), "w1"))
    assert "biases" not in str(caught.value)


def test_cells_of_a_table_take_a_block():
    """As they stand below each other."""
    assert pasted([block_grid([["w1"], ["w2"]], "values")], "1\n2") == ({"w1": 1, "w2": 2}, "paste 2 values")
