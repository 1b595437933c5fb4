"""Lines of plots: smoothing, thinning and their numbers in a file."""

from __future__ import annotations

import csv
import io

import numpy as np

from backprop_gui.present.run_lines import Line, Smoother, decimated, lines_csv, smoothed


def test_smoothing_is_the_debiased_mean_that_fades():
    """Against its definition, sum by sum; a curve that grows gives the same as the whole one."""
    values = np.random.default_rng(1).normal(size=150)
    fade = 0.9
    expected = [
        sum(fade**k * values[t - k] for k in range(t + 1)) / sum(fade**k for k in range(t + 1))
        for t in range(150)
    ]
    np.testing.assert_allclose(smoothed(values, 10), expected, rtol=1e-12)
    smoother, iterations = Smoother(10), np.arange(150.0)
    for end in (1, 2, 40, 41, 150):
        np.testing.assert_allclose(smoother.of(iterations[:end], values[:end]), expected[:end], rtol=1e-12)


def test_smoothing_leaves_what_is_not_finite_alone():
    """It spoils only itself."""
    values = np.array([1.0, np.nan, 1.0, np.inf, 1.0])
    np.testing.assert_allclose(smoothed(values, 10), [1.0, np.nan, 1.0, np.inf, 1.0])


def test_thinning_keeps_the_extremes_of_every_column():
    """A spike of one iteration among a hundred thousand is still seen."""
    xs, ys = np.arange(100_000.0), np.zeros(100_000)
    ys[31_415], ys[92_653] = 7.0, -3.0
    thin_xs, thin_ys = decimated(xs, ys, 0, 99_999, 400)
    assert len(thin_xs) < 1_000
    assert (31_415.0, 7.0) in zip(thin_xs, thin_ys, strict=True)
    assert (92_653.0, -3.0) in zip(thin_xs, thin_ys, strict=True)


def test_the_file_has_a_column_for_each_line_and_all_digits():
    """Lines measured at different iterations share the rows; names with commas are quoted."""
    lines = (
        Line("a", "train_loss", np.array([0.0, 1.0, 2.0]), np.array([0.1, 1 / 3, np.nan])),
        Line("b", "theta[1,2]", np.array([1.0, 4.0]), np.array([-2.0, 5e-324])),
    )
    rows = list(csv.DictReader(io.StringIO(lines_csv(lines))))
    assert [row["iteration"] for row in rows] == ["0", "1", "2", "4"]
    assert [row["train_loss"] for row in rows] == ["0.1", repr(1 / 3), "", ""]
    assert [row["theta[1,2]"] for row in rows] == ["", "-2.0", "", "5e-324"]
