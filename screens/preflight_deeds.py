"""What keys do with the findings of a preflight: read, copy, let pass, save."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from haui.transport.text import clean_line, clean_text
from haui.wizard.overrides import LOC as OVERRIDES
from haui.wizard.overrides import let_pass, overrides_of, refused, taken_back
from haui.wizard.preflight import COLUMNS, FOLDED, Column, HostReport, findings_text
from haui.wizard.preflight_groups import Group
from screens.actions import Action
from screens.asking import AskLine, refuse_path
from screens.evidence import EvidenceDialog
from screens.glyphs import toned
from screens.messages import GoTo
from screens.page import WizardPage
from screens.widgets.fixes import FixList
from screens.widgets.matrix import Matrix
from screens.world import World

if TYPE_CHECKING:
    from haui.wizard.inspection import Inspection

MOST_NAMES = 3
"""Hosts that are named; with more they are counted."""

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


def named(hosts: Sequence[str]) -> str:
    """The hosts' names, or how many they are."""
    names = " ".join(clean_line(host) for host in hosts)
    return names if len(hosts) <= MOST_NAMES else f"{len(hosts)} hosts"


class FindingDeeds(WizardPage):
    """A page with the list of findings and the matrix; what is done goes for the one in focus."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.reports: tuple[HostReport, ...] = ()

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

    def hosts_here(self) -> tuple[str, ...]:
        """The hosts of what the cursor is on."""
        group = self.fixes.current
        if self.focused is not self.matrix and group is not None:
            return group.hosts
        return (self.matrix.current.host,) if self.matrix.current is not None else ()

    def action_evidence(self) -> None:
        hosts, group = self.hosts_here(), self._group_here()
        column = self._column_here() or (group.column if group is not None else None)
        if hosts:
            glyphs = self.world.glyphs
            self.app.push_screen(EvidenceDialog(self.reports, hosts[0], column, glyphs=glyphs))

    def _column_here(self) -> Column | None:
        """The area of the cell under the cursor, when the matrix is what the keys are for."""
        return COLUMNS[self.matrix.row] if self.focused is self.matrix else None

    def _group_here(self) -> Group | None:
        """The finding under the cursor; of a cell, the heaviest one."""
        column = self._column_here()
        if column is None:
            return self.fixes.current
        hosts = set(self.hosts_here())
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
        where = named(self.hosts_here())
        self.say(f"Copied; to be run as root on {where}: {clean_line(group.command)}")

    def action_override(self) -> None:
        """Let a finding pass, or take that back. Nothing is asked of the hosts."""
        found, group = self.inspection, self._group_here()
        if found is None or group is None or group.weight not in ("blocks", "overridden"):
            self.say("Only what blocks can be let pass.", "warn")
        elif not group.overridable:
            self.say("This can't be let pass: haui can't install a host that is so.", "warn")
        elif group.weight == "overridden":
            kept = taken_back(overrides_of(self.desk.answers), group.id, self.hosts_here())
            self.desk.answer(OVERRIDES, kept or None)
            self.say(f"Taken back: {clean_line(group.what)} blocks again.")
        else:
            self._ask_reason(group, self.hosts_here(), found.hosts)

    def _ask_reason(self, group: Group, hosts: tuple[str, ...], every: tuple[str, ...]) -> None:
        about = Content.assemble(
            (clean_line(group.what), "bold"), f"\n{named(hosts)}\n\n", toned(group.why, "dim"),
            "\n\nWhy may it pass? The reason is kept in the cluster file, the journal and the "
            "report, with your name.",
        )  # fmt: skip

        def take(reason: str | None) -> None:
            if reason is not None:
                before = overrides_of(self.desk.answers)
                self.desk.answer(OVERRIDES, let_pass(before, group.id, hosts, every, reason))
                self.say(f"Let pass: {clean_line(group.what)}. o takes it back.")

        window = AskLine("Let it pass", about, refuse=refused, glyphs=self.world.glyphs)
        self.app.push_screen(window, take)

    def action_save(self) -> None:
        if not any(report.checks for report in self.reports):
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
        text = findings_text(self.reports, f"haui preflight, {when}{simulated}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(clean_text(text))
        except OSError as error:
            self.say(f"{path} can't be written: {error.strerror or error}", "bad")
        else:
            self.say(f"Saved: {path}", "good")
