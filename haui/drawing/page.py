"""One picture at one level of detail, drawn from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    grid_columns,
)
from haui.drawing.canvas import Canvas, Picture, Tone, cells, clean, cut, wrapped
from haui.drawing.cast import Cast
from haui.drawing.layout import NARROWEST, layout_of
from haui.drawing.shape import Shape
from haui.drawing.workers import draw_workers

_VIA = {
    "": "way to the API not chosen yet",
    "kube-vip": "kube-vip",
    "keepalived-haproxy": "keepalived + haproxy",
    "keepalived-nginx": "keepalived + nginx",
}
_ONE_LINE, _NAMES_AT = 36, 18  # lists: title and names on one line, the column of the names
_KEY = 9  # the column after "survives "
_BESIDE = 24  # cells for facts beside their key


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How much of the picture is drawn. `facts`: with their reasons, brief, or not at all."""

    form: Literal["boxes", "grid", "list"]
    roomy: bool = False
    facts: Literal["full", "brief", "none"] = "full"


class Page:
    """`y` is the next line to draw on."""

    def __init__(self, shape: Shape, cast: Cast, width: int, level: Level, *, ascii: bool) -> None:
        self.shape, self.cast, self.width, self.level = shape, cast, width, level
        self.ascii = ascii
        self.listed = level.form == "list" or width < NARROWEST
        boxes = level.form == "boxes"
        self.layout = layout_of(shape, cast, width, boxes=boxes, roomy=level.roomy)
        self.axis, self.note = self.layout.axis, self.layout.note
        self.canvas, self.y = Canvas(width), 0

    def picture(self, height: int) -> Picture | None:
        """Draws all of it, once; None as soon as it is clear that it takes more lines."""
        for part in (self._head, self._rows, self._workers, self._extras, self._facts):
            part()
            if self.y > height:
                return None
        return self.canvas.picture(ascii=self.ascii)

    def _rows(self) -> None:
        cast, layout, shape = self.cast, self.layout, self.shape
        legs = [self.axis]
        if shape.endpoint == "external" and not shape.direct:
            self._own_balancer()
        if cast.balancers:
            title = "load balancers"
            legs = self._row(
                cast.balancers, layout.balancers, legs, title, vip=shape.has_vip, more=True
            )
        vip, more = shape.has_vip and not shape.dedicated, bool(cast.etcd)
        legs = self._row(
            cast.planes, layout.planes, legs, "control planes", vip=vip, more=more,
            link=layout.link,
        )  # fmt: skip
        self._row(cast.etcd, layout.etcd, legs, "etcd", link=0)
        if self.note:
            self._centred(f"etcd {self.note}", "plain")

    def _extras(self) -> None:
        for title, boxes in (("registry", self.cast.registry), ("storage", self.cast.storage)):
            if boxes:
                self._listed(boxes, title)

    def _centred(self, text: str, tone: Tone) -> None:
        text = cut(text, self.width)
        x = 1 if self.listed else self.axis - cells(text) // 2
        self.canvas.put(max(0, min(x, self.width - cells(text))), self.y, text, tone)
        self.y += 1

    def _head(self) -> None:
        shape = self.shape
        name, port = clean(shape.endpoint_name, ascii=self.ascii), f":{shape.port}"
        cluster = clean(shape.name, ascii=self.ascii)
        suggested = f"api.{cluster}.lan" if cluster else "API endpoint"
        shown = cut(name or suggested, self.width - len(port)) + port
        self._centred(shown, "accent" if name else "dim")
        vip = clean(shape.vip, ascii=self.ascii)
        if shape.direct:
            if self.cast.planes and self.cast.planes[0].detail:
                self._centred(self.cast.planes[0].detail, "plain")
        elif vip:
            self._centred(vip, "plain")
        elif shape.has_vip:
            self._centred("virtual address not chosen", "dim")
        via = _VIA.get(shape.endpoint, "")
        if self.level.roomy and via and not shape.direct:
            mode = f" ({shape.mode.upper()})" if shape.mode else ""
            self._centred(via + mode, "dim")

    def _own_balancer(self) -> None:
        text = "your load balancer"
        if self.level.form != "boxes" or self.listed:
            self._centred(text, "plain")
            return
        inner = len(text) + 3
        x = self.axis - (inner + 2) // 2
        self.y = draw_bus(self.canvas, self.y, [self.axis], [self.axis])
        rule = "─" * inner
        self.canvas.put(x, self.y, f"┌{rule}┐")
        self.canvas.put(x, self.y + 1, f"│ {text}  │")
        self.canvas.put(x, self.y + 2, f"└{rule}┘")
        self.canvas.put(self.axis, self.y, "┴")
        self.canvas.put(self.axis, self.y + 2, "┬")
        self.y += 3

    def _row(
        self, boxes: Sequence[Box], fit: Fit | None, ups: list[int], title: str, *,
        vip: bool = False, more: bool = False, link: int = -1,
    ) -> list[int]:  # fmt: skip
        """Draws one row in the form that fits; returns the columns where lines leave it."""
        if not boxes:
            return ups
        if fit is None:
            self._small_row(boxes, title)
            return [self.axis]
        legs = fit.legs(self.axis)
        with_word = self.level.roomy and vip
        if ups != legs or not with_word:
            self.y = draw_bus(self.canvas, self.y, ups, legs)
        if with_word:
            here = next((x for x, box in zip(legs, boxes, strict=True) if box.here), None)
            self.y = draw_legs(self.canvas, self.y, legs, here)
        top = self.y
        self.y = draw_row(self.canvas, top, self.axis, boxes, fit, link=link, down=more)
        if fit.note and link >= 0:
            x = fit.starts(self.axis)[-1] + fit.box + 1
            self.canvas.put(x, top + 2 + link + fit.detail, self.note)
            self.note = ""
        return legs

    def _small_row(self, boxes: Sequence[Box], title: str) -> None:
        many = f"{len(boxes)} {title}" if title != "etcd" and len(boxes) > 1 else title
        many = many.removesuffix("s") if len(boxes) == 1 else many
        if self.listed:
            self._listed(boxes, many)
        else:
            columns = grid_columns([box.name for box in boxes], self.width)
            self.y = draw_grid(self.canvas, self.y, self.axis, boxes, columns, many)

    def _listed(self, boxes: Sequence[Box], title: str) -> None:
        """The title and the names, on one line when the picture is wide enough."""
        self.canvas.put(1, self.y, cut(title, self.width - 1), "dim")
        if self.width < _ONE_LINE:
            self.y = draw_list(self.canvas, self.y + 1, 1, boxes, 2)
        else:
            self.y = draw_list(self.canvas, self.y, _NAMES_AT, boxes, 2)

    def _workers(self) -> None:
        boxes = self.cast.workers
        if not boxes:
            return
        title = f"{len(boxes)} worker{'s' * (len(boxes) != 1)}"
        title = "workers" if self.shape.workers[0].placeholder else title
        if self.level.roomy and not self.listed:
            span = self.layout.span
            self.y = draw_workers(self.canvas, self.y, self.axis, boxes, title, span)
        else:
            self._listed(boxes, title)

    def _facts(self) -> None:
        if self.level.facts == "none":
            return
        if self.level.roomy:
            self.y += 1
        alive, dead = facts.survives(self.shape), facts.falls(self.shape)
        if self.level.facts == "brief":
            alive = tuple([", ".join(alive)] if alive else ())
            dead = (", ".join(re.split(r":| \(", phrase, maxsplit=1)[0] for phrase in dead),)
        self._fact("survives", alive or ("nothing",), "good" if alive else "warn")
        self._fact("not", dead, "warn")

    def _fact(self, key: str, phrases: Sequence[str], tone: Tone) -> None:
        """Phrases beside their key; where they are several, what is wrapped is indented."""
        x, hang = (_KEY, 2 * (len(phrases) > 1)) if self.width >= _BESIDE else (1, 1)
        self.canvas.put(0, self.y, cut(key, self.width), tone)
        self.y += x < _KEY
        for phrase in phrases:
            for at, line in enumerate(wrapped(phrase, max(1, self.width - x - hang))):
                self.canvas.put(x + hang * (at > 0), self.y, line, "plain")
                self.y += 1
