"""The hosts as a table, one line each: for many of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip

from screens.glyphs import Tone, state_text, tone_of, toned
from screens.widgets.host_pane import HostPane
from screens.widgets.hostview import HostView, Order
from screens.widgets.progress import bar, counted
from screens.widgets.strips import strip_of

_STATE: Final = 9
_TIME: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The width of each column; 0 leaves it out. What is over goes to step and detail."""

    name: int
    role: int
    step: int
    bar: int
    count: int


def columns_for(width: int, views: Sequence[HostView]) -> Columns:
    """Columns for that many cells, with room for the longest name and role."""
    longest = max((len(view.label) for view in views), default=4)
    name = min(max(longest, 4), max(12, width // 5))
    role = max((len(view.role) for view in views), default=0)
    role = min(max(role, 4), 22) if width >= 96 else 0
    count = max((len(counted(view.done, view.total)) for view in views), default=3)
    drawn = 8 if width < 96 else 14 if width < 140 else 20
    gaps = 2 * (5 + bool(role))
    left = width - 2 - _STATE - name - role - count - drawn - _TIME - gaps
    if left < 14:
        left, drawn = left + drawn + 1, 0
    return Columns(name=name, role=role, step=max(left, 8), bar=drawn, count=count)


class HostTable(HostPane):
    """The first line is the head; it stays while the rest scrolls."""

    DEFAULT_CSS = """
    HostTable { overflow-y: scroll; }
    """

    sorted_by: Order = "state"

    def on_mount(self) -> None:
        self._columns = columns_for(80, [])

    def fit(self) -> None:
        self.virtual_size = Size(self.room, len(self.order) + 1)
        self._fit_columns()

    def measure(self, views: Iterable[HostView]) -> None:
        """All hosts, also those that are not shown: the columns don't move when some are."""
        self._measured = tuple(views)
        self._fit_columns()

    _measured: tuple[HostView, ...] = ()

    def _fit_columns(self) -> None:
        columns = columns_for(self.room, self._measured)
        if columns != self._columns:
            self._columns = columns
            self._drawn.clear()
            self.refresh()

    def place(self, name: str) -> tuple[int, int]:
        return (self.order.index(name) + 1, 1) if name in self.order else (-1, 0)

    def reveal(self) -> None:
        """As for all, but the head covers the first line."""
        row, _ = self.place(self.selected)
        top = self.scroll_offset.y
        if 0 < row <= top:
            self.scroll_to(y=row - 1, animate=False)
        else:
            super().reveal()

    def visible_names(self) -> list[str]:
        top = self.scroll_offset.y
        return self.order[top : top + max(self.size.height - 1, 0)]

    def name_at(self, x: int, y: int) -> str:
        index = y + self.scroll_offset.y - 1
        return self.order[index] if y > 0 and 0 <= index < len(self.order) else ""

    def render_line(self, y: int) -> Strip:
        self.follow_width()
        width = self.room
        if not width:
            return Strip.blank(width, self.rich_style)
        if y == 0:
            return strip_of(self, self._head(), width, self.glyphs)
        index = y + self.scroll_offset.y - 1
        if index >= len(self.order):
            empty = "  no host is shown: esc takes the filter away" if not self.order else ""
            return strip_of(self, toned(empty if y == 1 else "", "dim"), width, self.glyphs)
        name = self.order[index]
        drawn = self._drawn.get(name)
        if drawn is None:
            row = strip_of(self, self._row(self.views[name]), width, self.glyphs)
            drawn = self._drawn[name] = [row]
        return drawn[0]

    def _head(self) -> Content:
        columns = self._columns
        cells = [
            self._title("state", "state", _STATE),
            self._title("host", "name", columns.name),
            self._title("role", "role", columns.role),
            self._title("step", "", columns.step),
            self._title("progress", "progress", _progress_width(columns)),
            self._title("since", "time", _TIME, right=True),
        ]
        return Content.assemble(" ", Content("  ").join([c for c in cells if c.cell_length]))

    def _title(self, text: str, order: str, width: int, *, right: bool = False) -> Content:
        if not width:
            return Content("")
        by_it = order == self.sorted_by
        shown = f"{text} {'v' if self.glyphs.ascii else '▾'}" if by_it else text
        padded = shown.rjust(width) if right else shown.ljust(width)
        return toned(padded[:width], style="bold $primary" if by_it else "$text-muted")

    def _row(self, view: HostView) -> Content:
        columns, glyphs = self._columns, self.glyphs
        under = view.name == self.selected
        cells = [
            _cell(state_text(view.status, glyphs), _STATE),
            _cell(toned(view.label, "strong" if under else "plain"), columns.name),
            _cell(toned(view.role, "dim"), columns.role),
            _cell(_doing(view, glyphs.dot), columns.step),
            self._progress(view),
            toned(view.clock(self.now).rjust(_TIME), "dim"),
        ]
        mark = toned(glyphs.bar if under else " ", "accent")
        line = Content.assemble(mark, Content("  ").join([c for c in cells if c.cell_length]))
        if not under:
            return line
        return line.pad_right(max(0, self.room - line.cell_length)).stylize_before("on $cursor")

    def _progress(self, view: HostView) -> Content:
        columns = self._columns
        count = toned(counted(view.done, view.total).rjust(columns.count), "dim")
        if not columns.bar:
            return count
        tone = tone_of(view.status) if view.status in ("failed", "lost") else "accent"
        tone = "good" if view.total and view.done == view.total else tone
        return Content.assemble(
            bar(view.done, view.total, columns.bar, self.glyphs, tone), " ", count
        )


def _progress_width(columns: Columns) -> int:
    return columns.count + columns.bar + bool(columns.bar)


def _cell(content: Content, width: int) -> Content:
    if not width:
        return Content("")
    if content.cell_length > width:
        content = content.truncate(width, ellipsis=True)
    return content.pad_right(width - content.cell_length)


def _doing(view: HostView, dot: str) -> Content:
    """The step, and after it why it waits, what it said, or why it failed."""
    tone: Tone = "bad" if view.status == "failed" else "dim"
    if not view.detail:
        return toned(view.step, "dim" if view.status == "waiting" else "plain")
    if view.status == "waiting" and not view.step:
        return toned(view.detail, "dim")
    return Content.assemble(
        toned(view.step, "dim" if view.status == "waiting" else "plain"),
        (f" {dot} ", "$text-muted"),
        toned(view.detail, tone),
    )
