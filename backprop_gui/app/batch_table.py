"""The tab with the samples of a batch: there while a batch has more than one, a click leads to the step."""

from __future__ import annotations

from PySide6.QtCore import QObject

from backprop_gui.present.samples import has_samples, sample_quantity, samples_remark, samples_table
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

SAMPLES_TURN = 9  # of the frames of training


class BatchTable(QObject):
    """Keeps the table of one window in step with its session."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        session.moved.connect(self.show_moment)
        window.samples_table.cell_activated.connect(self._go_to)

    def show_moment(self) -> None:
        """Another moment, or the same seen differently; while training, not in each frame."""
        running = self._session.running
        if running.is_training and not running.is_turn(SAMPLES_TURN):
            return
        scene = self._session.scene()
        there = has_samples(scene)
        if there:
            self._window.samples_table.show_table(samples_table(scene))
        self._window.table_tabs.show_samples(there, samples_remark(scene))

    def _go_to(self, identity: str, column: str) -> None:
        """To the very step that uncovers a number."""
        self._session.running.halt()
        quantity = sample_quantity(self._session.scene(), identity, column)
        if quantity is not None:
            self._session.seek_quantity(quantity)
