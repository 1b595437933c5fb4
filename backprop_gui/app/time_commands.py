"""Commands that move through time: stepping, seeking, playing, training."""

from __future__ import annotations

from PySide6.QtCore import QObject

from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow


class TimeCommands(QObject):
    """Carries them out for one window; whatever runs by itself ends first."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        slots = {
            "next": self._next,
            "previous": self._previous,
            "nextPhase": self._next_phase,
            "previousPhase": self._previous_phase,
            "nextIteration": self._next_iteration,
            "previousIteration": self._previous_iteration,
            "first": self._first,
            "newest": self._newest,
            "play": self._play,
            "train": self._train,
        }
        for name, slot in slots.items():
            window.commands[name].triggered.connect(slot)
        window.timeline.position_requested.connect(self._seek_position)
        window.timeline.iteration_requested.connect(self._seek_iteration)
        window.commands["clearFocus"].triggered.connect(session.travelling.call_off)
        session.travelling.progressed.connect(self._show_travelling)
        session.travelling.ended.connect(self._end_travelling)

    def _next(self) -> None:
        self._pause_and(self.session.next)

    def _previous(self) -> None:
        self._pause_and(self.session.previous)

    def _next_phase(self) -> None:
        self._pause_and(self.session.next, "phase")

    def _previous_phase(self) -> None:
        self._pause_and(self.session.previous, "phase")

    def _next_iteration(self) -> None:
        self._pause_and(self.session.next, "iteration")

    def _previous_iteration(self) -> None:
        self._pause_and(self.session.previous, "iteration")

    def _pause_and(self, step: object, *size: str) -> None:
        self.session.running.halt()
        step(*size)  # type: ignore[operator]

    def _first(self) -> None:
        self._seek_iteration(0)

    def _newest(self) -> None:
        self._seek_iteration(self.session.timeline.newest)

    def _seek_iteration(self, iteration: int) -> None:
        self.session.running.pause()
        self.session.travelling.go(iteration)

    def _seek_position(self, position: int) -> None:
        self.session.running.pause()
        self.session.seek(self.session.iteration, position)

    def _play(self) -> None:
        running = self.session.running
        if running.is_playing:
            running.pause()
        else:
            running.play()

    def _train(self) -> None:
        running, branches = self.session.running, self.session.branches
        if branches.is_racing:
            branches.race.stop()
        elif running.is_training:
            running.stop_training()
        else:
            running.train(self.window.toolbar.train_count())

    def _show_travelling(self, done: int, whole: int) -> None:
        """An iteration far from what is kept is computed again."""
        count = self.session.format.count
        self.window.show_progress(f"computing again · {count(done)} of {count(whole)} iterations · Esc stops")

    def _end_travelling(self) -> None:
        self.window.show_progress("")
