"""The command line as others drive it: exit codes, one line an error, files that are whole or untouched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from backprop_gui import cli, cli_options
from backprop_gui.cli import main, schema_text
from backprop_gui.experiment.presets import preset_names
from backprop_gui.present import display
from tests.small_experiment import document, written

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- telling ------------------------------------------------------------------------------------------------


def test_presets_are_listed_with_network_and_lesson(capsys):
    """A line each: name, network, what it teaches."""
    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == preset_names()
    assert lines[0].split(maxsplit=2)[1:] == [
        "2-2-2-1",
        "Every step of backpropagation through two hidden layers, with all ten weights and five biases.",
    ]


def test_show_tells_all_of_an_experiment(capsys):
    """Network, values, data, conventions, and whether the printed number is met."""
    assert main(["show", "worked-example"]) == 0
    told = capsys.readouterr().out
    for words in ("2-2-2-1, 15 parameters", "w5 = 0.9", "b5 = 0.6", "x 0.4, 0.1 → targets 0",
                  "learning rate α = 0.5", "with the factor ½", "biases are updated",
                  "0.85049311458 in the article – holds"):  # fmt: skip
        assert words in told


def test_show_says_when_an_expected_number_does_not_hold(folder, capsys):
    """A published number that is missed is said plainly."""
    expected = {"quantity": "out.a[1]", "value": 2.0, "tolerance": 1e-3}
    assert main(["show", written({**document(), "expected": [expected]})]) == 0
    assert "does NOT hold" in capsys.readouterr().out


def test_valid_files_are_told_so(folder, capsys):
    """Exit code 0, and a node beside the way to the loss is named."""
    content = document()
    side = {"name": "side", "op": "dense", "of": "h", "units": 1, "weights": [[1.0]]}
    content["network"]["nodes"].insert(1, side)
    assert main(["check", written(content), "worked-example"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out.splitlines() == [
        "small.json: valid",
        "small.json: $.network.nodes[1]: 'side' does not reach the loss; it has no gradients",
        "worked-example: valid",
    ]


def test_check_tells_every_fault_in_a_line(folder, capsys):
    """file: $.where: what is wrong; what would be right — for all files."""
    content = document(batch_size=0)
    content["data"]["x"][1] = [1, 2]
    assert main(["check", written(content), "missing.json", "worked-example"]) == 2
    output = capsys.readouterr()
    assert output.out == "worked-example: valid\n"
    first, second, third = output.err.splitlines()
    assert first.startswith("small.json: $.training.batch_size: ")
    assert second.startswith("small.json: $.data.x[1]: has 2 numbers; 1 would be right")
    assert third.startswith("missing.json: there is no such file; ")


def test_the_schema_that_ships_is_current(capsys):
    """Made anew by: backprop-gui schema > resources/experiment.schema.json."""
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == schema_text()
    assert (ROOT / "resources" / "experiment.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["--version"]])
def test_help_and_version(words, capsys):
    """They go to standard output and are a success."""
    assert main(words) == 0
    assert "backprop-gui" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["presets"], ["show"], ["check"], ["run", "--iterations", "2", "--check"]])
def test_these_commands_never_load_qt(words):
    """They work where Qt's libraries are missing."""
    line = [words[0], *(["worked-example"] if words[0] != "presets" else []), *words[1:]]
    test = f"import sys; from backprop_gui.cli import main; code = main({line}); "
    test += "sys.exit(code or any(m.startswith(('PySide6', 'pyqtgraph')) for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", test], cwd=ROOT, capture_output=True).returncode == 0


# --- wrong use and wrong input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-preset"],
        ["run"],
        ["check"],
        ["--bogus"],
        ["run", "worked-example", "--bogus"],
        ["run", "missing.json"],
        ["run", "."],
        ["run", "worked-example", "--iterations", "-1"],
        ["run", "worked-example", "--iterations", "2.5"],
        ["run", "worked-example", "--iterations", "many"],
        ["run", "worked-example", "--gradients", "a.csv", "--loss", "./a.csv"],
        ["run", "worked-example", "--gradients", "-", "--steps", "-"],
        ["run", "worked-example", "--gradients", "."],
        ["run", "worked-example", "--gradients", "missing/a.csv"],
        ["run", "small.json", "--loss", "small.json"],
        ["screenshot", "worked-example"],
        ["screenshot", "worked-example", "-o", "a.jpg"],
        ["screenshot", "worked-example", "-o", "missing/a.png"],
        ["screenshot", "worked-example", "-o", "a.png", "--size", "9x9"],
        ["screenshot", "worked-example", "-o", "a.png", "--theme", "pink"],
        ["screenshot", "worked-example", "-o", "a.png", "--step", "-1"],
        ["screenshot", "missing.json", "-o", "a.png"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_one_line_and_exit_code_2(words, folder, capsys):
    """Nothing is written, nothing is printed but one sentence."""
    content = written(document())
    before = Path(content).read_bytes()
    assert main(words) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert output.err.startswith("backprop-gui: ")
    assert os.listdir() == [content]
    assert Path(content).read_bytes() == before


@pytest.mark.parametrize("rate", ["0", "-1", "1e999", "NaN", '"fast"'])
def test_a_rate_that_is_no_rate_is_refused(rate, folder, capsys):
    """Not finite or not above 0: exit code 2, before anything is trained."""
    text = json.dumps(document()).replace("0.05", rate)
    Path("bad.json").write_text(text, encoding="utf-8")
    assert main(["run", "bad.json"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_unexpected_is_a_sentence_too(monkeypatch, capsys):
    """A fault of the program is told in a line; BACKPROP_GUI_DEBUG shows where it was."""

    def broken():
        raise ZeroDivisionError("of all\nthings")

    monkeypatch.setattr("backprop_gui.experiment.presets.preset_names", broken)
    assert main(["presets"]) == 1
    assert capsys.readouterr().err == (
        "backprop-gui: something unexpected happened (of all); BACKPROP_GUI_DEBUG=1 shows where\n"
    )
    monkeypatch.setenv("BACKPROP_GUI_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["presets"])


# --- the window ---------------------------------------------------------------------------------------------


@pytest.fixture
def app(monkeypatch):
    """Stands in for the window, and notes what it was asked."""
    calls = []

    def called(*words, **options):
        calls.append((words, options))
        return 0

    fake = types.SimpleNamespace(open_window=called, screenshot=called)
    monkeypatch.setitem(sys.modules, "backprop_gui.app", fake)
    return calls


@pytest.mark.parametrize(
    ("words", "experiment", "reset"),
    [
        ([], None, False),
        (["open"], None, False),
        (["open", "worked-example"], "worked-example", False),
        (["chain-of-neurons"], "chain-of-neurons", False),
        (["--reset-window"], None, True),
        (["worked-example", "--reset-window"], "worked-example", True),
    ],
)
def test_the_window_opens_with_what_is_named(words, experiment, reset, app):
    """A bare preset or file is opened; nothing named means the worked example."""
    assert main(words) == 0
    assert app == [((experiment,), {"reset_window": reset})]


def test_a_screenshot_needs_no_display(app, folder, monkeypatch):
    """Its options reach the window, and Qt is told to draw without a screen."""
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    words = ["-o", "a.png", "--step", "19", "--iteration", "3", "--theme", "dark", "--size", "1024x768"]
    assert main(["screenshot", "worked-example", *words, "--focus", "w5"]) == 0
    options = {"step": 19, "iteration": 3, "theme": "dark", "size": (1024, 768), "focus": "w5"}
    options["view"] = "network"
    assert app == [(("worked-example", Path("a.png")), options)]
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "there is no display (neither DISPLAY nor WAYLAND_DISPLAY"),
        ({"DISPLAY": ":7654"}, "the display :7654"),
        ({"WAYLAND_DISPLAY": "nowhere-0"}, "there is no display"),
        ({"QT_QPA_PLATFORM": "paper"}, "QT_QPA_PLATFORM is 'paper', which Qt does not know"),
    ],
)
def test_no_display_is_a_sentence(environment, words, app, monkeypatch, capsys):
    """Qt would end the process; the program says what to do instead."""
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(display, "_loads", lambda library: True)
    assert main([]) == 1
    assert capsys.readouterr().err.startswith(f"backprop-gui: {words}")
    assert app == []
    assert main(["missing.json"]) == 2


def test_a_missing_library_is_named_with_its_package(monkeypatch, capsys):
    """One sentence with the remedy, whether Qt or its X11 plug-in wants it."""
    monkeypatch.setitem(sys.modules, "backprop_gui.app", None)
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("backprop-gui: the window can't be loaded")
    gone = "libEGL.so.1: cannot open shared object file: No such file or directory"
    assert display.library_trouble(gone) == (
        "Qt can't load libEGL.so.1; install it (on Debian and Ubuntu: apt-get install libegl1)"
    )
    assert "package PySide6 is missing" in display.library_trouble("No module named 'PySide6.QtCore'")
    if sys.platform.startswith("linux"):
        monkeypatch.delenv("QT_QPA_PLATFORM")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setattr(display, "_loads", lambda library: library != "libxcb-cursor.so.0")
        assert display.display_trouble().endswith("apt-get install libxcb-cursor0)")


def test_every_command_has_a_parser():
    """A word that is a command is never taken for a file."""
    for command in ("open", "presets", "show", "check", "run", "screenshot", "schema"):
        assert cli._with_command([command]) == [command]
        assert re.search(rf"^    {command}\b", cli_options.parser().format_help(), re.MULTILINE)
