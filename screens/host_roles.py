"""The roles of several hosts at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import Glyphs, toned
from screens.widgets.check_list import CheckList
from screens.widgets.host_field import ROLE_ITEMS


class RolesDialog(Dialog[tuple[str, ...]]):
    """The result is the roles that were ticked; None leaves all as they are."""

    CSS_PATH = "hosts.tcss"
    BINDINGS = bind(
        Action(id="hostroles.take", key="enter", label="take", group="Window",
               help="Give the hosts the roles that are ticked."),
    )  # fmt: skip

    def __init__(
        self, names: Sequence[str], ticked: Collection[str], why: str, *, glyphs: Glyphs
    ) -> None:
        """`names` are the hosts, `why` the sentence above the boxes."""
        count = len(names)
        super().__init__(f"Roles of {count} host{'' if count == 1 else 's'}", glyphs=glyphs)
        self._names = tuple(names)
        self._ticked = frozenset(ticked)
        self._why = why

    def compose_body(self) -> ComposeResult:
        shown = ", ".join(self._names[:8])
        more = f" and {len(self._names) - 8} more" if len(self._names) > 8 else ""
        yield Static(toned(self._why), id="why", markup=False)
        yield Static(toned(f"{shown}{more}", "dim"), id="names", markup=False)
        yield CheckList(ROLE_ITEMS, self._ticked, self.glyphs, id="checks")
        yield Static(id="refused", markup=False)
        with Horizontal(id="buttons"):
            yield Button(Content("Take  enter"), id="take", compact=True)
            yield Button(Content("Leave as it is  esc"), id="leave", compact=True)

    def action_take(self) -> None:
        values = self.query_one(CheckList).values
        if not values:
            text = f"{self.glyphs.failed} a host without a role has nothing to do: tick one"
            self.query_one("#refused", Static).update(toned(text, "bad"))
            return
        self.dismiss(values)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "take":
            self.action_take()
        else:
            self.dismiss(None)
