"""The log of one host: draws the lines that can be seen, however many there are.

One widget and no less: cursor, wrapping, search and what was drawn already hang on one another.
Where lines begin is in log_lines, how they look in log_text.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollTo, ScrollUp
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from haui.live.logbook import LogBook
from screens.actions import Action, bind
from screens.glyphs import Glyphs
from screens.widgets.log_lines import LogLines
from screens.widgets.log_text import HERE, HIT, TIME_WIDTH, hits, line_content, shown_text
from screens.widgets.strips import strip_of

MOST_DRAWN = 600
"""Lines that are kept drawn."""


class LogView(ScrollView, can_focus=True):
    """It pulls: `pull` takes what is new, once for each picture, and draws it when it follows.

    A cursor stands on a line while it does not follow; moving it or scrolling up ends following.
    """

    DEFAULT_CSS = """
    LogView {
        height: 1fr;
        width: 1fr;
        background: $background;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS = bind(
        Action(id="log.search", key="slash", label="search", group="Log",
               help="Look for a text; capitals count when there are any."),
        Action(id="log.follow", key="f", label="follow", group="Log", do="toggle_follow",
               help="Follow the end of the log, or stay where it is."),
        Action(id="log.down", key="down,j", label="", group="Log", shown=False, do="line(1)",
               keys="j k", help="The next line, and the one before; up stops following."),
        Action(id="log.up", key="up,k", label="", group="Log", shown=False, do="line(-1)"),
        Action(id="log.page-down", key="pagedown,space", label="", group="Log", shown=False,
               do="leaf(1)", keys="PgUp PgDn", help="A page up or down."),
        Action(id="log.page-up", key="pageup", label="", group="Log", shown=False, do="leaf(-1)"),
        Action(id="log.top", key="home", label="", group="Log", shown=False,
               help="The first line that is kept."),
        Action(id="log.end", key="end,G", label="", group="Log", shown=False, do="follow_on",
               keys="end", help="The last line, and follow again."),
        Action(id="log.right", key="right", label="", group="Log", shown=False, do="aside(1)",
               keys="left right", help="Half a screen to the side."),
        Action(id="log.left", key="left", label="", group="Log", shown=False, do="aside(-1)"),
        Action(id="log.next", key="n", label="next", group="Log", do="found(1)", shown=False,
               help="The next place that the search found."),
        Action(id="log.previous", key="N", label="", group="Log", shown=False, do="found(-1)",
               help="The place before."),
        Action(id="log.news", key="a", label="all/news", group="Log", shown=False,
               help="Only what haui says, errors and warnings; again: all lines."),
    )  # fmt: skip

    class Changed(Message):
        """Whether it follows, what it shows or what it has found is not as it was."""

    class SearchWanted(Message):
        """The admin wants to look for something."""

    def __init__(self, book: LogBook, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self.book = book
        self.glyphs = glyphs
        self.host = ""
        self.follow = True
        self.wrap = False
        self.unseen = 0
        """Lines that came since it stopped following."""
        self.content = LogLines()
        self.cursor = 0
        """The number of the line it stands on; 0 while it follows."""
        self._taken = 0
        self._drawn: dict[int, Strip] = {}

    @property
    def room(self) -> int:
        """Columns beside the scroll bar."""
        return self.scrollable_content_region.width

    def show_host(self, host: str) -> None:
        """Show another host's log, at its end."""
        if host == self.host:
            return
        self.host = host
        self.scroll_to(x=0, animate=False, force=True)
        self._reload()
        self.set_follow(True)

    def pull(self) -> bool:
        """Take the lines that are new; whether there were any."""
        total = self.book.total(self.host)
        if total == self._taken:
            return False
        new = self.book.lines_since(self.host, self._taken)
        self._taken = total
        rows = self.content.rows
        dropped = self.content.add(new)
        self._resize()
        if self.follow:
            self._to_end()
            return True
        self.unseen += len(new)
        if dropped:
            self.scroll_to(y=max(0, self.scroll_offset.y - dropped), animate=False)
        if rows < self.scroll_offset.y + self.size.height:
            self.refresh()
        return True

    @property
    def only_news(self) -> bool:
        return self.content.only_news

    @property
    def line_count(self) -> int:
        """How many lines the host has had."""
        return self._taken

    def set_follow(self, follow: bool) -> None:
        """Follow the end, or stay where it is with the cursor on the last line that is seen."""
        was, self.follow = self.follow, follow
        if follow:
            self.unseen, self.cursor = 0, 0
            self._forget_drawn()
            self._to_end()
        elif was:
            self.cursor = self._last_visible()
            self._forget_drawn()
        if was != follow:
            self.post_message(self.Changed())

    def set_wrap(self, wrap: bool) -> None:
        """Wrap long lines, or let them run out of the view."""
        self.wrap = wrap
        self.scroll_to(x=0, animate=False, force=True)
        self._wrap_to_width()
        self.post_message(self.Changed())

    def seek(self, sought: str) -> None:
        """Look for a text, the last place first; an empty one ends the search."""
        self.content.seek(sought)
        self._forget_drawn()
        if self.content.found:
            here = self.cursor or self.content.found[-1] + 1
            self._go_to(self.content.next_found(here, -1))
        self.post_message(self.Changed())

    def selected_text(self) -> str:
        """What is selected with the mouse, else the line under the cursor, else the last line."""
        selection = self.text_selection
        if selection is not None and (found := self.get_selection(selection)):
            return found[0]
        lines = self.content.lines
        if not lines:
            return ""
        index = self.content.index_of(self.cursor) if self.cursor else len(lines) - 1
        return shown_text(lines[min(index, len(lines) - 1)]).rstrip()

    def action_search(self) -> None:
        self.post_message(self.SearchWanted())

    def action_toggle_follow(self) -> None:
        self.set_follow(not self.follow)

    def action_follow_on(self) -> None:
        self.set_follow(True)

    def action_line(self, by: int) -> None:
        lines = self.content.lines
        if not lines or (self.follow and by > 0):
            return
        self.set_follow(False)
        index = min(max(self.content.index_of(self.cursor) + by, 0), len(lines) - 1)
        self._go_to(lines[index].number)

    def action_leaf(self, pages: int) -> None:
        lines = self.content.lines
        if not lines or (self.follow and pages > 0):
            return
        self.set_follow(False)
        row = self.content.row_of(min(self.content.index_of(self.cursor), len(lines) - 1))
        step = max(1, self.size.height - 1)
        to = min(max(row + pages * step, 0), self.content.rows - 1)
        self.scroll_to(y=self.scroll_offset.y + pages * step, animate=False)
        self._go_to(lines[self.content.at_row(to)[0]].number)

    def action_top(self) -> None:
        if self.content.lines:
            self.set_follow(False)
            self._go_to(self.content.lines[0].number)

    def action_aside(self, by: int) -> None:
        if not self.wrap:
            half = max(1, self.room // 2)
            most = max(0, self.content.widest - self.room)
            aside = min(max(self.scroll_offset.x + by * half, 0), most)
            self.scroll_to(x=aside, animate=False, force=True)

    def action_found(self, step: int) -> None:
        here = self.cursor or (self.content.lines[-1].number if self.content.lines else 0)
        number = self.content.next_found(here, step)
        if number:
            self._go_to(number)
            self.post_message(self.Changed())

    def action_news(self) -> None:
        self.content.only_news = not self.content.only_news
        self._reload()
        self.set_follow(True)
        self.post_message(self.Changed())

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        if self.max_scroll_y:
            self.set_follow(False)

    def on_scroll_up(self, _event: ScrollUp) -> None:
        self.set_follow(False)

    def on_scroll_to(self, event: ScrollTo) -> None:
        if event.y is not None and event.y < self.scroll_y:
            self.set_follow(False)

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        index, _ = self.content.at_row(place.y + self.scroll_offset.y) if place else (-1, 0)
        if index >= 0 and not self.follow:
            self._put_cursor(self.content.lines[index].number)

    def on_resize(self, event: events.Resize) -> None:
        self._forget_drawn()
        self._wrap_to_width()

    def on_focus(self) -> None:
        self._forget_drawn()

    def on_blur(self) -> None:
        self._forget_drawn()

    def notify_style_update(self) -> None:
        self._forget_drawn()
        super().notify_style_update()

    def selection_updated(self, selection: Selection | None) -> None:
        self._forget_drawn()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text; rows of a selection are the lines' numbers."""
        found = []
        for line in self.content.lines:
            span = selection.get_span(line.number)
            if span is not None:
                start, end = span
                text = self._content_of(line.number).plain
                found.append(text[start:] if end == -1 else text[start:end])
        return ("\n".join(part.rstrip() for part in found), "\n") if found else None

    def render_line(self, y: int) -> Strip:
        width = self.room
        index, part = self.content.at_row(y + self.scroll_offset.y)
        if index < 0 or width < 1:
            return Strip.blank(max(width, 0), self.rich_style)
        number = self.content.lines[index].number
        strip = self._drawn.get(number)
        if strip is None:
            if len(self._drawn) >= MOST_DRAWN:
                self._drawn.clear()
            strip = self._drawn[number] = self._draw(number)
        start = part * width if self.wrap else self.scroll_offset.x
        return strip.crop_extend(start, start + width, self.rich_style).apply_offsets(start, number)

    def _draw(self, number: int) -> Strip:
        content = self._content_of(number)
        text = content.plain
        for start, end in hits(text[TIME_WIDTH:], self.content.sought):
            style = HERE if number == self.cursor else HIT
            content = content.stylize(style, start + TIME_WIDTH, end + TIME_WIDTH)
        selection = self.text_selection
        span = selection.get_span(number) if selection is not None else None
        if span is not None:
            marked = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            content = content.stylize(marked, span[0], len(text) if span[1] == -1 else span[1])
        width = max(content.cell_length, self.room)
        if number == self.cursor and (self.has_focus or self.content.sought):
            content = content.pad_right(width - content.cell_length).stylize_before("on $cursor")
        return strip_of(self, content, width, self.glyphs)

    def _content_of(self, number: int) -> Content:
        line = self.content.lines[self.content.index_of(number)]
        return line_content(line, self.glyphs, self.room)

    def _go_to(self, number: int) -> None:
        """Put the cursor on a line and bring it into view."""
        self.set_follow(False)
        self._put_cursor(number)
        index = self.content.index_of(number)
        row, rows = self.content.row_of(index), self.content.rows_of(index)
        top, height = self.scroll_offset.y, self.size.height
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row + rows > top + height:
            self.scroll_to(y=row + rows - height, animate=False)

    def _put_cursor(self, number: int) -> None:
        for each in (self.cursor, number):
            self._drawn.pop(each, None)
        self.cursor = number
        self.refresh()

    def _last_visible(self) -> int:
        lines = self.content.lines
        if not lines:
            return 0
        row = min(self.scroll_offset.y + self.size.height, self.content.rows) - 1
        return lines[max(self.content.at_row(row)[0], 0)].number

    def _reload(self) -> None:
        """Take everything anew from the book."""
        self.content.clear()
        self._taken = self.book.total(self.host)
        self.content.add(self.book.lines_since(self.host))
        self._forget_drawn()
        self._resize()

    def _wrap_to_width(self) -> None:
        self.content.wrap_at(self.room if self.wrap else 0)
        self._resize()
        if self.follow:
            self._to_end()
        elif self.cursor:
            self._go_to(self.cursor)
        self._forget_drawn()

    def _resize(self) -> None:
        """More rows: the scrollbar says so, and nothing else of the screen has to be laid out."""
        size = Size(max(self.content.widest, self.room), self.content.rows)
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)

    def _to_end(self) -> None:
        self.scroll_to(y=max(0, self.content.rows - self.size.height), animate=False)
        self.refresh()

    def _forget_drawn(self) -> None:
        self._drawn.clear()
        self.refresh()
