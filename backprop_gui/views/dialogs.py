"""The questions and pages that come up over the window: files, unsaved work, all keys, about."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.views.actions import Actions
from backprop_gui.views.commands import MENUS, SEPARATOR, Submenu
from backprop_gui.views.theme import Theme

ENDINGS = (".json", ".csv", ".tsv", ".txt", ".png", ".svg", ".pdf")
EXPERIMENT_FILTER = "Experiment (*.json);;All files (*)"
CSV_FILTER = "CSV table (*.csv);;All files (*)"
DATA_FILTER = "Table of data (*.csv *.tsv *.txt)"
IMAGE_FILTER = "PNG picture (*.png);;SVG drawing (*.svg);;PDF page (*.pdf)"

Answer = Literal["save", "discard", "cancel"]

KEY_WORDS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "PgUp": "Page Up", "PgDown": "Page Down"}
OTHER_KEYS = (
    ("Move through a table", "↑ ↓ Tab"),
    ("Take a number that was typed, leave it", "Enter, Esc"),
    ("Open a list", "Alt+↓"),
    ("Building: connect from a neuron", "C"),
    ("Building: cut or remove", "Delete"),
    ("Building: more or fewer neurons", "+ −"),
)


def ask_open_path(window: QWidget, folder: str = "") -> str:
    """Ask for an experiment file to open; empty when the user thought better of it."""
    path, _ = QFileDialog.getOpenFileName(window, "Open experiment", folder, EXPERIMENT_FILTER)
    return path


def ask_data_path(window: QWidget, folder: str = "") -> str:
    """Ask for a CSV file to take data from; empty when the user thought better of it."""
    path, _ = QFileDialog.getOpenFileName(window, "Import data", folder, DATA_FILTER)
    return path


def ask_save_path(window: QWidget, title: str, suggested: str, file_filter: str = EXPERIMENT_FILTER) -> str:
    """Ask where to write; empty when the user thought better of it. Overwriting has been asked about.

    A name without an ending gets that of the suggestion, and then overwriting is asked about here:
    the file dialog has seen the name without it.
    """
    path, _ = QFileDialog.getSaveFileName(window, title, suggested, file_filter)
    if not path or Path(path).suffix.lower() in ENDINGS:
        return path
    whole = Path(path + Path(suggested).suffix)  # `sheet 1.2` has none, either
    if whole.exists() and not _ask_about_overwriting(window, whole):
        return ""
    return str(whole)


def _ask_about_overwriting(window: QWidget, path: Path) -> bool:
    button = QMessageBox.StandardButton
    words = f"{path.name} is there already. Replace it?"
    return (
        QMessageBox.question(window, "Replace file?", words, button.Yes | button.No, button.No) == button.Yes
    )


def ask_about_unsaved(window: QWidget, title: str) -> Answer:
    """Ask what becomes of changes that are not saved."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Save changes?")
    box.setText(f"Save the changes to “{title}”?")
    box.setInformativeText("Without saving, the edits and the iterations are lost.")
    button = QMessageBox.StandardButton
    box.setStandardButtons(button.Save | button.Discard | button.Cancel)
    box.setDefaultButton(button.Save)
    box.setEscapeButton(button.Cancel)
    _take_icons(box)
    chosen = box.exec()
    box.deleteLater()
    if chosen == button.Save:
        return "save"
    return "discard" if chosen == button.Discard else "cancel"


def ask_about_recovery(window: QWidget, title: str, when: str) -> bool:
    """Offer an experiment that was not saved the last time; False gives it up."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Unsaved experiment")
    box.setText(f"“{title}” was not saved the last time.")
    box.setInformativeText(f"It was kept on {when}. Open it, or give it up?")
    restore = box.addButton("Open it", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Give it up", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(restore)
    box.setEscapeButton(restore)  # nothing is lost by a key pressed in haste
    _take_icons(box)
    box.exec()
    chosen = box.clickedButton() is restore
    box.deleteLater()
    return chosen


def help_dialog(window: QWidget, actions: Actions, theme: Theme) -> QDialog:
    """All keys, read from the actions themselves, by menu."""
    dialog = _page(window, "All keys", _keys_page(actions, theme))
    dialog.setObjectName("helpDialog")
    return dialog


def about_dialog(window: QWidget, version: str) -> QDialog:
    """What this program is."""
    words = (
        f"<p style='font-size: large; font-weight: 600'>backprop-gui {escape(version)}</p>"
        "<p>Watch, check and do backpropagation: every forward value,<br>gradient and update, "
        "one step at a time, forwards and back.</p><p>Every number says where it came from.</p>"
    )
    dialog = _page(window, "About backprop-gui", words)
    dialog.setObjectName("aboutDialog")
    return dialog


def keys_by_menu(actions: Actions) -> list[tuple[str, list[tuple[str, str]]]]:
    """(menu, [(what it does, its keys)]) for every command that has a key."""
    pages = [(_plain(menu.title), _lines(menu, actions)) for menu in MENUS]
    return [*pages, ("In fields and tables", list(OTHER_KEYS))]


def _lines(menu: Submenu, actions: Actions) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for entry in menu.entries:
        if isinstance(entry, Submenu):
            inner = _lines(entry, actions)
            lines += [(f"{_plain(entry.title)}: {what.lower()}", keys) for what, keys in inner]
        elif entry != SEPARATOR and actions[entry].shortcuts():
            lines.append((_plain(actions[entry].text()), _keys(actions, entry)))
    return lines


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip("…")


def _keys(actions: Actions, name: str) -> str:
    return ", ".join(key_text(key.toString()) for key in actions[name].shortcuts())


def key_text(key: str) -> str:
    """`Ctrl+Right` as it stands in the user guide: `Ctrl+→`."""
    plus = key.endswith("++")
    held = key.removesuffix("++").split("+") if plus else key.split("+")[:-1]
    pressed = "+" if plus else key.split("+")[-1]
    return "+".join([*held, KEY_WORDS.get(pressed, pressed)])


def _keys_page(actions: Actions, theme: Theme) -> str:
    """Two columns of menus, as HTML: Qt lays tables out well, and a screen reader reads them in order."""
    sections = {}
    for menu, lines in keys_by_menu(actions):
        head = f"<tr><td colspan='2' style='padding: 10px 0 3px; font-weight: 600'>{escape(menu)}</td></tr>"
        sections[menu] = head + "".join(
            f"<tr><td style='padding: 2px 18px 2px 0'>{escape(what)}</td>"
            f"<td style='padding: 2px 0; color: {theme.muted}; white-space: nowrap'>{escape(keys)}</td></tr>"
            for what, keys in lines
        )
    right = sections.pop("Run") + sections.pop("In fields and tables")
    return (
        "<table><tr>"
        f"<td style='padding-right: 44px'><table>{''.join(sections.values())}</table></td>"
        f"<td><table>{right}</table></td></tr></table>"
    )


def _page(window: QWidget, title: str, html: str) -> QDialog:
    """A page of text that scrolls when it has to, with one button that closes it."""
    dialog = QDialog(window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    text = QLabel(html)
    text.setTextFormat(Qt.TextFormat.RichText)
    text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    text.setMargin(16)
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    scroll.setWidget(text)
    scroll.setAccessibleName(title)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(scroll)
    layout.addWidget(buttons)
    _take_icons(buttons)
    # As large as its text, but not larger than the window it belongs to.
    wanted = text.sizeHint() + QSize(50, 80)
    dialog.resize(wanted.boundedTo(QSize(window.width() - 40, window.height() - 60)))
    return dialog


def _take_icons(box: QMessageBox | QDialogButtonBox) -> None:
    """Some desktops put stock icons on the buttons of dialogs."""
    for button in box.buttons():
        button.setIcon(QIcon())
