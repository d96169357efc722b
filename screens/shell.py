"""The frame of every full screen: top line, what the screen shows, help lines, key line."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen

from screens.actions import Action, bind
from screens.glyphs import Tone, toned
from screens.messages import GoBack
from screens.widgets.helpline import HelpLine
from screens.widgets.keyline import KeyLine
from screens.widgets.topbar import TopBar
from screens.world import World


class Shell(Screen[None], inherit_bindings=False):
    """A screen of haui. Subclasses say their `crumbs` and yield their widgets in `compose_body`.

    `help_text` is what the help page says about the screen, a paragraph or two.
    """

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own declaration
        (0, "-slim"), (72, "-narrow"), (100, "-medium"), (110, "-wide"), (150, "-vast"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS = bind(
        Action(id="shell.back", key="escape", label="back", group="Wizard",
               help="One step back. Every answer stays."),
        Action(id="shell.focus-next", key="tab", label="", group="Anywhere", shown=False,
               keys="tab", do="app.focus_next", help="To the next field; shift+tab goes back."),
        Action(id="shell.focus-previous", key="shift+tab", label="", group="Anywhere", shown=False,
               do="app.focus_previous"),
        Action(id="shell.copy", key="ctrl+c", label="copy", group="Anywhere", shown=False,
               do="screen.copy_text", help="Copy the text that is marked with the mouse."),
    )  # fmt: skip

    crumbs: ClassVar[tuple[str, ...]] = ()
    help_text: ClassVar[str] = ""
    shows_help_line: ClassVar[bool] = True

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def compose(self) -> ComposeResult:
        self._fit()
        yield TopBar(self.world.glyphs)
        with Vertical(id="middle"):
            yield from self.compose_body()
        if self.shows_help_line:
            yield HelpLine()
        yield KeyLine(self.world.glyphs)

    def _fit(self) -> None:
        """Have the classes of the terminal's size before there are widgets: else the first resize
        sets them, and everything is styled, laid out and drawn twice."""
        size = self.app.size
        for length, breakpoints in (
            (size.width, self.HORIZONTAL_BREAKPOINTS),
            (size.height, self.VERTICAL_BREAKPOINTS),
        ):
            self.add_class(max(each for each in breakpoints if each[0] <= length)[1])

    def compose_body(self) -> ComposeResult:
        """The widgets between the top line and the help lines."""
        yield from ()

    def on_mount(self) -> None:
        self.update_top()

    def update_top(self) -> None:
        """Bring the top line up to date."""
        bar = self.query_one(TopBar)
        bar.crumbs = self.crumbs
        desk = self.world.desk
        bar.rehearsal = desk.rehearsal if desk else False
        bar.subject = str(desk.value(("name",)) or "") if desk else self.world.hostname
        bar.saved = f"saved {clock_text(desk.saved_at)}" if desk and desk.saved_at else ""
        bar.trouble = desk.save_trouble if desk else ""

    def say(self, text: str, tone: Tone = "plain") -> None:
        """Show a message in the help lines until the focus moves on. Never read as markup."""
        for line in self.query(HelpLine):
            line.message = toned(text, tone)

    def explain(self, help_text: Content) -> None:
        """Show help in the help lines, in place of a message."""
        for line in self.query(HelpLine):
            line.message = None
            line.help = help_text

    def action_back(self) -> None:
        self.post_message(GoBack())


def clock_text(moment: str | datetime) -> str:
    """The hours and minutes of a stamp on this machine's clock, `10:43`; the text if it is none."""
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        return str(moment)
    return found.astimezone().strftime("%H:%M")
