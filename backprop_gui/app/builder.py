"""Carries out a change of the network: from what is learned on screen, as one entry for undo, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.errors import BackpropError
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.experiment.building_moment import Change


class Builder(QObject):
    """Rebuilds the experiment of one session."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._editor = Editor(session)

    def change(self, change: Change, name: str) -> str:
        """Rebuild the network; `name` is what undo calls it. Returns why it can't be, or an empty text."""
        from backprop_gui.experiment.building_moment import rebuilt  # not needed to start

        session = self._session
        session.running.halt()
        state, iteration = session.timeline.state(session.iteration), session.iteration
        learned = iteration > 0
        published = bool(session.experiment.expected)
        try:
            experiment = rebuilt(
                session.experiment, session.model, state.parameters, iteration, change, session.source
            )
            if experiment == session.experiment:
                return ""
            self._editor.replace(experiment, name)
        except BackpropError as error:
            return str(error)
        self._window.clear_message()
        said = f"{name[:1].upper()}{name[1:]}."
        if learned:
            said += f" What was learned in iteration {iteration:,} is where it begins now."
        if published:
            said += " The published numbers belong to the network before."
        self._window.show_message(said)
        return ""

    def edit(self, name: str, text: str) -> str:
        """Set one number by its own name. Returns why it can't be, or an empty text."""
        try:
            self._editor.edit(name, text)
        except BackpropError as error:
            return str(error)
        return ""

    def rename(self, title: str) -> str:
        """Another title, which leaves all else as it is. Returns why it can't be, or an empty text."""
        try:
            self._editor.retitle(title)
        except BackpropError as error:
            return str(error)
        return ""
