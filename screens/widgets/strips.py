"""From content to the strips of a line, for widgets that draw line by line."""

from __future__ import annotations

from textual.content import Content
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from screens.glyphs import Glyphs


def plain_signs(content: Content, glyphs: Glyphs) -> Content:
    """The same content, for a terminal of ASCII alone in ASCII: what hosts print, too."""
    if not glyphs.ascii or content.plain.isascii():
        return content
    shown = content.plain.replace("…", "~").encode("ascii", "replace").decode()
    return Content(shown, spans=list(content.spans))


def strip_of(widget: Widget, content: Content, width: int, glyphs: Glyphs) -> Strip:
    """One line in the widget's own style, exactly `width` columns; what is too long is cut."""
    if content.cell_length > width:
        content = content.truncate(width, ellipsis=True)
    content = plain_signs(content, glyphs)
    found = Visual.to_strips(
        widget, content, width, 1, widget.visual_style, apply_selection=False, pad=True
    )
    return found[0] if found else Strip.blank(width, widget.rich_style)
