"""One text to read: a file with the numbers of its lines, or prose that is wrapped."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from haui.transport.text import clean_line
from haui.wizard.reading import Entry
from screens.actions import Action, bind
from screens.glyphs import Glyphs, toned
from screens.widgets.log_text import HERE, HIT, hits
from screens.widgets.strips import strip_of


class FileView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws only the lines that can be seen; long lines of files are seen by scrolling aside."""

    DEFAULT_CSS = """
    FileView {
        width: 1fr; height: 1fr; background: $background;
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
    }
    """
    BINDINGS = bind(
        Action(id="file.down", key="down,j", label="scroll", group="Text", do="line(1)",
               keys="arrows", help="A line down or up."),
        Action(id="file.up", key="up,k", label="", group="Text", do="line(-1)", shown=False),
        Action(id="file.page-down", key="pagedown,space", label="", group="Text", do="leaf(1)",
               shown=False, keys="PgUp PgDn", help="A page down or up."),
        Action(id="file.page-up", key="pageup", label="", group="Text", do="leaf(-1)",
               shown=False),
        Action(id="file.top", key="home", label="", group="Text", shown=False, do="to(0)"),
        Action(id="file.end", key="end", label="", group="Text", shown=False, do="to(-1)"),
        Action(id="file.right", key="right", label="aside", group="Text", do="aside(1)",
               keys="sides", help="Half a screen to the side, where lines are long."),
        Action(id="file.left", key="left", label="", group="Text", do="aside(-1)", shown=False),
        Action(id="file.next", key="n", label="next", group="Text", do="found(1)", shown=False,
               keys="n N", help="The next place that the search found, and the one before."),
        Action(id="file.previous", key="N", label="", group="Text", do="found(-1)", shown=False),
    )  # fmt: skip

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.entry: Entry | None = None
        self.sought = ""
        self._lines: list[Content] = []
        self._here = -1
        """The line of the place that was found last."""

    def show(self, entry: Entry | None, sought: str = "") -> None:
        """Show a text from its beginning, or from the first place where `sought` is."""
        self.entry, self.sought, self._here = entry, sought, -1
        self._lay_out()
        self.scroll_to(0, 0, animate=False)
        if sought:
            self.action_found(1)

    def _lay_out(self) -> None:
        entry = self.entry
        lines = [clean_line(line, None) for line in entry.lines] if entry else []
        if entry is not None and entry.numbered:
            wide = len(str(len(lines)))
            self._lines = [
                Content.assemble((f"{number:>{wide}}  ", "$text-muted"), line)
                for number, line in enumerate(lines, 1)
            ]
        else:
            width = max(10, self.size.width - 1)
            self._lines = [part for line in lines for part in self._wrapped(line, width)]
        widest = max((line.cell_length for line in self._lines), default=0)
        size = Size(max(widest, self.size.width), len(self._lines))
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)
        self.refresh(layout=True)

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        width, row = self.size.width, y + self.scroll_offset.y
        if row >= len(self._lines) or width < 1:
            return Strip.blank(max(width, 0), self.rich_style)
        line = self._lines[row]
        for start, end in hits(line.plain, self.sought):
            line = line.stylize(HERE if row == self._here else HIT, start, end)
        start = self.scroll_offset.x
        strip = strip_of(self, line, max(line.cell_length, width), self._glyphs)
        return strip.crop_extend(start, start + width, self.rich_style)

    def action_line(self, by: int) -> None:
        if by > 0 and self.scroll_offset.y >= self.max_scroll_y:
            self.screen.focus_next()
        elif by < 0 and not self.scroll_offset.y:
            self.screen.focus_previous()
        else:
            self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def action_leaf(self, pages: int) -> None:
        step = max(1, self.size.height - 2)
        self.scroll_to(y=self.scroll_offset.y + pages * step, animate=False)

    def action_to(self, line: int) -> None:
        self.scroll_to(y=0 if line == 0 else self.max_scroll_y, animate=False)

    def action_aside(self, by: int) -> None:
        half = max(1, self.size.width // 2)
        most = max(0, self.virtual_size.width - self.size.width)
        self.scroll_to(x=min(max(self.scroll_offset.x + by * half, 0), most), animate=False)

    def action_found(self, step: int) -> None:
        found = [i for i, line in enumerate(self._lines) if hits(line.plain, self.sought)]
        if not found:
            return
        after = [i for i in found if (i > self._here if step > 0 else i < self._here)]
        self._here = (
            (after[0] if step > 0 else after[-1]) if after else found[0 if step > 0 else -1]
        )
        top, height = self.scroll_offset.y, self.size.height
        if not top <= self._here < top + height:
            self.scroll_to(y=max(0, self._here - height // 3), animate=False)
        self.refresh()

    def _wrapped(self, line: str, width: int) -> list[Content]:
        """Prose in that many columns; what is indented stays so."""
        if not line.strip():
            return [Content("")]
        indent = len(line) - len(line.lstrip())
        head = self.entry is not None and line in self.entry.headings
        parts = toned(line.strip(), "accent" if head else "plain").wrap(max(10, width - indent))
        return [Content.assemble(" " * indent, part) for part in parts]
