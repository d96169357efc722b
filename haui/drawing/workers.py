"""The workers: one frame with their names, or the first and the last of them and what they do."""

from __future__ import annotations

from collections.abc import Sequence

from haui.drawing.boxes import LONGEST_NAME, Box, range_text, worst_of
from haui.drawing.canvas import Canvas, Tone, cells, cut

_MOST_NAMES = 40
_LEAST = 28  # cells of the frame, where there is room


def draw_workers(
    canvas: Canvas, y: int, axis: int, boxes: Sequence[Box], title: str, span: int
) -> int:
    """Draws the frame at line `y`, at least `span` wide; returns the line below."""
    names = [cut(box.name, LONGEST_NAME) for box in boxes[:_MOST_NAMES]]
    need = sum(cells(name) + 3 for name in names) + 4
    whole = need <= canvas.width and len(boxes) == len(names)
    width = min(canvas.width, max(span, need if whole else 0, len(title) + 6, _LEAST))
    x = max(0, min(axis - width // 2, canvas.width - width))
    tone: Tone = "dim" if title == "workers" else "plain"
    canvas.put(x, y, f"┌─ {title} " + "─" * (width - len(title) - 5) + "┐", tone)
    canvas.put(x, y + 1, "│", tone)
    canvas.put(x + width - 1, y + 1, "│", tone)
    _names(canvas, y + 1, x + 2, width - 3, boxes, names if whole else None)
    canvas.put(x, y + 2, "└" + "─" * (width - 2) + "┘", tone)
    return y + 3


def _names(
    canvas: Canvas, y: int, x: int, width: int, boxes: Sequence[Box], names: Sequence[str] | None
) -> None:
    """All names, each with a free cell for its glyph; else first … last and a summary."""
    if names is not None:
        for box, name in zip(boxes, names, strict=True):
            canvas.put(x, y, box.glyph, box.tone)
            canvas.put(x + 2, y, name, box.tone)
            x += cells(name) + 3
        return
    worst = worst_of(boxes)
    text = range_text(boxes, width - 3)
    canvas.put(x, y, worst.glyph, worst.tone)
    canvas.put(x + 2, y, text, worst.tone)
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
