"""Guards against the PySide6 that kills Python 3.11 by taking a reference to None with every call."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from PySide6.QtWidgets import QLabel

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
CALLS = 300
ALLOWED_LOSS = 100


def test_calls_that_return_none_do_not_use_up_references_to_none(qtbot):
    """A PySide6 with the fault loses a reference a call; the interpreter dies when they are used up."""
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for number in range(CALLS):
        label.setText(str(number))
    assert sys.getrefcount(None) > before - ALLOWED_LOSS  # from 3.12 on None is immortal: they are equal


def test_the_project_does_not_ask_for_the_faulty_pyside():
    """Python 3.11 must not be given 6.12; newer Pythons may have it."""
    dependencies = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    pins = {re.sub(r"\s", "", pin) for pin in dependencies if pin.startswith("PySide6")}
    assert pins == {
        "PySide6-Essentials>=6.8,<6.12;python_version<'3.12'",
        "PySide6-Essentials>=6.8;python_version>='3.12'",
    }
