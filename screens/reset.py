"""The window before a reset: what will be lost, and the cluster's name to be typed for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from haui.transport.text import clean_line
from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, toned
from screens.widgets.body import Body


class ResetDialog(Dialog[str]):
    """The result is the cluster's name once it was typed; None when nothing is to be changed."""

    CSS_PATH: ClassVar = "reset.tcss"

    def __init__(self, name: str, losses: Sequence[str], *, glyphs: Glyphs = UNICODE) -> None:
        """`losses` are what the reset costs, a sentence each."""
        super().__init__(f"Reset {clean_line(name, 64)}?", glyphs=glyphs)
        self._cluster = name
        self._losses = tuple(losses)

    def compose_body(self) -> ComposeResult:
        with Body(id="text"):
            yield Static(toned("The hosts become what they were. This will be lost:"))
            for loss in self._losses:
                yield Static(Content(f"{self.glyphs.dot} {clean_line(loss, 600)}"), classes="loss")
        yield Static(Content(f"Type {clean_line(self._cluster, 64)} to lose it:"), id="asked")
        yield Input(id="name", compact=True)
        yield Static("", id="wrong")

    def on_mount(self) -> None:
        self.query_one("#name", Input).focus()

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one("#wrong", Static).update("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() == self._cluster:
            self.dismiss(self._cluster)
            return
        text = "That is not the name; escape changes nothing."
        self.query_one("#wrong", Static).update(toned(text, "bad"))
