"""The cluster as a text picture, and the facts behind it."""

from haui.drawing.canvas import Picture, Segment, Tone
from haui.drawing.cast import GLYPHS, Status
from haui.drawing.facts import (
    QUORUM_TABLE,
    HostsNeeded,
    QuorumRow,
    falls,
    hosts_needed,
    quorum,
    quorum_text,
    survives,
    tolerance,
)
from haui.drawing.locked import LOCKED, Locked, locked
from haui.drawing.picture import draw, picture_markdown
from haui.drawing.shape import Node, Shape, shape_of

__all__ = [
    "GLYPHS",
    "LOCKED",
    "QUORUM_TABLE",
    "HostsNeeded",
    "Locked",
    "Node",
    "Picture",
    "QuorumRow",
    "Segment",
    "Shape",
    "Status",
    "Tone",
    "draw",
    "falls",
    "hosts_needed",
    "locked",
    "picture_markdown",
    "quorum",
    "quorum_text",
    "shape_of",
    "survives",
    "tolerance",
]
