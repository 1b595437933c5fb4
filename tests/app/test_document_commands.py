"""Commands that put another form of the document in its place, and take it back to the bit."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from backprop_gui.errors import InvalidExperiment
from backprop_gui.experiment.document import Loss
from backprop_gui.experiment.reading import read_experiment
from backprop_gui.experiment.variants import fused, separated
from tests.app.program import as_file, assert_same
from tests.batch_experiment import document, drawn, written


def parameters(program):
    """The parameters this iteration begins with, by name."""
    session = program.session
    layout = session.model.graph.parameters
    flat = session.timeline.state(session.iteration).parameters
    return {name: float(flat[layout.place_of(name)]) for name in layout.names}


def losses(program):
    """The curve so far."""
    return program.session.timeline.losses()[1].tolist()


@pytest.fixture
def batch(start, tmp_path):
    """A network that ends in softmax and cross-entropy in one step."""
    return start(written(document(), tmp_path))


@pytest.fixture
def random(start, tmp_path):
    """A network whose weights are drawn."""
    return start(written(drawn(), tmp_path))


def test_only_what_is_drawn_can_be_drawn_anew(program, batch, random):
    """Given numbers are not the seed's."""
    assert not program.action("newDraw").isEnabled()
    assert not batch.action("newDraw").isEnabled()
    assert random.action("newDraw").isEnabled()


def test_zeros_are_not_drawn(start, tmp_path):
    """They come out alike with every seed."""
    content = document()
    content["network"]["nodes"][0].update(weights={"init": "zeros"}, biases={"init": "constant", "value": 1})
    assert not start(written(content, tmp_path)).action("newDraw").isEnabled()


def test_a_new_draw_begins_anew_with_other_values(random, fresh):
    """Iteration 0, other weights, one edit of the document."""
    before = parameters(random)
    random.train(5)
    random.do("newDraw")
    assert random.at == (0, 0)
    assert random.session.timeline.newest == 0
    after = parameters(random)
    assert all(before[name] != after[name] for name in before if name.startswith("w"))
    assert random.window.isWindowModified()
    assert_same(random.seen(), fresh(random))


def test_restart_returns_to_the_same_draw(random):
    """Only a new draw draws."""
    random.do("newDraw")
    drawn_values = parameters(random)
    random.train(5)
    random.do("restart")
    assert parameters(random) == drawn_values


def test_a_new_draw_is_taken_back_with_its_iterations(random):
    """Undo brings back the values, the moment and the curve; redo the draw."""
    random.train(5)
    random.session.seek(3, 2)
    before, values, curve = random.seen(), parameters(random), losses(random)
    random.do("newDraw")
    new = parameters(random)
    assert random.action("undo").text().replace("&", "") == "Undo new initial values"
    random.do("undo")
    assert_same({**random.seen(), "status": ""}, {**before, "status": ""})
    assert (parameters(random), losses(random)) == (values, curve)
    random.do("redo")
    assert parameters(random) == new


def test_what_was_set_by_hand_at_the_beginning_stays(random):
    """Edits at iteration 0 belong to the initial values, later ones to iterations that are gone."""
    random.edit_on_canvas("w1", "0.5")
    random.train(2)
    random.edit_on_canvas("w2", "0.25")
    random.do("newDraw")
    edits = random.session.experiment.edits
    assert [(edit.iteration, edit.set) for edit in edits] == [(0, {"w1": 0.5})]
    assert parameters(random)["w1"] == 0.5


def test_the_command_applies_to_softmax_and_cross_entropy_only(program, batch):
    """It is checked where they are one."""
    assert not program.action("fusedLoss").isEnabled()
    assert not program.action("fusedLoss").isChecked()
    assert batch.action("fusedLoss").isEnabled()
    assert batch.action("fusedLoss").isChecked()


def test_separate_and_joined_say_the_same(batch, fresh):
    """The same loss, the same gradients and the same training, up to rounding; a card more."""
    batch.edit_on_canvas("w1", "0.75")
    batch.train(20)
    joined, curve = parameters(batch), losses(batch)
    batch.do("fusedLoss")
    assert batch.session.experiment.network.loss == Loss("cross_entropy", "s")
    assert not batch.action("fusedLoss").isChecked()
    assert batch.at == (0, 0)
    assert parameters(batch)["w1"] == 0.75
    assert any("s 1" in text for text in batch.canvas_texts())
    assert_same(batch.seen(), fresh(batch))
    batch.train(20)
    assert losses(batch) == pytest.approx(curve, rel=1e-9)
    assert parameters(batch) == pytest.approx(joined, rel=1e-9)


def test_joining_again_gives_the_document_back(batch):
    """There and back, by the command and by undo."""
    before = batch.session.experiment
    batch.do("fusedLoss")
    separate = batch.session.experiment
    batch.do("fusedLoss")
    assert batch.session.experiment == before
    batch.do("undo")
    assert batch.session.experiment == separate
    assert not batch.action("fusedLoss").isChecked()
    batch.do("undo")
    assert batch.session.experiment == before
    assert batch.action("fusedLoss").isChecked()
    assert not batch.window.isWindowModified()


def test_a_focus_on_the_softmax_goes_with_it(batch):
    """What is no longer there is not asked about."""
    batch.do("fusedLoss")
    batch.session.set_focus("s[1]")
    assert batch.session.focus == "s[1]"
    batch.do("fusedLoss")
    assert batch.session.focus == ""
    batch.do("undo")
    batch.session.set_focus("w1")
    batch.do("redo")
    assert batch.session.focus == "w1"


def test_a_softmax_that_others_look_at_stays_apart(start, tmp_path):
    """Joined, they would have nothing to look at."""
    nodes = document()["network"]["nodes"]
    softmax = {"name": "s", "op": "softmax", "of": "p"}
    other = {"name": "t", "op": "add", "of": ["s", "p"]}
    loss = {"op": "cross_entropy", "of": "s"}
    alone = start(written(document(nodes=[*nodes, softmax], loss=loss), tmp_path))
    assert alone.action("fusedLoss").isEnabled()
    watched = start(written(document(nodes=[*nodes, softmax, other], loss=loss), tmp_path))
    assert not watched.action("fusedLoss").isEnabled()


def test_names_and_published_numbers_give_way(tmp_path):
    """A name that is taken is not taken again; what was expected of the softmax goes with it."""
    content = document()
    content["network"]["nodes"][1]["name"] = content["network"]["loss"]["of"] = "s"
    experiment = read_experiment_of(content, tmp_path)
    apart = separated(experiment)
    assert apart.network.loss.of == "s2"
    content = document(
        nodes=[*document()["network"]["nodes"], {"name": "q", "op": "softmax", "of": "p"}],
        loss={"op": "cross_entropy", "of": "q"},
    )
    content["expected"] = [
        {"quantity": name, "value": 0.5, "tolerance": 1}
        for name in ("q.a[1]", "d(q.a[2])", "p.a[1]", "loss", "w1")
    ]
    joined = fused(read_experiment_of(content, tmp_path))
    assert [one.quantity for one in joined.expected] == ["p.a[1]", "loss", "w1"]


def read_experiment_of(content, folder):
    """The document as the program reads it."""
    return read_experiment(Path(written(content, folder)))


def test_a_document_that_is_no_experiment_changes_nothing(batch):
    """The editor refuses it with its faults, and everything stays as it was."""
    batch.train(3)
    session, before = batch.session, batch.seen()
    network = msgspec.structs.replace(session.experiment.network, loss=Loss("cross_entropy", "nobody"))
    broken = msgspec.structs.replace(session.experiment, network=network)
    experiment, timeline = session.experiment, session.timeline
    with pytest.raises(InvalidExperiment, match="nobody"):
        batch.window.controller.editor.replace(broken, "something")
    assert session.experiment is experiment
    assert session.timeline is timeline
    assert not batch.action("undo").isEnabled()
    assert batch.seen() == before


def test_what_was_saved_after_a_change_opens_again(batch, start, tmp_path):
    """The other form is a document like any other, with parameters by their names."""
    batch.do("fusedLoss")
    batch.train(4)
    path = tmp_path / "saved.json"
    batch.session.save(path)
    other = start(as_file(read_experiment(path), tmp_path / "again.json"))
    assert np.array_equal(list(parameters(other).values()), list(parameters(batch).values()))
