"""The cluster as a drawing while it is being built: each host in the colour of its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from haui.drawing.picture import Status, draw
from haui.drawing.shape import shape_of
from haui.live.progress import HostStatus
from haui.spec import ClusterSpec
from screens.glyphs import Glyphs
from screens.widgets.drawing import picture_content

STATUSES: Final[Mapping[HostStatus, Status]] = {
    "waiting": "waiting",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "lost": "lost",
    "skipped": "waiting",
}


class RunDrawing(Widget):
    """Drawn again only when a host's state has changed."""

    DEFAULT_CSS = """
    RunDrawing { width: 1fr; height: 1fr; }
    """

    status: reactive[Mapping[str, Status]] = reactive[Mapping[str, Status]]({})

    def __init__(self, spec: ClusterSpec, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._shape = shape_of(spec)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        size = self.content_size
        if size.width < 1 or size.height < 1:
            return Content("")
        picture = draw(
            self._shape,
            width=size.width,
            height=size.height,
            ascii=self._glyphs.ascii,
            status=self.status,
        )
        return picture_content(picture)
