"""The canvas at a moment: what is lit, what is dimmed, what is ready and what is complete."""

from __future__ import annotations

import pytest

from backprop_gui.present.focus import is_card
from tests.networks import layers
from tests.present.scenes import Stage, canvas

WORKED = Stage()
NEURONS = ["h1[1]", "h1[2]", "h2[1]", "h2[2]", "out[1]"]


def cards(scene):
    """The cards by name."""
    return {card.identity: card for card in canvas(scene).cards}


def chips(scene):
    """The chips by name."""
    return {chip.identity: chip for chip in canvas(scene).chips}


def emphasis(scene, level):
    """The cards and chips that are as bright as this."""
    picture = canvas(scene)
    lit = {card.identity for card in picture.cards if card.emphasis == level}
    return lit | {chip.identity for chip in picture.chips if chip.emphasis == level}


def test_at_the_beginning_nothing_is_dimmed_and_no_number_known():
    """All is plain; cells of neurons show –; inputs, weights and the target are given."""
    scene = WORKED.scene(0)
    assert emphasis(scene, "plain") == {*cards(scene), *chips(scene)}
    for name in NEURONS:
        assert {cell.text for cell in (*cards(scene)[name].values, *cards(scene)[name].gradients)} == {"–"}
    assert cards(scene)["x[1]"].values[0].text == "0.4"
    assert chips(scene)["w5"].value.text == "0.9"
    assert chips(scene)["w5"].gradient.text == "–"
    assert cards(scene)["loss"].caption == "target y = 0"


def test_a_step_lights_what_is_new_and_leaves_plain_what_made_it():
    """Step 19: w₅ and the neuron whose turn it is; a₁⁽¹⁾ takes part; the rest is dimmed."""
    scene = WORKED.scene(19)
    assert emphasis(scene, "lit") == {"w5", "h2[1]"}
    assert emphasis(scene, "plain") == {"h1[1]"}
    picture = canvas(scene)
    lit = {name for name, level in picture.edges.items() if level == "lit"}
    weights = {edge.identity: edge.weight for edge in picture.shape.edges}
    assert {weights[name] for name in lit} == {"w5"}
    assert set(picture.pulse) == lit


@pytest.mark.parametrize(
    ("position", "ready", "complete"),
    [
        (0, ["h1[1]", "h1[2]"], []),
        (2, ["h1[2]"], ["h1[1]"]),
        (4, ["h2[1]", "h2[2]"], ["h1[1]", "h1[2]"]),
        (10, [], NEURONS),
        (12, [], []),  # out is in the middle of it
        (16, ["h2[1]", "h2[2]"], ["out[1]"]),
        (21, ["h2[2]"], ["out[1]", "h2[1]"]),
        (26, ["h1[1]", "h1[2]"], ["out[1]", "h2[1]", "h2[2]"]),
        (36, [], NEURONS),
        (51, [], NEURONS),
    ],
)
def test_marks_follow_the_sweep(position, ready, complete):
    """A node is ready when all that it waits for is complete."""
    shown = cards(WORKED.scene(position))
    assert [name for name in NEURONS if shown[name].mark == "ready"] == ready
    assert sorted(name for name in NEURONS if shown[name].mark == "complete") == sorted(complete)


def test_a_weight_in_focus_keeps_the_paths_to_the_loss():
    """w₁: its sender, then everything between h₁⁽¹⁾ and L."""
    scene = WORKED.scene(36, focus="w1")
    shown = cards(scene)
    assert {n for n in shown if shown[n].emphasis != "dim"} == {
        "x[1]",
        "h1[1]",
        "h2[1]",
        "h2[2]",
        "out[1]",
        "loss",
    }
    kept = {name for name, chip in chips(scene).items() if chip.emphasis != "dim"}
    assert kept == {"w1", "w5", "w7", "w9", "w10"}
    assert "w₁" in canvas(scene).hint
    assert "Esc" in canvas(scene).hint


def test_a_neuron_in_focus_keeps_what_follows_it():
    """h₂⁽²⁾: itself, out, L."""
    scene = WORKED.scene(36, focus="h2[2]")
    shown = cards(scene)
    assert {n for n in shown if shown[n].emphasis != "dim"} == {"h2[2]", "out[1]", "loss"}
    assert shown["h2[2]"].emphasis == "lit"
    assert {name for name, chip in chips(scene).items() if chip.emphasis != "dim"} == {"w10"}


def test_what_can_be_asked_about():
    """Cards by their own names, and nothing else."""
    graph = WORKED.story().graph
    for name in (*NEURONS, "x[1]", "x[2]", "loss"):
        assert is_card(graph, name)
    for name in ("h1", "h1[3]", "h1[0]", "x", "h9[1]", "", "h1[a]", "loss[1]", "h1[1,1]", "h1[", "w5"):
        assert not is_card(graph, name)


def test_a_chip_shows_the_new_value_once_it_is_uncovered():
    """Before the update 0.9, afterwards 0.8954; what is edited then is the next iteration's value."""
    before, after = chips(WORKED.scene(40))["w5"], chips(WORKED.scene(41))["w5"]
    assert (before.value.text, before.value.edit) == ("0.9", "w5")
    assert (after.value.text, after.value.edit) == ("0.8954", "w5′")
    assert after.strength == pytest.approx(0.8954, abs=5e-5)


def test_edits_name_the_row_of_the_data_that_is_on_screen():
    """With three examples, iteration 1 shows the second."""
    scene = Stage("two-layer-chain").scene(3, iteration=1)
    assert cards(scene)["x[1]"].values[0].edit == "x[2,1]"
    assert cards(scene)["loss"].caption_edit == "targets[2,1]"


def test_frozen_parameters_are_marked():
    """They are drawn with a lock."""
    shown = chips(Stage(layers([2, 2, 1], frozen=["b*"])).scene(0))
    assert {name for name, chip in shown.items() if chip.frozen} == {"b1", "b2", "b3"}
