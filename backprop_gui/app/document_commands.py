"""Commands that put another form of the document in its place: another seed, fused or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.errors import BackpropError
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.edits import check_edit, parse_number
from backprop_gui.experiment.variants import (
    can_be_fused,
    drawn_anew,
    draws,
    fused,
    is_fused,
    separated,
    with_seed,
)
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.views.seed_dialog import SeedDialog

NEW_DRAW, SEED, FUSED = "newDraw", "seed", "fusedLoss"


class DocumentCommands(QObject):
    """Keeps them in step with one session; `replace` carries a change out, or tells why not."""

    def __init__(
        self, session: Session, window: MainWindow, replace: Callable[[Experiment, str], object]
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._replace = session, window, replace
        self._commands = commands = window.commands
        self._dialog: SeedDialog | None = None
        commands[NEW_DRAW].triggered.connect(self._draw_anew)
        commands[SEED].triggered.connect(self._open_seed)
        commands[FUSED].triggered.connect(self._fuse_or_separate)
        session.opened.connect(self.show_document)
        session.changed.connect(self.show_document)

    def show_document(self) -> None:
        """Offer what applies to the document as it is."""
        network = self._session.experiment.network
        self._commands[NEW_DRAW].setEnabled(draws(network))
        self._commands[SEED].setEnabled(draws(network) or self._session.experiment.training.shuffle)
        self._commands[FUSED].setEnabled(is_fused(network) or can_be_fused(network))
        self._commands[FUSED].setChecked(is_fused(network))

    def _draw_anew(self) -> None:
        self._replace(drawn_anew(self._session.experiment), "new initial values")

    def _open_seed(self) -> None:
        """Ask for a seed, and for the moment from which it is to hold."""
        if self._dialog is None:
            from backprop_gui.views.seed_dialog import SeedDialog

            self._dialog = SeedDialog(self._window)
            self._dialog.seed_requested.connect(self._set_seed)
            self._window.add_part(self._dialog)
        session = self._session
        experiment, model, here = session.experiment, session.model, session.iteration
        shuffles = experiment.training.shuffle and model.batches.batch_size < model.batches.rows
        self._dialog.show_seed(
            model.batches.seed, session.format.count(here), draws(experiment.network), shuffles
        )
        self._dialog.open()

    def _set_seed(self, text: str, from_here: bool) -> None:
        """Take a seed as it was typed; what is wrong is told in the dialog."""
        from backprop_gui.session.editor import Editor

        assert self._dialog is not None
        session = self._session
        try:
            plain = text.strip()
            is_whole = plain.isascii() and plain.isdecimal()  # a float would lose the last digits
            seed = check_edit(session.model, SEED, int(plain) if is_whole else parse_number(text))
            if from_here:
                Editor(session).set_seed(seed)
            elif seed != session.experiment.training.seed:
                self._replace(with_seed(session.experiment, seed), f"seed {seed}")
        except BackpropError as error:
            words = str(error)
            self._dialog.show_fault(f"{words[:1].upper()}{words[1:]}.")
            return
        self._dialog.accept()

    def _fuse_or_separate(self) -> None:
        experiment = self._session.experiment
        if is_fused(experiment.network):
            self._replace(separated(experiment), "separate softmax and cross-entropy")
        else:
            self._replace(fused(experiment), "join softmax and cross-entropy")
