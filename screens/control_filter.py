"""The last door before any terminal: text can't act on it, whatever a screen has let through.

Screens clean foreign text where they show it (screens.glyphs.toned, haui.transport.text). This is
behind all of them, once for every line that is drawn.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_ACTING: Final = re.compile(
    "\u200d*[\x00-\x1f\x7f-\x9f"  # C0 and C1: escapes, 8-bit sequences, the bell
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # bidirectional, invisible
    "\ud800-\udfff]"  # halves of surrogate pairs, which no encoding takes
)
"""With a joiner before it, which else would join what is left."""
_REPLACEMENT: Final = "\ufffd"


class NoControls(LineFilter):
    """Takes control characters and links out of what is drawn, in just as many columns."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(map(_is_harmless, segments)):
            return segments
        return [
            segment
            if _is_harmless(segment)
            else Segment(harmless(segment.text), _unlinked(segment))
            for segment in segments
        ]


def harmless(text: str) -> str:
    """The text without characters that act on a terminal, as many columns wide."""
    return text if text.isprintable() else _ACTING.sub(_stand_in, text)


def _stand_in(found: re.Match[str]) -> str:
    return _REPLACEMENT * cell_len(found.group())


def _is_harmless(segment: Segment) -> bool:
    text, style, _ = segment
    return (text.isprintable() or not _ACTING.search(text)) and not (style and style.link)


def _unlinked(segment: Segment) -> Style | None:
    style = segment.style
    return style.update_link(None) if style and style.link else style
