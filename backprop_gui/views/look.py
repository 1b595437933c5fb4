"""The look of the window: which theme is chosen, how large the text is, and every part told of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication

from backprop_gui.present.numbers import NumberFormat
from backprop_gui.settings import TEXT_SCALES
from backprop_gui.views.actions import Actions
from backprop_gui.views.style import apply_look, style_sheet, system_prefers_dark
from backprop_gui.views.theme import DARK, LIGHT, Theme


class Part(Protocol):
    """What every part of the window can be told."""

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""

    def set_text_scale(self, scale: float) -> None:
        """Show text at `scale` times the usual size."""


@runtime_checkable
class NumberPart(Protocol):
    """A part that writes numbers of its own, which no picture has written for it."""

    def set_number_format(self, form: NumberFormat) -> None:
        """Write numbers in this format."""


class WindowLook(QObject):
    """Follows the commands of the View menu, and the desktop when the theme is left to it."""

    changed = Signal()

    def __init__(self, commands: Actions, scale: float, parent: QObject) -> None:
        super().__init__(parent)
        self._commands = commands
        self._parts: list[Part] = []
        self.theme, self.scale = self.chosen_theme(), scale
        self.numbers = NumberFormat()
        self._dress_application()  # before there are parts: with them it takes three times as long
        commands["textLarger"].triggered.connect(self._larger)
        commands["textSmaller"].triggered.connect(self._smaller)
        commands["textReset"].triggered.connect(self._usual)
        commands.group("theme").triggered.connect(self._choose)
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_desktop)

    def dress(self, parts: Sequence[Part]) -> None:
        """Take charge of the parts of the window."""
        self._parts = list(parts)
        self.apply(self.theme, self.scale)

    def add(self, part: Part) -> None:
        """Take charge of one more part, made after the others."""
        self._parts.append(part)
        part.set_theme(self.theme)
        part.set_text_scale(self.scale)
        if isinstance(part, NumberPart):
            part.set_number_format(self.numbers)

    def apply(self, theme: Theme, scale: float) -> None:
        """Give all parts the colours of `theme` and text of `scale` times the usual size."""
        self.theme, self.scale = theme, scale
        self._dress_application()
        for part in self._parts:
            part.set_theme(theme)
            part.set_text_scale(scale)
        self.changed.emit()

    def show_numbers(self, form: NumberFormat) -> None:
        """Have every part write its numbers in this format."""
        self.numbers = form
        for part in self._parts:
            if isinstance(part, NumberPart):
                part.set_number_format(form)

    def chosen_theme(self) -> Theme:
        """The theme that is checked in the menu."""
        choice = self._commands.checked("theme")
        dark = _desktop_is_dark() if choice == "system" else choice == "dark"
        return DARK if dark else LIGHT

    def _dress_application(self) -> None:
        if _application().styleSheet() != style_sheet(self.theme, self.scale):
            apply_look(_application(), self.theme, self.scale)

    def _choose(self, _action: QAction) -> None:
        self.apply(self.chosen_theme(), self.scale)

    def _follow_desktop(self) -> None:
        _application().setProperty("desktopIsDark", None)
        self.apply(self.chosen_theme(), self.scale)

    def _larger(self) -> None:
        larger = [scale for scale in TEXT_SCALES if scale > self.scale]
        if larger:
            self.apply(self.theme, min(larger))

    def _smaller(self) -> None:
        smaller = [scale for scale in TEXT_SCALES if scale < self.scale]
        if smaller:
            self.apply(self.theme, max(smaller))

    def _usual(self) -> None:
        self.apply(self.theme, 1.0)


def _desktop_is_dark() -> bool:
    """What the desktop asked for before the first look was applied: afterwards its palette is ours."""
    application = _application()
    if application.property("desktopIsDark") is None:
        application.setProperty("desktopIsDark", system_prefers_dark())
    return bool(application.property("desktopIsDark"))


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
