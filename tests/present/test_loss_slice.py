"""What a slice of the loss says: the tangent, the update, and nothing before its time."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from msgspec.structs import replace

from backprop_gui.present.loss_slice import (
    PlanePicture,
    SlicePicture,
    Update,
    parameter_names,
    plane_lines,
    plane_picture,
    slice_csv,
    slice_picture,
)
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.loss_slice import BatchLoss, Window, after_update, loss_plane, loss_slice
from tests.networks import layers, preset
from tests.present.scenes import Stage


def picture(
    stage: Stage, name: str, position: int, rate: float | None = None, iteration: int = 0, **more
) -> SlicePicture:
    scene = stage.scene(position, iteration, **more)
    record, place = scene.frame.record, scene.graph.parameters.place_of(name)
    assert place is not None
    loss = BatchLoss(scene.model, record)
    after = after_update(scene.model, record, rate)
    cut = loss_slice(loss, place, Window(float(record.before.parameters[place]), 1.0), 11)
    assert list(cut.measure())
    update = Update(after, loss(after), rate)
    return slice_picture(scene, cut, None, update, loss.moved([place], [after[place]]))


def test_the_sentence_tells_slope_update_and_the_others():
    """With the numbers of the worked example."""
    told = picture(Stage(), "w5", 51)
    assert told.sentence == (
        "At *w₅* = 0.9 the loss rises by 0.009189 per unit; the update moves *w₅* by −0.004594 to 0.8954, "
        "on this curve to 0.3616. The other parameters move too: the loss after the update is 0.3483."
    )
    assert told.summary == told.sentence.replace("*", "")
    assert (told.name, told.loss) == ("w₅", "L")
    assert told.here == pytest.approx(0.361669, abs=1e-6)
    assert told.landing == pytest.approx(0.9 - 0.5 * told.slope)


def test_a_rate_that_is_tried_lands_elsewhere_and_says_so():
    """The update of that rate, in the conditional."""
    told = picture(Stage(), "w5", 51, rate=2.0)
    assert "with α = 2 the update would move *w₅* by −0.01838 to 0.8816" in told.sentence
    assert told.landing == pytest.approx(0.9 - 2.0 * told.slope)


def test_numbers_come_with_their_steps():
    """Before the gradient is uncovered, and while it is asked for, the sentence has none of them."""
    for position, more in ((0, {}), (18, {}), (30, {"asking": True})):
        told = picture(Stage(), "w5", position, **more)
        assert "from step 19 on" in told.sentence
        assert "0.0091" not in told.sentence
        assert "0.8954" not in told.sentence
    assert "0.009189" in picture(Stage(), "w5", 19).sentence


def test_frozen_and_lonely_parameters_and_batches_have_their_words():
    """What does not move does not land; one parameter alone moves no others."""
    document = layers([1, 1], rows=3, batch_size=3)
    frozen = replace_training(document, frozen=["w1"])
    total = Stage(frozen).story().plan.total
    told = picture(Stage(frozen), "w1", total)
    assert "is frozen" in told.sentence
    assert told.landing is None
    alone = picture(Stage(frozen), "b1", total)
    assert "other" not in alone.sentence
    assert alone.loss == "L, mean of 3 samples"


def replace_training(document, **changes):
    import msgspec

    training = msgspec.structs.replace(document.training, **changes)
    return msgspec.structs.replace(document, training=training)


def test_all_digits_and_a_comma():
    """As the format says, in every number of the sentence."""
    told = picture(Stage(), "w5", 51, format=NumberFormat(17, comma=True))
    assert "At *w₅* = 0,9" in told.sentence
    assert "." not in told.sentence.replace(". The", "").removesuffix(".")


def test_the_plane_has_lines_path_and_landing():
    """Levels within the losses, the words on where it leads."""
    stage = Stage()
    scene = stage.scene(51, 3)
    record = scene.frame.record
    loss = BatchLoss(scene.model, record)
    plane = loss_plane(loss, (4, 8), (Window(0.9, 1.0), Window(0.8, 1.0)))
    assert list(plane.measure())
    update = Update(record.after.parameters, loss(record.after.parameters))
    path = np.array([[0.9, 0.8], [0.89, 0.75]])
    shown = plane_picture(scene, plane, plane_lines(plane), update, [0, 1], path)
    assert isinstance(shown, PlanePicture)
    assert shown.names == ("w₅", "w₉")
    assert plane.losses.min() < shown.levels[0].height < shown.levels[-1].height < plane.losses.max()
    assert all(len(level.pieces) for level in shown.levels)
    assert "The trail shows where *w₅* and *w₉* have been" in shown.sentence
    assert shown.landing == (record.after.parameters[4], record.after.parameters[8])
    rows = list(csv.reader(io.StringIO(slice_csv(shown))))
    assert rows[0] == ["w5", "w9", "loss"]
    assert len(rows) == 1 + plane.losses.size
    assert float(rows[-1][2]) == plane.losses[-1, -1]


def test_the_file_reads_back_to_the_same_numbers():
    """Shortest texts; a point that is not finite has an empty cell."""
    told = picture(Stage(), "w5", 51)
    losses = told.curve[1].copy()
    losses[2] = np.inf
    text = slice_csv(replace(told, curve=(told.curve[0], losses)))
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["w5", "loss"]
    assert rows[3][1] == ""
    assert [float(row[0]) for row in rows[1:]] == told.curve[0].tolist()


def test_names_are_made_when_looked_at():
    """All of them in order, by rank."""
    scene = Stage(preset("worked-example")).scene()
    names = parameter_names(scene.naming)
    assert len(names) == 15
    assert names[4] == "w₅"
    assert list(names)[-2:] == names[13:] == ["b₄", "b₅"]
