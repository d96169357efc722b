"""What the tiles and the table of hosts have in common: the selection, the filter, the drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.actions import Action, bind
from screens.glyphs import Glyphs
from screens.widgets.hostview import HostView


class HostPane(ScrollView, can_focus=True):
    """Shows hosts in the order in which it is given them, one of them selected.

    It draws line by line, and only what can be seen. `show` is given all of them, `update` those
    that changed; a host that has not changed is not drawn again.
    """

    DEFAULT_CSS = """
    HostPane {
        height: 1fr;
        width: 1fr;
        background: $background;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
    }
    """

    BINDINGS = bind(
        Action(id="hosts.down", key="down,j", label="host", group="Hosts", keys="j k",
               do="step(1, 0)", help="The host below, and above; arrows do the same."),
        Action(id="hosts.up", key="up,k", label="", group="Hosts", shown=False, do="step(-1, 0)"),
        Action(id="hosts.left", key="left", label="", group="Hosts", shown=False, do="step(0, -1)"),
        Action(id="hosts.right", key="right", label="", group="Hosts", shown=False,
               do="step(0, 1)"),
        Action(id="hosts.first", key="home", label="", group="Hosts", shown=False, do="jump(0)",
               keys="home end", help="The first host, and the last."),
        Action(id="hosts.last", key="end", label="", group="Hosts", shown=False, do="jump(-1)"),
        Action(id="hosts.page-down", key="pagedown", label="", group="Hosts", shown=False,
               do="leaf(1)", keys="PgUp PgDn", help="A page of hosts up or down."),
        Action(id="hosts.page-up", key="pageup", label="", group="Hosts", shown=False,
               do="leaf(-1)"),
    )  # fmt: skip

    @dataclass
    class Selected(Message):
        """The admin selected a host."""

        name: str

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self.glyphs = glyphs
        self.now = 0.0
        self.selected = ""
        self.views: dict[str, HostView] = {}
        self.order: list[str] = []
        self._drawn: dict[str, list[Strip]] = {}
        self._drawn_width = 0

    @property
    def room(self) -> int:
        """Columns beside the scroll bar."""
        return self.scrollable_content_region.width

    def show(self, views: Sequence[HostView], selected: str) -> None:
        """Show these hosts, in this order."""
        order = [view.name for view in views]
        changed = [view.name for view in views if self.views.get(view.name) != view]
        old = self.selected
        self.views = {view.name: view for view in views}
        self.selected = selected
        for name in {*changed, *({old, selected} if old != selected else ())}:
            self._drawn.pop(name, None)
        if order != self.order:
            self.order = order
            self._drawn = {name: self._drawn[name] for name in order if name in self._drawn}
            self.fit()
            self.refresh()
            self.reveal()
            return
        for name in {*changed, old, selected} if old != selected else changed:
            self._redraw(name)
        if old != selected:
            self.reveal()

    def update_views(self, views: Mapping[str, HostView]) -> None:
        """Show hosts anew that changed; those that are not shown are passed over."""
        for name, view in views.items():
            before = self.views.get(name)
            if before is not None and before != view:
                self.views[name] = view
                self._redraw(name)

    def tick(self, now: float) -> None:
        """A second has passed: draw the clocks of what goes on, as far as they can be seen."""
        before, self.now = self.now, now
        for name in self.visible_names():
            view = self.views[name]
            if view.clock(before) != view.clock(now):
                self._redraw(name)

    def _redraw(self, name: str) -> None:
        self._drawn.pop(name, None)
        row, height = self.place(name)
        if row >= 0:
            self.refresh_lines(row, height)

    def on_resize(self, event: events.Resize) -> None:
        self._drawn.clear()
        self.fit()
        self.reveal()

    def follow_width(self) -> None:
        """Forget what was drawn when a scroll bar has come or gone since."""
        if self._drawn_width != self.room:
            self._drawn_width = self.room
            self._drawn.clear()
            self.fit()

    def notify_style_update(self) -> None:
        self._drawn.clear()
        super().notify_style_update()

    def fit(self) -> None:
        """Work out the geometry for the present size and number of hosts."""

    def place(self, name: str) -> tuple[int, int]:
        """The line where the host begins and how many it has; -1 when it is not shown."""
        raise NotImplementedError

    def visible_names(self) -> list[str]:
        """The hosts of which something can be seen."""
        raise NotImplementedError

    def name_at(self, x: int, y: int) -> str:
        """The host at that place of the widget; empty when there is none."""
        raise NotImplementedError

    @property
    def per_row(self) -> int:
        return 1

    @property
    def per_page(self) -> int:
        return max(1, self.size.height - 1)

    def reveal(self) -> None:
        """Scroll so that the selected host can be seen."""
        row, height = self.place(self.selected)
        if row < 0 or not self.size.height:
            return
        top = self.scroll_offset.y
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row + height > top + self.size.height:
            self.scroll_to(y=row + height - self.size.height, animate=False)

    def action_step(self, rows: int, columns: int) -> None:
        self._move(rows * self.per_row + columns)

    def action_jump(self, to: int) -> None:
        if self.order:
            self._pick(self.order[to])

    def action_leaf(self, pages: int) -> None:
        self._move(pages * self.per_page, clamp=True)

    def _move(self, by: int, *, clamp: bool = False) -> None:
        if not self.order:
            return
        if self.selected not in self.order:
            self._pick(self.order[0])
            return
        here = self.order.index(self.selected)
        to = here + by
        if clamp:
            to = min(max(to, 0), len(self.order) - 1)
        if 0 <= to < len(self.order):
            self._pick(self.order[to])
        elif by > 1 and here // self.per_row < (len(self.order) - 1) // self.per_row:
            self._pick(self.order[-1])

    def _pick(self, name: str) -> None:
        self.post_message(self.Selected(name))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        name = self.name_at(place.x, place.y) if place is not None else ""
        if name:
            self._pick(name)
