"""The lines that a log view holds, and where each begins when long ones are wrapped.

Lines are known by their numbers, which only rise; rows count the lines of the screen that they
take. What is let go at the front moves the rows, never the numbers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from rich.cells import cell_len

from haui.live.logbook import KEPT_LINES, LogLine
from screens.widgets.log_text import TIME_WIDTH, hits, is_news, shown_text

SLACK = 500
"""Lines above what is kept until some are let go, so that this is done seldom."""


class LogLines:
    """Lines with their rows. `wrap` is the width to wrap at, 0 for not at all."""

    def __init__(self, kept: int = KEPT_LINES) -> None:
        self.kept = kept
        self.lines: list[LogLine] = []
        self.wrap = 0
        self.only_news = False
        self.widest = 0
        self.sought = ""
        self.found: list[int] = []
        """The numbers of the lines that the search has found, rising."""
        self._tops: list[int] = []
        """For each line its first row, counted from the first line that was ever added."""
        self._end = 0

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def rows(self) -> int:
        """How many rows all lines take."""
        return self._end - self._tops[0] if self._tops else 0

    def add(self, lines: Iterable[LogLine]) -> int:
        """Take new lines; returns how many rows were let go at the front."""
        for line in lines:
            if self.only_news and not is_news(line):
                continue
            text = shown_text(line)
            cells = _cells(text) + TIME_WIDTH
            self.lines.append(line)
            self._tops.append(self._end)
            self._end += self._height(cells, line)
            if line.kind == "output":
                self.widest = max(self.widest, cells)
            if self.sought and any(hits(text, self.sought)):
                self.found.append(line.number)
        over = len(self.lines) - self.kept
        return self._let_go(over) if over > SLACK or over > self.kept else 0

    def clear(self) -> None:
        """Hold no line."""
        self.lines.clear()
        self._tops.clear()
        self.found.clear()
        self._end = self.widest = 0

    def wrap_at(self, width: int) -> None:
        """Wrap lines at that width, 0 for not at all."""
        if width == self.wrap:
            return
        self.wrap = width
        self._tops.clear()
        self._end = 0
        for line in self.lines:
            self._tops.append(self._end)
            cells = _cells(shown_text(line)) + TIME_WIDTH if width else 0
            self._end += self._height(cells, line)

    def seek(self, sought: str) -> None:
        """Look for a text in all lines, and from now on in new ones."""
        self.sought = sought
        self.found = [
            line.number for line in self.lines if sought and any(hits(shown_text(line), sought))
        ]

    def at_row(self, row: int) -> tuple[int, int]:
        """The index of the line at that row and which of its rows it is; (-1, 0) beyond the end."""
        if not 0 <= row < self.rows:
            return -1, 0
        absolute = row + self._tops[0]
        index = bisect_right(self._tops, absolute) - 1
        return index, absolute - self._tops[index]

    def row_of(self, index: int) -> int:
        """The first row of the line with that index."""
        return self._tops[index] - self._tops[0]

    def rows_of(self, index: int) -> int:
        """How many rows that line takes."""
        following = self._tops[index + 1] if index + 1 < len(self._tops) else self._end
        return following - self._tops[index]

    def index_of(self, number: int) -> int:
        """The index of the line with that number, or of the first one after it."""
        return bisect_left(self.lines, number, key=_number)

    def next_found(self, number: int, step: int) -> int:
        """The next hit after (step 1) or before (step -1) that number, around the ends; 0: none."""
        if not self.found:
            return 0
        at = bisect_right(self.found, number) if step > 0 else bisect_left(self.found, number) - 1
        return self.found[at % len(self.found)]

    def place_of(self, number: int) -> int:
        """Which of the hits the line is, from 1; 0 when it is none."""
        at = bisect_left(self.found, number)
        return at + 1 if at < len(self.found) and self.found[at] == number else 0

    def _height(self, cells: int, line: LogLine) -> int:
        if not self.wrap or line.kind == "mark":
            return 1
        return max(1, -(-cells // self.wrap))

    def _let_go(self, count: int) -> int:
        before = self._tops[0]
        del self.lines[:count], self._tops[:count]
        first = self.lines[0].number if self.lines else 0
        del self.found[: bisect_left(self.found, first)]
        return (self._tops[0] if self._tops else self._end) - before


def _number(line: LogLine) -> int:
    return line.number


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)
