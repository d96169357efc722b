"""The first screen: what there is to go on with, and how to begin.

It is painted from names, locks and the ends of journals. Journals are read to their end by a thread
afterwards; nothing changes its place by that.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from haui.errors import HauiError
from haui.wizard.begin import beginnings
from haui.wizard.entries import Entry, forget_rehearsal, glance, look
from haui.wizard.entry_words import Line, name_of, note_of, story_of, verb_of, word_of
from screens.actions import Action, bind
from screens.dialog import Ask, Way
from screens.glyphs import toned
from screens.messages import (
    OpenDraft,
    ResetCluster,
    ResumeRun,
    ShowScreen,
    StartNew,
    VerifyCluster,
    WatchRun,
)
from screens.shell import Shell
from screens.widgets.body import Body
from screens.widgets.entries import EntryList, EntryRow
from screens.widgets.story import Sketch, Story
from screens.world import World

HEADLINE = "A highly available Kubernetes cluster from plain Linux hosts."

REFRESH_S = 30.0
"""How often times and locks are looked at again."""


class WelcomeScreen(Shell):
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
        Action(id="welcome.discard", key="d", label="discard", group="Start",
               help="Throw the draft or the unfinished rehearsal away, after asking."),
        Action(id="welcome.verify", key="v", label="verify", group="Start",
               help="Prove anew that a finished cluster is as it should be."),
        Action(id="welcome.report", key="s", label="report", group="Start",
               help="Show the report of the cluster's last install."),
        Action(id="welcome.export", key="e", label="preset", group="Start",
               help="Make a preset of the cluster's shape, to begin others from."),
        Action(id="welcome.reset", key="x", label="reset", group="Start", shown=False,
               help="Give the cluster's hosts back as they were. Asks for its name first."),
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
    def _current(self) -> Entry | None:
        """The entry under the cursor; None for a way to begin."""
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
        entry, sketch = self._current, self.query_one(Sketch)
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
        entry = self._current
        if entry is None:
            self._begin_with(event.id)
        elif entry.mine and self.world.live is not None:
            self.post_message(ShowScreen("execute"))
        elif entry.kind == "held":
            self.post_message(WatchRun(entry.name, entry.rehearsal))
        elif entry.kind == "unfinished":
            self.post_message(ResumeRun(entry.name, entry.rehearsal))
        elif entry.kind == "draft" and not entry.busy:
            assert entry.draft is not None
            self.post_message(OpenDraft(entry.draft.id))
        elif entry.kind == "finished":
            self._ask_finished(entry)
        else:
            self.say(_refusal(entry), "warn")

    def _begin_with(self, way: str) -> None:
        if way == "new":
            self.post_message(StartNew())
        else:
            self.post_message(ShowScreen("presets", argument=way))

    def _ask_finished(self, entry: Entry) -> None:
        gone = entry.state is not None and entry.state.gone
        verify = Way(
            id="verify",
            label="Verify again",
            key="v",
            note="Every proof of the install once more. Changes nothing that lasts.",
        )
        reset = Way(
            id="reset",
            label="Reset",
            key="x",
            note="Its hosts become what they were before. Asks for its name first.",
        )
        ways = (
            *(() if gone else (verify,)),
            Way(id="report", label="Show the report", key="s",
                note="What was installed where, how long it took, what to do next."),
            Way(id="export", label="Use as a preset", key="e",
                note="Its shape with names and addresses left out."),
            *(() if gone else (reset,)),
        )  # fmt: skip

        def chosen(way: str | None) -> None:
            if way is not None:
                getattr(self, f"action_{way}")()

        said = Content(note_of(entry, self.world.now()).replace("·", self.world.glyphs.dot))
        self.app.push_screen(Ask(name_of(entry), said, ways, glyphs=self.world.glyphs), chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with the entry under the cursor has a key."""
        if action == "back":
            return False
        if action not in ("discard", "verify", "report", "export", "reset") or not self.is_mounted:
            return True
        entry = self._current
        if action == "reset":
            return entry is not None and _resettable(entry)
        if action == "discard":
            return entry is not None and _discardable(entry)
        finished = entry is not None and entry.kind == "finished"
        if action == "verify" and entry is not None and entry.state is not None:
            return finished and not entry.state.gone
        if action == "report" and entry is not None and entry.is_cluster:
            return finished or os.access(entry.store.report, os.R_OK)
        return finished

    def action_scroll(self, pages: int) -> None:
        told = self.query_one("#told")
        told.scroll_relative(y=pages * max(1, told.content_size.height - 1), animate=False)

    def action_new(self) -> None:
        self._begin_with("new")

    def action_presets(self) -> None:
        self._begin_with("presets")

    def action_rehearse(self) -> None:
        self._begin_with("rehearse")

    def action_verify(self) -> None:
        entry = self._current
        if entry is not None:
            self.post_message(VerifyCluster(entry.name, entry.rehearsal))

    def action_reset(self) -> None:
        from haui.documents.undoing import losses
        from screens.reset import ResetDialog

        entry = self._current
        if entry is None:
            return
        try:
            spec = entry.store.load_spec()
        except HauiError as error:
            self.say(error.what, "bad")
            return

        def typed(name: str | None) -> None:
            if name is not None:
                self.post_message(ResetCluster(entry.name, entry.rehearsal))

        lost = losses(spec, None, "remove", admin_conf=str(entry.store.admin_conf))
        self.app.push_screen(ResetDialog(entry.name, lost, glyphs=self.world.glyphs), typed)

    def action_report(self) -> None:
        from screens.report import ReportWindow

        entry = self._current
        if entry is not None:
            self.app.push_screen(ReportWindow(entry.store.report, glyphs=self.world.glyphs))

    def action_export(self) -> None:
        from screens.export import ExportDialog

        entry = self._current
        if entry is not None:
            window = ExportDialog(self.world, answers=entry.answers, name=entry.name)
            self.app.push_screen(window)

    def action_discard(self) -> None:
        entry = self._current
        if entry is None:
            return
        what = (
            f"The rehearsal {name_of(entry)} and its simulated hosts are thrown away."
            if entry.is_cluster
            else f"{note_of(entry, self.world.now())}\n\nThe file is deleted: {entry.path}"
        )
        ways = (
            Way(id="keep", label="Keep it", key="k"),
            Way(id="discard", label="Discard", key="d"),
        )

        def chosen(way: str | None) -> None:
            if way == "discard":
                self._discard(entry)

        window = Ask(f"Discard {name_of(entry)}?", what, ways, glyphs=self.world.glyphs)
        self.app.push_screen(window, chosen)

    def _discard(self, entry: Entry) -> None:
        try:
            if entry.is_cluster:
                forget_rehearsal(entry)
            else:
                self.world.drafts.discard(entry.path.stem)
        except (HauiError, OSError) as error:
            self.say(str(error), "bad")
            return
        self.refresh_entries()
        self.say(f"{name_of(entry)} is discarded.")


def _discardable(entry: Entry) -> bool:
    draft = entry.kind == "broken draft" or (entry.kind == "draft" and not entry.busy)
    return draft or (entry.rehearsal and entry.kind in ("unfinished", "damaged", "finished"))


def _resettable(entry: Entry) -> bool:
    """Whether something was done to its hosts that can be taken back."""
    state = entry.state
    begun = state is not None and bool(state.run) and not state.gone
    return entry.kind in ("finished", "unfinished") and begun


def _refusal(entry: Entry) -> str:
    """Why an entry can't be chosen."""
    if entry.kind == "draft":
        return "Not now: another haui has this draft open."
    return f"Not before the file is mended or moved away: {entry.path}"


def _mark(path: Path) -> tuple[int, int]:
    """What changes with a file: its size and when it was written; zeros without one."""
    try:
        info = path.stat()
    except OSError:
        return (0, 0)
    return (info.st_size, info.st_mtime_ns)


def _import_drawing() -> None:
    import screens.widgets.drawing  # noqa: F401 - it is the import that takes long
