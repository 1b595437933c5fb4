"""The branches of a window: the panel, the curves beside the loss, the command that keeps a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from PySide6.QtWidgets import QWidget

from backprop_gui.app.panel import Panel
from backprop_gui.errors import BackpropError
from backprop_gui.session.session import Session
from backprop_gui.steps.branch import Branch
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.views.branches_panel import BranchesPanel

SAME = "Choose another run to see both side by side."
TRAINING = "The runs are compared when training stops. T or Esc stops it."


class BranchPanel(Panel):
    """Lives as long as its window; there while there is a run beside the one on screen."""

    place: ClassVar = "tables"
    name: ClassVar = "branchPanel"
    title: ClassVar = "Branches"
    tip: ClassVar = "Runs that part from one another: go back to any, compare two"

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._branches = session.branches
        self._chosen: Branch | None = None
        self._gone: Branch | None = None  # what was forgotten last
        self._words: dict[int, str] | None = None  # how each differs, until anything changes
        self._curves_due = False  # the loss plot was hidden when they changed
        self.offer(False)
        self._branches.changed.connect(self._show_branches)
        session.changed.connect(self._forget_words)
        self._branches.raced.connect(self._show_race)
        window.commands["fork"].triggered.connect(self._keep)
        window.loss_plot.shown.connect(self._show_due_curves)

    def make(self) -> QWidget:
        """The panel, connected."""
        from backprop_gui.views.branches_panel import BranchesPanel

        panel = BranchesPanel()
        panel.table.go_requested.connect(self._go_to)
        panel.table.forget_requested.connect(self._forget)
        panel.table.rename_requested.connect(self._rename)
        panel.table.row_chosen.connect(self._choose)
        return panel

    @property
    def panel(self) -> BranchesPanel:
        """The panel itself."""
        return cast("BranchesPanel", self.widget)

    # --- showing ------------------------------------------------------------------------------------

    def show_moment(self) -> None:
        """All runs at the iteration on screen."""
        from backprop_gui.present import branches as present
        from backprop_gui.present.pictures import TablePicture

        session, branches = self.session, self._branches
        current, others = branches.current, branches.others
        form, loss = session.format, session.experiment.notation.loss
        if self._words is None:
            self._words = present.differing_words(current, others, session.model, session.naming, form)
        words = self._words
        table = present.branch_table(current, others, session.iteration, words, form, loss)
        if self._chosen is None or self._chosen not in (current, *others):
            self._chosen = others[-1] if others else current
        chosen = self._chosen
        sentence, differences = SAME, TablePicture((), ())
        if session.running.is_training:
            sentence = TRAINING
        elif chosen is not current:
            told = words.get(chosen.number, "")
            sentence = present.difference_sentence(current, chosen, session.iteration, told, form)
            differences = present.difference_table(current, chosen, session.iteration, session.naming, form)
        self.panel.show_branches(present.BranchesPicture(table, chosen.name, sentence, differences))

    def _show_branches(self) -> None:
        """Other branches, or other names: the tab, the table and the curves."""
        self._words = None
        self.offer(bool(self._branches.others))
        if self._gone in self._branches.others:
            self.window.show_message(f"“{self._gone.name}” is there again")
            self._gone = None
        self._show_curves()
        self._show_if_seen()

    def _show_curves(self) -> None:
        current, others = self._branches.current, self._branches.others
        self._curves_due = bool(others) and not self.window.loss_plot.isVisible()
        if self._curves_due:
            return
        if others:
            from backprop_gui.present.branches import branch_lines, fork_points

            lines, forks = branch_lines(current, others), fork_points(current, others)
            self.window.loss_plot.show_branches(lines, forks)
        else:
            self.window.loss_plot.show_branches((), ())

    def _show_due_curves(self) -> None:
        if self._curves_due:
            self._show_curves()

    def _show_race(self) -> None:
        self._show_curves()
        self._show_if_seen()

    def _forget_words(self) -> None:
        self._words = None

    # --- what is asked for --------------------------------------------------------------------------

    def _keep(self) -> None:
        branch = self._branches.keep()
        self._chosen = branch
        self.window.show_message(f"Kept as “{branch.name}”; F2 in the table of branches renames it")
        self.open()

    def _go_to(self, name: str) -> None:
        left = self._branches.current
        if name != left.name and self._attempt(self._branches.go_to, name):
            self._chosen = left
            self._show_if_seen()
            self.window.show_message(f"On screen: “{name}”; “{left.name}” is a branch now")

    def _forget(self, name: str) -> None:
        branch = self._branches.find(name)
        if self._attempt(self._branches.forget, name):
            self._gone = branch
            self.window.show_message(f"“{name}” is forgotten; Undo has it again")

    def _rename(self, name: str, new: str) -> None:
        if not self._attempt(self._branches.rename, name, new):
            self.panel.table.show_refused()

    def _choose(self, name: str) -> None:
        self._chosen = self._branches.find(name)
        self._show_if_seen()

    def _attempt(self, action: Callable[..., None], *arguments: str) -> bool:
        """Do it, or tell in a sentence why not."""
        self.window.clear_message()
        try:
            action(*arguments)
        except BackpropError as error:
            words = str(error)
            self.window.show_message(f"{words[:1].upper()}{words[1:]}.", "error")
            return False
        return True
