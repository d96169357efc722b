"""The first screen: what there is to go on with, and how to begin.

It is painted from names, locks and the ends of journals. Journals are read to their end by a thread
afterwards; nothing changes its place by that.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from haui.errors import HauiError
from haui.wizard.begin import beginnings
from haui.wizard.entries import Entry, glance, look
from haui.wizard.entry_words import Line, name_of, note_of, story_of, verb_of, word_of
from screens.actions import Action, bind
from screens.entry_deeds import EntryDeeds
from screens.glyphs import toned
from screens.messages import ShowScreen, StartNew
from screens.widgets.body import Body
from screens.widgets.entries import EntryList, EntryRow
from screens.widgets.story import Sketch, Story
from screens.world import World

HEADLINE = "A highly available Kubernetes cluster from plain Linux hosts."

REFRESH_S = 30.0
"""How often times and locks are looked at again."""


class WelcomeScreen(EntryDeeds):
    """`chosen` is the id of the entry that has the cursor at first."""

    CSS_PATH = "welcome.tcss"
    crumbs: ClassVar[tuple[str, ...]] = ()
    help_text: ClassVar[str] = (
        "haui installs a highly available Kubernetes cluster on plain Linux hosts. Everything that "
        "was begun and not finished is listed first: an install goes on where it stopped, and "
        "answers are there as they were saved.\n\nA rehearsal is the whole install on simulated "
        "hosts; nothing real is touched by it."
    )
    BINDINGS = bind(
        Action(id="welcome.scroll-down", key="pagedown", label="", group="Start", shown=False,
               do="scroll(1)", keys="PgDn PgUp", help="Scroll what is said about the entry."),
        Action(id="welcome.scroll-up", key="pageup", label="", group="Start", shown=False,
               do="scroll(-1)"),
        Action(id="welcome.new", key="n", label="new", group="Start",
               help="Begin a new cluster from nothing."),
        Action(id="welcome.presets", key="p", label="presets", group="Start",
               help="Begin a new cluster from a preset."),
        Action(id="welcome.rehearse", key="r", label="rehearse", group="Start",
               help="Rehearse an install on simulated hosts."),
    )  # fmt: skip

    def __init__(self, world: World, chosen: str = "") -> None:
        super().__init__(world)
        self._chosen = chosen
        self._entries: tuple[Entry, ...] = ()
        self._read: dict[str, tuple[tuple[int, int], Entry]] = {}
        self._trouble = ""
        self._begin = beginnings(world.presets_folder)

    def compose_body(self) -> ComposeResult:
        glyphs = self.world.glyphs
        self._glance()
        with Horizontal(id="columns"):
            with Vertical(id="start"):
                yield Static(HEADLINE, id="headline", markup=False)
                entries = EntryList(glyphs, id="entries")
                entries.replace(self._rows(), self._ways())
                entries.select(self._chosen)
                yield entries
                with Body(id="told"):
                    yield Story(glyphs, id="story")
            with Vertical(id="picture"):
                yield Sketch(glyphs, id="sketch")

    @property
    def _list(self) -> EntryList:
        return self.query_one(EntryList)

    @property
    def current(self) -> Entry | None:
        found = self._list.current
        return next((entry for entry in self._entries if entry.id == found), None)

    def on_mount(self) -> None:
        self._list.focus()
        self.explain(toned(self.world.advice, "dim"))
        self._tell()
        self.call_after_refresh(self._look)
        self.set_interval(REFRESH_S, self.refresh_entries)

    def on_screen_resume(self) -> None:
        if self.query_one(Sketch).ready:
            self.refresh_entries()

    def refresh_entries(self) -> None:
        """Look at everything again; the cursor stays on its entry."""
        self._glance()
        self._show()
        self._look()

    def _glance(self) -> None:
        try:
            found = glance(self.world.root, self.world.drafts)
            self._trouble = ""
        except HauiError as error:
            found, self._trouble = (), error.render()
        self._begin = beginnings(self.world.presets_folder)
        self._entries = tuple(self._known(entry) for entry in found)

    def _known(self, entry: Entry) -> Entry:
        """The entry as it was read, when its journal is still the same."""
        mark, read = self._read.get(entry.id, ((0, 0), entry))
        if not entry.is_cluster or mark != _mark(entry.path):
            return entry
        return replace(read, owner=entry.owner, kind="held" if entry.owner else read.kind)

    @work(group="journals", exclusive=True)
    async def _look(self) -> None:
        """Read the journals, one after the other, beside the screen."""
        for entry in self._entries:
            mark = _mark(entry.path)
            if entry.is_cluster and self._read.get(entry.id, ((-1, 0), entry))[0] != mark:
                found = await asyncio.to_thread(look, entry)
                self._read[entry.id] = (mark, found)
                self._entries = tuple(
                    found if known.id == found.id else known for known in self._entries
                )
                self._show()
        await asyncio.to_thread(_import_drawing)
        self.query_one(Sketch).ready = True

    def _show(self) -> None:
        self._list.replace(self._rows(), self._ways())
        self._tell()

    def _rows(self) -> list[EntryRow]:
        now, dot = self.world.now(), self.world.glyphs.dot
        return [
            EntryRow(
                id=entry.id,
                verb=verb_of(entry),
                name=name_of(entry),
                note=note_of(entry, now).replace("·", dot),
                word=word_of(entry),
                wrong=entry.kind in ("damaged", "broken draft"),
            )
            for entry in self._entries
        ]

    def _ways(self) -> list[EntryRow]:
        dot = self.world.glyphs.dot
        return [
            EntryRow(id=way.id, verb=way.label, note=way.note.replace("·", dot))
            for way in self._begin
        ]

    def _tell(self) -> None:
        """What is said about the entry under the cursor."""
        entry, sketch = self.current, self.query_one(Sketch)
        if entry is not None:
            lines = story_of(entry, self.world.now())
            sketch.answers = entry.answers or None
        else:
            way = next(way for way in self._begin if way.id == self._list.current)
            lines, sketch.answers = way.story, {}
        if self._trouble:
            lines = (Line(text=self._trouble, tone="bad", sign="failed"), *lines)
        self.query_one(Story).lines = lines
        self.query_one("#told").scroll_home(animate=False)
        self.refresh_bindings()

    @on(EntryList.Moved)
    def _moved(self) -> None:
        self.explain(toned(self.world.advice, "dim"))
        self._tell()

    @on(EntryList.Taken)
    def _taken(self, event: EntryList.Taken) -> None:
        entry = self.current
        if entry is None:
            self._begin_with(event.id)
        else:
            self.take(entry)

    def _begin_with(self, way: str) -> None:
        if way == "new":
            self.post_message(StartNew())
        else:
            self.post_message(ShowScreen("presets", argument=way))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing behind the first screen."""
        return action != "back" and super().check_action(action, parameters)

    def action_scroll(self, pages: int) -> None:
        told = self.query_one("#told")
        told.scroll_relative(y=pages * max(1, told.content_size.height - 1), animate=False)

    def action_new(self) -> None:
        self._begin_with("new")

    def action_presets(self) -> None:
        self._begin_with("presets")

    def action_rehearse(self) -> None:
        self._begin_with("rehearse")


def _mark(path: Path) -> tuple[int, int]:
    """What changes with a file: its size and when it was written; zeros without one."""
    try:
        info = path.stat()
    except OSError:
        return (0, 0)
    return (info.st_size, info.st_mtime_ns)


def _import_drawing() -> None:
    import screens.widgets.drawing  # noqa: F401 - it is the import that takes long
