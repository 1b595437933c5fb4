"""`run` as others drive it: exactly N updates, files whole or untouched, a clean end whatever comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backprop_gui.cli import main
from backprop_gui.present.output_files import OutputFile, WriteFailed
from tests.small_experiment import document, rows_of, written

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "backprop_gui"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(*words, **options):
    """A true run of the program."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, env=environment, **options)


def test_run_makes_exactly_the_updates_asked_for(folder, capsys):
    """Iterations 0 … N − 1 have gradients and steps; the loss has one row more."""
    words = ["--iterations", "3", "--gradients", "g.csv", "--steps", "s.csv", "--loss", "l.csv"]
    assert main(["run", "worked-example", *words]) == 0
    output = capsys.readouterr()
    assert (output.out, output.err) == ("3 iterations, loss 0.3617 → 0.3164\n", "")
    assert [row["iteration"] for row in rows_of("g.csv")] == [str(k) for k in range(3) for _ in range(15)]
    assert len(rows_of("s.csv")) == 3 * 51
    assert [row["iteration"] for row in rows_of("l.csv")] == ["0", "1", "2", "3"]


def test_the_default_is_what_the_experiment_says(folder):
    """Without --iterations the file's own number counts; 0 is a number too."""
    assert main(["run", written(document()), "--loss", "l.csv", "--quiet"]) == 0
    assert len(rows_of("l.csv")) == 8
    assert main(["run", "small.json", "--iterations", "0", "--loss", "l.csv", "--gradients", "g.csv"]) == 0
    assert len(rows_of("l.csv")) == 1
    assert rows_of("g.csv") == []


def test_training_with_and_without_a_look_is_the_same(folder):
    """The fast path and the one that writes gradients do the same updates."""
    assert main(["run", "two-layer-chain", "--iterations", "50", "--loss", "fast.csv"]) == 0
    assert (
        main(["run", "two-layer-chain", "--iterations", "50", "--loss", "slow.csv", "--steps", "s.csv"]) == 0
    )
    assert Path("fast.csv").read_bytes() == Path("slow.csv").read_bytes()


EDITS = [
    {"iteration": 0, "set": {"w1": 0.25}},
    {"iteration": 3, "set": {"learning_rate": 0.125, "w2": -1.0}},
    {"iteration": 5, "set": {"x[2,1]": 0.5}},
    {"iteration": 6, "set": {"b1": 0.75}},
]


@pytest.mark.parametrize("first", [0, 1, 3, 4, 5, 6, 9])
@pytest.mark.parametrize("fast", [True, False])
def test_a_saved_run_goes_on_bit_for_bit(first, fast, folder):
    """N iterations, saved, and M more are N + M; edits that wait are honoured on both sides."""
    content = document(shuffle=True, batch_size=2) | {"edits": EDITS}
    one = written(content)
    extra = [] if fast else ["--gradients"]
    main(["run", one, "--iterations", "11", "--save", "whole.json", *extra, *["whole.csv"] * (not fast)])
    main(["run", one, "--iterations", str(first), "--save", "part.json", *extra, *["a.csv"] * (not fast)])
    main(
        [
            "run",
            "part.json",
            "--iterations",
            str(11 - first),
            "--save",
            "end.json",
            *extra,
            *["b.csv"] * (not fast),
        ]
    )
    assert Path("end.json").read_bytes() == Path("whole.json").read_bytes()
    assert ("state" in json.loads(Path("part.json").read_text())) is (first > 0)
    assert json.loads(Path("end.json").read_text())["edits"] == EDITS
    if not fast:
        header, *rest = Path("b.csv").read_text().splitlines(keepends=True)
        assert Path("a.csv").read_text() + "".join(rest) == Path("whole.csv").read_text()
        assert header.startswith("iteration,")


@pytest.mark.parametrize("gradients", [[], ["--gradients", "g.csv"]], ids=["fast", "looking"])
def test_divergence_completes_the_files(gradients, folder, capsys):
    """Exit code 1, a sentence that names the number, and all finished iterations in the files."""
    content = document(iterations=100, optimizer={"learning_rate": 1000.0})
    Path("l.csv").write_text("old")
    words = ["--loss", "l.csv", "--save", "end.json", *gradients]
    assert main(["run", written(content), *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        "backprop-gui: diverged after 4 of 100 iterations: in iteration 4 loss is inf; "
        "a smaller learning rate would be right\n"
    )
    assert [row["iteration"] for row in rows_of("l.csv")] == ["0", "1", "2", "3"]
    assert json.loads(Path("end.json").read_text())["state"]["iteration"] == 4
    if gradients:
        assert {row["iteration"] for row in rows_of("g.csv")} == {"0", "1", "2", "3"}


def test_a_loss_that_overflows_after_the_last_update_is_divergence(folder, capsys):
    """Four updates can be made, but what they lead to is no number."""
    content = document(optimizer={"learning_rate": 1000.0})
    assert main(["run", written(content), "--iterations", "4", "--loss", "l.csv"]) == 1
    assert "diverged after 4 of 4 iterations" in capsys.readouterr().err
    assert len(rows_of("l.csv")) == 4


def test_check_confirms_all_gradients(folder, capsys):
    """One line with the number compared and the largest difference."""
    assert main(["run", "worked-example", "--iterations", "4", "--check"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1].startswith("60 gradients confirmed by finite differences; largest difference ")


def test_check_fails_on_a_wrong_gradient(monkeypatch, capsys):
    """Exit code 1 and the place of the largest difference."""
    monkeypatch.setattr("backprop_gui.present.csv_files.agrees", lambda numeric, gradient, loss: False)
    assert main(["run", "worked-example", "--iterations", "1", "--check"]) == 1
    assert capsys.readouterr().err.startswith("backprop-gui: 15 of 15 gradients are not confirmed")


def test_a_dash_is_standard_output_and_nothing_else_goes_there(folder, capsys):
    """What is piped on is CSV from the first byte to the last."""
    assert main(["run", "worked-example", "--iterations", "2", "--loss", "-", "--save", "s.json"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines()[0] == "iteration,epoch,train_loss,test_loss,accuracy"
    assert len(output.out.splitlines()) == 4
    assert output.err == ""


def test_progress_is_for_terminals_only(monkeypatch, capsys):
    """On a terminal a line is written over and over, and cleared in the end."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["run", "worked-example", "--iterations", "3"]) == 0
    progress = capsys.readouterr().err
    assert "of 3 iterations" in progress
    assert progress.endswith("\r\033[K")
    assert main(["run", "worked-example", "--iterations", "3", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_link_stays_a_link_and_its_mode_stays(folder):
    """Replacing a file keeps what the user made of its place."""
    Path("real.csv").write_text("old")
    os.chmod("real.csv", 0o600)
    os.symlink("real.csv", "link.csv")
    assert main(["run", "worked-example", "--iterations", "1", "--loss", "link.csv"]) == 0
    assert Path("link.csv").is_symlink()
    assert len(rows_of("real.csv")) == 2
    assert Path("real.csv").stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir()) == ["link.csv", "real.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_devices_are_written_to_and_never_replaced(capsys):
    """A full device is a sentence and exit code 1; /dev/null takes everything."""
    for option in ("--gradients", "--loss", "--save"):
        assert main(["run", "worked-example", "--iterations", "1", option, "/dev/full"]) == 1
        assert (
            capsys.readouterr().err == "backprop-gui: /dev/full: can't be written (No space left on device)\n"
        )
    assert main(["run", "worked-example", "--iterations", "1", "--loss", os.devnull]) == 0
    assert not Path(os.devnull).is_file()


def test_a_write_that_fails_leaves_the_old_file(folder, monkeypatch):
    """A full disk loses nothing that was there."""
    Path("g.csv").write_text("old")
    file = OutputFile("g.csv")
    file.write_text("new")
    file.mark()
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(
        WriteFailed, match=r"^g.csv: can't be written \(No space left\); what was there before"
    ):
        file.complete()
    assert Path("g.csv").read_text() == "old"
    assert os.listdir() == ["g.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals of this kind")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_completes_its_files(number, folder):
    """Ctrl+C: exit code 1, a sentence, and whole iterations in the files."""
    words = ["run", "worked-example", "--iterations", "100000000", "--gradients", "g.csv", "--loss", "l.csv"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*PROGRAM, *words], env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not any(Path(name).stat().st_size for name in os.listdir() if ".g.csv." in name):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert errors.startswith("backprop-gui: interrupted after ")
    assert len(errors.splitlines()) == 1
    gradients, losses = rows_of("g.csv"), rows_of("l.csv")
    assert len(gradients) == 15 * (len(losses) - 1)
    assert gradients[-1]["parameter"] == "b5"
    assert sorted(os.listdir()) == ["g.csv", "l.csv"]


def test_a_closed_pipe_ends_the_run_quietly():
    """`… | head -1` has seen enough."""
    words = ["run", "worked-example", "--iterations", "100000000", "--gradients", "-"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*PROGRAM, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("iteration,sample,parameter,")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=20) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_a_sentence():
    """Not even Python's own last words come through."""
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*PROGRAM, "presets"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "backprop-gui: standard output can't be written (No space left on device)\n"


def test_a_run_in_a_pipe_is_silent_on_standard_error(folder):
    """What a script sees of a success is its files and one line."""
    result = program("run", "worked-example", "--iterations", "1000", "--loss", "l.csv")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "1,000 iterations, loss 0.3617 → 0.00024\n"


def test_until_stops_at_the_first_iteration_where_it_holds(folder, capsys):
    """The fast path and the one that writes every gradient stop at the same one."""
    assert main(["run", "worked-example", "--until", "loss<0.01", "--loss", "fast.csv"]) == 0
    words = ["--until", "loss<0.01", "--loss", "slow.csv", "--gradients", "g.csv"]
    assert main(["run", "worked-example", *words]) == 0
    losses = [float(row["train_loss"]) for row in rows_of("fast.csv")]
    assert losses[-1] < 0.01 <= min(losses[:-1])
    assert Path("fast.csv").read_bytes() == Path("slow.csv").read_bytes()
    assert len({row["iteration"] for row in rows_of("g.csv")}) == len(losses) - 1


def test_until_that_is_never_met_completes_the_files_and_says_so(folder, capsys):
    """Within the iterations asked for."""
    words = ["--until", "loss<1e-9", "--iterations", "10", "--loss", "l.csv"]
    assert main(["run", "worked-example", *words]) == 1
    assert "loss<1e-9 was not met within 10 iterations" in capsys.readouterr().err
    assert len(rows_of("l.csv")) == 11


def test_until_counts_the_loss_after_the_last_update(folder):
    """A condition met just where the iterations end is met."""
    assert main(["run", "worked-example", "--until", "loss<0.35", "--iterations", "1"]) == 0


@pytest.mark.parametrize("text", ["loss", "w99 changes sign", "loss<0"])
def test_a_condition_that_makes_no_sense_is_refused(text, folder, capsys):
    """Before anything is trained or written."""
    assert main(["run", "worked-example", "--until", text, "--loss", "l.csv"]) == 2
    assert "right" in capsys.readouterr().err
    assert not Path("l.csv").exists()


def test_compare_writes_one_tidy_table(folder, capsys):
    """The rows of each experiment are those of its own run; one named twice is told apart."""
    assert main(["compare", "worked-example", "two-layer-chain", "--iterations", "5", "--loss", "c.csv"]) == 0
    for name in ("worked-example", "two-layer-chain"):
        main(["run", name, "--iterations", "5", "--loss", "one.csv", "--quiet"])
        own = [dict(row) for row in rows_of("c.csv") if row["experiment"] == name]
        assert [{key: row[key] for key in row if key != "experiment"} for row in own] == rows_of("one.csv")
    main(["compare", "worked-example", "worked-example", "--iterations", "0", "--loss", "c.csv"])
    assert [row["experiment"] for row in rows_of("c.csv")] == ["worked-example (1)", "worked-example (2)"]


def test_compare_tells_of_one_that_diverges_and_keeps_the_others(folder, capsys):
    """Its finished iterations are in the table."""
    wild = document() | {"training": {"optimizer": {"learning_rate": 1e200}, "iterations": 9}}
    assert main(["compare", written(wild), "worked-example", "--iterations", "9", "--loss", "c.csv"]) == 1
    assert "small.json: diverged in iteration" in capsys.readouterr().err
    assert sum(row["experiment"] == "worked-example" for row in rows_of("c.csv")) == 10


def test_losses_that_a_long_history_has_dropped_are_written_all_the_same(folder, monkeypatch):
    """All rows, with the bits of a run that has kept them; also across an edit."""
    one = written(document(shuffle=True, batch_size=2) | {"edits": EDITS})
    assert main(["run", one, "--iterations", "300", "--loss", "kept.csv"]) == 0
    monkeypatch.setattr("backprop_gui.steps.loss_history.MOST_POINTS", 20)
    monkeypatch.setattr("backprop_gui.steps.all_losses.AT_ONCE", 7)
    assert main(["run", one, "--iterations", "300", "--loss", "dropped.csv"]) == 0
    assert Path("kept.csv").read_bytes() == Path("dropped.csv").read_bytes()


def test_numbers_that_are_given_too_large_are_not_blamed_on_the_rate(folder, capsys):
    """Nothing has been learned yet."""
    content = document() | {"edits": [{"iteration": 0, "set": {"w1": 1e300, "w2": 1e300}}]}
    assert main(["run", written(content), "--iterations", "3"]) == 1
    assert "smaller weights or data would be right" in capsys.readouterr().err


def test_compare_never_writes_over_an_experiment(folder, capsys):
    """Nor is an empty name a folder."""
    one = written(document())
    before = Path(one).read_bytes()
    assert main(["compare", one, "xor", "--iterations", "1", "--loss", one]) == 2
    assert "is one of the experiments" in capsys.readouterr().err
    assert Path(one).read_bytes() == before
    assert main(["run", one, "--loss", ""]) == 2
    assert "an empty name" in capsys.readouterr().err
    assert os.listdir() == [one]


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (["run", "xor", "--iterations", "1" * 16], "from 0 to 999,999,999,999,999 would"),
        (["run", "xor", "--iterations", "\u0662"], "from 0 would"),
        (["benchmark", "--rounds", "x"], "from 1 would"),
    ],
)
def test_numbers_out_of_range_are_told_the_range(words, right, capsys):
    """What would be right is really right."""
    assert main(words) == 2
    assert right in capsys.readouterr().err


def test_a_missing_library_is_named_with_the_remedy(monkeypatch, capsys):
    """Who runs the program from a bare checkout."""

    def lacking(*_):
        raise ModuleNotFoundError("No module named 'msgspec'", name="msgspec")

    monkeypatch.setattr("backprop_gui.present.headless.carry_out", lacking)
    assert main(["run", "xor"]) == 1
    assert "msgspec is not installed here; `python3 run.py`" in capsys.readouterr().err
