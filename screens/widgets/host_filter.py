"""A line of words that limits a list to the rows that have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from screens.glyphs import toned
from screens.widgets.controls import TextLine


class FilterLine(Horizontal):
    """Hidden until it is opened; closing it takes the words away."""

    DEFAULT_CSS = """
    FilterLine { height: 1; margin-bottom: 1; display: none; }
    FilterLine #slash { width: 2; }
    FilterLine #filtered { width: auto; padding-left: 2; }
    """

    @dataclass
    class Changed(Message):
        """Other words are looked for; none: all rows are shown."""

        words: str

    class Finished(Message):
        """Enter was pressed: back to the list."""

    def __init__(self, placeholder: str, **named: Any) -> None:
        super().__init__(**named)
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        yield Static(toned("/", "here"), id="slash", markup=False)
        yield TextLine("", self._placeholder, id="filter")
        yield Static(id="filtered", markup=False)

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    @property
    def words(self) -> str:
        return self.query_one("#filter", TextLine).value.strip()

    def open(self) -> None:
        """Show it and have it typed in."""
        self.display = True
        self.query_one("#filter").focus()

    def close(self) -> None:
        """Hide it; all rows are shown again."""
        self.query_one("#filter", TextLine).value = ""
        self.display = False

    def show_count(self, shown: int, of: int) -> None:
        """How many rows are left."""
        self.query_one("#filtered", Static).update(toned(f"{shown} of {of}", "dim"))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self.words))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Finished())
