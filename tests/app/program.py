"""The whole program in a window, driven as other programs drive it: by names, keys and table models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QAction, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTableView, QWidget

from backprop_gui import paths
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.reading import encode

KEY = Qt.Key
NO, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


class Program:
    """One window and what is on it."""

    def __init__(self, window: Any, wait_until: Any) -> None:
        self.window = window
        self.wait_until = wait_until
        self.session = window.controller.session
        self.canvas = self.widget("canvas")
        if not self.action("reducedMotion").isChecked():
            self.do("reducedMotion")

    # --- doing -------------------------------------------------------------------------------------

    def widget(self, name: str) -> Any:
        """A part of the window by its object name."""
        found = self.window.findChild(QWidget, name)
        assert found is not None, name
        return found

    def action(self, name: str) -> QAction:
        """A command by its object name."""
        found = self.window.findChild(QAction, name)
        assert found is not None, name
        return found

    def do(self, *names: str) -> None:
        """Trigger commands, one after the other."""
        for name in names:
            self.action(name).trigger()

    def scale_texts(self, scale: float) -> None:
        """To a size of texts at once: every size on the way would be laid out, too."""
        self.window.look.apply(self.window.look.theme, scale)

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NO, times: int = 1) -> None:
        """Press a key where the keyboard is."""
        for _ in range(times):
            QTest.keyClick(QApplication.focusWidget() or self.window, key, held)

    def go(self, position: int, iteration: int = 0) -> None:
        """To a position by the keys: the iteration's beginning, then → again and again."""
        self.widget("timeline").iteration_requested.emit(iteration)
        self.press(KEY.Key_Right, times=position)

    def type_into(self, field: QLineEdit, text: str, end: Qt.Key | None = KEY.Key_Return) -> None:
        """Type over what stands in a field; nothing is entered when `end` is None."""
        field.setFocus()
        field.selectAll()
        QTest.keyClick(field, KEY.Key_Backspace)
        for sign in text:  # QTest's own typing knows ASCII only
            QApplication.sendEvent(field, QKeyEvent(QEvent.Type.KeyPress, 0, NO, sign))
        if end is not None:
            QTest.keyClick(field, end)

    def place_on_canvas(self, identity: str) -> QPoint:
        """Where a neuron or weight stands on the canvas, as screen readers are told."""
        number = [stop.identity for stop in self.canvas.stops()].index(identity)
        rect = QAccessible.queryAccessibleInterface(self.canvas).child(number).rect()
        low = QPoint(rect.center().x(), rect.top() + round(0.7 * rect.height()))  # the number of an input
        return self.canvas.viewport().mapFromGlobal(low if identity.startswith("x") else rect.center())

    def click(self, identity: str) -> None:
        """Click a neuron or a weight."""
        where = self.place_on_canvas(identity)
        QTest.mouseClick(self.canvas.viewport(), Qt.MouseButton.LeftButton, NO, where)

    def open_editor(self, identity: str) -> QLineEdit:
        """Double-click a number on the canvas."""
        where = self.place_on_canvas(identity)
        QTest.mouseDClick(self.canvas.viewport(), Qt.MouseButton.LeftButton, NO, where)
        editor = self.canvas.findChild(QLineEdit, "canvasEditor")
        assert editor.isVisible()
        return editor

    def edit_on_canvas(self, identity: str, text: str) -> None:
        """Double-click a number on the canvas, type, Enter."""
        self.type_into(self.open_editor(identity), text)

    def edit_rate(self, text: str) -> None:
        """Type into the learning-rate field, Enter."""
        self.type_into(self.widget("learningRate"), text)

    def edit_in_table(self, row: int, text: str) -> None:
        """Open the value's cell in the parameter table, type, Enter."""
        table: QTableView = self.widget("parameterTable")
        self.window.table_tabs.setCurrentWidget(table)
        table.edit(table.model().index(row, 2))
        editor = next(each for each in table.findChildren(QLineEdit) if each.isVisible())
        self.type_into(editor, text)
        QApplication.processEvents()

    def train(self, count: int) -> None:
        """T, and wait for the end."""
        before = self.session.timeline.newest
        self.widget("trainCount").setValue(count)
        self.do("train")
        self.wait_for_end()
        assert self.session.timeline.newest == before + count

    def wait_for_end(self, most: int = 40_000) -> None:
        """Wait until nothing is trained any more."""
        self.wait_until(lambda: not self.session.running.is_training, timeout=most)

    # --- reading -----------------------------------------------------------------------------------

    @property
    def explanation(self) -> str:
        """The whole text of the explain panel."""
        return str(self.widget("explain").accessibleDescription())

    @property
    def where(self) -> str:
        """What the timeline says."""
        return str(self.widget("timeline").accessibleDescription())

    @property
    def at(self) -> tuple[int, int]:
        """Iteration and position, read from the timeline."""
        words = self.where.replace(",", "").split()
        return int(words[1]), int(words[words.index("step") + 1])

    @property
    def message(self) -> str:
        """The sentence that has to be read."""
        return str(self.window.message_bar.text())

    def canvas_texts(self) -> list[str]:
        """What screen readers are told of every neuron and weight."""
        interface = QAccessible.queryAccessibleInterface(self.canvas)
        name = QAccessible.Text.Name
        return [interface.child(number).text(name) for number in range(interface.childCount())]

    def table(self, name: str, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> list[list[str]]:
        """The cells of a table."""
        model: QAbstractItemModel = self.widget(name).model()
        columns = range(model.columnCount())
        return [[model.index(row, c).data(role) for c in columns] for row in range(model.rowCount())]

    def cell(self, table: str, parameter: str, head: str) -> str:
        """One cell by the name in its row and the head of its column, with all digits."""
        model: QAbstractItemModel = self.widget(table).model()
        heads = [
            model.headerData(c, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole)
            for c in range(model.columnCount())
        ]
        rows = self.table(table, Qt.ItemDataRole.EditRole)
        return next(row for row in rows if row[0] == parameter)[heads.index(head)]

    def seen(self) -> dict[str, Any]:
        """Everything on screen, part by part, with all digits."""
        window = self.window
        return {
            "canvas": (self.canvas_texts(), repr(self.canvas._picture)),
            "explain": (self.explanation, repr(window.explain._page)),
            "timeline": (self.where, repr(window.timeline._picture)),
            "gradients": [self.table("gradientTable", role) for role in ROLES],
            "parameters": [self.table("parameterTable", role) for role in ROLES],
            "status": repr(window.status._picture),
            "rate": self.widget("learningRate").text(),
            "losses": (window.loss_plot._iterations.tolist(), window.loss_plot._losses.tolist()),
            "here": window.loss_plot._here,
            "focus": self.session.focus,
        }


ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole)


def document_of(preset: str) -> dict[str, Any]:
    """What stands in the file of a preset."""
    text = (paths.presets_folder() / f"{preset}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def written(document: dict[str, Any], path: Path) -> str:
    """A file with this in it."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def as_file(experiment: Experiment, path: Path) -> str:
    """The experiment in a file."""
    path.write_bytes(encode(experiment))
    return str(path)


def assert_same(seen: dict[str, Any], expected: dict[str, Any]) -> None:
    """Two windows show the same, told part by part."""
    for part, value in expected.items():
        assert seen[part] == value, part
