"""A question as a widget, and a page's questions as a form.

Fields hold no truth: they show what the desk has and write each change to it at once. What is wrong
with an answer shows after the field was left once, or when the admin wanted to go on; it then stays
until it is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from haui.transport.text import clean_line
from haui.wizard.check import refused
from haui.wizard.desk import Desk
from haui.wizard.question import Question
from screens.glyphs import UNICODE, Glyphs, toned
from screens.widgets.choices import ChoiceList, Option
from screens.widgets.controls import PickOne, TextLine, YesNo

FEW = 5
"""With more choices than these the list folds away."""


class QuestionField(Vertical):
    """One question: label, control, and what is wrong."""

    @dataclass
    class Explained(Message):
        """The field has the focus; its help should be seen."""

        help: Content

    @dataclass
    class Considered(Message):
        """The cursor stands on an answer that is not taken yet; None: on the one that is."""

        field: QuestionField
        value: Any

    @dataclass
    class Finished(Message):
        """Enter was pressed: on to what comes next."""

        field: QuestionField

    def __init__(
        self, question: Question, desk: Desk, *, glyphs: Glyphs = UNICODE, loc: Any = None
    ) -> None:
        """`loc` is the answer's place when it is not the question's own, e.g. one of a host."""
        super().__init__(id=f"field-{slug('.'.join(map(str, loc or question.loc)))}")
        self.question = question
        self.desk = desk
        self.loc = tuple(loc or question.loc)
        self.touched = False
        self._glyphs = glyphs
        self._problem = Static(classes="problem", markup=False)
        self.control: Widget = self._make_control()
        self.add_class("-choices" if isinstance(self.control, ChoiceList) else "-line")

    def compose(self) -> ComposeResult:
        label = Static(self._label(), classes="label", markup=False)
        if isinstance(self.control, ChoiceList):
            yield label
            yield self.control
        else:
            with Horizontal(classes="row"):
                yield label
                yield self.control
        yield self._problem

    def on_mount(self) -> None:
        self._problem.display = False
        self.refresh_problem()

    def _label(self) -> Content:
        lock = toned(f" {self._glyphs.locked}", "dim") if self.question.locked else Content("")
        return Content.assemble(Content(self.question.label), lock)

    def _make_control(self) -> Widget:
        question, value = self.question, self.value
        if question.kind == "choice":
            options = self._options()
            if len(options) <= FEW:
                return ChoiceList(options, value, self._glyphs, classes="control")
            pairs = [(option.label, option.value) for option in options]
            return PickOne(pairs, value, classes="control")
        if question.kind == "flag":
            return YesNo(value is True, self._glyphs, classes="control")
        return TextLine(self._typed(), self._placeholder(), classes="control")

    def _options(self) -> list[Option]:
        choices = self.question.choices
        return [
            Option(
                value=choice.value,
                label=choice.label,
                note=choice.note,
                takes=choice.takes,
                recommended=choice.recommended,
                barred=refused(self.desk.answers, self.question, choice.value),
            )
            for choice in choices
        ]

    @property
    def value(self) -> Any:
        """The answer, else what is taken without one."""
        said = self.desk.value(self.loc)
        return self.question.default_of(self.desk.answers) if said is None else said

    def _typed(self) -> str:
        said = self.desk.value(self.loc)
        return clean_line(said if isinstance(said, str) else self.question.show(said))

    def _placeholder(self) -> str:
        """What is taken without an answer, else an example; in one piece, so that it is cut and
        not wrapped out of sight."""
        default = self.question.default_of(self.desk.answers)
        example = self.question.example
        shown = f"e.g. {example}" if example else ""
        if default not in (None, "", [], {}):
            shown = self.question.show(default)
        return shown.replace(" ", "\N{NO-BREAK SPACE}")

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        self.answer(self.question.read(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.touch()
        self.post_message(self.Finished(self))

    @on(ChoiceList.Pointed)
    def _pointed(self, event: ChoiceList.Pointed) -> None:
        event.stop()
        taken = event.value == self.value
        self.post_message(self.Considered(self, None if taken else event.value))

    @on(ChoiceList.Chosen)
    def _chosen(self, event: ChoiceList.Chosen) -> None:
        event.stop()
        self.answer(event.value)
        if event.again:
            self.post_message(self.Finished(self))

    @on(YesNo.Turned)
    def _turned(self, event: YesNo.Turned) -> None:
        event.stop()
        self.answer(event.value)

    @on(Select.Changed)
    def _picked(self, event: Select.Changed) -> None:
        event.stop()
        if event.value is not Select.NULL:
            self.answer(event.value)

    def answer(self, value: Any) -> None:
        """Write an answer to the desk; one that only repeats what it holds changes nothing."""
        if value != self.desk.value(self.loc):
            self.desk.answer(self.loc, value)

    def follow_desk(self) -> None:
        """Show what the desk has now."""
        control = self.control
        if isinstance(control, ChoiceList):
            control.options = tuple(self._options())
            control.show_value(self.value)
        elif isinstance(control, YesNo):
            control.value = self.value is True
        elif isinstance(control, TextLine):
            control.placeholder = self._placeholder()
            if self.question.read(control.value) != self.desk.value(self.loc):
                with control.prevent(Input.Changed):
                    control.value = self._typed()
        self.refresh_problem()

    def touch(self) -> None:
        """From now on say what is wrong."""
        self.touched = True
        self.refresh_problem()

    @property
    def is_wrong(self) -> bool:
        return self.desk.problem_at(self.loc) is not None

    def refresh_problem(self) -> None:
        """Show the problem of the answer, or take it away."""
        if not self.is_attached:
            return
        problem = self.desk.problem_at(self.loc) if self.touched else None
        self._problem.display = problem is not None
        self.control.set_class(problem is not None, "-wrong")
        self.set_class(problem is not None, "-wrong")
        if problem is not None:
            example = f"  {self._glyphs.arrow} {problem.example}" if problem.example else ""
            text = f"{self._glyphs.failed} {problem.what}"
            self._problem.update(Content.assemble(toned(text, "bad"), toned(example, "dim")))

    def explanation(self) -> Content:
        """What the answer means, its example, and why it can't be changed later."""
        help_text = Content(self.question.help)
        example = self.question.example
        parts = [help_text]
        if example and isinstance(self.control, TextLine):
            parts.append(Content.assemble(("e.g. ", "$text-muted"), Content(example)))
        if self.question.locked:
            why = f"{self._glyphs.locked} Hard to change later: {self.question.locked}."
            parts.append(toned(why, "dim"))
        return Content("  ").join(parts)

    def on_descendant_focus(self) -> None:
        self.add_class("-here")
        self.post_message(self.Explained(self.explanation()))

    def on_descendant_blur(self) -> None:
        self.remove_class("-here")
        if self.screen.is_current:
            self.touch()

    def focus(self, scroll_visible: bool = True) -> QuestionField:
        """Give the focus to the control."""
        self.control.focus(scroll_visible)
        return self


def slug(name: str) -> str:
    """A name as a widget's id."""
    return "".join(char if char.isalnum() and char.isascii() else "-" for char in name)
