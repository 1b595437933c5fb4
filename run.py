"""Start backprop-gui from a checkout: `python3 run.py`, `python3 run.py presets`, `python3 run.py test`.

Makes .venv, installs the program into it, sees to the libraries Qt wants from the system, and goes. Only the
first run has anything to do. Needs nothing but Python; speaks on standard error only. It is written so that
an old Python can read it far enough to be told that it is too old.
"""

import contextlib
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import time
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

OLDEST_PYTHON = (3, 11)
WINDOWS = os.name == "nt"

CHECKOUT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(CHECKOUT, ".venv")
VENV_PYTHON = os.path.join(VENV, "Scripts", "python.exe") if WINDOWS else os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "backprop-gui.stamp")
LOCK = os.path.join(CHECKOUT, ".venv.lock")

# What must be found in a sound .venv, by the extra that brings it.
MODULES = {
    "": ["backprop_gui", "PySide6", "numpy", "pyqtgraph", "msgspec"],
    "test": ["pytest", "pytestqt", "hypothesis", "pytest_timeout", "xdist"],
}

COMMANDS_WITHOUT_QT = {
    *("presets", "show", "check", "run", "compare", "benchmark", "schema"),
    *("-h", "--help", "--version"),
}

# Library → Debian package. The first table is what PySide6 needs to be imported and to draw without a screen;
# the second what a window needs besides. Qt's own message names libxcb-cursor0 whichever is missing.
OFFSCREEN_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# What pip's output holds, in lower case, when the package index cannot be reached.
NETWORK_TROUBLE = ("connection", "name resolution", "retries exceeded", "timed out", "proxyerror")

# What pip puts around the error of a program it started, and says nothing.
PIP_WRAPPINGS = ("subprocess-exited-with-error", "metadata-generation-failed")


class SetUpError(Exception):
    """The set-up cannot go on; the message is one sentence that names the remedy."""


def main(arguments: List[str]) -> int:
    """Set up what these arguments need, then hand over to the program or to pytest."""
    testing = arguments[:1] == ["test"]
    try:
        check_python(sys.version_info[:2])
        prepare_venv("test" if testing else "")
        provide_libraries(missing_libraries(needed_libraries(arguments, os.environ)))
    except SetUpError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"the set-up could not use {error.filename or CHECKOUT}: {error.strerror or error}.")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next start goes on with the set-up.")
        return 130
    if testing:
        os.chdir(CHECKOUT)
        # Both cores; a test named by the caller runs alone, where it can be watched.
        spread = ["-n", "2", "--dist", "worksteal"] if len(arguments) == 1 else []
        return hand_over(["-m", "pytest", *spread, *arguments[1:]])
    # -P keeps a numpy.py in the current folder from being taken for numpy.
    return hand_over(["-P", "-m", "backprop_gui", *arguments])


def say(sentence: str) -> None:
    """Tell the user something, on standard error: standard output belongs to the program."""
    sys.stderr.write(f"run.py: {sentence}\n")
    sys.stderr.flush()


def check_python(version: Tuple[int, int]) -> None:
    """Refuse a Python that is too old."""
    if version < OLDEST_PYTHON:
        found, needed = (".".join(map(str, numbers)) for numbers in (version, OLDEST_PYTHON))
        raise SetUpError(f"Python {found} is too old: backprop-gui needs Python {needed} or newer.")


def hand_over(words: List[str]) -> int:
    """Become `python words…` of .venv, so that signals and the exit code are the program's own."""
    command = [VENV_PYTHON, *words]
    if WINDOWS:  # there execv would return to the shell at once
        return subprocess.call(command)
    sys.stderr.flush()
    os.execv(VENV_PYTHON, command)


# --- the virtual environment ------------------------------------------------------------------------------


def prepare_venv(extra: str) -> None:
    """Make sure that .venv holds the program and the tools of `extra`; quick when nothing changed."""
    if is_ready(extra):
        return
    with only_one():
        if not is_ready(extra):  # another run.py may have done it while this one waited
            make_venv(extra)


def is_ready(extra: str) -> bool:
    """Whether .venv was set up for this state of the project, and still works."""
    mark, extras = read_stamp()
    return mark == fingerprint() and extra in extras and finds(MODULES[""] + MODULES[extra])


def read_stamp() -> Tuple[str, List[str]]:
    """What the last finished set-up left word of: its fingerprint, and the extras ("" is the program)."""
    try:
        with open(STAMP, encoding="utf-8") as stamp:
            mark, extras = stamp.read().split("\n")
    except (OSError, ValueError):
        return "", []
    return mark, extras.split(",")


def fingerprint() -> str:
    """Changes with what makes a set-up out of date: project, compiled sources, Python, folder."""
    about = "{} {}.{} ".format(CHECKOUT, *sys.version_info[:2])
    digest = hashlib.sha256(about.encode("utf-8"))
    kernel = os.path.join("backprop_gui", "engine", "kernel_source")
    compiled = os.path.join(CHECKOUT, kernel)
    sources = sorted(os.listdir(compiled)) if os.path.isdir(compiled) else []
    for name in ["pyproject.toml", "setup.py", *(os.path.join(kernel, source) for source in sources)]:
        path = os.path.join(CHECKOUT, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()


def finds(modules: List[str]) -> bool:
    """Whether .venv's Python starts, is of this version, and has all these modules."""
    version = tuple(sys.version_info[:2])
    question = (
        "import sys, importlib.util as u; "
        f"sys.exit(sys.version_info[:2] != {version} or not all(map(u.find_spec, {modules})))"
    )
    try:
        return subprocess.call([VENV_PYTHON, "-I", "-c", question], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def make_venv(extra: str) -> None:
    """Make .venv, or bring it up to date, and leave word of it."""
    mark, extras_before = read_stamp()
    extras = sorted({"", extra, *extras_before})
    say("setting up .venv; this takes about 20 seconds, once …")
    went_missing = mark and not finds([module for name in extras_before for module in MODULES[name]])
    if went_missing or not finds(["pip"]):
        create_empty_venv()
    with contextlib.suppress(FileNotFoundError):
        os.remove(STAMP)  # or else an interrupted set-up would be taken for a finished one
    install(",".join(filter(None, extras)))
    with open(STAMP, "w", encoding="utf-8") as stamp:
        stamp.write("{}\n{}".format(fingerprint(), ",".join(extras)))


def create_empty_venv() -> None:
    """A fresh .venv with pip in it, in place of whatever was there."""
    try:
        import ensurepip  # noqa: F401 - Debian ships it apart
    except ImportError:
        apt_install(["python{}.{}-venv".format(*sys.version_info[:2])], "Python's venv module is missing")
    result = quietly([sys.executable, "-m", "venv", "--clear", VENV])
    if result.returncode != 0:
        raise SetUpError(f".venv could not be made: {last_line(result.stdout)}")


def install(extras: str) -> None:
    """Install the program, editable, with its dependencies and these extras into .venv."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.setdefault("PIP_RETRIES", "2")  # without a network, say so soon
    project = f".[{extras}]" if extras else "."
    pip = [VENV_PYTHON, "-m", "pip", "--no-input", "install", "--quiet", "--editable", project]
    result = quietly(pip, environment)
    if result.returncode != 0:
        raise SetUpError(why_pip_failed(result.stdout))


def why_pip_failed(output: str) -> str:
    """One sentence for all that pip says."""
    if any(sign in output.lower() for sign in NETWORK_TROUBLE):
        return (
            "the packages could not be fetched: connect this computer to the network "
            "(or point pip to a package index it can reach) and start again."
        )
    return f"the packages could not be installed; pip says: {last_line(output)}"


def quietly(
    command: List[str], environment: Optional[Dict[str, str]] = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command in the checkout and keep what it says."""
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def last_line(output: str) -> str:
    """The line that says what was wrong: the last error, or else the last one of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:"))]
    told = [line for line in errors if not line.endswith(PIP_WRAPPINGS)]
    return (told or errors or lines or ["nothing"])[-1]


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock against a second set-up in this checkout; wait for the other one to finish."""
    with open(LOCK, "a") as lock:
        if not locks(lock.fileno()):
            say("another set-up of this folder is at work; waiting for it …")
            while not locks(lock.fileno()):
                time.sleep(0.2)
        yield  # closing the file gives the lock back, as does the end of the process


def locks(file: int) -> bool:
    """Try to lock the open file for this process."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


# --- the system's libraries -------------------------------------------------------------------------------


def needed_libraries(arguments: List[str], environment: Mapping[str, str]) -> Dict[str, str]:
    """The libraries, each with its Debian package, that Qt loads for what these arguments ask for."""
    if not sys.platform.startswith("linux"):
        return {}  # elsewhere Qt brings what it needs
    command = arguments[0] if arguments else "open"
    if command == "test":
        return OFFSCREEN_LIBRARIES
    if command in COMMANDS_WITHOUT_QT or {"-h", "--help"} & set(arguments):
        return {}
    platform = environment.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith("xcb"):
        return OFFSCREEN_LIBRARIES
    if environment.get("WAYLAND_DISPLAY"):  # Qt brings its own client, and turns to it where xcb fails
        return OFFSCREEN_LIBRARIES
    if command == "screenshot" and not environment.get("DISPLAY"):
        return OFFSCREEN_LIBRARIES
    return dict(OFFSCREEN_LIBRARIES, **WINDOW_LIBRARIES)


def missing_libraries(needed: Dict[str, str]) -> Dict[str, str]:
    """Those of the libraries that the system cannot load."""
    return {library: package for library, package in needed.items() if not loads(library)}


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library and all that it needs in turn."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provide_libraries(missing: Dict[str, str]) -> None:
    """Install what Qt is missing where that is possible, otherwise say how."""
    if not missing:
        return
    apt_install(sorted(missing.values()), f"Qt needs {', '.join(sorted(missing))} from the system")
    still_missing = missing_libraries(missing)
    if still_missing:
        raise SetUpError(f"Qt cannot load {', '.join(sorted(still_missing))}, though it was installed.")


def apt_install(packages: List[str], why: str) -> None:
    """Install Debian packages as root; otherwise raise the sentence with the command that would do it."""
    names = " ".join(packages)
    command = f"apt-get update && apt-get install -y --no-install-recommends {names}"
    if not shutil.which("apt-get"):
        raise SetUpError(f"{why}: install it with the system's package manager (Debian calls it {names}).")
    if os.geteuid() != 0:
        raise SetUpError(f"{why}; install it with: sudo sh -c '{command}'")
    say(f"{why}; installing {names} …")
    result = quietly(["sh", "-c", command], dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
    if result.returncode != 0:
        raise SetUpError(f"{why}, but '{command}' failed: {last_line(result.stdout)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
