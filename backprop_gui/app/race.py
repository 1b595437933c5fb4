"""The race of a window: the dialog, the curves that grow together, what is said at the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QCloseEvent

from backprop_gui.engine.optimizers import OPTIMIZERS
from backprop_gui.errors import BackpropError, InvalidEdit
from backprop_gui.experiment.edits import parse_number
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.session.race import Race
    from backprop_gui.views.race_dialog import RaceDialog

USUAL_COUNT = 1000


class RaceCommands(QObject):
    """Lives as long as its window."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._dialog: RaceDialog | None = None
        self._threshold: float | None = None
        window.commands["race"].triggered.connect(self.open)
        window.commands["clearFocus"].triggered.connect(self._stop)
        window.closing.connect(self._closing)
        session.opened.connect(self._forget)

    @property
    def _race(self) -> Race:
        return self.session.branches.race

    def open(self) -> None:
        """Show the dialog, with lanes around the optimiser in force."""
        if self._dialog is None:
            from backprop_gui.views.race_dialog import RaceDialog

            self._dialog = RaceDialog(self.window)
            self._dialog.start_requested.connect(self.start)
            self._dialog.stop_requested.connect(self._stop)
            self._dialog.threshold_requested.connect(self._measure_by)
            self._dialog.lane_requested.connect(self._go_to)
            self.window.add_part(self._dialog)
            self._race.started.connect(self._show_begin)
            self._race.grown.connect(self._show_growth)
            self._race.ended.connect(self._show_end)
            self._dialog.show_count(self.window.toolbar.train_count() or USUAL_COUNT)
        if not self._dialog.isVisible():
            self._fill()
            self._dialog.stand_beside(self.window)
        self._dialog.show()
        self._dialog.raise_()

    def start(self, lanes: list[tuple[str, str]], iterations: int) -> None:
        """Let lanes race: kinds with rates as they are typed. What is wrong is told in the dialog."""
        from backprop_gui.steps.race import Lane

        try:
            parsed = [Lane(kind, parse_number(rate)) for kind, rate in lanes]
            self._race.start(parsed, iterations)
        except BackpropError as error:
            words = str(error)
            if self._dialog is not None:
                self._dialog.show_fault(f"{words[:1].upper()}{words[1:]}.")

    def _fill(self) -> None:
        from backprop_gui.present.race import first_lanes

        assert self._dialog is not None
        model, notation = self.session.model, self.session.experiment.notation
        lanes = first_lanes(model.optimizer.kind, model.settings["learning_rate"])
        kinds = [(row.kind, row.title) for row in OPTIMIZERS.values()]
        rates = [(lane.kind, self.session.format.full(lane.rate)) for lane in lanes]
        self._dialog.show_lanes(kinds, rates, notation.rate)
        self._show_standings()

    # --- what happens -------------------------------------------------------------------------------

    def _show_begin(self) -> None:
        self._threshold = None
        self.window.show_training(True)
        self.session.refresh()  # Esc has something to stop
        self._show_growth()

    def _show_growth(self) -> None:
        from backprop_gui.present.race import progress_words

        race, form = self._race, self.session.format
        done = race.end() - race.start_iteration
        self.window.show_progress(progress_words(done, race.until - race.start_iteration, form))
        self._show_standings()

    def _show_end(self) -> None:
        self.window.show_training(False)
        self.window.show_progress("")
        self._show_standings()
        if self._race.lanes:
            self.window.show_message(self._result(brief=True))
            self.session.refresh()  # Esc has nothing to stop any more

    def _result(self, brief: bool = False) -> str:
        """Who is ahead, or was at the end; what the status bar has room for is `brief`."""
        from backprop_gui.present.race import lead_sentence, result_sentence

        session, race = self.session, self._race
        names = {place: lane.name for place, lane in enumerate(race.lanes)}
        loss, standings = session.experiment.notation.loss, race.standings()
        if race.is_running:
            return lead_sentence(standings, names, session.format, loss)
        end = race.end()
        done, stopped = end - race.start_iteration, end < race.until
        return result_sentence(standings, names, done, stopped, session.format, loss, brief)

    def _show_standings(self) -> None:
        if self._dialog is None:
            return
        from backprop_gui.present.branches import hue_of
        from backprop_gui.present.pictures import TablePicture
        from backprop_gui.present.race import RacePicture, race_table

        race, session = self._race, self.session
        if not race.lanes:
            self._dialog.show_race(RacePicture("", TablePicture((), ())))
            return
        limit = race.common_loss() if self._threshold is None else self._threshold
        names, hues = [lane.name for lane in race.lanes], [hue_of(lane) for lane in race.lanes]
        loss = session.experiment.notation.loss
        standings = race.standings(self._threshold)
        table = race_table(standings, names, hues, race.end(), limit, session.format, loss)
        usual = session.format.text(race.common_loss())
        self._dialog.show_race(RacePicture(self._result(), table, race.is_running, usual))

    # --- what is asked for --------------------------------------------------------------------------

    def _measure_by(self, text: str) -> None:
        """Measure all lanes by a loss as it was typed; empty: the one that all have reached."""
        assert self._dialog is not None
        try:
            threshold = parse_number(text) if text.strip() else None
            if threshold is not None and not math.isfinite(threshold):
                raise InvalidEdit("a loss is a finite number")
        except BackpropError as error:
            words = str(error)
            self._dialog.show_fault(f"{words[:1].upper()}{words[1:]}.")
            return
        self._threshold = threshold
        self._show_standings()

    def _go_to(self, name: str) -> None:
        branches = self.session.branches
        if branches.find(name) is None or name == branches.current.name:
            return
        branches.go_to(name)
        self.session.seek(self.session.timeline.newest)
        self.window.show_message(f"On screen: “{name}”")

    def _stop(self) -> None:
        if self.session.branches.is_racing:
            self._race.stop()

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.hide()

    def _closing(self, event: QCloseEvent) -> None:
        if event.isAccepted():
            self._stop()
