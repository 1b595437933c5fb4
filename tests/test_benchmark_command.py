"""`benchmark` prints a table of this machine; who computes something else is not timed."""

from __future__ import annotations

from backprop_gui.cli import main
from backprop_gui.steps import speed


def test_benchmark_prints_every_task_and_contestant(capsys, monkeypatch):
    """Rounds as short as can be: the figures are no matter here."""
    monkeypatch.setattr(speed.measure, "__defaults__", (speed.TASKS[:2], 1, 0.0, str))
    assert main(["benchmark", "--rounds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "T1" in lines[1]
    assert any(line.startswith("backprop-gui, operation table") for line in lines)
    assert not any("other weights" in line for line in lines)


def test_zero_rounds_are_refused(capsys):
    """A median of nothing is no number."""
    assert main(["benchmark", "--rounds", "0"]) == 2
    assert "from 1" in capsys.readouterr().err
