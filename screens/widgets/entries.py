"""The list of the welcome page: what there is to go on with, and beneath it how to begin.

The ways to begin stay in sight however many entries there are: only what is above them scrolls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.actions import Action, bind
from screens.glyphs import Glyphs, Tone, state_glyph, toned
from screens.widgets.edges import edges

_NAME, _NARROW_NAME, _NARROW = 24, 13, 90
"""Columns of the names; they get fewer in a list narrower than the last number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One row. `word` is a state's word, for its sign; a row that begins something has none."""

    id: str
    verb: str
    name: str = ""
    note: str = ""
    word: str = ""
    wrong: bool = False


class EntryList(Widget):
    """Up and down move, enter chooses. `rows` may be replaced: the cursor stays on its entry."""

    DEFAULT_CSS = """
    EntryList { width: 1fr; height: auto; }
    """

    BINDINGS = bind(
        Action(id="entries.up", key="up,k", label="move", group="Start", keys="arrows",
               do="move(-1)", help="To the entry above or below."),
        Action(id="entries.down", key="down,j", label="", group="Start", do="move(1)",
               shown=False),
        Action(id="entries.home", key="home", label="", group="Start", do="move(-999)",
               shown=False),
        Action(id="entries.end", key="end", label="", group="Start", do="move(999)", shown=False),
        Action(id="entries.take", key="enter,space", label="choose", group="Start",
               help="Go on with the entry under the cursor, or begin."),
    )  # fmt: skip

    rows: reactive[tuple[EntryRow, ...]] = reactive((), layout=True)
    """What there is; it scrolls."""
    begin: reactive[tuple[EntryRow, ...]] = reactive((), layout=True)
    """Ways to begin; always in sight."""
    cursor: reactive[int] = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor is on another entry."""

        id: str

    @dataclass
    class Taken(Message):
        """An entry was chosen."""

        id: str

    def __init__(self, glyphs: Glyphs, *, name_width: int = 0, **named: Any) -> None:
        """`name_width` is the most columns of a name; 0: fewer where there is little room."""
        super().__init__(**named)
        self._glyphs = glyphs
        self._name_most = name_width
        self._top = 0
        self.can_focus = True

    @property
    def all_rows(self) -> tuple[EntryRow, ...]:
        return (*self.rows, *self.begin)

    @property
    def current(self) -> str:
        """The id of the row under the cursor; empty when there is none."""
        rows = self.all_rows
        return rows[self.cursor].id if 0 <= self.cursor < len(rows) else ""

    def replace(self, rows: Sequence[EntryRow], begin: Sequence[EntryRow]) -> None:
        """Show other rows, with the cursor on the same entry or where it was."""
        before = self.current
        self.rows, self.begin = tuple(rows), tuple(begin)
        self.select(before)

    def select(self, id_: str) -> None:
        """Put the cursor on an entry; an unknown one leaves it where it is."""
        ids = [row.id for row in self.all_rows]
        at = ids.index(id_) if id_ in ids else min(self.cursor, len(ids) - 1)
        self.cursor = max(0, at)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.rows) + len(self.begin) + (1 if self.rows and self.begin else 0)

    def render(self) -> Content | RenderableType:
        width = self.content_size.width
        lines = self._upper(width)
        if lines and self.begin:
            lines.append(Content(""))
        lines += [self._line(len(self.rows) + i, width) for i in range(len(self.begin))]
        return Content("\n").join(lines)

    def _upper(self, width: int) -> list[Content]:
        """The rows that are in sight; the first or last line says how many are not."""
        room = self._room()
        if len(self.rows) <= room:
            self._top = 0
            return [self._line(index, width) for index in range(len(self.rows))]
        if self.cursor < len(self.rows):
            self._top = min(self._top, max(0, self.cursor - 1))
            self._top = max(self._top, min(self.cursor + 2, len(self.rows)) - room)
        self._top = max(0, min(self._top, len(self.rows) - room))
        end = self._top + room
        lines = [self._line(index, width) for index in range(self._top, end)]
        if self._top:
            lines[0] = self._more(self._top + 1, "above", width)
        if end < len(self.rows):
            lines[-1] = self._more(len(self.rows) - end + 1, "below", width)
        return lines

    def _room(self) -> int:
        """Lines for the upper rows; at least three, so that one is left between the notes."""
        below = len(self.begin) + (1 if self.begin else 0)
        return max(3, self.content_size.height - below)

    def _more(self, count: int, where: str, width: int) -> Content:
        return toned(f"    {self._glyphs.ellipsis} {count} more {where}", "dim").truncate(width)

    def _line(self, index: int, width: int) -> Content:
        row = self.all_rows[index]
        under = index == self.cursor
        lit = under and self.has_focus
        sign = state_glyph(row.word, self._glyphs) if row.word else toned(" ")
        tone: Tone = "here" if under else "plain" if row.word else "accent"
        verb = toned(row.verb.ljust(self._verb_width(begins=not row.name)), tone)
        gap = "  " if verb.cell_length else ""
        name = Content.assemble(gap, toned(self._fitted(row.name), "strong")) if row.name else ""
        bar = (self._glyphs.bar if lit else " ", "$primary")
        head = Content.assemble(bar, sign, " ", verb, name, "  ")
        note = toned(row.note, "bad" if row.wrong else "plain" if under else "dim")
        line = edges(Content.assemble(head, note), Content(""), width)
        return line.stylize_before("on $cursor") if lit else line

    def _fitted(self, name: str) -> str:
        width = self._name_width()
        shown = Content(name)
        return shown.truncate(width, ellipsis=True, pad=True).plain

    def _name_width(self) -> int:
        """Columns of the names: as many as the longest has, within limits."""
        longest = max((Content(row.name).cell_length for row in self.all_rows), default=0)
        narrow = self.content_size.width < _NARROW
        most = self._name_most or (_NARROW_NAME if narrow else _NAME)
        return max(4, min(most, longest))

    def _verb_width(self, *, begins: bool) -> int:
        """Columns of the verbs; those of the ways to begin are longer."""
        verbs = [len(row.verb) for row in (self.begin if begins else self.rows)]
        return max(verbs, default=0) + (1 if begins else 0)

    def action_move(self, by: int) -> None:
        to = max(0, min(self.cursor + by, len(self.all_rows) - 1))
        if to != self.cursor:
            self.cursor = to

    def watch_cursor(self) -> None:
        if self.is_mounted:
            self.post_message(self.Moved(self.current))

    def action_take(self) -> None:
        if self.current:
            self.post_message(self.Taken(self.current))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        upper = min(len(self.rows), self._room())
        index = self._top + place.y
        if place.y >= upper:
            index = len(self.rows) + place.y - upper - (1 if self.rows else 0)
        if 0 <= index < len(self.all_rows):
            again = index == self.cursor
            self.cursor = index
            if again:
                self.action_take()
