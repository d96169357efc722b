"""One line of tabs; the screen has the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.glyphs import Glyphs


class TabLine(Widget):
    """Names with their numbers, and how many things each has."""

    DEFAULT_CSS = """
    TabLine { width: 1fr; height: 1; }
    """

    current: reactive[int] = reactive(0)
    counts: reactive[tuple[int, ...]] = reactive(())

    @dataclass
    class Picked(Message):
        """A tab was clicked."""

        index: int

    def __init__(self, titles: Sequence[str], glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._titles = tuple(titles)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        return Content("  ").join([self._tab(index) for index in range(len(self._titles))])

    def _tab(self, index: int) -> Content:
        here = index == self.current
        number = f"{index + 1} "
        count = self.counts[index] if index < len(self.counts) else 0
        shown = f" {count}" if count > 1 and self._roomy else ""
        left, right = ("[", "]") if here and self._glyphs.ascii else (" ", " ")
        tab = Content.assemble(
            left,
            (number, "$primary" if not here else ""),
            (self._titles[index], "bold" if here else "$text-muted"),
            (shown, "" if here else "$text-muted"),
            right,
        )
        return tab.stylize_before("bold $background on $primary") if here else tab

    @property
    def _roomy(self) -> bool:
        """Whether there is room for the counts."""
        plain = sum(len(title) + 6 for title in self._titles)
        return plain + sum(len(str(count)) + 1 for count in self.counts) <= self.content_size.width

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        end = 0
        for index in range(len(self._titles)):
            end += self._tab(index).cell_length + 2
            if place.x < end:
                self.post_message(self.Picked(index))
                return
