"""A drawing in a file: a picture of pixels, or an SVG whose text is legible without our fonts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSize
from PySide6.QtGui import QImage, QImageWriter, QPainter

from backprop_gui.views.fonts import SANS

DRAWING_SIZE = QSize(800, 450)  # of an SVG
_FONT_FAMILY = re.compile(f'font-family="{SANS}[^"]*"')
Paint = Callable[[QPainter, QSize], None]  # the whole drawing, in so many pixels


def drawing_scale(size: QSize) -> float:
    """How much larger texts and lines are in a drawing of this size than in an SVG."""
    return max(1.0, size.width() / DRAWING_SIZE.width())


def write_png(path: str | Path, size: QSize, paint: Paint) -> None:
    """Write a picture of this many pixels. Raises OSError."""
    image = QImage(size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter, size)
    painter.end()
    writer = QImageWriter(str(path), QByteArray(b"png"))
    if not writer.write(image):
        raise OSError(f"{path}: {writer.errorString()}")


def write_svg(path: str | Path, title: str, resolution: int, paint: Paint) -> None:
    """Write a drawing; `resolution` is that of the screen, in dots per inch. Raises OSError."""
    from PySide6.QtSvg import QSvgGenerator  # only where a drawing is written

    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(DRAWING_SIZE)
    generator.setViewBox(QRect(0, 0, DRAWING_SIZE.width(), DRAWING_SIZE.height()))
    generator.setResolution(resolution)  # pyqtgraph records its axes in it
    generator.setTitle(title)
    painter = QPainter()
    if not painter.begin(generator):
        raise OSError(f"{path}: the picture cannot be written")
    paint(painter, DRAWING_SIZE)
    painter.end()
    text = Path(path).read_text(encoding="utf-8")
    fonts = f'font-family="{SANS},Inter,sans-serif"'  # elsewhere the shipped font is not there
    Path(path).write_text(_FONT_FAMILY.sub(fonts, text), encoding="utf-8")
