"""File → Recent files: those that were opened or saved last and are still there."""

from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from backprop_gui.settings import MOST_RECENT_FILES
from backprop_gui.views.main_window import MainWindow

CLEAR = "Clear the list"


class RecentFiles(QObject):
    """Keeps the menu of one window; `open_file` opens what is chosen."""

    def __init__(self, window: MainWindow, open_file: Callable[[str], object]) -> None:
        super().__init__(window)
        self._window, self._open = window, open_file
        self.menu = window.menus["recentMenu"]
        self.menu.setToolTipsVisible(True)
        window.menus["fileMenu"].aboutToShow.connect(self.fill)
        self.menu.triggered.connect(self._choose)
        self.menu.menuAction().setEnabled(bool(window.settings().recent_files))

    def fill(self) -> None:
        """List the files; a path that is written as another one's end is told apart by its folder."""
        self.menu.clear()
        files = [path for path in self._window.settings().recent_files if os.path.isfile(path)][
            :MOST_RECENT_FILES
        ]
        for place, path in enumerate(files, start=1):
            folder, name = os.path.split(path)
            shown = f"{name}  —  {_short(folder)}".replace("&", "&&")
            action = self.menu.addAction(f"&{place}  {shown}")
            action.setData(path)
            action.setToolTip(path)
        if files:
            self.menu.addSeparator()
            self.menu.addAction(CLEAR)
        self.menu.menuAction().setEnabled(bool(files))

    def _choose(self, action: QAction) -> None:
        if path := action.data():
            self._open(path)
        else:
            self._window.forget_recent_files()
            self.fill()


def _short(folder: str) -> str:
    """A folder as people write it: ~/experiments."""
    home = os.path.expanduser("~")
    return "~" + folder[len(home) :] if folder == home or folder.startswith(home + os.sep) else folder
