"""What the nudge bench says: names, signs, words on what one sees, in every notation."""

from __future__ import annotations

import pytest

from backprop_gui.experiment.document import Dense
from backprop_gui.present.nudge import (
    MOST_CHOICES,
    NudgePicture,
    choices,
    first_leaf,
    nudge_picture,
    own_name,
)
from backprop_gui.present.nudge_sweep import SweepPicture, sweep_picture
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.scene import Scene
from backprop_gui.steps.nudging import Nudging
from backprop_gui.steps.quantities import Quantity
from tests.networks import experiment, layers, walkable_presets
from tests.present.scenes import Stage


def bench(scene: Scene, step: float, leaf: Quantity | None = None) -> tuple[NudgePicture, SweepPicture]:
    """Both pictures of a nudge."""
    leaf = leaf or first_leaf(scene)
    nudging = Nudging(scene.graph, scene.frame.record, leaf, scene.frame.shown_sample)
    points = list(nudging.sweep())
    return (
        nudge_picture(scene, nudging, step),
        sweep_picture(scene, nudging, points, step, nudging.by(step).cost),
    )


@pytest.mark.parametrize("name", walkable_presets())
def test_every_preset_has_a_bench(name):
    """Whatever is nudged, however far: words and numbers, never a fault."""
    scene = Stage(name).scene(5, format=NumberFormat(17))
    node = scene.graph.inputs[0]
    place = Quantity(node, (0,) * len(scene.graph.nodes[node].shape), sample=scene.frame.shown_sample)
    for leaf in (first_leaf(scene), place):
        for step in (0.0, 0.01, -1.0, 1e-12, 1e-300, 1e308):
            picture, sweep = bench(scene, step, leaf)
            assert picture.lines[0].quantity == leaf
            assert picture.reach > 0
            assert picture.sentences
            assert "nan" not in picture.text + sweep.text
            assert own_name(scene, leaf)


def test_signs_and_decimal_commas():
    """Moves carry their sign, numbers the user's decimal sign."""
    picture, sweep = bench(Stage().scene(5, format=NumberFormat(comma=True)), -0.01)
    assert picture.title == "Nudge *w₁* by −0,01"
    assert picture.step_text == "−0,01"
    assert picture.lines[0].text == "0,5 → 0,49"
    assert picture.lines[1].text == picture.lines[1].predicted == "−0,004"
    assert "." not in "".join(line.text + line.predicted for line in picture.lines)
    assert "h = 0,01" in " ".join(sweep.sentences)


def test_a_nudge_lost_behind_the_last_digit():
    """Said so, in place of a quotient."""
    picture, sweep = bench(Stage().scene(5), 1e-20)
    assert picture.sentences[1] == "+1e−20 is too small: added to 0.5, it is lost behind the last digit."
    assert picture.keep == "Keep"
    assert sweep.here is None


def test_what_does_not_reach_the_loss():
    """Its gradient is 0, and there is nothing to compare."""
    nodes = [
        Dense("h1", "x", 2, [[0.5], [0.3]], "sigmoid", None),
        Dense("h2", "h1", 1, [[0.4, None]], "tanh", None),
    ]
    scene = Stage(experiment(nodes, {"x": 1})).scene(1)
    (array, element) = scene.graph.parameters.locate(scene.graph.parameters.place_of("w2") or 0)
    leaf = Quantity(scene.graph.parameter_nodes[array], element)
    picture, sweep = bench(scene, 0.1, leaf)
    assert [line.name for line in picture.lines] == ["w₂", "z₂⁽¹⁾", "a₂⁽¹⁾"]
    assert picture.sentences == ("*w₂* does not reach the loss: its gradient is 0.",)
    assert "No nudge up to 1 changes the loss" in sweep.text


def test_a_parabola_and_a_kink_are_told_apart():
    """Of a squared error both ways are exact; at a kink no quotient comes near."""
    parabola = bench(Stage("too-fast").scene(3), 0.1)[1]
    assert "like a parabola" in parabola.text
    nodes = [Dense("h1", "x", 1, [[0.0]], "relu", None)]
    kink = bench(Stage(experiment(nodes, {"x": 1})).scene(1), 0.1)[1]
    assert "has a kink" in kink.text


def test_very_many_parameters_are_offered_beside_the_one_that_is_nudged():
    """A list of thousands is read by nobody."""
    scene = Stage(layers([20, 30, 20])).scene(1)
    last = scene.parameter(int(scene.graph.parameters.scalars[-1]), "value")
    offered = choices(scene, last)
    assert len(offered) <= MOST_CHOICES
    assert last in [quantity for quantity, _ in offered]
