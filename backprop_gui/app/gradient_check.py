"""The gradient check of a window: measured in slices, and shown in a dialog that may stay open."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from backprop_gui.present.checks import check_picture, check_progress
from backprop_gui.present.why_cells import cell_quantity
from backprop_gui.session.checking import IDLE_LIMIT, GradientCheck
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.sliced import SlicedWork

if TYPE_CHECKING:  # loaded when it is first opened
    from backprop_gui.views.check_dialog import CheckDialog

TELL_SECONDS = 0.1  # between two words on the progress


class GradientChecker(QObject):
    """Lives as long as its window; the dialog is made when it is first asked for."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session = session
        self.window = window
        self.dialog: CheckDialog | None = None
        self._check: GradientCheck | None = None
        self._work = SlicedWork(self)
        session.moved.connect(self._follow)
        session.changed.connect(self._follow)
        window.look.changed.connect(self._dress)

    def start(self) -> None:
        """Measure every gradient of this iteration and show what comes of it."""
        self.session.running.halt()
        self._check = self.session.begin_check()
        if self._check.total <= IDLE_LIMIT:
            for _ in self._check:
                pass
            self._take()
            self._open()
        else:
            self._open()
            self._work.start(self._measured(self._check), self._take)

    def close(self) -> None:
        """The window closes, and what belongs to it."""
        self._work.stop()
        if self.dialog is not None:
            self.dialog.close()

    def _measured(self, check: GradientCheck) -> Iterator[int]:
        """The steps of a check, with a word on the progress now and then."""
        due = 0.0
        for place in check:
            if perf_counter() >= due and self.dialog is not None:
                done, total = len(check.numeric), check.total
                self.dialog.show_progress(done, total, check_progress(done, total))
                due = perf_counter() + TELL_SECONDS
            yield place

    def _take(self) -> None:
        if self._check is not None:
            self.session.take_check(self._check)

    def _cancel(self) -> None:
        if self._work.busy:
            self._work.stop()
            self._show()

    # --- the dialog -------------------------------------------------------------------------------

    def _open(self) -> None:
        if self.dialog is None:
            from backprop_gui.views.check_dialog import CheckDialog

            self.dialog = CheckDialog(self.window)
            self.dialog.check_requested.connect(self.start)
            self.dialog.cancel_requested.connect(self._cancel)
            self.dialog.row_activated.connect(self.session.set_focus)
            self.dialog.cell_asked.connect(self._ask)
            self._dress()
        if not self.dialog.isVisible():  # the text may have grown since it was closed
            self.dialog.resize(self.dialog.size_for(self.window))
        self._show()
        self.dialog.show()
        self.dialog.activateWindow()

    def _ask(self, cell: tuple[str, str]) -> None:
        quantity = cell_quantity(self.session.scene(), *cell)
        if quantity is not None:
            self.window.number_asked.emit(quantity)
            self.window.activateWindow()  # the answer stands there

    def _follow(self) -> None:
        """Nothing stale stays on screen: other gradients are not checked, however like they look."""
        if self._work.busy:
            if self._check is not None and self.session.is_current(self._check):
                return
            self._work.stop()
        if self.dialog is not None and self.dialog.isVisible():
            self._show()

    def _show(self) -> None:
        if self.dialog is not None:
            self.dialog.show_picture(check_picture(self.session.scene()))

    def _dress(self) -> None:
        if self.dialog is not None:
            self.dialog.set_theme(self.window.look.theme)
            self.dialog.set_text_scale(self.window.look.scale)
