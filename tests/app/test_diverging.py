"""Numbers that grow without bounds: the run stops at the first that is not finite, and says why."""

from __future__ import annotations

import math

import pytest

from tests.app.program import CTRL, KEY, document_of, written


def exploding(folder):
    """The chain of two layers with identities instead of sigmoids, and a rate far too large."""
    document = document_of("two-layer-chain")
    for node in document["network"]["nodes"]:
        node["activation"] = "identity"
    document["training"]["optimizer"]["learning_rate"] = 1e3
    return written(document, folder / "exploding.json")


@pytest.fixture
def exploded(start, tmp_path):
    """A window in which such a run has just stopped."""
    program = start(exploding(tmp_path))
    program.widget("trainCount").setValue(0)
    program.do("train")
    program.wait_for_end()
    return program


def test_training_stops_at_the_first_number_that_is_not_finite(exploded):
    """That very step is shown; the numbers before it are finite, the sentence names it."""
    session = exploded.session
    iteration, position = exploded.at
    assert iteration == session.timeline.newest > 0
    numbers, plan = session.scene().frame.numbers, session.plan
    assert not math.isfinite(numbers(plan.quantity(position)))
    assert all(math.isfinite(numbers(plan.quantity(step))) for step in range(1, position))
    assert f"iteration {iteration:,} at step {position}" in exploded.message
    assert session.naming.plain(plan.quantity(position)) in exploded.message
    assert "smaller learning rate η" in exploded.message
    assert "∞" in exploded.explanation or "not a number" in exploded.explanation
    assert all(math.isfinite(loss) for loss in session.timeline.losses()[1])


def test_one_steps_back_from_there_and_a_smaller_rate_works(exploded):
    """← leads through finite numbers; back in time, with a smaller rate, training goes on."""
    iteration, position = exploded.at
    exploded.press(KEY.Key_Left, times=position + 3)
    assert exploded.at[0] == iteration - 1
    exploded.press(KEY.Key_Home)
    assert exploded.at == (0, 0)
    exploded.edit_rate("0.01")
    assert exploded.message == ""
    exploded.train(300)
    assert exploded.session.timeline.newest == 300
    exploded.press(KEY.Key_Z, CTRL)
    assert exploded.session.timeline.newest == iteration


def test_nothing_goes_beyond_the_first_fault(exploded):
    """→ shows the rest of that iteration, not the next; T and Ctrl+→ stop at the same number again."""
    iteration, position = exploded.at
    for command in ("nextIteration", "train", "nextIteration", "play"):
        exploded.session.seek(iteration, exploded.session.plan.total)
        exploded.do(command)
        exploded.wait_for_end()
        exploded.wait_until(lambda: not exploded.session.running.is_playing)
        assert exploded.at == (iteration, position), command
        assert "no longer a finite number" in exploded.message
    assert exploded.session.timeline.newest == iteration


def test_every_way_of_looking_survives_numbers_that_are_not_finite(exploded, qtbot):
    """All sizes, focus, unfolding, check, digits, tables: shown as ∞ or not a number, never an error."""
    iteration, _ = exploded.at
    for size in ("operation", "neuron", "layer", "phase", "iteration", "epoch"):
        exploded.do(f"stepSize.{size}")
        exploded.session.seek(iteration, exploded.session.plan.total)
        exploded.window.grab()
        assert exploded.explanation
    exploded.do("checkGradients", "unfold", "stepSize.operation")
    for position in range(exploded.session.plan.total + 1):
        exploded.session.seek(iteration, position)
        exploded.seen()
    exploded.window.grab()
    for focus in ("w1", "h[1]", "out[1]", "loss", "x[1]", "b2"):
        exploded.session.set_focus(focus)
        assert exploded.session.focus == focus
    exploded.press(KEY.Key_Escape)


def test_stepping_alone_stops_there_too(start, tmp_path):
    """Without training: Ctrl+→ over and over ends with the same sentence."""
    program = start(exploding(tmp_path))
    for _ in range(200):
        program.press(KEY.Key_Right, CTRL)
        if program.message:
            break
    assert "no longer a finite number" in program.message


def test_huge_numbers_typed_by_hand(program):
    """1e308 everywhere: overflow in the very first iteration is shown and told."""
    for weight in ("w9", "w10"):
        program.window.controller.edit(weight, "1e308")
    program.window.controller.edit("targets[1,1]", "-1e200")
    program.do("stepSize.iteration", "next", "next")
    assert "no longer a finite number" in program.message
    program.seen()
    program.do("undo", "undo", "undo")
    program.do("next")
    assert program.message == ""


@pytest.mark.parametrize("iteration", [0, 5])
def test_a_weight_typed_too_large_is_not_blamed_on_the_rate(program, iteration):
    """What would help is a smaller weight."""
    program.window.preset_requested.emit("reused-value")
    program.session.reach(iteration)
    program.session.seek(iteration)
    program.edit_in_table(0, "1e300")
    program.do("train")
    program.wait_for_end()
    assert program.at[0] == iteration
    assert "undo, or type in smaller ones" in program.message
