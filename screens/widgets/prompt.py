"""One line at the bottom that says what just happened, and where a word can be typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from screens.actions import Action, bind
from screens.glyphs import Tone, toned

Done = Callable[[str | None], None]
Typed = Callable[[str], None]


class PromptLine(Horizontal):
    """Always one line high, so that nothing moves when it opens."""

    DEFAULT_CSS = """
    PromptLine {
        height: 1;
        width: 1fr;
        padding: 0 2;

        #said { width: 1fr; height: 1; }
        #asked { width: auto; height: 1; display: none; color: $primary; text-style: bold; }
        Input {
            width: 1fr; height: 1; border: none; padding: 0; display: none;
            background: $background; background-tint: $background 0%;
            &:focus { background-tint: $background 0%; }
        }
        &.-asking #said { display: none; }
        &.-asking #asked, &.-asking Input { display: block; }
    }
    """

    BINDINGS = bind(
        Action(id="prompt.take", key="enter", label="take it", group="Typing",
               help="Take what was typed."),
        Action(id="prompt.cancel", key="escape", label="cancel", group="Typing",
               help="Leave it as it was."),
    )  # fmt: skip

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._done: Done | None = None
        self._typed: Typed | None = None
        self._back: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="said", markup=False)
        yield Static("", id="asked", markup=False)
        yield Input(compact=True, select_on_focus=False, disabled=True)

    @property
    def asking(self) -> bool:
        """Whether something is being typed."""
        return self._done is not None

    def say(self, text: str | Content, tone: Tone = "plain") -> None:
        """Show a message until the next one. Text is never read as markup."""
        shown = text if isinstance(text, Content) else toned(" ".join(text.split()), tone)
        self.query_one("#said", Static).update(shown)

    def ask(self, label: str, done: Done, *, value: str = "", typed: Typed | None = None) -> None:
        """Let a word be typed. `done` gets it, or None after escape; `typed` at every key."""
        self._done, self._typed, self._back = done, typed, self.screen.focused
        self.query_one("#asked", Static).update(Content(f"{label} "))
        self.add_class("-asking")
        field = self.query_one(Input)
        field.disabled = False
        with field.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        field.focus()

    def _close(self, value: str | None) -> None:
        done, self._done, self._typed = self._done, None, None
        field = self.query_one(Input)
        self.remove_class("-asking")
        if self._back is not None and self._back.is_attached:
            self._back.focus()
        field.disabled = True
        if done is not None:
            done(value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close(event.value)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._typed is not None:
            self._typed(event.value)

    def action_cancel(self) -> None:
        self._close(None)

    def action_take(self) -> None:
        self._close(self.query_one(Input).value)
