"""Windows above a screen: a title, what it is about, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from screens.actions import Action, bind
from screens.glyphs import UNICODE, Glyphs, toned
from screens.widgets.body import Body
from screens.widgets.choices import ChoiceList, Option

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer], inherit_bindings=False):
    """Escape closes it with None. Subclasses yield their widgets in `compose_body`."""

    BINDINGS = bind(
        Action(id="dialog.close", key="escape", label="close", group="Window",
               help="Close the window and change nothing."),
        Action(id="dialog.next", key="tab,right,down", label="", group="Window", shown=False,
               do="app.focus_next"),
        Action(id="dialog.previous", key="shift+tab,left,up", label="", group="Window", shown=False,
               do="app.focus_previous"),
    )  # fmt: skip

    window_title: ClassVar[str] = ""

    def __init__(self, title: str = "", *, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.glyphs = glyphs
        self._title = title or self.window_title

    def compose(self) -> ComposeResult:
        with Vertical(id="window") as window:
            window.border_title = toned(f" {self._title} ")
            yield from self.compose_body()

    def compose_body(self) -> ComposeResult:
        """The widgets in the window."""
        yield from ()

    def action_close(self) -> None:
        self.dismiss(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One answer to a question in a window. `key` chooses it at once; `note` says what follows."""

    id: str
    label: str
    key: str = ""
    note: str = ""
    tone: str = "default"


YES_NO = (
    Way(id="yes", label="Yes", key="y"),
    Way(id="no", label="No", key="n"),
)


class Ask(Dialog[str]):
    """A question with a few ways out; the first has the focus. The result is the way's id.

    Ways with notes stand beneath one another, others side by side.
    """

    def __init__(
        self,
        title: str,
        text: str | Content,
        choices: Sequence[Way] = YES_NO,
        *,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        super().__init__(title, glyphs=glyphs)
        self._text = text if isinstance(text, Content) else toned(text)
        self._ways = tuple(choices)

    def compose_body(self) -> ComposeResult:
        with Body(id="text"):
            yield Static(self._text, markup=False)
        if any(way.note for way in self._ways):
            options = [
                Option(value=way.id, label=way.label, note=way.note, takes=way.key)
                for way in self._ways
            ]
            yield ChoiceList(options, self._ways[0].id, self.glyphs, id="ways")
            return
        with Horizontal(id="buttons"):
            for way in self._ways:
                yield Button(
                    Content(f"{way.label}  {way.key}" if way.key else way.label),
                    id=f"way-{way.id}",
                    compact=True,
                    classes=f"-{way.tone}",
                )

    def on_mount(self) -> None:
        for way in self._ways:
            if way.key:
                self._bindings.bind(way.key, f"take({way.id!r})", show=False)

    def action_take(self, way: str) -> None:
        self.dismiss(way)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("way-"))

    @on(ChoiceList.Chosen)
    def _chosen(self, event: ChoiceList.Chosen) -> None:
        self.dismiss(str(event.value))
