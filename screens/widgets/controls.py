"""What a field is answered with: a line of text, yes or no, or one of many.

Each tells its field what was entered as text or as a value, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Select

from haui.transport.text import clean_line
from screens.actions import Action, bind
from screens.glyphs import Glyphs, toned


class TextLine(Input):
    """One line of text. Up and down go to the fields around it."""

    DEFAULT_CSS = """
    TextLine, TextLine.-textual-compact {
        width: 1fr;
        max-width: 56;
        height: 1;
        border: none;
        padding: 0 1;
        background: $surface;
    }
    TextLine.-textual-compact:focus { background: $panel; }
    TextLine.-textual-compact.-wrong { background: $error 12%; }
    TextLine:ansi { background: ansi_default; }
    TextLine:ansi:focus { background: ansi_blue; }
    TextLine > .input--placeholder { color: $text-disabled; }
    """

    BINDINGS = bind(
        Action(id="text.up", key="up", label="", group="Fields", shown=False, keys="arrows",
               do="leave(-1)", help="To the field above or below."),
        Action(id="text.down", key="down", label="", group="Fields", shown=False, do="leave(1)"),
    )  # fmt: skip

    def __init__(self, value: str, placeholder: str, **named: Any) -> None:
        super().__init__(
            value, placeholder=placeholder, compact=True, select_on_focus=False, **named
        )

    def insert_text_at_cursor(self, text: str) -> None:
        """Also what is pasted; without escapes and control characters."""
        super().insert_text_at_cursor(clean_line(text))

    def action_leave(self, by: int) -> None:
        self.screen.focus_previous() if by < 0 else self.screen.focus_next()


class YesNo(Widget):
    """A switch that says in words how it stands."""

    DEFAULT_CSS = """
    YesNo { width: auto; height: 1; padding: 0 1; }
    YesNo:focus { background: $panel; }
    """

    BINDINGS = bind(
        Action(id="yesno.turn", key="space,enter", label="yes or no", group="Fields", keys="space",
               do="turn", help="Turn the switch."),
        Action(id="yesno.yes", key="y,left", label="yes", group="Fields", shown=False,
               do="put(True)", help="Yes."),
        Action(id="yesno.no", key="n,right", label="no", group="Fields", shown=False,
               do="put(False)", help="No."),
        Action(id="yesno.up", key="up", label="", group="Fields", shown=False, do="leave(-1)"),
        Action(id="yesno.down", key="down", label="", group="Fields", shown=False, do="leave(1)"),
    )  # fmt: skip

    value: reactive[bool] = reactive(False)

    @dataclass
    class Turned(Message):
        """The switch was turned by the admin."""

        value: bool

    def __init__(self, value: bool, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.can_focus = True
        self.set_reactive(YesNo.value, value)

    def render(self) -> Content | RenderableType:
        return Content("   ").join(
            [self._side("yes", self.value), self._side("no", not self.value)]
        )

    def get_content_width(self, container: Any, viewport: Any) -> int:
        return 8 + 2 * max(len(self._glyphs.chosen), len(self._glyphs.unchosen)) + 2

    def _side(self, word: str, on: bool) -> Content:
        glyph = self._glyphs.chosen if on else self._glyphs.unchosen
        if not on:
            return toned(f"{glyph} {word}", "dim")
        return Content.assemble((glyph, "$primary"), " ", (word, "bold"))

    def action_turn(self) -> None:
        self.action_put(not self.value)

    def action_put(self, value: bool) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Turned(value))

    def action_leave(self, by: int) -> None:
        self.screen.focus_previous() if by < 0 else self.screen.focus_next()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn()


class PickOne(Select[Any]):
    """One of many, folded away until it is opened."""

    DEFAULT_CSS = """
    PickOne { width: 1fr; max-width: 56; }
    """

    def __init__(self, options: list[tuple[str, Any]], value: Any, **named: Any) -> None:
        known = [(Content(label), item) for label, item in options]
        found = value if any(item == value for _, item in options) else Select.NULL
        super().__init__(known, value=found, allow_blank=True, compact=True, **named)
