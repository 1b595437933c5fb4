"""The ranking of a race against the losses themselves; a lane that diverges ends alone."""

from __future__ import annotations

import numpy as np

from backprop_gui.experiment.document import Experiment
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.race import race_table, result_sentence
from backprop_gui.steps.race import (
    Lane,
    common_loss,
    entrant_of,
    lane_changes,
    lane_start,
    race,
    standings,
)
from backprop_gui.steps.timeline import Timeline
from tests.networks import layers

START, END = 3, 40


def raced(lanes: list[Lane]) -> tuple[list[Timeline], dict[int, int]]:
    """Lanes from iteration START to END, and which of them diverged where."""
    experiment: Experiment = layers([2, 3, 1], rows=4, batch_size=2, activation="identity")
    past = Timeline.of(experiment)
    while past.newest < START:
        past.advance()
    model = past.segment_of(START).model
    runs = [lane_start(experiment, past, START, lane_changes(model, lane))[1] for lane in lanes]
    diverged = {}
    for place, chunk in race([entrant_of(run) for run in runs], END, 0.001, bool):
        runs[place].take(chunk)
        if chunk.diverged:
            diverged[place] = chunk.last.iteration
    return runs, diverged


def loss(run: Timeline, iteration: int) -> float:
    return run.segment_of(iteration).stepper.loss_of(run.record(iteration))


def test_the_ranking_is_that_of_the_losses() -> None:
    """Ends, lowest losses and who is first as low as another one, from every loss calculated anew."""
    lanes = [Lane("gradient_descent", 0.02), Lane("gradient_descent", 0.1), Lane("adam", 0.05)]
    runs, diverged = raced(lanes)
    assert diverged == {}
    losses = np.array([[loss(run, iteration) for iteration in range(START, END + 1)] for run in runs])
    found = standings(runs, START)
    assert [one.lane for one in found] == np.argsort(losses[:, -1]).tolist()
    common = losses.min(axis=1).max()
    assert common_loss(runs, START, {}) == common
    for one in found:
        row = losses[one.lane]
        assert (one.end, one.loss, one.lowest) == (END, row[-1], row.min())
        assert one.lowest_at == START + row.argmin()
        assert one.reached == START + np.flatnonzero(row <= common)[0]
    assert all(one.reached is None for one in standings(runs, START, threshold=-1.0))


def test_a_lane_that_diverges_ends_alone_and_stands_last() -> None:
    """The others come to the end; the sentence says where it was."""
    runs, diverged = raced([Lane("gradient_descent", 1e6), Lane("gradient_descent", 0.05)])
    assert list(diverged) == [0]
    assert runs[1].newest == END
    found = standings(runs, START, diverged)
    assert [one.lane for one in found] == [1, 0]
    names, form = {0: "fast", 1: "slow"}, NumberFormat()
    words = result_sentence(found, names, END - START, False, form, "L")
    assert words.startswith(f"slow is ahead after 37 iterations: L = {form.text(loss(runs[1], END))}.")
    assert words.endswith(f"fast diverged in iteration {diverged[0]}.")
    table = race_table(found, ["fast", "slow"], [2, 3], END, 0.5, form, "L")
    assert [row.texts[:3] for row in table.rows][1] == ("2", "fast", f"diverged at {diverged[0]}")


def test_lanes_that_stopped_apart_are_compared_where_all_have_been() -> None:
    """A race that is stopped leaves lanes of different lengths; the batches must be the same ones."""
    runs, _ = raced([Lane("gradient_descent", 0.02), Lane("gradient_descent", 0.1)])
    assert runs[1].advance()
    found = {one.lane: one for one in standings(runs, START)}
    assert found[1].end == END
    assert found[1].loss == loss(runs[1], END)
