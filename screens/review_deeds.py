"""What is done with a plan that was read: install it, or write it down for others."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from haui.clusterfile.text import dump
from haui.errors import HauiError
from haui.wizard.reading import TABS
from screens.actions import Action
from screens.asking import AskLine, refuse_path
from screens.dialog import Ask, Way
from screens.messages import StartInstall
from screens.page import WizardPage
from screens.review_text import install_question
from screens.widgets.check_list import CheckList
from screens.world import World

if TYPE_CHECKING:
    from haui.wizard.review import Review

ACTIONS = (
    Action(id="review.install", key="i", do="screen.install", label="install",
           group="Review", help="Begin to change the hosts. Asks once more."),
    *(Action(id=f"review.tab-{n}", key=str(n), label="", group="Review", do=f"screen.tab({n - 1})",
             shown=False, keys="1…5" if n == 1 else "",
             help="By phase, by host, files, commands, answers." if n == 1 else "")
      for n in range(1, len(TABS) + 1)),
    Action(id="review.tab-right", key="right", label="tabs", group="Review", do="screen.turn(1)",
           keys="sides", help="The tab beside."),
    Action(id="review.tab-left", key="left", label="", group="Review", do="screen.turn(-1)",
           shown=False),
    Action(id="review.read", key="enter", do="screen.read", label="read",
           group="Review", help="From the list to the text, and back."),
    Action(id="review.search", key="slash", do="screen.search", label="search",
           group="Review", help="Only what has these words; nothing typed: everything again."),
    Action(id="review.runbook", key="b", do="screen.runbook", label="runbook",
           group="Review", help="Write a runbook with all files and scripts into a folder."),
    Action(id="review.file", key="p", do="screen.file", label="cluster file",
           group="Review", help="Write the cluster file; says the command that installs from it."),
    Action(id="review.copy", key="c", do="screen.copy", label="copy command",
           group="Review", shown=False, help="Copy that command."),
    Action(id="review.zoom", key="z", do="screen.zoom", label="zoom",
           group="Review", shown=False, help="Give the text the whole width, and back."),
    Action(id="review.drawing", key="d", do="screen.drawing", label="drawing",
           group="Review", shown=False, help="Show the cluster as a drawing, and hide it again."),
)  # fmt: skip
"""Of the plan, and of the whole page: what is said first on the key line is the innermost."""


class ReviewDeeds(WizardPage):
    """A page with a plan, and with a CheckList of what is unsafe about it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.review: Review | None = None
        self.trouble = ""
        """Why there is no plan."""
        self.sha = ""
        """Of the answers that the plan is of."""
        self._file = ""

    def refusal(self) -> str:
        """Why nothing can be installed yet; empty when it can."""
        review, record = self.review, self.desk.preflight
        if review is None:
            return self.trouble or "Not yet: the plan is still being laid out."
        if record is not None and record.sha == self.sha and record.blocked:
            return f"Not yet: preflight has {record.blocked} that block. Page 6 says which."
        unticked = {value for value, _ in review.unsafe} - self.query_one(CheckList).ticked
        if unticked:
            return "Not yet: what is unsafe has to be accepted with a tick first."
        return ""

    def action_install(self) -> None:
        review, why = self.review, self.refusal()
        if why or review is None:
            self.say(why, "warn")
            if review is not None and review.unsafe:
                self.query_one(CheckList).focus()
            return
        title, text = install_question(self.desk, review, self.world.glyphs)
        name = review.plan.spec.name
        if review.existing and review.disruptive and not self.desk.rehearsal:
            window = AskLine(
                title, text, glyphs=self.world.glyphs, take=f"type {name}, then enter installs",
                refuse=lambda typed: "" if typed == name else f"that is not {name}",
            )  # fmt: skip
            self.app.push_screen(window, lambda typed: self._answered(typed and "install"))
            return
        ways = (Way(id="install", label="Install", key="y"), Way(id="no", label="Not yet", key="n"))
        self.app.push_screen(Ask(title, text, ways, glyphs=self.world.glyphs), self._answered)

    def _answered(self, way: str | None) -> None:
        if way == "install":
            self._install()

    @work(group="install", exclusive=True, exit_on_error=False)
    async def _install(self) -> None:
        """A look at the hosts that still goes on has the cluster's lock; it changes nothing."""
        if self.world.preflight is not None:
            await self.world.preflight.leave()
        self.post_message(StartInstall())

    def action_runbook(self) -> None:
        if self.review is None:
            self.say(self.refusal(), "warn")
            return
        name = self.review.plan.spec.name
        about = "A new folder for RUNBOOK.md and every file and script of every host:"
        window = AskLine(
            "Write the runbook", about, value=f"{name}-runbook", refuse=refuse_path,
            glyphs=self.world.glyphs,
        )  # fmt: skip
        self.app.push_screen(window, self._runbook_to)

    def _runbook_to(self, answer: str | None) -> None:
        if answer is not None:
            self._write_runbook(Path(answer).expanduser().absolute())

    @work(group="runbook", exclusive=True, exit_on_error=False)
    async def _write_runbook(self, out: Path) -> None:
        from haui.documents.runbook import write_runbook
        from haui.render import render_plan

        if self.review is None:
            return
        plan = self.review.plan
        self.say(f"Writing {out} …")
        try:
            count = await asyncio.to_thread(render_plan, plan, out)
            count += await asyncio.to_thread(write_runbook, plan, out)
        except HauiError as error:
            self.say(error.render(), "bad")
        else:
            self.say(f"Written: {count} files in {out}. Begin with RUNBOOK.md.", "good")

    def action_file(self) -> None:
        if self.review is None:
            self.say(self.refusal(), "warn")
            return
        name = self.review.plan.spec.name
        window = AskLine(
            "Write the cluster file", "The complete answers, without any secret:",
            value=f"{name}.yaml", refuse=refuse_path, glyphs=self.world.glyphs,
        )  # fmt: skip
        self.app.push_screen(window, self._file_to)

    def _file_to(self, answer: str | None) -> None:
        if answer is None or self.review is None:
            return
        path = Path(answer).expanduser().absolute()
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(dump(self.review.plan.spec))
        except OSError as error:
            self.say(f"{path} can't be written: {error.strerror or error}", "bad")
            return
        self._file = answer
        self.say(
            f"Written: {path}\nThe same by command: {self.command}   c copies it{self._needs()}"
        )

    @property
    def command(self) -> str:
        """What installs the same from the cluster file."""
        from haui.wizard.review import command_line

        file = self._file or f"{self.desk.value(('name',))}.yaml"
        return command_line(file, rehearsal=self.desk.rehearsal)

    def _needs(self) -> str:
        from haui.wizard.review import secret_variables

        assert self.review is not None
        names = () if self.desk.rehearsal else secret_variables(self.review.plan.spec)
        return f"; it needs {', '.join(names)} in the environment" if names else ""

    def action_copy(self) -> None:
        if self.review is None:
            self.say(self.refusal(), "warn")
            return
        self.app.copy_to_clipboard(self.command)
        first = "" if self._file else " p writes the file first."
        self.say(f"Copied: {self.command}{self._needs()}.{first}")
