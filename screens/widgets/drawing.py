"""The cluster as it would be, drawn beside the questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from haui.drawing.canvas import Picture
from haui.drawing.facts import survives
from haui.drawing.picture import draw
from haui.drawing.shape import shape_of
from haui.wizard.desk import Desk
from screens.glyphs import UNICODE, Glyphs, toned


def picture_content(picture: Picture) -> Content:
    """A drawing's lines as styled text."""
    return Content("\n").join(
        [Content("").join([toned(part.text, part.tone) for part in line]) for line in picture.lines]
    )


def summary(desk: Desk, glyphs: Glyphs = UNICODE) -> str:
    """The drawing in one line: how many hosts of each kind, and what may fail."""
    shape = shape_of(desk.answers)
    planes, workers = len(shape.control_planes), len(shape.workers)
    parts = [f"{planes} control plane{'s' if planes != 1 else ''}"]
    if shape.topology == "external":
        parts.append(f"{len(shape.etcd)} etcd")
    parts.append(f"{workers} worker{'s' if workers != 1 else ''}")
    parts.append(f"survives {', '.join(survives(shape)) or 'nothing'}")
    return f" {glyphs.dot} ".join(parts)


class DrawingPane(Widget):
    """Follows the desk: each answer shows at once. `considered` are answers to be looked at before
    they are taken; the picture says so."""

    considered: reactive[Mapping[str, Any] | None] = reactive(None)

    DEFAULT_CSS = """
    DrawingPane { width: 1fr; height: 1fr; }
    """

    def __init__(self, desk: Desk, glyphs: Glyphs = UNICODE, **named: Any) -> None:
        super().__init__(**named)
        self._desk = desk
        self._glyphs = glyphs
        self._unwatch: Callable[[], None] = lambda: None

    def on_mount(self) -> None:
        self._unwatch = self._desk.watch(self._redraw)

    def _redraw(self) -> None:
        self.considered = None
        self.refresh()

    def on_unmount(self) -> None:
        self._unwatch()

    def render(self) -> Content | RenderableType:
        size = self.content_size
        if size.width < 1 or size.height < 1:
            return Content("")
        answers, height = self._desk.answers, size.height
        head: list[Content] = []
        if self.considered is not None:
            answers, height = self.considered, height - 2
            head = [toned("It would be:".center(size.width), "accent"), Content("")]
        picture = draw(shape_of(answers), width=size.width, height=height, ascii=self._glyphs.ascii)
        return Content("\n").join([*head, picture_content(picture)])
