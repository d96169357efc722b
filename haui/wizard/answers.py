"""Answers as nested plain data in the cluster file's shape, incomplete and perhaps wrong. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from haui.clusterfile.problem import Loc

Answers = Mapping[str, Any]


def value_at(answers: Answers, loc: Loc) -> Any:
    """The value at a place; None when there is none, whatever stands around it."""
    part: Any = answers
    for key in loc:
        if isinstance(part, Mapping):
            part = part.get(key)
        elif isinstance(part, Sequence) and not isinstance(part, str) and isinstance(key, int):
            part = part[key] if -len(part) <= key < len(part) else None
        else:
            return None
    return part


def with_value(answers: Answers, loc: Loc, value: Any) -> dict[str, Any]:
    """A copy with another value at a place; None takes it away, and the maps that it leaves empty.

    What stands in the way (a text where a map is needed) is replaced.
    """
    changed = _with(answers, loc, value)
    return changed if isinstance(changed, dict) else {}


def _with(part: Any, loc: Loc, value: Any) -> Any:
    if not loc:
        return value
    key, *rest = loc
    if isinstance(key, int):
        items = list(part) if isinstance(part, list | tuple) else []
        if key >= len(items):
            return items
        inner = _with(items[key], tuple(rest), value)
        return items[:key] + ([] if inner is None else [inner]) + items[key + 1 :]
    held = dict(part) if isinstance(part, Mapping) else {}
    inner = _with(held.get(key), tuple(rest), value)
    if inner is None or (rest and inner == {}):
        held.pop(key, None)
    else:
        held[key] = inner
    return held
