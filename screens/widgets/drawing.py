"""The cluster as it would be, drawn beside the questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.widget import Widget

from haui.drawing.canvas import Picture
from haui.drawing.picture import draw
from haui.drawing.shape import shape_of
from haui.wizard.desk import Desk
from screens.glyphs import UNICODE, Glyphs, toned


def picture_content(picture: Picture) -> Content:
    """A drawing's lines as styled text."""
    return Content("\n").join(
        [Content("").join([toned(part.text, part.tone) for part in line]) for line in picture.lines]
    )


class DrawingPane(Widget):
    """Follows the desk: each answer shows at once."""

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
        self.refresh()

    def on_unmount(self) -> None:
        self._unwatch()

    def render(self) -> Content | RenderableType:
        size = self.content_size
        if size.width < 1 or size.height < 1:
            return Content("")
        shape = shape_of(self._desk.answers)
        picture = draw(shape, width=size.width, height=size.height, ascii=self._glyphs.ascii)
        return picture_content(picture)
