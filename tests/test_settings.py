"""What the window remembers: a damaged file means the defaults, never an error."""

from __future__ import annotations

import pytest

from backprop_gui.settings import Settings, load_settings, reset_window, save_settings, settings_file


@pytest.mark.parametrize("text", ["", "{", "[]", '{"theme": "green"}', '{"text_scale": "big"}', "\xff"])
def test_damaged_settings_are_the_defaults(text):
    """The window starts whatever stands in the file."""
    settings_file().parent.mkdir(parents=True)
    settings_file().write_bytes(text.encode("latin-1"))
    assert load_settings() == Settings()


def test_impossible_numbers_in_the_settings_become_defaults():
    """No menu can have set them."""
    save_settings(Settings(text_scale=90.0, digits=99, train_count=-1))
    assert load_settings() == Settings()


def test_settings_of_a_newer_version_are_read_as_far_as_they_are_known():
    """What this version does not know is left out."""
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text('{"theme": "dark", "colour_of_the_sky": 1}', encoding="utf-8")
    assert load_settings() == Settings(theme="dark")


def test_the_window_can_be_reset():
    """As at the first start."""
    save_settings(Settings(theme="dark"))
    reset_window()
    assert load_settings() == Settings()


def test_recent_files_are_each_there_once_the_newest_first():
    """Eight at most."""
    settings = Settings()
    for number in [*range(12), 5]:
        settings = settings.with_recent_file(f"{number}.json")
    assert settings.recent_files[:3] == ("5.json", "11.json", "10.json")
    assert len(settings.recent_files) == 8
