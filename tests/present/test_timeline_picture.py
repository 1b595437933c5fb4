"""The timeline and the status bar: where one is, in ticks and in words; what is agreed on."""

from __future__ import annotations

import math

from backprop_gui.present.explain import explain_page
from backprop_gui.present.timeline import status_picture, timeline_picture
from tests.networks import layers
from tests.present.scenes import Stage

WORKED = Stage()


def test_the_description_reads_as_promised():
    """`iteration 0, sample 1 of 1, step 20 of 51, backward`."""
    picture = timeline_picture(WORKED.scene(20), 0)
    assert picture.description == "iteration 0, sample 1 of 1, step 20 of 51, backward"
    assert picture.step_text == "step 20 of 51"
    picture = timeline_picture(WORKED.scene(51, iteration=3), 7)
    assert picture.description == "iteration 3, sample 1 of 1, step 51 of 51, update"
    assert picture.newest == 7


def test_the_phases_of_an_iteration():
    """Forward 10, loss 1, backward 25, update 15."""
    stretches = timeline_picture(WORKED.scene(0), 0).stretches
    assert [(s.phase, s.start, s.count) for s in stretches] == [
        ("forward", 0, 10),
        ("loss", 10, 1),
        ("backward", 11, 25),
        ("update", 36, 15),
    ]


def test_the_data_row_is_named_where_each_update_looks_at_one():
    """Iteration 4 of three examples is example 2."""
    picture = timeline_picture(Stage("two-layer-chain").scene(1, iteration=4), 4)
    assert picture.sample_text == "sample 2 of 3"


def test_samples_mean_and_update_of_a_batch_are_told_apart():
    """Each sample by its place, then the mean, then the update."""
    stage = Stage(layers([1, 1], rows=3, batch_size=3))
    plan = stage.story().plan
    places = (1, plan.sample_count + 1, 2 * plan.sample_count + 1, plan.mean_start + 1, plan.total)
    texts = [timeline_picture(stage.scene(p), 0).sample_text for p in places]
    assert texts == ["sample 1 of 3", "sample 2 of 3", "sample 3 of 3", "mean of 3 samples", "all 3 samples"]
    labels = [s.label for s in timeline_picture(stage.scene(0), 0).stretches]
    assert len(labels) == len(set(labels))


def test_conventions_stand_in_the_status_bar():
    """½ or not, mean over samples, biases updated: never hidden."""
    told = status_picture(WORKED.scene(0), "none").conventions
    assert told == ("L = ½(a − y)²", "one sample per update", "biases are updated")
    chain = status_picture(Stage("chain-of-neurons").scene(0), "none").conventions
    assert chain[0] == "C₀ = (a − y)²"
    batch = status_picture(Stage(layers([2, 2, 1], rows=4, batch_size=4, frozen=["b*"])).scene(0), "none")
    assert "mean over all 4 samples" in batch.conventions
    assert "biases are frozen" in batch.conventions
    part = status_picture(Stage(layers([2, 1], rows=4, batch_size=2)).scene(0), "none")
    assert "mean over 2 samples per update" in part.conventions


def test_the_stamp_is_good_bad_or_stale():
    """✓ only where finite differences confirm; numbers that are not finite can't be checked."""
    gradient = WORKED.story().record.parameter_gradient
    right = {place: float(value) for place, value in enumerate(gradient)}
    assert status_picture(WORKED.scene(36, numeric=right), "none").stamp_state == "good"
    wrong = {**right, 4: 1.0}
    status = status_picture(WORKED.scene(36, numeric=wrong), "none")
    assert status.stamp_state == "bad"
    broken = {**right, 4: math.nan}
    status = status_picture(WORKED.scene(36, numeric=broken), "none")
    assert status.stamp_state == "bad"
    assert "not finite" in status.stamp
    assert "stale" in status_picture(WORKED.scene(36), "stale").stamp


def test_the_memory_of_a_history_is_told_once_it_matters():
    """From 16 MB on."""
    scene = WORKED.scene(0)
    assert status_picture(scene, "none", 15 * 2**20).memory == ""
    assert status_picture(scene, "none", 34 * 2**20).memory == "history 34 MB"


def test_a_shuffled_batch_tells_data_rows():
    """Tables and files count data rows; timeline and page name them where places in the batch differ."""
    stage = Stage(layers([1, 1], rows=6, batch_size=3, shuffle=True))
    scene = stage.scene(1)
    row = int(scene.frame.record.rows[0]) + 1
    assert scene.frame.record.rows.tolist() != [0, 1, 2]
    assert timeline_picture(scene, 0).sample_text == f"data row {row} (1 of 3)"
    assert explain_page(scene).kicker == f"Forward · step 1 · data row {row}"
