"""The report of an install, to be read above the screen."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from haui.transport.text import clean_text
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import UNICODE, Glyphs, toned
from screens.paths import home_text
from screens.widgets.body import Body

_MOST_BYTES = 1 << 20


class ReportWindow(Dialog[None]):
    """The text as it is in the file, and where the file is."""

    BINDINGS = bind(
        Action(id="report.down", key="down,j", label="", group="Window", do="scroll(1)",
               shown=False),
        Action(id="report.up", key="up,k", label="", group="Window", do="scroll(-1)", shown=False),
        Action(id="report.page-down", key="pagedown,space", label="", group="Window",
               do="scroll(15)", shown=False),
        Action(id="report.page-up", key="pageup", label="", group="Window", do="scroll(-15)",
               shown=False),
    )  # fmt: skip
    CSS_PATH = "report.tcss"
    window_title = "Report"

    def __init__(self, path: Path, *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(glyphs=glyphs)
        self._path = path

    def compose_body(self) -> ComposeResult:
        with Body(id="pages"):
            yield Static(self._text())
        yield Static(toned(home_text(self._path), "dim"), id="where")

    def _text(self) -> Content:
        try:
            with self._path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError as error:
            why = error.strerror or str(error)
            return toned(f"There is no report: {why}. It is written when an install ends.", "warn")
        return Content(clean_text(text))

    def action_scroll(self, lines: int) -> None:
        self.query_one("#pages").scroll_relative(y=lines, animate=False)
