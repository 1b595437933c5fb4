"""The lines of the network panel: a name, a number of neurons, an activation, biases or none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from backprop_gui.present.network_picture import LayerRow
from backprop_gui.views.fields import ChoiceBox, CommittedEdit

MOST_UNITS = 1000
_BETWEEN = 6


class NumberBox(QSpinBox):
    """A small count: each arrow is a change, what is typed counts at Return or on leaving."""

    changed = Signal(int)

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = 1
        self.setRange(1, most)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(self._tell)

    def sizeHint(self) -> QSize:
        """Room for the number that stands there, and for one of three digits."""
        metrics = self.fontMetrics()
        number = max(metrics.horizontalAdvance(text) for text in ("100", str(self.value())))
        return QSize(number + round(2.4 * metrics.height()), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_number(self, number: int) -> None:
        """Show the number in force."""
        self._shown = number
        if not self.hasFocus() or self.value() != number:
            with QSignalBlocker(self):
                self.setMaximum(max(self.maximum(), number))
                self.setValue(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc takes back what was typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.show_number(self._shown)
            self.lineEdit().setText(str(self._shown))
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what is behind: scrolling past changes nothing."""
        event.ignore()

    def _tell(self, number: int) -> None:
        if number != self._shown:
            self.changed.emit(number)


class NameEdit(CommittedEdit):
    """A name that is committed as a whole, as wide as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Coming by Tab, the whole name is ready to be typed over."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()


class LayerLine(QWidget):
    """One line, in columns shared with its neighbours by fixed shares of the width."""

    units_requested = Signal(str, int)
    activation_requested = Signal(str, str)
    biases_requested = Signal(str, bool)
    rename_requested = Signal(str, str)
    chosen = Signal(str)

    def __init__(self, activations: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = LayerRow("", "layer")
        self.name, self.units = NameEdit(self), NumberBox(MOST_UNITS, self)
        self.activation, self.biases, self.about = ChoiceBox(11, self), QCheckBox("bias", self), QLabel(self)
        self.about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.activation.show_choices([(a, a.replace("_", " ")) for a in activations], None)
        layout = QGridLayout(self)
        layout.setContentsMargins(6, 3, 6, 3)
        layout.setHorizontalSpacing(
            0
        )  # Qt forgets it beside what is hidden: columns of their own are the gaps
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(0, 1)
        for gap in (1, 3, 5):
            layout.setColumnMinimumWidth(gap, _BETWEEN)
        for part in self.parts():
            policy = part.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # the columns stand below each other in all lines
            part.setSizePolicy(policy)
        self._narrow = False
        self._arrange()
        self.name.committed.connect(self._rename)
        self.units.changed.connect(self._ask_units)
        self.activation.chosen.connect(self._ask_activation)
        self.biases.toggled.connect(self._ask_biases)

    @property
    def row(self) -> LayerRow:
        """What is shown."""
        return self._row

    def parts(self) -> tuple[QWidget, ...]:
        """What takes the keyboard, in order."""
        return (self.name, self.units, self.activation, self.biases)

    def show_row(self, row: LayerRow) -> None:
        """Show a layer, an input, or another kind of node."""
        self._row = row
        self.name.show_text(row.name)
        self.units.setVisible(row.units > 0)
        if row.units:
            self.units.show_number(row.units)
        self.activation.setVisible(bool(row.activation))
        self.activation.show_choice(row.activation)
        self.biases.setVisible(row.biases is not None)
        with QSignalBlocker(self.biases):
            self.biases.setChecked(bool(row.biases))
        words = "inputs" if row.kind == "input" and row.units > 1 else "input"
        self.about.setText(words if row.kind == "input" else row.about)
        self._arrange()
        what = {"input": "input", "layer": "layer", "other": "node"}[row.kind]
        self.name.setAccessibleName(f"name of {what} {row.name}")
        self.units.setAccessibleName(
            f"number of inputs {row.name}" if row.kind == "input" else f"neurons in {row.name}"
        )
        self.activation.setAccessibleName(f"activation of {row.name}")
        self.biases.setAccessibleName(f"biases in {row.name}")

    def show_narrow(self, narrow: bool) -> None:
        """Take two rows where the texts are too large for one."""
        if narrow != self._narrow:
            self._narrow = narrow
            self._arrange()

    def _arrange(self) -> None:
        layout, row = self.layout(), self._row
        assert isinstance(layout, QGridLayout)
        for part in (*self.parts(), self.about):
            layout.removeWidget(part)
        below = int(self._narrow)
        second = self._narrow and row.kind == "layer"
        layout.addWidget(self.name, 0, 0)
        layout.addWidget(self.units, 0, 2)
        if second or not self._narrow:
            layout.addWidget(self.activation, below, 0 if second else 4)
            layout.addWidget(self.biases, below, 2 if second else 6)
        elif row.activation:
            layout.addWidget(self.activation, 0, 2)
        first = 4 if row.units else 2
        if self._narrow:
            layout.addWidget(self.about, 1, 0, 1, 3)
        else:
            layout.addWidget(self.about, 0, first, 1, 1 if row.activation else 7 - first)
        self.about.setVisible(bool(self.about.text()))

    def width_in_one_row(self) -> int:
        """What a layer needs to stand in one row."""
        return sum(part.sizeHint().width() for part in self.parts()) + 3 * _BETWEEN + 12

    def show_chosen(self, chosen: bool) -> None:
        """Whether the buttons are about this line."""
        self.setProperty("chosen", chosen)
        self.style().unpolish(self)
        self.style().polish(self)

    def _rename(self, text: str) -> None:
        self.rename_requested.emit(self._row.name, text)

    def _ask_units(self, number: int) -> None:
        self.units_requested.emit(self._row.name, number)

    def _ask_activation(self, activation: object) -> None:
        self.activation_requested.emit(self._row.name, activation)

    def _ask_biases(self, on: bool) -> None:
        self.biases_requested.emit(self._row.name, on)
