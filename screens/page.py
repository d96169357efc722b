"""A page of the wizard: its question, its answers, the list of pages and the drawing beside it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from haui.wizard.answers import with_value
from haui.wizard.desk import Desk
from haui.wizard.pages import PAGES, Page, PageId, index_of
from screens.actions import Action, bind
from screens.dialog import Dialog
from screens.glyphs import Glyphs, toned
from screens.messages import GoNext, GoTo, ShowScreen
from screens.shell import Shell
from screens.widgets.body import Body
from screens.widgets.choices import ChoiceList
from screens.widgets.drawing import DrawingPane, summary
from screens.widgets.field import QuestionField
from screens.widgets.form import QuestionForm
from screens.widgets.helpline import HelpLine
from screens.widgets.steps import StepList, StepRow, rows_of
from screens.widgets.topbar import TopBar
from screens.world import World

NOT_YET = "Not yet: something here is missing or wrong."
SIDEBAR_FROM, DRAWING_FROM = 100, 110
"""Columns from which the list of pages and the drawing stand beside the page."""


class WizardPage(Shell):
    """Subclasses say which page they are and compose what is on it.

    `fills` gives the page the whole height between the question and the buttons instead of a body
    that scrolls, for tables. `draws` puts the drawing at the right where there is room for it.
    """

    page: ClassVar[PageId]
    fills: ClassVar[bool] = False
    draws: ClassVar[bool] = True

    BINDINGS = bind(
        Action(id="page.next", key="ctrl+n", label="next", group="Wizard",
               help="The next page, when everything here is right."),
        Action(id="page.steps", key="f2", label="pages", group="Wizard",
               help="The list of pages, to go to any that you have been to."),
        Action(id="page.drawing", key="f3", label="drawing", group="Wizard", shown=False,
               help="The drawing of the cluster in a window, for terminals without room beside."),
        Action(id="page.undo", key="ctrl+z", label="undo", group="Wizard", shown=False,
               help="Take the last change back."),
        Action(id="page.redo", key="ctrl+y", label="redo", group="Wizard", shown=False,
               help="Make it again."),
        Action(id="page.export", key="ctrl+s", label="make preset", group="Wizard", shown=False,
               help="Save the answers as a preset, without addresses and secrets."),
        Action(id="page.down", key="pagedown", label="", group="Wizard", shown=False,
               do="scroll(1)", keys="PgDn PgUp", help="Scroll the page."),
        Action(id="page.up", key="pageup", label="", group="Wizard", shown=False, do="scroll(-1)"),
        *(Action(id=f"page.go-{n}", key=f"alt+{n}", label="", group="Wizard", shown=False,
                 do=f"go({n})", keys="alt+1…7" if n == 1 else "",
                 help="The page with that number." if n == 1 else "")
          for n in range(1, len(PAGES) + 1)),
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._unwatch: Callable[[], None] = lambda: None

    @property
    def desk(self) -> Desk:
        """Where the answers are."""
        return self.world.open_desk

    @property
    def about(self) -> Page:
        """Title and question of this page."""
        return PAGES[index_of(self.page)]

    @abstractmethod
    def compose_page(self) -> ComposeResult:
        """The widgets of the page, between its question and its buttons."""

    def answers_changed(self) -> None:
        """Called after each change of an answer; forms and the drawing follow by themselves."""

    def next_refused(self) -> bool:
        """Called when the admin wants to go on and no form has a problem left. Say what is wrong
        beyond them, put the focus there and return True to stay."""
        return False

    def compose_body(self) -> ComposeResult:
        glyphs = self.world.glyphs
        with Horizontal(id="columns"):
            with Vertical(id="sidebar"):
                yield StepList(glyphs, id="steps")
            body = Vertical() if self.fills else Body()
            body.id = "body"
            with body:
                yield Static(Content(self.about.question), id="question")
                yield from self.compose_page()
                with Horizontal(id="buttons"):
                    yield Button(Content(self._back_label(glyphs)), id="back", compact=True)
                    yield Button(Content(self._next_label(glyphs)), id="next", compact=True)
            if self.draws:
                with Vertical(id="drawing"):
                    yield DrawingPane(self.desk, glyphs)

    def _back_label(self, glyphs: Glyphs) -> str:
        index = index_of(self.page)
        return f"{glyphs.back} {PAGES[index - 1].title if index else 'Start'}"

    def _next_label(self, glyphs: Glyphs) -> str:
        index = index_of(self.page)
        return f"{PAGES[index + 1].title if index + 1 < len(PAGES) else 'Install'} {glyphs.crumb}"

    def on_mount(self) -> None:
        self._unwatch()
        self._unwatch = self.desk.watch(self._changed)
        self.watch(self.app, "app_focus", self._came_back, init=False)
        self._changed()
        self.call_after_refresh(self._begin_well)

    def _begin_well(self) -> None:
        """Where there is nothing to fill in, enter goes on and not back."""
        if self.focused is not None and self.focused.id == "back":
            self.query_one("#next", Button).focus()

    def on_unmount(self) -> None:
        self._unwatch()

    def _came_back(self, focused: bool) -> None:
        """From another terminal, where a file that was missing may have been made."""
        if focused:
            self.desk.recheck()

    def on_resize(self, event: events.Resize) -> None:
        self.update_top()

    def _changed(self) -> None:
        self.query_one("#steps", StepList).rows = rows_of(self.desk)
        self.update_top()
        self.answers_changed()

    def _summary(self) -> Content:
        """What the drawing says, on the line that is there anyway; nothing beside the drawing."""
        if not self.draws or self.app.size.width >= DRAWING_FROM:
            return Content("")
        return toned(f" {summary(self.desk, self.world.glyphs)} ", "dim")

    def _reveal_question(self, focused: Widget) -> None:
        """The first field brings the question above it into view again."""
        body = self.query_one("#body", Widget)
        if next((w for w in self.focus_chain if body in w.ancestors), None) is focused:
            self.call_after_refresh(body.scroll_home, animate=False)

    def update_top(self) -> None:
        super().update_top()
        number, title = index_of(self.page) + 1, self.about.title
        beside = self.app.size.width >= SIDEBAR_FROM
        place = (
            f"{number} {title}"
            if beside
            else f"{number} of {len(PAGES)} {self.world.glyphs.dot} {title}"
        )
        self.query_one(TopBar).crumbs = ("new cluster", place) if beside else (place,)
        for line in self.query(HelpLine):
            line.border_title = self._summary()

    def action_next(self) -> None:
        self.desk.recheck()
        forms = [form for form in self.query(QuestionForm) if form.show_problems()]
        if forms:
            self.say(NOT_YET, "warn")
        elif not self.next_refused():
            self.post_message(GoNext())

    def action_steps(self) -> None:
        def chosen(page: PageId | None) -> None:
            if page is not None and page != self.page:
                self.post_message(GoTo(page))

        self.app.push_screen(StepsDialog(rows_of(self.desk), glyphs=self.world.glyphs), chosen)

    def action_drawing(self) -> None:
        self.app.push_screen(DrawingDialog(self.desk, glyphs=self.world.glyphs))

    def action_go(self, number: int) -> None:
        self.post_message(GoTo(PAGES[number - 1].id))

    def action_undo(self) -> None:
        self.say("Taken back. ^y makes it again." if self.desk.undo() else "Nothing to take back.")

    def action_redo(self) -> None:
        self.desk.redo()

    def action_export(self) -> None:
        self.post_message(ShowScreen("export", over=True))

    def action_scroll(self, pages: int) -> None:
        body = self.query_one("#body", Widget)
        body.scroll_relative(y=pages * max(1, body.content_size.height - 2), animate=False)

    @on(Button.Pressed, "#next")
    def _next_pressed(self) -> None:
        self.action_next()

    @on(Button.Pressed, "#back")
    def _back_pressed(self) -> None:
        self.action_back()

    @on(StepList.Picked)
    def _step_picked(self, event: StepList.Picked) -> None:
        if event.page != self.page:
            self.post_message(GoTo(event.page))

    @on(QuestionField.Explained)
    def _explained(self, event: QuestionField.Explained) -> None:
        self.explain(event.help)

    @on(QuestionField.Considered)
    def _considered(self, event: QuestionField.Considered) -> None:
        """The drawing shows an answer before it is taken."""
        answers = self.desk.answers
        for pane in self.query(DrawingPane):
            pane.considered = (
                None if event.value is None else with_value(answers, event.field.loc, event.value)
            )

    @on(ChoiceList.Refused)
    def _refused(self, event: ChoiceList.Refused) -> None:
        self.say(f"Not now: {event.why}", "warn")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._reveal_question(event.widget)
        if not any(isinstance(parent, QuestionField) for parent in event.widget.ancestors):
            self.query_one(HelpLine).help = Content("")


class DrawingDialog(Dialog[None]):
    """The drawing in a window of its own."""

    window_title = "The cluster"

    def __init__(self, desk: Desk, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self.add_class("-drawing")
        self._desk = desk

    def compose_body(self) -> ComposeResult:
        yield DrawingPane(self._desk, self.glyphs)


class StepsDialog(Dialog[PageId]):
    """The list of pages in a window of its own."""

    window_title = "Pages"

    def __init__(self, rows: tuple[StepRow, ...], *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._rows = rows

    def compose_body(self) -> ComposeResult:
        steps = StepList(self.glyphs, keys=True)
        steps.rows = self._rows
        steps.cursor = next((i for i, r in enumerate(self._rows) if r.state.word == "here"), 0)
        yield steps

    @on(StepList.Picked)
    def _picked(self, event: StepList.Picked) -> None:
        self.dismiss(event.page)
