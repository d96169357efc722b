"""The list of the wizard's pages, and how it stands with each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from haui.wizard.desk import Desk, PageState
from haui.wizard.pages import PAGES, PageId
from screens.actions import Action, bind
from screens.glyphs import Glyphs, Tone, state_glyph, toned
from screens.widgets.edges import edges


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One page in the list. `open` is whether it may be gone to."""

    page: PageId
    number: int
    title: str
    state: PageState
    open: bool


def rows_of(desk: Desk) -> tuple[StepRow, ...]:
    """How it stands with every page."""
    return tuple(
        StepRow(
            page=page.id,
            number=number,
            title=page.title,
            state=desk.page_state(page.id),
            open=desk.may_go(page.id),
        )
        for number, page in enumerate(PAGES, start=1)
    )


class StepList(Widget):
    """One line for each page. Beside a page it only takes clicks; in its own window, keys too."""

    DEFAULT_CSS = """
    StepList { width: 1fr; height: auto; }
    """

    BINDINGS = bind(
        Action(id="steps.move-up", key="up", label="up", group="Pages", shown=False),
        Action(id="steps.move-down", key="down", label="down", group="Pages", shown=False),
        Action(id="steps.choose", key="enter,space", label="go there", group="Pages"),
    )

    rows: reactive[tuple[StepRow, ...]] = reactive((), layout=True)
    cursor: reactive[int] = reactive(-1)

    @dataclass
    class Picked(Message):
        """The admin wants to go to a page."""

        page: PageId

    def __init__(self, glyphs: Glyphs, *, keys: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs
        self.can_focus = keys

    def render(self) -> Content | RenderableType:
        width = self.content_size.width
        return Content("\n").join([self._line(row, width) for row in self.rows])

    def _line(self, row: StepRow, width: int) -> Content:
        word = row.state.word
        here, under = word == "here", self.has_focus and row.number - 1 == self.cursor
        style = "bold" if here else "" if row.open or word != "not yet" else "$text-muted"
        glyph = state_glyph("attention" if here and row.state.problems else word, self._glyphs)
        if here:
            glyph = state_glyph("here", self._glyphs)
        count = str(row.state.problems) if row.state.problems and not here else ""
        if self.can_focus:
            count = _words(row.state)
        left = Content.assemble(
            (self._glyphs.bar if under or here else " ", "$primary"),
            glyph,
            " ",
            (f"{row.number} ", "$text-muted"),
            (row.title, style),
        )
        tone: Tone = "warn" if row.state.problems and not here else "dim"
        line = edges(left, toned(f"{count} " if count else "", tone), width)
        return line.stylize("on $cursor") if under or here else line

    def action_move_up(self) -> None:
        self.cursor = max(0, self.cursor - 1)

    def action_move_down(self) -> None:
        self.cursor = min(len(self.rows) - 1, self.cursor + 1)

    def action_choose(self) -> None:
        if 0 <= self.cursor < len(self.rows):
            self.post_message(self.Picked(self.rows[self.cursor].page))

    def on_click(self, event: events.Click) -> None:
        line = event.get_content_offset(self)
        if line is not None and 0 <= line.y < len(self.rows):
            self.post_message(self.Picked(self.rows[line.y].page))


def _words(state: PageState) -> str:
    """A state in words, for where there is room: "needs attention (2)"."""
    if state.word == "attention":
        return f"needs attention ({state.problems})"
    missing = f", {state.problems} to answer" if state.problems else ""
    return f"{'you are here' if state.word == 'here' else state.word}{missing}"
