"""Ranges in brackets: `wk[01-20]`, `10.0.0.[11-13,17]`, and Ansible's `[01:50:2]` and `[a:f]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

from haui.wizard.hostlists.result import MAX_HOSTS, Unreadable

_END = r"(?:[0-9]+|[a-z])"
_PART = rf"{_END}(?:[-–:]{_END}(?::[0-9]+)?)?"
_RANGE = re.compile(rf"\[({_PART}(?:,{_PART})*)\]")
_SPAN = re.compile(rf"({_END})(?:[-–:]({_END})(?::([0-9]+))?)?")
_MOST_DIGITS = 9
_EXAMPLE = "wk[01-20] 10.0.1.[1-20] worker"


def has_range(text: str) -> bool:
    """Whether the text holds something that is written like a range."""
    return _RANGE.search(text) is not None


def expand(texts: Sequence[str], fixed: Sequence[bool] = ()) -> list[list[str]]:
    """One row per host: the texts with their ranges replaced, all ranges taken in step.

    A text without a range, or marked as `fixed`, is the same in every row; a text with several
    ranges runs through all their combinations, the last one fastest. Raises Unreadable for ranges
    of different length, and for more than MAX_HOSTS rows.
    """
    open_ = [not (place < len(fixed) and fixed[place]) for place in range(len(texts))]
    sizes = [
        _size(text) if free and has_range(text) else None
        for text, free in zip(texts, open_, strict=True)
    ]
    lengths = sorted({size for size in sizes if size is not None})
    if len(lengths) > 1:
        long = " and ".join(str(length) for length in lengths)
        raise Unreadable(
            f"the ranges of one line must be equally long, these have {long}", _EXAMPLE
        )
    rows = lengths[0] if lengths else 1
    columns = [
        [text] * rows if size is None else list(_values(text))
        for text, size in zip(texts, sizes, strict=True)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _size(text: str) -> int:
    size = 1
    for found in _RANGE.finditer(text):
        size *= sum(len(_span(part)[0]) for part in found[1].split(","))
        if size > MAX_HOSTS:
            raise Unreadable(f"the range gives more than {MAX_HOSTS} hosts", _EXAMPLE)
    return size


def _values(text: str) -> Iterator[str]:
    """The text with each of the values; `text` holds at least one range."""
    fixed = _RANGE.split(text)[::2]
    ranges = [list(_items(found[1])) for found in _RANGE.finditer(text)]
    for chosen in product(*ranges):
        yield fixed[0] + "".join(a + b for a, b in zip(chosen, fixed[1:], strict=True))


def _items(inside: str) -> Iterator[str]:
    for part in inside.split(","):
        span, width = _span(part)
        for number in span:
            yield chr(number) if width < 0 else f"{number:0{width}}"


def _span(part: str) -> tuple[range, int]:
    """The numbers of one part and how many digits they have at least; -1 for letters."""
    match = _SPAN.fullmatch(part)
    if match is None or any(len(text or "") > _MOST_DIGITS for text in match.groups()):
        raise Unreadable(f"a number in the range has more than {_MOST_DIGITS} digits", _EXAMPLE)
    first, last, step = match[1], match[2] or match[1], int(match[3] or 1)
    if first.isdigit() != last.isdigit():
        raise Unreadable(f"the range {part} mixes a letter and a number", _EXAMPLE)
    letters = not first.isdigit()
    start, end = (ord(first), ord(last)) if letters else (int(first), int(last))
    if end < start or step < 1:
        raise Unreadable(f"the range {part} must count upwards", _EXAMPLE)
    padded = first.startswith("0") and len(first) > 1
    return range(start, end + 1, step), -1 if letters else len(first) if padded else 1
