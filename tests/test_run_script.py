"""run.py: what it needs, what it says, and that it hands over without a trace of itself."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import run

SCRIPT = Path(run.__file__)
POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-in for .venv's Python is a shell script")
OFFSCREEN, WINDOW = set(run.OFFSCREEN_LIBRARIES), set(run.OFFSCREEN_LIBRARIES | run.WINDOW_LIBRARIES)


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A folder with run.py and a finished .venv, whose Python is a script that tells how it was called."""
    shutil.copy(SCRIPT, tmp_path)
    shutil.copy(SCRIPT.with_name("pyproject.toml"), tmp_path)
    monkeypatch.setattr(run, "CHECKOUT", str(tmp_path))
    monkeypatch.setattr(run, "VENV_PYTHON", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.setattr(run, "STAMP", str(tmp_path / ".venv" / "backprop-gui.stamp"))
    put_python(tmp_path, '[ "$1" = -I ] && exit 0\necho "$@"\nexit 7\n')
    Path(run.STAMP).write_text(f"{run.fingerprint()}\n,test", encoding="utf-8")
    return tmp_path


def put_python(checkout: Path, script: str) -> None:
    """Put a shell script in the place of .venv's Python."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    python.chmod(0o755)


def start(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the copy of run.py as a user would, from another folder."""
    command = [sys.executable, str(checkout / "run.py"), *words]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=checkout.parent, env=environment, capture_output=True, text=True, check=False
    )


@POSIX
def test_words_and_exit_code_pass_through_and_standard_output_stays_clean(checkout):
    """`run - > file` must hold the program's output alone."""
    result = start(checkout, "run", "two words", "--steps", "-")
    assert (result.returncode, result.stderr) == (7, "")
    assert result.stdout == "-P -m backprop_gui run two words --steps -\n"


@POSIX
def test_test_becomes_pytest(checkout):
    """The first word `test` is run.py's own; the rest is pytest's."""
    result = start(checkout, "test", "-k", "paths")
    assert result.stdout == "-m pytest -k paths\n"


@POSIX
def test_a_signal_reaches_the_shell(checkout):
    """The program takes run.py's place, so its death by a signal is not turned into something else."""
    put_python(checkout, '[ "$1" = -I ] && exit 0\nkill -TERM $$\n')
    assert start(checkout, "presets").returncode == -15


@POSIX
@pytest.mark.parametrize("change", ["project file", "stamp", "interpreter", "modules", "extra", None])
def test_a_venv_that_is_out_of_date_or_broken_is_noticed(checkout, change):
    """Whatever makes .venv useless leads to a new set-up, not to a traceback of the program."""
    if change == "project file":
        (checkout / "pyproject.toml").write_text("[project]\nname = 'other'\n", encoding="utf-8")
    elif change == "stamp":
        Path(run.STAMP).unlink()
    elif change == "interpreter":
        (checkout / ".venv/bin/python").unlink()
    elif change == "modules":
        put_python(checkout, "exit 1\n")
    elif change == "extra":
        Path(run.STAMP).write_text(f"{run.fingerprint()}\n", encoding="utf-8")
    assert run.is_ready("test") is (change is None)


@POSIX
def test_without_a_network_one_sentence_is_said(checkout):
    """Not pip's pages; and the failed set-up is not taken for a finished one."""
    put_python(checkout, '[ "$1" = -I ] && exit 0\necho "Retrying: NewConnectionError"\nexit 1\n')
    Path(run.STAMP).write_text("of an older project file\n", encoding="utf-8")
    result = start(checkout, "presets")
    assert (result.returncode, result.stdout) == (1, "")
    setting_up, trouble = result.stderr.splitlines()
    assert "setting up .venv" in setting_up
    assert "connect this computer to the network" in trouble
    assert not Path(run.STAMP).exists()


def test_an_old_python_can_read_the_script():
    """It must get as far as saying that it is too old; 3.6 is the oldest that does."""
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names) - {"__future__"}


def test_an_old_python_is_refused_in_one_sentence():
    """Both versions are named: the one that is there and the one that is needed."""
    with pytest.raises(run.SetUpError, match=r"^Python 3\.9 is too old: .* 3\.11 or newer\.$"):
        run.check_python((3, 9))
    run.check_python((3, 11))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Qt brings its libraries")
@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        ("", {"DISPLAY": ":0"}, WINDOW),
        ("open", {}, WINDOW),
        ("worked-example", {"DISPLAY": ":0"}, WINDOW),
        ("open", {"QT_QPA_PLATFORM": "offscreen"}, OFFSCREEN),
        ("open", {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, OFFSCREEN),
        ("screenshot x -o y.png", {}, OFFSCREEN),
        ("screenshot x -o y.png", {"DISPLAY": ":0"}, WINDOW),
        ("test -k open", {"DISPLAY": ":0"}, OFFSCREEN),
        ("presets", {"DISPLAY": ":0"}, set()),
        ("show x", {}, set()),
        ("check x", {}, set()),
        ("run x", {}, set()),
        ("open --help", {}, set()),
        ("--version", {}, set()),
    ],
)
def test_only_what_a_command_needs_is_asked_of_the_system(words, environment, expected):
    """A server without Qt's libraries can run and check experiments, and make pictures without X's."""
    assert set(run.needed_libraries(words.split(), environment)) == expected


def test_a_missing_library_is_found_out():
    """The probe asks the dynamic linker, as Qt would."""
    assert run.missing_libraries({"libdoes-not-exist.so.9": "libnine"}) == {
        "libdoes-not-exist.so.9": "libnine"
    }


def test_who_may_not_install_is_given_the_exact_command(monkeypatch):
    """One line to copy, naming exactly what is missing."""
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    with pytest.raises(run.SetUpError) as caught:
        run.provide_libraries({"libnine.so.9": "libnine9"})
    assert "libnine.so.9" in str(caught.value)
    assert str(caught.value).endswith(
        "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends libnine9'"
    )


def test_root_installs_what_is_missing(monkeypatch):
    """On Debian the set-up helps itself, and looks again afterwards."""
    commands: list[list[str]] = []

    def install(command, environment=None):
        commands.append(command)
        monkeypatch.setattr(run, "loads", lambda library: True)
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(run, "quietly", install)
    run.provide_libraries({"libnine.so.9": "libnine9"})
    assert [command[-1].split()[-1] for command in commands] == ["libnine9"]


def test_a_python_without_venv_is_told_the_package(monkeypatch):
    """Debian ships ensurepip apart, and says so in five lines; here it is one."""
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    with pytest.raises(run.SetUpError, match=r"venv module is missing; .* python3\.\d+-venv'$"):
        run.create_empty_venv()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "WARNING: Retrying … NewConnectionError('…')\nERROR: No matching distribution",
            "connect this computer",
        ),
        ("ERROR: the disk is full\nnote: ask somebody", "ERROR: the disk is full"),
        ("error: no folder\nnote: …\nerror: subprocess-exited-with-error\nnote: …", "error: no folder"),
        ("", "nothing"),
    ],
)
def test_pips_trouble_becomes_one_sentence(output, sentence):
    """A missing network is told from everything else; nothing spreads over several lines."""
    told = run.why_pip_failed(output)
    assert sentence in told
    assert "\n" not in told


def test_a_second_set_up_waits_for_the_first(tmp_path, monkeypatch, capsys):
    """Two set-ups in one folder would trample on each other."""
    monkeypatch.setattr(run, "LOCK", str(tmp_path / "lock"))
    order: list[str] = []

    def second() -> None:
        with run.only_one():
            order.append("second")

    thread = threading.Thread(target=second)
    with run.only_one():
        thread.start()
        while "waiting" not in capsys.readouterr().err:
            time.sleep(0.01)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
