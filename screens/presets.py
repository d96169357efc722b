"""Choosing a preset: the list, and what the one under the cursor is, drawn and as it is written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from haui.errors import HauiError
from haui.preset import FEWEST_HOSTS, MOST_HOSTS, Preset, list_presets, read_preset
from haui.preset_own import delete_own
from haui.transport.text import clean_line, clean_text
from haui.wizard.preset_words import note_of, problems_of, shape_words
from screens.actions import Action, bind
from screens.dialog import Ask, Way
from screens.glyphs import toned
from screens.messages import ShowScreen, StartNew
from screens.shell import Shell
from screens.widgets.body import Body
from screens.widgets.controls import TextLine
from screens.widgets.entries import EntryList, EntryRow
from screens.widgets.story import Sketch
from screens.widgets.topbar import TopBar
from screens.world import World

_NAME = 28
"""Columns of a preset's name in the list."""

REHEARSE = "rehearse"
"""The argument that makes this the beginning of a rehearsal."""


class PresetsScreen(Shell):
    """With the argument `rehearse` the preset is rehearsed, on as many hosts as are asked for."""

    CSS_PATH = "presets.tcss"
    help_text: ClassVar[str] = (
        "A preset answers everything but names and addresses. Those that are built in are tested; "
        "yours are files that you can share, change and delete. Any cluster file can be taken as a "
        "preset, too: write its path."
    )
    BINDINGS = bind(
        Action(id="presets.file", key="slash,f", label="file", group="Presets",
               help="Write the path of any preset or cluster file."),
        Action(id="presets.delete", key="d", label="delete", group="Presets",
               help="Delete a preset of yours, after asking."),
        Action(id="presets.down", key="pagedown", label="", group="Presets", shown=False,
               do="scroll(1)", keys="PgDn PgUp", help="Scroll the text of the preset."),
        Action(id="presets.up", key="pageup", label="", group="Presets", shown=False,
               do="scroll(-1)"),
    )  # fmt: skip

    def __init__(self, world: World, way: str = "presets") -> None:
        super().__init__(world)
        self._way = way
        self._presets: tuple[Preset, ...] = ()
        self._file: Preset | None = None
        self._wrong: tuple[str, ...] = ()

    @property
    def rehearses(self) -> bool:
        return self._way == REHEARSE

    @property
    def _current(self) -> Preset | None:
        """The preset that enter would take: of the file while its path is being written."""
        if self._file is not None:
            return self._file
        found = self.query_one(EntryList).current
        return next((p for p in self._presets if _id(p) == found), None)

    def compose_body(self) -> ComposeResult:
        glyphs = self.world.glyphs
        question = "Which preset is rehearsed?" if self.rehearses else "Which shape does it have?"
        self._list_again()
        with Horizontal(id="columns"):
            with Vertical(id="choice"):
                yield Static(question, id="question", markup=False)
                entries = EntryList(glyphs, name_width=_NAME, id="list")
                entries.replace(self._rows(), ())
                yield entries
                with Vertical(id="asked"):
                    if self.rehearses:
                        with Horizontal(classes="row"):
                            yield Static("Hosts", classes="label")
                            yield TextLine("", "as many as the preset has", id="hosts")
                    with Horizontal(classes="row"):
                        yield Static("Or a file", classes="label")
                        yield TextLine("", "~/clusters/atlas.yaml", id="file")
            with Vertical(id="shown"):
                yield Static(id="title", markup=False)
                yield Sketch(glyphs, id="sketch")
                with Body(id="text"):
                    yield Static(id="yaml", markup=False)

    def on_mount(self) -> None:
        self.query_one(Sketch).ready = True
        self.query_one(EntryList).focus()
        self._show()

    def update_top(self) -> None:
        super().update_top()
        way = "rehearse" if self.rehearses else "new cluster"
        self.query_one(TopBar).crumbs = (way, "Preset")

    def _list_again(self) -> None:
        self._presets = list_presets(self.world.presets_folder)

    def _rows(self) -> list[EntryRow]:
        return [
            EntryRow(
                id=_id(preset),
                verb="",
                name=clean_line(preset.name, 60),
                note=note_of(preset).replace("·", self.world.glyphs.dot),
                word="wrong" if preset.problem else "waiting",
                wrong=bool(preset.problem),
            )
            for preset in self._presets
        ]

    def _show(self) -> None:
        """Bring the right side up to date."""
        preset, dot = self._current, self.world.glyphs.dot
        sketch, title = self.query_one(Sketch), self.query_one("#title", Static)
        usable = preset is not None and not preset.problem and not self._wrong
        sketch.answers = preset.answers if preset and usable else None
        sketch.set_class(not usable, "-away")
        yaml = self.query_one("#yaml", Static)
        if self._wrong:
            title.update(toned("This file can't be used.", "bad"))
            yaml.update(Content("\n").join([toned(line, "plain") for line in self._wrong]))
        elif preset is None:
            title.update(toned("There is no such preset.", "dim"))
            yaml.update(Content(""))
        elif preset.problem:
            title.update(toned("This preset can't be used until it is mended.", "bad"))
            yaml.update(Content(clean_text(preset.problem)))
        else:
            words = shape_words(preset.answers).replace("·", dot)
            name = toned(clean_line(preset.title or preset.name, 200), "strong")
            title.update(Content.assemble(name, "\n", toned(words, "dim")))
            yaml.update(toned(clean_text(_without_title(preset)).rstrip(), "dim"))
        self.query_one("#text").scroll_home(animate=False)
        self.refresh_bindings()

    @on(EntryList.Moved)
    def _moved(self) -> None:
        self._show()

    @on(EntryList.Taken)
    def _taken(self) -> None:
        self._take()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "file" and not event.value.strip():
            self.query_one(EntryList).focus()
            return
        self._take()

    @on(Input.Changed, "#file")
    def _file_changed(self, event: Input.Changed) -> None:
        self._file, self._wrong = None, ()
        path = event.value.strip()
        if path:
            self._read(path)
        else:
            self._show()

    @work(group="file", exclusive=True)
    async def _read(self, typed: str) -> None:
        """Read the file whose path is being written; what is wrong with it is said beside it."""
        try:
            self._file = await asyncio.to_thread(lambda: read_preset(Path(typed).expanduser()))
        except HauiError as error:
            self._wrong = problems_of(error)
        except (OSError, ValueError, RuntimeError) as error:
            self._wrong = (clean_line(str(error)),)
        self._show()

    def _take(self) -> None:
        """Begin with the preset that is shown, if it can be used."""
        preset = self._current
        if self._wrong or preset is None or preset.problem:
            said = (*self._wrong, preset.problem if preset else "")[0]
            self.say(f"This can't be chosen: {clean_line(said)}", "bad")
            return
        chosen = self._file_path() if self._file is not None else preset.name
        if not self.rehearses:
            self.post_message(StartNew(preset=chosen))
            return
        hosts, why = self._hosts()
        if why:
            self.query_one("#hosts").focus()
            self.say(why, "bad")
            return
        self.post_message(StartNew(preset=chosen, rehearsal=True, hosts=hosts))

    def _file_path(self) -> str:
        return str(Path(self.query_one("#file", Input).value.strip()).expanduser().absolute())

    def _hosts(self) -> tuple[int | None, str]:
        """How many hosts are asked for, and why that number is none."""
        typed = self.query_one("#hosts", Input).value.strip()
        if not typed:
            return None, ""
        fits = typed.isascii() and typed.isdigit() and len(typed) < 5
        if not fits or not FEWEST_HOSTS <= int(typed) <= MOST_HOSTS:
            return None, f"Hosts: a number from {FEWEST_HOSTS} to {MOST_HOSTS}."
        return int(typed), ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "delete" and self.is_mounted:
            preset = self._current
            return preset is not None and preset.own and self._file is None
        return True

    def action_back(self) -> None:
        self.post_message(ShowScreen("welcome", argument=self._way))

    def action_file(self) -> None:
        self.query_one("#file").focus()

    def action_scroll(self, pages: int) -> None:
        text = self.query_one("#text")
        text.scroll_relative(y=pages * max(1, text.content_size.height - 1), animate=False)

    def action_delete(self) -> None:
        preset = self._current
        if preset is None:
            return
        path = self.world.presets_folder / f"{preset.name}.yaml"
        ways = (Way(id="keep", label="Keep it", key="k"), Way(id="delete", label="Delete", key="d"))

        def chosen(way: str | None) -> None:
            if way == "delete":
                self._delete(preset.name)

        title = f"Delete {clean_line(preset.name, 40)}?"
        text = f"The file is deleted: {clean_line(str(path))}"
        self.app.push_screen(Ask(title, text, ways, glyphs=self.world.glyphs), chosen)

    def _delete(self, name: str) -> None:
        try:
            delete_own(name, own=self.world.presets_folder)
        except HauiError as error:
            self.say(clean_line(error.render()), "bad")
            return
        self._list_again()
        self.query_one(EntryList).replace(self._rows(), ())
        self._show()
        self.say(f"{clean_line(name, 40)} is deleted.")


def _id(preset: Preset) -> str:
    return f"{'own' if preset.own else 'shipped'}:{preset.name}"


def _without_title(preset: Preset) -> str:
    """The text below its title, which is shown above it."""
    first, _, rest = preset.text.partition("\n")
    return (
        rest.lstrip("#\n") if preset.title and first.lstrip("# ") == preset.title else preset.text
    )
