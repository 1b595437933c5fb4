"""The computational graph in the place of the network: the same step, operation by operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.asking import Asking
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once the graph is looked at, not for the first picture
    from backprop_gui.present.computation_graph import ComputationMemory
    from backprop_gui.views.computation_canvas import ComputationCanvas


class ComputationView(QObject):
    """Lives as long as its window; while the network is shown it costs nothing."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._memory: ComputationMemory | None = None
        self._canvas: ComputationCanvas | None = None
        self._command = window.commands["graphView"]
        self._command.toggled.connect(self._switch)
        window.commands["build"].toggled.connect(self._give_way)
        for happened in (session.opened, session.changed, session.moved, session.lit_changed):
            happened.connect(self._show_if_seen)

    def is_shown(self) -> bool:
        """Whether the computational graph stands on the stage."""
        return self._canvas is not None and self.window.stage.currentWidget() is self._canvas

    def _switch(self, on: bool) -> None:
        """Change between the network and its computational graph; the keyboard stays on the stage."""
        stage, window = self.window.stage, self.window
        if on:
            window.commands["build"].setChecked(False)
        shown = self._made() if on else window.canvas
        had_keyboard = window.focusWidget() is stage.currentWidget()
        stage.setCurrentWidget(shown)
        self._show_if_seen()
        if had_keyboard:
            shown.setFocus(Qt.FocusReason.OtherFocusReason)

    def _give_way(self, building: bool) -> None:
        """Neurons are added and connected on the network's own canvas."""
        if building:
            self._command.setChecked(False)

    def _made(self) -> ComputationCanvas:
        """The view, made when it is first looked at."""
        if self._canvas is None:
            from backprop_gui.views.computation_canvas import ComputationCanvas

            canvas, window = ComputationCanvas(), self.window
            canvas.set_reduced_motion(window.commands["reducedMotion"].isChecked())
            window.commands["reducedMotion"].toggled.connect(canvas.set_reduced_motion)
            canvas.quantity_clicked.connect(self._ask)
            canvas.identity_clicked.connect(self._focus)
            canvas.background_clicked.connect(self._unfocus)
            asking = Asking(canvas, canvas.quantity_at, canvas.ring_point, clicks=True)
            asking.asked.connect(window.number_asked)
            window.stage.addWidget(canvas)
            window.add_part(canvas)
            self._canvas = canvas
        return self._canvas

    def _show_if_seen(self) -> None:
        if self.is_shown():
            from backprop_gui.present.computation_graph import ComputationMemory, computation_picture

            assert self._canvas is not None
            self._memory = self._memory or ComputationMemory()
            self._canvas.show_picture(computation_picture(self.session.scene(), self._memory))

    # --- what is asked for: the same as on the network's canvas ---------------------------------------

    def _ask(self, quantity: Quantity) -> None:
        self.session.running.halt()
        self.session.ask(quantity)

    def _focus(self, identity: str) -> None:
        self.session.running.halt()
        self.session.set_focus("" if identity == self.session.focus else identity)

    def _unfocus(self) -> None:
        if self.session.focus or self.session.rule is not None:
            self.session.set_focus("")
