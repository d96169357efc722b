"""The line above the hosts: how many are in which state, and what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.glyphs import Glyphs, state_text, toned
from screens.widgets.edges import joined


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsFacts:
    """What the line says. `shown` of `total` hosts are shown; `order` is empty for tiles."""

    counts: Mapping[str, int] = field(default_factory=dict)
    shown: int = 0
    total: int = 0
    filter: str = ""
    only_news: bool = False
    order: str = ""


class HostsHead(Widget):
    """A thin rule with text in it."""

    DEFAULT_CSS = """
    HostsHead { width: 1fr; height: 1; }
    """

    facts: reactive[HostsFacts] = reactive(HostsFacts())
    focused_hosts: reactive[bool] = reactive(False)

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        return hosts_head(self.facts, self.content_size.width, self._glyphs, self.focused_hosts)


def hosts_head(facts: HostsFacts, width: int, glyphs: Glyphs, focused: bool) -> Content:
    """The head in exactly `width` columns; the counts are cut first, the filter never."""
    rule = "$primary" if focused else "$rule"
    plain = f"{facts.total} host{'' if facts.total == 1 else 's'}"
    title = plain if facts.shown == facts.total else f"{facts.shown} of {plain}"
    counts = [state_text(word, glyphs, f"{count} {word}") for word, count in facts.counts.items()]
    left = joined([toned(title, style="bold $primary" if focused else "bold"), *counts])
    right = joined([
        toned(f"/{facts.filter}" if facts.filter else "", "accent"),
        toned("only news" if facts.only_news else "", "warn"),
        toned(f"by {facts.order}" if facts.order else "", "dim"),
    ])  # fmt: skip
    gap = 2 if right.cell_length else 0
    room = width - right.cell_length - gap - 5
    if left.cell_length > room:
        left = left.truncate(max(room, 1), ellipsis=True)
    line = glyphs.line * max(0, width - left.cell_length - right.cell_length - gap - 4)
    tail = Content.assemble(" ", right, " ") if gap else Content("")
    return Content.assemble(
        (glyphs.line, rule), " ", left, " ", (line, rule), tail, (glyphs.line, rule)
    )
