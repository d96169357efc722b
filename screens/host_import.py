"""Hosts from a file: a table, an SSH configuration or an Ansible inventory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from haui.wizard.hostlist import HostList, aliases_of, parse_any, parse_ssh_config
from haui.wizard.hostlists.result import cleaned
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import Glyphs, state_text, toned
from screens.host_file import UnreadableFile, completed, completions, kind_of, read_text
from screens.widgets.body import Body
from screens.widgets.check_list import CheckList, Item
from screens.widgets.controls import TextLine
from screens.widgets.host_preview import HostPreview, label_take, left_over, summary

KINDS = "A table (CSV), an SSH configuration, an Ansible inventory, or lines as for pasting."
SHOWN = 6
"""How many completions are shown."""


class PathLine(TextLine):
    """Tab completes the path as far as it is certain; when it is whole, the focus goes on."""

    BINDINGS = bind(
        Action(id="path.complete", key="tab", label="complete", group="Fields",
               help="Complete the path."),
        Action(id="path.down", key="down", label="", group="Fields", shown=False, do="leave(1)"),
    )  # fmt: skip

    def action_complete(self) -> None:
        longer = completed(self.value)
        if longer == self.value:
            self.screen.focus_next()
            return
        self.value = longer
        self.cursor_position = len(longer)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(cleaned(event.text.strip().partition("\n")[0], 4000))


class ImportDialog(Dialog[tuple[HostList, str]]):
    """The result is what is to be taken from the file, and the lines that were not understood."""

    CSS_PATH = "hosts.tcss"
    window_title = "Import hosts"
    BINDINGS = bind(
        Action(id="hostimport.take", key="ctrl+s", label="take", group="Window",
               help="Take the hosts that are shown."),
        Action(id="hostimport.all", key="a", label="all or none", group="Window",
               help="Tick all hosts of an SSH configuration, or none."),
        Action(id="hostimport.next", key="tab", label="", group="Window", shown=False,
               do="app.focus_next"),
        Action(id="hostimport.previous", key="shift+tab", label="", group="Window", shown=False,
               do="app.focus_previous"),
        Action(id="hostimport.down", key="pagedown", label="", group="Window", shown=False,
               do="scroll(1)"),
        Action(id="hostimport.up", key="pageup", label="", group="Window", shown=False,
               do="scroll(-1)"),
    )  # fmt: skip

    def __init__(
        self, path: str, *, glyphs: Glyphs, keep: Callable[[str], None] = lambda path: None
    ) -> None:
        """`keep` is told each path, so that the window can begin with it the next time."""
        super().__init__(glyphs=glyphs)
        self._path = path
        self._keep = keep
        self._text = ""
        self._found = HostList()

    def compose_body(self) -> ComposeResult:
        yield Static(toned(KINDS, "dim"), markup=False)
        with Horizontal(classes="row"):
            yield Static(Content("File"), classes="label", markup=False)
            yield PathLine(self._path, "~/.ssh/config", id="path")
        yield Static(id="beside", markup=False)
        with Body(id="details"):
            yield CheckList((), (), self.glyphs, id="aliases")
            yield Static(id="summary", markup=False)
            yield HostPreview(self.glyphs, id="found")
        with Horizontal(id="buttons"):
            yield Button(Content("Read  enter"), id="read", compact=True)
            yield Button(Content("Take  ^s"), id="take", compact=True)
            yield Button(Content("Close  esc"), id="close", compact=True)

    def on_mount(self) -> None:
        line = self.query_one(PathLine)
        line.cursor_position = len(self._path)
        line.focus()
        self._forget()

    def _forget(self) -> None:
        """Show no file; what the path may become instead."""
        self._text, self._found = "", HostList()
        typed = self.query_one(PathLine).value
        self._keep(typed)
        self._show_result(shown=False)
        possible = completions(typed) if typed else []
        names = [cleaned(PurePath(path).name + "/" * path.endswith("/"), 40) for path in possible]
        more = f"  and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        whole = possible == [typed]
        text = "" if whole else "  ".join(names[:SHOWN]) + more
        self.query_one("#beside", Static).update(toned(text or "enter reads the file", "dim"))

    @on(Input.Changed, "#path")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._forget()

    @on(Input.Submitted, "#path")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_read()

    def action_read(self) -> None:
        """Read the file and show what it gives."""
        path = self.query_one(PathLine).value.strip()
        beside = self.query_one("#beside", Static)
        try:
            if not path:
                raise UnreadableFile("a path is needed, as in ~/.ssh/config")
            self._text = read_text(path)
        except UnreadableFile as problem:
            shown = cleaned(PurePath(path).name, 60)
            text = f"{shown} {problem}" if path else str(problem)
            beside.update(toned(f"{self.glyphs.failed} {text}", "bad"))
            return
        kind = kind_of(self._text, path)
        beside.update(state_text("ok", self.glyphs, f"read as: {kind}"))
        self._offer_aliases(kind == "SSH configuration")
        self._preview()
        self._show_result(shown=True)
        aliases = self.query_one("#aliases", CheckList)
        (aliases if aliases.display else self.query_one("#take")).focus()

    def _show_result(self, *, shown: bool) -> None:
        for part in ("#details", "#take"):
            self.query_one(part).display = shown
        self.set_class(shown, "-read")

    def _offer_aliases(self, ssh: bool) -> None:
        aliases = self.query_one("#aliases", CheckList)
        names = aliases_of(self._text) if ssh else ()
        items = [Item(value=name, label=cleaned(name, 60)) for name in names]
        aliases.offer(items, names)
        aliases.display = bool(items)

    @on(CheckList.Changed)
    def _chosen(self, event: CheckList.Changed) -> None:
        event.stop()
        self._preview()

    def _preview(self) -> None:
        aliases = self.query_one("#aliases", CheckList)
        if aliases.display:
            self._found = parse_ssh_config(self._text, aliases.values)
        else:
            self._found = parse_any(self._text, self.query_one(PathLine).value.strip())
        self.query_one("#summary", Static).update(summary(self._found, self.glyphs))
        self.query_one(HostPreview).found = self._found
        label_take(self.query_one("#take", Button), len(self._found.hosts))

    def action_all(self) -> None:
        aliases = self.query_one("#aliases", CheckList)
        if aliases.display:
            every = [item.value for item in aliases.items]
            aliases.put(() if len(aliases.ticked) == len(every) else every)

    def action_scroll(self, pages: int) -> None:
        body = self.query_one("#details", Body)
        body.scroll_relative(y=pages * max(1, body.size.height - 1), animate=False)

    def action_take(self) -> None:
        if not self._text:
            self.action_read()
        elif self._found.hosts:
            ssh = self.query_one("#aliases").display
            self.dismiss((self._found, "" if ssh else left_over(self._text, self._found)))
        else:
            note = f"{self.glyphs.attention} There is no host to take."
            self.query_one("#beside", Static).update(toned(note, "warn"))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> Any:
        if event.button.id == "read":
            self.action_read()
        elif event.button.id == "take":
            self.action_take()
        else:
            self.action_close()
