"""The run as it goes on: how far it is, its hosts, and the log of one of them.

It is whole, since one beat draws all of it: what has changed, the clocks, and news that are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from haui.drawing.picture import Status
from haui.live.estimate import Timings, remaining
from haui.transport.text import clean_line
from screens.actions import Action, bind
from screens.glyphs import TONES
from screens.messages import RunEnded, ShowScreen
from screens.run_facts import Ending, ending, run_facts, title_text
from screens.run_failures import RunFailures
from screens.terminal import set_terminal_title
from screens.timings import earlier_timings
from screens.widgets.failure_panel import FailurePanel
from screens.widgets.host_table import HostTable
from screens.widgets.host_tiles import HostTiles
from screens.widgets.hosts_head import HostsHead
from screens.widgets.hostview import HostView, host_view
from screens.widgets.phases import PhasesLine, phase_clocks, phase_spans
from screens.widgets.prompt import PromptLine
from screens.widgets.run_drawing import STATUSES, RunDrawing
from screens.widgets.runline import RunLine
from screens.world import World

BEATS = 10
"""Times a second that news are drawn."""
LINES_EVERY = 5
"""Beats between two looks at the last lines of the hosts that can be seen."""


class ExecuteScreen(RunFailures):
    """Watches `world.live`: ten times a second it asks what has changed, and draws that."""

    CSS_PATH = "execute.tcss"
    crumbs: ClassVar[tuple[str, ...]] = ("install",)
    help_text = (
        "The install as it goes on. Leaving this screen does not stop it, and stopping it loses"
        " nothing. What fails waits here for you, while hosts that don't need it go on."
    )
    BINDINGS = bind(
        Action(id="run.result", key="enter", label="result", group="Run",
               help="Go on to the result, now that the run has ended."),
        Action(id="run.open", key="enter", label="full log", group="Run", do="full_log",
               help="The log of the selected host on the whole screen; l does the same."),
        Action(id="run.log", key="l", label="", group="Run", shown=False, do="full_log",
               help="The log of the selected host on the whole screen."),
        Action(id="run.pause", key="p", label="pause", group="Run",
               help="Let running steps finish and begin no other; again: go on."),
        Action(id="run.stop", key="x", label="stop", group="Run", do="stop_run",
               help="Stop the run, to go on with it later. Asks how."),
        Action(id="run.failure", key="F", label="failure", group="Run", shown=False,
               do="show_failure", help="What has failed, and what to do about it."),
        Action(id="run.unfilter", key="escape", label="", group="Hosts", shown=False,
               do="back", help="Take the filter away."),
    )  # fmt: skip

    def __init__(self, world: World, argument: str = "") -> None:
        super().__init__(world)
        self._seen_revision = -1
        self._second = -1
        self._beats = 0
        self._lines_due = False
        """Whether something was put out that the hosts' last lines don't show yet."""
        self._was_ended = False
        self._left: tuple[float, float] | None = None
        self._open_first = argument
        self._timings: Timings | None = None

    def compose_body(self) -> ComposeResult:
        glyphs = self.world.glyphs
        yield RunLine(glyphs)
        yield PhasesLine(glyphs)
        with Horizontal(id="stage"):
            with Vertical(id="work"):
                yield HostsHead(glyphs)
                yield HostTiles(glyphs)
                yield HostTable(glyphs)
                with Vertical(id="logs"):
                    yield from self.compose_log()
                yield FailurePanel(glyphs, read_only=self.live.watch_only)
            yield RunDrawing(self.live.spec, glyphs)
        yield Static("", id="end", markup=False)
        yield PromptLine()

    def on_mount(self) -> None:
        self.live.take_dirty()
        self.log_view.show_host(self.selected)
        self._load_timings()
        self.set_interval(1 / BEATS, self._beat)
        self._renew({host.name for host in self.live.spec.hosts})
        self.pane.focus()
        if self._open_first:
            self.open_failure(self._open_first)

    # What changes is pulled.

    def _beat(self) -> None:
        """Ten times a second: draw what has changed since."""
        if self.lent or not self.is_current:
            return
        self._beats += 1
        live, now = self.live, self.world.now()
        second = int(now.timestamp())
        changed, ticked = live.revision != self._seen_revision, second != self._second
        self._lines_due = self._lines_due or changed
        due = self._lines_due and self._beats % LINES_EVERY == 0
        if not changed and not due and not ticked and not self.query_one(RunLine).facts.spins:
            return
        with self.app.batch_update():
            if self._beats % 2 == 0:
                self.query_one(RunLine).spin()
            if changed or due:
                self._seen_revision = live.revision
                self._renew(live.take_dirty())
            if ticked:
                self._second = second
                self._tick(now.timestamp())

    def _renew(self, dirty: frozenset[str] | set[str]) -> None:
        """Take over what has changed with these hosts, and what was put out."""
        live = self.live
        fresh = self._fresh_views(dirty)
        statuses = {name for name, view in fresh.items() if self._status(name) != view.status}
        self.views.update(fresh)
        if self.log_view.pull():
            self.update_log_head()
        if dirty:
            self.news_came()
            self._tell_news()
            self.query_one(PhasesLine).phases = live.phases()
            self._run_line()
            if self.selected in dirty:
                self.update_log_head()
        self._tell_troubles()
        if statuses:
            self._statuses_changed()
        elif fresh:
            self.pane.update_views(fresh)

    def _fresh_views(self, dirty: frozenset[str] | set[str]) -> dict[str, HostView]:
        """Views of the hosts that changed; of those that can be seen, their last line twice a
        second."""
        names = set(dirty)
        if self._beats % LINES_EVERY == 0:
            self._lines_due = False
            running = (n for n in self.pane.visible_names() if self._status(n) == "running")
            names.update(running)
        ascii_only = self.world.glyphs.ascii
        return {
            host.name: host_view(self.live, host, index, ascii_only=ascii_only)
            for index, host in enumerate(self.live.spec.hosts)
            if host.name in names
        }

    def _status(self, name: str) -> str:
        view = self.views.get(name)
        return view.status if view else ""

    def _statuses_changed(self) -> None:
        """A host is in another state: the order, the counts and the drawing may be others."""
        self.show_hosts()
        drawing = self.query_one(RunDrawing)
        status: Mapping[str, Status] = {
            name: STATUSES[view.status] for name, view in self.views.items()
        }
        drawing.status = status

    def _tick(self, now: float) -> None:
        """Once a second: the clocks."""
        self.tiles.now = self.table.now = now
        self.pane.tick(now)
        self._estimate()
        self._run_line()
        line = self.query_one(PhasesLine)
        spans = phase_spans(self.live.plan, self.live.state)
        line.clocks = phase_clocks(line.phases, spans, now)
        if self.failing:
            self.show_panel()

    def _run_line(self) -> None:
        now = self.world.now().timestamp()
        self.query_one(RunLine).facts = run_facts(self.live, now, self._left, self.world.glyphs)

    def _estimate(self) -> None:
        if self._timings is None or self.live.ended:
            self._left = None
        elif self._beats % 50 < BEATS:
            now = self.world.now()
            self._left = remaining(self.live.plan, self.live.state, self._timings, now)

    @work(group="timings", exclusive=True, exit_on_error=False)
    async def _load_timings(self) -> None:
        """Read what earlier installs took; a long record must not keep the screen from drawing."""
        self._timings = await earlier_timings(self.live)
        self._beats = 0
        self._estimate()
        self._run_line()

    def on_descendant_focus(self) -> None:
        self._show_focus()

    def on_descendant_blur(self) -> None:
        self._show_focus()

    def _show_focus(self) -> None:
        self.query_one(HostsHead).focused_hosts = self.focused in (self.table, self.tiles)
        self.update_log_head()
        self.set_class(self.focused is self.log_view, "-log-focused")

    # News that must not be missed.

    def news_came(self) -> None:
        """Called when something has changed, before it is told."""

    def ways_on(self, end: Ending) -> list[str]:
        """What the last line says when the run has ended."""
        return [end.advice, "enter goes on to the result"]

    def _tell_news(self) -> None:
        """Failures and the end, and the terminal's title."""
        live = self.live
        set_terminal_title(self.app, title_text(live))
        self.tell_failures()
        if live.ended and not self._was_ended:
            self._tell_end()
        elif self._was_ended and not live.ended:
            self._take_end_back()
        self._was_ended = live.ended

    def _tell_troubles(self) -> None:
        """What goes wrong beside the run is said once. It comes last: a failure stays in sight."""
        for text in self.live.take_troubles():
            self.app.bell()
            self.prompt.say(clean_line(text, 400), "warn")

    def _take_end_back(self) -> None:
        """Somebody has resumed a run that is watched."""
        self.query_one("#end", Static).set_class(False, "-shown", "-good", "-bad", "-warn")
        self.prompt.say("the run goes on", "accent")
        self.refresh_bindings()
        self.call_after_refresh(self.arrange_panes)

    def _tell_end(self) -> None:
        end = ending(self.live)
        glyphs = self.world.glyphs
        glyph = {"good": glyphs.done, "bad": glyphs.failed}.get(end.tone, glyphs.attention)
        line = self.query_one("#end", Static)
        line.update(
            Content.assemble(
                (f" {glyph} {end.text}", f"bold {TONES[end.tone]}"),
            )
        )
        line.set_class(True, "-shown", f"-{end.tone}")
        self.app.bell()
        self.close_if_decided()
        self.prompt.say(f" {glyphs.dot} ".join(dict.fromkeys(self.ways_on(end))))
        self.refresh_bindings()
        self.call_after_refresh(self.arrange_panes)

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can't be done to a run that has ended, or only to one that has."""
        if action == "result" and not self.live.ended:
            return False
        if action in ("pause", "stop_run") and self.live.ended:
            return False
        return super().check_action(action, parameters)

    def action_result(self) -> None:
        self.post_message(RunEnded())

    def action_full_log(self) -> None:
        self.post_message(ShowScreen("log", over=True, argument=self.selected))

    def action_pause(self) -> None:
        controls = self.live.controls
        if self.live.ended or controls.stopping:
            self.prompt.say("the run is ending already", "warn")
            return
        controls.resume() if controls.paused else controls.pause()
        self.prompt.say("paused: running steps finish, no other begins" if controls.paused
                        else "going on")  # fmt: skip
        self._run_line()

    def action_stop_run(self) -> None:
        self.ask_stop()

    def action_back(self) -> None:
        """Escape never leaves a run: it takes away what was put before it, the last first."""
        if self.failing:
            self.close_panel()
        elif self.log_view.content.sought and self.focused is self.log_view:
            self.log_view.seek("")
        elif self.filter_text or self.only_news:
            self.filter_text, self.only_news = "", False
            self.show_hosts()
        elif self.zoomed:
            self.action_zoom()
        else:
            self.leave_page()

    def leave_page(self) -> None:
        """Escape, when there is nothing to take away."""
        if not self.live.ended:
            self.say("the run goes on; ^q leaves haui and asks how")
