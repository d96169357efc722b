"""Everything that a preflight has found out about a host, in a window."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from haui.transport.text import clean_line
from haui.wizard.preflight import COLUMNS, WEIGHTS, Check, Column, HostReport, parts_of
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, state_text, toned

LABEL = 16
"""Columns before the text of a part."""


class EvidenceDialog(Dialog[None]):
    """One host at a time, all of it or one area; the arrows at the sides go to the other hosts."""

    DEFAULT_CSS = """
    EvidenceDialog #window { width: 96; height: 90%; }
    EvidenceDialog #found { height: 1fr; scrollbar-size-vertical: 1; }
    EvidenceDialog #found Static { height: auto; }
    """
    BINDINGS = bind(
        Action(id="evidence.before", key="left,p", label="host before", group="Evidence",
               do="host(-1)", keys="sides", help="The findings of the host beside."),
        Action(id="evidence.after", key="right,n", label="", group="Evidence", do="host(1)",
               shown=False),
        Action(id="evidence.areas", key="a", label="all areas", group="Evidence", do="areas",
               help="The findings of all areas of the host, and back to the one."),
        Action(id="evidence.close", key="enter", label="close", group="Evidence", do="close",
               shown=False),
    )  # fmt: skip
    window_title = "Evidence"

    def __init__(
        self, reports: Sequence[HostReport], host: str, column: Column | None = None, *,
        glyphs: Glyphs = UNICODE,
    ) -> None:  # fmt: skip
        super().__init__(glyphs=glyphs)
        self._reports = tuple(reports)
        names = [report.host for report in self._reports]
        self._at = names.index(host) if host in names else 0
        self._column = column
        self._whole = column is None

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="found"):
            yield Static(id="checks", markup=False)

    def on_mount(self) -> None:
        self._show()
        self.query_one("#found").focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_host(self, by: int) -> None:
        self._at = (self._at + by) % len(self._reports)
        self._show()

    def action_areas(self) -> None:
        self._whole = not self._whole or self._column is None
        self._show()

    def _show(self) -> None:
        report = self._reports[self._at]
        column = None if self._whole else self._column
        dot = f" {self.glyphs.dot} "
        place = f"{self._at + 1} of {len(self._reports)} {self.glyphs.sides}"
        more = "a shows all areas" if column else f"a shows {self._column} only"
        parts = [clean_line(report.host), column or "all areas", place]
        parts += [more] if self._column else []
        self.query_one("#window").border_title = toned(f" {dot.join(parts)} ")
        found = self.query_one("#found", VerticalScroll)
        shown = evidence(report, column, max(40, found.content_size.width), self.glyphs)
        self.query_one("#checks", Static).update(shown)
        found.scroll_home(animate=False)


def evidence(report: HostReport, only: Column | None, width: int, glyphs: Glyphs) -> Content:
    """The findings of a host, in the order of the matrix; of one area, or of all."""
    if not report.checks:
        return state_text("unknown", glyphs, f"nothing is known of this host: {report.state}")
    lines: list[Content] = []
    for column in (only,) if only else COLUMNS:
        checks = _in(report, column)
        if checks:
            lines.append(toned(column, "dim"))
            brief = only is None
            lines += [line for check in checks for line in _lines(check, width, glyphs, brief)]
    if not lines:
        return toned(f"Nothing was looked at here: {only}", "dim")
    return Content("\n").join(lines)


def cell_evidence(report: HostReport, column: Column, width: int, glyphs: Glyphs) -> Content:
    """The findings of a host in one row of the matrix, in a few columns."""
    lines: list[Content] = []
    for check in _in(report, column):
        what = state_text(check.weight, glyphs, clean_line(check.what))
        lines += what.wrap(width)
        for text in (*check.seen.splitlines(), *check.fix.splitlines()):
            parts = toned(clean_line(text).strip(), "dim").wrap(max(10, width - 2))
            lines += [Content.assemble("  ", part) for part in parts]
    return Content("\n").join(lines)


def _in(report: HostReport, column: Column) -> list[Check]:
    """The checks of one area, the heaviest first."""
    found = (check for check in report.checks if check.column == column)
    return sorted(found, key=lambda check: WEIGHTS.index(check.weight))


def _lines(check: Check, width: int, glyphs: Glyphs, brief: bool) -> list[Content]:
    """Title, verdict and every part; in brief, of what is fine only what was seen."""
    what = state_text(check.weight, glyphs, clean_line(check.what))
    lines = [Content.assemble("  ", what, (f"  {check.weight}", "$text-muted"))]
    for label, text in parts_of(check):
        if brief and check.weight == "ok" and label != "seen":
            continue
        for part in text.splitlines():
            if part.strip():
                for piece in Content(clean_line(part).strip()).wrap(max(10, width - LABEL)):
                    head = f"      {label:<9} " if label else " " * LABEL
                    lines.append(Content.assemble((head, "$text-muted"), piece))
                    label = ""
    return lines
