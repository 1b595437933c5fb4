"""A run of any length keeps what its curve shows, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_gui.steps import loss_history
from backprop_gui.steps.loss_history import LossHistory


def test_all_losses_are_kept_while_they_are_few() -> None:
    """Exactly, whatever the chunks."""
    losses = np.random.default_rng(1).random(5000)
    history = LossHistory(7)
    for part in np.array_split(losses, 13):
        history.extend(part)
    iterations, kept = history.points()
    np.testing.assert_array_equal(iterations, np.arange(7, 5007))
    np.testing.assert_array_equal(kept, losses)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=30), st.integers(0, 2**31))
def test_extremes_of_every_stretch_survive(chunks: list[int], seed: int) -> None:
    """Each kept point is a true one; smallest and largest of all, and of each stretch, are among them."""
    generator = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loss_history, "MOST_POINTS", 256)
        history, parts = LossHistory(3), []
        for count in chunks:
            part = generator.random(count).round(3)
            history.extend(part)
            parts.append(part)
            assert history._count <= 256
    losses = np.concatenate(parts)
    iterations, kept = history.points()
    assert history.length == len(losses)
    assert (np.diff(iterations) > 0).all()
    np.testing.assert_array_equal(losses[iterations - 3], kept)
    if len(losses):
        assert iterations[0] == 3
    for begin in range(0, len(losses), history.width):
        stretch = losses[begin : begin + history.width]
        here = kept[(iterations >= 3 + begin) & (iterations < 3 + begin + history.width)]
        assert (here.min(), here.max()) == (stretch.min(), stretch.max())


def test_a_part_goes_on_as_the_whole_did() -> None:
    """Cut at an iteration, then extended anew."""
    history = LossHistory()
    history.extend(np.arange(100.0))
    part = history.until(40)
    part.extend(np.full(5, -1.0))
    iterations, losses = part.points()
    assert part.length == 45
    np.testing.assert_array_equal(iterations, np.arange(45))
    np.testing.assert_array_equal(losses, [*range(40), *[-1.0] * 5])
    assert history.length == 100
