"""A secret on a page: typed without an echo, kept in memory, never among the answers."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from haui.transport.credentials import SecretName
from screens.glyphs import Glyphs, state_text, toned
from screens.widgets.controls import TextLine


class SecretLine(Vertical):
    """Label and input; what is known already is said, never shown."""

    DEFAULT_CSS = """
    SecretLine { width: 1fr; height: auto; }
    """

    @dataclass
    class Given(Message):
        """A secret was typed (an empty one takes it back)."""

        name: SecretName
        secret: str

    def __init__(self, name: SecretName, label: str, glyphs: Glyphs, *, known: bool) -> None:
        super().__init__(id=f"secret-{name.replace('_', '-')}")
        self.secret_name = name
        self._label = label
        self._glyphs = glyphs
        self._state = Static(classes="slot", markup=False)
        self._known = known

    def compose(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Static(Content(self._label), classes="label", markup=False)
            line = TextLine("", "asked for when it is needed", classes="control")
            line.password = True
            yield line
            yield self._state

    def on_mount(self) -> None:
        self.known = self._known

    @property
    def known(self) -> bool:
        return self._known

    @known.setter
    def known(self, known: bool) -> None:
        """Say whether the secret is in memory."""
        self._known = known
        self._state.update(
            state_text("done", self._glyphs, "in memory") if known else toned("not given", "dim")
        )

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        self.known = bool(event.value)
        self.post_message(self.Given(self.secret_name, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()
