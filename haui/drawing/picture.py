"""The topology as a text picture: endpoint, balancers, control planes, etcd, workers, and facts.

It is drawn as large as it fits: boxes, else a grid of cells, else lists. Statuses and the holder
of the virtual address change tones and glyphs only, never where anything stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from haui.drawing.canvas import Picture, Segment, Tone
from haui.drawing.cast import GLYPHS, Status, cast_of
from haui.drawing.page import Level, Page
from haui.drawing.shape import Shape

_MAX_WIDTH, _MAX_HEIGHT = 200, 200
_NO_LIMIT = 10_000
_LEVELS = (
    Level(form="boxes", roomy=True),
    Level(form="boxes"),
    Level(form="boxes", facts="brief"),
    Level(form="grid", facts="brief"),
    Level(form="list", facts="brief"),
    Level(form="list", facts="none"),
)


def draw(
    shape: Shape,
    *,
    width: int,
    height: int,
    ascii: bool = False,
    status: Mapping[str, Status] | None = None,
    vip_at: str = "",
) -> Picture:
    """The picture in at most `width` cells and `height` lines.

    `status` is by host name, `vip_at` the name of the host that holds the virtual address now.
    """
    if width < 1 or height < 1:
        return Picture()
    width, height = min(width, _MAX_WIDTH), min(height, _MAX_HEIGHT)
    cast = cast_of(shape, status or {}, vip_at, ascii=ascii)
    for level in _LEVELS:
        picture = Page(shape, cast, width, level, ascii=ascii).picture(height)
        if picture is not None:
            return picture
    least = Page(shape, cast, width, _LEVELS[-1], ascii=ascii).picture(_NO_LIMIT) or Picture()
    return Picture(least.lines[:height])


def picture_markdown(shape: Shape) -> str:
    """The picture as a fenced code block, which no name in it can close."""
    text = draw(shape, width=76, height=80).text()
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


__all__ = ["GLYPHS", "Picture", "Segment", "Status", "Tone", "draw", "picture_markdown"]
