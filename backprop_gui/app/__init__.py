"""The program with its window: `create_window` for others, the rest for the command line."""

from __future__ import annotations

# What knows nothing of Qt comes first: PySide6 reads the source of every module that is imported after it.
import backprop_gui.present.canvas
import backprop_gui.present.csv_files
import backprop_gui.present.explain  # noqa: F401
from backprop_gui.app.start import create_window, open_window, screenshot

__all__ = ["create_window", "open_window", "screenshot"]
