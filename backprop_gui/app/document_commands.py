"""Commands that put another form of the document in its place: new initial values, fused or not."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.variants import can_be_fused, drawn_anew, draws, fused, is_fused, separated
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

NEW_DRAW, FUSED = "newDraw", "fusedLoss"


class DocumentCommands(QObject):
    """Keeps them in step with one session; `replace` carries a change out, or tells why not."""

    def __init__(
        self, session: Session, window: MainWindow, replace: Callable[[Experiment, str], object]
    ) -> None:
        super().__init__(window)
        self._session, self._commands, self._replace = session, window.commands, replace
        commands = window.commands
        commands[NEW_DRAW].triggered.connect(self._draw_anew)
        commands[FUSED].triggered.connect(self._fuse_or_separate)
        session.opened.connect(self.show_document)
        session.changed.connect(self.show_document)

    def show_document(self) -> None:
        """Offer what applies to the document as it is."""
        network = self._session.experiment.network
        self._commands[NEW_DRAW].setEnabled(draws(network))
        self._commands[FUSED].setEnabled(is_fused(network) or can_be_fused(network))
        self._commands[FUSED].setChecked(is_fused(network))

    def _draw_anew(self) -> None:
        self._replace(drawn_anew(self._session.experiment), "new initial values")

    def _fuse_or_separate(self) -> None:
        experiment = self._session.experiment
        if is_fused(experiment.network):
            self._replace(separated(experiment), "separate softmax and cross-entropy")
        else:
            self._replace(fused(experiment), "join softmax and cross-entropy")
