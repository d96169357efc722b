"""What a text gives as hosts, before it is taken: the lines that don't fit, notes, the hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Button

from haui.wizard.hostlist import HostList, NotUnderstood
from haui.wizard.hostlists.ansible import is_inventory
from haui.wizard.hostlists.csvhosts import is_csv
from haui.wizard.hostlists.result import cleaned
from haui.wizard.hostlists.sshconfig import is_ssh_config
from screens.glyphs import Glyphs, state_text, toned
from screens.widgets.edges import joined
from screens.widgets.host_columns import fitted, roles_text
from screens.widgets.host_rows import rows_of

_NBSP = "\N{NO-BREAK SPACE}"
MOST_SHOWN = 60
"""Hosts and lines beyond these are counted and not shown."""


class HostPreview(Widget):
    """Follows the list that it is given; as high as its lines."""

    DEFAULT_CSS = """
    HostPreview { width: 1fr; height: auto; }
    """

    found: reactive[HostList] = reactive(HostList(), layout=True)

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self._made: tuple[HostList, int, Content] | None = None

    def render(self) -> Content:
        return self._lines(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width).split(allow_blank=True)) if width else 1

    def _lines(self, width: int) -> Content:
        if self._made is None or self._made[0] is not self.found or self._made[1] != width:
            self._made = (self.found, width, details(self.found, self._glyphs, width))
        return self._made[2]


def summary(found: HostList, glyphs: Glyphs) -> Content:
    """As in "6 hosts understood, 2 lines not"."""
    good, bad = len(found.hosts), len(found.rejected)
    parts = []
    if good:
        parts.append(state_text("ok", glyphs, f"{good} host{_s(good)} understood"))
    if bad:
        understood = "" if good else " understood"
        parts.append(state_text("wrong", glyphs, f"{bad} line{_s(bad)} not{understood}"))
    return joined(parts, Content("   ")) if parts else toned("no host in here yet", "dim")


def details(found: HostList, glyphs: Glyphs, width: int) -> Content:
    """What is wrong first, then notes, then the hosts."""
    lines: list[Content] = []
    for rejected in found.rejected[:MOST_SHOWN]:
        lines += _rejected(rejected, glyphs, width)
    lines += _more(len(found.rejected), "line")
    for note in found.notes[:MOST_SHOWN]:
        wrapped = toned(cleaned(note, 400), "warn").wrap(max(20, width - 2))
        lines += [
            Content.assemble((f"{glyphs.attention} " if first else "  ", "$warning"), line)
            for first, line in _firsts(wrapped)
        ]
    if lines and found.hosts:
        lines.append(Content(""))
    lines += _hosts(found, glyphs)
    lines += _more(len(found.hosts), "host")
    return Content("\n").join(lines)


def _rejected(line: NotUnderstood, glyphs: Glyphs, width: int) -> list[Content]:
    where = f"line {line.line}" if line.line else "the text"
    head = Content.assemble(
        (f"{glyphs.failed} {where}  ", "$error"), Content(cleaned(line.text) or "(nothing)")
    )
    if head.cell_length > width > 0:
        head = head.truncate(width, ellipsis=True)
    example = cleaned(line.example, 200).replace(" ", _NBSP)
    why = Content.assemble(
        (cleaned(line.why, 400), "$text-muted"),
        (f"  {glyphs.arrow}{_NBSP}{example}" if example else "", "$text-muted"),
    )
    return [head, *(Content.assemble("  ", part) for part in why.wrap(max(20, width - 2)))]


def _hosts(found: HostList, glyphs: Glyphs) -> Iterator[Content]:
    rows = rows_of(found.hosts[:MOST_SHOWN])
    name = min(24, max((cell_len(row.name) for row in rows), default=0) or 7)
    address = min(39, max((cell_len(row.address) for row in rows), default=0) or 10)
    for row in rows:
        cells = [
            toned(row.name) if row.name else toned("no name", style="$text-disabled"),
            Content(row.address) if row.address else toned("no address", style="$text-disabled"),
        ]
        yield Content("  ").join(
            [
                fitted(cells[0], max(name, 7)),
                fitted(cells[1], max(address, 10)),
                roles_text(row.roles, glyphs),
                joined([toned(row.ssh, "dim"), toned(row.labels, "dim"), toned(row.rest, "dim")]),
            ]
        )


def _more(count: int, noun: str) -> list[Content]:
    over = count - MOST_SHOWN
    return [toned(f"and {over} more {noun}{_s(over)}", "dim")] if over > 0 else []


def _firsts(lines: list[Content]) -> Iterator[tuple[bool, Content]]:
    return ((index == 0, line) for index, line in enumerate(lines))


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def left_over(text: str, found: HostList) -> str:
    """The lines that were not understood, as they were typed; a table keeps its head.

    Lines of an SSH configuration or an inventory mean nothing alone: all of it is left.
    """
    lines = text.split("\n")
    numbers = sorted({bad.line for bad in found.rejected if 0 < bad.line <= len(lines)})
    if not numbers:
        return ""
    if is_ssh_config(text) or is_inventory(text):
        return text
    if is_csv(text) and numbers[0] != 1:
        numbers = [1, *numbers]
    return "\n".join(lines[number - 1] for number in numbers)


def label_take(button: Button, count: int) -> None:
    """Have the button say how many hosts it takes."""
    label = f"Take {count} host{_s(count)}" if count else "Take"
    button.label = Content(f"{label}  ^s")
    button.refresh(layout=True)
