"""What is done with the list of hosts: one of them, several, and those that come from lines and
files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from textual import events, on

from haui.wizard.desk import Desk
from haui.wizard.hostlist import HostList as Found
from screens import host_edits as edits
from screens.host_form import HostForm
from screens.host_import import ImportDialog
from screens.host_paste import PasteDialog, joined_text, safe
from screens.host_roles import RolesDialog
from screens.page import WizardPage
from screens.widgets.host_filter import FilterLine
from screens.widgets.host_list import HostList
from screens.widgets.host_rows import HostRow, host_list, roles_needed
from screens.world import World

_LEFT_LINES: Final[WeakKeyDictionary[Desk, str]] = WeakKeyDictionary()
"""Pasted lines that gave no host yet; they outlive the page, which is made anew at each visit."""


class HostsDeeds(WizardPage):
    """A page with the HostList and its FilterLine. Every change is in the answers at once."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._path = ""
        self._new: frozenset[int] = frozenset()

    @property
    def hosts(self) -> HostList:
        return self.query_one("#hosts", HostList)

    @property
    def filtering(self) -> FilterLine:
        return self.query_one(FilterLine)

    def catch_up(self) -> None:
        """Called when the list has to be as the answers are."""

    def _entries(self) -> list[Any]:
        return host_list(self.desk.value(("hosts",)))

    def _take(self, hosts: Sequence[Any]) -> None:
        """Put another list of hosts in the place of this one."""
        self.desk.answer(("hosts",), list(hosts) or None)

    def _chosen(self) -> list[HostRow]:
        """The marked rows, else the one under the cursor."""
        marked = [row for row in self.hosts.rows if row.place in self.hosts.marked]
        return marked or ([self.hosts.row] if self.hosts.row is not None else [])

    # One host.

    def action_add(self) -> None:
        self._open_form(None)

    @on(HostList.Opened)
    def action_edit(self) -> None:
        if self.hosts.row is not None:
            self._open_form(self.hosts.place)
        elif not self.hosts.rows:
            self._open_form(None)

    def _open_form(self, place: int | None) -> None:
        if place is not None and not isinstance(self._entries()[place], dict):
            self.say("This entry is no host; d deletes it.", "warn")
            return

        def closed(place: int | None) -> None:
            self.catch_up()
            self.hosts.go(place or 0)

        self.app.push_screen(HostForm(self.desk, place, glyphs=self.world.glyphs), closed)

    def action_delete(self) -> None:
        rows = self._chosen()
        if not rows:
            return
        gone = {row.place for row in rows}
        self.hosts.mark(frozenset())
        self._take([host for place, host in enumerate(self._entries()) if place not in gone])
        what = f"{rows[0].called} is" if len(rows) == 1 else f"{len(rows)} hosts are"
        self.say(f"{what} deleted. ^z brings {'it' if len(rows) == 1 else 'them'} back.")

    def action_undo(self) -> None:
        self.hosts.mark(frozenset())
        super().action_undo()

    def action_move(self, by: int) -> None:
        place, to = self.hosts.place, self.hosts.place + by
        if self.filtering.words:
            self.say("Take the filter away first (esc): the order is that of all hosts.", "warn")
        elif self.hosts.row is not None and 0 <= to < len(self.hosts.rows):
            swap = {place: to, to: place}
            marked = frozenset(swap.get(mark, mark) for mark in self.hosts.marked)
            self._take(edits.swapped(self._entries(), place, to))
            self.hosts.mark(marked)
            self.hosts.go(to)

    # Several hosts.

    def action_roles(self) -> None:
        rows = self._chosen()
        if rows:
            common = set(rows[0].roles).intersection(*(row.roles for row in rows))
            why = "Ticked is what they all do now." if len(rows) > 1 else "What this host does."
            self._ask_roles(rows, common, why)

    def _ask_roles(self, rows: Sequence[HostRow], ticked: set[str], why: str) -> None:
        places = {row.place for row in rows}

        def given(roles: tuple[str, ...] | None) -> None:
            if roles:
                self._take(edits.with_roles(self._entries(), places, roles))
                self.catch_up()
                self.hosts.mark(frozenset())
                self.say("Roles are changed. ^z takes it back.")

        names = [row.called for row in rows]
        self.app.push_screen(RolesDialog(names, ticked, why, glyphs=self.world.glyphs), given)

    def action_names(self) -> None:
        named, count = edits.named(self._entries())
        if count:
            self._take(named)
            self.say(f"{count} host{'' if count == 1 else 's'} named. ^z takes it back.")
        else:
            self.say("Every host that has a role has a name.")

    def action_copy_lines(self) -> None:
        text = edits.as_lines(self._entries())
        count = text.count("\n")
        if count:
            self.app.copy_to_clipboard(text)
        self.say(
            f"{count} line{'' if count == 1 else 's'} sent to the clipboard."
            if count
            else "Nothing to copy."
        )

    # Lines and files.

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._open_paste(joined_text(self._kept, event.text))

    def action_paste(self) -> None:
        self._open_paste(self._kept)

    @property
    def _kept(self) -> str:
        """The lines that are still to be corrected."""
        return _LEFT_LINES.get(self.desk, "")

    def _keep(self, text: str) -> None:
        _LEFT_LINES[self.desk] = text

    def _open_paste(self, text: str) -> None:
        def closed(left: str | None) -> None:
            self._keep(left or "")
            self._ask_missing_roles()

        self.app.push_screen(PasteDialog(text, self.take_found, glyphs=self.world.glyphs), closed)

    def action_import_file(self) -> None:
        def keep(path: str) -> None:
            self._path = path

        def closed(taken: tuple[Found, str] | None) -> None:
            if taken is not None:
                found, rest = taken
                self.take_found(found)
                if rest:
                    self._keep(joined_text(self._kept, safe(rest)))
                    count = len(found.rejected)
                    lines = "1 line was" if count == 1 else f"{count} lines were"
                    self.say(f"{lines} not understood: p shows what is left.", "warn")
                self._ask_missing_roles()

        self.app.push_screen(ImportDialog(self._path, glyphs=self.world.glyphs, keep=keep), closed)

    def take_found(self, found: Found) -> str:
        """Put hosts that were read into the list; returns what came of it."""
        before = len(self._entries())
        hosts, notes = edits.joined(self._entries(), found.hosts)
        self._take(hosts)
        self._new |= frozenset(range(before, len(hosts)))
        count = len(found.hosts)
        said = " ".join([f"{count} host{'' if count == 1 else 's'} taken.", *notes])
        self.say(f"{said} ^z takes it back." if not notes else said)
        self.catch_up()
        if len(hosts) > before:
            self.hosts.go(before)
        return said

    def _ask_missing_roles(self) -> None:
        """Ask once for all hosts that have just come and have no role."""
        self.catch_up()
        new, self._new = self._new, frozenset()
        rows = [row for row in self.hosts.rows if row.place in new and not row.roles]
        if rows:
            first = next(iter(roles_needed(self.desk.answers)), "worker")
            why = "No role is said for them yet. What do they do?"
            if len(rows) == 1:
                why = "No role is said for it yet. What does it do?"
            self._ask_roles(rows, {first}, why)
