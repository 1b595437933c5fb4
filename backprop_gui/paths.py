"""Where things are: the data that ships with the program, and the user's own folders.

BACKPROP_GUI_HOME puts the user's folders somewhere else, for tests and for a stick that is carried around.
Nothing is created here; whoever writes makes the folder first.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
FOLDER_NAME = "backprop-gui"


def presets_folder() -> Path:
    """The folder of the experiments that ship with the program."""
    return _shipped("presets")


def resources_folder() -> Path:
    """The folder with fonts/ and icons/."""
    return _shipped("resources")


def state_folder() -> Path:
    """Where autosaved experiments wait for the next start."""
    return _user_folder("state", "XDG_STATE_HOME", ".local/state", "LOCALAPPDATA", "AppData/Local")


def config_folder() -> Path:
    """Where the user's settings are kept."""
    return _user_folder("config", "XDG_CONFIG_HOME", ".config", "APPDATA", "AppData/Roaming")


def _shipped(name: str) -> Path:
    """Data inside the package when it is installed, beside it in a checkout."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def _user_folder(
    purpose: str, linux_variable: str, linux_default: str, windows_variable: str, windows_default: str
) -> Path:
    """The platform's place for files of this purpose, in a folder of the program's own."""
    home = os.environ.get("BACKPROP_GUI_HOME")
    if home:
        return Path(home).expanduser().absolute() / purpose
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / FOLDER_NAME / purpose
    if sys.platform == "win32":
        variable, default = windows_variable, windows_default
    else:
        variable, default = linux_variable, linux_default
    base = Path(os.environ.get(variable, ""))
    # The XDG specification wants relative paths ignored.
    return (base if base.is_absolute() else Path.home() / default) / FOLDER_NAME
