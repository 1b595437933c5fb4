"""The window's actions and menus, made from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from backprop_gui.views.commands import COMMANDS, MENUS, SEPARATOR, Command, Submenu


class Actions:
    """The window's actions by name: `actions["next"]`. The names are the actions' object names."""

    def __init__(self, owner: QObject) -> None:
        self._groups: dict[str, QActionGroup] = {}
        self._actions = {command.name: self._made(command, owner) for command in COMMANDS}
        for name in ("stepSize.operation", "theme.system", "digits.4", "singleKeys"):
            self._actions[name].setChecked(True)
        self.show_undo("", "")

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def checked(self, group: str) -> str:
        """The name of the chosen command of a group, without the group: `checked("theme")` is `dark`."""
        action = self._groups[group].checkedAction()
        return action.objectName().partition(".")[2]

    def group(self, name: str) -> QActionGroup:
        """The commands that exclude each other; its `triggered` tells of a choice by the user."""
        return self._groups[name]

    def choose(self, group: str, choice: object) -> None:
        """Check one command of a group; what is not there is left alone."""
        action = self._actions.get(f"{group}.{choice}")
        if action is not None:
            action.setChecked(True)

    def set_single_keys(self, on: bool) -> None:
        """Let the keys that are letters and digits act, or leave them to whoever dictates or types."""
        self["singleKeys"].setChecked(on)
        for command in COMMANDS:
            if command.letter:
                self[command.name].setShortcuts([QKeySequence(key) for key in command.keys] if on else [])

    def show_undo(self, undo_text: str, redo_text: str) -> None:
        """Name what would be undone and redone; an empty text says: nothing."""
        for name, word, text in (("undo", "&Undo", undo_text), ("redo", "&Redo", redo_text)):
            self[name].setText(f"{word} {text}".rstrip())
            self[name].setEnabled(bool(text))

    def show_playing(self, playing: bool) -> None:
        """Say what the key would do now: play, or pause."""
        self["play"].setText("Pa&use" if playing else "P&lay")
        self["play"].setIconText("Pause" if playing else "Play")

    def show_training(self, training: bool) -> None:
        """Say what the key would do now: train, or stop."""
        self["train"].setText("Stop t&raining" if training else "T&rain")
        self["train"].setIconText("Stop" if training else "Train")

    def _made(self, command: Command, owner: QObject) -> QAction:
        action = QAction(command.text, owner)
        action.setObjectName(command.name)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setAutoRepeat(command.repeats)
        action.setCheckable(command.checkable)
        if command.short:
            action.setIconText(command.short)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = command.tip or command.text.replace("&", "").rstrip("…")
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        if command.group:
            group = self._groups.setdefault(command.group, QActionGroup(owner))
            group.addAction(action)
        return action


def fill_menu_bar(bar: QMenuBar, actions: Actions) -> dict[str, QMenu]:
    """Put every command into its menu; returns the menus by name."""
    menus: dict[str, QMenu] = {}

    def fill(menu: QMenu, entries: tuple[str | Submenu, ...]) -> None:
        for entry in entries:
            if isinstance(entry, Submenu):
                add(menu, entry)
            elif entry == SEPARATOR:
                menu.addSeparator()
            else:
                menu.addAction(actions[entry])

    def add(parent: QMenuBar | QMenu, submenu: Submenu) -> None:
        menu = parent.addMenu(submenu.title)
        menu.setObjectName(submenu.name)
        menus[submenu.name] = menu
        fill(menu, submenu.entries)

    for submenu in MENUS:
        add(bar, submenu)
    return menus
