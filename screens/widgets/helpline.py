"""Two lines above the keys: help of what has the focus, or what just happened."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class HelpLine(Widget):
    """Always as high, so that nothing moves. A message stays until the focus moves on."""

    DEFAULT_CSS = """
    HelpLine {
        height: 3;
        width: 1fr;
        padding: 0 2;
        border-top: solid $rule;
        color: $foreground;
        border-title-align: right;
        border-title-color: $text-muted;
    }
    """

    help: reactive[Content] = reactive(Content(""))
    message: reactive[Content | None] = reactive(None)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def render(self) -> Content | RenderableType:
        shown = self.help if self.message is None else self.message
        size = self.content_size
        lines = shown.wrap(max(1, size.width)) if shown.cell_length else []
        if len(lines) > size.height > 0:
            kept = lines[: size.height]
            kept[-1] = Content.assemble(kept[-1], " …").truncate(size.width, ellipsis=True)
            lines = kept
        return Content("\n").join(lines)
