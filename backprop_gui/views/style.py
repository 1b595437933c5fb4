"""The look of all widgets: Fusion, a palette, the style sheet `resources/style.qss` and the shipped fonts."""

from __future__ import annotations

import re
from functools import cache
from string import Template

from msgspec.structs import asdict
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from backprop_gui.paths import resources_folder
from backprop_gui.views.fonts import load_fonts, ui_font
from backprop_gui.views.theme import Theme, blend, dimmed

BASE_PIXELS = 13.0


def apply_look(application: QApplication, theme: Theme, scale: float = 1.0) -> None:
    """Give every window of the application the colours of `theme`, and text `scale` times as large."""
    load_fonts()
    if not application.styleSheet():  # Fusion stays below the style sheet once it is there
        application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(palette(theme))
    application.setFont(ui_font(BASE_PIXELS * scale))
    # The news of the font must have arrived before the style sheet, or widgets keep the font they had.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.ApplicationFontChange.value)
    application.setStyleSheet(style_sheet(theme, scale))


def system_prefers_dark() -> bool:
    """Whether the desktop asks for a dark look. Where it does not say, its palette does: ask it early."""
    scheme = QGuiApplication.styleHints().colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128
    return scheme == Qt.ColorScheme.Dark


@cache  # asked for several times while a window is made
def style_sheet(theme: Theme, scale: float = 1.0) -> str:
    """`resources/style.qss` with the colours of `theme` and every length times `scale`."""
    icons = (resources_folder() / "icons" / "style").as_posix()
    scaled = re.sub(r"(\d+)px", lambda length: f"{_scaled(int(length[1]), scale)}px", _template())
    circle = (_scaled(14, scale) + 2 * _scaled(1, scale)) // 2  # a radius beyond the half makes a square
    return Template(scaled).substitute(asdict(theme), **_shades(theme), icons=icons, round=f"{circle}px")


def palette(theme: Theme) -> QPalette:
    """The palette for what the style sheet leaves to Fusion and for widgets that paint themselves."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.window,
        role.AlternateBase: theme.canvas,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.block,
        role.ButtonText: theme.text,
        role.BrightText: theme.negative,
        role.ToolTipBase: theme.card,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.card,
        role.Midlight: theme.block,
        role.Mid: theme.border,
        role.Dark: theme.outline,
        role.Shadow: theme.outline,
    }
    made = QPalette()
    for colour_role, colour in colours.items():
        made.setColor(colour_role, QColor(colour))
    faint = QColor(dimmed(theme.text, theme.window))
    for colour_role in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, colour_role, faint)
    return made


def _shades(theme: Theme) -> dict[str, str]:
    """The colours the style sheet needs beside those of the theme, all derived from them."""
    light = theme.name == "light"
    return {
        "hover": blend(theme.text, theme.block, 0.06),
        "pressed": blend(theme.text, theme.block, 0.12),
        "faint": dimmed(theme.text, theme.block),
        "accent_hover": blend(theme.text, theme.accent, 0.12),
        "accent_pressed": blend(theme.text, theme.accent, 0.24),
        "edge": blend(theme.outline, theme.card, 0.5),
        "segment": theme.window if light else theme.canvas,
        "segment_edge": theme.border if light else theme.canvas,
        "track": theme.border,
        "thumb": dimmed(theme.muted, theme.window, 0.3),
    }


@cache
def _template() -> str:
    return (resources_folder() / "style.qss").read_text(encoding="utf-8")


def _scaled(length: int, scale: float) -> int:
    """A scaled length; hairlines never vanish."""
    return max(1, round(length * scale))
