"""The questions about a file that another program has changed meanwhile."""

from __future__ import annotations

from typing import Literal

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox, QWidget

OverChanged = Literal["over", "elsewhere", "cancel"]


def ask_to_save_over(window: QWidget, name: str) -> OverChanged:
    """Whether to save over a file that holds something else than was read from it."""
    box = _box(window, "Save over changes?", f"{name} was changed by another program.")
    box.setInformativeText("Saving here replaces what it holds now.")
    over = box.addButton("Save over it", QMessageBox.ButtonRole.DestructiveRole)
    elsewhere = box.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(elsewhere)
    box.setEscapeButton(cancel)
    chosen = _asked(box)
    return "over" if chosen is over else "elsewhere" if chosen is elsewhere else "cancel"


def ask_to_load_again(window: QWidget, name: str) -> bool:
    """Whether to give up one's own changes for what the file holds now."""
    box = _box(window, "Load again?", f"Load {name} again and give up your own changes?")
    load = box.addButton("Load again", QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    return _asked(box) is load


def _box(window: QWidget, title: str, words: str) -> QMessageBox:
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(title)
    box.setText(words)
    return box


def _asked(box: QMessageBox) -> object:
    for button in box.buttons():
        button.setIcon(QIcon())  # some desktops put stock icons on them
    box.exec()
    chosen = box.clickedButton()
    box.deleteLater()
    return chosen
