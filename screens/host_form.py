"""One host in a window: every answer about it, written to the desk as it is typed."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from haui.wizard.desk import Desk
from haui.wizard.question import Question
from haui.wizard.questions import HOST_QUESTIONS
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import Glyphs, toned
from screens.widgets.body import Body
from screens.widgets.field import QuestionField
from screens.widgets.form import Fold
from screens.widgets.host_field import RolesField
from screens.widgets.host_rows import HostRow, host_list, roles_needed, rows_of


class HostForm(Dialog[int]):
    """The result is the place of the host that was shown last.

    Nothing is to be confirmed: escape closes the window, and what was typed stays. A host that was
    added here and got no answer is taken away again.
    """

    CSS_PATH = "hosts.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (72, "-narrow")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012 - Textual's own
    BINDINGS = bind(
        Action(id="hostform.next-host", key="pagedown,ctrl+down", label="next host", group="Window",
               keys="PgDn", help="The next host; PgUp goes to the one before."),
        Action(id="hostform.previous-host", key="pageup,ctrl+up", label="", group="Window",
               shown=False),
        Action(id="hostform.another", key="ctrl+n", label="another", group="Window",
               help="Add another host."),
        Action(id="hostform.undo", key="ctrl+z", label="undo", group="Window", shown=False,
               help="Take the last change back."),
        Action(id="hostform.redo", key="ctrl+y", label="redo", group="Window", shown=False,
               help="Make it again."),
    )  # fmt: skip

    def __init__(self, desk: Desk, place: int | None, *, glyphs: Glyphs) -> None:
        """Without `place` a host is added and shown."""
        super().__init__(glyphs=glyphs)
        self.desk = desk
        self.place = place if place is not None else add_host(desk)
        self._fresh = self.place if place is None else -1
        self._begun = desk.value(("hosts", self.place))
        self._changes = 0
        self._opened = False
        self._unwatch: Callable[[], None] = lambda: None

    def compose_body(self) -> ComposeResult:
        with Body(id="fields"):
            yield from self._fields()
        yield Static(id="explained", markup=False)
        with Horizontal(id="buttons"):
            yield Button(Content("Done  esc"), id="done", compact=True)
            yield Button(Content(f"{self.glyphs.back} PgUp"), id="before", compact=True)
            yield Button(Content(f"PgDn {self.glyphs.crumb}"), id="after", compact=True)
            yield Button(Content("Another  ^n"), id="another", compact=True)

    def _fields(self) -> list[Widget]:
        """The questions of the host that is shown."""
        fold = Fold(self.glyphs, id="more")
        fold.count = sum(question.more for question in HOST_QUESTIONS)
        roles = RolesField(self.desk, ("hosts", self.place, "roles"), self.glyphs)
        plain = [
            roles if question.loc == ("roles",) else self._field(question)
            for question in HOST_QUESTIONS
            if not question.more
        ]
        rare = Vertical(*(self._field(q) for q in HOST_QUESTIONS if q.more), id="rare")
        return [*plain, fold, rare]

    def _field(self, question: Question) -> QuestionField:
        loc = ("hosts", self.place, *question.loc)
        return QuestionField(question, self.desk, glyphs=self.glyphs, loc=loc)

    def on_mount(self) -> None:
        self._unwatch = self.desk.watch(self._follow)
        self._begin()

    def on_unmount(self) -> None:
        self._unwatch()

    def _begin(self) -> None:
        """Show another host, its first wrong answer first."""
        said = self._row()
        self._opened = self._opened or bool(said.ssh or said.rest)
        if self.place != self._fresh:
            for field in self.query(QuestionField):
                field.touch()
            roles = self.query_one(RolesField)
            roles.touched = True
            roles.follow_desk()
        self._fold()
        self._title_of_host()
        wrong = [field for field in self.query(QuestionField) if field.is_wrong]
        first = wrong[0] if wrong and self.place != self._fresh else self.query(QuestionField)[0]
        self.call_after_refresh(first.focus)

    def _count(self) -> int:
        return len(host_list(self.desk.value(("hosts",))))

    def _row(self) -> HostRow:
        hosts = host_list(self.desk.value(("hosts",)))
        return rows_of(hosts[self.place : self.place + 1] or [{}])[0]

    def _title_of_host(self) -> None:
        count = self._count()
        window = self.query_one("#window")
        title = f" Host {self.place + 1} of {count}"
        name = self._row().name
        window.border_title = Content(f"{title} {self.glyphs.dot} {name} " if name else f"{title} ")
        for button, shown in (("#before", self.place > 0), ("#after", self.place < count - 1)):
            self.query_one(button, Button).display = shown

    def _fold(self) -> None:
        self.query_one(Fold).opened = self._opened
        self.query_one("#rare").display = self._opened

    def _follow(self) -> None:
        """The desk has changed, here or by an undo."""
        self._changes += 1
        if self.place >= self._count():
            self._unwatch()
            self._fresh = -1
            self.dismiss(max(0, self.place - 1))
            return
        for field in self.query(QuestionField):
            field.follow_desk()
        self.query_one(RolesField).follow_desk()
        self._title_of_host()

    async def _show(self, place: int) -> None:
        self.place = place
        body = self.query_one("#fields", Body)
        async with self.batch():
            await body.remove_children()
            await body.mount_all(self._fields())
        self._begin()

    @on(Fold.Turned)
    def _turned(self) -> None:
        self._opened = self.query_one(Fold).opened
        self._fold()

    @on(QuestionField.Finished)
    def _finished(self) -> None:
        self.focus_next()

    @on(QuestionField.Explained)
    def _explained(self, event: QuestionField.Explained) -> None:
        self.query_one("#explained", Static).update(event.help)

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "done":
            self.action_close()
        elif event.button.id == "another":
            await self.action_another()
        else:
            await self._step(1 if event.button.id == "after" else -1)

    async def action_next_host(self) -> None:
        await self._step(1)

    async def action_previous_host(self) -> None:
        await self._step(-1)

    async def _step(self, by: int) -> None:
        to = self.place + by
        if 0 <= to < self._count():
            self._leave()
            await self._show(min(to, self._count() - 1))

    async def action_another(self) -> None:
        if self._is_blank():
            return
        self._leave()
        self._fresh = add_host(self.desk)
        self._begun = self.desk.value(("hosts", self._fresh))
        self._changes = 0
        await self._show(self._fresh)

    def action_undo(self) -> None:
        if not self.desk.undo():
            note = toned("Nothing to take back.", "dim")
            self.query_one("#explained", Static).update(note)

    def action_redo(self) -> None:
        self.desk.redo()

    def action_close(self) -> None:
        self._unwatch()
        self._leave()
        self.dismiss(min(self.place, max(0, self._count() - 1)))

    def _is_blank(self) -> bool:
        """Whether the added host has no answer of the admin's."""
        held = self.desk.value(("hosts", self._fresh)) if self._fresh >= 0 else None
        return held is not None and held == self._begun

    def _leave(self) -> None:
        """Leave the added host; without an answer it is taken away, as if never added."""
        fresh, blank = self._fresh, self._is_blank()
        self._fresh = -1
        if blank and not self._changes:
            self.desk.undo()
        elif blank:
            hosts = host_list(self.desk.value(("hosts",)))
            self.desk.answer(("hosts",), hosts[:fresh] + hosts[fresh + 1 :] or None)


def add_host(desk: Desk) -> int:
    """Add a host with the role that is needed most, if any; returns its place."""
    hosts = host_list(desk.value(("hosts",)))
    needed = next(iter(roles_needed(desk.answers)), "worker")
    desk.answer(("hosts",), [*hosts, {"roles": [needed]}])
    return len(hosts)
