"""The last door before a terminal that shows ASCII alone.

haui's own signs have stand-ins (screens.glyphs). What is left comes from elsewhere: scroll bars and
text areas of the toolkit, and foreign text. Here it is replaced in just as many columns.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_STAND_INS: Final = str.maketrans({
    "▲": "^", "▼": "v", "▶": ">", "◀": "<", "•": "*", "·": ".", "…": ".", "–": "-", "—": "-",
    "─": "-", "━": "-", "│": "|", "┃": "|", **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
    "▌": "|", "▐": "|", "‘": "'", "’": "'", "“": '"', "”": '"',
    "\N{NO-BREAK SPACE}": " ", **dict.fromkeys("▁▂▃▄▅▆▇█▉▊▋▍▎▏▕", " "),
})  # fmt: skip
"""One column each. The blocks are the ends of scroll bars, whose colour says enough."""


_ELLIPSIS: Final = re.compile("…  (?= |$)|[ -~]{2}…|…[ -~]{2}")
"""An ellipsis with the two columns that its dots take: blanks after it, else what is beside it."""
_RANGE: Final = re.compile(r"(?<=\d)…(?=\d)")


class AsciiOnly(LineFilter):
    """Replaces every other character; control sequences pass."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(in_ascii(segment.text), segment.style)
            for segment in segments
        ]


@lru_cache(4096)
def in_ascii(text: str) -> str:
    """The text in ASCII, as many columns wide: letters without their accents, else `?`."""
    shown = _ELLIPSIS.sub("...", _RANGE.sub("-", text)).translate(_STAND_INS)
    plain = "".join(char if char.isascii() else _plain(char) for char in shown)
    return set_cell_size(plain, cell_len(text))  # letters that are joined take fewer columns


def _plain(char: str) -> str:
    width = cell_len(char)
    base = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return base if len(base) == width else "?" * width
