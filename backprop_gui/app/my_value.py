"""The result of a hand calculation beside the number it is about: told whether it agrees, and where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject

from backprop_gui.errors import InvalidEdit
from backprop_gui.present.explain import explain_page
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once a page is about a number, not for the first picture
    from backprop_gui.present.my_value import Verdict
    from backprop_gui.views.my_value_field import MyValueField


class MyValue(QObject):
    """Keeps the field of one window at the number its page is about; works before that number is shown."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self.session, self.window = session, window
        self._made: MyValueField | None = None
        self._about: tuple[int, Quantity] | None = None
        self._checked = ""  # the text of which something is said
        self._verdict: Verdict | None = None
        window.commands["myValue"].triggered.connect(self.open)
        window.commands["singleKeys"].toggled.connect(self._show_letters)
        self._show_letters(window.commands["singleKeys"].isChecked())
        session.moved.connect(self.show_moment)
        session.opened.connect(self.show_moment)
        session.running.training_changed.connect(self._training_changed)

    @property
    def _field(self) -> MyValueField:
        """The field; made for the first page that is about a number."""
        if self._made is None:
            from backprop_gui.views.my_value_field import MyValueField

            self._made = MyValueField()
            self.window.explain.stand_below_result(self._made)
            self.window.add_part(self._made)
            self._made.entered.connect(self._check)
            self._made.cleared.connect(self._forget)
            self._made.left.connect(self.window.canvas.setFocus)
            self._made.show_letters(self.window.commands["singleKeys"].isChecked())
        return self._made

    def _show_letters(self, on: bool) -> None:
        """Buttons and tips name single letters only where these act."""
        self.window.explain.show_letters(on)
        if self._made is not None:
            self._made.show_letters(on)

    def open(self) -> None:
        """Bring the keyboard to the field; where the page is about no single number, say what would be."""
        if self._about is None:
            self.window.show_message("Step to a number, or click one; then yours can be compared with it.")
            return
        self.window.side.setCurrentWidget(self.window.explain)
        self._field.take_keyboard()
        self.window.explain.show_below_result()

    def show_moment(self) -> None:
        """Another moment: another number has an empty field; the same one is compared anew."""
        session = self.session
        if self._made is None and not (session.position or session.focus or session.asking):
            return  # what is given is not compared, and nothing else is needed to start
        from backprop_gui.present.my_value import checked_quantity, compare

        scene = session.scene()
        quantity = None if session.running.is_training else checked_quantity(scene)
        about = None if quantity is None else (session.iteration, quantity)
        afresh = about != self._about
        self._about = about
        if afresh:
            self._checked, self._verdict = "", None
        name = "" if quantity is None else scene.naming.spoken(quantity)
        self._field.show_number(name, afresh)
        if quantity is not None and self._checked:
            self._say(compare(scene, quantity, self._checked))

    def _check(self, text: str) -> None:
        """Enter: compare, say it, and light the part that is meant."""
        if self._about is None:
            return
        from backprop_gui.present.my_value import compare

        try:
            verdict = compare(self.session.scene(), self._about[1], text)
        except InvalidEdit as error:
            self._forget()
            self._field.show_verdict(f"{error}.", "off")
            self.window.explain.show_below_result()
            self._field.line.selectAll()
            return
        self._checked = text
        self._say(verdict)
        self.session.light(verdict.quantities)
        self.window.explain.show_below_result()
        if verdict.state == "right":
            self.window.canvas.setFocus()  # → goes on at once
        else:
            self._field.line.selectAll()

    def _say(self, verdict: Verdict) -> None:
        before, self._verdict = self._verdict, verdict
        if verdict != before:
            self._field.show_verdict(verdict.sentence, verdict.state)
        if verdict.part is not None or (before is not None and before.part is not None):
            self._mark()

    def _mark(self) -> None:
        """The page with the part that is meant lit in its formulas."""
        part = None if self._verdict is None else self._verdict.part
        page = explain_page(replace(self.session.scene(), marked=part))
        self.window.explain.show_page(replace(page, announcement=""))

    def _forget(self) -> None:
        """Nothing is said of a number any more: the page is as it was."""
        marked = self._verdict is not None and self._verdict.part is not None
        self._checked, self._verdict = "", None
        self.session.light(())
        if marked:
            self._mark()

    def _training_changed(self, _training: bool) -> None:
        self.show_moment()
