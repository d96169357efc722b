"""The preflight page: what is in the way on the hosts, before anything is changed."""

from __future__ import annotations

import asyncio
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from haui.errors import HauiError
from haui.transport.text import clean_line, clean_text
from haui.wizard.overrides import LOC as OVERRIDES
from haui.wizard.overrides import let_pass, overrides_of, refused, taken_back
from haui.wizard.pages import PAGES, PageId
from haui.wizard.preflight import BASTION, COLUMNS, FOLDED, Column, HostReport, findings_text, tally
from haui.wizard.preflight_groups import Group, groups_of
from screens.actions import Action, bind
from screens.asking import AskLine, refuse_path
from screens.evidence import EvidenceDialog, cell_evidence
from screens.glyphs import state_text, toned
from screens.messages import GoTo
from screens.page import WizardPage
from screens.widgets.body import Body
from screens.widgets.fixes import FixList
from screens.widgets.matrix import Matrix
from screens.widgets.preflight_head import PreflightHead, PreflightNumbers
from screens.widgets.steps import StepList, rows_of
from screens.world import World

if TYPE_CHECKING:
    from haui.wizard.inspection import Inspection

BEATS = 10
"""Times a second that news are drawn."""


ACTIONS = (
    Action(id="preflight.again", key="r", do="screen.again", label="look again",
           group="Preflight", help="Look at every host again."),
    Action(id="preflight.evidence", key="enter", do="screen.evidence", label="evidence",
           group="Preflight", help="All that is known of the host: expected, seen, fix."),
    Action(id="preflight.edit", key="e", do="screen.edit", label="answers",
           group="Preflight", help="Go to the page whose answers can be changed to mend this."),
    Action(id="preflight.host", key="h", do="screen.host", label="this host",
           group="Preflight", help="Look at the host again, or at those of the finding."),
    Action(id="preflight.save", key="s", do="screen.save", label="save",
           group="Preflight", help="Save all findings to a text file."),
    Action(id="preflight.matrix", key="m", do="screen.matrix", label="matrix",
           group="Preflight", help="To the table of hosts and checks, and back."),
    Action(id="preflight.copy", key="c", do="screen.copy", label="copy command", shown=False,
           group="Preflight", help="Copy the command that mends the finding on its hosts."),
    Action(id="preflight.override", key="o", do="screen.override", label="let pass", shown=False,
           group="Preflight", help="Let a finding pass that blocks, for a reason; again: take "
           "that back."),
)  # fmt: skip
"""Of the findings, and of the whole page: what is said first on the key line is the innermost."""


class Findings(Horizontal):
    """The two parts of the page."""

    BINDINGS = bind(*ACTIONS)


class PreflightPage(WizardPage):
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
        self._reports: tuple[HostReport, ...] = ()
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

    @property
    def inspection(self) -> Inspection | None:
        """The look at the hosts of these answers; None when there is none yet."""
        found, spec = self.world.preflight, self.desk.spec()
        if found is None or spec is None or found.site.rehearsal != self.desk.rehearsal:
            return None
        return found if found.takes(spec) else None

    @property
    def fixes(self) -> FixList:
        return self.query_one(FixList)

    @property
    def matrix(self) -> Matrix:
        return self.query_one(Matrix)

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
        self._reports = found.reports() if found else ()
        hosts = sum(report.host != BASTION for report in self._reports)
        self.fixes.show(groups_of(self._reports), hosts)
        self.matrix.reports = self._reports
        self._follow(self.fixes.current)
        self._show_head()
        self._show_trouble()
        self._show_cell()
        self.query_one(StepList).rows = rows_of(self.desk)

    def _show_head(self) -> None:
        found = self.inspection
        reports = self._reports
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

    def _hosts_here(self) -> tuple[str, ...]:
        """The hosts of what the cursor is on."""
        group = self.fixes.current
        if self.focused is not self.matrix and group is not None:
            return group.hosts
        return (self.matrix.current.host,) if self.matrix.current is not None else ()

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
        found, hosts = self.inspection, self._hosts_here()
        if found is None or not hosts:
            self.say("There is no host here to look at.", "warn")
        elif not found.look(hosts):
            self.say("haui is looking already.", "warn")
        else:
            names = " ".join(hosts) if len(hosts) <= 3 else f"{len(hosts)} hosts"
            between = (
                ""
                if set(hosts) >= set(found.hosts)
                else (" What hosts try between them stays as it was; r looks at that, too.")
            )
            self.say(f"Looking at {names} again.{between}")
            self._renew()

    def action_evidence(self) -> None:
        hosts, group = self._hosts_here(), self._group_here()
        column = self._column_here() or (group.column if group is not None else None)
        if hosts:
            glyphs = self.world.glyphs
            self.app.push_screen(EvidenceDialog(self._reports, hosts[0], column, glyphs=glyphs))

    def _column_here(self) -> Column | None:
        """The area of the cell under the cursor, when the matrix is what the keys are for."""
        return COLUMNS[self.matrix.row] if self.focused is self.matrix else None

    def _group_here(self) -> Group | None:
        """The finding under the cursor; of a cell, the heaviest one."""
        column = self._column_here()
        if column is None:
            return self.fixes.current
        hosts = set(self._hosts_here())
        found = (g for g in self.fixes.groups if g.column == column and g.weight not in FOLDED)
        return next((group for group in found if set(group.hosts) & hosts), None)

    def action_edit(self) -> None:
        group = self._group_here()
        if group is None or group.page is None or group.weight in FOLDED:
            self.say("No answer mends this: it must be mended on the host.", "warn")
        else:
            self.post_message(GoTo(group.page))

    def action_copy(self) -> None:
        group = self._group_here()
        if group is None or not group.command:
            self.say("There is no command here to copy.", "warn")
            return
        self.app.copy_to_clipboard(group.command)
        names = " ".join(group.hosts) if len(group.hosts) <= 3 else f"{len(group.hosts)} hosts"
        self.say(f"Copied; to be run as root on {names}: {group.command}")

    def action_override(self) -> None:
        """Let a finding pass, or take that back. Nothing is asked of the hosts."""
        found, group = self.inspection, self._group_here()
        if found is None or group is None or group.weight not in ("blocks", "overridden"):
            self.say("Only what blocks can be let pass.", "warn")
        elif not group.overridable:
            self.say("This can't be let pass: haui can't install a host that is so.", "warn")
        elif group.weight == "overridden":
            kept = taken_back(overrides_of(self.desk.answers), group.id, group.hosts)
            self.desk.answer(OVERRIDES, kept or None)
            self.say(f"Taken back: {clean_line(group.what)} blocks again.")
        else:
            self._ask_reason(group, found.hosts)

    def _ask_reason(self, group: Group, every: tuple[str, ...]) -> None:
        names = " ".join(group.hosts) if len(group.hosts) <= 6 else f"{len(group.hosts)} hosts"
        about = Content.assemble(
            (clean_line(group.what), "bold"), f"\n{clean_line(names)}\n\n",
            toned(group.why, "dim"), "\n\nWhy may it pass? It is written into the journal, the "
            "cluster file and the report, with your name.",
        )  # fmt: skip

        def take(reason: str | None) -> None:
            if reason is not None:
                before = overrides_of(self.desk.answers)
                after = let_pass(before, group.id, group.hosts, every, reason)
                self.desk.answer(OVERRIDES, after)
                self.say(f"Let pass: {clean_line(group.what)}. o takes it back.")

        window = AskLine("Let it pass", about, refuse=refused, glyphs=self.world.glyphs)
        self.app.push_screen(window, take)

    def action_matrix(self) -> None:
        if self.has_class("-wide") or self.has_class("-vast"):
            (self.fixes if self.focused is self.matrix else self.matrix).focus()
            return
        self.toggle_class("-matrix")
        shown = self.matrix if self.has_class("-matrix") else self.fixes
        self.call_after_refresh(shown.focus)

    def action_save(self) -> None:
        if not any(report.checks for report in self._reports):
            self.say("There are no findings to save yet.", "warn")
            return
        name = str(self.desk.value(("name",)) or "cluster")
        self.app.push_screen(
            AskLine(
                "Save the findings", "A text file, readable by you alone:",
                value=f"{name}-preflight.txt", refuse=refuse_path, glyphs=self.world.glyphs,
            ),
            self._save_to,
        )  # fmt: skip

    def _save_to(self, answer: str | None) -> None:
        if answer is None:
            return
        path = Path(answer).expanduser().absolute()
        when = self.world.now().strftime("%Y-%m-%d %H:%M UTC")
        simulated = ", simulated hosts" if self.desk.rehearsal else ""
        text = findings_text(self._reports, f"haui preflight, {when}{simulated}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(clean_text(text))
        except OSError as error:
            self.say(f"{path} can't be written: {error.strerror or error}", "bad")
        else:
            self.say(f"Saved: {path}", "good")
