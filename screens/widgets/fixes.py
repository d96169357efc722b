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
from haui.wizard.preflight import FOLDED, Weight
from haui.wizard.preflight_groups import Group
from screens.actions import Action, bind
from screens.glyphs import TONES, Glyphs, glyph_of, tone_of, toned
from screens.widgets.body import Body
from screens.widgets.edges import edges
from screens.widgets.finding import folded_lines, group_lines

MOST_NAMES = 24
"""Columns that the names of a group's hosts take; with more they are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A group, or the line under which groups are folded away."""

    weight: Weight
    group: Group | None = None


class FixList(Widget):
    """Up and down move between entries. What is fine and what was skipped are folded at the end."""

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
               help="Show what is fine, or what was skipped and why; again: fold it."),
    )  # fmt: skip

    groups: reactive[tuple[Group, ...]] = reactive((), layout=True)
    unfolded: reactive[frozenset[Weight]] = reactive(frozenset(), layout=True)
    cursor: reactive[int] = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor is on another entry."""

        group: Group | None

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self._hosts = 0
        self._entries: tuple[Entry, ...] = ()
        self._moved = False
        """Whether the admin has chosen an entry; until then it is the heaviest."""
        self.can_focus = True

    def show(self, groups: tuple[Group, ...], hosts: int) -> None:
        """Show other groups, of so many hosts; the cursor stays on its group when it is there."""
        before = self.at if self._moved else None
        self._hosts = hosts
        if groups != self.groups:
            self.groups = groups
            self._arrange()
        if before is not None:
            same = [i for i, entry in enumerate(self._entries) if _same(entry, before)]
            self._stay(same[0] if same else self.cursor)
        else:
            self._stay(self.cursor if self._moved else 0)

    @property
    def at(self) -> Entry | None:
        """The entry under the cursor."""
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    @property
    def current(self) -> Group | None:
        """The group under the cursor; None on a fold."""
        return self.at.group if self.at is not None else None

    def _arrange(self) -> None:
        shown = [Entry(g.weight, g) for g in self.groups if g.weight not in FOLDED]
        for weight in FOLDED:
            inside = [Entry(weight, group) for group in self.groups if group.weight == weight]
            shown += [Entry(weight)] if inside else []
            shown += inside if weight in self.unfolded else []
        self._entries = tuple(shown)

    def _stay(self, at: int) -> None:
        self.cursor = max(0, min(at, len(self._entries) - 1))

    def render(self) -> Content | RenderableType:
        lines = [line for entry in self._lines(self.content_size.width) for line in entry]
        return Content("\n").join(lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, sum(len(entry) for entry in self._lines(width)))

    def _lines(self, width: int) -> list[list[Content]]:
        """The lines of each entry."""
        return [self._entry(index, entry, width) for index, entry in enumerate(self._entries)]

    def _entry(self, index: int, entry: Entry, width: int) -> list[Content]:
        group, weight = entry.group, entry.weight
        if group is None:
            return [self._lit(self._fold(index, weight, width), index, width)]
        hosts = toned(self._names(group), "dim")
        head = self._head(index, weight, clean_line(group.what), hosts, width)
        if weight in FOLDED:
            lines = [head, *folded_lines(group, width, self._glyphs)]
        else:
            lines = [head, *group_lines(group, width, self._glyphs)]
        lit = [self._lit(line, index, width) for line in lines]
        return lit if weight in FOLDED else [*lit, Content("")]

    def _fold(self, index: int, weight: Weight, width: int) -> Content:
        count = sum(len(group.hosts) for group in self.groups if group.weight == weight)
        does = "folds" if weight in self.unfolded else "unfolds"
        said = f"{count} {'fine' if weight == 'ok' else 'skipped'}"
        return self._head(index, weight, said, toned(f"space {does}", "dim"), width)

    def _head(self, index: int, weight: str, what: str, right: Content, width: int) -> Content:
        under = index == self.cursor and self.has_focus
        style = TONES[tone_of(weight)]
        left = Content.assemble(
            (self._glyphs.bar if under else " ", "$primary"),
            (glyph_of(weight, self._glyphs), style),
            " ",
            Content(what) if weight in FOLDED else Content.styled(what, "bold"),
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
        if not 0 <= to < len(self._entries):
            self.screen.focus_previous() if by < 0 else self.screen.focus_next()
            return
        self._go(to)

    def action_jump(self, to: int) -> None:
        self._go(to if to >= 0 else max(0, len(self._entries) - 1))

    def action_fold(self) -> None:
        """Fold or unfold what the cursor is in; elsewhere all of it."""
        at = self.at
        inside = frozenset((at.weight,) if at is not None and at.weight in FOLDED else FOLDED)
        self.unfolded = self.unfolded - inside if self.unfolded & inside else self.unfolded | inside
        self._arrange()
        heads = [i for i, entry in enumerate(self._entries) if at and entry == Entry(at.weight)]
        self._go(heads[0] if heads else min(self.cursor, max(0, len(self._entries) - 1)))

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
                self._go(index)
                if self._entries[index].group is None:
                    self.action_fold()
                return


def _same(entry: Entry, before: Entry) -> bool:
    """Whether it is the same entry, of another moment."""
    one, other = entry.group, before.group
    if one is None or other is None:
        return entry == before
    return (one.id, one.what, one.fix) == (other.id, other.what, other.fix)
