"""Whether there is a display to open a window on, found out without Qt: Qt would end the process.

Each function gives a sentence with the remedy, or nothing when all is well.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path

# What Qt's X11 platform plug-in loads, each with its Debian package.
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# What Qt itself loads when it is imported.
QT_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
}
REMEDY = "start it in a desktop session or with xvfb-run, or draw into a file with `backprop-gui screenshot`"
AGAIN = "install backprop-gui again, or use `python3 run.py`"
PLATFORMS = (
    "xcb",
    "wayland",
    "offscreen",
    "minimal",
    "eglfs",
    "linuxfb",
    "vnc",
    "minimalegl",
    "vkkhrdisplay",
)


def display_trouble() -> str:
    """Why no window can be opened here."""
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(";")[0].partition(":")[0]
    if platform and platform not in (*PLATFORMS, "wayland-egl"):
        known = ", ".join(PLATFORMS)
        return f"QT_QPA_PLATFORM is '{platform}', which Qt does not know; unset it, or take one of {known}"
    if platform not in ("", "xcb") or (not platform and _wayland_answers()):
        return ""
    if not os.environ.get("DISPLAY"):
        return f"there is no display (neither DISPLAY nor WAYLAND_DISPLAY leads to one); {REMEDY}"
    missing = {library: package for library, package in WINDOW_LIBRARIES.items() if not _loads(library)}
    if missing:
        return _install(", ".join(missing), " ".join(missing.values()))
    if not _x_server_answers():
        return f"the display {os.environ['DISPLAY']} (from DISPLAY) does not answer; {REMEDY}"
    return ""


def library_trouble(message: str) -> str:
    """The sentence for what Python said when Qt, or something it needs, could not be imported."""
    if found := re.match(r"(\S+\.so[.\d]*): cannot open shared object file", message):
        return _install(found[1], QT_LIBRARIES.get(found[1], ""))
    if found := re.match(r"No module named '([\w.]+)'", message):
        package = found[1].partition(".")[0]
        if package != "backprop_gui":
            return f"the Python package {package} is missing; {AGAIN}"
    return f"the window can't be loaded ({message}); {AGAIN}"


def _install(libraries: str, packages: str) -> str:
    how = (
        f"on Debian and Ubuntu: apt-get install {packages}"
        if packages
        else "with the system's package manager"
    )
    return f"Qt can't load {libraries}; install it ({how})"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _wayland_answers() -> bool:
    """Whether there is the socket of a Wayland compositor."""
    name = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(name) and (Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name).exists()


def _x_server_answers() -> bool:
    """Whether the X server named by DISPLAY accepts a connection."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt brings its own; let it try
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
