"""Hosts against groups of checks: one sign for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from haui.transport.text import clean_line
from haui.wizard.preflight import COLUMNS, Column, HostReport
from screens.actions import Action, bind
from screens.glyphs import TONES, Glyphs, glyph_of, tone_of, toned

LABEL = 11
"""Columns of the groups' names."""
LONGEST_NAME = 6
"""Hosts whose names are longer are not named above their columns, but where the cursor is."""

_SAID = {
    "ok": "fine", "warning": "warns", "overridden": "let pass", "info": "noted",
    "done": "nothing to look at",
}  # fmt: skip
_STATES = {"waiting": "waiting", "checking": "checking", "not done": "unknown"}


class Matrix(Widget):
    """A row for each group of checks, a column for each host; the arrows move over the cells.

    Where the hosts don't fit, the columns around the cursor are shown.
    """

    DEFAULT_CSS = """
    Matrix { width: 1fr; height: 14; }
    """
    BINDINGS = bind(
        Action(id="matrix.left", key="left", label="host", group="Matrix", keys="sides",
               do="move(-1,0)", help="To the host beside."),
        Action(id="matrix.right", key="right", label="", group="Matrix", do="move(1,0)",
               shown=False),
        Action(id="matrix.up", key="up", label="", group="Matrix", do="move(0,-1)", shown=False,
               keys="arrows", help="To the group of checks above or below."),
        Action(id="matrix.down", key="down", label="", group="Matrix", do="move(0,1)",
               shown=False),
        Action(id="matrix.first", key="home", label="", group="Matrix", do="ends(0)", shown=False,
               keys="home end", help="To the first or the last host."),
        Action(id="matrix.last", key="end", label="", group="Matrix", do="ends(-1)", shown=False),
    )  # fmt: skip

    reports: reactive[tuple[HostReport, ...]] = reactive(())
    host: reactive[int] = reactive(0)
    row: reactive[int] = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor is on another cell."""

        host: str

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.can_focus = True

    @property
    def current(self) -> HostReport | None:
        """The host under the cursor."""
        return self.reports[self.host] if self.host < len(self.reports) else None

    def select(self, name: str) -> None:
        """Put the cursor on a host."""
        for index, report in enumerate(self.reports):
            if report.host == name:
                self.host = index

    def select_column(self, column: Column) -> None:
        """Put the cursor on a group of checks."""
        self.row = COLUMNS.index(column)

    @property
    def _cell(self) -> int:
        """Columns of one host."""
        names = [cell_len(clean_line(report.host)) for report in self.reports]
        widest = max(names, default=1)
        room = self.content_size.width - LABEL
        fits = widest <= LONGEST_NAME and (widest + 2) * len(names) <= room
        return widest + 2 if fits else 2

    def _window(self) -> range:
        """The hosts that are shown."""
        fit = max(1, (self.content_size.width - LABEL) // self._cell)
        first = min(max(0, self.host - fit // 2), max(0, len(self.reports) - fit))
        return range(first, min(len(self.reports), first + fit))

    def render(self) -> Content | RenderableType:
        shown = self._window()
        lines = [self._head(shown), *(self._row(index, shown) for index in range(len(COLUMNS)))]
        lines += [Content(""), self.said()]
        return Content("\n").join(lines)

    def _head(self, shown: range) -> Content:
        width = self._cell
        if width == 2:
            count = len(self.reports)
            part = f"hosts {shown.start + 1}–{shown.stop} of {count}"
            text = part if len(shown) < count else f"{count} hosts"
            return toned(" " * LABEL + text, "dim")
        names = [self._column_of(i, clean_line(self.reports[i].host), width) for i in shown]
        return Content.assemble(" " * LABEL, *names)

    def _column_of(self, index: int, text: str, width: int) -> Content:
        style = "bold $primary" if index == self.host and self.has_focus else "$text-muted"
        return Content.styled(text.ljust(width), style)

    def _row(self, row: int, shown: range) -> Content:
        here = row == self.row and self.has_focus
        label = Content.styled(COLUMNS[row].ljust(LABEL), "bold" if here else "$text-muted")
        cells = []
        for index in shown:
            glyph, style = self._sign(self.reports[index], row)
            if here and index == self.host:
                style = f"{style} reverse".strip()
            cells += [Content.styled(glyph, style), Content(" " * (self._cell - 1))]
        return Content.assemble(label, *cells)

    def _sign(self, report: HostReport, row: int) -> tuple[str, str]:
        weight = report.heaviest(COLUMNS[row])
        word = weight or _STATES.get(report.state, "skipped")
        return glyph_of(word, self._glyphs), TONES[tone_of(word)]

    def said(self) -> Content:
        """The cell under the cursor in words."""
        report = self.current
        if report is None:
            return Content("")
        word = report.heaviest(COLUMNS[self.row]) or report.state
        said = _SAID.get(word, word)
        name = Content.styled(clean_line(report.host), "bold")
        what = f" {self._glyphs.dot} {COLUMNS[self.row]}: "
        return Content.assemble(name, (what, "$text-muted"), (said, TONES[tone_of(word)]))

    def action_move(self, hosts: int, rows: int) -> None:
        row, host = self.row + rows, self.host + hosts
        if not 0 <= row < len(COLUMNS):
            self.screen.focus_previous() if rows < 0 else self.screen.focus_next()
        elif 0 <= host < len(self.reports):
            self.row, self.host = row, host
            self._tell()

    def action_ends(self, to: int) -> None:
        self.host = 0 if to == 0 else max(0, len(self.reports) - 1)
        self._tell()

    def _tell(self) -> None:
        if self.current is not None:
            self.post_message(self.Moved(self.current.host))

    def on_focus(self) -> None:
        self._tell()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None or not 1 <= place.y <= len(COLUMNS) or place.x < LABEL:
            return
        index = self._window().start + (place.x - LABEL) // self._cell
        if index < len(self.reports):
            self.row, self.host = place.y - 1, index
            self._tell()
