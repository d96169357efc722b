"""One of several, as a vertical list: label, what it takes, and beneath what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.actions import Action, bind
from screens.glyphs import Glyphs, toned
from screens.widgets.edges import edges, joined

WIDEST = 78
"""Columns beyond which a line of text is hard to follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the answers. `barred` says why it can't be chosen now; empty when it can."""

    value: Any
    label: str
    note: str = ""
    takes: str = ""
    recommended: bool = False
    barred: str = ""


class ChoiceList(Widget):
    """Up and down move, enter or space chooses; digits choose at once.

    Beyond the first and last option the focus goes to what is before and after the list.
    """

    DEFAULT_CSS = """
    ChoiceList { width: 1fr; max-width: 78; height: auto; }
    """

    BINDINGS = bind(
        Action(id="choice.up", key="up", label="move", group="Choices", keys="arrows",
               do="move(-1)", help="To the option above or below."),
        Action(id="choice.down", key="down", label="", group="Choices", do="move(1)", shown=False),
        Action(id="choice.take", key="enter,space", label="choose", group="Choices",
               help="Choose the option under the cursor; once more goes on."),
        *(Action(id=f"choice.number-{n}", key=str(n), label="choose", group="Choices",
                 do=f"number({n})", shown=False, keys="1…9" if n == 1 else "",
                 help="Choose the option with that number." if n == 1 else "")
          for n in range(1, 10)),
    )  # fmt: skip

    options: reactive[tuple[Option, ...]] = reactive((), layout=True)
    cursor: reactive[int] = reactive(0)
    value: reactive[Any] = reactive(None)

    @dataclass
    class Chosen(Message):
        """An option was chosen. `again` when it had been chosen before."""

        choices: ChoiceList
        value: Any
        again: bool

        @property
        def control(self) -> ChoiceList:
            return self.choices

    @dataclass
    class Pointed(Message):
        """The cursor stands on an option, or has left (`value` is the chosen one then)."""

        value: Any

    @dataclass
    class Refused(Message):
        """An option was picked that can't be chosen now."""

        why: str

    def __init__(self, options: Sequence[Option], value: Any, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.can_focus = True
        self.set_reactive(ChoiceList.options, tuple(options))
        self.set_reactive(ChoiceList.value, value)
        self.set_reactive(ChoiceList.cursor, self._index_of(value))

    def _index_of(self, value: Any) -> int:
        return next((i for i, option in enumerate(self.options) if option.value == value), 0)

    def show_value(self, value: Any) -> None:
        """Show another value as chosen, without telling anyone."""
        if value != self.value:
            self.value = value
            self.cursor = self._index_of(value)

    def render(self) -> Content | RenderableType:
        width = self.content_size.width
        lines = [line for index in range(len(self.options)) for line in self._lines(index, width)]
        return Content("\n").join(lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return sum(len(self._lines(index, width)) for index in range(len(self.options)))

    def _lines(self, index: int, width: int) -> list[Content]:
        option = self.options[index]
        under = index == self.cursor and self.has_focus
        chosen = option.value == self.value
        dim = bool(option.barred)
        left = Content.assemble(
            (self._glyphs.bar if under else " ", "$primary"),
            toned(self._glyphs.chosen, "accent") if chosen else toned(self._glyphs.unchosen, "dim"),
            " ",
            toned(
                option.label, style="$text-disabled" if dim else "bold" if chosen or under else ""
            ),
        )
        right = joined([
            toned("recommended" if option.recommended and not dim else "", "good"),
            toned(option.takes.rjust(self._takes_width()), "dim"),
        ])  # fmt: skip
        lines = [edges(left, right, width)]
        indent = 2 + len(self._glyphs.chosen)
        note = f"not now: {option.barred}" if dim else option.note
        wrapped = toned(note, "dim").wrap(max(10, width - indent - 2)) if note else []
        lines += [Content.assemble(" " * indent, text) for text in wrapped]
        if under:
            lines = [self._lit(line, width) for line in lines]
        return lines

    def _lit(self, line: Content, width: int) -> Content:
        return line.pad_right(max(0, width - line.cell_length)).stylize_before("on $cursor")

    def _takes_width(self) -> int:
        return max((len(option.takes) for option in self.options), default=0)

    def action_move(self, by: int) -> None:
        to = self.cursor + by
        if not 0 <= to < len(self.options):
            self.screen.focus_previous() if by < 0 else self.screen.focus_next()
            return
        self.cursor = to
        self._reveal()
        self.post_message(self.Pointed(self.options[to].value))

    def on_blur(self) -> None:
        self.post_message(self.Pointed(self.value))

    def action_number(self, number: int) -> None:
        if number <= len(self.options):
            self.cursor = number - 1
            self._reveal()
            self.action_take()

    def _reveal(self) -> None:
        """Scroll so that the whole option under the cursor can be seen."""
        heights = [len(self._lines(i, self.content_size.width)) for i in range(len(self.options))]
        top = self.content_region.y + sum(heights[: self.cursor])
        end = top + heights[self.cursor]
        for parent in self.ancestors:
            if isinstance(parent, Widget) and parent.allow_vertical_scroll:
                view = parent.content_region
                by = min(0, top - view.y) or max(0, end - view.bottom)
                parent.scroll_relative(y=by, animate=False)
                break

    def action_take(self) -> None:
        if not self.options:
            return
        option = self.options[self.cursor]
        if option.barred:
            self.post_message(self.Refused(option.barred))
            return
        again = option.value == self.value
        self.value = option.value
        self.post_message(self.Chosen(self, option.value, again))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        line = 0
        for index in range(len(self.options)):
            line += len(self._lines(index, self.content_size.width))
            if place.y < line:
                self.cursor = index
                self.action_take()
                return
