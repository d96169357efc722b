"""Append-only text for people: tables, and a stream that shows what it can't encode."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from rich.cells import cell_len

_ASCII = str.maketrans(
    {
        "…": "...", "✓": "ok", "✗": "X", "·": "-", "→": "->", "–": "-", "—": "-", "━": "-",
        "“": '"', "”": '"', "’": "'", "•": "*",
    }
)  # fmt: skip


class LineStream:
    """Writes whole lines at once and flushes them; ends quietly when the reader has gone.

    Characters that the stream's encoding lacks get a stand-in.
    """

    def __init__(self, stream: TextIO) -> None:
        self.broken = False
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"  # io.StringIO has none: it takes everything

    def write(self, lines: Sequence[str]) -> None:
        """Raises OSError for everything but a closed pipe."""
        if self.broken or not lines:
            return
        text = "".join(f"{line}\n" for line in lines)
        try:
            self._stream.write(self._encodable(text))
            self._stream.flush()
        except BrokenPipeError:
            self.broken = True
            self._silence()

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            stand_in = text.translate(_ASCII)
            return stand_in.encode(self._encoding, "backslashreplace").decode(self._encoding)
        return text

    def _silence(self) -> None:
        """Otherwise Python complains when it flushes standard output at its end."""
        if self._stream is sys.stdout:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


def flat(text: str) -> str:
    """On one line, without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def table(head: Sequence[str], rows: Sequence[Sequence[str]], widest: int = 60) -> list[str]:
    """A table with aligned columns; cells over `widest` terminal cells are cut with `…`."""
    cells = [[_cut(flat(cell), widest) for cell in row] for row in (head, *rows)]
    widths = [max(cell_len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        " | ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in cells
    ]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return [line.rstrip() for line in lines]


def _cut(text: str, widest: int) -> str:
    if cell_len(text) <= widest:
        return text
    while cell_len(text) >= widest:
        text = text[:-1]
    return text + "…"
