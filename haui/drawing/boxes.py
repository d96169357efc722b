"""Rows of boxes with legs, lines between rows, and the smaller forms: a grid of cells, a list.

All of them are centred on the same axis, a column of the canvas. A box holds a name and below it
labels; the cell before the name is kept free for the glyph of its status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haui.drawing.canvas import Canvas, Tone, alike, cells, cut

LONGEST_NAME = 16
_WIDE_ENOUGH = 8  # a box whose name would be cut shorter than this gives way to a smaller form


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """`detail` stands under the name; `here` marks the holder of the virtual address."""

    name: str
    detail: str = ""
    tone: Tone = "plain"
    glyph: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a row of `count` boxes fits; `inner` and `gap` in cells, `note` if there is room."""

    count: int
    block: int
    inner: int
    gap: int
    labels: tuple[str, ...]
    detail: bool = False
    note: bool = False

    @property
    def box(self) -> int:
        return self.inner + 2

    @property
    def width(self) -> int:
        return self.count * self.box + (self.count - 1) * self.gap

    @property
    def left(self) -> int:
        """Cells to the left of the axis: the middle leg, or between the middle boxes."""
        if self.count % 2:
            return (self.count // 2) * (self.box + self.gap) + self.box // 2
        return self.width // 2

    def starts(self, axis: int) -> list[int]:
        first = axis - self.left
        return [first + i * (self.box + self.gap) for i in range(self.count)]

    def legs(self, axis: int) -> list[int]:
        return [start + self.box // 2 for start in self.starts(axis)]


def fitted(
    names: Sequence[str], labels: Sequence[tuple[str, str]], width: int, note: int = 0,
    details: Sequence[str] = (),
) -> Fit | None:  # fmt: skip
    """The best row of boxes for `width` cells; None when names would be cut too short.

    `labels` are pairs of a long and a short form. `note` is the width of a text beside the row.
    `details` are shown when none of them has to be cut.
    """
    count = len(names)
    longest = min(max(cells(name) for name in names), LONGEST_NAME)
    room = (width - (count - 1)) // count - 4
    least = max(min(longest, _WIDE_ENOUGH), *(len(short) for _, short in labels))
    if room < least:
        return None
    chosen = tuple(long if len(long) <= room else short for long, short in labels)
    widest_detail = max((cells(detail) for detail in details), default=0)
    detail = 0 < widest_detail <= room
    block = max(longest, *(len(label) for label in chosen), widest_detail * detail)
    block = min(room, block)
    inner, gap, beside = block + 2, 1, False
    spare = width - count * (inner + 2) - (count - 1)
    for what, cost in (("inner", count), ("gap", count - 1), ("note", note), ("pad", 2 * count)):
        if 0 < cost <= spare:
            spare -= cost
            inner += {"inner": 1, "pad": 2}.get(what, 0)
            gap += what == "gap"
            beside = beside or what == "note"
    if count % 2 == 0 and (inner + gap) % 2:  # else the axis is between two cells
        gap += 1 if spare >= count - 1 else -(gap > 1)
    return Fit(
        count=count, block=block, inner=inner, gap=gap, labels=chosen, detail=detail, note=beside
    )


def draw_row(
    canvas: Canvas, y: int, axis: int, boxes: Sequence[Box], fit: Fit, *, link: int = -1,
    down: bool = False,
) -> int:  # fmt: skip
    """Draws a row with its upper legs at line `y` and returns the line below it.

    `link` is the label whose line joins the boxes with a double line; `down` adds lower legs.
    """
    names = alike([box.name for box in boxes], fit.block)
    start, half = (fit.inner - fit.block + 1) // 2, fit.box // 2
    height = len(fit.labels) + 2 + fit.detail
    below = y + 2 + fit.detail
    for box, name, x in zip(boxes, names, fit.starts(axis), strict=True):
        rule = "─" * fit.inner
        canvas.put(x, y, f"┌{rule}┐", box.tone)
        canvas.put(x, y + height, f"└{rule}┘", box.tone)
        for line in range(1, height):
            canvas.put(x, y + line, "│", box.tone)
            canvas.put(x + fit.box - 1, y + line, "│", box.tone)
        canvas.put(x + half, y, "▼" if box.here else "┴", "here" if box.here else box.tone)
        if down:
            canvas.put(x + half, y + height, "┬", box.tone)
        canvas.put(x + 1 + start, y + 1, name, box.tone)
        if box.glyph:
            canvas.put(x + 1 + max(0, start - 2), y + 1, box.glyph, box.tone)
        if fit.detail:
            canvas.put(x + 1 + start, y + 2, box.detail, "dim")
        tone: Tone = "dim" if box.tone == "dim" else "plain"
        for line, label in enumerate(fit.labels):
            canvas.put(x + 1 + start, below + line, label, tone)
    if link >= 0:
        for x in fit.starts(axis)[:-1]:
            canvas.put(x + fit.box - 1, below + link, "╞" + "═" * fit.gap + "╡")
    return y + height + 1


_JUNCTIONS = {
    (True, True, True, True): "┼",
    (True, True, True, False): "┤",
    (True, True, False, True): "├",
    (True, True, False, False): "│",
    (True, False, True, True): "┴",
    (False, True, True, True): "┬",
    (True, False, True, False): "┘",
    (True, False, False, True): "└",
    (False, True, True, False): "┐",
    (False, True, False, True): "┌",
}


def draw_bus(
    canvas: Canvas, y: int, ups: Sequence[int], downs: Sequence[int], tone: Tone = "dim"
) -> int:
    """One line that joins the columns above with those below; returns the line below it."""
    joined = {*ups, *downs}
    first, last = min(joined), max(joined)
    for x in range(first, last + 1):
        key = (x in ups, x in downs, x > first, x < last)
        canvas.put(x, y, _JUNCTIONS.get(key, "─"), tone)
    return y + 1


def draw_legs(canvas: Canvas, y: int, legs: Sequence[int], here: int | None) -> int:
    """A line of legs, with the word VIP on the one that leads to its holder."""
    for x in legs:
        if x == here:
            canvas.put(x - 1, y, "VIP", "here")
        else:
            canvas.put(x, y, "│", "dim")
    return y + 1


def grid_columns(names: Sequence[str], width: int) -> int:
    """How many cells of a grid stand side by side."""
    longest = min(max(cells(name) for name in names), LONGEST_NAME)
    count = len(names)
    columns = max(1, min(count, (width - 1) // (max(4, longest) + 5)))
    rows = -(-count // columns)
    return -(-count // rows)


def draw_grid(
    canvas: Canvas, y: int, axis: int, boxes: Sequence[Box], columns: int, title: str
) -> int:
    """Cells with a name each, sharing their borders; returns the line below.

    A title that starts with a number loses it when it does not fit.
    """
    top = y
    longest = min(max(cells(box.name) for box in boxes), LONGEST_NAME)
    inner = max(4, longest) + 4
    names = alike([box.name for box in boxes], inner - 4)
    x0 = max(0, axis - (columns * (inner + 1)) // 2)
    rows = [range(i, min(i + columns, len(boxes))) for i in range(0, len(boxes), columns)]
    edges: set[int] = set()
    for row in rows:
        below = {x0 + i * (inner + 1) for i in range(len(row) + 1)}
        _rule(canvas, y, edges, below)
        for at, index in enumerate(row):
            x, box = x0 + at * (inner + 1), boxes[index]
            canvas.put(x, y + 1, "│")
            canvas.put(x + 3, y + 1, names[index], "here" if box.here else box.tone)
            canvas.put(x + 1, y + 1, box.glyph, box.tone)
            if box.here:
                canvas.put(x + inner, y + 1, "▼", "here")
        canvas.put(x0 + len(row) * (inner + 1), y + 1, "│")
        edges, y = below, y + 2
    _rule(canvas, y, edges, set())
    if len(title) > columns * (inner + 1) - 4:
        title = title.partition(" ")[2] or title
    canvas.put(x0 + 2, top, cut(f" {title} ", columns * (inner + 1) - 2), "plain")
    return y + 1


def _rule(canvas: Canvas, y: int, ups: set[int], downs: set[int]) -> None:
    draw_bus(canvas, y, sorted(ups), sorted(downs), "plain")


def draw_list(canvas: Canvas, y: int, x: int, boxes: Sequence[Box], lines: int) -> int:
    """Names in at most `lines` lines; the first and the last of them when they are too many."""
    column, line = x, y
    placed: list[tuple[int, int, Box]] = []
    for box in boxes:
        size = cells(cut(box.name, LONGEST_NAME)) + 2
        if column > x and column + size >= canvas.width:
            column, line = x, line + 1
        if line - y >= lines:
            return draw_range(canvas, y, x, canvas.width - x, boxes)
        placed.append((column, line, box))
        column += size + 1
    for column, line, box in placed:
        name = cut(box.name, min(LONGEST_NAME, canvas.width - column - 2))
        canvas.put(column, line, box.glyph, box.tone)
        canvas.put(column + 2, line, name, "here" if box.here else box.tone)
        if box.here:
            canvas.put(column + 2 + cells(name), line, "▼", "here")
    return line + 1


def draw_range(canvas: Canvas, y: int, x: int, width: int, boxes: Sequence[Box]) -> int:
    """ "wk-1 … wk-17" with the worst status of them, and where there is room what it is."""
    worst = worst_of(boxes)
    canvas.put(x, y, worst.glyph, worst.tone)
    canvas.put(x + 2, y, range_text(boxes, width - 2), worst.tone)
    return y + 1


def range_text(boxes: Sequence[Box], width: int) -> str:
    """The names of the first and the last with "…" between, in at most `width` cells."""
    room = min(LONGEST_NAME, max(0, (width - 3) // 2))
    return cut(" … ".join(cut(boxes[i].name, room) for i in (0, -1)), width)


_WORST: tuple[Tone, ...] = ("bad", "warn", "accent", "dim", "plain", "good")


def worst_of(boxes: Sequence[Box]) -> Box:
    """The box whose status needs attention most."""
    return min(boxes, key=lambda box: _WORST.index(box.tone) if box.tone in _WORST else 9)
