"""The findings of a preflight, one entry for each thing that mends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from haui.transport.text import clean_line
from haui.wizard.pages import PAGES, index_of
from haui.wizard.preflight import Group
from screens.actions import Action, bind
from screens.glyphs import TONES, Glyphs, glyph_of, tone_of, toned
from screens.widgets.body import Body
from screens.widgets.edges import edges

MOST_NAMES = 24
"""Columns that the names of a group's hosts take; with more they are counted."""
MOST_FIX = 4
"""Lines of a fix."""


class FixList(Widget):
    """Up and down move between entries. What is fine is one folded entry at the end."""

    DEFAULT_CSS = """
    FixList { width: 1fr; height: auto; }
    """
    BINDINGS = bind(
        Action(id="fixes.up", key="up", label="move", group="Findings", keys="arrows",
               do="move(-1)", help="To the finding above or below."),
        Action(id="fixes.down", key="down", label="", group="Findings", do="move(1)", shown=False),
        Action(id="fixes.first", key="home", label="", group="Findings", do="jump(0)", shown=False,
               keys="home end", help="To the first or the last finding."),
        Action(id="fixes.last", key="end", label="", group="Findings", do="jump(-1)", shown=False),
        Action(id="fixes.fold", key="space", label="unfold", group="Findings", shown=False,
               help="Show what is fine, too; again: fold it."),
    )  # fmt: skip

    groups: reactive[tuple[Group, ...]] = reactive((), layout=True)
    unfolded: reactive[bool] = reactive(False, layout=True)
    cursor: reactive[int] = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor is on another entry."""

        group: Group | None

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self._hosts = 0
        self._moved = False
        """Whether the admin has chosen an entry; until then it is the heaviest."""
        self.can_focus = True

    def show(self, groups: tuple[Group, ...], hosts: int) -> None:
        """Show other groups, of so many hosts; the cursor stays on its group when it is there."""
        before = self.current if self._moved else None
        self._hosts = hosts
        self.groups = groups
        if before is not None:
            same = [
                i for i, g in enumerate(self._shown) if (g.what, g.fix) == (before.what, before.fix)
            ]
            self.cursor = same[0] if same else min(self.cursor, max(0, self._entries - 1))
        else:
            self.cursor = min(self.cursor if self._moved else 0, max(0, self._entries - 1))

    @property
    def current(self) -> Group | None:
        """The group under the cursor; None on what is folded away."""
        shown = self._shown
        return shown[self.cursor] if self.cursor < len(shown) else None

    @property
    def _fine(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group.weight == "ok")

    @property
    def _shown(self) -> tuple[Group, ...]:
        """The entries that are groups; the fold comes before those that are fine."""
        rest = tuple(group for group in self.groups if group.weight != "ok")
        return (*rest, *self._fine) if self.unfolded else rest

    @property
    def _entries(self) -> int:
        folded = 1 if self._fine and not self.unfolded else 0
        return len(self._shown) + folded

    def render(self) -> Content | RenderableType:
        lines = [line for entry in self._lines(self.content_size.width) for line in entry]
        return Content("\n").join(lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, sum(len(entry) for entry in self._lines(width)))

    def _lines(self, width: int) -> list[list[Content]]:
        """The lines of each entry."""
        entries = [self._entry(index, group, width) for index, group in enumerate(self._shown)]
        if self._fine and not self.unfolded:
            count = sum(len(group.hosts) for group in self._fine)
            text = f"{count} fine"
            line = self._head(len(entries), "ok", text, toned("space unfolds", "dim"), width)
            entries.append([self._lit(line, len(entries), width)])
        return entries

    def _entry(self, index: int, group: Group, width: int) -> list[Content]:
        hosts = toned(self._names(group), "dim")
        what = clean_line(group.what)
        if group.weight == "ok":
            return [self._lit(self._head(index, "ok", what, hosts, width), index, width)]
        lines = [self._head(index, group.weight, what, hosts, width)]
        room = max(10, width - 5)
        for text in _parts(group.evidence)[:2]:
            lines += [_indented(part) for part in toned(text, "dim").wrap(room)[:2]]
        for text in _parts(group.fix)[:MOST_FIX]:
            first, *more = Content(text).wrap(room)
            lines.append(Content.assemble("   ", (self._glyphs.pointer, "$primary"), " ", first))
            lines += [_indented(part) for part in more[:2]]
        if group.page is not None and group.weight in ("blocks", "warning"):
            title = PAGES[index_of(group.page)].title
            text = f" changes the answers: {title}"
            lines.append(_indented(Content.assemble(("e", "bold $primary"), (text, "$text-muted"))))
        elif group.weight == "blocks":
            lines.append(toned("     must be mended on the host, then r", "dim"))
        return [*(self._lit(line, index, width) for line in lines), Content("")]

    def _head(self, index: int, weight: str, what: str, right: Content, width: int) -> Content:
        under = index == self.cursor and self.has_focus
        style = TONES[tone_of(weight)]
        left = Content.assemble(
            (self._glyphs.bar if under else " ", "$primary"),
            (glyph_of(weight, self._glyphs), style),
            " ",
            Content.styled(what, "bold") if weight != "ok" else Content(what),
        )
        return edges(left, right, width)

    def _lit(self, line: Content, index: int, width: int) -> Content:
        if index != self.cursor or not self.has_focus:
            return line
        return line.pad_right(max(0, width - line.cell_length)).stylize_before("on $cursor")

    def _names(self, group: Group) -> str:
        if len(group.hosts) == self._hosts > 1:
            return f"all {self._hosts}"
        names = " ".join(clean_line(name) for name in group.hosts)
        return names if len(names) <= MOST_NAMES else f"{len(group.hosts)} hosts"

    def action_move(self, by: int) -> None:
        to = self.cursor + by
        if not 0 <= to < self._entries:
            self.screen.focus_previous() if by < 0 else self.screen.focus_next()
            return
        self._go(to)

    def action_jump(self, to: int) -> None:
        self._go(to if to >= 0 else max(0, self._entries - 1))

    def action_fold(self) -> None:
        self.unfolded = not self.unfolded
        self._go(min(self.cursor, max(0, self._entries - 1)))

    def _go(self, to: int) -> None:
        self.cursor = to
        self._moved = True
        self.post_message(self.Moved(self.current))
        self.call_after_refresh(self._reveal)

    def _reveal(self) -> None:
        """Scroll so that the whole entry under the cursor can be seen, its first line at least."""
        heights = [len(entry) for entry in self._lines(self.content_size.width)]
        if not self.cursor < len(heights):
            return
        top = self.content_region.y + sum(heights[: self.cursor])
        end = top + heights[self.cursor]
        for parent in self.ancestors:
            if isinstance(parent, Body):
                view = parent.content_region
                by = min(0, top - view.y) or min(max(0, end - view.bottom), max(0, top - view.y))
                parent.scroll_relative(y=by, animate=False)
                break

    def on_focus(self) -> None:
        self.post_message(self.Moved(self.current))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        line = 0
        for index, entry in enumerate(self._lines(self.content_size.width)):
            line += len(entry)
            if place.y < line:
                if index >= len(self._shown):
                    self.action_fold()
                self._go(index)
                return


def _parts(text: str) -> list[str]:
    return [clean_line(line).strip() for line in text.splitlines() if line.strip()]


def _indented(content: Content) -> Content:
    return Content.assemble("     ", content)
