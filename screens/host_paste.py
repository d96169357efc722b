"""Lines with hosts, pasted or typed, and beneath them what they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Static, TextArea

from haui.transport.text import clean_text
from haui.wizard.hostlist import HostList, parse_any
from haui.wizard.hostlists.result import MAX_CHARS
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import Glyphs, Tone, toned
from screens.widgets.body import Body
from screens.widgets.host_preview import HostPreview, label_take, left_over, summary

EXAMPLE = (
    "10.30.0.[11-13] cp\n"
    "wk1 10.30.0.21 worker rack=r1\n"
    "wk2 ops@10.30.0.22:2222 worker\n"
    "or a table with commas, an ssh_config, an Ansible inventory"
)
SHORT = 20_000
"""Texts up to this many characters are read at every key, longer ones after a pause."""

Take = Callable[[HostList], str]
"""Takes the hosts of a list; returns a sentence about what came of it."""


class LinesArea(TextArea):
    """Pasted text meets the terminal only when nothing in it can act on one."""

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert(safe(event.text))


def safe(text: str) -> str:
    """The text without terminal sequences; at most as much as a host list may have.

    Terminals send a carriage return for each line break of what is pasted.
    """
    lines = text[: MAX_CHARS + 1].replace("\r\n", "\n").replace("\r", "\n")
    return clean_text(lines)


def joined_text(before: str, more: str) -> str:
    """Both texts, one beneath the other."""
    return f"{before.rstrip()}\n{more}" if before.strip() else more


class PasteDialog(Dialog[str]):
    """The result is the text that is left in the box, which the page keeps for the next time."""

    CSS_PATH = "hosts.tcss"
    window_title = "Paste hosts"
    BINDINGS = bind(
        Action(id="hostpaste.take", key="ctrl+s", label="take", group="Window",
               help="Take the hosts that were understood. Other lines stay for correcting."),
        Action(id="hostpaste.close", key="escape", label="close", group="Window",
               help="Close the window. What is in it is there again when it is opened again."),
        Action(id="hostpaste.next", key="tab", label="", group="Window", shown=False,
               do="app.focus_next"),
        Action(id="hostpaste.previous", key="shift+tab", label="", group="Window", shown=False,
               do="app.focus_previous"),
    )  # fmt: skip

    def __init__(self, text: str, take: Take, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._text = safe(text)
        self._take = take
        self._found = HostList()
        self._timer: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(toned("One host a line: a name, an address or both, then roles.", "dim"))
        area = LinesArea(
            self._text, id="lines", compact=True, show_line_numbers=True, soft_wrap=False,
            placeholder=Content.styled(EXAMPLE, "$text-disabled"), highlight_cursor_line=False,
        )  # fmt: skip
        yield area
        yield Static(id="summary", markup=False)
        with Body(id="details"):
            yield HostPreview(self.glyphs, id="found")
        with Horizontal(id="buttons"):
            yield Button(Content("Take  ^s"), id="take", compact=True)
            yield Button(Content("Close  esc"), id="close", compact=True)

    def on_mount(self) -> None:
        area = self.query_one(LinesArea)
        area.move_cursor(area.document.end)
        area.focus()
        self._read()

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if len(event.text_area.text) <= SHORT:
            self._read()
        else:
            self._timer = self.set_timer(0.25, self._read)

    def _read(self) -> None:
        """Show what the text gives now."""
        if not self.is_attached:
            return
        text = self.query_one(LinesArea).text
        self._found = parse_any(text) if text.strip() else HostList()
        self.query_one("#summary", Static).update(summary(self._found, self.glyphs))
        self.query_one(HostPreview).found = self._found
        label_take(self.query_one("#take", Button), len(self._found.hosts))

    def say(self, text: str, tone: Tone) -> None:
        """A sentence in the place of the summary, until the text changes."""
        self.query_one("#summary", Static).update(toned(text, tone))

    def action_take(self) -> None:
        area = self.query_one(LinesArea)
        self._read()
        found = self._found
        if not found.hosts:
            self.say(f"{self.glyphs.attention} There is no host to take yet.", "warn")
            return
        said = self._take(found)
        rest = left_over(area.text, found)
        if not rest:
            self.dismiss("")
            return
        with area.prevent(TextArea.Changed):
            area.load_text(rest)
        self._read()
        self.say(f"{said} These lines are left to be corrected:", "good")

    def action_close(self) -> None:
        self.dismiss(self.query_one(LinesArea).text)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> Any:
        if event.button.id == "take":
            self.action_take()
        else:
            self.action_close()
