"""Notation and conventions of the experiment: the dialog, its preview, and the one edit it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.errors import BackpropError
from backprop_gui.experiment.build import build, notation_faults
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once the dialog is opened, not for the first picture
    from backprop_gui.experiment.conventions import Conventions
    from backprop_gui.views.conventions_dialog import ConventionsDialog

NAMES_ONLY = ("Only names change; every number stays.",)
NOTHING = ("Nothing is changed so far.",)
AGAIN = "Training begins again at iteration 0; undo brings the {} iterations back."


class ConventionCommands(QObject):
    """Opens the dialog for one window and carries out what is applied there."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._editor = Editor(session)
        self._dialog: ConventionsDialog | None = None
        window.commands["conventions"].triggered.connect(self.open)
        window.status.conventions_requested.connect(self.open)

    def open(self) -> None:
        """Show the dialog with the conventions in force."""
        from backprop_gui.views.conventions_dialog import ConventionsDialog

        session, window = self._session, self._window
        session.running.halt()
        dialog = ConventionsDialog(window.theme(), window.look.scale, window)
        self._dialog = dialog
        dialog.conventions_chosen.connect(self._preview)
        dialog.applied.connect(self.apply)
        dialog.destroyed.connect(self._forget)
        dialog.show_conventions(self._now(), self._reasons())
        dialog.open()

    def apply(self, wanted: Conventions) -> None:
        """Put conventions in force, as one entry of undo; a moment of iteration 0 stays on screen."""
        from backprop_gui.experiment.conventions import with_conventions
        from backprop_gui.present.conventions import undo_name

        session, before = self._session, self._now()
        document = with_conventions(session.experiment, session.model.graph, wanted)
        place = (session.iteration, session.position)
        try:
            if _same_numbers(before, wanted):
                self._editor.set_notation(wanted.notation)
                return
            self._editor.replace(document, undo_name(before, wanted))
        except BackpropError as error:
            self._window.show_message(str(error), "error")
            return
        if place[0] == 0:
            session.seek(*place)

    def _preview(self, wanted: Conventions) -> None:
        """Show names and consequences of what is chosen in the dialog."""
        from backprop_gui.experiment.conventions import with_conventions
        from backprop_gui.present.conventions import consequences, headline, notation_picture

        session, before = self._session, self._now()
        assert self._dialog is not None
        if faults := notation_faults(wanted.notation):
            self._dialog.show_preview(None, "", (), _in_words(faults[0]))
            return
        scene = session.scene()
        picture = notation_picture(scene, wanted.notation)
        if wanted == before:
            self._dialog.show_preview(picture, "", NOTHING, "")
            return
        if _same_numbers(before, wanted):
            self._dialog.show_preview(picture, "", NAMES_ONLY, "")
            return
        document = with_conventions(session.experiment, session.model.graph, wanted)
        try:
            told = consequences(scene, build(document, session.source), wanted.notation)
        except BackpropError as error:
            self._dialog.show_preview(picture, "", (), str(error))
            return
        if session.timeline.newest:
            told = (*told, AGAIN.format(session.format.count(session.timeline.newest)))
        self._dialog.show_preview(picture, headline(before, wanted), told, "")

    def _now(self) -> Conventions:
        from backprop_gui.experiment.conventions import conventions_of

        return conventions_of(self._session.experiment, self._session.model.graph)

    def _reasons(self) -> dict[str, str]:
        """Why a choice can't be made, by its name."""
        now, found = self._now(), {}
        if now.half is None:
            found["half"] = "Only a squared error has a ½ to agree on; this loss is another one."
        if self._session.model.batches.batch_size == 1:
            found["reduction"] = "Each update looks at one sample, so both are the same."
        if now.biases == "none":
            found["biases"] = "This network has no biases."
        return found

    def _forget(self) -> None:
        self._dialog = None


def _same_numbers(before: Conventions, wanted: Conventions) -> bool:
    parts = ("half", "reduction", "biases")
    return all(getattr(before, part) == getattr(wanted, part) for part in parts)


def _in_words(fault: str) -> str:
    """`$.notation.loss: 'x y' is no name …` without the place in the file, which is the field."""
    where, _, what = fault.partition(": ")
    named = {"$.notation.loss": "Loss", "$.notation.rate": "Learning rate"}[where]
    return f"{named}: {what}."
