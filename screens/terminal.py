"""The terminal around the app: its title, so that a list of windows says how it stands."""

from __future__ import annotations

from typing import Any

from textual.app import App

from haui.transport.text import clean_line

LONGEST = 80


def title_sequence(text: str) -> str:
    """The control sequence that sets the title (OSC 2); the text can't end or extend it."""
    return f"\x1b]2;{clean_line(text, LONGEST)}\x07"


def set_terminal_title(app: App[Any], text: str) -> None:
    """Set the title; nothing happens where there is no terminal."""
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(title_sequence(text))
