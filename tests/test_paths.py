"""Where the program finds its own data and the user's folders."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from backprop_gui import paths


def test_shipped_data_stands_beside_the_package_in_a_checkout():
    """presets/ and resources/ are at the top of the repository."""
    top = Path(__file__).resolve().parent.parent
    assert paths.presets_folder() == top / "presets"
    assert paths.resources_folder() == top / "resources"


def test_shipped_data_stands_inside_the_installed_package(tmp_path, monkeypatch):
    """In a wheel the same data is inside backprop_gui/."""
    (tmp_path / "presets").mkdir()
    monkeypatch.setattr(paths, "PACKAGE", tmp_path)
    assert paths.presets_folder() == tmp_path / "presets"


def test_home_variable_moves_all_of_the_users_folders(tmp_path, monkeypatch):
    """Nothing is written outside BACKPROP_GUI_HOME, and settings and state do not mix."""
    monkeypatch.setenv("BACKPROP_GUI_HOME", str(tmp_path))
    assert paths.state_folder() == tmp_path / "state"
    assert paths.config_folder() == tmp_path / "config"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="XDG is a convention of other systems")
@pytest.mark.parametrize(
    ("variable", "expected"), [("/elsewhere", "/elsewhere/backprop-gui"), ("relative", "~"), ("", "~")]
)
def test_xdg_variables_are_followed_when_absolute(variable, expected, tmp_path, monkeypatch):
    """The specification wants relative and empty values ignored."""
    monkeypatch.delenv("BACKPROP_GUI_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", variable)
    default = tmp_path / ".local/state/backprop-gui"
    assert paths.state_folder() == (default if expected == "~" else Path(expected))
