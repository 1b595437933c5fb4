"""The program with its window: `create_window` for others, the rest for the command line."""

from __future__ import annotations

from backprop_gui.app.start import create_window, open_window, screenshot

__all__ = ["create_window", "open_window", "screenshot"]
