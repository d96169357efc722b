"""The hosts of a shape as boxes: cleaned names, and the glyph and tone of each one's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from haui.drawing.boxes import Box
from haui.drawing.canvas import Tone, clean
from haui.drawing.shape import Node, Shape

Status = Literal["waiting", "running", "done", "failed", "lost"]

GLYPHS: Mapping[str, tuple[str, Tone]] = {
    "waiting": ("·", "dim"),
    "running": ("●", "accent"),
    "done": ("✓", "good"),
    "failed": ("✗", "bad"),
    "lost": ("?", "warn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who is in the picture, row by row. `balancers` are hosts of their own; `etcd` likewise."""

    planes: tuple[Box, ...]
    etcd: tuple[Box, ...]
    balancers: tuple[Box, ...]
    workers: tuple[Box, ...]
    registry: tuple[Box, ...]
    storage: tuple[Box, ...]


def cast_of(shape: Shape, status: Mapping[str, Status], vip_at: str, *, ascii: bool) -> Cast:
    """`vip_at` counts only when that host can hold the virtual address."""
    own_etcd = shape.etcd if shape.topology == "external" else ()
    own_balancers = shape.balancers if shape.dedicated else ()

    def boxes(nodes: tuple[Node, ...], holds: bool = False) -> tuple[Box, ...]:
        return tuple(_box(node, status, vip_at if holds else "", ascii=ascii) for node in nodes)

    return Cast(
        planes=boxes(shape.control_planes, shape.has_vip and not shape.dedicated),
        etcd=boxes(own_etcd),
        balancers=boxes(own_balancers, shape.has_vip),
        workers=boxes(shape.workers),
        registry=boxes(shape.registry),
        storage=boxes(shape.storage),
    )


def _box(node: Node, status: Mapping[str, Status], vip_at: str, *, ascii: bool) -> Box:
    glyph, tone = GLYPHS.get(status.get(node.name, ""), ("", "plain"))
    if node.placeholder:
        glyph, tone = "", "dim"
    return Box(
        name=clean(node.name, ascii=ascii),
        detail=clean(node.address, ascii=ascii),
        tone=tone,
        glyph=glyph,
        here=bool(vip_at) and node.name == vip_at,
    )
