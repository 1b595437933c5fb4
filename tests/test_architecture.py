"""Keeps the rooms of the house apart, by reading the imports, and every file and function short."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "backprop_gui"

# From left to right: a room imports from itself and from those before it.
ROOMS = [
    "engine",
    "experiment",
    "steps",
    "present",
    "session",
    "views",
    "app",
    "cli_options",
    "cli",
    "__main__",
]
LEAVES = {"errors", "paths", "settings"}  # anyone may import them; they import no room
FORBIDDEN = {("views", "session")}  # though the direction would be right

NUMERIC = {"numpy", "msgspec"}
WIDGETS = {"numpy", "msgspec", "pyqtgraph", "PySide6", "shiboken6"}
LIBRARIES = {
    "": set(),  # the package's own __init__.py
    "errors": set(),
    "paths": set(),
    "settings": {"msgspec", "PySide6.QtCore"},
    "engine": NUMERIC,
    "experiment": NUMERIC,
    "steps": NUMERIC,
    "present": NUMERIC,
    "session": NUMERIC | {"PySide6.QtCore"},
    "views": WIDGETS,
    "app": WIDGETS,
    "cli_options": set(),
    "cli": WIDGETS,  # inside functions only: importing cli must not load Qt
    "__main__": set(),
}
WITHOUT_QT = ["engine", "experiment", "steps", "present", "cli"]
OF_THE_WINDOW = {"PySide6", "pyqtgraph", "shiboken6", "backprop_gui.views", "backprop_gui.app"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
DATA_PACKAGES = {"backprop_gui.presets": "presets", "backprop_gui.resources": "resources"}


def python_files() -> list[Path]:
    """Every Python file of the repository that a person wrote."""
    ignored = {"build", "dist"}
    return sorted(
        path
        for path in ROOT.rglob("*.py")
        if not any(
            part.startswith(".") or part in ignored or part.endswith(".egg-info")
            for part in path.relative_to(ROOT).parts
        )
    )


def package_files() -> list[Path]:
    """The modules of the program itself."""
    return [path for path in python_files() if PACKAGE in path.parents]


def name_of(path: Path) -> str:
    """How messages call a file."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def room_of(module: str) -> str:
    """`backprop_gui.views.canvas` → `views`; the package itself → an empty name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def module_of(path: Path) -> str:
    """The dotted name of a package file; an `__init__.py` has its package's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of whatever the file imports, wherever it stands, also for types alone."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = absolute_base(node, path)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def absolute_base(node: ast.ImportFrom, path: Path) -> str:
    """The module an import takes its names from, dots resolved."""
    if node.level == 0:
        return node.module or ""
    folder = path.relative_to(ROOT).parent.parts
    base = folder[: len(folder) - (node.level - 1)]
    return ".".join([*base, node.module] if node.module else base)


def in_package(imported: str) -> bool:
    """Whether the name is the program's own."""
    return imported.split(".")[0] == PACKAGE.name


def fails(faults: list[str], rule: str) -> None:
    """Fail with the rule and all that breaks it."""
    if faults:
        pytest.fail(rule + "\n  " + "\n  ".join(faults), pytrace=False)


def test_every_module_has_a_room():
    """A module nobody placed would escape all other rules."""
    faults = [
        f"{name_of(path)}: no room is called {room_of(module_of(path))!r}"
        for path in package_files()
        if room_of(module_of(path)) not in {"", *ROOMS, *LEAVES}
    ]
    fails(
        faults, f"A module belongs to a room ({', '.join(ROOMS)}) or is a leaf ({', '.join(sorted(LEAVES))})."
    )


def test_rooms_import_from_the_left_only():
    """The mathematics must not know the document, nor the document the window."""
    faults = [
        f"{name_of(path)}:{line}: {room or 'the package'} imports {imported}"
        for path in package_files()
        for line, imported in imports_of(path)
        if in_package(imported) and not may_import(room := room_of(module_of(path)), room_of(imported))
    ]
    fails(
        faults,
        "Imports go to the own room or to the left: " + " ← ".join(ROOMS) + "; views never to session.",
    )


def may_import(room: str, other: str) -> bool:
    """Whether a module of the one room may import from the other."""
    if other not in ROOMS:
        return True  # a leaf, or a name of the package itself
    if room not in ROOMS:
        return False  # leaves and the package itself import no room
    return ROOMS.index(other) <= ROOMS.index(room) and (room, other) not in FORBIDDEN


def test_rooms_use_their_own_libraries_only():
    """numpy for numbers, msgspec for records and documents, Qt for what is seen; nothing else anywhere."""
    faults = []
    for path in package_files():
        allowed = LIBRARIES.get(room_of(module_of(path)), set())
        for line, imported in imports_of(path):
            top = imported.split(".")[0]
            if in_package(imported) or top in sys.stdlib_module_names or top == "__future__":
                continue
            if not any(imported == name or imported.startswith(name + ".") for name in allowed):
                faults.append(
                    f"{name_of(path)}:{line}: imports {imported}; allowed: {sorted(allowed) or 'none'}"
                )
    fails(faults, "A room imports the standard library and the libraries named for it in this test.")


@pytest.mark.parametrize("room", WITHOUT_QT)
def test_what_works_without_qt_does_not_load_it(room):
    """Not even through others: `presets`, `show`, `check` and `run` work where Qt's libraries are missing."""
    modules = [module_of(path) for path in package_files() if room_of(module_of(path)) == room]
    if not modules:
        pytest.skip(f"there is no {room} yet")
    program = f"import sys, {', '.join(modules)}; print(*({OF_THE_WINDOW} & set(sys.modules)))"
    python = [sys.executable, "-c", program]
    result = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "", f"importing {room} loads {result.stdout.strip()}"


def test_no_star_imports():
    """`from PySide6.QtWidgets import *` doubles the time an import takes, and hides where names come from."""
    faults = [
        f"{name_of(path)}:{line}: {imported}"
        for path in python_files()
        for line, imported in imports_of(path)
        if imported.endswith(".*")
    ]
    fails(faults, "Names are imported one by one.")


def test_slots_are_bound_methods():
    """A lambda or a partial as a slot keeps its widget alive after deleteLater()."""
    faults = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in package_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
        and any(isinstance(slot, ast.Lambda) or "partial(" in ast.unparse(slot) for slot in node.args)
    ]
    fails(faults, "Signals are connected to bound methods.")


def test_every_module_says_what_it_is_for():
    """The first line of a file is a docstring; an empty __init__.py has nothing to explain."""
    faults = [
        name_of(path)
        for path in python_files()
        if tree_of(path).body and not ast.get_docstring(tree_of(path))
    ]
    fails(faults, "A file's first line says what it is for.")


def test_files_stay_short():
    """Files that grow are where projects of this kind went wrong."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    faults = [f"{name_of(path)}: {lines} lines" for path, lines in lengths.items() if lines > LONGEST_FILE]
    fails(faults, f"A file has at most {LONGEST_FILE} lines.")


def test_functions_fit_a_screen():
    """A function that has to be scrolled is two."""
    faults = [
        f"{name_of(path)}:{node.lineno}: {node.name} has {lines} lines"
        for path in python_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    fails(faults, f"A function has at most {LONGEST_FUNCTION} lines.")


def test_every_package_ships():
    """A sub-package missing from pyproject.toml works in a checkout and is absent from the wheel."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in package_files()}
    assert set(settings["packages"]) == folders | set(DATA_PACKAGES), (
        "keep [tool.setuptools] packages complete"
    )
    assert settings["package-dir"] == DATA_PACKAGES


@pytest.mark.parametrize(
    ("room", "other", "allowed"),
    [
        ("engine", "engine", True),
        ("engine", "experiment", False),
        ("present", "engine", True),
        ("views", "session", False),
        ("app", "session", True),
        ("errors", "engine", False),
        ("engine", "errors", True),
        ("", "views", False),
        ("app", "cli", False),
    ],
)
def test_the_rule_about_rooms_itself(room, other, allowed):
    """The rule tells right from wrong, so that its silence means something."""
    assert may_import(room, other) is allowed


def test_relative_imports_are_understood(tmp_path):
    """`from ..session import Session` in a view is the same trespass as the absolute form."""
    node = ast.parse("from ..session import Session").body[0]
    assert isinstance(node, ast.ImportFrom)
    assert absolute_base(node, PACKAGE / "views" / "canvas.py") == "backprop_gui.session"
