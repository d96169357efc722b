"""The answers as a preset of the admin's own, to begin the next cluster from."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from haui.errors import HauiError
from haui.transport.text import clean_line
from haui.wizard.desk import Desk
from screens.dialog import Dialog
from screens.glyphs import Glyphs, toned
from screens.widgets.controls import TextLine, YesNo


class SavePreset(Dialog[Path]):
    """The result is the path of what was saved."""

    window_title = "Save as preset"

    def __init__(self, desk: Desk, folder: Path, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._desk = desk
        self._folder = folder

    def compose_body(self) -> ComposeResult:
        about = "The shape of this cluster, for the next one. Passwords are never part of it."
        yield Static(toned(about, "dim"), classes="about")
        with Horizontal(classes="row"):
            yield Static("Name", classes="label")
            name = clean_line(str(self._desk.value(("name",)) or ""), 60)
            yield TextLine(name, "e.g. rack-7", id="name")
        with Horizontal(classes="row"):
            yield Static("With addresses", classes="label")
            yield YesNo(False, self.glyphs, id="addresses")
        yield Static(id="refusal", markup=False)
        with Horizontal(id="buttons"):
            yield Button("Save", id="save", compact=True)
            yield Button("Cancel", id="cancel", compact=True)

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        from haui.preset_export import export_draft
        from haui.preset_own import save_own

        name = self.query_one("#name", TextLine).value.strip()
        addresses = self.query_one("#addresses", YesNo).value
        try:
            text = export_draft(self._desk.answers, addresses=addresses)
            path = save_own(name, text, own=self._folder)
        except HauiError as error:
            refusal = f"{self.glyphs.failed} {error.what}. {error.fix}".strip()
            self.query_one("#refusal", Static).update(toned(refusal, "bad"))
        else:
            self.dismiss(path)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)
