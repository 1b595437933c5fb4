"""The table of a batch: what stands in it when, where a cell leads, and what a wide network shows."""

from __future__ import annotations

import math

import pytest

from backprop_gui.present.numbers import MINUS, UNKNOWN
from backprop_gui.present.samples import (
    MOST_COLUMNS,
    edited_name,
    has_samples,
    sample_quantity,
    samples_remark,
    samples_table,
)
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity
from tests.batch_experiment import document, scene
from tests.present.scenes import csv_rows


def test_a_number_stands_in_its_cell_from_its_step_on_and_not_before():
    """Every position of the iteration: the table knows what the frame knows, to the last digit."""
    total = scene(document()).frame.plan.total
    for position in range(total + 1):
        moment = scene(document(), position)
        table = samples_table(moment)
        assert [row.identity for row in table.rows] == ["sample1", "sample2", "sample3", "mean"]
        for row in table.rows:
            for column, text, all_digits in zip(table.columns[6:], row.texts[6:], row.full[6:], strict=True):
                quantity = sample_quantity(moment, row.identity, column.key)
                assert quantity is not None
                number = moment.frame.number(quantity)
                assert text == (UNKNOWN if number is None else moment.format.text(number))
                assert all_digits == ("" if number is None else moment.full(quantity))


def test_the_mean_is_that_of_the_rows_above_it():
    """Losses and gradients are averaged over the samples."""
    *rows, mean = (row.full for row in samples_table(scene(document())).rows)
    for column in range(5, len(mean)):
        numbers = [float(row[column].replace(MINUS, "-")) for row in rows]
        assert float(mean[column].replace(MINUS, "-")) == pytest.approx(sum(numbers) / 3, rel=1e-12)


def test_the_mean_loss_waits_for_the_last_sample():
    """A mean of some of the samples is nobody's loss."""
    plan = scene(document()).frame.plan
    last = plan.step_of(Quantity(plan.graph.loss, (), VALUE, 2)) or 0
    assert samples_table(scene(document(), last - 1)).rows[3].texts[5] == UNKNOWN
    moment = scene(document(), last)
    assert samples_table(moment).rows[3].texts[5] == moment.format.text(moment.loss)


def test_rows_are_called_by_their_row_of_the_data():
    """In the second batch of an epoch stand other rows; a batch of one needs no mean."""
    content = document()
    content["training"]["batch_size"] = 2
    assert [row.texts[0] for row in samples_table(scene(content)).rows] == ["1", "2", "mean"]
    assert [row.texts[0] for row in samples_table(scene(content, iteration=1)).rows] == ["3"]


def test_signs_have_colours_and_nought_has_none():
    """Sample 2 has x₂ = 0, so that w₂ has no gradient there."""
    row = samples_table(scene(document())).rows[1]
    tones = dict(zip(("sample", "L", "w1", "w2", "w3"), row.tones[:1] + row.tones[5:], strict=False))
    assert tones == {"sample": "plain", "L": "plain", "w1": "negative", "w2": "plain", "w3": "positive"}
    assert row.texts[6].startswith(MINUS)


def test_the_newest_number_is_lit_where_it_stands():
    """A gradient alone in its cell; on the way there the row of its sample."""
    plan = scene(document()).frame.plan
    for position in range(1, plan.total + 1):
        table, newest = samples_table(scene(document(), position)), plan.quantity(position)
        phase, sample = plan.stretch(position).phase, plan.stretch(position).sample
        if phase == "update":
            assert table.lit == ""
            continue
        assert table.lit == ("mean" if sample is None else f"sample{sample + 1}")
        assert table.rows[table.lit_place].identity == table.lit
        is_parameter = plan.graph.nodes[newest.node].kind == "parameter"
        if is_parameter or phase == "loss":
            assert sample_quantity(scene(document(), position), table.lit, table.lit_column) == newest
        else:
            assert table.lit_column == ""


def test_every_cell_leads_to_the_step_that_made_its_number():
    """Also the head of a row, to the first step of its sample; what is not there leads nowhere."""
    moment = scene(document(), 0)
    plan, loss = moment.frame.plan, moment.graph.loss
    assert sample_quantity(moment, "sample2", "loss") == Quantity(loss, (), VALUE, 1)
    assert plan.step_of(sample_quantity(moment, "sample3", "sample")) == 2 * plan.sample_count + 1
    assert plan.step_of(sample_quantity(moment, "mean", "sample")) == plan.mean_start + 1
    gradient = sample_quantity(moment, "mean", "b3")
    assert (gradient.aspect, gradient.sample) == (GRADIENT, None)
    assert plan.stretch(plan.step_of(gradient) or 0).start == plan.mean_start
    assert sample_quantity(moment, "sample4", "w1") is None
    assert sample_quantity(moment, "sample1", "w99") is None


def test_sorted_samples_keep_their_mean_below_them():
    """What has no key comes last both ways."""
    rows = samples_table(scene(document())).rows
    assert all(math.isnan(key) for key in rows[3].sort_keys)
    assert rows[3].texts[:5] == ("mean", "", "", "", "")
    assert not any(math.isnan(key) for row in rows[:3] for key in row.sort_keys)


def test_only_a_batch_has_samples():
    """With one sample an update there is nothing to compare."""
    assert has_samples(scene(document()))
    content = document()
    content["training"]["batch_size"] = 1
    assert not has_samples(scene(content))


def test_a_wide_network_shows_its_first_parameters_and_says_so():
    """Nobody reads a thousand columns."""
    content = document()
    content["network"]["nodes"][0].update(units=60, weights={"init": "he"}, biases={"init": "zeros"})
    content["network"]["nodes"][1].update(weights={"init": "he"})
    moment = scene(content)
    table = samples_table(moment)
    assert len(table.columns) == 6 + MOST_COLUMNS
    assert len(table.rows[0].texts) == len(table.columns)
    assert samples_remark(moment) == "The first 200 of 302 parameters"
    assert samples_remark(scene(document())) == ""


def test_the_csv_has_own_names_and_all_digits():
    """Numbers that read back to the same; what is not uncovered stays empty."""
    moment = scene(document(), scene(document()).frame.plan.sample_count)
    rows = csv_rows(samples_table(moment))
    assert list(rows[0])[:7] == ["sample", "x[1]", "x[2]", "targets[1]", "targets[2]", "loss", "w1"]
    gradient = Quantity(moment.graph.parameter_nodes[0], (0, 0), GRADIENT, 0)
    assert float(rows[0]["w1"]) == moment.frame.numbers(gradient)
    assert [row["w1"] == "" for row in rows] == [False, True, True, True]
    assert [row["sample"] for row in rows] == ["1", "2", "3", "mean"]


def test_the_data_of_a_sample_stand_in_its_row_and_are_edited_by_their_own_names():
    """Row 2 is x = (1, 0), y = (1, 0); its cells are `x[2,1]` and so on. A mean has no data."""
    moment = scene(document())
    table = samples_table(moment)
    assert [column.title for column in table.columns[1:5]] == ["x₁", "x₂", "y₁", "y₂"]
    assert all(column.editable for column in table.columns[1:5])
    assert table.rows[1].full[1:5] == ("1", "0", "1", "0")
    assert table.rows[3].full[1:5] == ("", "", "", "")
    assert edited_name(moment, "sample2", "x[1]") == "x[2,1]"
    assert edited_name(moment, "sample3", "targets[2]") == "targets[3,2]"
    given = sample_quantity(moment, "sample3", "x[1]")
    assert given is not None
    assert moment.frame.numbers(given) == -0.5


def test_samples_of_many_numbers_keep_them_off_the_table():
    """A picture of 64 values would push the gradients out of sight."""
    content = document()
    content["network"]["inputs"] = {"x": 11}
    content["network"]["nodes"][0]["weights"] = {"init": "he"}
    content["data"]["x"] = [[0.1] * 11] * 3
    assert samples_table(scene(content)).columns[1].key == "loss"
