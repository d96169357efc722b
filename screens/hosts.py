"""The hosts page: the machines of the cluster, entered one by one, pasted, or imported."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from haui.wizard.pages import PageId
from screens.actions import bind
from screens.glyphs import toned
from screens.hosts_deeds import HostsDeeds
from screens.page import NOT_YET
from screens.widgets.helpline import HelpLine
from screens.widgets.host_filter import FilterLine
from screens.widgets.host_list import LIST_ACTIONS, HostList
from screens.widgets.host_rows import list_problems, roles_needed, rows_of
from screens.widgets.host_texts import about_list, about_row, begin_text, list_keys
from screens.world import World


class HostsPage(HostsDeeds):
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

    # The filter.

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
