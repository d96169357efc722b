"""Cells to draw on, and what comes out: lines of segments with a tone.

Text from outside is cleaned on its way in: a cell never holds a control character, a character
without a width of its own, or half of a wide one, so that every line is as wide as it looks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.cells import get_character_cell_size

Tone = Literal["plain", "dim", "accent", "good", "warn", "bad", "here"]

_ASCII = str.maketrans("┌┐└┘├┤┬┴┼─│═╞╡▼●✓✗·…", "+++++++++-|=||V*vX.~")
"""One cell for one cell, so that both pictures have the same geometry."""
_JOINS_OTHERS = (range(0x1F1E6, 0x1F200), range(0x1F3FB, 0x1F400))


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line in one tone."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Picture:
    """Lines of segments, without blanks at the end of a line."""

    lines: tuple[tuple[Segment, ...], ...] = ()

    def text(self) -> str:
        """Plain text, one line each, without a line break at the end."""
        return "\n".join("".join(part.text for part in line) for line in self.lines)


class Canvas:
    """A page of cells, `width` wide, that grows downwards; what lies outside is not drawn."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._chars: list[list[str]] = []
        self._tones: list[list[Tone]] = []

    @property
    def height(self) -> int:
        return len(self._chars)

    def put(self, x: int, y: int, text: str, tone: Tone = "plain") -> None:
        """Draws clean text from the cell `x` on."""
        while len(self._chars) <= y:
            self._chars.append([" "] * self.width)
            self._tones.append(["plain"] * self.width)
        chars, tones = self._chars[y], self._tones[y]
        if x >= 0 and text.isascii() and x + len(text) <= self.width:
            chars[x : x + len(text)] = text
            tones[x : x + len(text)] = [tone] * len(text)
            return
        for char in text:
            size = 1 if char < "\u0300" else _size(char)
            if x >= 0 and x + size <= self.width:
                chars[x], tones[x] = char, tone
                if size == 2:
                    chars[x + 1], tones[x + 1] = "", tone
            x += size

    def picture(self, *, ascii: bool = False) -> Picture:
        """What was drawn."""
        return Picture(
            tuple(
                _segments(chars, tones, ascii=ascii)
                for chars, tones in zip(self._chars, self._tones, strict=True)
            )
        )


def _segments(chars: list[str], tones: list[Tone], *, ascii: bool) -> tuple[Segment, ...]:
    end = len(chars)
    while end and chars[end - 1] == " ":
        end -= 1
    found, start = [], 0
    for x in range(1, end + 1):
        if x == end or (tones[x] != tones[start] and chars[x] != " "):
            text = "".join(chars[start:x])
            found.append(Segment(ascii_text(text) if ascii else text, tones[start]))
            start = x
    return tuple(found)


@lru_cache(maxsize=4096)
def _size(char: str) -> int:
    return max(1, get_character_cell_size(char))


@lru_cache(maxsize=4096)
def _safe(char: str) -> str:
    """The character, or "?" when it is invisible, joins its neighbours or has no width."""
    joins = any(ord(char) in others for others in _JOINS_OTHERS)
    odd = unicodedata.category(char)[0] in "CMZ" and char != " "
    if joins or odd or not char.isprintable() or get_character_cell_size(char) < 1:
        return "?"
    return char


def ascii_text(text: str) -> str:
    """The drawing's own characters in ASCII, cell for cell."""
    return text.translate(_ASCII)


def clean(text: str, *, ascii: bool = False) -> str:
    """Text from outside as it may be drawn: on one line, no character that could play tricks."""
    if text.isascii() and text.isprintable():
        return text
    if ascii:
        return "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return "".join(_safe(char) for char in text)


def cells(text: str) -> int:
    """How many cells clean text takes."""
    return len(text) if text.isascii() else sum(_size(char) for char in text)


def cut(text: str, width: int, *, front: bool = False) -> str:
    """Clean text in at most `width` cells; "…" stands for what is lost at its end, or front."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    kept, room = "", width - 1
    for char in reversed(text) if front else text:
        size = cells(char)
        if size > room:
            break
        kept, room = (char + kept if front else kept + char), room - size
    return "…" + kept if front else kept + "…"


def wrapped(text: str, width: int) -> list[str]:
    """Clean text in lines of at most `width` cells, broken at blanks, words cut when they must.

    What stands in parentheses stays on one line where it can.
    """
    lines: list[str] = []
    head, opening, tail = text.partition(" (")
    whole = opening and cells(tail) < width
    words = [*head.split(), f"({tail}"] if whole else text.split()
    for word in words:
        piece = cut(word, width)
        if lines and cells(lines[-1]) + 1 + cells(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def alike(names: Sequence[str], width: int) -> list[str]:
    """Names in at most `width` cells that can still be told apart, cut at one end, all the same."""
    ends = [cut(name, width) for name in names]
    if len(set(ends)) == len(set(names)):
        return ends
    fronts = [cut(name, width, front=True) for name in names]
    return fronts if len(set(fronts)) > len(set(ends)) else ends
