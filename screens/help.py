"""The help page: what the screen is for, and every key that works on it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.actions import Action, bind, grouped, key_text
from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, toned
from screens.widgets.body import Body

COLUMN = 14
"""Columns of the keys."""


class HelpScreen(Dialog[None]):
    """Opened with the actions of the screen beneath, since its own keys are others."""

    BINDINGS = bind(
        Action(id="help.close", key="question_mark,f1,enter", label="close", group="Window",
               do="close", help="Close the help."),
        Action(id="help.down", key="down,j", label="", group="Window", do="scroll(1)", shown=False),
        Action(id="help.up", key="up,k", label="", group="Window", do="scroll(-1)", shown=False),
        Action(id="help.page-down", key="pagedown,space", label="", group="Window",
               do="scroll(10)", shown=False),
        Action(id="help.page-up", key="pageup", label="", group="Window", do="scroll(-10)",
               shown=False),
    )  # fmt: skip

    def __init__(
        self, title: str, text: str, actions: Sequence[Action], *, glyphs: Glyphs = UNICODE
    ) -> None:
        super().__init__(title, glyphs=glyphs)
        self.add_class("-tall-window")
        self._text = text
        self._actions = [action for action in actions if action.help]

    def compose_body(self) -> ComposeResult:
        with Body(id="pages"):
            if self._text:
                yield Static(toned(self._text), classes="about")
            for group, actions in grouped(self._actions).items():
                yield Static(toned(group, "here"), classes="group")
                for action in actions:
                    yield Static(_row(action, self.glyphs), classes="key")

    def action_scroll(self, lines: int) -> None:
        self.query_one("#pages").scroll_relative(y=lines, animate=False)


def _row(action: Action, glyphs: Glyphs) -> Content:
    keys = key_text(action, glyphs).ljust(COLUMN)
    return Content.assemble(toned(keys, "strong"), toned(action.help, "dim"))
