"""The static shell scripts that haui itself runs on hosts."""

from __future__ import annotations

import functools
from importlib.resources import files


@functools.cache
def load(name: str) -> str:
    """The text of a script of this folder, e.g. "task.sh"."""
    return (files(__name__) / name).read_text(encoding="utf-8")
