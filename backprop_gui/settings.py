"""What the window remembers from one start to the next; nothing of the experiment is kept here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from backprop_gui.paths import config_folder

TEXT_SCALES = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5)
MOST_RECENT_FILES = 8


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The window as it was left. A field this version does not know is ignored."""

    geometry: str = ""  # as Qt saves it, base64
    side_by_side: tuple[int, ...] = ()  # widths: canvas, explain panel
    top_and_bottom: tuple[int, ...] = ()  # heights: canvas row, tables row
    bottom: tuple[int, ...] = ()  # widths: plot, tables
    theme: Literal["system", "light", "dark"] = "system"
    text_scale: float = 1.0
    digits: int = 4
    digits_fixed: bool = False  # so many decimals, not significant digits
    decimal_comma: bool = False
    reduced_motion: bool = False
    single_keys: bool = True
    ask_first: bool = False
    speed: float = 2.0  # steps a second; 0 is as fast as possible
    step_size: Literal["operation", "neuron", "layer", "phase", "iteration", "epoch"] = "operation"
    train_count: int = 1000  # 0 is until stopped
    recent_files: tuple[str, ...] = ()

    def with_recent_file(self, path: str) -> Settings:
        """The settings after a file was opened or saved: the newest first, each once."""
        others = tuple(other for other in self.recent_files if other != path)
        return msgspec.structs.replace(self, recent_files=(path, *others)[:MOST_RECENT_FILES])


def settings_file() -> Path:
    """The file the settings are kept in."""
    return config_folder() / "window.json"


def load_settings() -> Settings:
    """The settings that were saved; the defaults where there are none, or the file is damaged."""
    try:
        settings = msgspec.json.decode(settings_file().read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Settings()
    return _plausible(settings)


def save_settings(settings: Settings) -> None:
    """Keep the settings. The window works without them, so trouble with the disk is no reason to speak up."""
    path = settings_file()
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)


def reset_window() -> None:
    """Forget how the window was left; the next start shows it as the first one did."""
    settings_file().unlink(missing_ok=True)


def _plausible(settings: Settings) -> Settings:
    """Numbers that no menu can have set become defaults."""
    default = Settings()
    return msgspec.structs.replace(
        settings,
        text_scale=settings.text_scale if settings.text_scale in TEXT_SCALES else default.text_scale,
        digits=settings.digits if 2 <= settings.digits <= 17 else default.digits,
        train_count=settings.train_count if 0 <= settings.train_count <= 100_000_000 else default.train_count,
    )
