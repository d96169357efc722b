"""The question of a host's roles, with what each of them means."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from haui.clusterfile.problem import Loc
from haui.wizard.ask_hosts import ROLES
from haui.wizard.desk import Desk
from screens.glyphs import Glyphs
from screens.widgets.check_list import CheckList, Item
from screens.widgets.host_rows import rows_of

ROLE_ITEMS = tuple(Item(value=str(role.value), label=role.label, note=role.note) for role in ROLES)


class RolesField(Vertical):
    """Roles as a check list; a change is written to the desk at once."""

    DEFAULT_CSS = """
    RolesField { width: 1fr; height: auto; }
    """

    def __init__(self, desk: Desk, loc: Loc, glyphs: Glyphs) -> None:
        super().__init__(id="roles")
        self.touched = False
        self._desk = desk
        self._loc = loc
        self._glyphs = glyphs
        self._problem = Static(classes="problem", markup=False)
        self.checks = CheckList(ROLE_ITEMS, self._roles(), glyphs, classes="control")

    def compose(self) -> ComposeResult:
        yield Static(Content("Roles"), classes="label", markup=False)
        yield self.checks
        yield self._problem

    def on_mount(self) -> None:
        self.follow_desk()

    def _roles(self) -> tuple[str, ...]:
        rows = rows_of([{"roles": self._desk.value(self._loc)}])
        return rows[0].roles

    @on(CheckList.Changed)
    def _changed(self, event: CheckList.Changed) -> None:
        event.stop()
        self.touched = True
        value: Any = list(event.values)
        self._desk.answer(self._loc, value)

    def on_descendant_focus(self) -> None:
        self.add_class("-here")

    def on_descendant_blur(self) -> None:
        self.remove_class("-here")
        if self.screen.is_current:
            self.touched = True
            self.follow_desk()

    def follow_desk(self) -> None:
        """Show what the desk has now."""
        self.checks.ticked = frozenset(self._roles())
        problem = self._desk.problem_at(self._loc) if self.touched else None
        self._problem.display = problem is not None
        if problem is not None:
            self._problem.update(Content.styled(f"{self._glyphs.failed} {problem.what}", "$error"))
