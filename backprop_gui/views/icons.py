"""The program's own icons: SVG outlines, painted in a colour of the theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from backprop_gui.paths import resources_folder

_SIZES = (16, 20, 24, 32, 40, 50, 80)  # in device pixels: 20 on a doubled screen takes 40
_APP_SIZES = (16, 24, 32, 48, 64, 128, 256)


@cache
def icon(name: str, colour: str, disabled_colour: str | None = None) -> QIcon:
    """The icon `resources/icons/<name>.svg` in `colour`, crisp on plain and on doubled screens."""
    made = QIcon()
    for mode, paint in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled_colour)):
        if paint is not None:
            renderer = _renderer(name, paint)
            for size in _SIZES:
                made.addPixmap(_pixmap(renderer, size), mode)
    return made


@cache
def app_icon() -> QIcon:
    """The icon of the program itself: a small network, and the path back through it."""
    made = QIcon()
    renderer = _renderer("app", "")
    for size in _APP_SIZES:
        made.addPixmap(_pixmap(renderer, size))
    return made


def _renderer(name: str, colour: str) -> QSvgRenderer:
    """QtSvg paints `currentColor` black, so the colour is written into the text."""
    text = (resources_folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))


def _pixmap(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
