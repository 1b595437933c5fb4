"""The network to be built by hand: a list from the inputs to the loss, and the data below it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.present.network_picture import NetworkPicture
from backprop_gui.views.fields import ChoiceBox
from backprop_gui.views.network_data import DataTable
from backprop_gui.views.network_rows import MOST_UNITS, LayerLine, NameEdit, NumberBox
from backprop_gui.views.theme import LIGHT, Theme, blend

MOST_ROWS = 100_000
_SIDE, _GAP = 18, 8
LOSS = "loss"


class NetworkPanel(QScrollArea):
    """Shows a `NetworkPicture`; tells what is to be changed. One line is chosen: the buttons are about it."""

    title_requested = Signal(str)
    rename_requested = Signal(str, str)
    units_requested = Signal(str, int)
    activation_requested = Signal(str, str)
    biases_requested = Signal(str, bool)
    add_requested = Signal(str, bool)  # beside which layer; whether before it
    remove_requested = Signal(str)
    move_requested = Signal(str, int)
    loss_requested = Signal(str)
    outputs_requested = Signal(int)
    rows_requested = Signal(int)
    row_removal_requested = Signal(int)
    cell_requested = Signal(str, str)

    def __init__(
        self, activations: Sequence[str], losses: Sequence[tuple[object, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._scale = LIGHT, 1.0
        self._activations = activations
        self._lines: list[LayerLine] = []
        self._chosen = ""
        self._tabbed = 0  # parts in the order of Tab
        self._picture: NetworkPicture | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._make_parts(losses)
        self._lay_out()
        self._connect()

    # --- parts ------------------------------------------------------------------------------------

    def _make_parts(self, losses: Sequence[tuple[object, str]]) -> None:
        self.title = NameEdit()
        self.title.setAccessibleName("title of the experiment")
        self.refusal = QLabel()
        self.refusal.setObjectName("refusal")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        self.loss = ChoiceBox(30)
        self.loss.setAccessibleName("loss")
        self.loss.show_choices(losses, None)
        self.joined = QCheckBox("joined with softmax")
        self.joined.setToolTip("Softmax and cross-entropy as one operation with one derivative")
        # Alt and a letter act on the line with the keyboard; on the way to them by Tab it would be another.
        names = ("Add &before", "&Add after", "Re&move", "Earl&ier", "La&ter")
        self.add_before, self.add_after, self.remove, self.earlier, self.later = map(QPushButton, names)
        self._buttons = (self.add_before, self.add_after, self.remove, self.earlier, self.later)
        self.rows, self.outputs = NumberBox(MOST_ROWS), NumberBox(MOST_UNITS)
        self.rows.setAccessibleName("rows of data")
        self.outputs.setAccessibleName("targets in a row")
        self.remove_row = QPushButton("Remove ro&w")
        self.table = DataTable()
        self.remark = QLabel()
        self.remark.setWordWrap(True)
        self._headings = (QLabel("LAYERS"), QLabel("DATA"))

    def _lay_out(self) -> None:
        page = QWidget()
        self._page = QVBoxLayout(page)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._page.addWidget(self.title)
        self._page.addWidget(self.refusal)
        self._page.addWidget(self._headings[0])
        self._page.addLayout(self._list)
        loss = QHBoxLayout()
        loss.addWidget(QLabel("Loss"))
        loss.addWidget(self.loss)
        loss.addStretch(1)
        self._page.addLayout(loss)
        self._page.addWidget(self.joined)
        self._button_grid = QGridLayout()
        self._button_grid.setSpacing(_GAP)
        for button in self._buttons:
            self._button_grid.addWidget(button)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._page.addLayout(self._button_grid)
        self._page.addWidget(self._headings[1])
        self._counts = QGridLayout()
        self._counts.setColumnStretch(4, 1)
        self._counted = (QLabel("Rows"), self.rows, QLabel("Targets"), self.outputs)
        for part in self._counted:
            self._counts.addWidget(part)
        self._page.addLayout(self._counts)
        self._page.addWidget(self.table)
        self._page.addWidget(self.remove_row, 0, Qt.AlignmentFlag.AlignLeft)
        self._page.addWidget(self.remark)
        self._page.addStretch(1)
        self.setWidget(page)
        self.setFocusProxy(self.title)

    def _connect(self) -> None:
        self.title.committed.connect(self.title_requested)
        self.loss.chosen.connect(self._ask_loss)
        self.joined.toggled.connect(self._ask_joined)
        self.add_before.clicked.connect(self._add_before)
        self.add_after.clicked.connect(self._add_after)
        self.remove.clicked.connect(self._remove)
        self.earlier.clicked.connect(self._move_earlier)
        self.later.clicked.connect(self._move_later)
        self.outputs.changed.connect(self.outputs_requested)
        self.rows.changed.connect(self.rows_requested)
        self.remove_row.clicked.connect(self._remove_row)
        self.table.cell_requested.connect(self.cell_requested)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow_keyboard)

    # --- what is shown ----------------------------------------------------------------------------

    def show_network(self, picture: NetworkPicture) -> None:
        """Show the network; fields stay where they are, so that the keyboard does, too."""
        self._picture = picture
        self.title.show_text(picture.title)
        while len(self._lines) < len(picture.rows):
            self._add_line()
        for line, row in zip(self._lines, picture.rows, strict=False):
            line.show_row(row)
        for place, line in enumerate(self._lines):
            line.setVisible(place < len(picture.rows))
        self.loss.show_choice(picture.loss)
        self.joined.setVisible(picture.joined is not None)
        with QSignalBlocker(self.joined):
            self.joined.setChecked(bool(picture.joined))
        self.rows.show_number(len(picture.data.values))
        self.outputs.show_number(picture.outputs)
        self.remove_row.setEnabled(len(picture.data.values) > 1)
        self.rows.setEnabled(not picture.data.aside)
        self.rows.setToolTip("Some rows are kept aside for testing" if picture.data.aside else "")
        self.table.show_data(picture.data)
        self._order_tabs()
        self._fit()
        names = [row.name for row in picture.rows]
        self.choose(self._chosen if self._chosen in [*names, LOSS] else self._usual(picture))

    @staticmethod
    def _usual(picture: NetworkPicture) -> str:
        layers = [row.name for row in picture.rows if row.kind == "layer"]
        return layers[0] if layers else LOSS

    def forget_chosen(self) -> None:
        """Begin with the first layer of the network that is shown next."""
        self._chosen = ""

    def choose(self, name: str) -> None:
        """Let the buttons be about a layer, an input or the loss."""
        self._chosen = name
        kinds = {line.row.name: line.row.kind for line in self._shown()}
        for line in self._shown():
            line.show_chosen(line.row.name == name)
        given, loss = kinds.get(name) == "input", name == LOSS
        where = "the loss" if loss else name
        self.add_before.setEnabled(not given)
        self.add_after.setEnabled(not loss)
        for button in (self.remove, self.earlier, self.later):
            button.setEnabled(not given and not loss)
        words = (
            f"Add a layer before {where}",
            f"Add a layer after {where}",
            f"Remove {where}",
            f"Move {where} one place earlier",
            f"Move {where} one place later",
        )
        for button, text in zip(self._buttons, words, strict=True):
            button.setAccessibleName(text)
            button.setToolTip(f"{text} ({button.shortcut().toString()})")

    @property
    def chosen(self) -> str:
        """What the buttons are about."""
        return self._chosen

    def first_field(self) -> NumberBox | NameEdit:
        """Where building begins: the number of neurons of the chosen layer, else the first there is."""
        for line in self._shown():
            if line.row.name == self._chosen and line.row.units:
                return line.units
        return self.title

    def follow_chosen(self) -> None:
        """A keyboard that was in another line goes to the chosen one, to be typed over."""
        now = QApplication.focusWidget()
        if any(line.isAncestorOf(now) for line in self._shown() if now is not None):
            field = self.first_field()
            field.setFocus()
            field.selectAll()

    def show_refusal(self, text: str) -> None:
        """Say in one sentence why a change was not made; an empty text takes it back."""
        self.table.show_refused(bool(text))
        self.refusal.setText(f"{text[:1].upper()}{text[1:]}." if text else "")
        self.refusal.setVisible(bool(text))
        if text:
            self.ensureWidgetVisible(self.refusal)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.refusal.text()))
            if self._picture is not None:
                self.show_network(self._picture)  # what was typed or chosen is not in force

    def show_remark(self, text: str) -> None:
        """Say what becomes of the numbers."""
        self.remark.setText(text)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self._dress()

    def set_text_scale(self, scale: float) -> None:
        """Keep distances in proportion to the text."""
        self._scale = scale
        self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the texts are too large for one row, a layer takes two."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        margins = self._page.contentsMargins()
        room = self.viewport().width() - margins.left() - margins.right()
        narrow = any(line.width_in_one_row() > room for line in self._shown())
        for line in self._lines:
            line.show_narrow(narrow)
        widest = max(button.sizeHint().width() for button in self._buttons)
        columns = 3 if 3 * widest + 2 * _GAP <= room else 2
        for place, button in enumerate(self._buttons):
            self._button_grid.addWidget(button, place // columns, place % columns)
        for place, part in enumerate(self._counted):
            self._counts.addWidget(part, place // 2 if narrow else 0, place % 2 if narrow else place)
        self.loss.set_most_characters(10 if narrow else 30)

    def _dress(self) -> None:
        theme, scale = self._theme, self._scale
        side, gap = round(_SIDE * scale), round(_GAP * scale)
        self._page.setContentsMargins(side, round(14 * scale), side, side)
        self._page.setSpacing(gap)
        small = round(11 * scale)
        chosen = blend(theme.accent, theme.window, 0.12)
        self.setStyleSheet(
            f"#layerLine {{ border: 2px solid transparent; border-radius: {round(8 * scale)}px; }}"
            f'#layerLine[chosen="true"] {{ background: {chosen}; border-color: {chosen}; }}'
            f"#refusal {{ color: {theme.negative}; font-weight: 500; }}"
        )
        for heading in self._headings:
            heading.setStyleSheet(f"color: {theme.muted}; font-weight: 600; font-size: {small}px;")
        self.remark.setStyleSheet(f"color: {theme.muted}; font-size: {round(12 * scale)}px;")

    # --- helpers ----------------------------------------------------------------------------------

    def _shown(self) -> list[LayerLine]:
        count = 0 if self._picture is None else len(self._picture.rows)
        return self._lines[:count]

    def _add_line(self) -> None:
        line = LayerLine(self._activations)
        line.units_requested.connect(self.units_requested)
        line.activation_requested.connect(self.activation_requested)
        line.biases_requested.connect(self.biases_requested)
        line.rename_requested.connect(self.rename_requested)
        self._list.addWidget(line)
        self._lines.append(line)

    def _order_tabs(self) -> None:
        """By Tab as one reads."""
        parts: list[QWidget] = [self.title]
        for line in self._lines:
            parts += line.parts()
        parts += [
            self.loss,
            self.joined,
            *self._buttons,
            self.rows,
            self.outputs,
            self.table,
            self.remove_row,
        ]
        if len(parts) != self._tabbed:
            self._tabbed = len(parts)
            for first, second in pairwise(parts):
                QWidget.setTabOrder(first, second)

    def _follow_keyboard(self, _old: QWidget | None, now: QWidget | None) -> None:
        """The line with the keyboard is the one the buttons are about."""
        if now is None or not self.isAncestorOf(now):
            return
        if now in (self.loss, self.joined):
            self.choose(LOSS)
        for line in self._shown():
            if line.isAncestorOf(now) and line.row.name != self._chosen:
                self.choose(line.row.name)
        self.ensureWidgetVisible(now)

    def _ask_loss(self, loss: object) -> None:
        self.loss_requested.emit(loss)

    def _ask_joined(self, joined: bool) -> None:
        self.loss_requested.emit("softmax_cross_entropy" if joined else "cross_entropy")

    def _add_before(self) -> None:
        self.add_requested.emit(self._chosen, True)

    def _add_after(self) -> None:
        self.add_requested.emit(self._chosen, False)

    def _remove(self) -> None:
        self.remove_requested.emit(self._chosen)

    def _move_earlier(self) -> None:
        self.move_requested.emit(self._chosen, -1)

    def _move_later(self) -> None:
        self.move_requested.emit(self._chosen, 1)

    def _remove_row(self) -> None:
        self.row_removal_requested.emit(self.table.row())
