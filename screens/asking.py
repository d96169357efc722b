"""Windows that ask for one line: a path to write to, a name to be sure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, toned

Refuse = Callable[[str], str]
"""Why a line can't be taken; empty when it can."""


class AskLine(Dialog[str]):
    """What was typed, without blanks around it; None after escape. A refused line stays."""

    DEFAULT_CSS = """
    AskLine #about, AskLine #refusal { height: auto; margin-bottom: 1; }
    AskLine #refusal { margin: 1 0 0 0; }
    AskLine Input { border: none; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(
        self, title: str, about: str | Content, *, value: str = "", refuse: Refuse = lambda _: "",
        take: str = "enter takes it", glyphs: Glyphs = UNICODE,
    ) -> None:  # fmt: skip
        super().__init__(title, glyphs=glyphs)
        self._about = about if isinstance(about, Content) else toned(about)
        self._value = value
        self._refuse = refuse
        self._take = take

    def compose_body(self) -> ComposeResult:
        yield Static(self._about, id="about", markup=False)
        yield Input(self._value, compact=True, select_on_focus=False)
        note = toned(f"{self._take} {self.glyphs.dot} esc leaves it", "dim")
        yield Static(note, id="refusal", markup=False)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_position = len(self._value)
        line.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        refusal = self._refuse(text)
        if refusal:
            shown = toned(f"{self.glyphs.failed} {refusal}", "bad")
            self.query_one("#refusal", Static).update(shown)
        else:
            self.dismiss(text)


def refuse_path(text: str) -> str:
    """Why nothing new can be written there. Nothing is ever overwritten."""
    if not text:
        return "a name is needed"
    try:
        path = Path(text).expanduser()
        if path.exists():
            return f"{path.name} exists already; choose another name"
        if not path.absolute().parent.is_dir():
            return f"there is no folder {path.absolute().parent}"
    except (OSError, RuntimeError, ValueError) as error:
        return str(error)
    return ""
