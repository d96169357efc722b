"""The bottom line: the keys that matter here. Hints that don't fit whole are left out."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.widget import Widget

from screens.actions import Action, active_actions, key_text
from screens.glyphs import Glyphs
from screens.widgets.edges import edges

MOST = 7
"""More hints than that nobody reads; the help page has all."""

PINNED = ("app.help",)
LAST = ("app.quit",)


class KeyLine(Widget):
    """`? help` stays at the left and `^q quit` at the right, whatever happens between them."""

    DEFAULT_CSS = """
    KeyLine {
        height: 1;
        width: 1fr;
        padding: 0 2;
        background: $surface;
        color: $foreground;
    }
    """

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: object) -> None:
        self.refresh()

    def render(self) -> Content | RenderableType:
        shown = [a for a in active_actions(self.screen.active_bindings) if a.shown]
        return key_line(shown, self.content_size.width, self._glyphs)


def key_line(actions: list[Action], width: int, glyphs: Glyphs) -> Content:
    """The hints of `actions` in `width` columns."""
    first = [a for a in actions if a.id in PINNED]
    last = [a for a in actions if a.id in LAST]
    middle = [a for a in actions if a.id not in (*PINNED, *LAST)]
    right = _hints(last, glyphs)
    room = width - right.cell_length - 2
    left = _hints(first, glyphs)
    for action in middle[: MOST - len(first) - len(last)]:
        longer = _hints([*first, action], glyphs)
        if longer.cell_length > room:
            continue
        first, left = [*first, action], longer
    return edges(left, right, width)


def _hints(actions: list[Action], glyphs: Glyphs) -> Content:
    parts = [
        Content.assemble(
            (key_text(action, glyphs), "bold $primary"), " ", (action.label, "$text-muted")
        )
        for action in actions
    ]
    return Content("   ").join(parts)
