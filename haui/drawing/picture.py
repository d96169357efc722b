"""The topology as a text picture: endpoint, balancers, control planes, etcd, workers, and facts.

It is drawn as large as it fits: boxes, else a grid of cells, else lists. Statuses and the holder
of the virtual address change tones and glyphs only, never where anything stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from haui.drawing import facts
from haui.drawing.boxes import (
    Box,
    Fit,
    draw_bus,
    draw_grid,
    draw_legs,
    draw_list,
    draw_row,
    fitted,
    grid_columns,
)
from haui.drawing.canvas import Canvas, Picture, Segment, Tone, cells, clean, cut, wrapped
from haui.drawing.shape import Node, Shape
from haui.drawing.workers import draw_workers

Status = Literal["waiting", "running", "done", "failed", "lost"]

GLYPHS: Mapping[str, tuple[str, Tone]] = {
    "waiting": ("·", "dim"),
    "running": ("●", "accent"),
    "done": ("✓", "good"),
    "failed": ("✗", "bad"),
    "lost": ("?", "warn"),
}
_VIA = {
    "": "way to the API not chosen yet",
    "kube-vip": "kube-vip",
    "keepalived-haproxy": "keepalived + haproxy",
    "keepalived-nginx": "keepalived + nginx",
}
_LABELS = {
    "kube-vip": ("kube-vip", "vip"),
    "keepalived-haproxy": ("haproxy", "lb"),
    "keepalived-nginx": ("nginx", "lb"),
}
_LEAST_ROW = 28  # narrower pictures are lists
_KEY = 9  # the column of "survives "
_MAX_WIDTH, _MAX_HEIGHT = 200, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How much of the picture is drawn; each next level is lower."""

    boxes: bool = True
    grid: bool = True
    roomy: bool = True
    facts: bool = True


_LEVELS = (
    _Level(),
    _Level(roomy=False),
    _Level(boxes=False, roomy=False),
    _Level(boxes=False, grid=False, roomy=False),
    _Level(boxes=False, grid=False, roomy=False, facts=False),
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
    picture = Picture()
    for level in _LEVELS:
        picture = _Drawing(shape, width, level, status or {}, vip_at, ascii).picture()
        if len(picture.lines) <= height:
            return picture
    return Picture(picture.lines[:height])


def picture_markdown(shape: Shape) -> str:
    """The picture as a fenced code block."""
    return f"```text\n{draw(shape, width=76, height=60).text()}\n```\n"


class _Drawing:
    """One picture at one level, from top to bottom: `y` is the next line."""

    def __init__(
        self, shape: Shape, width: int, level: _Level, status: Mapping[str, Status],
        vip_at: str, ascii: bool,
    ) -> None:  # fmt: skip
        self.shape, self.width, self.level, self.ascii = shape, width, level, ascii
        self.canvas, self.y = Canvas(width), 0
        self._status = status
        holders = shape.balancers or shape.control_planes
        has_vip = shape.endpoint not in ("", "external")
        self._vip_at = vip_at if has_vip and vip_at in {node.name for node in holders} else ""
        self._rows()

    def picture(self) -> Picture:
        self._head()
        legs = [self.axis]
        if self.shape.endpoint == "external" and not self.shape.direct:
            legs = self._own_balancer(legs)
        if self.shape.dedicated:
            legs = self._row(self.shape.balancers, self.lb_fit, legs, vip=True, more=True)
        colocated = not self.shape.dedicated
        external = self.shape.topology == "external"
        legs = self._row(
            self.shape.control_planes, self.cp_fit, legs, vip=colocated, more=external,
            link=-1 if external else self.cp_link, title="control planes",
        )  # fmt: skip
        if external:
            self._row(self.shape.etcd, self.et_fit, legs, link=0, title="etcd")
        self._quorum()
        self._workers()
        self._extras()
        if self.level.facts:
            self._facts()
        return self.canvas.picture(ascii=self.ascii)

    def _rows(self) -> None:
        """Decides how each row fits, and where the common axis is."""
        shape, external = self.shape, self.shape.topology == "external"
        via = _LABELS.get(shape.endpoint, ("", ""))
        labels = [] if shape.dedicated or not via[0] else [via]
        labels.append(("api", "api"))
        self.cp_link = len(labels)
        if not external:
            labels.append(("etcd", "etcd"))
        if shape.planes_work:
            labels.append(("pods", "pods"))
        self.note = f"quorum {facts.quorum_text(shape)}" if len(shape.etcd) > 1 else ""
        note = len(self.note) + 1 if self.note else 0
        self.cp_fit = self._fit(shape.control_planes, labels, 0 if external else note)
        self.lb_fit = self._fit(shape.balancers, [via]) if shape.dedicated else None
        self.et_fit = self._fit(shape.etcd, [("etcd", "etcd")], note) if external else None
        rows = [fit for fit in (self.cp_fit, self.lb_fit, self.et_fit) if fit]
        left = max((fit.left for fit in rows), default=self.width // 2)
        right = max((fit.width - fit.left + fit.note * note for fit in rows), default=left)
        if left + right > self.width:  # a note beside a row that is not the widest
            right = max(fit.width - fit.left for fit in rows)
        self.axis = max(left, (self.width - left - right) // 2 + left)
        self.span = max((fit.width for fit in rows), default=0)

    def _fit(
        self, nodes: Sequence[Node], labels: list[tuple[str, str]], note: int = 0
    ) -> Fit | None:
        if not self.level.boxes or self.width < _LEAST_ROW or not nodes:
            return None
        names = [clean(node.name, ascii=self.ascii) for node in nodes]
        return fitted(names, labels, self.width, note)

    def _boxes(self, nodes: Sequence[Node]) -> list[Box]:
        found = []
        for node in nodes:
            glyph, tone = GLYPHS.get(self._status.get(node.name, ""), ("", "plain"))
            name = clean(node.name, ascii=self.ascii)
            if node.placeholder:
                glyph, tone = "", "dim"
            found.append(
                Box(name=name, tone=tone, glyph=glyph, here=node.name == self._vip_at != "")
            )
        return found

    def _centred(self, text: str, tone: Tone) -> None:
        text = cut(text, self.width)
        x = self.axis - cells(text) // 2
        self.canvas.put(max(0, min(x, self.width - cells(text))), self.y, text, tone)
        self.y += 1

    def _head(self) -> None:
        shape = self.shape
        name, port = clean(shape.endpoint_name, ascii=self.ascii), f":{shape.port}"
        cluster = clean(shape.name, ascii=self.ascii) or "…"
        shown = cut(name or f"api.{cluster}.lan", self.width - len(port)) + port
        self._centred(shown, "accent" if name else "dim")
        vip = clean(shape.vip, ascii=self.ascii)
        if shape.direct:
            address = clean(shape.control_planes[0].address if shape.control_planes else "")
            if address:
                self._centred(address, "plain")
        elif vip:
            self._centred(vip, "plain")
        elif shape.endpoint not in ("", "external"):
            self._centred("virtual address not chosen", "dim")
        via = _VIA.get(shape.endpoint, "")
        if self.level.roomy and via and not shape.direct:
            mode = f" ({shape.mode.upper()})" if shape.mode else ""
            self._centred(via + mode, "dim")

    def _own_balancer(self, legs: list[int]) -> list[int]:
        text = "your load balancer"
        if not self.level.boxes or self.width < _LEAST_ROW:
            self._centred(f"│ {text} │" if self.width > len(text) + 4 else text, "plain")
            return [self.axis]
        inner = len(text) + 3
        x = self.axis - (inner + 2) // 2
        self.y = draw_bus(self.canvas, self.y, legs, [self.axis])
        rule = "─" * inner
        self.canvas.put(x, self.y, f"┌{rule}┐")
        self.canvas.put(x, self.y + 1, f"│ {text}  │")
        self.canvas.put(x, self.y + 2, f"└{rule}┘")
        self.canvas.put(self.axis, self.y, "┴")
        self.canvas.put(self.axis, self.y + 2, "┬")
        self.y += 3
        return [self.axis]

    def _row(
        self, nodes: Sequence[Node], fit: Fit | None, ups: list[int], *, vip: bool = False,
        more: bool = False, link: int = -1, title: str = "load balancers",
    ) -> list[int]:  # fmt: skip
        """Draws one row in the form that fits; returns the columns where lines leave it."""
        if not nodes:
            return ups
        boxes = self._boxes(nodes)
        if fit is None:
            return self._small_row(boxes, title)
        legs = fit.legs(self.axis)
        self.y = draw_bus(self.canvas, self.y, ups, legs)
        has_vip = vip and self.shape.endpoint not in ("", "external")
        if self.level.roomy and has_vip:
            here = next((x for x, box in zip(legs, boxes, strict=True) if box.here), None)
            self.y = draw_legs(self.canvas, self.y, legs, here)
        top = self.y
        self.y = draw_row(self.canvas, top, self.axis, boxes, fit, link=link, down=more)
        if fit.note and link >= 0:
            x = fit.starts(self.axis)[-1] + fit.box + 1
            self.canvas.put(x, top + 2 + link, self.note)
            self.note = ""
        return legs

    def _small_row(self, boxes: list[Box], title: str) -> list[int]:
        columns = grid_columns([box.name for box in boxes], self.width)
        if self.level.grid and columns and self.width >= _LEAST_ROW:
            self.y = draw_grid(self.canvas, self.y, self.axis, boxes, columns)
        else:
            label = f"{len(boxes)} {title}"
            self.canvas.put(1, self.y, cut(label, self.width - 1), "dim")
            self.y = draw_list(self.canvas, self.y + 1, 0, boxes, 2)
        return [self.axis]

    def _quorum(self) -> None:
        if self.note:
            self._centred(f"etcd {self.note}", "plain")

    def _workers(self) -> None:
        if self.shape.workers:
            boxes = self._boxes(self.shape.workers)
            open_end = self.shape.workers[0].placeholder
            framed = self.level.roomy and self.width >= _LEAST_ROW
            self.y = draw_workers(
                self.canvas, self.y, self.axis, boxes, span=self.span, framed=framed,
                open_end=open_end,
            )  # fmt: skip

    def _extras(self) -> None:
        for title, nodes in (("registry", self.shape.registry), ("storage", self.shape.storage)):
            if nodes:
                self.canvas.put(1, self.y, cut(title, self.width - 1), "dim")
                self.y = draw_list(self.canvas, self.y, len(title) + 1, self._boxes(nodes), 1)

    def _facts(self) -> None:
        if self.level.roomy:
            self.y += 1
        alive = facts.survives(self.shape)
        self._fact("survives", alive or ("nothing",), "good" if alive else "warn")
        self._fact("not", facts.falls(self.shape), "warn")

    def _fact(self, key: str, phrases: Sequence[str], tone: Tone) -> None:
        indent = _KEY if self.width >= 24 else 1
        for index, phrase in enumerate(phrases):
            if index == 0:
                self.canvas.put(0, self.y, cut(key, self.width), tone)
                self.y += indent < _KEY
            for line in wrapped(phrase, max(1, self.width - indent)):
                self.canvas.put(indent, self.y, line, "plain")
                self.y += 1


__all__ = ["GLYPHS", "Picture", "Segment", "Status", "Tone", "draw", "picture_markdown"]
