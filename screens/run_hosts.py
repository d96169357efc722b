"""The hosts of a run: tiles or a table, which of them are shown, and which one is selected."""

from __future__ import annotations

from datetime import timedelta

from textual import events, on

from screens.actions import Action, bind
from screens.deciding import DecidingPage
from screens.widgets.host_pane import HostPane
from screens.widgets.host_table import HostTable
from screens.widgets.host_tile import FULL_HEIGHT
from screens.widgets.host_tiles import HostTiles, rows_for, tile_height_for
from screens.widgets.hosts_head import HostsFacts, HostsHead
from screens.widgets.hostview import ORDERS, HostView, chosen, ordered, tally
from screens.world import World

MOST_TILES = 20
"""Hosts above which they are a table, unless asked for otherwise."""
HANDS_OFF = timedelta(seconds=10)
"""The selection goes to a failure by itself only when it has not been moved for so long."""
LEAST_LOG = 6
"""Lines of the log that the hosts leave, its head included."""


class RunHosts(DecidingPage):
    """A page with a HostsHead, HostTiles and a HostTable above its log, all in `#work`.

    What stands where depends on the size, the number of hosts and the admin's wishes alone.
    """

    BINDINGS = bind(
        Action(
            id="run.filter",
            key="slash",
            label="filter",
            group="Hosts",
            help="Show only hosts whose name, role, state or step has these words.",
        ),
        Action(
            id="run.zoom",
            key="z",
            label="zoom",
            group="Run",
            shown=False,
            help="Give the log the hosts' room, and back.",
        ),
        Action(
            id="run.view",
            key="v",
            label="tiles/table",
            group="Hosts",
            shown=False,
            do="switch_view",
            help="Hosts as tiles or as a table.",
        ),
        Action(
            id="run.order",
            key="o",
            label="order",
            group="Hosts",
            shown=False,
            help="Sort the table by state, name, role, progress or time.",
        ),
        Action(
            id="run.news",
            key="a",
            label="all/news",
            group="Hosts",
            shown=False,
            help="Only hosts that run, wait for a connection or have failed; again: all.",
        ),
        Action(
            id="run.go",
            key="g",
            label="go to",
            group="Hosts",
            shown=False,
            do="go_to_host",
            help="Select a host by its name.",
        ),
    )

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.views: dict[str, HostView] = {}
        self.selected = self.live.spec.hosts[0].name
        self.order = ORDERS[0]
        self.filter_text = ""
        self.only_news = False
        self.zoomed = False
        self._table: bool | None = None
        """Whether hosts are a table; None: as they fit."""
        self.moved_at = world.now() - HANDS_OFF
        """When the admin last selected a host."""

    @property
    def table(self) -> HostTable:
        return self.query_one(HostTable)

    @property
    def tiles(self) -> HostTiles:
        return self.query_one(HostTiles)

    @property
    def pane(self) -> HostPane:
        """The tiles or the table, whichever is shown."""
        return self.table if self.as_table else self.tiles

    @property
    def failing(self) -> bool:
        """Whether a failure is shown in place of the log."""
        return self.has_class("-failing")

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.arrange_panes)

    @property
    def as_table(self) -> bool:
        """Whether hosts are shown as a table."""
        if self._table is not None:
            return self._table
        count = len(self.live.spec.hosts)
        stage = self.query_one("#work").size
        room = stage.height - self._least_log(stage.height) - 1
        return count > MOST_TILES or not tile_height_for(count, stage.width, room)

    def _least_log(self, height: int) -> int:
        return LEAST_LOG if height < 22 else max(LEAST_LOG, height // 3)

    def arrange_panes(self) -> None:
        """Give the hosts what they need and the log the rest."""
        stage = self.query_one("#work").size
        if not stage.height:
            return
        count = len(self.live.spec.hosts)
        room = max(3, stage.height - self._least_log(stage.height) - 1)
        as_table = self.as_table
        if as_table:
            needed = count + 1
        else:
            height = tile_height_for(count, stage.width, room) or FULL_HEIGHT
            self.tiles.set_tile_height(height)
            needed = rows_for(count, stage.width) * height
        hosts = not self.zoomed and not (self.failing and self.has_class("-short"))
        self.table.display = as_table and hosts
        self.tiles.display = not as_table and hosts
        self.query_one(HostsHead).display = hosts
        if self.failing and stage.height > FULL_HEIGHT:
            room = min(room, max(FULL_HEIGHT, stage.height - self.panel.page_height - 2))
        self.pane.styles.height = min(needed, room)
        if self.focused in (self.table, self.tiles) and not self.failing:
            (self.pane if hosts else self.log_view).focus()
        self.show_hosts()

    def show_hosts(self) -> None:
        """Give the shown pane its hosts, in their order."""
        views = chosen(self.views.values(), text=self.filter_text, only_news=self.only_news)
        as_table = self.as_table
        self.table.sorted_by = self.order
        if as_table:
            self.table.measure(self.views.values())
        now = self.world.now().timestamp()
        self.tiles.now = self.table.now = now
        shown = ordered(views, self.order) if as_table else sorted(views, key=lambda v: v.index)
        self.pane.show(shown, self.selected)
        self.query_one(HostsHead).facts = HostsFacts(
            counts=tally(self.views.values()),
            shown=len(shown),
            total=len(self.views),
            filter=self.filter_text,
            only_news=self.only_news,
            order=self.order if as_table else "",
        )

    def select(self, name: str) -> None:
        """Select a host: its log is shown."""
        self.selected = name
        self.show_hosts()
        self.log_view.show_host(name)
        self.log_view.pull()
        self.update_log_head()
        self.selection_changed()

    @on(HostPane.Selected)
    def _picked(self, event: HostPane.Selected) -> None:
        self.moved_at = self.world.now()
        self.select(event.name)

    def selection_changed(self) -> None:
        """Another host is selected."""

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.arrange_panes()

    def action_switch_view(self) -> None:
        self._table = not self.as_table
        self.arrange_panes()

    def action_order(self) -> None:
        if not self.as_table:
            self.prompt.say("tiles stay in the cluster file's order; v shows a table")
            return
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self.show_hosts()
        self.pane.reveal()

    def action_news(self) -> None:
        self.only_news = not self.only_news
        self.show_hosts()

    def action_filter(self) -> None:
        before = self.filter_text

        def typed(text: str) -> None:
            self.filter_text = text
            self.show_hosts()

        def done(text: str | None) -> None:
            typed(before if text is None else text)
            self.pane.focus()
            if self.pane.order and self.selected not in self.pane.order:
                self.select(self.pane.order[0])

        self.prompt.ask("filter hosts by", done, value=before, typed=typed)

    def action_go_to_host(self) -> None:
        def done(text: str | None) -> None:
            self.pane.focus()
            wanted = (text or "").strip().casefold()
            names = [view.name for view in self.views.values()]
            found = [n for n in names if n.casefold() == wanted] or [
                n for n in names if wanted and wanted in n.casefold()
            ]
            if found:
                self.moved_at = self.world.now()
                self.select(found[0])
            elif wanted:
                self.prompt.say(f"no host is called {text}", "warn")

        self.prompt.ask("go to host", done)
