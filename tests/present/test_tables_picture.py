"""The tables at a moment: what is known, where it comes from, and whether it is confirmed."""

from __future__ import annotations

import math

import pytest

from backprop_gui.engine.finite_differences import numeric_gradients
from backprop_gui.present.tables import gradient_table, parameter_table
from tests.networks import layers
from tests.present.scenes import Stage, csv_rows

WORKED = Stage()


def checked(stage, position, iteration=0):
    """A moment whose gradients are checked."""
    story = stage.story(iteration)
    leaves = {index: data[story.record.rows] for index, data in story.model.leaves.items()}
    places = [int(place) for place in story.graph.parameters.scalars]
    found = numeric_gradients(story.graph, story.record.before.parameters, leaves, places)
    numeric = {place: float(each.mean()) for place, each in zip(places, found, strict=True)}
    return stage.scene(position, iteration, numeric=numeric)


def test_rows_uncover_with_the_steps():
    """At step 19 five gradients are known; at the end all, and all new values."""
    rows = {row.identity: row.texts for row in gradient_table(WORKED.scene(19)).rows}
    assert {name for name, texts in rows.items() if texts[4] != "–"} == {"w9", "w10", "b5", "w5"}
    assert rows["w5"] == ("w₅", "h₁⁽¹⁾ → h₁⁽²⁾", "0.9", "0.01529 · 0.6011", "0.009189", "–", "", "–")
    rows = {row.identity: row.texts for row in gradient_table(WORKED.scene(51)).rows}
    assert all("–" not in (texts[4], texts[7]) for texts in rows.values())
    assert rows["w5"][7] == "0.8954"


def test_a_check_confirms_every_gradient_that_is_known():
    """✓ and the measured number; nothing beside what is not uncovered."""
    rows = [row.texts for row in gradient_table(checked(WORKED, 36)).rows]
    assert all(texts[6] == "✓" and texts[5] == texts[4] for texts in rows)
    rows = [row.texts for row in gradient_table(checked(WORKED, 16)).rows]
    assert sum(texts[6] == "✓" for texts in rows) == 3


def test_one_sample_s_gradient_is_not_measured_against_the_mean():
    """Finite differences belong to the mean, so they stand beside the mean alone."""
    stage = Stage(layers([2, 2, 1], rows=3, batch_size=3))
    plan = stage.story().plan
    for position in (plan.sample_count, 2 * plan.sample_count):
        assert all(row.texts[5] == "–" for row in gradient_table(checked(stage, position)).rows)
    assert all(row.texts[6] == "✓" for row in gradient_table(checked(stage, plan.update_start)).rows)


def test_rows_sort_by_number_not_by_text():
    """w₂ before w₁₀; what is not known has no value."""
    keys = {row.identity: row.sort_keys for row in gradient_table(WORKED.scene(19)).rows}
    assert float(keys["w2"][0]) < float(keys["w10"][0])
    assert keys["w5"][4] == pytest.approx(0.009189, abs=1e-6)
    assert math.isnan(float(keys["w1"][4]))


def test_the_row_of_the_step_is_lit():
    """The parameter of the newest step, or the one in focus."""
    assert gradient_table(WORKED.scene(19)).lit == "w5"
    assert gradient_table(WORKED.scene(18)).lit == ""
    assert parameter_table(WORKED.scene(41)).lit == "w5"
    assert gradient_table(WORKED.scene(19, focus="w1")).lit == "w1"


def test_a_table_as_csv_has_all_digits():
    """What is not uncovered stays empty; minus signs are those of computers."""
    stage = Stage("chain-of-neurons")
    total = stage.story().plan.total
    scene = stage.scene(total)
    rows = csv_rows(parameter_table(scene))
    assert [float(row["value"]) for row in rows if row["parameter"].startswith("w")] == [1.2, -1.5, 0.8]
    after = dict(zip(scene.graph.parameters.names, scene.graph.parameters.scalars.tolist(), strict=True))
    for row in rows:
        assert float(row["updated"]) == scene.frame.record.after.parameters[after[row["parameter"]]]
    rows = csv_rows(parameter_table(stage.scene(3)))
    assert {row["updated"] for row in rows} == {""}
