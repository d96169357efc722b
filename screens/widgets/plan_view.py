"""The list at the left of the review: what there is to read, under headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from haui.transport.text import clean_line
from haui.wizard.reading import Entry
from screens.actions import Action, bind
from screens.glyphs import Glyphs, toned
from screens.widgets.edges import edges
from screens.widgets.strips import strip_of


class EntryList(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws only the rows that can be seen. Headings are rows without a cursor."""

    DEFAULT_CSS = """
    EntryList {
        width: 1fr; height: 1fr; background: $background;
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    """
    BINDINGS = bind(
        Action(id="plan.up", key="up,k", label="move", group="Review", keys="arrows",
               do="move(-1)", help="To the entry above or below."),
        Action(id="plan.down", key="down,j", label="", group="Review", do="move(1)",
               shown=False),
        Action(id="plan.page-up", key="pageup", label="", group="Review", do="leaf(-1)",
               shown=False),
        Action(id="plan.page-down", key="pagedown", label="", group="Review", do="leaf(1)",
               shown=False),
        Action(id="plan.first", key="home", label="", group="Review", do="go(0)", shown=False),
        Action(id="plan.last", key="end", label="", group="Review", do="go(-1)", shown=False),
    )  # fmt: skip

    @dataclass
    class Moved(Message):
        """The cursor is on another entry; None when there is none. `by_hand`: the admin's doing."""

        entry: Entry | None
        by_hand: bool = False

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.entries: tuple[Entry, ...] = ()
        self.cursor = 0
        self._rows: list[int | str] = []
        """For each row an entry's index, or a heading."""

    @property
    def current(self) -> Entry | None:
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    def show(self, entries: Sequence[Entry], cursor: int = 0) -> None:
        """Show other entries."""
        self.entries = tuple(entries)
        self._rows = []
        head = ""
        for index, entry in enumerate(self.entries):
            if entry.head != head:
                head = entry.head
                self._rows.append(head)
            self._rows.append(index)
        size = Size(self.size.width, len(self._rows))
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)
        self.scroll_to(y=0, animate=False)
        self.cursor = min(cursor, max(0, len(self.entries) - 1))
        self._go(self.cursor, by_hand=False)
        self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        width, row = self.size.width, y + self.scroll_offset.y
        if row >= len(self._rows) or width < 1:
            return Strip.blank(max(width, 0), self.rich_style)
        what = self._rows[row]
        line = toned(clean_line(what), "dim") if isinstance(what, str) else self._line(what, width)
        return strip_of(self, line, width, self._glyphs)

    def _line(self, index: int, width: int) -> Content:
        entry, here = self.entries[index], index == self.cursor
        label = clean_line(entry.label)
        if entry.head and label.startswith(f"{entry.head}/"):
            label = label.removeprefix(f"{entry.head}/")
        mark = (self._glyphs.attention, "$warning") if entry.marked else (" ", "")
        left = Content.assemble(
            (self._glyphs.bar if here else " ", "$primary" if self.has_focus else "$text-muted"),
            mark,
            (label, "bold" if here else ""),
        )
        line = edges(left, toned(f"{clean_line(entry.note)} ", "dim"), width)
        return line.stylize_before("on $cursor") if here and self.has_focus else line

    def action_move(self, by: int) -> None:
        to = self.cursor + by
        if 0 <= to < len(self.entries):
            self.action_go(to)
        else:
            self.screen.focus_previous() if by < 0 else self.screen.focus_next()

    def action_leaf(self, pages: int) -> None:
        to = self.cursor + pages * max(1, self.size.height - 2)
        self.action_go(min(max(0, to), max(0, len(self.entries) - 1)))

    def action_go(self, to: int) -> None:
        self._go(to, by_hand=True)

    def _go(self, to: int, *, by_hand: bool) -> None:
        if self.entries:
            self.cursor = to if to >= 0 else len(self.entries) - 1
            self._reveal()
        self.post_message(self.Moved(self.current, by_hand))
        self.refresh()

    def _reveal(self) -> None:
        row = self._rows.index(self.cursor)
        first = row - 1 if row and isinstance(self._rows[row - 1], str) else row
        top, height = self.scroll_offset.y, self.size.height
        if first < top:
            self.scroll_to(y=first, animate=False)
        elif row >= top + height > top:
            self.scroll_to(y=row - height + 1, animate=False)

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        row = place.y + self.scroll_offset.y if place is not None else -1
        if 0 <= row < len(self._rows):
            what = self._rows[row]
            if isinstance(what, int):
                self.action_go(what)
