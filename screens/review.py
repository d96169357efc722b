"""The review page: everything that would be done, before anything is done."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from haui.clusterfile.text import dump, spec_sha
from haui.errors import HauiError
from haui.wizard.pages import PAGES, PageId
from haui.wizard.reading import TABS, Entry, chosen
from screens.actions import Action, bind
from screens.asking import AskLine, refuse_path
from screens.dialog import Ask, Way
from screens.glyphs import toned
from screens.messages import StartInstall
from screens.page import DRAWING_FROM, WizardPage
from screens.review_text import install_question, note_lines, number_lines
from screens.widgets.check_list import CheckList, Item
from screens.widgets.file_view import FileView
from screens.widgets.plan_view import EntryList
from screens.widgets.tab_line import TabLine
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


class Reading(Horizontal):
    """The list and the text."""

    BINDINGS = bind(*ACTIONS)


class ReviewPage(WizardPage):
    """Built in a thread from the answers on the desk; Next is Install here."""

    CSS_PATH = "review.tcss"
    page: ClassVar[PageId] = "review"
    fills: ClassVar[bool] = True
    help_text = (
        "The whole plan: each step with its reason, each file as it will be placed, each script "
        "as it will be run. Nothing has been changed so far, and nothing is changed by reading."
        "\n\nThe same can be had on paper: b writes a runbook by which people build the cluster "
        "by hand, p the cluster file for the command line."
    )
    BINDINGS = bind(*ACTIONS)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.review: Review | None = None
        self._tab = 0
        self._sought = ""
        self._cursors = [0] * len(TABS)
        self._trouble = ""
        self._sha = ""
        self._file = ""
        self._laid_out = False

    def compose_page(self) -> ComposeResult:
        glyphs = self.world.glyphs
        yield Static(id="numbers", markup=False)
        yield Static(id="notes", markup=False)
        yield CheckList((), (), glyphs, id="unsafe")
        yield TabLine([title for _, title in TABS], glyphs)
        with Reading(id="reading"):
            yield EntryList(glyphs)
            yield Static(id="between", markup=False)
            yield FileView(glyphs)

    @property
    def entry_list(self) -> EntryList:
        return self.query_one(EntryList)

    @property
    def text(self) -> FileView:
        return self.query_one(FileView)

    def on_mount(self) -> None:
        self.query_one("#unsafe").display = False
        self.entry_list.focus()
        self._laid_out = True
        self.answers_changed()

    def answers_changed(self) -> None:
        """Build the plan anew when the answers are others."""
        if not self._laid_out:
            return
        spec = self.desk.spec()
        if spec is None:
            open_pages = [p.title for p in PAGES if self.desk.problems(p.id)]
            self._trouble = f"These pages come first: {', '.join(open_pages)}."
            self.review = None
            self._show()
        elif (sha := spec_sha(spec)) != self._sha:
            self._sha = sha
            self._trouble = ""
            self.review = None
            self._show()
            self._build()

    @work(group="review", exclusive=True, exit_on_error=False)
    async def _build(self) -> None:
        """Paint first; then make the plan in a thread, with what has to be imported for it."""
        spec, now = self.desk.spec(), self.world.now()
        if spec is None:
            return
        try:
            for module in ("haui.live.site", "haui.wizard.review"):
                await asyncio.to_thread(import_module, module)
            from haui.wizard.review import build_review

            store = self.world.site(self.desk.rehearsal).store(spec.name)
            self.review = await asyncio.to_thread(build_review, spec, store, now)
        except HauiError as error:
            self._trouble = error.render()
        self._show()

    def _show(self) -> None:
        """Take over what is known by now."""
        review, spec = self.review, self.desk.spec()
        glyphs = self.world.glyphs
        if self.world.preflight is not None and spec is not None:
            self.world.preflight.takes(spec)
        self._show_numbers()
        notes = note_lines(self.desk, review, self.world.preflight, glyphs)
        shown = self.query_one("#notes", Static)
        shown.update(notes)
        shown.display = bool(notes.cell_length)
        unsafe = self.query_one("#unsafe", CheckList)
        items = (
            [Item(value=i, label=f"I accept: {text}") for i, text in review.unsafe]
            if review
            else []
        )
        unsafe.offer(items, unsafe.ticked)
        unsafe.display = bool(items)
        self.query_one(TabLine).counts = (
            tuple(len(review.tabs[tab]) for tab, _ in TABS) if review else ()
        )
        self._show_tab()
        if review is not None:
            self.say(f"{review.tasks} tasks laid out.", "dim")

    def _show_numbers(self) -> None:
        glyphs = self.world.glyphs
        beside = self.app.size.width >= DRAWING_FROM
        numbers = number_lines(self.desk, self.review, self._trouble, glyphs, whole=beside)
        self.query_one("#numbers", Static).update(numbers)

    def on_resize(self, event: events.Resize) -> None:
        self._show_numbers()

    def _entries(self) -> tuple[Entry, ...]:
        if self.review is None:
            return ()
        return chosen(self.review.tabs[TABS[self._tab][0]], self._sought)

    def _show_tab(self) -> None:
        self.query_one(TabLine).current = self._tab
        self.entry_list.show(self._entries(), self._cursors[self._tab])

    @on(EntryList.Moved)
    def _moved(self, event: EntryList.Moved) -> None:
        self._cursors[self._tab] = self.entry_list.cursor
        entry = event.entry
        self.text.show(entry, self._sought)
        if event.by_hand and entry is not None:
            on = f", on {' '.join(entry.hosts)}" if entry.hosts else ""
            self.explain(toned(f"{entry.label}{on}", "dim"))

    @on(TabLine.Picked)
    def _tab_picked(self, event: TabLine.Picked) -> None:
        self.action_tab(event.index)

    def action_tab(self, index: int) -> None:
        self._tab = index
        self._show_tab()

    def action_turn(self, by: int) -> None:
        self.action_tab((self._tab + by) % len(TABS))

    def action_read(self) -> None:
        if self.focused is self.text:
            self.remove_class("-zoomed")
            self.entry_list.focus()
        else:
            self.text.focus()

    def action_zoom(self) -> None:
        self.toggle_class("-zoomed")
        if self.has_class("-zoomed"):
            self.text.focus()

    def action_drawing(self) -> None:
        self.toggle_class("-drawn")

    def action_search(self) -> None:
        about = "Words of a name or a line. Nothing: show everything again."
        window = AskLine("Search", about, value=self._sought, glyphs=self.world.glyphs)
        self.app.push_screen(window, self._search_for)

    def _search_for(self, answer: str | None) -> None:
        if answer is None:
            return
        self._sought = answer
        self._cursors = [0] * len(TABS)
        self._show_tab()
        count = len(self._entries())
        if answer:
            self.say(f"{count} with “{answer}”. n goes to the next place in the text.")

    def action_next(self) -> None:
        self.action_install()

    def refusal(self) -> str:
        """Why nothing can be installed yet; empty when it can."""
        review, record = self.review, self.desk.preflight
        if review is None:
            return self._trouble or "Not yet: the plan is still being laid out."
        if record is not None and record.sha == self._sha and record.blocked:
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
