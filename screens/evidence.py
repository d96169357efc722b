"""Everything that a preflight has found out about a host, in a window."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from haui.transport.text import clean_line
from haui.wizard.preflight import COLUMNS, Check, Column, HostReport
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, state_text, toned


class EvidenceDialog(Dialog[None]):
    """One host at a time; the arrows at the sides go to the other hosts."""

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
        Action(id="evidence.close", key="enter", label="close", group="Evidence", do="close",
               shown=False),
    )  # fmt: skip
    window_title = "Evidence"

    def __init__(
        self, reports: Sequence[HostReport], host: str, *, glyphs: Glyphs = UNICODE
    ) -> None:
        super().__init__(glyphs=glyphs)
        self._reports = tuple(reports)
        names = [report.host for report in self._reports]
        self._at = names.index(host) if host in names else 0

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="found"):
            yield Static(id="checks", markup=False)

    def on_mount(self) -> None:
        self._show()
        self.query_one("#found").focus()

    def action_host(self, by: int) -> None:
        self._at = (self._at + by) % len(self._reports)
        self._show()

    def _show(self) -> None:
        report = self._reports[self._at]
        place = f"{self._at + 1} of {len(self._reports)} {self.glyphs.sides}"
        self.query_one("#window").border_title = toned(
            f" {clean_line(report.host)} {self.glyphs.dot} {place} "
        )
        shown = evidence(report, self.glyphs)
        self.query_one("#checks", Static).update(shown)
        self.query_one("#found", VerticalScroll).scroll_home(animate=False)


def evidence(report: HostReport, glyphs: Glyphs) -> Content:
    """The findings of a host, in the order of the matrix."""
    if not report.checks:
        return state_text("unknown", glyphs, f"nothing is known of this host: {report.state}")
    lines: list[Content] = []
    for column in COLUMNS:
        checks = [check for check in report.checks if check.kind.column == column]
        if checks:
            lines.append(toned(column, "dim"))
            lines += [line for check in checks for line in _lines(check, glyphs)]
    return Content("\n").join(lines)


def cell_evidence(report: HostReport, column: Column, width: int, glyphs: Glyphs) -> Content:
    """The findings of a host in one row of the matrix, in a few columns."""
    lines: list[Content] = []
    for check in report.checks:
        if check.kind.column == column:
            what = state_text(check.weight, glyphs, clean_line(check.what))
            lines += what.wrap(width)
            for text in (*check.seen.splitlines(), *check.fix.splitlines()):
                parts = toned(clean_line(text).strip(), "dim").wrap(max(10, width - 2))
                lines += [Content.assemble("  ", part) for part in parts]
    return Content("\n").join(lines)


def _lines(check: Check, glyphs: Glyphs) -> list[Content]:
    seen = [clean_line(line).strip() for line in check.seen.splitlines() if line.strip()]
    what = state_text(check.weight, glyphs, clean_line(check.what))
    if check.weight == "ok":
        return [Content.assemble("  ", what, ("   " + " ".join(seen), "$text-muted"))]
    lines = [Content.assemble("  ", what)]
    rows = [("expected", check.expected), *(("seen", line) for line in seen), ("fix", check.fix)]
    lines += [
        Content.assemble((f"      {label:<9} ", "$text-muted"), clean_line(part))
        for label, text in rows
        for part in text.splitlines()
        if part.strip()
    ]
    return lines
