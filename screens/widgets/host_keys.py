"""The hosts' keys in one table, to be compared and accepted before anybody logs in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import DataTable, Static

from haui.transport.text import clean_line
from screens.actions import Action, bind
from screens.glyphs import Glyphs, glyph_of, state_text

if TYPE_CHECKING:
    from haui.live.site import KeyRow

WIDE = 110
"""Columns of the terminal from which the kind of key has a column of its own."""

_WORDS = {
    "trusted": ("ok", "known"),
    "unknown": ("unknown", "new"),
    "changed": ("blocks", "changed"),
    "revoked": ("blocks", "revoked"),
}
"""The state's word and what is said, by the judgement of a key."""


class HostKeys(Vertical):
    """Rows of host, state, fingerprint and kind of key. Accepting is the page's affair."""

    DEFAULT_CSS = """
    HostKeys { width: 1fr; height: auto; }
    HostKeys DataTable { width: 1fr; height: auto; max-height: 14; background: $background; }
    HostKeys .said { height: auto; margin-bottom: 1; }
    """
    BINDINGS = bind(
        Action(id="keys.accept-all", key="a", label="accept all new", group="Host keys",
               help="Accept every key that is new. A changed one is never accepted this way."),
        Action(id="keys.accept", key="space", label="accept", group="Host keys",
               help="Accept the key of this host, or take the acceptance back."),
        Action(id="keys.look", key="k", label="look again", group="Host keys",
               help="Ask the hosts for their keys once more. Nobody logs in for that."),
    )  # fmt: skip

    @dataclass
    class Accepted(Message):
        """These hosts' keys were accepted: host -> fingerprint, empty to take it back."""

        keys: dict[str, str]

    class Asked(Message):
        """The keys are to be looked at again."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(id="host-keys")
        self._glyphs = glyphs
        self._rows: tuple[KeyRow, ...] = ()
        self._wide = False
        self._said = Static(markup=False, classes="said")
        self._table: DataTable[Text] = DataTable(cursor_type="row", zebra_stripes=False)

    def compose(self) -> ComposeResult:
        yield self._said
        yield self._table

    def on_mount(self) -> None:
        columns = [("host", 10), ("state", 9), ("fingerprint", 50)]
        self._wide = self.app.size.width >= WIDE
        if self._wide:
            columns = [("host", 14), ("state", 9), ("kind", 8), ("fingerprint", 50)]
        for label, width in columns:
            self._table.add_column(Text(label), key=label, width=width)
        self._table.display = False

    def say(self, content: Content) -> None:
        """What is going on, above the table."""
        self._said.update(content)

    @property
    def new_keys(self) -> dict[str, str]:
        """Host -> fingerprint of every key that nobody has accepted yet."""
        return {row.host: row.fingerprint for row in self._rows if row.judgement == "unknown"}

    def take_focus(self) -> None:
        """Put the focus on the table."""
        self._table.focus()

    def show(self, rows: Iterable[KeyRow]) -> None:
        """Replace the table; the cursor stays where it is."""
        self._rows = tuple(rows)
        place = self._table.cursor_row
        self._table.clear()
        for row in self._rows:
            self._table.add_row(*self._cells(row), key=row.host)
        self._table.display = bool(self._rows)
        self._table.move_cursor(row=min(place, len(self._rows) - 1) if self._rows else 0)
        self.say(self._summary())

    def _cells(self, row: KeyRow) -> tuple[Text, ...]:
        if row.problem is not None:
            state, said, rest = "failed", "silent", clean_line(row.problem.what)
        else:
            state, said = _WORDS.get(row.judgement, ("unknown", row.judgement))
            rest = clean_line(row.fingerprint)
        style = colour(self, {"ok": "success", "unknown": "warning"}.get(state, "error"))
        kind = (Text(clean_line(row.kind.removeprefix("ssh-"))),) if self._wide else ()
        said_so = Text(f"{glyph_of(state, self._glyphs)} {said}", style=style)
        return (Text(clean_line(row.host)), said_so, *kind, Text(rest))

    def _summary(self) -> Content:
        counts = dict.fromkeys(("trusted", "unknown", "changed", "revoked", ""), 0)
        for row in self._rows:
            counts[row.judgement] += 1
        bad = counts["changed"] + counts["revoked"]
        parts = []
        if counts["trusted"]:
            parts.append(state_text("ok", self._glyphs, f"{counts['trusted']} known"))
        if counts["unknown"]:
            text = f"{counts['unknown']} new: compare them with the consoles, then a accepts"
            parts.append(state_text("unknown", self._glyphs, text))
        if bad:
            text = f"{bad} changed: find out why before anything else"
            parts.append(state_text("blocks", self._glyphs, text))
        if counts[""]:
            parts.append(state_text("failed", self._glyphs, f"{counts['']} did not answer"))
        return Content("   ").join(parts)

    def action_accept_all(self) -> None:
        if self.new_keys:
            self.post_message(self.Accepted(self.new_keys))

    def action_accept(self) -> None:
        if not self._rows:
            return
        row = self._rows[self._table.cursor_row]
        if row.judgement == "unknown":
            self.post_message(self.Accepted({row.host: row.fingerprint}))
        elif row.judgement == "trusted":
            self.post_message(self.Accepted({row.host: ""}))

    def action_look(self) -> None:
        self.post_message(self.Asked())


def colour(widget: Widget, variable: str) -> str:
    """A colour of the theme for Rich text, which knows no variables."""
    return widget.app.theme_variables.get(variable, "default").removeprefix("ansi_")
