"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path


def home_text(path: Path) -> str:
    """A path below the home folder with `~`, another one as it is."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
