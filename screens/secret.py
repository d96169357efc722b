"""The window that asks for a secret in the middle of what needs it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, toned


class SecretDialog(Dialog[str]):
    """What is typed is not shown; it goes to memory only. Escape and an empty line: no answer."""

    window_title = "A secret is needed"

    def __init__(self, what_for: str, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(glyphs=glyphs)
        self._what_for = what_for

    def compose_body(self) -> ComposeResult:
        yield Static(toned(self._what_for), id="what-for")
        yield Input(password=True, id="secret", compact=True)
        note = "Kept in memory while haui runs; never on disk, never in a log."
        yield Static(Content(note), classes="note")

    def on_mount(self) -> None:
        self.query_one("#secret", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)
