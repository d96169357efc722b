"""JSON that somebody else may have written: read in bounded memory, every trouble a ValueError."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def loads(data: bytes, *, parts: int, depth: int = 50) -> Any:
    """What the document says. Raises ValueError, whose text says what is wrong with it.

    `parts` is how many commas and opening brackets it may have: each can become an object of
    seventy bytes, so that they, and not its size, bound the memory. `depth` is how deep it may be
    nested, so that what walks through it later does not come to the end of Python's stack. NaN and
    Infinity, which Python's reader takes, are no JSON.
    """
    if sum(data.count(mark) for mark in (b"[", b"{", b",")) > parts:
        raise ValueError(f"it has more than {parts} parts")
    try:
        document = json.loads(data, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(f"it is nested deeper than {depth} levels") from None
    layer = [document]
    for _ in range(depth):
        layer = [inner for outer in layer for inner in _inside(outer)]
        if not layer:
            return document
    raise ValueError(f"it is nested deeper than {depth} levels")


def _inside(value: object) -> list[Any]:
    """The maps and lists in one."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [part for part in parts if isinstance(part, dict | list)]


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
