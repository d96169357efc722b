"""The review page: everything that would be done, before anything is done."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from haui.clusterfile.text import spec_sha
from haui.errors import HauiError
from haui.wizard.pages import PAGES, PageId
from haui.wizard.reading import TABS, Entry, chosen
from screens.actions import bind
from screens.asking import AskLine
from screens.glyphs import toned
from screens.page import DRAWING_FROM
from screens.review_deeds import ACTIONS, ReviewDeeds
from screens.review_text import note_lines, number_lines
from screens.widgets.check_list import CheckList, Item
from screens.widgets.file_view import FileView
from screens.widgets.plan_view import EntryList
from screens.widgets.tab_line import TabLine
from screens.world import World


class Reading(Horizontal):
    """The list and the text."""

    BINDINGS = bind(*ACTIONS)


class ReviewPage(ReviewDeeds):
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
        self._tab = 0
        self._sought = ""
        self._cursors = [0] * len(TABS)
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
            self.trouble = f"These pages come first: {', '.join(open_pages)}."
            self.review = None
            self._show()
        elif (sha := spec_sha(spec)) != self.sha:
            self.sha = sha
            self.trouble = ""
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
            self.trouble = error.render()
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
        numbers = number_lines(self.desk, self.review, self.trouble, glyphs, whole=beside)
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
