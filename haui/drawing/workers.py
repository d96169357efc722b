"""The workers: one frame with their names, or the first and the last of them and what they do."""

from __future__ import annotations

from collections.abc import Sequence

from haui.drawing.boxes import LONGEST_NAME, Box, worst_of
from haui.drawing.canvas import Canvas, cells, cut


def draw_workers(
    canvas: Canvas, y: int, axis: int, boxes: Sequence[Box], *, span: int, framed: bool,
    open_end: bool,
) -> int:  # fmt: skip
    """Draws them at line `y`, at least `span` wide when framed; returns the line below.

    `open_end` means that their number is not known yet.
    """
    title = "workers" if open_end else f"{len(boxes)} worker" + "s" * (len(boxes) != 1)
    names = [cut(box.name, LONGEST_NAME) for box in boxes]
    need = sum(cells(name) + 3 for name in names) + 4 if len(names) < 40 else canvas.width + 1
    if not framed:
        canvas.put(1, y, cut(title, canvas.width - 1), "dim")
        x = len(title) + 1
        _names(canvas, y, x, canvas.width - x, boxes, names, whole=need - 4 <= canvas.width - x)
        return y + 1
    whole = need <= canvas.width
    width = max(span, need if whole else 0, len(title) + 6, min(canvas.width, 28))
    width = min(width, canvas.width)
    x = max(0, min(axis - width // 2, canvas.width - width))
    tone = boxes[0].tone if boxes[0].tone == "dim" and open_end else "plain"
    canvas.put(x, y, f"┌─ {title} " + "─" * (width - len(title) - 5) + "┐", tone)
    canvas.put(x, y + 1, "│", tone)
    canvas.put(x + width - 1, y + 1, "│", tone)
    _names(canvas, y + 1, x + 1, width - 2, boxes, names, whole=whole)
    canvas.put(x, y + 2, "└" + "─" * (width - 2) + "┘", tone)
    return y + 3


def _names(
    canvas: Canvas, y: int, x: int, width: int, boxes: Sequence[Box], names: Sequence[str],
    *, whole: bool,
) -> None:  # fmt: skip
    """All names, each with a free cell for its glyph; else first … last and a summary."""
    if whole:
        for box, name in zip(boxes, names, strict=True):
            canvas.put(x, y, box.glyph, box.tone)
            canvas.put(x + 2, y, name, box.tone)
            x += cells(name) + 3
        return
    worst = worst_of(boxes)
    room = max(0, (width - 6) // 2)
    text = f"{cut(names[0], room)} … {cut(names[-1], room)}"
    canvas.put(x, y, worst.glyph, worst.tone)
    canvas.put(x + 2, y, cut(text, width - 3), worst.tone)
    summary = _summary(boxes)
    free = width - cells(text) - 5
    if summary and len(summary) <= free:
        canvas.put(x + width - 1 - len(summary), y, summary, worst.tone)


def _summary(boxes: Sequence[Box]) -> str:
    """What the glyph of many means: "2 failed", "1 lost", else how many are done."""
    for tone, word in (("bad", "failed"), ("warn", "lost")):
        if count := sum(box.tone == tone for box in boxes):
            return f"{count} {word}"
    if any(box.glyph for box in boxes):
        return f"{sum(box.tone == 'good' for box in boxes)} of {len(boxes)} done"
    return ""
