"""Lines with something at both ends, fitted into a width."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

GAP = Content("  ")


def joined(parts: Sequence[Content], gap: Content = GAP) -> Content:
    """Parts in a row with a gap between them; empty ones are left out."""
    return gap.join([part for part in parts if part.cell_length])


def edges(left: Content, right: Content, width: int) -> Content:
    """`left` at the left edge and `right` at the right one, exactly `width` columns.

    When both don't fit, the left part is cut and ends with an ellipsis.
    """
    room = width - right.cell_length - (2 if right.cell_length else 0)
    if room < 1:
        return right.truncate(width, ellipsis=True, pad=True)
    if left.cell_length > room:
        left = left.truncate(room, ellipsis=True)
    blank = max(0, width - left.cell_length - right.cell_length)
    return Content.assemble(left, " " * blank, right)
