"""The plot of histories: of weights or their gradients, by powers of ten or as they are, some pinned."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from backprop_gui.present.run_lines import nearest
from backprop_gui.views.asking import Asking
from backprop_gui.views.line_plot import LinePlot

TIP = (
    "Click or drag: to that iteration · click a name: to that weight · wheel: zoom · ↑ ↓: read the lines here"
)


class HistoryPlot(LinePlot):
    """Shows lines over iterations, of which some are picked."""

    gradients_requested = Signal(bool)
    log_requested = Signal(bool)
    pin_requested = Signal(str)  # the own name of a parameter to be pinned, or not any longer
    clear_requested = Signal()  # nothing pinned any more
    line_clicked = Signal(int)  # its name was clicked
    point_asked = Signal(object)  # why the number at (line, place of its point)?

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("History", parent)
        self.setToolTip(TIP)
        self._pins = self._pin_button()
        self.add_tool(self._pins)
        self._gradients = self.add_switch("gradients", "Gradients instead of values")
        self._gradients.setToolTip("Show the gradient of each, not the parameter itself")
        self._gradients.clicked.connect(self.gradients_requested)
        self._log_box = self.add_switch("log", "Logarithmic axis")
        self._log_box.setToolTip("Show how large they are, by powers of ten, whatever their sign")
        self._log_box.clicked.connect(self.log_requested)
        self._asking: Asking | None = None

    def _pin_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("pins")
        button.setProperty("quiet", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip("Keep the lines of some parameters lit")
        menu = QMenu(button)
        menu.triggered.connect(self._choose)
        button.setMenu(menu)
        return button

    def prepare(self) -> None:
        """Build the curves; this imports pyqtgraph."""
        super().prepare()
        if self._asking is None and self._curve is not None:
            self._curve.names_lead = True
            self._curve.name_clicked.connect(self.line_clicked)
            self._asking = Asking(self._curve, self._curve.point_at)
            self._asking.asked.connect(self.point_asked)

    def ask_pointed(self) -> bool:
        """Ask about the number nearest to the pointer or, with the keyboard here, the one read out."""
        found = self._asking.pointed() if self._asking is not None else None
        if found is None and self.hasFocus() and 0 <= self._read < len(self._picture.lines):
            found = self._read, nearest(self._picture.lines[self._read].iterations, self._here or 0)
        if found is not None:
            self.point_asked.emit(found)
        return found is not None

    def can_ask(self, index: int) -> bool:
        """Every parameter; not the rim of all."""
        return self._picture.lines[index].role != "bound"

    def show_wanted(self, gradients: bool, log: bool) -> None:
        """Which switches are on."""
        self._gradients.setChecked(gradients)
        self._log_box.setChecked(log)
        if log != self._log:
            self.set_log(log)

    def show_pins(self, pinned: Sequence[tuple[str, str]], focused: Sequence[tuple[str, str]]) -> None:
        """What is pinned and what could be: own names, and names as they are shown."""
        count = len(pinned)
        self._pins.setText(f"{count} pinned" if count else "pin")
        self._pins.setAccessibleName(f"Pinned lines: {count}" if count else "Pin a line")
        menu = self._pins.menu()
        menu.clear()
        here = [each for each in focused if each not in pinned]
        for own, name in here:
            menu.addAction(f"Pin {name}").setData(own)
        for own, name in pinned:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(True)
            action.setData(own)
        if count > 1:
            menu.addAction("Unpin all").setData("")
        if not here and not count:
            menu.addAction("Click a weight or neuron in the network first").setEnabled(False)

    def _choose(self, action: QAction) -> None:
        if action.data():
            self.pin_requested.emit(action.data())
        else:
            self.clear_requested.emit()
