"""Large finite weights with vanished gradients: a warning sentence, and nothing else changes."""

from __future__ import annotations


def test_a_weight_that_saturates_the_output_is_warned_of(program):
    """Nothing is wrong with the numbers, but nothing would be learned either."""
    program.window.canvas.edit_requested.emit("b5", "60")
    assert "Learning has come to a halt" in program.window.message_bar.text()
    program.do("undo")
    assert program.window.message_bar.text() == ""


def test_a_learning_network_is_not_warned_of(program):
    """An ordinary edit brings no warning."""
    program.window.canvas.edit_requested.emit("w5", "2")
    assert program.window.message_bar.text() == ""
