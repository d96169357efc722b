"""What happened to an entry of the welcome page, and beneath it its cluster, small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from haui.wizard.entry_words import Line
from screens.glyphs import Glyphs, state_glyph, toned

LEAST_WIDTH, LEAST_HEIGHT = 30, 8
"""A drawing in less room says nothing."""

WIDEST = 78


class Story(Widget):
    """Paragraphs, each with its tone, its indent and perhaps a sign."""

    DEFAULT_CSS = """
    Story { width: 1fr; height: auto; }
    """

    lines: reactive[tuple[Line, ...]] = reactive((), layout=True)

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width))

    def render(self) -> Content | RenderableType:
        return Content("\n").join(self._wrapped(self.content_size.width))

    def _wrapped(self, width: int) -> list[Content]:
        return [part for line in self.lines for part in self._paragraph(line, min(width, WIDEST))]

    def _paragraph(self, line: Line, width: int) -> list[Content]:
        sign = Content("")
        if line.sign == "fix":
            sign = toned(f"{self._glyphs.arrow} ", "dim")
        elif line.sign:
            sign = state_glyph(line.sign, self._glyphs) + " "
        indent = line.indent + sign.cell_length
        found = toned(line.text, line.tone).wrap(max(10, width - indent)) or [Content("")]
        first = Content.assemble(" " * line.indent, sign, found[0])
        return [first, *[Content.assemble(" " * indent, part) for part in found[1:]]]


class Sketch(Widget):
    """The drawing of answers, as large as there is room; nothing while there are none.

    `ready` says that what draws may be imported, which takes longer than the first paint may.
    """

    DEFAULT_CSS = """
    Sketch { width: 1fr; height: 1fr; }
    """

    answers: reactive[Mapping[str, Any] | None] = reactive(None)
    ready: reactive[bool] = reactive(False)

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        size = self.content_size
        if not self.ready or self.answers is None:
            return Content("")
        if size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT:
            return Content("")
        from haui.drawing.picture import draw
        from haui.drawing.shape import shape_of
        from screens.widgets.drawing import picture_content

        shape = shape_of(self.answers)
        picture = draw(shape, width=size.width, height=size.height, ascii=self._glyphs.ascii)
        return picture_content(picture)
