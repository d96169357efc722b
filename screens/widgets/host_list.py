"""The list of hosts while they are entered: one line each, a cursor, marks, and a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.actions import Action, bind
from screens.glyphs import Glyphs, state_text, toned
from screens.widgets.host_columns import fitted, name_text, roles_text, widths_for
from screens.widgets.host_rows import HostRow
from screens.widgets.strips import strip_of

_LEFT = 3
"""Columns of the cursor and the mark."""


LIST_ACTIONS: Final = (
    Action(id="hostlist.add", key="a,plus", label="add", group="Hosts",
           help="Add a host, with a form.", do="screen.add"),
    Action(id="hostlist.paste", key="p", label="paste", group="Hosts",
           do="screen.paste",
           help="Paste or type lines with hosts. What you paste on the list goes there, too."),
    Action(id="hostlist.import", key="i", label="import", group="Hosts", do="screen.import_file",
           help="Import hosts from a table (CSV), an SSH configuration or an inventory."),
    Action(id="hostlist.edit", key="e", label="edit", group="Hosts", keys="enter",
           help="Edit the host under the cursor.", do="screen.edit"),
    Action(id="hostlist.delete", key="d,delete", label="delete", group="Hosts",
           do="screen.delete",
           help="Delete the marked hosts, or the one under the cursor; ^z brings them back."),
    Action(id="hostlist.roles", key="r", label="roles", group="Hosts",
           do="screen.roles",
           help="Change the roles of the marked hosts, or of the one under the cursor."),
    Action(id="hostlist.move-down", key="shift+down,J", label="", group="Hosts", shown=False,
           keys="J K", do="screen.move(1)",
           help="Move the host down or up; shift with arrows does the same."),
    Action(id="hostlist.move-up", key="shift+up,K", label="", group="Hosts", shown=False,
           do="screen.move(-1)"),
    Action(id="hostlist.names", key="n", label="name all", group="Hosts", shown=False,
           do="screen.names",
           help="Give a name to every host that has a role and no name: cp1, wk1 …"),
    Action(id="hostlist.copy", key="c", label="copy as lines", group="Hosts", shown=False,
           do="screen.copy_lines", help="Copy the list as lines, as they can be pasted again."),
    Action(id="hostlist.filter", key="slash", label="filter", group="Hosts", shown=False,
           help="Show only hosts with certain words; esc shows all again.", do="screen.filter"),
)  # fmt: skip
"""What the keys of the page do. They are bound to the list and to the page around it, so that
they come first on the key line and work from the buttons, too; the screen carries them out."""


class HostList(ScrollView, can_focus=True):
    """Rows in the order of the answers. It draws only lines that can be seen and have changed."""

    DEFAULT_CSS = """
    HostList {
        height: 1fr;
        width: 1fr;
        background: $background;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS = bind(
        *LIST_ACTIONS,
        Action(id="hostlist.down", key="down,j", label="", group="Hosts", shown=False,
               keys="arrows", do="step(1)", help="The host above or below; j and k do the same."),
        Action(id="hostlist.up", key="up,k", label="", group="Hosts", shown=False, do="step(-1)"),
        Action(id="hostlist.page-down", key="pagedown", label="", group="Hosts", shown=False,
               do="leaf(1)", keys="PgDn PgUp", help="A page of hosts down or up."),
        Action(id="hostlist.page-up", key="pageup", label="", group="Hosts", shown=False,
               do="leaf(-1)"),
        Action(id="hostlist.first", key="home,g", label="", group="Hosts", shown=False,
               do="jump(0)", keys="home end", help="The first host, and the last."),
        Action(id="hostlist.last", key="end,G", label="", group="Hosts", shown=False,
               do="jump(-1)"),
        Action(id="hostlist.mark", key="space", label="mark", group="Hosts", shown=False,
               keys="space", help="Mark the host, for a change of several; once more unmarks it."),
        Action(id="hostlist.open", key="enter", label="", group="Hosts", shown=False),
    )  # fmt: skip

    @dataclass
    class Moved(Message):
        """The cursor is on another host, or a mark was set."""

        hosts: HostList

    class Opened(Message):
        """Enter was pressed, or a host was clicked twice."""

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self._rows: tuple[HostRow, ...] = ()
        self._shown: list[int] = []
        self._widths: dict[str, int] = {}
        self._drawn: dict[int, Strip] = {}
        self._words = ""
        self.empty: Sequence[Content] = ()
        self.place = 0
        self.marked: frozenset[int] = frozenset()

    @property
    def rows(self) -> tuple[HostRow, ...]:
        """All rows, also those that the filter hides."""
        return self._rows

    @property
    def row(self) -> HostRow | None:
        """The row under the cursor."""
        return self._rows[self.place] if self.place in self._shown else None

    @property
    def shown_count(self) -> int:
        return len(self._shown)

    def show(self, rows: tuple[HostRow, ...]) -> None:
        """Show these rows; those that are as they were are not drawn again."""
        before, self._rows = self._rows, rows
        if len(before) != len(rows):
            self.marked = frozenset(place for place in self.marked if place < len(rows))
        for place, row in enumerate(rows):
            if place >= len(before) or before[place] != row:
                self._drawn.pop(place, None)
                self._refresh_row(place)
        self._arrange(again=bool(before) != bool(rows))

    def filter(self, words: str) -> None:
        """Show only rows with these words; "" shows all."""
        self._words = words
        self._arrange()

    def _arrange(self, *, again: bool = False) -> None:
        """Work out which rows are shown and how wide their columns are."""
        shown = [row.place for row in self._rows if not self._words or row.has(self._words)]
        widths = widths_for(self.size.width - _LEFT, self._rows)
        if widths != self._widths:
            self._drawn.clear()
        if widths != self._widths or shown != self._shown or again:
            self.refresh()
        self._widths, self._shown = widths, shown
        self.virtual_size = Size(self.size.width, len(shown) + 1)
        if shown and self.place not in shown:
            self.place = next((place for place in shown if place >= self.place), shown[-1])
            self._drawn.pop(self.place, None)
        self.reveal()

    def go(self, place: int) -> None:
        """Put the cursor on a host."""
        if place not in self._shown:
            return
        for changed in (self.place, place):
            self._drawn.pop(changed, None)
            self._refresh_row(changed)
        self.place = place
        self.reveal()
        self.post_message(self.Moved(self))

    def mark(self, places: frozenset[int]) -> None:
        """Mark exactly these hosts."""
        for changed in self.marked ^ places:
            self._drawn.pop(changed, None)
            self._refresh_row(changed)
        self.marked = places
        self.post_message(self.Moved(self))

    def reveal(self) -> None:
        """Scroll so that the cursor can be seen; the head covers the first line."""
        if self.place not in self._shown or self.size.height < 2:
            return
        line, top, height = self._shown.index(self.place), self.scroll_offset.y, self.size.height
        if line < top:
            self.scroll_to(y=line, animate=False)
        elif line + 2 > top + height:
            self.scroll_to(y=line + 2 - height, animate=False)

    def _refresh_row(self, place: int) -> None:
        if place in self._shown:
            self.refresh_lines(self._shown.index(place) + 1, 1)

    def on_resize(self, event: events.Resize) -> None:
        self._drawn.clear()
        self._arrange(again=True)

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def on_focus(self) -> None:
        self._redraw_cursor()

    def on_blur(self) -> None:
        self._redraw_cursor()

    def _redraw_cursor(self) -> None:
        self._drawn.pop(self.place, None)
        self._refresh_row(self.place)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._rows:
            line = self.empty[y] if y < len(self.empty) else Content("")
            return strip_of(self, line, width, self._glyphs)
        if y == 0:
            return strip_of(self, self._head(), width, self._glyphs)
        index = y + self.scroll_offset.y - 1
        if index >= len(self._shown):
            none = "   no host has these words: esc takes the filter away"
            return strip_of(self, toned(none if index == 0 else "", "dim"), width, self._glyphs)
        place = self._shown[index]
        if place not in self._drawn:
            self._drawn[place] = strip_of(
                self, self.line_of(self._rows[place]), width, self._glyphs
            )
        return self._drawn[place]

    def _head(self) -> Content:
        cells = [toned(key.ljust(width)[:width], "dim") for key, width in self._widths.items()]
        return Content.assemble(" " * _LEFT, Content("  ").join(cells))

    def line_of(self, row: HostRow) -> Content:
        """A row as it is drawn now."""
        under = row.place == self.place
        cells = {
            "name": name_text(row, under=under),
            "address": Content(row.address),
            "roles": roles_text(row.roles, self._glyphs),
            "ssh": toned(row.ssh, "dim"),
            "labels": toned(row.labels, "dim"),
            "state": state_text(row.state[0], self._glyphs, row.state[1]),
        }
        line = Content.assemble(
            (self._glyphs.bar if under else " ", "$primary" if self.has_focus else "$text-muted"),
            (self._glyphs.here if row.place in self.marked else " ", "$primary"),
            " ",
            Content("  ").join([fitted(cells[key], width) for key, width in self._widths.items()]),
        )
        if under:
            line = line.pad_right(max(0, self.size.width - line.cell_length))
            line = line.stylize_before("on $cursor" if self.has_focus else "on $surface")
        return line

    def action_step(self, by: int) -> None:
        if self.place not in self._shown:
            return
        to = self._shown.index(self.place) + by
        if 0 <= to < len(self._shown):
            self.go(self._shown[to])
        elif by > 0:
            self.screen.focus_next()

    def action_leaf(self, pages: int) -> None:
        if self._shown:
            to = self._shown.index(self.place) + pages * max(1, self.size.height - 2)
            self.go(self._shown[min(max(to, 0), len(self._shown) - 1)])

    def action_jump(self, to: int) -> None:
        if self._shown:
            self.go(self._shown[to])

    def action_mark(self) -> None:
        if self.row is not None:
            self.mark(self.marked ^ {self.place})
            self._step_within()

    def _step_within(self) -> None:
        line = self._shown.index(self.place)
        if line + 1 < len(self._shown):
            self.go(self._shown[line + 1])

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        line = place.y + self.scroll_offset.y - 1 if place is not None and place.y else -1
        if place is None or not 0 <= line < len(self._shown):
            return
        self.go(self._shown[line])
        if place.x < _LEFT:
            self.mark(self.marked ^ {self.place})
        elif event.chain > 1:
            self.action_open()
