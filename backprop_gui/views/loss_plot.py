"""The loss plot: log axis, smoothing and test loss; the curve is made after the window shows."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QShowEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from backprop_gui.present.run_lines import Line, Smoother, loss_picture, smoothed
from backprop_gui.views.asking import Asking
from backprop_gui.views.line_plot import LinePlot

Points: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]  # iterations and numbers

SPANS = (1, 10, 100, 1000)  # iterations a mean looks back over, about


class LossPlot(LinePlot):
    """Shows the loss over the iterations; a click or drag on the curve asks for an iteration."""

    iteration_asked = Signal(object)  # why this loss?
    log_requested = Signal(bool)
    smoothing_requested = Signal(int)  # one of SPANS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss", parent)
        self.setObjectName("lossPlot")
        self._name = "loss"
        self._iterations: NDArray[np.float64] = np.empty(0)
        self._losses: NDArray[np.float64] = np.empty(0)
        self._tests: Points | None = None
        self._branches: tuple[Line, ...] = ()
        self._beside: tuple[Line, ...] = ()  # the branches, smoothed as the run on screen is
        self._forks: tuple[tuple[float, float], ...] = ()
        self._smoother: Smoother | None = None
        self._due = True  # what is plotted is not what is known
        self._asking: Asking | None = None
        self._smooth = self._smooth_button()
        self.add_tool(self._smooth)
        self._log_box = self.add_switch("log", "Logarithmic loss axis")
        self._log_box.setToolTip("Show the loss by its powers of ten")
        self._log_box.clicked.connect(self.log_requested)
        self.set_smoothing(1)

    def _smooth_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("smoothing")
        button.setProperty("quiet", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        group = QActionGroup(menu)
        for span in SPANS:
            action = menu.addAction(f"Mean over about {span:,} iterations" if span > 1 else "As it is")
            action.setCheckable(True)
            action.setData(span)
            group.addAction(action)
        group.triggered.connect(self._request_smoothing)
        button.setMenu(menu)
        return button

    def prepare(self) -> None:
        """Build the plot; this imports pyqtgraph and is called when the window already shows."""
        super().prepare()
        if self._asking is None and self._curve is not None:
            self._asking = Asking(self._curve, self._curve.iteration_at)
            self._asking.asked.connect(self.iteration_asked)

    def ask_pointed(self) -> bool:
        """Ask why the loss is as it is under the pointer or, with the keyboard here, where one is."""
        found = self._asking.pointed() if self._asking is not None else None
        if found is None and self.hasFocus():
            found = self._here
        if found is not None:
            self.iteration_asked.emit(found)
        return found is not None

    def can_ask(self, index: int) -> bool:
        """Of the run on screen, in training."""
        return self._picture.lines[index].own_name == "train_loss"

    # --- being told ------------------------------------------------------------------------------

    def show_losses(
        self,
        iterations: NDArray[np.integer] | NDArray[np.floating],
        losses: NDArray[np.floating],
        tests: Points | None = None,
    ) -> None:
        """Show the losses of these iterations, which are in ascending order.

        `tests` are the test losses of some iterations, None where no rows are kept aside.
        """
        self._iterations = np.asarray(iterations, dtype=np.float64)
        self._losses = np.asarray(losses, dtype=np.float64)
        self._tests = tests
        self._show_all()

    def show_tests(self, tests: Points) -> None:
        """Show further test losses, beside the losses as they are."""
        self._tests = tests
        self._show_all()

    def show_branches(self, lines: tuple[Line, ...], forks: tuple[tuple[float, float], ...]) -> None:
        """Show the losses of other runs, and where they part from the one on screen."""
        if lines or self._branches:
            self._branches, self._forks = lines, forks
            self._smooth_branches()
            self._show_all()

    def _smooth_branches(self) -> None:
        span = self._smoother.span if self._smoother else 1
        self._beside = (
            tuple(self._smoothed(line, span) for line in self._branches) if span > 1 else self._branches
        )

    def _smoothed(self, branch: Line, span: int) -> Line:
        """A branch as a mean that looks back on the past it shares with the run on screen."""
        shared = int(np.searchsorted(self._iterations, branch.iterations[0]))
        means = smoothed(np.concatenate([self._losses[:shared], branch.values]), span)
        return replace(branch, values=means[shared:])

    def set_smoothing(self, span: int) -> None:
        """Show the mean over about so many iterations, the raw curve thin behind it; 1: as it is."""
        self._smoother = Smoother(span) if span > 1 else None
        self._smooth_branches()
        for action in self._smooth.menu().actions():
            action.setChecked(action.data() == span)
        self._smooth.setText(f"mean {self._numbers.count(span)}" if span > 1 else "smooth")
        words = f"mean over about {span:,} iterations" if span > 1 else "none"
        self._smooth.setAccessibleName(f"Smoothing: {words}")
        self._smooth.setToolTip("Smooth the curve; the raw one stays, thin, behind it")
        self._show_all()

    def set_log(self, log: bool) -> None:
        """Show the losses by their powers of ten, or from zero."""
        self._log_box.setChecked(log)
        super().set_log(log)

    def set_loss_name(self, name: str) -> None:
        """The loss as the experiment's notation calls it."""
        if name != self._name:
            self._name = name
            self._show_all()

    # --- inside ----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        if self._due:
            self._show_all()
        super().showEvent(event)

    def _show_all(self) -> None:
        """Smooth and plot what is known, now or when it is looked at."""
        self._due = not self.isVisible()
        if self._due:
            return
        means = self._smoother.of(self._iterations, self._losses) if self._smoother else None
        run = (self._iterations, self._losses, means, self._name, self._tests)
        forks = self._forks
        if means is not None and len(means):
            forks = tuple((at, float(np.interp(at, self._iterations, means))) for at, _ in forks)
        self.show_lines(loss_picture(*run, self._summary(), self._beside, forks))

    def _summary(self) -> str:
        """What a screen reader says about the curve."""
        if not len(self._iterations):
            return "No losses yet."
        points = [
            f"{self._numbers.localised(f'{self._losses[place]:.4g}')} at iteration "
            f"{self._numbers.count(round(self._iterations[place]))}"
            for place in (0, -1)
        ]
        return f"{self._name} {self._numbers.listed(points)}."

    def _request_smoothing(self, action: QAction) -> None:
        self.smoothing_requested.emit(action.data())
