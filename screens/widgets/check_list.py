"""Several of a few, as a vertical list with boxes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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
from screens.glyphs import Glyphs
from screens.widgets.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to tick. `label` and `note` are never read as markup."""

    value: str
    label: str
    note: str = ""


class CheckList(Widget):
    """Up and down move, space ticks; beyond the ends the focus goes on. One line for each item."""

    DEFAULT_CSS = """
    CheckList { width: 1fr; height: auto; }
    """

    BINDINGS = bind(
        Action(id="check.up", key="up", label="move", group="Choices", keys="arrows",
               do="move(-1)", help="To the box above or below."),
        Action(id="check.down", key="down", label="", group="Choices", shown=False, do="move(1)"),
        Action(id="check.tick", key="space", label="tick", group="Choices",
               help="Tick the box, or take the tick away."),
        *(Action(id=f"check.number-{n}", key=str(n), label="tick", group="Choices", shown=False,
                 do=f"number({n})", keys="1…9" if n == 1 else "",
                 help="Tick the box with that number." if n == 1 else "")
          for n in range(1, 10)),
    )  # fmt: skip

    items: reactive[tuple[Item, ...]] = reactive((), layout=True)
    ticked: reactive[frozenset[str]] = reactive(frozenset())
    cursor: reactive[int] = reactive(0)

    @dataclass
    class Changed(Message):
        """The admin ticked something; `values` in the order of the items."""

        checks: CheckList
        values: tuple[str, ...]

        @property
        def control(self) -> CheckList:
            return self.checks

    def __init__(
        self, items: Sequence[Item], ticked: Iterable[str], glyphs: Glyphs, **named: Any
    ) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.can_focus = True
        self.set_reactive(CheckList.items, tuple(items))
        self.set_reactive(CheckList.ticked, frozenset(ticked))

    @property
    def values(self) -> tuple[str, ...]:
        """What is ticked, in the order of the items."""
        return tuple(item.value for item in self.items if item.value in self.ticked)

    def offer(self, items: Sequence[Item], ticked: Collection[str]) -> None:
        """Put other items in the place of these, without telling anyone."""
        self.items = tuple(items)
        self.ticked = frozenset(ticked)
        self.cursor = min(self.cursor, max(0, len(items) - 1))

    def render(self) -> Content | RenderableType:
        width = self.content_size.width
        return Content("\n").join([self._line(index, width) for index in range(len(self.items))])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.items)

    def _line(self, index: int, width: int) -> Content:
        item = self.items[index]
        under, on = index == self.cursor and self.has_focus, item.value in self.ticked
        box = f"[{self._glyphs.done if on else ' '}]"
        widest = max((Content(known.label).cell_length for known in self.items), default=0)
        label = Content(item.label)
        line = Content.assemble(
            (self._glyphs.bar if under else " ", "$primary"),
            (box, "$primary" if on else "$text-muted"),
            " ",
            label.stylize("bold") if on or under else label,
            " " * (min(widest, 40) - label.cell_length + 3),
            (item.note, "$text-muted"),
        )
        if line.cell_length > width > 0:
            line = line.truncate(width, ellipsis=True)
        if under:
            line = line.pad_right(max(0, width - line.cell_length)).stylize_before("on $cursor")
        return line

    def action_move(self, by: int) -> None:
        to = self.cursor + by
        if not 0 <= to < len(self.items):
            self.screen.focus_previous() if by < 0 else self.screen.focus_next()
            return
        self.cursor = to
        self._reveal()

    def _reveal(self) -> None:
        """Scroll so that the line under the cursor can be seen."""
        for parent in self.ancestors:
            if isinstance(parent, Body):
                top, view = self.content_region.y + self.cursor, parent.content_region
                by = min(0, top - view.y) or max(0, top + 1 - view.bottom)
                parent.scroll_relative(y=by, animate=False)
                break

    def action_number(self, number: int) -> None:
        if number <= len(self.items):
            self.cursor = number - 1
            self.action_tick()

    def action_tick(self) -> None:
        if not self.items:
            return
        value = self.items[self.cursor].value
        self.put(self.ticked ^ {value})

    def put(self, ticked: Iterable[str]) -> None:
        """Tick exactly these, and tell it."""
        self.ticked = frozenset(ticked)
        self.post_message(self.Changed(self, self.values))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and place.y < len(self.items):
            self.cursor = place.y
            self.action_tick()
