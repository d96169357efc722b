"""Paths as people write them."""

from __future__ import annotations

import shlex
from pathlib import Path


def home_text(path: Path) -> str:
    """A path below the home folder with `~`, another one as it is."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def home_word(path: Path) -> str:
    """The same as a word of a command, whatever is in the path."""
    home = Path.home()
    if path.is_relative_to(home):
        return f"~/{shlex.quote(str(path.relative_to(home)))}"
    return shlex.quote(str(path))
