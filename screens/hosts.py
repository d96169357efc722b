"""The hosts page: the machines of the cluster, entered one by one, pasted, or imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from haui.wizard.desk import Desk
from haui.wizard.hostlist import HostList as Found
from haui.wizard.pages import PageId
from screens import host_edits as edits
from screens.actions import bind
from screens.glyphs import toned
from screens.host_form import HostForm
from screens.host_import import ImportDialog
from screens.host_paste import PasteDialog, joined_text, safe
from screens.host_roles import RolesDialog
from screens.page import NOT_YET, WizardPage
from screens.widgets.helpline import HelpLine
from screens.widgets.host_filter import FilterLine
from screens.widgets.host_list import LIST_ACTIONS, HostList
from screens.widgets.host_rows import HostRow, host_list, list_problems, roles_needed, rows_of
from screens.widgets.host_texts import about_list, about_row, begin_text, list_keys
from screens.world import World

_LEFT_LINES: Final[WeakKeyDictionary[Desk, str]] = WeakKeyDictionary()
"""Pasted lines that gave no host yet; they outlive the page, which is made anew at each visit."""


class HostsPage(WizardPage):
    """The list holds the whole height; what is wrong with the host under the cursor, and with the
    list, stands beneath it."""

    page: ClassVar[PageId] = "hosts"
    fills: ClassVar[bool] = True
    CSS_PATH = "hosts.tcss"
    help_text = (
        "Each host has a name, the address by which the other hosts reach it, and roles. The first "
        "control plane of the list begins the cluster, the others join it in their order.\n\n"
        "Pasted lines hold a name, an address or both, then roles and name=value labels, in any "
        "order: `wk1 10.30.0.21 worker rack=r1`. Short roles are cp, wk, et and lb. Ranges in "
        "brackets stand for several hosts: `10.30.0.[11-13] cp`. `user@address:port` says how to "
        "log in where it differs.\n\nEvery change is saved at once and can be taken back."
    )
    BINDINGS = bind(*LIST_ACTIONS)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._path = ""
        self._new: frozenset[int] = frozenset()
        self._marked = 0
        self._behind = True

    def compose_page(self) -> ComposeResult:
        if self.desk.rehearsal:
            note = "These hosts are simulated: nothing on your network is touched."
            yield Static(toned(note, "accent"), id="simulated", markup=False)
        yield FilterLine("name, address, role or label", id="filtering")
        yield HostList(self.world.glyphs, id="hosts")
        yield Static(id="about", markup=False)
        yield Static(id="needed", markup=False)

    @property
    def hosts(self) -> HostList:
        return self.query_one("#hosts", HostList)

    def on_mount(self) -> None:
        self.hosts.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget is self.hosts:
            self.call_next(self._explain_list)

    def _explain_list(self) -> None:
        """The keys for which the key line has no room."""
        for line in self.query(HelpLine):
            line.help = list_keys() if self.hosts.rows else Content("")

    def answers_changed(self) -> None:
        """Beneath a window nothing is drawn anew at each key; it is made up for afterwards."""
        self._behind = True
        if self.is_current or not self.hosts.rows:
            self.catch_up()

    def on_screen_resume(self) -> None:
        self.catch_up()

    def catch_up(self) -> None:
        """Show what the desk has now."""
        if not self._behind:
            return
        self._behind = False
        answers = self.desk.answers
        rows = rows_of(answers.get("hosts"), self.desk.problems("hosts"))
        self.hosts.empty = begin_text(answers, rehearsal=self.desk.rehearsal) if not rows else ()
        if bool(rows) != bool(self.hosts.rows):
            self.call_next(self._explain_list)
        self.hosts.show(rows)
        self._show_about()
        self._show_needed()
        self._show_filtered()

    def _entries(self) -> list[Any]:
        return host_list(self.desk.value(("hosts",)))

    def _take(self, hosts: Sequence[Any]) -> None:
        """Put another list of hosts in the place of this one."""
        self.desk.answer(("hosts",), list(hosts) or None)

    def _chosen(self) -> list[HostRow]:
        """The marked rows, else the one under the cursor."""
        marked = [row for row in self.hosts.rows if row.place in self.hosts.marked]
        return marked or ([self.hosts.row] if self.hosts.row is not None else [])

    # What stands beneath the list.

    @on(HostList.Moved)
    def _moved(self) -> None:
        self._show_about()
        if len(self.hosts.marked) != self._marked:
            self._show_needed()

    def _show_about(self) -> None:
        first = next((row.place for row in self.hosts.rows if "control-plane" in row.roles), -1)
        text = about_row(self.hosts.row, self.world.glyphs, first=self.hosts.place == first)
        about = self.query_one("#about", Static)
        about.display = bool(self.hosts.rows)
        about.update(text)

    def _show_needed(self) -> None:
        rows, marked = self.hosts.rows, len(self.hosts.marked)
        self._marked = marked
        whole = list_problems(self.desk.problems("hosts")) if rows else ()
        needed = roles_needed(self.desk.answers)
        text = about_list(rows, whole, needed, self.world.glyphs, marked=marked)
        self.query_one("#needed", Static).update(text)

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

    # The filter.

    @property
    def filtering(self) -> FilterLine:
        return self.query_one(FilterLine)

    def action_filter(self) -> None:
        if self.hosts.rows:
            self.filtering.open()

    @on(FilterLine.Changed)
    def _filter(self, event: FilterLine.Changed) -> None:
        self.hosts.filter(event.words)
        self._show_filtered()
        self._show_about()

    def _show_filtered(self) -> None:
        self.filtering.show_count(self.hosts.shown_count, len(self.hosts.rows))

    @on(FilterLine.Finished)
    def _filtered(self) -> None:
        self.hosts.focus()

    def action_back(self) -> None:
        """Escape takes away the filter, then the marks, and only then goes back."""
        if self.filtering.is_open:
            self.filtering.close()
            self.hosts.focus()
        elif self.hosts.marked:
            self.hosts.mark(frozenset())
        else:
            super().action_back()

    def next_refused(self) -> bool:
        if not self.desk.problems("hosts"):
            return False
        wrong = next((row.place for row in self.hosts.rows if row.problems), None)
        if wrong is not None:
            if self.filtering.words:
                self.action_back()
            self.hosts.go(wrong)
        self.hosts.focus()
        self.say(NOT_YET, "warn")
        return True
