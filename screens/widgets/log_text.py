"""How a line of a log looks: what is an error, what a warning, what a search has found. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from rich.cells import cell_len
from textual.content import Content

from haui.live.logbook import LogLine
from haui.record.stamp import clock_face
from haui.transport.text import clean_line
from screens.glyphs import TONES, Glyphs, Tone

Level = Literal["error", "warning", "plain"]

_ERROR: Final = re.compile(
    r"\b(?:errors?|fatal|failed|failure|panic|denied|refused|unreachable|timed out|cannot|"
    r"no such file|not found|unable to|E\d{4}(?= ))\b|\[ERROR\b",
    re.IGNORECASE,
)
_WARNING: Final = re.compile(
    r"\b(?:warn(?:ing)?|deprecated|W\d{4}(?= ))\b|\[WARNING\b", re.IGNORECASE
)
_HARMLESS: Final = re.compile(
    r"\b(?:0 (?:errors?|failed)|no errors?|without errors?|errors?=0|failed=0)\b", re.IGNORECASE
)
_LOOKED_AT: Final = 400
"""Characters at the beginning of a line that decide what it is."""

TIME_WIDTH: Final = 9
HIT: Final = "$background on $warning"
HERE: Final = "bold $background on $primary"


def level_of(text: str) -> Level:
    """Whether a line says that something went wrong, or might. A guess by its words."""
    start = text[:_LOOKED_AT]
    if _ERROR.search(start) and not _HARMLESS.search(start):
        return "error"
    return "warning" if _WARNING.search(start) else "plain"


_TONES: Final[dict[Level, Tone]] = {"error": "bad", "warning": "warn", "plain": "plain"}
_GOOD_ENDS: Final = ("ok", "unchanged", "connected")
_BAD_ENDS: Final = ("failed", "connection lost")
_ODD_ENDS: Final = ("skipped", "cancelled", "attempt", "was done")


def shown_text(line: LogLine) -> str:
    """The line as it is shown, searched and copied: without controls, tabs as blanks."""
    return clean_line(line.text)


def is_news(line: LogLine) -> bool:
    """Whether it is left when only news are shown: what haui says, errors and warnings."""
    return line.kind == "mark" or level_of(line.text) != "plain"


def line_content(line: LogLine, glyphs: Glyphs, width: int) -> Content:
    """Time and text; what haui says itself is a thin rule with the text in it, `width` columns."""
    time = clock_face(line.at)
    text = shown_text(line)
    if line.kind == "mark":
        return _mark(line, text, time, glyphs, width)
    level = level_of(text)
    prefix = re.match(r"\[[^\]]{1,40}\]", text) if level == "plain" else None
    cut = prefix.end() if prefix else 0
    return Content.assemble(
        (f"{time} ", TONES["dim"]),
        (text[:cut], TONES["dim"]),
        (text[cut:], TONES[_TONES[level]]),
    )


def _mark(line: LogLine, text: str, time: str, glyphs: Glyphs, width: int) -> Content:
    tone: Tone = "accent"
    sign = glyphs.pointer
    if text.startswith(_BAD_ENDS):
        tone, sign = "bad", glyphs.failed
    elif text.startswith(_GOOD_ENDS):
        tone, sign = "good", glyphs.done
    elif text.startswith(_ODD_ENDS):
        tone, sign = "warn", glyphs.attention
    elif line.step and (text.startswith("waits") or " waits" in text):
        tone, sign = "dim", glyphs.waiting
    begins = tone == "accent"
    rest = max(3, width - TIME_WIDTH - 2 - cell_len(text) - 1)
    return Content.assemble(
        (f"{time} ", TONES["dim"]),
        (f"{sign} ", TONES[tone]),
        (text, f"bold {TONES[tone]}" if begins else TONES[tone]),
        (f" {glyphs.line * rest}", "$rule"),
    )


def hits(text: str, sought: str) -> Iterator[tuple[int, int]]:
    """Where `sought` is in `text`; case counts only when a capital is sought."""
    if not sought:
        return
    if sought == sought.lower():
        lower = text.lower()
        # A few letters change their length with their case; then the places would be wrong.
        text = lower if len(lower) == len(text) else text
    at = text.find(sought)
    while at >= 0:
        yield at, at + len(sought)
        at = text.find(sought, at + len(sought))
