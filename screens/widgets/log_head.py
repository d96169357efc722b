"""The line above a log: whose it is, what is going on there, and whether it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.glyphs import Glyphs, toned
from screens.widgets.edges import joined
from screens.widgets.log_view import LogView


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFacts:
    """What the line says."""

    title: str = ""
    step: str = ""
    lines: int = 0
    follow: bool = True
    unseen: int = 0
    wrap: bool = False
    only_news: bool = False
    sought: str = ""
    found: int = 0
    place: int = 0


def facts_of(view: LogView, title: str, step: str) -> LogFacts:
    """What is to be said about that view."""
    return LogFacts(
        title=title,
        step=step,
        lines=view.line_count,
        follow=view.follow,
        unseen=view.unseen,
        wrap=view.wrap,
        only_news=view.only_news,
        sought=view.content.sought,
        found=len(view.content.found),
        place=view.content.place_of(view.cursor),
    )


class LogHead(Widget):
    """A thin rule with text in it; brighter while the log has the focus."""

    DEFAULT_CSS = """
    LogHead { width: 1fr; height: 1; }
    """

    facts: reactive[LogFacts] = reactive(LogFacts())
    focused_log: reactive[bool] = reactive(False)

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        return log_head(self.facts, self.content_size.width, self._glyphs, self.focused_log)


def log_head(facts: LogFacts, width: int, glyphs: Glyphs, focused: bool) -> Content:
    """The head in exactly `width` columns."""
    rule = "$primary" if focused else "$rule"
    title = toned(facts.title, style="bold $primary" if focused else "bold")
    step = toned(f" {glyphs.dot} {facts.step}" if facts.step else "", "dim")
    right = _right(facts, glyphs)
    room = width - right.cell_length - 8
    left = Content.assemble(title, step)
    if left.cell_length > room:
        left = left.truncate(max(room, 1), ellipsis=True)
    line = glyphs.line * max(0, width - left.cell_length - right.cell_length - 6)
    return Content.assemble(
        (glyphs.line, rule), " ", left, " ", (line, rule), " ", right, " ", (glyphs.line, rule)
    )


def _right(facts: LogFacts, glyphs: Glyphs) -> Content:
    parts = []
    if facts.sought:
        where = f"{facts.place} of {facts.found}" if facts.place else f"{facts.found} found"
        parts.append(
            toned(f"/{facts.sought[:20]} {where}", "warn" if not facts.found else "accent")
        )
    if facts.only_news:
        parts.append(toned("only news", "warn"))
    if facts.wrap:
        parts.append(toned("wrap", "dim"))
    if facts.follow:
        parts.append(toned("FOLLOW", "good"))
    else:
        new = f" {glyphs.dot} {facts.unseen} new" if facts.unseen else ""
        parts.append(toned(f"PAUSED{new}", "warn"))
    parts.append(toned(f"{facts.lines} line{'' if facts.lines == 1 else 's'}", "dim"))
    return joined(parts)
