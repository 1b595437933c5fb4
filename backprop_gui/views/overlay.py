"""What may be painted over the canvas, in the coordinates of its scene, while something is done by hand."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QPainter


class Overlay(Protocol):
    """Painted last, and not part of the picture of the network: exports leave it out."""

    @property
    def hint(self) -> str:
        """What the quiet line below the network says meanwhile."""

    def paint(self, painter: QPainter) -> None:
        """Paint it."""
