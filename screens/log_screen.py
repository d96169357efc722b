"""One host's log on the whole screen."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.actions import Action, bind
from screens.log_page import LogPage
from screens.widgets.log_view import LogView
from screens.widgets.prompt import PromptLine
from screens.world import World


class LogScreen(LogPage):
    """Above the run: escape goes back to it. `host` is whose log it is."""

    CSS_PATH = "log_screen.tcss"
    crumbs = ("run", "log")
    help_text = (
        "Everything that the host's steps have printed in this run, the last 5000 lines. The whole"
        " log is a file in the cluster's folder."
    )
    BINDINGS = bind(
        Action(id="log-screen.previous-host", key="left_square_bracket", label="", group="Log",
               shown=False, do="other(-1)", keys="[ ]", help="The log of the host before, or of"
               " the next."),
        Action(id="log-screen.next-host", key="right_square_bracket", label="", group="Log",
               shown=False, do="other(1)"),
    )  # fmt: skip

    def __init__(self, world: World, host: str = "") -> None:
        super().__init__(world)
        self._host = host or self.live.spec.hosts[0].name

    def compose_body(self) -> ComposeResult:
        yield from self.compose_log()
        yield PromptLine()

    def on_mount(self) -> None:
        self.log_view.show_host(self._host)
        self.log_view.focus()
        self.set_interval(1 / 10, self._beat)
        self.update_log_head()
        path = self.live.store.log(self._host)
        self.prompt.say(f"the whole log is {path}")

    def _beat(self) -> None:
        if self.is_current and (self.log_view.pull() or self.live.ended):
            self.update_log_head()

    def action_other(self, by: int) -> None:
        names = [host.name for host in self.live.spec.hosts]
        self._host = names[(names.index(self._host) + by) % len(names)]
        view = self.query_one(LogView)
        view.show_host(self._host)
        self.update_log_head()
        self.prompt.say(f"the whole log is {self.live.store.log(self._host)}")
