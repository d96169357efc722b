"""A failure, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rich.console import RenderableType
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.actions import Action, bind
from screens.failure_text import Failure, FailureFacts
from screens.glyphs import Glyphs, toned
from screens.widgets.edges import edges
from screens.widgets.progress import span_text

Want = Literal["retry", "skip", "stop", "log", "shell", "bundle", "copy", "close"]
ROOMY = 30
"""Lines of the screen from which the parts are set apart."""

_DEEDS = [("retry",), ("skip",), ("stop",), ("shell",), ("bundle",)]

LABEL = 8
"""Columns of the words at the left."""


class FailurePanel(VerticalScroll, can_focus=True):
    """Shows one of the failures it is given; up and down choose among several.

    It decides nothing: it says what the admin wants.
    """

    DEFAULT_CSS = """
    FailurePanel {
        height: 1fr;
        width: 1fr;
        padding: 0;
        background: $background;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS = bind(
        Action(id="failure.retry", key="r", label="retry", group="Failure", do="want('retry')",
               help="Look at the host again and try the step once more."),
        Action(id="failure.skip", key="s", label="skip", group="Failure", do="want('skip')",
               help="Leave the host out of this run, when the cluster can do without it. Asks."),
        Action(id="failure.stop", key="x", label="stop", group="Failure", do="want('stop')",
               help="Stop the run, to go on with it later. Asks."),
        Action(id="failure.log", key="l,enter", label="full log", group="Failure",
               do="want('log')", keys="l", help="The whole log of the host."),
        Action(id="failure.shell", key="t", label="shell", group="Failure", do="want('shell')",
               help="A shell on the host, with ssh. Afterwards haui offers to try again."),
        Action(id="failure.bundle", key="b", label="bundle", group="Failure", shown=False,
               do="want('bundle')", help="Write a report bundle for someone who helps."),
        Action(id="failure.copy", key="c", label="copy", group="Failure", shown=False,
               do="want('copy')", help="Copy what is known about the failure."),
        Action(id="failure.close", key="escape", label="back", group="Failure",
               do="want('close')", help="Back to the run; F shows the failure again."),
        Action(id="failure.next", key="down,j", label="", group="Failure", shown=False,
               do="choose(1)", keys="j k", help="The next failure, when there are several."),
        Action(id="failure.previous", key="up,k", label="", group="Failure", shown=False,
               do="choose(-1)"),
    )  # fmt: skip

    @dataclass
    class Wanted(Message):
        """The admin wants something about a failure."""

        want: Want
        failure: Failure

    @dataclass
    class Chosen(Message):
        """Another failure is to be shown."""

        failure: Failure

    def __init__(self, glyphs: Glyphs, *, read_only: bool = False, **options: Any) -> None:
        """`read_only` leaves out all that is done about a failure where the run is made."""
        super().__init__(**options)
        self.page = _FailurePage(glyphs)
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        yield self.page

    def show(
        self, failures: tuple[Failure, ...], facts: FailureFacts, *, ended: bool, simulated: bool
    ) -> None:
        """Show `facts`, of one of the failures."""
        shown = _Shown(
            failures=failures,
            facts=facts,
            ended=ended,
            simulated=simulated,
            dense=self.screen.size.height < ROOMY,
            read_only=self._read_only,
        )
        if self.page.shown != shown:
            self.page.shown = shown

    @property
    def facts(self) -> FailureFacts | None:
        """What is shown."""
        return self.page.shown.facts if self.page.shown else None

    @property
    def page_height(self) -> int:
        """How many lines there are to be read, at the width of the screen."""
        return self.page.get_content_height(self.size, self.size, self.screen.size.width - 6)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (self._read_only and action == "want" and parameters[:1] in _DEEDS)

    def action_want(self, want: Want) -> None:
        if self.facts is not None:
            self.post_message(self.Wanted(want, self.facts.failure))

    def action_choose(self, by: int) -> None:
        shown = self.page.shown
        if shown is None:
            return
        ids = [failure.id for failure in shown.failures]
        if len(ids) < 2:
            self.scroll_relative(y=by, animate=False)
            return
        at = ids.index(shown.facts.failure.id) if shown.facts.failure.id in ids else 0
        self.post_message(self.Chosen(shown.failures[(at + by) % len(ids)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    failures: tuple[Failure, ...]
    facts: FailureFacts
    ended: bool
    simulated: bool
    dense: bool
    """Whether there is little room: no empty lines."""
    read_only: bool = False


class _FailurePage(Widget):
    """The text, as wide as the panel."""

    DEFAULT_CSS = """
    _FailurePage { width: 1fr; height: auto; padding: 0 2 0 2; }
    """

    shown: reactive[_Shown | None] = reactive(None, layout=True)

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def on_resize(self, event: events.Resize) -> None:
        self.refresh(layout=True)

    def _lines(self, width: int) -> list[Content]:
        if self.shown is None or width < 10:
            return []
        return failure_lines(self.shown, width, self._glyphs)


def failure_lines(shown: _Shown, width: int, glyphs: Glyphs) -> list[Content]:
    """The whole text in lines of at most `width` columns."""
    facts = shown.facts
    lines = [_title(facts, width, glyphs)]
    if len(shown.failures) > 1:
        lines += _list(shown, width, glyphs)
    gap = [] if shown.dense else [Content("")]
    lines += [*gap, *_part("What", [toned(facts.what, "strong")], width)]
    if facts.lines:
        said = [toned(line, "bad") for line in facts.lines]
        lines += _part("Why", said, width)
    if facts.cause is not None:
        cause = [toned(facts.cause.cause), toned(facts.cause.fix, "dim")]
        command = [toned(f"$ {facts.cause.command}", "accent")] if facts.cause.command else []
        lines += _part("Likely", [*cause, *command], width)
    elif facts.fix:
        lines += _part("Fix", [toned(facts.fix)], width)
    lines += [*gap, *_do(shown, width)]
    if facts.still:
        lines += _part("Still", [toned(facts.still, "dim")], width)
    return lines


def _title(facts: FailureFacts, width: int, glyphs: Glyphs) -> Content:
    failure = facts.failure
    attempt = f"attempt {failure.attempt} {glyphs.dot} " if failure.attempt else ""
    right = toned(f"{attempt}after {span_text(failure.seconds)}", "dim")
    left = Content.assemble(
        toned(f"{glyphs.failed} {failure.host}", style="bold $error"),
        toned(f" {glyphs.dot} {failure.title}", "strong"),
    )
    return edges(left, right, width)


def _list(shown: _Shown, width: int, glyphs: Glyphs) -> list[Content]:
    """The failures to choose from: a window of four around the one that is shown."""
    ids = [failure.id for failure in shown.failures]
    here = ids.index(shown.facts.failure.id) if shown.facts.failure.id in ids else 0
    most = 2 if shown.dense else 4
    first = min(max(here - 1, 0), max(len(ids) - most, 0))
    lines = [toned(f"{here + 1} of {len(ids)} failures; {glyphs.arrows} choose", "warn")]
    for index, failure in enumerate(shown.failures[first : first + most], first):
        mark = glyphs.pointer if index == here else " "
        decided = "" if failure.decidable else "  (nothing to decide)"
        text = f" {mark} {failure.host}  {failure.title}{decided}"
        line = toned(text, "strong" if index == here else "dim")
        lines.append(line.truncate(width, ellipsis=True))
    return lines


def _do(shown: _Shown, width: int) -> list[Content]:
    facts, failure = shown.facts, shown.facts.failure
    ways: list[Content] = []
    if shown.read_only:
        row = toned("What is done about it is decided where the run is made.", "dim")
        return _part("Do", [row], width)
    if failure.decidable:
        ways.append(_way("r", "retry", "haui looks at the host again, and tries once more"))
        if facts.barred:
            ways.append(_way("s", "skip", f"not possible: {facts.barred}", barred=True))
        else:
            left = f"leave {failure.host} out: {facts.consequence}"
            ways.append(_way("s", "skip", left.rstrip(": ")))
        ways.append(_way("x", "stop", "end the run here and resume it later"))
    elif shown.ended:
        ways.append(_way("enter", "result", "the run has ended; it is resumed from the result"))
    if shown.simulated:
        ways.append(_way("t", "shell", "not in a rehearsal: the host is simulated", barred=True))
    more = [("l", f"full log, {facts.all_lines} lines of this step"), ("b", "report bundle"),
            ("c", "copy")]  # fmt: skip
    if not shown.simulated:
        more.insert(1, ("t", f"shell on {failure.host}"))
    row = Content("   ").join(
        [Content.assemble((key, "bold $primary"), " ", (what, "")) for key, what in more]
    )
    return _part("Do", ways, width, hanging=9) + _part("" if ways else "Do", [row], width)


def _way(key: str, word: str, note: str, *, barred: bool = False) -> Content:
    if barred:
        return toned(f"{key}  {word:<6}{note}", style="$text-disabled")
    return Content.assemble(
        (f"{key}  ", "bold $primary"), (f"{word:<6}", "bold"), (note, "$text-muted")
    )


def _part(label: str, texts: list[Content], width: int, *, hanging: int = 0) -> list[Content]:
    """A word at the left, and texts that are wrapped beside it; `hanging` indents what follows."""
    lines: list[Content] = []
    room = max(10, width - LABEL)
    for text in texts:
        wrapped = text.wrap(room)
        if hanging and len(wrapped) > 1:
            rest = text[len(wrapped[0].plain) :]
            rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
            wrapped = [wrapped[0], *(
                Content.assemble(" " * hanging, line) for line in rest.wrap(max(10, room - hanging))
            )]  # fmt: skip
        for line in wrapped:
            head = label if not lines else ""
            lines.append(Content.assemble((head.ljust(LABEL), "$text-muted"), line))
    return lines
