"""The preflight page: what is in the way on the hosts, before anything is changed."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from haui.errors import HauiError
from haui.transport.text import clean_text
from haui.wizard.pages import PAGES, PageId
from haui.wizard.preflight import BASTION, COLUMNS, tally
from haui.wizard.preflight_groups import Group, groups_of
from screens.actions import bind
from screens.evidence import cell_evidence
from screens.glyphs import state_text, toned
from screens.preflight_deeds import ACTIONS, FindingDeeds, named
from screens.widgets.body import Body
from screens.widgets.fixes import FixList
from screens.widgets.matrix import Matrix
from screens.widgets.preflight_head import PreflightHead, PreflightNumbers
from screens.widgets.steps import StepList, rows_of
from screens.world import World

if TYPE_CHECKING:
    pass

BEATS = 10
"""Times a second that news are drawn."""


class Findings(Horizontal):
    """The two parts of the page."""

    BINDINGS = bind(*ACTIONS)


class PreflightPage(FindingDeeds):
    """Begins to look by itself; the look is the world's and goes on when the page is left."""

    CSS_PATH = "preflight.tcss"
    page: ClassVar[PageId] = "preflight"
    fills: ClassVar[bool] = True
    draws: ClassVar[bool] = False
    help_text = (
        "haui logs in to every host and looks for what would stop the install later. It only "
        "reads.\n\nWhat blocks must be mended before the first change: on the host, and then r "
        "looks again, or by another answer, to which e goes. Where you know better, o lets it pass "
        "for a reason, which is written down with your name. What warns is allowed. What haui "
        "will do needs nothing from you. What was skipped could not be looked at."
    )
    BINDINGS = bind(*ACTIONS)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._seen: tuple[object, ...] = ()
        self._trouble = ""
        self._laid_out = False

    def compose_page(self) -> ComposeResult:
        glyphs = self.world.glyphs
        yield PreflightHead(glyphs, id="head")
        yield Static(id="trouble", markup=False)
        with Findings(id="parts"):
            with Body(id="list"):
                yield FixList(glyphs)
            with Vertical(id="side"):
                yield Matrix(glyphs)
                with Body(id="more"):
                    yield Static(id="cell", markup=False)

    def on_mount(self) -> None:
        self.fixes.focus()
        self._laid_out = True
        self.begin()
        self.call_after_refresh(self._show_cell)
        self.set_interval(1 / BEATS, self._beat)

    def on_resize(self, event: events.Resize) -> None:
        """What is said of a cell is as wide as there is room by now."""
        if self._laid_out:
            self.call_after_refresh(self._show_cell)

    def answers_changed(self) -> None:
        if self._laid_out and self._seen:
            self.begin()

    def begin(self) -> None:
        """Show the look that there is, or begin one."""
        found = self.inspection
        if found is not None:
            self.desk.preflight = found.record
            self._trouble = ""
            self._renew()
        elif self.desk.spec() is None:
            self._say_incomplete()
        else:
            self._start()

    def _say_incomplete(self) -> None:
        problems = {page.title: len(self.desk.problems(page.id)) for page in PAGES}
        open_pages = ", ".join(title for title, count in problems.items() if count)
        self._trouble = f"These pages come first: {open_pages}."
        self._renew()

    @work(group="preflight", exclusive=True, exit_on_error=False)
    async def _start(self) -> None:
        """Begin to look. What that needs is imported in a thread: it takes a moment."""
        self._trouble = ""
        self._renew()
        for module in ("haui.live.site", "haui.wizard.inspection"):
            await asyncio.to_thread(import_module, module)
        from haui.wizard.inspection import Inspection

        world, desk, spec = self.world, self.desk, self.desk.spec()
        if spec is None:
            return
        if world.preflight is not None:
            await world.preflight.leave()
        try:
            site = world.site(desk.rehearsal)
            world.preflight = Inspection(spec, site, desk=desk, now=world.now)
            world.preflight.look()
        except HauiError as error:
            self._trouble = error.render()
        self._renew()

    def _beat(self) -> None:
        """Ten times a second: draw what has changed since."""
        if not self.is_current:
            return
        found = self.inspection
        now = (found.revision, found.running) if found else ()
        if now != self._seen:
            self._renew()
        elif found is not None and found.running:
            self._show_head()

    def _renew(self) -> None:
        """Take over what is known by now."""
        found = self.inspection
        self._seen = (found.revision, found.running) if found else ()
        self.reports = found.reports() if found else ()
        hosts = sum(report.host != BASTION for report in self.reports)
        self.fixes.show(groups_of(self.reports), hosts)
        self.matrix.reports = self.reports
        self._follow(self.fixes.current)
        self._show_head()
        self._show_trouble()
        self._show_cell()
        self.query_one(StepList).rows = rows_of(self.desk)

    def _show_head(self) -> None:
        found = self.inspection
        reports = self.reports
        head = self.query_one(PreflightHead)
        head.numbers = PreflightNumbers(
            counts=tally(reports),
            hosts=sum(report.host != BASTION for report in reports),
            own=any(report.host == BASTION for report in reports),
            done=sum(report.state == "done" for report in reports if report.host != BASTION),
            seconds=found.seconds if found else 0.0,
            running=not self._trouble and (found is None or found.running),
            failed=found is not None and not found.running and found.record is None,
            simulated=self.desk.rehearsal,
            idle=bool(self._trouble),
        )

    def _show_trouble(self) -> None:
        found = self.inspection
        error = found.error if found is not None else None
        text = self._trouble or (error.render() if error is not None else "")
        shown = self.query_one("#trouble", Static)
        shown.set_class(bool(text), "-shown")
        first, _, rest = clean_text(text).partition("\n")
        lines = Content.assemble(state_text("blocks", self.world.glyphs, first), "\n" + rest)
        shown.update(lines if text else Content(""))

    def _show_cell(self) -> None:
        report = self.matrix.current
        shown = self.query_one("#cell", Static)
        if report is None:
            shown.update(Content(""))
            return
        width = max(20, self.query_one("#more").content_size.width)
        found = cell_evidence(report, COLUMNS[self.matrix.row], width, self.world.glyphs)
        shown.update(found)

    @on(FixList.Moved)
    def _fix_moved(self, event: FixList.Moved) -> None:
        self._follow(event.group)
        self._show_cell()
        names = " ".join(event.group.hosts) if event.group is not None else ""
        self.explain(toned(f"on {names}" if names else "", "dim"))

    def _follow(self, group: Group | None) -> None:
        """The matrix shows where the finding under the cursor is."""
        if group is not None and group.hosts and self.focused is not self.matrix:
            self.matrix.select(group.hosts[0])
            self.matrix.select_column(group.column)

    @on(Matrix.Moved)
    def _cell_moved(self, event: Matrix.Moved) -> None:
        self._show_cell()
        self.explain(self.matrix.said())

    def refusal(self) -> str:
        """Why the wizard can't go on yet; empty when it can."""
        found = self.inspection
        if found is None:
            return "Not yet: no host was looked at."
        if found.running:
            return "Not yet: haui is still looking."
        if found.record is None:
            return "Not yet: not every host was looked at. r looks again."
        if found.record.blocked:
            count = found.record.blocked
            thing = "1 finding blocks" if count == 1 else f"{count} findings block"
            return f"Not yet: {thing}. It must be mended, and r looks again; or o lets it pass."
        return ""

    def action_next(self) -> None:
        why = self.refusal()
        if why:
            self.say(why, "warn")
        else:
            super().action_next()

    def action_again(self) -> None:
        found = self.inspection
        if found is None:
            self.begin()
        elif not found.look():
            self.say("haui is looking already.", "warn")
        self._renew()

    def action_host(self) -> None:
        found, hosts = self.inspection, self.hosts_here()
        if found is None or not hosts:
            self.say("There is no host here to look at.", "warn")
        elif not found.look(hosts):
            self.say("haui is looking already.", "warn")
        else:
            whole = set(hosts) >= set(found.hosts)
            between = "" if whole else " What hosts try between them stays; r tries that, too."
            self.say(f"Looking at {named(hosts)} again.{between}")
            self._renew()

    def action_matrix(self) -> None:
        if self.has_class("-wide") or self.has_class("-vast"):
            (self.fixes if self.focused is self.matrix else self.matrix).focus()
            return
        self.toggle_class("-matrix")
        shown = self.matrix if self.has_class("-matrix") else self.fixes
        self.call_after_refresh(shown.focus)
