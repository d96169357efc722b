"""Markdown of text that may be hostile: what a host or a person wrote never becomes markup.

Everything is cleaned of controls first. GitHub's dialect is meant: CommonMark with tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from haui.transport.text import clean_line, clean_text

_MARKS = re.compile(r"([\\`*\[\]~|$])")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LINKS = re.compile(r"(?i)\b(https?|ftp)://|\bwww\.")
_LINE_START = re.compile(r"^(\s*)(?:([-+#=]+)|(\d{1,9})([.)]))(?=\s|$)")
_BACKTICKS = re.compile(r"`+")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
LONGEST = 1000
"""Characters of one piece of text in a line or a cell."""


def inline(text: str) -> str:
    """Text on one line of a paragraph, with nothing in it that Markdown or HTML acts on."""
    flat = " ".join(clean_line(part, LONGEST) for part in text.splitlines() if part.strip())
    out = _MARKS.sub(r"\\\1", flat.strip())
    out = "".join(_HTML.get(char, char) for char in out)
    out = _EDGE_UNDERSCORE.sub(r"\\_", out)
    # GitHub makes a link of every bare address; what a host printed must not be one.
    out = _LINKS.sub(lambda found: found[0].replace("://", "\\://").replace(".", "\\."), out)
    return _LINE_START.sub(_escaped_start, out)


def _escaped_start(found: re.Match[str]) -> str:
    blank, sign, number, after = found.groups()
    return f"{blank}\\{sign}" if sign else f"{blank}{number}\\{after}"


def code(text: str) -> str:
    """A code span that ends where it should, outside of tables."""
    flat = " ".join(clean_line(text, LONGEST).split())
    if not flat:
        return ""
    marks = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{marks}{pad}{flat}{pad}{marks}"


def fence(content: str, language: str = "") -> str:
    """A fenced block, the fence longer than any run of backticks in the content; ends with it."""
    marks = "`" * max(3, _longest_run(content) + 1)
    return f"{marks}{language}\n{content}{'' if content.endswith(chr(10)) else chr(10)}{marks}"


def remote_fence(text: str) -> str:
    """A fenced block of what a host printed."""
    return fence(clean_text(text), "text")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain texts; columns of numbers are not aligned."""
    lines = [_row(heads), "|" + " --- |" * len(heads)]
    return "\n".join([*lines, *(_row([inline(cell) for cell in row]) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
