"""All questions of a page: grouped, following one another, the rare ones folded away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from textual import events, on
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from haui.wizard.desk import Desk
from haui.wizard.pages import PageId
from haui.wizard.question import Question
from haui.wizard.questions import on_page
from screens.actions import Action, bind
from screens.glyphs import UNICODE, Glyphs
from screens.widgets.field import QuestionField, slug

MORE = "more"


class Fold(Widget):
    """A line that shows or hides what is beneath it."""

    DEFAULT_CSS = """
    Fold { width: 1fr; max-width: 78; height: 1; margin-top: 1; }
    Fold:focus { background: $cursor; }
    """

    BINDINGS = bind(
        Action(id="fold.turn", key="enter,space", label="show or hide", group="Fields",
               help="Show or hide the questions that are rarely needed."),
        Action(id="fold.up", key="up", label="", group="Fields", shown=False, do="leave(-1)"),
        Action(id="fold.down", key="down", label="", group="Fields", shown=False, do="leave(1)"),
    )  # fmt: skip

    opened: reactive[bool] = reactive(False)
    count: reactive[int] = reactive(0)

    class Turned(Message):
        """The fold was opened or closed."""

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self.can_focus = True

    def render(self) -> Content | RenderableType:
        glyph = self._glyphs.opened if self.opened else self._glyphs.pointer
        questions = "question" if self.count == 1 else "questions"
        return Content.assemble(
            (self._glyphs.bar if self.has_focus else " ", "$primary"),
            (f"{glyph} ", "$primary"),
            ("More", "bold"),
            (f"   {self.count} {questions} that most never touch", "$text-muted"),
        )

    def action_turn(self) -> None:
        self.opened = not self.opened
        self.post_message(self.Turned())

    def action_leave(self, by: int) -> None:
        self.screen.focus_previous() if by < 0 else self.screen.focus_next()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn()


class QuestionForm(Vertical):
    """The questions of a page that are asked now. Follows the desk while it is mounted.

    `only` leaves out questions, e.g. those that the page shows in another way.
    """

    DEFAULT_CSS = """
    QuestionForm { width: 1fr; height: auto; }
    """

    def __init__(
        self,
        page: PageId,
        desk: Desk,
        *,
        glyphs: Glyphs = UNICODE,
        only: Callable[[Question], bool] = lambda question: True,
        **named: Any,
    ) -> None:
        super().__init__(**named)
        self.page = page
        self.desk = desk
        self._glyphs = glyphs
        self._only = only
        self._fold = Fold(glyphs, id="more")
        self._unwatch: Callable[[], None] = lambda: None

    def on_mount(self) -> None:
        self._unwatch = self.desk.watch(self.follow_desk)
        self.follow_desk()

    def on_unmount(self) -> None:
        self._unwatch()

    def fields(self) -> list[QuestionField]:
        """The fields that are mounted, in order."""
        return list(self.query(QuestionField))

    def follow_desk(self) -> None:
        """Ask what is to be asked now, and show the answers that the desk has."""
        questions = [q for q in on_page(self.page, self.desk.answers) if self._only(q)]
        rare = [question for question in questions if question.more]
        self._fold.count = len(rare)
        plain = [question for question in questions if not question.more]
        rows = _rows(plain, "")
        if rare:
            rows.append((MORE, None))
            rows += _rows(rare, "more-") if self._fold.opened else []
        self._arrange(rows)
        for field in self.fields():
            field.follow_desk()

    def _arrange(self, rows: list[tuple[str, Question | None]]) -> None:
        """Mount what is new and remove what is gone; everything else stays, focus included."""
        kept = {child.id: child for child in self.children}
        wanted = [key for key, _ in rows]
        for key, child in kept.items():
            if key not in wanted and child.is_attached:
                child.remove()
        before: Widget | None = None
        for key, question in rows:
            child = kept.get(key) or self._make(key, question)
            if key not in kept:
                if before is None:
                    self.mount(child, before=0 if self.children else None)
                else:
                    self.mount(child, after=before)
            before = child

    def _make(self, key: str, question: Question | None) -> Widget:
        if question is None:
            return self._fold if key == MORE else Static("", id=key)
        if key.startswith("field-"):
            return QuestionField(question, self.desk, glyphs=self._glyphs)
        return Static(Content(question.group), id=key, classes="group")

    @on(Fold.Turned)
    def _turned(self, event: Fold.Turned) -> None:
        event.stop()
        self.follow_desk()

    @on(QuestionField.Finished)
    def _finished(self, event: QuestionField.Finished) -> None:
        event.stop()
        self.screen.focus_next()

    def show_problems(self) -> bool:
        """Say everything that is wrong, and go to the first of it; whether there was anything."""
        if any(
            q.more and self.desk.problem_at(q.loc) for q in on_page(self.page, self.desk.answers)
        ):
            self._fold.opened = True
            self.follow_desk()
        fields = self.fields()
        for field in fields:
            field.touch()
        wrong = [field for field in fields if field.is_wrong]
        if wrong:
            self.call_after_refresh(wrong[0].focus)
        return bool(wrong)


def _rows(questions: list[Question], prefix: str) -> list[tuple[str, Question | None]]:
    """Widget ids in order: a heading before each group's first question, and the questions."""
    rows: list[tuple[str, Question | None]] = []
    group = ""
    for question in questions:
        if question.group and question.group != group:
            rows.append((f"group-{prefix}{slug(question.group)}", question))
        group = question.group
        rows.append((f"field-{slug(question.id)}", question))
    return rows
