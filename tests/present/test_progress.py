"""The progress line says how far, how good and how fast, and never wraps."""

from __future__ import annotations

import pytest

from backprop_gui.present.progress import progress_text


def test_a_wide_terminal_shows_everything():
    """Bar, share, count, loss and speed."""
    text = progress_text(450, 1000, 0.01234, 12300.4, 120)
    assert text.endswith(" 45 %  450 of 1,000 iterations · loss 0.01234 · 12,300 updates/s")
    assert text.startswith("█████████████▌░")


@pytest.mark.parametrize("width", [5, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("done", [0, 1, 999_999, 1_000_000])
def test_the_line_fits_the_terminal(width, done):
    """What has no room is left out: on a usual terminal there is a bar, with loss and speed."""
    text = progress_text(done, 1_000_000, 0.0000123456, 1e7, width)
    assert len(text) <= width
    if width >= 60:
        assert "loss 1.235e-05 · 10,000,000" in text
        assert text[0] in "█░▏"
    assert "%" in text or width < 5


def test_a_bar_stays_where_words_have_no_room():
    """Loss and speed outlast the count; whole words only."""
    assert progress_text(450, 1_000_000, 0.5, 1e6, 40) == "░░░░░░░░░░   0 %  loss 0.5 · 1,000,000/s"
    assert progress_text(450, 1000, 0.5, 1e6, 20) == "██████▎░░░░░░░  45 %"
    assert progress_text(450, 1000, 0.5, 1e6, 5) == " 45 %"
    assert progress_text(450, 1000, 0.5, 1e6, 0) == ""
