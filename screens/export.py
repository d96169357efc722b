"""The window that makes a preset of answers: under which name, with or without addresses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from haui.errors import HauiError
from haui.preset import export_draft
from haui.transport.text import clean_line, clean_text
from haui.wizard.preset_words import problems_of
from haui.wizard.saving import Target, save, target_of, titled
from screens.actions import Action, bind
from screens.dialog import Ask, Dialog, Way
from screens.glyphs import toned
from screens.paths import home_text
from screens.shell import Shell
from screens.widgets.body import Body
from screens.widgets.controls import TextLine, YesNo
from screens.world import World

_WITHOUT: Final = (
    "Left out: the cluster's name, the API's name and address, the hosts' addresses and keys, "
    "jump hosts and BGP routers. Secrets are never in it."
)
_WITH: Final = (
    "With names and addresses: whoever reads it knows your hosts. Secrets are never in it."
)


class ExportDialog(Dialog[Path]):
    """The result is the file that was written.

    Without `answers` they are those on the desk, else those of the run. `name` is proposed.
    """

    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]  # noqa: RUF012 - Textual's own
    CSS_PATH = "export.tcss"
    window_title = "Make a preset"
    BINDINGS = bind(
        Action(id="export.save", key="ctrl+s", label="save", group="Window",
               help="Save the preset."),
        Action(id="export.down", key="pagedown", label="", group="Window", do="scroll(1)",
               shown=False),
        Action(id="export.up", key="pageup", label="", group="Window", do="scroll(-1)",
               shown=False),
    )  # fmt: skip

    def __init__(
        self, world: World, *, answers: Mapping[str, Any] | None = None, name: str = ""
    ) -> None:
        super().__init__(glyphs=world.glyphs)
        self._world = world
        self._answers = answers_of(world) if answers is None else answers
        said = self._answers.get("name")
        self._proposed = name or (said if isinstance(said, str) else "")

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Static("Save as", classes="label")
            yield TextLine(
                clean_line(self._proposed, 60), "a name, or a path: ~/rack-7.yaml", id="name"
            )
        yield Static(id="where", markup=False)
        with Horizontal(classes="row"):
            yield Static("What it is for", classes="label")
            yield TextLine("", "a line for the list of presets", id="title")
        with Horizontal(classes="row"):
            yield Static("With addresses", classes="label")
            yield YesNo(False, self.glyphs, id="addresses")
        yield Static(id="left-out", markup=False)
        with Body(id="preview"):
            yield Static(id="yaml", markup=False)
        yield Static(id="problem", markup=False)
        with Horizontal(id="buttons"):
            yield Button(Content("Save  ^s"), id="save", compact=True)
            yield Button(Content("Cancel  esc"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self._show()

    @property
    def _text(self) -> str:
        text = export_draft(self._answers, addresses=self.query_one(YesNo).value)
        return titled(text, self.query_one("#title", Input).value)

    def _target(self) -> Target:
        typed = self.query_one("#name", Input).value
        return target_of(typed, self._world.presets_folder)

    def _show(self) -> None:
        addresses = self.query_one(YesNo).value
        self.query_one("#left-out", Static).update(toned(_WITH if addresses else _WITHOUT, "dim"))
        self.query_one("#yaml", Static).update(Content(clean_text(self._text).rstrip()))
        self._show_target()

    def _show_target(self) -> None:
        try:
            target = self._target()
        except HauiError as error:
            said = toned(clean_line(error.what), "warn")
        else:
            there = "  is there already" if target.path.exists() else ""
            said = Content.assemble(
                toned(f"{self.glyphs.arrow} {clean_line(str(target.path))}", "dim"),
                toned(there, "warn"),
            )
        self.query_one("#where", Static).update(said)
        self._say(())

    def _say(self, lines: tuple[str, ...]) -> None:
        """Show what keeps the preset from being saved."""
        problem = self.query_one("#problem", Static)
        problem.update(Content("\n").join([toned(line, "bad") for line in lines[:4]]))
        problem.set_class(bool(lines), "-said")

    @on(Input.Changed, "#title")
    def _retitled(self) -> None:
        self._show()

    @on(Input.Changed, "#name")
    def _renamed(self) -> None:
        self._show_target()

    @on(YesNo.Turned)
    def _turned(self) -> None:
        self._show()

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _wanted(self) -> None:
        self.action_save()

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_close()

    def action_scroll(self, pages: int) -> None:
        preview = self.query_one("#preview")
        by = pages * max(1, preview.content_size.height - 1)
        preview.scroll_relative(y=by, animate=False)

    def action_save(self) -> None:
        try:
            target = self._target()
        except HauiError as error:
            self._say(problems_of(error))
            return
        if not target.path.exists():
            self._save(target)
            return
        ways = (Way(id="keep", label="Keep it", key="k"),
                Way(id="replace", label="Replace it", key="r"))  # fmt: skip

        def chosen(way: str | None) -> None:
            if way == "replace":
                self._save(target, overwrite=True)

        text = f"{clean_line(str(target.path))} is there already. What it says would be lost."
        self.app.push_screen(Ask("Replace the file?", text, ways, glyphs=self.glyphs), chosen)

    def _save(self, target: Target, *, overwrite: bool = False) -> None:
        try:
            path = save(target, self._text, overwrite=overwrite)
        except HauiError as error:
            self._say(problems_of(error))
            return
        app = self.app
        self.dismiss(path)
        app.call_after_refresh(_tell, app, path)


def answers_of(world: World) -> Mapping[str, Any]:
    """The answers on the desk, else those of the run that is watched; empty when there are none."""
    if world.desk is not None:
        return world.desk.answers
    if world.live is not None:
        return world.live.spec.model_dump(mode="json", exclude_defaults=True)
    return {}


def _tell(app: App[Any], path: Path) -> None:
    """Say where the preset is, on whatever is shown now."""
    text = f"Saved as {clean_line(home_text(path))}"
    if isinstance(app.screen, Shell):
        app.screen.say(text, "good")
    else:
        app.notify(text, markup=False)
