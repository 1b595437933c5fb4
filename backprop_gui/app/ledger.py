"""The path ledger of a window: by which ways the number that is looked at changes the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from backprop_gui.app.panel import Panel
from backprop_gui.engine.expressions import Slope
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once the tab is looked at, not for the first picture
    from backprop_gui.present.ledger import Choice, LedgerPicture
    from backprop_gui.views.ledger_panel import LedgerPanel


class PathPanel(Panel):
    """Lives as long as its window."""

    place: ClassVar = "side"
    name: ClassVar = "pathPanel"
    title: ClassVar = "Paths"
    tip: ClassVar = "Every way to the loss, and what it is worth"

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._choice: Choice = ""
        self._picture: LedgerPicture | None = None
        session.opened.connect(self._forget_choice)

    def make(self) -> QWidget:
        """The panel, connected."""
        from backprop_gui.views.ledger_panel import LedgerPanel

        panel = LedgerPanel()
        panel.row_pointed.connect(self._light)
        panel.target_activated.connect(self._follow)
        panel.target_asked.connect(self.window.number_asked)
        panel.choice_requested.connect(self._choose)
        panel.copy_requested.connect(self._copy)
        return panel

    def show_moment(self) -> None:
        """The account of the number that is looked at; while training runs no number stands still."""
        from backprop_gui.present.ledger import LedgerPicture, ledger_picture

        session = self.session
        if session.running.is_training:
            told = "The paths are listed when it stops. T or Esc stops it."
            self._picture = LedgerPicture("Training", "Where do the ways lead?", told, text=told)
        else:
            self._picture = ledger_picture(session.scene(), session.subject(), self._choice)
        panel = cast("LedgerPanel", self.widget)
        panel.show_ledger(self._picture)
        if panel.pointed() >= 0:  # a move has put the light out, but the pointer is still there
            self._light(panel.pointed())

    def _light(self, place: int) -> None:
        """Light what lies on the path that is pointed at."""
        rows = self._picture.rows if self._picture is not None else ()
        self.session.light(rows[place].quantities if 0 <= place < len(rows) else ())

    def _follow(self, target: object) -> None:
        """A stop on the way leads to the step of its gradient, a slope opens its rule."""
        if isinstance(target, Slope):
            self.session.open_rule(target)
        elif isinstance(target, Quantity):
            self.session.running.halt()
            self.session.seek_quantity(target)

    def _choose(self, choice: str) -> None:
        self._choice = "mean" if choice == "mean" else "sample"
        self.show_moment()

    def _copy(self) -> None:
        if self._picture is not None:
            QGuiApplication.clipboard().setText(self._picture.text)
            self.window.show_message("Paths copied")

    def _forget_choice(self) -> None:
        self._choice = ""
