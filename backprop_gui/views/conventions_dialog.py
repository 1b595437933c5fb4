"""What things are called, and what books agree on differently: chosen here, with what it would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from backprop_gui.experiment.conventions import Conventions
from backprop_gui.experiment.document import Notation
from backprop_gui.present.conventions import NotationPicture
from backprop_gui.views.fields import ChoiceBox
from backprop_gui.views.formula import FormulaView
from backprop_gui.views.theme import Theme

STYLES = (
    ("numbered", "numbered: w₁, w₂, …"),
    ("layered", "by layer, receiver, sender: wⱼₖ⁽ᴸ⁾"),
    ("theta", "matrices: θⱼₖ⁽ᴸ⁾"),
)
DELTA = ((False, "∂L/∂z"), (True, "δ"))
FIRST = ((1, "1"), (0, "0"))
HALVES = ((True, "with ½: ½(a − y)²"), (False, "without ½: (a − y)²"))
REDUCTIONS = (("mean", "mean"), ("sum", "sum"))
BIASES = (("updated", "updated like weights"), ("frozen", "frozen"))
FORMULA_PIXELS = 17.0
WIDTH = 900  # of the dialog, where names and conventions stand beside each other


class ConventionsDialog(QDialog):
    """Tells of every choice with `conventions_chosen`, and of the final one with `applied`."""

    conventions_chosen = Signal(object)  # Conventions, while they are being chosen
    applied = Signal(object)  # Conventions

    def __init__(self, theme: Theme, scale: float, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("conventionsDialog")
        self.setWindowTitle("Notation and conventions")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme, self._scale = theme, scale
        self._room = parent.size() - QSize(40, 40)
        self._before: Conventions | None = None
        self._make_fields()
        self._lay_out()

    def show_conventions(self, conventions: Conventions, reasons: dict[str, str]) -> None:
        """Begin with these; `reasons` says of a choice that can't be made why not, by its name."""
        self._before = conventions
        notation = conventions.notation
        self._style.show_choices(STYLES, notation.style)
        self._delta.show_choices(DELTA, notation.delta)
        self._first.show_choices(FIRST, notation.first_index)
        self._loss.setText(notation.loss)
        self._rate.setText(notation.rate)
        some = (("some", "some of them are frozen"),) if conventions.biases == "some" else ()
        self._half.show_choices(HALVES, conventions.half)
        self._reduction.show_choices(REDUCTIONS, conventions.reduction)
        self._biases.show_choices((*some, *BIASES), conventions.biases)
        for name, field in (("half", self._half), ("reduction", self._reduction), ("biases", self._biases)):
            field.setEnabled(name not in reasons)
            self._reasons[name].setText(reasons.get(name, ""))
            self._reasons[name].setVisible(name in reasons)
        self._tell()

    def show_preview(
        self, picture: NotationPicture | None, head: str, sentences: Sequence[str], fault: str
    ) -> None:
        """Show what the choices would come to, or the one fault that keeps them from being taken."""
        if picture is not None:
            for view, tree in zip(self._formulas, (*picture.formulas, None, None), strict=False):
                view.show_formula(tree)
                view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # a sample: nothing in it leads anywhere
                view.setVisible(tree is not None)
            self._names.setText(picture.names)
        self._head.setText(head)
        self._head.setVisible(bool(head))
        self._changes.setText("\n".join(sentences))
        self._fault.setText(fault)
        self._fault.setVisible(bool(fault))
        self._apply.setEnabled(not fault and self.conventions() != self._before)

    def conventions(self) -> Conventions:
        """What is chosen now."""
        assert self._before is not None
        notation = Notation(
            self._style.currentData(),
            self._delta.currentData(),
            self._first.currentData(),
            self._loss.text().strip(),
            self._rate.text().strip(),
        )
        changed: dict[str, Any] = {
            name: field.currentData()
            for name, field in (
                ("half", self._half),
                ("reduction", self._reduction),
                ("biases", self._biases),
            )
            if field.isEnabled() and field.currentIndex() >= 0
        }
        return structs.replace(self._before, notation=notation, **changed)

    def changes(self) -> str:
        """What is said to change, as it stands there."""
        return "\n".join(part for part in (self._head.text(), self._changes.text()) if part)

    # --- making ----------------------------------------------------------------------------------

    def _make_fields(self) -> None:
        self._style = self._choice("notationStyle", "Weights are called")
        self._delta = self._choice("notationDelta", "The derivative of the loss by z is called")
        self._first = self._choice("notationFirst", "Neurons and inputs count from")
        self._loss, self._rate = (
            self._line("notationLoss", "Loss"),
            self._line("notationRate", "Learning rate"),
        )
        self._half = self._choice("conventionHalf", "Squared error")
        self._reduction = self._choice("conventionReduction", "Samples of an update")
        self._biases = self._choice("conventionBiases", "Biases")
        self._reasons = {name: self._words(quiet=True) for name in ("half", "reduction", "biases")}
        self._formulas = (FormulaView(), FormulaView())
        for view in self._formulas:
            view.set_theme(self._theme)
            view.set_text_size(FORMULA_PIXELS * self._scale)
        self._names = self._words(quiet=True)
        self._names.setAccessibleName("Examples of names")
        self._head, self._changes = self._words(), self._words()
        self._head.setStyleSheet("font-weight: 600;")
        self._changes.setObjectName("conventionChanges")
        self._fault = self._words()
        self._fault.setObjectName("conventionFault")
        self._fault.setStyleSheet(f"color: {self._theme.backward};")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._apply = self._buttons.addButton("Apply", QDialogButtonBox.ButtonRole.AcceptRole)
        self._apply.setDefault(True)
        self._buttons.accepted.connect(self._take)
        self._buttons.rejected.connect(self.reject)
        for button in self._buttons.buttons():
            button.setIcon(QIcon())

    def _lay_out(self) -> None:
        scale = self._scale
        beside = self._room.width() >= round(WIDTH * scale)
        page = QWidget()
        halves = QBoxLayout(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom, page
        )
        halves.setContentsMargins(*(round(part * scale) for part in (22, 18, 22, 8)))
        halves.setSpacing(round(28 * scale))
        halves.addLayout(self._names_half(), 1)
        halves.addLayout(self._numbers_half(), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        foot = QVBoxLayout()
        foot.setContentsMargins(round(22 * scale), 0, round(22 * scale), 0)
        foot.addWidget(self._fault)
        foot.addWidget(self._buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, round(14 * scale))
        layout.addWidget(scroll, 1)
        layout.addLayout(foot)
        wanted = QSize(WIDTH, 510) if beside else QSize(WIDTH * 6 // 10, 860)
        self.resize((wanted * scale).boundedTo(self._room))

    def _names_half(self) -> QVBoxLayout:
        column = self._half_page("Names", "They change nothing that is calculated; files keep theirs.")
        names = (
            ("Weights", self._style),
            ("∂L/∂z is written", self._delta),
            ("Neurons count from", self._first),
            ("Loss", self._loss),
            ("Learning rate", self._rate),
        )
        column.addLayout(self._grid(names))
        column.addWidget(self._block(*self._formulas, self._names))
        column.addStretch(1)
        return column

    def _numbers_half(self) -> QVBoxLayout:
        column = self._half_page("Conventions", "They change numbers, and what training does.")
        conventions = (
            ("Squared error", self._half, "half"),
            ("Samples of an update", self._reduction, "reduction"),
            ("Biases", self._biases, "biases"),
        )
        column.addLayout(self._grid(conventions))
        column.addWidget(self._block(self._head, self._changes))
        column.addStretch(1)
        return column

    def _half_page(self, heading: str, note: str) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(round(10 * self._scale))
        column.addWidget(self._heading(heading))
        column.addWidget(self._words(note, quiet=True))
        return column

    def _grid(self, rows: Sequence[tuple[Any, ...]]) -> QGridLayout:
        """Captions at the left, fields beside them, below a field why it can't be changed."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(round(14 * self._scale))
        grid.setVerticalSpacing(round(6 * self._scale))
        grid.setColumnStretch(1, 1)
        for place, (caption, field, *reason) in enumerate(rows):
            label = QLabel(caption)
            label.setBuddy(field)
            grid.addWidget(label, 2 * place, 0)
            grid.addWidget(field, 2 * place, 1)
            if reason:
                grid.addWidget(self._reasons[reason[0]], 2 * place + 1, 1)
        return grid

    def _block(self, *parts: QWidget) -> QFrame:
        """Parts on a ground of their own."""
        block = QFrame()
        block.setObjectName("conventionBlock")
        block.setStyleSheet(f"#conventionBlock {{ background: {self._theme.block}; border-radius: 8px; }}")
        column = QVBoxLayout(block)
        column.setContentsMargins(*(round(part * self._scale) for part in (14, 10, 14, 10)))
        column.setSpacing(round(6 * self._scale))
        for part in parts:
            column.addWidget(part)
        return block

    def _heading(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setStyleSheet(f"font-weight: 600; font-size: {round(15 * self._scale)}px;")
        return label

    def _choice(self, name: str, said: str) -> ChoiceBox:
        box = ChoiceBox(40)
        box.setObjectName(name)
        box.setAccessibleName(said)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.chosen.connect(self._told)
        return box

    def _line(self, name: str, said: str) -> QLineEdit:
        line = QLineEdit()
        line.setObjectName(name)
        line.setAccessibleName(said)
        line.setMaxLength(20)
        line.textEdited.connect(self._told)
        return line

    def _words(self, text: str = "", quiet: bool = False) -> QLabel:
        label = QLabel(text)
        label.setWordWrap(True)
        if quiet:
            label.setProperty("quiet", "true")
        return label

    # --- telling ---------------------------------------------------------------------------------

    def _told(self, _choice: object) -> None:
        self._tell()

    def _tell(self) -> None:
        self.conventions_chosen.emit(self.conventions())

    def _take(self) -> None:
        self.applied.emit(self.conventions())
        self.accept()
